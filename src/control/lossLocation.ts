/**
 * Where numbers of one flow were lost, seen from all its receivers at once: what every receiver that was there lost
 * went missing at or near the sender, what some of them did in a branch that they share, what one did on its own link
 * or host. What was never sent, and what reached a host and was dropped there, is taken out first.
 *
 * A receiver knows how many numbers of a gap were never sent, not which, and leaves out the first so many. In gaps with
 * both, the numbers that it tells may therefore be others than those that were lost.
 */

export interface LostRange {
  /** `from .. to`, the end excluded, as the sender numbers them. */
  readonly from: number;
  readonly to: number;
  /** `mixed`: some of the range by one cause, some by another. */
  readonly cause: 'network' | 'socket_buffer' | 'application' | 'mixed';
}

export interface ReceiverLoss {
  /** Numbers `from .. to` are what it was there for: neither before it joined nor behind the last it heard of. */
  readonly from: number;
  readonly to: number;
  /** In any order; what lies outside, or is in two ranges, counts once and inside. */
  readonly ranges: readonly LostRange[];
  /** The list was cut: it holds the lowest numbers, and of those behind nothing is known. */
  readonly isCut: boolean;
}

/** Numbers of one kind of loss. */
export interface LostNumbers {
  /** That are so for certain: a minimum where anything is open. */
  readonly numbers: number;
  /**
   * That look so, where some receiver's list was cut or its cause is mixed: the former is taken for absent, the latter
   * for the network.
   */
  readonly unsure: number;
  /** Of both, in order; the first {@link LISTED_RANGES}. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  readonly isListCut: boolean;
}

export interface LostInBranch extends LostNumbers {
  /** Which lost them, as indices; others that were there did not. Two at least. */
  readonly receivers: readonly number[];
}

export interface LossLocation {
  /** Lost by all receivers that were there, two at least. */
  readonly common: LostNumbers;
  /** Most numbers first; the first {@link LISTED_BRANCHES}. */
  readonly branches: readonly LostInBranch[];
  /** Those of further branches. */
  readonly otherBranches: { readonly branches: number; readonly numbers: number; readonly unsure: number };
  /** Lost by one receiver although others were there, by receiver. */
  readonly single: readonly LostNumbers[];
  /** Lost when no other receiver was there: nobody can say where. */
  readonly alone: LostNumbers;
  /** Dropped by the hosts themselves, by receiver; `mixed` is among what is unsure above. */
  readonly hosts: readonly { readonly socketBuffer: number; readonly application: number; readonly mixed: number }[];
  /** Receivers' lists were whole and their causes clear: nothing is unsure or missing. */
  readonly isComplete: boolean;
}

export const LISTED_RANGES = 64;
export const LISTED_BRANCHES = 16;
/** Of one receiver; further ones count as cut. As long as the longest loss map. */
const MOST_RANGES = 1024;

/** What became of a number at a receiver. */
const Fate = { Absent: 0, Open: 1, Arrived: 2, SocketBuffer: 3, Application: 4, Network: 5, Mixed: 6 } as const;
type Fate = (typeof Fate)[keyof typeof Fate];

const FATES = {
  network: Fate.Network,
  socket_buffer: Fate.SocketBuffer,
  application: Fate.Application,
  mixed: Fate.Mixed,
} as const;

/** From this number on, this fate. */
interface Turn {
  readonly at: number;
  /** -1: the sender, which sends (Arrived) or does not (Absent). */
  readonly receiver: number;
  readonly fate: Fate;
}

/** `notSent`: numbers `[from, to)` that the sender itself knows it never sent. */
export function locateLoss(
  receivers: readonly ReceiverLoss[],
  notSent: readonly (readonly [from: number, to: number])[] = [],
): LossLocation {
  const turns = receivers.flatMap((one, receiver) => turnsOf(one, receiver));
  for (const [from, to] of joined(notSent)) {
    turns.push({ at: from, receiver: -1, fate: Fate.Absent }, { at: to, receiver: -1, fate: Fate.Arrived });
  }
  turns.sort((a, b) => a.at - b.at);
  const sweep = new Sweep(receivers.length);
  for (const [i, { at, receiver, fate }] of turns.entries()) {
    sweep.turn(receiver, fate);
    const next = turns[i + 1]?.at ?? at;
    if (next > at) sweep.count(at, next);
  }
  return sweep.location(receivers.some(isCut));
}

function isCut({ isCut: cut, ranges }: ReceiverLoss): boolean {
  return cut || ranges.length > MOST_RANGES;
}

function turnsOf(one: ReceiverLoss, receiver: number): Turn[] {
  const { from, to } = one;
  if (!isRange(from, to)) return [];
  const turns: Turn[] = [{ at: from, receiver, fate: Fate.Arrived }];
  const sorted = one.ranges.filter((range) => isRange(range.from, range.to));
  sorted.sort((a, b) => a.from - b.from || a.to - b.to);
  let known = from;
  for (const range of sorted.slice(0, MOST_RANGES)) {
    const start = Math.max(known, range.from);
    const stop = Math.min(to, range.to);
    known = Math.max(known, stop);
    if (stop <= start) continue;
    turns.push({ at: start, receiver, fate: FATES[range.cause] }, { at: stop, receiver, fate: Fate.Arrived });
  }
  if (isCut(one)) turns.push({ at: known, receiver, fate: Fate.Open });
  turns.push({ at: to, receiver, fate: Fate.Absent });
  return turns;
}

function isRange(from: number, to: number): boolean {
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && to > from;
}

/** Sorted and disjoint. */
function joined(ranges: readonly (readonly [from: number, to: number])[]): [from: number, to: number][] {
  const made: [number, number][] = [];
  const sorted = ranges.filter(([from, to]) => isRange(from, to)).sort((a, b) => a[0] - b[0]);
  for (const [from, to] of sorted) {
    const last = made.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else made.push([from, to]);
  }
  return made;
}

class Tally implements LostNumbers {
  numbers = 0;
  unsure = 0;
  readonly ranges: [from: number, to: number][] = [];
  isListCut = false;

  get size(): number {
    return this.numbers + this.unsure;
  }

  add(from: number, to: number, isSure: boolean): void {
    if (isSure) this.numbers += to - from;
    else this.unsure += to - from;
    const last = this.ranges.at(-1);
    if (last !== undefined && last[1] === from && !this.isListCut) last[1] = to;
    else if (this.ranges.length < LISTED_RANGES) this.ranges.push([from, to]);
    else this.isListCut = true;
  }
}

/** Goes through the numbers in order; between two turns every receiver's fate is the same for all of them. */
class Sweep {
  readonly #fates: Uint8Array;
  /** Receivers by fate. */
  readonly #having = new Uint32Array(Object.keys(Fate).length);
  /** A bit for each receiver that lost what it was sent. */
  readonly #lost: Uint32Array;
  #isSent = true;
  readonly #common = new Tally();
  readonly #alone = new Tally();
  readonly #single: readonly Tally[];
  readonly #hosts: readonly { socketBuffer: number; application: number; mixed: number }[];
  readonly #branches = new Map<string, { receivers: readonly number[]; tally: Tally }>();

  constructor(receivers: number) {
    this.#fates = new Uint8Array(receivers);
    this.#having[Fate.Absent] = receivers;
    this.#lost = new Uint32Array(Math.ceil(receivers / 32));
    this.#single = Array.from({ length: receivers }, () => new Tally());
    this.#hosts = Array.from({ length: receivers }, () => ({ socketBuffer: 0, application: 0, mixed: 0 }));
  }

  turn(receiver: number, fate: Fate): void {
    if (receiver < 0) {
      this.#isSent = fate === Fate.Arrived;
      return;
    }
    this.#having[this.#fates[receiver]!]!--;
    this.#having[fate]!++;
    this.#fates[receiver] = fate;
    const bit = 1 << (receiver & 31);
    if (fate === Fate.Network || fate === Fate.Mixed) this.#lost[receiver >> 5]! |= bit;
    else this.#lost[receiver >> 5]! &= ~bit;
  }

  count(from: number, to: number): void {
    if (!this.#isSent) return;
    const having = this.#having;
    const inHosts = having[Fate.SocketBuffer]! + having[Fate.Application]! + having[Fate.Mixed]!;
    if (inHosts > 0) this.#countHosts(to - from);
    const lost = having[Fate.Network]! + having[Fate.Mixed]!;
    if (lost === 0) return;
    const there = this.#fates.length - having[Fate.Absent]! - having[Fate.Open]!;
    const isSure = having[Fate.Open] === 0 && having[Fate.Mixed] === 0;
    this.#tally(lost, there).add(from, to, isSure);
  }

  #countHosts(numbers: number): void {
    for (const [receiver, host] of this.#hosts.entries()) {
      const fate = this.#fates[receiver];
      if (fate === Fate.SocketBuffer) host.socketBuffer += numbers;
      else if (fate === Fate.Application) host.application += numbers;
      else if (fate === Fate.Mixed) host.mixed += numbers;
    }
  }

  #tally(lost: number, there: number): Tally {
    if (there === 1) return this.#alone;
    if (lost === there) return this.#common;
    if (lost === 1) return this.#single[this.#losers()[0]!]!;
    const key = this.#lost.join(' ');
    let branch = this.#branches.get(key);
    if (branch === undefined) {
      branch = { receivers: this.#losers(), tally: new Tally() };
      this.#branches.set(key, branch);
    }
    return branch.tally;
  }

  #losers(): number[] {
    const receivers: number[] = [];
    for (let i = 0; i < this.#fates.length; i++) {
      if ((this.#lost[i >> 5]! & (1 << (i & 31))) !== 0) receivers.push(i);
    }
    return receivers;
  }

  location(isAnyCut: boolean): LossLocation {
    const branches = [...this.#branches.values()].sort((a, b) => b.tally.size - a.tally.size);
    const others = branches.slice(LISTED_BRANCHES);
    const all = [this.#common, this.#alone, ...this.#single, ...branches.map(({ tally }) => tally)];
    return {
      common: this.#common,
      branches: branches.slice(0, LISTED_BRANCHES).map(({ receivers, tally }) => {
        const { numbers, unsure, ranges, isListCut } = tally;
        return { receivers, numbers, unsure, ranges, isListCut };
      }),
      otherBranches: {
        branches: others.length,
        numbers: others.reduce((sum, { tally }) => sum + tally.numbers, 0),
        unsure: others.reduce((sum, { tally }) => sum + tally.unsure, 0),
      },
      single: this.#single,
      alone: this.#alone,
      hosts: this.#hosts,
      isComplete: !isAnyCut && all.every(({ unsure }) => unsure === 0),
    };
  }
}
