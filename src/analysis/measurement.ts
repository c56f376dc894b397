import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import type { Histogram } from '../metrics/histogram.js';
import type { StreamHistogramId, StreamIdentity, StreamSnapshot } from '../metrics/snapshot.js';
import { DecodedBatch, NO_STREAM, SlotKind } from './decoded.js';
import { EventKind, EventRing, type MeasurementEvent } from './eventRing.js';
import { type ClosedInterval, Intervals } from './intervals.js';
import type { MeasurementOptions, SocketFacts } from './measurementOptions.js';
import { MonotonicStamps } from './monotonicStamps.js';
import { PlainStreams } from './plainStreams.js';
import { Seq } from './sequenceState.js';
import { Siblings } from './siblings.js';
import { SocketColumns } from './socketColumns.js';
import { SocketDrops } from './socketDrops.js';
import { SocketFaults } from './socketFaults.js';
import { StreamAnalyzers } from './streamAnalyzers.js';
import { StreamDecoder } from './streamDecoder.js';
import { identityOf, snapshotOf, socketSnapshotOf, type SocketSnapshot, type StreamParts } from './streamSnapshot.js';
import { StreamFormat, StreamTable } from './streamTable.js';
import type { TimingAnalyzer } from './timing.js';

export type { MeasurementOptions, SocketFacts };

/** Streams that nothing comes for are looked at so often. */
const LOOK_EVERY_NS = 20e6;
/** And whether one of them is silent, which takes seconds to be. */
const SEEK_SILENCE_EVERY_NS = 200e6;
const CLOSED_AT_ONCE = 128;

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
  readonly counters: StreamCounters;
  readonly sequence: StreamAnalyzers['sequence'];
  /** Datagrams stamped after the stop. */
  afterStop = 0;
  readonly #options: MeasurementOptions;
  // A field of its own: options come in objects of many shapes, which compiled code would tell apart.
  readonly #omitNs: Nanos;
  readonly #decoded: DecodedBatch;
  /** Those of the streams that need no snapshot of their own. */
  readonly plain: PlainStreams;
  readonly #events = new EventRing();
  readonly #drops = new SocketDrops();
  readonly #faults = new SocketFaults();
  readonly decoder: StreamDecoder;
  readonly #intervals: Intervals;
  readonly #siblings = new Siblings();
  readonly #sockets: (SocketFacts | undefined)[] = [];
  readonly #streamsOf: number[][] = [];
  readonly #columns = new SocketColumns();
  readonly #streams: StreamAnalyzers;
  /** Streams that are set up. */
  #known = 0;
  #omitUntilNs = Infinity;
  #stopNs = Infinity;
  readonly #stamps = new MonotonicStamps();

  constructor(options: MeasurementOptions) {
    this.#options = options;
    this.#omitNs = options.omitNs;
    this.table = new StreamTable(options.maxStreams);
    this.#decoded = new DecodedBatch(options.batchCapacity);
    this.decoder = new StreamDecoder(this.table, options.epoch, this.#faults, options.messageTimeZone ?? null);
    this.#intervals = new Intervals(options.startMonoNs, options.firstBoundaryMonoNs, options.intervalNs);
    this.#streams = new StreamAnalyzers(options, this.table, this.#drops, this.#events);
    this.counters = this.#streams.counters;
    this.sequence = this.#streams.sequence;
    this.plain = new PlainStreams(this.table, this.#streams, this.decoder.probe, this.#sockets);
  }

  /** Clock steps found between two batches: CLOCK_REALTIME moved against CLOCK_MONOTONIC. */
  get clockSteps(): number {
    return this.#stamps.clockSteps;
  }

  /** End of the warm-up, monotonic; -Infinity: there is none, Infinity: nothing has come yet. */
  get warmUpEndNs(): Nanos {
    return this.#omitNs > 0 ? this.#omitUntilNs : -Infinity;
  }

  /** Columns of the batch handed in last. */
  get decoded(): DecodedBatch {
    return this.#decoded;
  }

  /** The NIC's clock is known to be CLOCK_REALTIME within a bound: its stamps may enter one-way delays. */
  trustHardwareTime(): void {
    this.#streams.timing.hardwareIsReal = true;
  }

  addSocket(facts: SocketFacts): void {
    const { index } = facts;
    this.#sockets[index] = facts;
    this.#streamsOf[index] = [];
    this.#columns.ensure(index);
    this.#drops.ensure(index + 1);
    this.#faults.ensure(index + 1);
    this.#intervals.addSocket(index);
    this.#columns.isWarm[index] = this.#omitNs > 0 ? 0 : 1;
    this.#setEdge(index);
  }

  /** Hot. Reads the batch, keeps nothing of it. */
  onBatch(batch: ReceiveBatch): void {
    const { count } = batch;
    if (count === 0) return;
    const decoded = this.#decoded;
    const latestNs = this.#stamps.convert(batch, decoded.timeMonoNs);
    const socket = batch.socket[0]!;
    this.decoder.decode(batch, decoded, this.#sockets[socket]!.scheme);
    if (this.#known < this.table.count) this.#setUpStreams(decoded);
    if (this.#omitNs > 0 && this.#omitUntilNs === Infinity) this.#beginWarmUp(decoded.timeMonoNs[0]!);

    let from = 0;
    while (latestNs >= this.#columns.edgeNs[socket]!) {
      const edgeNs = this.#columns.edgeNs[socket]!;
      let to = from;
      while (to < count && decoded.timeMonoNs[to]! < edgeNs) to++;
      // A later stamp read before an earlier one: the edge was passed within what is done already.
      if (to === count) break;
      this.#analyse(batch, from, to);
      from = to;
      if (edgeNs >= this.#stopNs) {
        this.afterStop += count - from;
        // Nor is it anything to whoever reads the columns next.
        decoded.kind.fill(SlotKind.Malformed, from, count);
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
    while (this.#columns.edgeNs[socket]! <= pastNs && this.#columns.edgeNs[socket]! < this.#stopNs)
      this.#pass(socket, this.#columns.edgeNs[socket]!);
    if (pastNs >= this.#columns.lookedAtNs[socket]! + LOOK_EVERY_NS) this.#lookAtStreams(socket, pastNs);
  }

  /** Passes windows of time and finds silences, of streams that nothing comes for. */
  #lookAtStreams(socket: number, pastNs: Nanos): void {
    this.#columns.lookedAtNs[socket] = pastNs;
    const { times, sequence } = this.#streams;
    sequence.window.expireAll(socket, this.#streamsOf[socket]!, pastNs);
    if (pastNs >= this.#columns.soughtSilenceNs[socket]! + SEEK_SILENCE_EVERY_NS) this.#seekSilence(socket, pastNs);
    for (const { kind, older, newer } of this.#siblings.decide(pastNs, times)) {
      const event = kind === 'restart' ? EventKind.Restart : EventKind.ForeignSender;
      this.#events.push(event, newer, times.firstHeardNs(newer), older, 0);
    }
  }

  #seekSilence(socket: number, pastNs: Nanos): void {
    this.#columns.soughtSilenceNs[socket] = pastNs;
    const streams = this.#streamsOf[socket]!;
    for (let i = 0; i < streams.length; i++) {
      const stream = streams[i]!;
      if (!this.#streams.fallsSilent(stream, pastNs, this.#options.silenceNs) || this.isCompanion(stream)) continue;
      this.#events.push(EventKind.Silence, stream, pastNs, pastNs - this.#streams.times.lastHeardNs(stream), 0);
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

  /**
   * `datagrams` were delivered by the kernel to this socket and discarded before they came here: losses of its one
   * stream by the application. With several, whose they were is not known.
   */
  onDiscarded(socket: number, datagrams: number): void {
    const streams = this.#streamsOf[socket]!;
    if (streams.length !== 1) return;
    this.#streams.sequence.states.values[streams[0]! * Seq.Count + Seq.Discarded]! += datagrams;
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
      if (this.#columns.isWarm[facts.index] === 0) this.#endWarmUp(facts.index, stopMonoNs);
    }
    for (let stream = 0; stream < this.#known; stream++) {
      if (this.#streams.hasSequence(stream)) this.#streams.sequence.close(stream, stopMonoNs);
    }
    for (const facts of this.#sockets) if (facts !== undefined) this.#leaveInterval(facts.index, stopMonoNs);
  }

  /** The sender said elsewhere (RTCP) that the stream is over. */
  endStream(stream: number, monoNs: Nanos): void {
    this.#streams.end(stream, monoNs, this.decoder.rtp.highest(stream) + 1);
  }

  /** Jitter and the delay of the last datagrams, so far. */
  get timing(): Pick<TimingAnalyzer, 'jitterNs' | 'lastDelayNs'> {
    return this.#streams.timing;
  }

  /** Distinct datagrams with data so far, of all streams. */
  dataReceived(): number {
    return this.counters.total(StreamCounter.PacketsReceived);
  }

  /**
   * There were streams, and all are over: the sender said so and nothing is open, or the window has
   * passed since. A format without an end is over when it has been silent for two windows.
   */
  hasSettled(nowMonoNs: Nanos): boolean {
    return this.#streams.haveSettled(nowMonoNs, this.#options.reorderWindowNs, (stream) => this.isCompanion(stream));
  }

  hasStreamSettled(stream: number, nowMonoNs: Nanos): boolean {
    return this.#streams.hasSettled(stream, nowMonoNs, this.#options.reorderWindowNs);
  }

  /** It goes with media: FEC or reports. */
  isCompanion(stream: number): boolean {
    const { isCompanion } = this.#sockets[this.table.socket(stream)]!;
    return typeof isCompanion === 'function' ? isCompanion(stream) : isCompanion === true;
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
    return this.#known;
  }

  /** Everything that is known of a stream: copies its histograms. */
  snapshot(stream: number): StreamSnapshot {
    return snapshotOf(stream, this.#partsOf(stream));
  }

  identity(stream: number): StreamIdentity {
    return identityOf(stream, this.#partsOf(stream));
  }

  #partsOf(stream: number): StreamParts {
    const socket = this.table.socket(stream);
    return {
      table: this.table,
      path: this.#options.pathOf(this.table.path(stream)),
      facts: this.#sockets[socket]!,
      analyzers: this.#streams,
      decoder: this.decoder,
      drops: this.#drops,
      streamsOnSocket: this.#streamsOf[socket]!.length,
    };
  }

  /** Histograms that all streams beyond the detail limit share; `null`: there are none. */
  aggregate(): Record<StreamHistogramId, Histogram> | null {
    return this.#streams.timing.aggregate();
  }

  socketSnapshot(socket: number): SocketSnapshot {
    return socketSnapshotOf(socket, this.#streamsOf[socket]!, this.#faults, this.#drops, this.#streams);
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
      if (stream[i] !== NO_STREAM) {
        this.#streams.onRun(batch, this.#decoded, stream[i]!, i, end, this.#sentTos(batch, stream[i]!, i));
        if (this.table.format(stream[i]!) === StreamFormat.Iperf) {
          this.#streams.endBehind(this.#decoded, stream[i]!, i, end, this.decoder.iperf.last(stream[i]!));
        }
      }
      i = end;
    }
  }

  /** DSCP and ECN octet that the sender of slot `i` says it set, else the endpoint; -1: neither does. */
  #sentTos(batch: ReceiveBatch, stream: number, i: number): number {
    const told = this.decoder.tosSent(stream, this.table.format(stream));
    return told ?? this.#sockets[batch.socket[i]!]!.tosSent ?? -1;
  }

  #setUpStreams(decoded: DecodedBatch): void {
    const { table } = this;
    this.#streams.addAll((stream) => this.isCompanion(stream));
    this.#intervals.ensure(table.count);
    for (let stream = this.#known; stream < table.count; stream++) {
      this.#streamsOf[table.socket(stream)]!.push(stream);
      if (stream === table.others) continue;
      const at = decoded.stream.indexOf(stream);
      const path = this.#options.pathOf(table.path(stream));
      this.#siblings.add(stream, table, path, decoded.timeMonoNs[at]!, this.isCompanion(stream));
    }
    this.#known = table.count;
  }

  #beginWarmUp(firstMonoNs: Nanos): void {
    this.#omitUntilNs = firstMonoNs + this.#omitNs;
    for (const facts of this.#sockets) if (facts !== undefined) this.#setEdge(facts.index);
  }

  #setEdge(socket: number): void {
    const warmUpNs = this.#columns.isWarm[socket] === 1 ? Infinity : this.#omitUntilNs;
    this.#columns.edgeNs[socket] = Math.min(this.#intervals.edgeNs(socket), warmUpNs, this.#stopNs);
  }

  /** Everything of `socket` before `edgeNs` has been counted. */
  #pass(socket: number, edgeNs: Nanos): void {
    if (edgeNs >= this.#intervals.edgeNs(socket)) this.#leaveInterval(socket, edgeNs);
    if (this.#columns.isWarm[socket] === 0 && edgeNs >= this.#omitUntilNs) this.#endWarmUp(socket, edgeNs);
    this.#setEdge(socket);
  }

  #endWarmUp(socket: number, edgeNs: Nanos): void {
    this.#columns.isWarm[socket] = 1;
    for (const stream of this.#streamsOf[socket]!) {
      this.#streams.restart(stream, edgeNs);
      this.#intervals.restart(stream);
    }
    this.#faults.restart(socket);
  }

  #leaveInterval(socket: number, endMonoNs: Nanos): void {
    const isWarm = this.#columns.isWarm[socket] === 1;
    const streams = this.#streamsOf[socket]!;
    const count = isWarm ? streams.length : 0;
    const isLast = endMonoNs >= this.#stopNs;
    // A loop over ten thousand would be compiled again for each place where it may be entered and left.
    for (let from = 0; from < count; from += CLOSED_AT_ONCE) {
      const to = Math.min(from + CLOSED_AT_ONCE, count);
      this.#streams.closeIntervals(this.#intervals, socket, streams, from, to, endMonoNs, isLast);
    }
    this.#intervals.leave(socket, endMonoNs, !isWarm);
  }
}
