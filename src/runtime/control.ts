/** Commands from the main thread to a run's worker: bits, so that none can queue up or get lost. */
export const Command = {
  /** End cleanly: markers are sent, the result is made. */
  Stop: 1 << 0,
  /** Post the result so far and go on. */
  Snapshot: 1 << 1,
  /** Reopen output files. */
  Reopen: 1 << 2,
} as const;

/** One word in shared memory; the main thread sets bits, the worker takes them. */
export class RunControl {
  readonly words: Int32Array<SharedArrayBuffer>;

  constructor(words = new Int32Array(new SharedArrayBuffer(4))) {
    this.words = words;
  }

  give(command: number): void {
    Atomics.or(this.words, 0, command);
  }

  /** The commands given, without taking them. */
  peek(): number {
    return Atomics.load(this.words, 0);
  }

  /** Takes all commands given since the last call. One atomic load when there is none. */
  take(): number {
    return Atomics.load(this.words, 0) === 0 ? 0 : Atomics.exchange(this.words, 0, 0);
  }
}
