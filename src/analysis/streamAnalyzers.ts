import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter, StreamCounters } from '../metrics/counters.js';
import { BurstMeter } from './burstMeter.js';
import { Arrival, type DecodedBatch, SlotKind } from './decoded.js';
import { EventKind, type EventRing } from './eventRing.js';
import { LOSS_MAP_RANGES } from './lossRecord.js';
import type { Intervals } from './intervals.js';
import { MarkingAnalyzer } from './marking.js';
import type { MeasurementOptions } from './measurementOptions.js';
import { SequenceAnalyzer } from './sequence.js';
import { Seq } from './sequenceState.js';
import type { SocketDrops } from './socketDrops.js';
import { isNumbered, StreamFormat, type StreamTable } from './streamTable.js';
import { Heard, StreamTimes } from './streamTimes.js';
import { TimingAnalyzer } from './timing.js';

/** A stream unheard for so long is left out of intervals in which it has nothing to report. */
const DORMANT_NS = 10e9;
/** Of a stream that sends seldom so many of its usual gaps are no silence. */
const SELDOM_GAPS = 5;
/** Where it is not known what is usual, so many times the silence of others. */
const UNKNOWN_RATE_SHARE = 10;
/** Stamps that need a look at each datagram. */
const NOT_PLAIN = SlotFlag.TimeShared | SlotFlag.TimeUser | SlotFlag.TimeHardware;
const WIDE_WINDOW_STREAMS = 256;
const NARROW_WINDOW_PACKETS = 1024;
/** A loss map's length for streams beyond the detail limit. */
const SHORT_LOSS_MAP = 16;

/** Streams that are asked in one go whether they are over. */
const LOOKED_AT_ONCE = 128;
/** Of such: all are over, and none of them matters. */
const [SETTLED, NONE] = [-1, -2];

/** Everything that is measured of streams, run by run: which analyzers see a run, and in which order. */
export class StreamAnalyzers {
  readonly counters = new StreamCounters();
  readonly sequence: SequenceAnalyzer;
  readonly timing = new TimingAnalyzer();
  readonly marking: MarkingAnalyzer;
  readonly times = new StreamTimes();
  readonly bursts: BurstMeter;
  readonly #table: StreamTable;
  readonly #events: EventRing;
  readonly #pathOf: MeasurementOptions['pathOf'];
  readonly #detail: number;
  readonly #windowPackets: number;
  #known = 0;
  /** One that was not over when that was asked last. */
  #unsettled = 0;

  constructor(options: MeasurementOptions, table: StreamTable, drops: SocketDrops, events: EventRing) {
    this.#table = table;
    this.#events = events;
    this.#pathOf = options.pathOf;
    this.#detail = options.detail;
    this.#windowPackets = 2 ** Math.ceil(Math.log2(Math.max(32, options.reorderWindowPackets)));
    this.sequence = new SequenceAnalyzer(options.reorderWindowNs, this.counters, drops, events);
    this.marking = new MarkingAnalyzer(this.counters, drops, events);
    this.bursts = new BurstMeter(options.drain ?? null);
    this.timing.clockOffsetNs = options.clockOffsetNs;
    this.timing.reserve(Math.min(options.expectedStreams ?? 0, options.detail));
  }

  /** Makes room for all streams of the table. What goes with media has no histograms and no bursts of its own. */
  addAll(isCompanion: (stream: number) => boolean): void {
    const table = this.#table;
    const { count } = table;
    this.counters.ensure(count);
    this.#events.ensure(count);
    this.times.ensure(count);
    this.sequence.ensure(count);
    this.timing.ensure(count);
    this.marking.ensure(count);
    for (let stream = this.#known; stream < count; stream++) {
      const isDetailed = stream < this.#detail && !isCompanion(stream);
      const isWide = stream < WIDE_WINDOW_STREAMS;
      const packets = isWide ? this.#windowPackets : Math.min(this.#windowPackets, NARROW_WINDOW_PACKETS);
      const socket = table.socket(stream);
      this.sequence.window.addStream(stream, socket, packets, isDetailed ? LOSS_MAP_RANGES : SHORT_LOSS_MAP);
      this.timing.addStream(stream, socket, isDetailed, table.format(stream) === StreamFormat.Rtp);
      if (isDetailed && table.format(stream) !== StreamFormat.Others) {
        this.bursts.addStream(stream, this.#pathOf(table.path(stream)).group.includes(':') ? 6 : 4);
      }
    }
    this.#known = count;
  }

  /** Slots `[from, to)`, all of one stream; `tosSent`: as its sender set it, -1 not known. Hot. */
  onRun(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number, tosSent: number): void {
    const format = this.#table.format(stream);
    if (this.times.heard(stream, batch, decoded, from, to)) {
      const firstNs = this.times.values[stream * Heard.Count + Heard.FirstMonoNs]!;
      this.#events.push(EventKind.FirstPacket, stream, firstNs, 0, 0);
    }
    if (format === StreamFormat.Others) {
      this.#discard(decoded, stream, from, to);
      return;
    }
    this.bursts.onRun(batch, decoded, stream, from, to);
    const flags = this.marking.onRun(batch, decoded, stream, from, to, tosSent);
    if (isNumbered(format)) {
      const inOrderEnd = this.sequence.onRun(batch, decoded, stream, from, to);
      const isPlain = (flags & NOT_PLAIN) === 0 && format === StreamFormat.Probe;
      const plainEnd = isPlain ? inOrderEnd : from;
      this.timing.onRun(batch, decoded, stream, from, to, Arrival.New, plainEnd);
    } else {
      this.#count(batch, decoded, stream, from, to);
      this.timing.onRun(batch, decoded, stream, from, to, Arrival.None, from);
    }
  }

  /** Without a sequence all there is to know is that they came. */
  #count(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number): void {
    let octets = 0;
    for (let i = from; i < to; i++) octets += batch.length[i]!;
    const c = stream * StreamCounter.Count;
    this.counters.values[c + StreamCounter.PacketsReceived]! += to - from;
    this.counters.values[c + StreamCounter.OctetsReceived]! += octets;
    decoded.verdict.fill(Arrival.None, from, to);
  }

  /** What found no room in the stream table was delivered and is discarded. */
  #discard(decoded: DecodedBatch, stream: number, from: number, to: number): void {
    let datagrams = 0;
    for (let i = from; i < to; i++) if (decoded.kind[i] === SlotKind.Data) datagrams++;
    const c = stream * StreamCounter.Count;
    const { values } = this.counters;
    values[c + StreamCounter.Expected]! += datagrams;
    values[c + StreamCounter.Lost]! += datagrams;
    values[c + StreamCounter.LossApplication]! += datagrams;
  }

  hasSequence(stream: number): boolean {
    return isNumbered(this.#table.format(stream));
  }

  /** The sender announced the end. */
  hasEnded(stream: number): boolean {
    const endedNs = this.sequence.states.values[stream * Seq.Count + Seq.EndedMonoNs]!;
    return this.hasSequence(stream) && endedNs === endedNs;
  }

  /** It has ended and nothing of it is open, or has been silent for so long that no more will come. */
  hasSettled(stream: number, nowMonoNs: Nanos, windowNs: Nanos): boolean {
    const silentNs = nowMonoNs - this.times.lastHeardNs(stream);
    if (!this.hasEnded(stream)) return silentNs > this.patienceNs(stream, 2 * windowNs);
    return silentNs > windowNs || this.sequence.states.values[stream * Seq.Count + Seq.Pending] === 0;
  }

  /** Whether there were streams, and all are over; `isLeftOut`: those that do not matter. */
  haveSettled(nowMonoNs: Nanos, windowNs: Nanos, isLeftOut: (stream: number) => boolean): boolean {
    let isAny = false;
    // That which was not over is not over, as a rule: of ten thousand it is asked first.
    for (let looked = 0; looked < this.#known; looked += LOOKED_AT_ONCE) {
      const count = Math.min(LOOKED_AT_ONCE, this.#known - looked);
      const open = this.#findOpen(this.#unsettled + looked, count, nowMonoNs, windowNs, isLeftOut);
      if (open >= 0) {
        this.#unsettled = open;
        return false;
      }
      if (open === SETTLED) isAny = true;
    }
    return isAny;
  }

  /** Of so many streams from `first` on, which begin anew behind the last of all, one that is not over, {@link SETTLED} or {@link NONE}. */
  #findOpen(
    first: number,
    count: number,
    nowMonoNs: Nanos,
    windowNs: Nanos,
    isLeftOut: (stream: number) => boolean,
  ): number {
    let found: number = NONE;
    for (let i = 0; i < count; i++) {
      const stream = (first + i) % this.#known;
      if (this.#table.format(stream) === StreamFormat.Others || isLeftOut(stream)) continue;
      if (!this.hasSettled(stream, nowMonoNs, windowNs)) return stream;
      found = SETTLED;
    }
    return found;
  }

  /**
   * What the streams from `from` to `to` of `streams` did goes into the interval that their socket leaves at `endMonoNs`.
   * `isLast`: there is none behind it.
   */
  closeIntervals(
    intervals: Intervals,
    socket: number,
    streams: readonly number[],
    from: number,
    to: number,
    endMonoNs: Nanos,
    isLast: boolean,
  ): void {
    const { sequence, timing, times, counters } = this;
    const rows = intervals.rowsOf(socket, endMonoNs);
    for (let i = from; i < to; i++) {
      const stream = streams[i]!;
      const isSequenced = this.hasSequence(stream);
      // What is due at the boundary itself belongs to the next interval.
      if (isSequenced && !isLast) sequence.window.expire(stream, endMonoNs - 1);
      const pending = isSequenced ? sequence.states.values[stream * Seq.Count + Seq.Pending]! : 0;
      const isDormant = this.hasEnded(stream) || times.lastHeardNs(stream) < endMonoNs - DORMANT_NS;
      const jitterNs = timing.jitterNs(stream);
      const delay = timing.closeInterval(stream);
      const format = this.#table.format(stream);
      rows.add(stream, format, counters, intervals.base, pending, jitterNs, delay, isDormant);
    }
  }

  /**
   * How long nothing may come of a stream that goes on: `leastNs`, more where it sends seldom. How seldom one sends that
   * announces its beginning and its end is not known before the second datagram.
   */
  patienceNs(stream: number, leastNs: Nanos): Nanos {
    const { values } = this.counters;
    const c = stream * StreamCounter.Count;
    const datagrams =
      values[c + StreamCounter.PacketsReceived]! +
      values[c + StreamCounter.PacketsDuplicated]! +
      values[c + StreamCounter.PacketsLate]!;
    if (datagrams > 1) {
      const at = stream * Heard.Count;
      const activeNs = this.times.values[at + Heard.LastMonoNs]! - this.times.values[at + Heard.FirstMonoNs]!;
      return Math.max(leastNs, (SELDOM_GAPS * activeNs) / (datagrams - 1));
    }
    return this.#table.format(stream) === StreamFormat.Probe ? UNKNOWN_RATE_SHARE * leastNs : leastNs;
  }

  /** By `monoNs` it has been silent for `leastNs`, or its patience where that is more, and this was not told of yet; then it is. */
  fallsSilent(stream: number, monoNs: Nanos, leastNs: Nanos): boolean {
    if (monoNs - this.times.lastHeardNs(stream) < leastNs || this.hasEnded(stream)) return false;
    return this.times.isSilent(stream, monoNs, this.patienceNs(stream, leastNs));
  }

  /** The stream is over, as its sender says, if that was not known; `next`: the number after its last. */
  end(stream: number, monoNs: Nanos, next: number): void {
    if (this.hasEnded(stream) || !this.hasSequence(stream)) return;
    this.sequence.states.values[stream * Seq.Count + Seq.EndedMonoNs] = monoNs;
    this.#events.push(EventKind.StreamEnd, stream, monoNs, next, 0);
  }

  /** The stream is over if its last number, which is data as well (NaN: not known), is among slots `[from, to)`. */
  endBehind(decoded: DecodedBatch, stream: number, from: number, to: number, last: number): void {
    if (last !== last || this.hasEnded(stream)) return;
    const { sequence, timeMonoNs } = decoded;
    for (let i = from; i < to; i++) if (sequence[i] === last) this.end(stream, timeMonoNs[i]!, last + 1);
  }

  /** End of the warm-up at `monoNs`: the stream's figures begin anew. */
  restart(stream: number, monoNs: Nanos): void {
    if (this.hasSequence(stream)) {
      this.sequence.window.expire(stream, monoNs - 1);
      this.sequence.restart(stream);
    } else {
      this.counters.values.fill(0, stream * StreamCounter.Count, (stream + 1) * StreamCounter.Count);
    }
    this.timing.restart(stream);
    this.marking.restart(stream);
    this.bursts.restart(stream);
    this.times.restart(stream);
  }
}
