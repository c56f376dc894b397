import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import type { Scheme } from '../core/endpoint.js';
import type { Nanos, SplitTime } from '../core/time.js';
import { StreamCounter, StreamCounters } from '../metrics/counters.js';
import type { Histogram } from '../metrics/histogram.js';
import type { StreamHistogramId, StreamSnapshot } from '../metrics/snapshot.js';
import { Arrival, DecodedBatch, NO_STREAM, SlotKind } from './decoded.js';
import { EventKind, EventRing, type MeasurementEvent } from './eventRing.js';
import { type ClosedInterval, Intervals } from './intervals.js';
import { LOSS_MAP_RANGES } from './lossRecord.js';
import { MarkingAnalyzer } from './marking.js';
import { PlainDecoder } from './plainDecoder.js';
import { ProbeDecoder } from './probeDecoder.js';
import { SequenceAnalyzer } from './sequence.js';
import { Seq } from './sequenceState.js';
import { Siblings } from './siblings.js';
import { SocketDrops } from './socketDrops.js';
import { Fault, FAULT_KINDS, SocketFaults } from './socketFaults.js';
import type { StreamPath } from './streamPath.js';
import { snapshotOf, type SocketSnapshot } from './streamSnapshot.js';
import { StreamFormat, StreamTable } from './streamTable.js';
import { StreamTimes } from './streamTimes.js';
import { TimingAnalyzer } from './timing.js';

export interface MeasurementOptions {
  /** Realtime of the run epoch, for carried times. */
  readonly epoch: SplitTime;
  /** The addresses behind `ReceiveBatch.path`; asked once per stream. */
  readonly pathOf: (path: number) => StreamPath;
  readonly maxStreams: number;
  /** Streams, in order of first arrival, with histograms and a long loss map of their own. */
  readonly detail: number;
  readonly reorderWindowNs: Nanos;
  /** Numbers in the reorder window; rounded up to a power of two. Streams beyond the 256th have at most 1024. */
  readonly reorderWindowPackets: number;
  /** Warm-up from the first datagram, ns. */
  readonly omitNs: Nanos;
  /** Start of the first interval, its end, and the length of those after it; monotonic. Infinity: none. */
  readonly startMonoNs: Nanos;
  readonly firstBoundaryMonoNs: Nanos;
  readonly intervalNs: Nanos;
  /** A stream that is silent for so long is an event; Infinity: never. */
  readonly silenceNs: Nanos;
  /** Largest `ReceiveBatch.capacity` that will come. */
  readonly batchCapacity: number;
  /** Added to every stamp in one-way delays (a deliberate fault). */
  readonly clockOffsetNs: Nanos;
}

/** What the measurement has to know of a socket before its first batch. */
export interface SocketFacts {
  /** `ReceiveBatch.socket` of its slots. */
  readonly index: number;
  /** `probe` demands probe datagrams; anything else takes all, and recognises probe datagrams. */
  readonly scheme: Scheme | null;
  /** CLOCK_REALTIME since the epoch just before the join, ns; NaN: there was none. */
  readonly joinRealNs: Nanos;
  /** Whether `ReceiveBatch.drops` means anything. */
  readonly hasDropCounter: boolean;
  readonly name: string | null;
  /** Marks that the endpoint says were sent; `null` not said. */
  readonly tosSent: number | null;
  readonly ttlSent: number | null;
}

/** Stamps that need a look at each datagram. */
const NOT_PLAIN = SlotFlag.TimeShared | SlotFlag.TimeUser | SlotFlag.TimeHardware;
const WIDE_WINDOW_STREAMS = 256;
const NARROW_WINDOW_PACKETS = 1024;
/** A loss map's length for streams beyond the detail limit. */
const SHORT_LOSS_MAP = 16;
/** A stream unheard for so long is left out of intervals in which it has nothing to report. */
const DORMANT_NS = 10e9;
const LOOK_EVERY_NS = 20e6;
/** Two readings of a clock pair differ by less than this for as long as no clock was stepped. */
const PAIR_NOISE_NS = 20_000;

/**
 * The whole receive pipeline: decoding, sequence, timing, marks, intervals, events. Pure: driven by the
 * socket receiver, by `analyze` and by simulation alike.
 *
 * How it is driven, in one thread:
 * 1. `addSocket` for every socket, before its first batch.
 * 2. `onBatch` with every filled batch. All slots of a batch are of one socket, and the batches of one
 *    socket come in order of arrival.
 * 3. `socketReadPast(socket, t)` whenever nothing stamped before `t` can still come from that socket:
 *    after a read that found it empty, `t` being a clock reading before that read, less the time that a
 *    datagram may take from its stamp to the queue. Idle sockets too: an interval closes, and a window
 *    passes, only when reading has passed its end.
 * 4. `takeIntervals` and `takeEvents` after any of these, as often as wanted.
 * 5. To end: `stopAt(t)` as soon as the stop time is known (what is stamped later is not measured), read
 *    on until all sockets are past it, `onSocketDrops` with each socket's counter, `finish(t)`.
 * `snapshot`, `aggregate` and `socketSnapshot` may be asked for at any time.
 *
 * Nothing is allocated per datagram; a new stream, an interval and a snapshot do allocate.
 */
export class Measurement {
  readonly table: StreamTable;
  readonly counters = new StreamCounters();
  /** Clock steps found between two batches: CLOCK_REALTIME moved against CLOCK_MONOTONIC. */
  clockSteps = 0;
  /** Datagrams stamped after the stop. */
  afterStop = 0;
  readonly #options: MeasurementOptions;
  readonly #decoded: DecodedBatch;
  readonly #events = new EventRing();
  readonly #drops = new SocketDrops();
  readonly #faults = new SocketFaults();
  readonly #plain: PlainDecoder;
  readonly #probe: ProbeDecoder;
  readonly #sequence: SequenceAnalyzer;
  readonly #timing: TimingAnalyzer;
  readonly #marking: MarkingAnalyzer;
  readonly #intervals: Intervals;
  readonly #siblings = new Siblings();
  readonly #times = new StreamTimes();
  readonly #sockets: (SocketFacts | undefined)[] = [];
  readonly #streamsOf: number[][] = [];
  /** By socket: the next moment at which its counting changes: a boundary, the end of the warm-up, the stop. */
  #edgeNs = new Float64Array(8).fill(Infinity);
  /** By socket: whether its warm-up is over. */
  #isWarm = new Uint8Array(8);
  /** By socket: when its streams were last looked at without a datagram of theirs. */
  #lookedAtNs = new Float64Array(8).fill(-Infinity);
  /** Streams that are set up. */
  #streams = 0;
  #omitUntilNs = Infinity;
  #stopNs = Infinity;
  #realToMonoNs = NaN;

  constructor(options: MeasurementOptions) {
    this.#options = options;
    this.table = new StreamTable(options.maxStreams);
    this.#decoded = new DecodedBatch(options.batchCapacity);
    this.#plain = new PlainDecoder(this.table, this.#faults);
    this.#probe = new ProbeDecoder(this.table, options.epoch, this.#faults);
    this.#sequence = new SequenceAnalyzer(options.reorderWindowNs, this.counters, this.#drops, this.#events);
    this.#marking = new MarkingAnalyzer(this.counters, this.#drops, this.#events);
    this.#intervals = new Intervals(options.startMonoNs, options.firstBoundaryMonoNs, options.intervalNs);
    this.#timing = new TimingAnalyzer();
    this.#timing.clockOffsetNs = options.clockOffsetNs;
  }

  /** Columns of the batch handed in last. */
  get decoded(): DecodedBatch {
    return this.#decoded;
  }

  /** The NIC's clock is known to be CLOCK_REALTIME within a bound: its stamps may enter one-way delays. */
  trustHardwareTime(): void {
    this.#timing.hardwareIsReal = true;
  }

  addSocket(facts: SocketFacts): void {
    const { index } = facts;
    this.#sockets[index] = facts;
    this.#streamsOf[index] = [];
    if (index >= this.#edgeNs.length) {
      const edgeNs = this.#edgeNs;
      const isWarm = this.#isWarm;
      this.#edgeNs = new Float64Array(Math.max(index + 1, 2 * edgeNs.length)).fill(Infinity);
      this.#isWarm = new Uint8Array(this.#edgeNs.length);
      this.#edgeNs.set(edgeNs);
      this.#isWarm.set(isWarm);
      const lookedAtNs = this.#lookedAtNs;
      this.#lookedAtNs = new Float64Array(this.#edgeNs.length).fill(-Infinity);
      this.#lookedAtNs.set(lookedAtNs);
    }
    this.#drops.ensure(index + 1);
    this.#faults.ensure(index + 1);
    this.#intervals.addSocket(index);
    this.#isWarm[index] = this.#options.omitNs > 0 ? 0 : 1;
    this.#setEdge(index);
  }

  /** Hot. Reads the batch, keeps nothing of it. */
  onBatch(batch: ReceiveBatch): void {
    const { count } = batch;
    if (count === 0) return;
    const decoded = this.#decoded;
    const latestNs = this.#toMonotonic(batch, decoded.timeMonoNs);
    const socket = batch.socket[0]!;
    this.#probe.decode(batch, decoded, this.#sockets[socket]!.scheme === 'probe' ? null : this.#plain);
    if (this.#streams < this.table.count) this.#setUpStreams(decoded);
    if (this.#omitUntilNs === Infinity && this.#options.omitNs > 0) this.#beginWarmUp(decoded.timeMonoNs[0]!);

    let from = 0;
    while (latestNs >= this.#edgeNs[socket]!) {
      const edgeNs = this.#edgeNs[socket]!;
      let to = from;
      while (to < count && decoded.timeMonoNs[to]! < edgeNs) to++;
      // A later stamp read before an earlier one: the edge was passed within what is done already.
      if (to === count) break;
      this.#analyse(batch, from, to);
      from = to;
      if (edgeNs >= this.#stopNs) {
        this.afterStop += count - from;
        return;
      }
      this.#pass(socket, edgeNs);
    }
    this.#analyse(batch, from, count);
    this.#drops.heard(socket, batch.drops[count - 1]!);
  }

  /** Nothing stamped before `monoNs` can come from this socket any more. */
  socketReadPast(socket: number, monoNs: Nanos): void {
    const pastNs = Math.min(monoNs, this.#stopNs);
    while (this.#edgeNs[socket]! <= pastNs && this.#edgeNs[socket]! < this.#stopNs)
      this.#pass(socket, this.#edgeNs[socket]!);
    if (pastNs >= this.#lookedAtNs[socket]! + LOOK_EVERY_NS) this.#lookAtStreams(socket, pastNs);
  }

  /** Passes windows of time and finds silences, of streams that nothing comes for. */
  #lookAtStreams(socket: number, pastNs: Nanos): void {
    this.#lookedAtNs[socket] = pastNs;
    const { values } = this.#sequence.states;
    for (const stream of this.#streamsOf[socket]!) {
      if (values[stream * Seq.Count + Seq.ExpiryMonoNs]! < pastNs) this.#sequence.window.expire(stream, pastNs - 1);
      if (this.#times.isSilent(stream, pastNs, this.#options.silenceNs) && !this.#hasEnded(stream)) {
        this.#events.push(EventKind.Silence, stream, pastNs, pastNs - this.#times.lastHeardNs[stream]!, 0);
      }
    }
    for (const { kind, older, newer } of this.#siblings.decide(
      pastNs,
      this.#times.firstHeardNs,
      this.#times.lastHeardNs,
    )) {
      const event = kind === 'restart' ? EventKind.Restart : EventKind.ForeignSender;
      this.#events.push(event, newer, this.#times.firstHeardNs[newer]!, older, 0);
    }
  }

  /** What is stamped at or after `monoNs` is not measured. */
  stopAt(monoNs: Nanos): void {
    this.#stopNs = monoNs;
    for (const facts of this.#sockets) if (facts !== undefined) this.#setEdge(facts.index);
  }

  /** UDP_GRO is on: the socket's drop counter counts super-packets from now on. */
  coalesces(socket: number): void {
    this.#drops.coalesces[socket] = 1;
  }

  /** The socket's own drop counter (SO_MEMINFO), which knows of drops that no datagram has told of. 32 bits. */
  onSocketDrops(socket: number, raw: number): void {
    this.#drops.heard(socket, raw);
  }

  /** `datagrams` of `stream` were delivered by the kernel and discarded before they came here. */
  onDiscarded(stream: number, datagrams: number): void {
    this.#sequence.states.values[stream * Seq.Count + Seq.Discarded]! += datagrams;
  }

  /**
   * Ends the measurement at `stopMonoNs`: what is open is lost, and the last interval ends there.
   * Expected is what was heard of by then; numbers sent later are not.
   */
  finish(stopMonoNs: Nanos): void {
    this.stopAt(stopMonoNs);
    for (const facts of this.#sockets) {
      if (facts === undefined) continue;
      this.socketReadPast(facts.index, stopMonoNs);
      // A run that ends within its warm-up has measured nothing.
      if (this.#isWarm[facts.index] === 0) this.#endWarmUp(facts.index, stopMonoNs);
    }
    for (let stream = 0; stream < this.#streams; stream++) {
      if (this.#hasSequence(stream)) this.#sequence.close(stream, stopMonoNs);
    }
    for (const facts of this.#sockets) if (facts !== undefined) this.#leaveInterval(facts.index, stopMonoNs);
  }

  /** Distinct datagrams with data so far, of all streams. */
  dataReceived(): number {
    let datagrams = 0;
    for (let stream = 0; stream < this.#streams; stream++) {
      datagrams += this.counters.values[stream * StreamCounter.Count + StreamCounter.PacketsReceived]!;
    }
    return datagrams;
  }

  /**
   * There were streams, and all are over: the sender said so and nothing is open, or the window has
   * passed since. A format without an end is over when it has been silent for two windows.
   */
  hasSettled(nowMonoNs: Nanos): boolean {
    const { reorderWindowNs } = this.#options;
    for (let stream = 0; stream < this.#streams; stream++) {
      if (stream === this.table.others) continue;
      const silentNs = nowMonoNs - this.#times.lastHeardNs[stream]!;
      const isOpen = this.#hasSequence(stream) && this.#sequence.states.values[stream * Seq.Count + Seq.Pending]! > 0;
      if (this.#hasEnded(stream) ? isOpen && silentNs <= reorderWindowNs : silentNs <= 2 * reorderWindowNs)
        return false;
    }
    return this.#streams > 0;
  }

  /** Intervals closed since the last call. */
  takeIntervals(): ClosedInterval[] {
    return this.#intervals.take();
  }

  /** Events since the last call, oldest first. */
  takeEvents(): MeasurementEvent[] {
    return this.#events.drain();
  }

  /** Events by `EventKind` that were not kept. */
  get suppressedEvents(): Float64Array {
    return this.#events.suppressed;
  }

  get streamCount(): number {
    return this.#streams;
  }

  snapshot(stream: number): StreamSnapshot {
    const socket = this.table.socket[stream]!;
    return snapshotOf(stream, {
      table: this.table,
      path: this.#options.pathOf(this.table.path[stream]!),
      facts: this.#sockets[socket]!,
      counters: this.counters,
      sequence: this.#sequence,
      timing: this.#timing,
      marking: this.#marking,
      times: this.#times,
      probeSent: this.#probe.sent,
      plainFormat: this.#plain.formats[stream],
      drops: this.#drops,
      streamsOnSocket: this.#streamsOf[socket]!.length,
    });
  }

  /** Histograms that all streams beyond the detail limit share; `null`: there are none. */
  aggregate(): Record<StreamHistogramId, Histogram> | null {
    return this.#timing.aggregate();
  }

  socketSnapshot(socket: number): SocketSnapshot {
    const at = socket * FAULT_KINDS;
    const malformed = this.#faults.counts.slice(at, at + FAULT_KINDS);
    for (const stream of this.#streamsOf[socket]!)
      malformed[Fault.UnconfirmedJump]! += this.#sequence.rejectedJumps[stream] ?? 0;
    return {
      socket,
      malformed,
      instead: this.#faults.instead[socket] ?? null,
      kernelDrops: this.#drops.dropped[socket]!,
      kernelDropsExplained: this.#drops.explained[socket]!,
      kernelDropsOther: this.#drops.unexplained(socket),
      superPackets: this.#drops.segments[socket]! > 1,
      streams: this.#streamsOf[socket]!.length,
    };
  }

  /** Fills the column of monotonic stamps; returns the latest. */
  #toMonotonic(batch: ReceiveBatch, timeMonoNs: Float64Array): Nanos {
    const shiftNs = batch.realToMonoNs;
    // The two clocks of a pair are read one after the other: what differs by less than that is noise, which would
    // show as interarrival time between batches.
    if (!(Math.abs(shiftNs - this.#realToMonoNs) <= PAIR_NOISE_NS)) {
      if (this.#realToMonoNs === this.#realToMonoNs) this.clockSteps++;
      this.#realToMonoNs = shiftNs;
    }
    const byNs = this.#realToMonoNs;
    const { timeRealNs, count } = batch;
    let latestNs = -Infinity;
    for (let i = 0; i < count; i++) {
      const monoNs = timeRealNs[i]! + byNs;
      timeMonoNs[i] = monoNs;
      if (monoNs > latestNs) latestNs = monoNs;
    }
    return latestNs;
  }

  /** Slots `[from, to)`: run by run of one stream. */
  #analyse(batch: ReceiveBatch, from: number, to: number): void {
    const { stream, runEnd } = this.#decoded;
    let i = from;
    while (i < to) {
      const known = runEnd[i]!;
      const end = Math.min(known, to);
      // A run that a boundary cuts goes on behind it.
      if (known > to) runEnd[to] = known;
      if (stream[i] !== NO_STREAM) this.#onRun(batch, stream[i]!, i, end);
      i = end;
    }
  }

  #onRun(batch: ReceiveBatch, stream: number, from: number, to: number): void {
    const decoded = this.#decoded;
    const format = this.table.format[stream]!;
    if (this.#times.heard(stream, batch, decoded, from, to)) {
      this.#events.push(EventKind.FirstPacket, stream, this.#times.firstMonoNs[stream]!, 0, 0);
    }
    if (format === StreamFormat.Others) {
      this.#countOthers(stream, from, to);
      return;
    }
    const facts = this.#sockets[batch.socket[from]!]!;
    if (format === StreamFormat.Probe) {
      const flags = this.#marking.onRun(batch, decoded, stream, from, to, this.#probe.sent[stream]! >>> 16);
      const inOrderEnd = this.#sequence.onRun(batch, decoded, stream, from, to);
      const plainEnd = (flags & NOT_PLAIN) === 0 ? inOrderEnd : from;
      this.#timing.onRun(batch, decoded, stream, from, to, Arrival.New, plainEnd);
    } else {
      this.#marking.onRun(batch, decoded, stream, from, to, facts.tosSent ?? -1);
      let octets = 0;
      for (let i = from; i < to; i++) octets += batch.length[i]!;
      const c = stream * StreamCounter.Count;
      this.counters.values[c + StreamCounter.PacketsReceived]! += to - from;
      this.counters.values[c + StreamCounter.OctetsReceived]! += octets;
      decoded.verdict.fill(Arrival.None, from, to);
      this.#timing.onRun(batch, decoded, stream, from, to, Arrival.None, from);
    }
  }

  /** What found no room in the stream table was delivered and is discarded. */
  #countOthers(stream: number, from: number, to: number): void {
    let datagrams = 0;
    for (let i = from; i < to; i++) if (this.#decoded.kind[i] === SlotKind.Data) datagrams++;
    const c = stream * StreamCounter.Count;
    const { values } = this.counters;
    values[c + StreamCounter.Expected]! += datagrams;
    values[c + StreamCounter.Lost]! += datagrams;
    values[c + StreamCounter.LossApplication]! += datagrams;
  }

  #setUpStreams(decoded: DecodedBatch): void {
    const { table } = this;
    const { detail, reorderWindowPackets, pathOf } = this.#options;
    const wide = 2 ** Math.ceil(Math.log2(Math.max(32, reorderWindowPackets)));
    this.counters.ensure(table.count);
    this.#events.ensure(table.count);
    this.#intervals.ensure(table.count);
    this.#times.ensure(table.count);
    for (let stream = this.#streams; stream < table.count; stream++) {
      const socket = table.socket[stream]!;
      const isDetailed = stream < detail;
      const packets = stream < WIDE_WINDOW_STREAMS ? wide : Math.min(wide, NARROW_WINDOW_PACKETS);
      this.#sequence.addStream(stream, socket, packets, isDetailed ? LOSS_MAP_RANGES : SHORT_LOSS_MAP);
      this.#timing.addStream(stream, isDetailed);
      this.#marking.addStream(stream);
      this.#streamsOf[socket]!.push(stream);
      if (stream === table.others) continue;
      const at = decoded.stream.indexOf(stream);
      const flow = `${table.format[stream]} ${table.flow[stream]}`;
      this.#siblings.add(stream, pathOf(table.path[stream]!), flow, decoded.timeMonoNs[at]!);
    }
    this.#streams = table.count;
  }

  #hasSequence(stream: number): boolean {
    return this.table.format[stream] === StreamFormat.Probe;
  }

  #hasEnded(stream: number): boolean {
    const endedNs = this.#sequence.states.values[stream * Seq.Count + Seq.EndedMonoNs]!;
    return this.#hasSequence(stream) && endedNs === endedNs;
  }

  #beginWarmUp(firstMonoNs: Nanos): void {
    this.#omitUntilNs = firstMonoNs + this.#options.omitNs;
    for (const facts of this.#sockets) if (facts !== undefined) this.#setEdge(facts.index);
  }

  #setEdge(socket: number): void {
    const warmUpNs = this.#isWarm[socket] === 1 ? Infinity : this.#omitUntilNs;
    this.#edgeNs[socket] = Math.min(this.#intervals.edgeNs(socket), warmUpNs, this.#stopNs);
  }

  /** Everything of `socket` before `edgeNs` has been counted. */
  #pass(socket: number, edgeNs: Nanos): void {
    if (edgeNs >= this.#intervals.edgeNs(socket)) this.#leaveInterval(socket, edgeNs);
    if (this.#isWarm[socket] === 0 && edgeNs >= this.#omitUntilNs) this.#endWarmUp(socket, edgeNs);
    this.#setEdge(socket);
  }

  #endWarmUp(socket: number, edgeNs: Nanos): void {
    this.#isWarm[socket] = 1;
    for (const stream of this.#streamsOf[socket]!) {
      if (this.#hasSequence(stream)) {
        this.#sequence.window.expire(stream, edgeNs - 1);
        this.#sequence.restart(stream);
      } else {
        this.counters.values.fill(0, stream * StreamCounter.Count, (stream + 1) * StreamCounter.Count);
      }
      this.#timing.restart(stream);
      this.#marking.restart(stream);
      this.#times.restart(stream);
      this.#intervals.restart(stream);
    }
    this.#faults.restart(socket);
  }

  #leaveInterval(socket: number, endMonoNs: Nanos): void {
    const isWarm = this.#isWarm[socket] === 1;
    if (isWarm) {
      for (const stream of this.#streamsOf[socket]!) {
        const isSequenced = this.#hasSequence(stream);
        // What is due at the boundary itself belongs to the next interval.
        if (isSequenced && endMonoNs < this.#stopNs) this.#sequence.window.expire(stream, endMonoNs - 1);
        const pending = isSequenced ? this.#sequence.states.values[stream * Seq.Count + Seq.Pending]! : 0;
        const isDormant = this.#hasEnded(stream) || this.#times.lastHeardNs[stream]! < endMonoNs - DORMANT_NS;
        const jitterNs = this.#timing.jitterNs(stream);
        const delay = this.#timing.closeInterval(stream);
        this.#intervals.add(socket, stream, this.counters, pending, jitterNs, delay, endMonoNs, isDormant);
      }
    }
    this.#intervals.leave(socket, endMonoNs, !isWarm);
  }
}
