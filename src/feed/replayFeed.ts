import { MAX_UDP_PAYLOAD_OCTETS, type SendBatch } from '../core/batch.js';
import type { ByteSource } from '../core/byteSource.js';
import { copyOctets } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { endOctet, putColumns } from './limits.js';
import type { FlowFeed } from './mergedFeed.js';
import type { PayloadSlots } from './payloadSlots.js';
import { REPLAY_HEADER_OCTETS, replayFlow, replayOctets, replayOffsetNs } from './replayRecord.js';

/** Writes the numbers of a recorded datagram anew, so that they go on from pass to pass. */
export interface Resequence {
  /** The datagram `bytes[at .. at + octets)` of a flow, before it is sent in pass `pass`, from 0. Hot. */
  write(bytes: Uint8Array, view: DataView, at: number, octets: number, flow: number, pass: number): void;
}

export interface ReplayFeedOptions {
  /** Records as in `replayRecord.ts`, in order of their times; what is there of one is there whole. */
  readonly source: ByteSource;
  /** Records name flows `[0, flows)`. */
  readonly flows: number;
  /** From the first datagram of a pass to that of the next, ns of the capture. Not used by a source without passes. */
  readonly passNs: Nanos;
  /** So many times as fast as it was recorded. */
  readonly speed: number;
  /** Datagrams of all flows, not sent ones included; `null`: no limit. */
  readonly count: number | null;
  /** Datagrams are due within so many ns from the start; `null`: no limit. */
  readonly durationNs: Nanos | null;
  /** When the capture begins, CLOCK_MONOTONIC since the epoch, ns. */
  readonly startMonoNs: Nanos;
  /** Of flow 0, written into `SendBatch.destination`; that of the others follow. */
  readonly destination: number;
  /** Number of flow 0 in `SendBatch.flow`; further ones follow. Default 0. */
  readonly flowBase?: number;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
  /** `null`: datagrams are sent as they were recorded, in every pass. */
  readonly resequence?: Resequence | null;
}

/** So much is read at once, if it is there: a view and a copy for many datagrams, and too little to be late for. */
const READ_OCTETS = 16 << 10;
const LARGEST_RECORD_OCTETS = REPLAY_HEADER_OCTETS + MAX_UDP_PAYLOAD_OCTETS;
/** A source that has nothing is asked again after so long. */
const POLL_NS = 1e6;

/** Numbers that are no small integers: columns of {@link ReplayFeed} of their own. */
const Time = {
  /** When the next datagram is due, or to be looked for. */
  Due: 0,
  /** Of the passes before this one, ns of the capture. */
  Passed: 1,
  /** Behind the first datagram of the pass, ns of the capture. */
  Offset: 2,
  /** The present, as far as it is known: what `fill` and `skip` were called with. */
  Until: 3,
  /** Octets of this pass up to the end of the located record. */
  Taken: 4,
  Count: 5,
} as const;

/**
 * Recorded datagrams in their own spacing, those of equal times in their order: no markers, no stamp. A datagram is due
 * at `startMonoNs` + (its time - the first one's) / `speed`: every due time comes from the start, so that nothing adds up.
 *
 * A source that has nothing is polled every millisecond. What came after its due time is late and keeps that time: the
 * schedule never moves, and the underrun is counted.
 */
export class ReplayFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows: number;
  readonly unpaced = false;
  /** Impairment may corrupt any octet: nothing is known of a check. */
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  readonly markers = 0;
  /** Datagrams offered or given up so far. */
  scheduled = 0;
  /** Of those, refused or skipped ones. */
  notSent = 0;
  /** The same by flow. */
  readonly scheduledOf: Float64Array;
  readonly notSentOf: Float64Array;
  /** Ends of the source that were passed. */
  passes = 0;
  /** Times at which the source had nothing when a datagram was due. */
  underruns = 0;
  readonly #source: ByteSource;
  readonly #passOctets: number;
  readonly #passNs: Nanos;
  readonly #speed: number;
  readonly #count: number;
  readonly #startNs: Nanos;
  readonly #endNs: Nanos;
  readonly #destination: number;
  readonly #payloadSlots: PayloadSlots | null;
  readonly #resequence: Resequence | null;
  readonly #time = new Float64Array(Time.Count);
  /** What was read and not yet sent: `[#from, #end)`. */
  readonly #read = new Uint8Array(READ_OCTETS + LARGEST_RECORD_OCTETS);
  readonly #readView = new DataView(this.#read.buffer);
  #from = 0;
  #end = 0;
  /** Of the located datagram, whose record begins at `#from`. */
  #octets = 0;
  #flow = 0;
  #isLocated = false;
  #isDry = false;
  #hasEnded = false;

  constructor(options: ReplayFeedOptions) {
    this.flowBase = options.flowBase ?? 0;
    this.flows = options.flows;
    this.scheduledOf = new Float64Array(options.flows);
    this.notSentOf = new Float64Array(options.flows);
    this.#source = options.source;
    this.#passOctets = options.source.passOctets ?? Infinity;
    this.#passNs = options.passNs;
    this.#speed = options.speed;
    this.#count = options.count ?? Infinity;
    this.#startNs = options.startMonoNs;
    this.#endNs = options.durationNs === null ? Infinity : options.startMonoNs + options.durationNs;
    this.#destination = options.destination;
    this.#payloadSlots = options.payloadSlots ?? null;
    this.#resequence = options.resequence ?? null;
    this.#time[Time.Due] = options.startMonoNs;
    this.#time[Time.Until] = -Infinity;
    this.#hasEnded = this.#count === 0 || this.#endNs <= this.#startNs;
    // Read ahead, so that this costs no time when it is due.
    this.#locate();
  }

  nextDueNs(): Nanos {
    return this.#hasEnded ? Infinity : this.#time[Time.Due]!;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    const time = this.#time;
    time[Time.Until] = batch.untilNs;
    if (this.#payloadSlots !== null) this.#payloadSlots.forget();
    let at = endOctet(batch);
    while (this.#locate() && time[Time.Due]! <= time[Time.Until]!) {
      if (batch.count === batch.capacity || at + this.#octets > batch.bytes.length) break;
      this.#put(batch, at);
      at += this.#octets;
      this.#take();
    }
    if (this.#hasEnded) batch.nextDueNs = Infinity;
    else batch.nextDueNs = time[Time.Due]!;
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    this.notSent++;
    this.notSentOf[batch.flow[slot]! - this.flowBase]!++;
  }

  /** These datagrams say nothing of earlier ones. */
  update(_batch: SendBatch, _slot: number): void {}

  skip(untilNs: Nanos): number {
    const before = this.scheduled;
    const time = this.#time;
    time[Time.Until] = untilNs;
    while (this.#locate() && time[Time.Due]! < time[Time.Until]!) {
      this.notSent++;
      this.notSentOf[this.#flow]!++;
      this.#take();
    }
    return this.scheduled - before;
  }

  finish(_nowNs: Nanos): void {
    this.#hasEnded = true;
  }

  /** The located datagram, at octet `at` of the slab. Hot. */
  #put(batch: SendBatch, at: number): void {
    const slot = batch.count;
    const octets = this.#octets;
    const flow = this.#flow;
    putColumns(batch, slot, slot + 1, octets, 0, this.#destination + flow, 0);
    batch.offset[slot] = at;
    batch.flow[slot] = this.flowBase + flow;
    batch.dueMonoNs[slot] = this.#time[Time.Due]!;
    copyOctets(this.#readView, this.#from + REPLAY_HEADER_OCTETS, octets, batch.view, at);
    if (this.#resequence !== null) this.#resequence.write(batch.bytes, batch.view, at, octets, flow, this.passes);
    batch.count = slot + 1;
  }

  /** Finds the next datagram; false: it is not there, and `Due` says when to look again. Hot. */
  #locate(): boolean {
    if (this.#hasEnded) return false;
    if (this.#isLocated) return true;
    const time = this.#time;
    if (!this.#readOn(REPLAY_HEADER_OCTETS)) {
      if (this.#hasEnded) return false;
      this.#isDry = true;
      if (time[Time.Until]! >= this.#endNs) this.#hasEnded = true;
      time[Time.Due] = Math.max(this.#startNs, time[Time.Until]! + POLL_NS);
      return false;
    }
    this.#octets = replayOctets(this.#readView, this.#from);
    this.#readOn(REPLAY_HEADER_OCTETS + this.#octets);
    this.#flow = replayFlow(this.#readView, this.#from);
    time[Time.Offset] = replayOffsetNs(this.#readView, this.#from);
    if (time[Time.Taken]! >= this.#passOctets) {
      time[Time.Taken]! -= this.#passOctets;
      time[Time.Passed]! += this.#passNs;
      this.passes++;
    }
    time[Time.Taken]! += REPLAY_HEADER_OCTETS + this.#octets;
    const elapsedNs = (time[Time.Passed]! + time[Time.Offset]!) / this.#speed;
    time[Time.Due] = this.#startNs + Math.floor(elapsedNs + 0.5);
    if (time[Time.Due]! >= this.#endNs) {
      this.#hasEnded = true;
      return false;
    }
    if (this.#isDry && time[Time.Due]! < time[Time.Until]!) this.underruns++;
    this.#isDry = false;
    this.#isLocated = true;
    return true;
  }

  /** Sees that so many octets are there from `#from` on; false: there are none yet, or `#hasEnded`. */
  #readOn(octets: number): boolean {
    if (this.#end - this.#from >= octets) return true;
    this.#read.copyWithin(0, this.#from, this.#end);
    this.#end -= this.#from;
    this.#from = 0;
    while (this.#end < octets) {
      const read = this.#source.read(this.#read, this.#end, Math.max(octets - this.#end, READ_OCTETS));
      if (read <= 0) {
        if (this.#end > 0) throw new Error('a record of a replay is not whole');
        if (read < 0) this.#hasEnded = true;
        return false;
      }
      this.#end += read;
    }
    return true;
  }

  /** The located datagram is done with: sent, or given up. */
  #take(): void {
    this.#isLocated = false;
    this.#from += REPLAY_HEADER_OCTETS + this.#octets;
    this.scheduled++;
    this.scheduledOf[this.#flow]!++;
    if (this.scheduled >= this.#count) this.#hasEnded = true;
    else this.#locate();
  }
}

/** What became of one flow of a replay. */
export class ReplayFlow {
  readonly #feed: ReplayFeed;
  readonly #flow: number;

  constructor(feed: ReplayFeed, flow: number) {
    this.#feed = feed;
    this.#flow = flow;
  }

  get scheduled(): number {
    return this.#feed.scheduledOf[this.#flow]!;
  }

  get notSent(): number {
    return this.#feed.notSentOf[this.#flow]!;
  }
}
