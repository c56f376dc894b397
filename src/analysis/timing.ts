import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { Histogram } from '../metrics/histogram.js';
import type { StreamHistogramId } from '../metrics/snapshot.js';
import type { DecodedBatch } from './decoded.js';
import { EarlyDelays, NO_DELAY, type IntervalDelay } from './earlyDelays.js';
import { HistogramSet } from './histogramSet.js';
import { SharedTimes } from './sharedTimes.js';
import { Transits } from './transits.js';

const SHARED: number = SlotFlag.TimeShared;

/** Columns of a stream's row: CLOCK_MONOTONIC since the epoch, or a span; ns. NaN: not known yet. */
const Time = {
  LastMonoNs: 0,
  /** Arrival (monotonic) minus carried time of the last timed datagram. */
  LastTransitNs: 1,
  JitterNs: 2,
  JitterMaxNs: 3,
  /** Highest number covered by what was timed. */
  HighestTimed: 4,
  /** What the stream's one-way delays are recorded relative to: the least of the {@link EarlyDelays}. */
  AnchorNs: 5,
  /** A power of two, so that a row lies in one line of the processor's cache. */
  Count: 8,
} as const;

const Kind = {
  /** It has histograms of its own. */
  Detailed: 1,
  /** Its jitter goes by {@link DecodedBatch.senderNs}. */
  SenderClock: 2,
} as const;

/** Numbers behind the highest whose transit is remembered for IPDV: of streams in detail, and of the others. */
export const IPDV_REACH = 128;
const IPDV_REACH_UNDETAILED = 16;

/** Slots that are timed before their values go into the histograms. */
const CHUNK = 4096;
// Values of one chunk. Constants, because the compiler then knows where they lie: half the time of fields.
const INTERARRIVALS = new Float64Array(CHUNK);
const WAKEUPS = new Float64Array(CHUNK);
const DELAYS = new Float64Array(CHUNK);
const VARIATIONS = new Float64Array(CHUNK);
const INTERARRIVAL_WORDS = new Int32Array(INTERARRIVALS.buffer);
const WAKEUP_WORDS = new Int32Array(WAKEUPS.buffer);
const DELAY_WORDS = new Int32Array(DELAYS.buffer);
const VARIATION_WORDS = new Int32Array(VARIATIONS.buffer);

/**
 * Time metrics, over first copies that came in time and have a stamp of their own: not duplicates,
 * late ones, markers, nor further segments of a super-packet.
 *
 * - One-way delay (RFC 7679): stamp minus carried time, both CLOCK_REALTIME.
 * - Interarrival time: difference of successive stamps, monotonic, in order of arrival.
 * - Interarrival jitter (RFC 3550 section 6.4.1): J += (|D| - J) / 16, D the difference of the transits
 *   (monotonic stamp minus carried time) of datagrams successive in arrival. Of RTP the carried time is the time stamp.
 * - IPDV (RFC 3393 section 2.6): transit of a datagram minus that of the one before it in the sequence, which ends where
 *   this one begins, whichever came first; the selection function takes pairs of which the second to come is within
 *   {@link IPDV_REACH} numbers of the highest.
 * - PDV (RFC 5481): delay minus the smallest of the stream.
 * - Wake-up delay: time of reading minus stamp, where the kernel stamped.
 */
export class TimingAnalyzer {
  /** Added to every receive stamp in one-way delays; for tests of the instrument. */
  clockOffsetNs: Nanos = 0;
  /** Whether the NIC's clock is CLOCK_REALTIME within a known bound: only then its stamps enter one-way and wake-up delays. */
  hardwareIsReal = false;
  #rows = new Float64Array(16 * Time.Count).fill(NaN);
  readonly #sets: HistogramSet[] = [];
  /** By stream; `null`: what its delays are recorded relative to is known. */
  readonly #early: (EarlyDelays | null)[] = [];
  /** Made before they are needed. */
  readonly #spare: { readonly set: HistogramSet; readonly early: EarlyDelays }[] = [];
  readonly #transits = new Transits();
  /** By stream: bits of {@link Kind}, and where its transits begin. */
  #kinds = new Uint8Array(16);
  #transitsAt = new Int32Array(16);
  /** By socket: what its streams that are not detailed share. A warm-up is over for all streams of a socket at once. */
  readonly #shared: (SharedTimes | undefined)[] = [];
  /** By stream; `null`: it has histograms of its own. */
  readonly #sharedOf: (SharedTimes | null)[] = [];
  /** When the batch was read, on the monotonic clock; and what makes a delay of a transit. */
  #readMonoNs = 0;
  #delayFromTransitNs = 0;

  /** Makes the histograms of so many streams now. */
  reserve(streams: number): void {
    for (let i = 0; i < streams; i++) this.#spare.push({ set: HistogramSet.reserved(), early: new EarlyDelays(true) });
  }

  /** Makes room, before {@link addStream}. */
  ensure(streams: number): void {
    if (streams <= this.#kinds.length) return;
    const length = Math.max(streams, 2 * this.#kinds.length);
    const rows = this.#rows;
    const kinds = this.#kinds;
    const transitsAt = this.#transitsAt;
    this.#rows = new Float64Array(length * Time.Count).fill(NaN);
    this.#kinds = new Uint8Array(length);
    this.#transitsAt = new Int32Array(length);
    this.#rows.set(rows);
    this.#kinds.set(kinds);
    this.#transitsAt.set(transitsAt);
  }

  /**
   * `detailed`: with histograms of its own; the others of the socket share one set. `hasSenderClock`: jitter goes by
   * {@link DecodedBatch.senderNs}.
   */
  addStream(stream: number, socket: number, detailed: boolean, hasSenderClock: boolean): void {
    const shared = detailed ? null : (this.#shared[socket] ??= new SharedTimes());
    this.#sharedOf[stream] = shared;
    const spare = detailed ? this.#spare.pop() : undefined;
    this.#sets[stream] = shared?.set ?? spare?.set ?? new HistogramSet();
    this.#early[stream] = detailed ? (spare?.early ?? new EarlyDelays()) : null;
    const kind = (detailed ? Kind.Detailed : 0) | (hasSenderClock ? Kind.SenderClock : 0);
    this.#kinds[stream] = kind;
    this.#transitsAt[stream] = this.#transits.add(reachOf(kind));
    // What is shared cannot be relative to one stream's delay.
    if (!detailed) this.#rows[stream * Time.Count + Time.AnchorNs] = 0;
  }

  /**
   * Slots `[from, to)`, all of one stream. `timed`: the `Arrival` that enters, `New` or, of a format
   * without a sequence, `None`. `plainEnd`: those before are all data, new, in order, with a carried time
   * and a kernel's stamp of their own (`from`: nothing is known). Hot: their values are gathered in columns,
   * which go into the histograms whole.
   */
  onRun(
    batch: ReceiveBatch,
    decoded: DecodedBatch,
    stream: number,
    from: number,
    to: number,
    timed: number,
    plainEnd: number,
  ): void {
    // One shift serves a whole batch: delays follow from transits, and wake-up delays from monotonic stamps.
    const realFromMonoNs = batch.timeRealNs[from]! - decoded.timeMonoNs[from]!;
    this.#readMonoNs = batch.readRealNs - realFromMonoNs;
    this.#delayFromTransitNs = realFromMonoNs + this.clockOffsetNs;
    const isDetailed = this.isDetailed(stream);
    let i = from;
    while (i < plainEnd) {
      // Quick once everything is known of the datagram before.
      const isQuick = (!isDetailed || plainEnd - i > 1) && this.#isSettled(stream, decoded.sequence[i]!);
      if (isQuick && isDetailed) {
        const end = Math.min(plainEnd, i + CHUNK);
        this.#inOrder(decoded, stream, i, end);
        i = end;
      } else {
        if (isQuick) this.#oneInOrder(decoded, stream, i);
        else this.#one(batch, decoded, stream, i);
        i++;
      }
    }
    const { verdict } = decoded;
    const { flags, following } = batch;
    while (i < to) {
      if (verdict[i] === timed && (flags[i]! & SHARED) === 0) this.#one(batch, decoded, stream, i);
      // What follows in a super-packet has no stamp of its own.
      i += following[i]! + 1;
    }
  }

  /** The early delays of the stream are complete. */
  #anchor(stream: number, early: EarlyDelays): void {
    const { delay, intervalDelay } = this.#sets[stream]!;
    const anchorNs = early.leastNs;
    early.recordTo(anchorNs, delay, intervalDelay);
    this.#rows[stream * Time.Count + Time.AnchorNs] = anchorNs;
    this.#early[stream] = null;
  }

  /** It has histograms of its own. */
  isDetailed(stream: number): boolean {
    return (this.#kinds[stream]! & Kind.Detailed) !== 0;
  }

  /** Whether `number` follows the datagram before, in number and in time, and nothing about that one is missing. */
  #isSettled(stream: number, number: number): boolean {
    const rows = this.#rows;
    const row = stream * Time.Count;
    if (rows[row + Time.HighestTimed] !== number - 1) return false;
    const jitterNs = rows[row + Time.JitterNs]!;
    const anchorNs = rows[row + Time.AnchorNs]!;
    const mask = reachOf(this.#kinds[stream]!) - 1;
    const highestAt = this.#transitsAt[stream]! + (rows[row + Time.HighestTimed]! & mask);
    const highestTransitNs = this.#transits.values[highestAt];
    return jitterNs === jitterNs && anchorNs === anchorNs && highestTransitNs === rows[row + Time.LastTransitNs];
  }

  #inOrder(decoded: DecodedBatch, stream: number, from: number, to: number): void {
    const { timeMonoNs, sentRealNs, sequence } = decoded;
    const rows = this.#rows;
    const row = stream * Time.Count;
    const readMonoNs = this.#readMonoNs;
    const delayFromTransitNs = this.#delayFromTransitNs - rows[row + Time.AnchorNs]!;
    let lastMonoNs = rows[row + Time.LastMonoNs]!;
    let lastTransitNs = rows[row + Time.LastTransitNs]!;
    let jitterNs = rows[row + Time.JitterNs]!;
    let jitterMaxNs = rows[row + Time.JitterMaxNs]!;
    let at = 0;
    for (let i = from; i < to; i++) {
      const monoNs = timeMonoNs[i]!;
      const transitNs = monoNs - sentRealNs[i]!;
      const differenceNs = transitNs - lastTransitNs;
      INTERARRIVALS[at] = monoNs - lastMonoNs;
      WAKEUPS[at] = readMonoNs - monoNs;
      DELAYS[at] = transitNs + delayFromTransitNs;
      VARIATIONS[at] = differenceNs;
      jitterNs += (Math.abs(differenceNs) - jitterNs) * 0.0625;
      if (jitterNs > jitterMaxNs) jitterMaxNs = jitterNs;
      lastMonoNs = monoNs;
      lastTransitNs = transitNs;
      at++;
    }
    const set = this.#sets[stream]!;
    set.interarrival.recordMany(INTERARRIVALS, INTERARRIVAL_WORDS, at);
    set.wakeup.recordMany(WAKEUPS, WAKEUP_WORDS, at);
    set.intervalDelay.recordMany(DELAYS, DELAY_WORDS, at);
    set.ipdv.recordMany(VARIATIONS, VARIATION_WORDS, at);
    rows[row + Time.LastMonoNs] = lastMonoNs;
    rows[row + Time.LastTransitNs] = lastTransitNs;
    rows[row + Time.JitterNs] = jitterNs;
    rows[row + Time.JitterMaxNs] = jitterMaxNs;
    rows[row + Time.HighestTimed] = sequence[to - 1]!;
    const transits = this.#transits.values;
    const transitsAt = this.#transitsAt[stream]!;
    const reach = reachOf(this.#kinds[stream]!);
    for (let i = Math.max(from, to - reach); i < to; i++) {
      transits[transitsAt + (sequence[i]! & (reach - 1))] = timeMonoNs[i]! - sentRealNs[i]!;
    }
  }

  /** As {@link #inOrder}, of a stream that shares its histograms. */
  #oneInOrder(decoded: DecodedBatch, stream: number, i: number): void {
    const rows = this.#rows;
    const row = stream * Time.Count;
    const monoNs = decoded.timeMonoNs[i]!;
    const transitNs = monoNs - decoded.sentRealNs[i]!;
    const differenceNs = transitNs - rows[row + Time.LastTransitNs]!;
    const interarrivalNs = monoNs - rows[row + Time.LastMonoNs]!;
    // Their anchor is 0.
    this.#sharedOf[stream]!.add(
      interarrivalNs,
      this.#readMonoNs - monoNs,
      transitNs + this.#delayFromTransitNs,
      differenceNs,
    );
    const before = rows[row + Time.JitterNs]!;
    const jitterNs = before + (Math.abs(differenceNs) - before) * 0.0625;
    rows[row + Time.JitterNs] = jitterNs;
    if (jitterNs > rows[row + Time.JitterMaxNs]!) rows[row + Time.JitterMaxNs] = jitterNs;
    rows[row + Time.LastMonoNs] = monoNs;
    rows[row + Time.LastTransitNs] = transitNs;
    const number = decoded.sequence[i]!;
    rows[row + Time.HighestTimed] = number;
    this.#transits.values[this.#transitsAt[stream]! + (number & (IPDV_REACH_UNDETAILED - 1))] = transitNs;
  }

  /** A datagram that enters, whatever is known of it and of the one before. */
  #one(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, i: number): void {
    const bits = batch.flags[i]!;
    const foreignClock = this.hardwareIsReal ? 0 : SlotFlag.TimeHardware;
    const rows = this.#rows;
    const row = stream * Time.Count;
    const monoNs = decoded.timeMonoNs[i]!;
    const sentNs = decoded.sentRealNs[i]!;
    const lastMonoNs = rows[row + Time.LastMonoNs]!;
    const { intervalDelay, interarrival, ipdv, wakeup } = this.#sets[stream]!;
    if (lastMonoNs === lastMonoNs) interarrival.record(monoNs - lastMonoNs);
    rows[row + Time.LastMonoNs] = monoNs;
    if ((bits & (foreignClock | SlotFlag.TimeUser)) === 0) wakeup.record(this.#readMonoNs - monoNs);
    const kind = this.#kinds[stream]!;
    const hasSenderClock = (kind & Kind.SenderClock) !== 0;
    if (hasSenderClock) this.#jitter(row, monoNs - decoded.senderNs[i]!);
    if (sentNs !== sentNs) return;
    const transitNs = monoNs - sentNs;
    if ((bits & foreignClock) === 0) {
      const delayNs = transitNs + this.#delayFromTransitNs;
      const early = this.#early[stream]!;
      if (early === null) intervalDelay.record(delayNs - rows[row + Time.AnchorNs]!);
      else if (early.add(delayNs)) this.#anchor(stream, early);
    }
    if (!hasSenderClock) this.#jitter(row, transitNs);
    this.#transits.pairUp(this.#transitsAt[stream]!, reachOf(kind), rows, row + Time.HighestTimed, decoded, i, ipdv);
  }

  #jitter(row: number, transitNs: Nanos): void {
    const rows = this.#rows;
    const lastTransitNs = rows[row + Time.LastTransitNs]!;
    if (lastTransitNs === lastTransitNs) {
      const before = rows[row + Time.JitterNs]!;
      const jitterNs = before === before ? before : 0;
      const now = jitterNs + (Math.abs(transitNs - lastTransitNs) - jitterNs) * 0.0625;
      rows[row + Time.JitterNs] = now;
      if (!(now <= rows[row + Time.JitterMaxNs]!)) rows[row + Time.JitterMaxNs] = now;
    }
    rows[row + Time.LastTransitNs] = transitNs;
  }

  /**
   * Least transit of the last {@link IPDV_REACH} numbers (of a stream that is not detailed 16): receive minus send time, which
   * is of another clock, so that only differences tell. NaN: none is known.
   */
  lastDelayNs(stream: number): number {
    const at = this.#transitsAt[stream]!;
    return this.#transits.least(at, at + reachOf(this.#kinds[stream]!));
  }

  /** RFC 3550 interarrival jitter, ns; NaN before the second timed datagram. */
  jitterNs(stream: number): number {
    return this.#rows[stream * Time.Count + Time.JitterNs]!;
  }

  jitterMaxNs(stream: number): number {
    return this.#rows[stream * Time.Count + Time.JitterMaxNs]!;
  }

  /** Closes the interval: returns its delays and begins the next. Streams that are not detailed have none. */
  closeInterval(stream: number): IntervalDelay {
    if (!this.isDetailed(stream)) return NO_DELAY;
    const early = this.#early[stream]!;
    if (early !== null) return early.closeInterval();
    const { intervalDelay, delay } = this.#sets[stream]!;
    if (intervalDelay.count === 0) return NO_DELAY;
    const anchorNs = this.#rows[stream * Time.Count + Time.AnchorNs]!;
    const closed = {
      minNs: intervalDelay.min! + anchorNs,
      p50Ns: intervalDelay.percentile(0.5)! + anchorNs,
      p99Ns: intervalDelay.percentile(0.99)! + anchorNs,
      maxNs: intervalDelay.max! + anchorNs,
    };
    delay.add(intervalDelay);
    intervalDelay.clear();
    return closed;
  }

  /** Copies, or `null` for a stream that shares {@link aggregate}. */
  histograms(stream: number): Record<StreamHistogramId, Histogram> | null {
    if (!this.isDetailed(stream)) return null;
    return this.#sets[stream]!.copies(this.#rows[stream * Time.Count + Time.AnchorNs]!, true, this.#early[stream]!);
  }

  /** Of all streams without histograms of their own; no PDV, which is relative to each stream's minimum. `null`: there are none. */
  aggregate(): Record<StreamHistogramId, Histogram> | null {
    const all = new HistogramSet();
    for (const shared of this.#shared) if (shared !== undefined) all.add(shared.settled());
    return this.#shared.length === 0 ? null : all.copies(0, false);
  }

  /** End of the warm-up: figures begin anew, the last datagram before it is still the neighbour of the next. */
  restart(stream: number): void {
    // What has only been gathered is of the warm-up as well.
    this.#sharedOf[stream]?.settled();
    this.#sets[stream]!.clear();
    const row = stream * Time.Count;
    // Jitter is a running estimate (RFC 3550): it goes on, its maximum begins anew.
    this.#rows[row + Time.JitterMaxNs] = this.#rows[row + Time.JitterNs]!;
    if (!this.isDetailed(stream)) return;
    this.#rows[row + Time.AnchorNs] = NaN;
    this.#early[stream] = new EarlyDelays();
  }
}

/** Numbers whose transits are remembered; of a row's kind. A power of two. */
function reachOf(kind: number): number {
  return (kind & Kind.Detailed) === 0 ? IPDV_REACH_UNDETAILED : IPDV_REACH;
}
