import { SendBatch, SendFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';
import { Impair } from '../impair/impair.js';
import type { ImpairStatistics } from '../impair/impairCounters.js';
import { impairLongestNs, impairProblems, type ImpairSpec } from '../impair/spec.js';
import { McastError } from '../core/errors.js';

/** `sender.impairment` of the result. */
export type ImpairmentDone = Pick<ImpairStatistics, 'lost' | 'duplicated' | 'reordered' | 'delayed' | 'corrupted'>;

/** A feed that knows what its format checks, and brings up to date what impairment held back. */
export interface ImpairableFeed extends FlowFeed {
  readonly checkedRanges: readonly (readonly [from: number, to: number])[];
}

export interface ImpairedFeedOptions {
  readonly feed: ImpairableFeed;
  readonly spec: ImpairSpec;
  readonly seed: number;
  /** The longest datagram. */
  readonly sizeOctets: number;
  /** Rate of the feed; Infinity or `null`: not known. Decides what can be on its way at once. */
  readonly packetsPerSecond: number | null;
  /** Those of the feeds that fill the same batches. */
  readonly payloadSlots?: PayloadSlots;
}

const INNER_SLOTS = 256;
const STORE_SLOTS_MIN = 1024;
/** Memory that is not used is not committed. */
const STORE_SLOTS_MAX = 131_072;
const STORE_OCTETS_MAX = 64 << 20;
/** At a rate of Infinity a feed always has more: so many of its batches at most per fill. */
const ROUNDS = 8;

/**
 * A feed behind an impairment of its own: what is left of it, when it is left. Batches that are filled
 * in order of due time, in any portions, hold the same datagrams.
 */
export class ImpairedFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows: number;
  readonly unpaced: boolean;
  readonly #feed: ImpairableFeed;
  readonly #impair: Impair;
  readonly #payloadSlots: PayloadSlots | null;
  readonly #inner: SendBatch;
  /** Next slot of `#inner` that impairment has not taken. */
  #at = 0;
  #flushed = false;

  /** Throws McastError ERR_USAGE for what cannot be done. */
  constructor(options: ImpairedFeedOptions) {
    const { feed, spec, sizeOctets, packetsPerSecond } = options;
    const perFlow = packetsPerSecond === null ? null : packetsPerSecond / feed.flows;
    const problems = impairProblems(spec, perFlow, feed.flows);
    if (problems.length > 0) throw new McastError('ERR_USAGE', `impair: ${problems.join('; ')}`);
    this.#feed = feed;
    this.flowBase = feed.flowBase;
    this.flows = feed.flows;
    this.unpaced = feed.unpaced;
    this.#payloadSlots = options.payloadSlots ?? null;
    this.#inner = new SendBatch(INNER_SLOTS, INNER_SLOTS * sizeOctets);
    this.#impair = new Impair(spec, {
      seed: options.seed,
      flowBase: feed.flowBase,
      flows: feed.flows,
      checkedRanges: feed.checkedRanges,
      storeDatagrams: storeSlots(spec, sizeOctets, packetsPerSecond),
      slotOctets: sizeOctets,
    });
  }

  /** Of one flow (counted from 0), or of all together. */
  statistics(flow?: number): ImpairStatistics {
    return this.#impair.statistics(flow);
  }

  nextDueNs(): Nanos {
    return Math.min(this.#impair.nextDueNs(), this.#untakenNs());
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    const before = batch.count;
    let room = true;
    this.#flushAtEnd();
    for (let round = 0; ; round++) {
      // What leaves up to the next one to come in is final; a marker without room waits for what leaves.
      const limitNs = room ? Math.min(untilNs, this.#untakenNs()) : untilNs;
      this.#impair.release(batch, limitNs);
      const isFull = this.#impair.nextDueNs() <= limitNs;
      if (isFull || this.#untakenNs() > untilNs || round === ROUNDS) break;
      room = this.#take(untilNs);
    }
    if (batch.count > before) this.#payloadSlots?.forget();
    for (let slot = before; slot < batch.count; slot++) this.update(batch, slot);
    return batch.count - before;
  }

  fillRun(batch: SendBatch): number {
    const made = this.fill(batch, batch.untilNs);
    batch.nextDueNs = this.nextDueNs();
    return made;
  }

  refuse(batch: SendBatch, slot: number): void {
    if (this.#impair.onRefused(batch, slot)) this.#feed.refuse(batch, slot);
  }

  /** What every receiver refuses anyway is left as impairment made it. */
  update(batch: SendBatch, slot: number): void {
    if ((batch.flags[slot]! & SendFlag.Corrupted) === 0) this.#feed.update(batch, slot);
  }

  /** What is given up behind the feed was offered by it: impairment lost it, it was not left unsent. */
  skip(untilNs: Nanos): number {
    this.#impair.skip(untilNs);
    return this.#feed.skip(untilNs);
  }

  finish(nowNs: Nanos): void {
    this.#feed.finish(nowNs);
  }

  /** When the next datagram is to come in. */
  #untakenNs(): Nanos {
    return this.#at < this.#inner.count ? this.#inner.dueMonoNs[this.#at]! : this.#feed.nextDueNs();
  }

  /** One batch of the feed, as far as it is due; returns whether there was room for all of it. */
  #take(untilNs: Nanos): boolean {
    const inner = this.#inner;
    if (this.#at === inner.count) {
      inner.count = 0;
      this.#at = 0;
      this.#feed.fill(inner, untilNs);
    }
    this.#at = this.#impair.take(inner, this.#at);
    this.#flushAtEnd();
    return this.#at === inner.count;
  }

  /** A feed without end markers leaves nothing behind that waits for later datagrams. */
  #flushAtEnd(): void {
    if (this.#flushed || this.#untakenNs() !== Infinity) return;
    this.#flushed = true;
    this.#impair.flush();
  }
}

function storeSlots(spec: ImpairSpec, sizeOctets: number, packetsPerSecond: number | null): number {
  const longestNs = impairLongestNs(spec);
  const known = packetsPerSecond ?? Infinity;
  const wanted = longestNs === 0 ? STORE_SLOTS_MIN : STORE_SLOTS_MIN + Math.ceil((1.25 * known * longestNs) / 1e9);
  return Math.max(STORE_SLOTS_MIN, Math.min(wanted, STORE_SLOTS_MAX, Math.floor(STORE_OCTETS_MAX / sizeOctets)));
}

/** As {@link ImpairedFeed}, with what it did as the result document has it. */
export function impairedFeed(
  feed: ImpairableFeed,
  spec: ImpairSpec,
  seed: number,
  sizeOctets: number,
  packetsPerSecond: number | null = null,
  payloadSlots?: PayloadSlots,
): { readonly feed: ImpairedFeed; readonly done: () => ImpairmentDone } {
  const impaired = new ImpairedFeed({
    feed,
    spec,
    seed,
    sizeOctets,
    packetsPerSecond,
    ...(payloadSlots === undefined ? {} : { payloadSlots }),
  });
  return {
    feed: impaired,
    done: () => {
      const { lost, duplicated, reordered, delayed, corrupted } = impaired.statistics();
      return { lost, duplicated, reordered, delayed, corrupted };
    },
  };
}
