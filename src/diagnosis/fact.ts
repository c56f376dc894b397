/** Something about the host or the network that was read, or the reason why it could not be. Never a guess. */
export type Fact<T> = Known<T> | Unknown;

export interface Known<T> {
  readonly known: true;
  readonly value: T;
  /** Where it was read: a file, a system call, a program. */
  readonly from: string;
}

export interface Unknown {
  readonly known: false;
  readonly why: string;
  /** The privileges of root would tell. */
  readonly wantsRoot: boolean;
}

export function known<T>(value: T, from: string): Known<T> {
  return { known: true, value, from };
}

export function unknown(why: string, wantsRoot = false): Unknown {
  return { known: false, why, wantsRoot };
}
