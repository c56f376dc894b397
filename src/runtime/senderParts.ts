/** What the threads of one sender have in common: identity, the instant at which they begin, how far each of them is. */
import type { Clock, Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { Agent } from './agent.js';
import { Command, type RunControl } from './control.js';
import type { RefusedSends } from './evidence.js';
import type { FeedbackTotals } from './feedbackSender.js';

/** What a thread of a sender is told beside the plan, which is that of all. */
export interface SenderPart {
  readonly index: number;
  readonly of: number;
  /** Both as for one thread. */
  readonly runId: number;
  readonly cname: string;
  readonly memory: SharedArrayBuffer;
}

/** When a run begins; both in ns of the reader's own epoch. */
export interface SharedStart {
  readonly startMonoNs: Nanos;
  readonly startRealNs: Nanos;
  /** The first datagram is due. */
  readonly firstNs: Nanos;
}

const Word = { Arrived: 0, Begun: 1, Count: 2 } as const;
const Instant = { StartMono: 0, StartReal: 1, First: 2, Count: 3 } as const;
const Total = { Scheduled: 0, NotSent: 1, Octets: 2, NoBuffers: 3, WouldBlock: 4, Count: 5 } as const;
const WORDS_OCTETS = 8;
/** How often who waits for the others looks. */
const PAUSE_NS = 1e6;

function octetsOf(parts: number): number {
  return WORDS_OCTETS + 8 * Instant.Count + 8 * Total.Count * parts + 4 * parts;
}

/**
 * The memory that the threads of one sender share. The first one says when all begin, once all others have arrived; each
 * writes what it has sent so far, and that it is over.
 */
export class SenderParts {
  readonly #index: number;
  readonly #of: number;
  readonly #words: Int32Array;
  readonly #instants: BigInt64Array;
  readonly #totals: Float64Array;
  readonly #over: Int32Array;

  static allocate(parts: number): SharedArrayBuffer {
    return new SharedArrayBuffer(octetsOf(parts));
  }

  constructor(memory: SharedArrayBuffer, index: number, of: number) {
    this.#index = index;
    this.#of = of;
    this.#words = new Int32Array(memory, 0, Word.Count);
    this.#instants = new BigInt64Array(memory, WORDS_OCTETS, Instant.Count);
    this.#totals = new Float64Array(memory, WORDS_OCTETS + 8 * Instant.Count, Total.Count * of);
    this.#over = new Int32Array(memory, WORDS_OCTETS + 8 * Instant.Count + 8 * Total.Count * of, of);
  }

  /** Its sockets are open: it may begin whenever the others may. */
  arrive(): void {
    Atomics.add(this.#words, Word.Arrived, 1);
  }

  /** All have arrived, or will never. */
  get areThere(): boolean {
    let over = 0;
    for (let part = 0; part < this.#of; part++) over += Atomics.load(this.#over, part);
    return Atomics.load(this.#words, Word.Arrived) + over >= this.#of;
  }

  /** The first one's: all begin then. */
  begin({ epoch }: Clock, { startMonoNs, startRealNs, firstNs }: SharedStart): void {
    this.#instants[Instant.StartMono] = epoch.monotonicNs + BigInt(Math.round(startMonoNs));
    this.#instants[Instant.StartReal] = epoch.realtimeNs + BigInt(Math.round(startRealNs));
    this.#instants[Instant.First] = epoch.monotonicNs + BigInt(Math.round(firstNs));
    Atomics.store(this.#words, Word.Begun, 1);
  }

  /** By the reader's epoch; `null`: the first one has not said it. */
  beginning({ epoch }: Clock): SharedStart | null {
    if (Atomics.load(this.#words, Word.Begun) === 0) return null;
    return {
      startMonoNs: Number(this.#instants[Instant.StartMono]! - epoch.monotonicNs),
      startRealNs: Number(this.#instants[Instant.StartReal]! - epoch.realtimeNs),
      firstNs: Number(this.#instants[Instant.First]! - epoch.monotonicNs),
    };
  }

  /** What it has sent so far. */
  tell({ scheduled, notSent, octets }: FeedbackTotals, { noBuffers, wouldBlock }: RefusedSends): void {
    const at = Total.Count * this.#index;
    this.#totals[at + Total.Scheduled] = scheduled;
    this.#totals[at + Total.NotSent] = notSent;
    this.#totals[at + Total.Octets] = octets;
    this.#totals[at + Total.NoBuffers] = noBuffers;
    this.#totals[at + Total.WouldBlock] = wouldBlock;
  }

  /** It has sent its last; what it has told stands. */
  end(): void {
    Atomics.store(this.#over, this.#index, 1);
  }

  /** Every other one has sent its last. */
  get othersAreOver(): boolean {
    for (let part = 0; part < this.#of; part++) {
      if (part !== this.#index && Atomics.load(this.#over, part) === 0) return false;
    }
    return true;
  }

  /** Of the others, as they told last. */
  othersTotals(): FeedbackTotals {
    return {
      scheduled: this.#others(Total.Scheduled),
      notSent: this.#others(Total.NotSent),
      octets: this.#others(Total.Octets),
    };
  }

  othersRefused(): RefusedSends {
    return { noBuffers: this.#others(Total.NoBuffers), wouldBlock: this.#others(Total.WouldBlock) };
  }

  #others(total: number): number {
    let sum = 0;
    for (let part = 0; part < this.#of; part++) {
      if (part !== this.#index) sum += this.#totals[Total.Count * part + total]!;
    }
    return sum;
  }
}

/**
 * When all parts begin: the first one says it, by `begin`, once all others are there. Whoever is stopped meanwhile does not
 * wait any longer.
 */
export async function beginTogether(
  io: Io,
  parts: SenderParts,
  isFirst: boolean,
  control: RunControl,
  begin: () => SharedStart,
): Promise<SharedStart> {
  const isStopped = (): boolean => (control.peek() & Command.Stop) !== 0;
  const { clock } = io;
  parts.arrive();
  if (isFirst) {
    while (!parts.areThere && !isStopped()) await io.wait(clock.monoNs() + PAUSE_NS, 0);
    const start = begin();
    parts.begin(clock, start);
    return start;
  }
  let start = parts.beginning(clock);
  while (start === null && !isStopped()) {
    await io.wait(clock.monoNs() + PAUSE_NS, 0);
    start = parts.beginning(clock);
  }
  return start ?? begin();
}

/** How often it is looked whether the others are over. */
const LOOK_NS = 5e6;

/** The other threads as the first one sees them: over when all of them are. */
export class OtherParts implements Agent {
  readonly #parts: SenderParts;
  #lookNs: Nanos = -Infinity;
  finished = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  doWork(nowMonoNs: Nanos): number {
    if (nowMonoNs < this.#lookNs) return 0;
    this.#lookNs = nowMonoNs + LOOK_NS;
    this.finished = this.#parts.othersAreOver;
    return 0;
  }

  nextDueNs(): Nanos {
    return this.#lookNs;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}
}
