import type { Measurement } from '../analysis/measurement.js';
import { MAX_SEGMENTS, ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { SocketCounter, type DatagramSource, type Io } from '../io/datagram.js';
import type { Agent } from './agent.js';
import type { Inject } from './inject.js';

/** Messages read by one call; with UDP_GRO each may hold 128 datagrams, and fewer are read. */
const MESSAGES = 64;
export const RECEIVE_CAPACITY = 2048;
/** All sockets are looked at this often, so that what waits for time to pass does not wait for datagrams. */
const LOOK_NS = 50e6;
/**
 * Longest time that a datagram may take from its stamp to its socket's queue: both happen in one run of
 * the kernel's receive path, which may be interrupted.
 */
export const STAMP_TO_QUEUE_NS = 1e6;
/** Reads of one socket in one look: one that fills as fast as it is read is looked at the next time. */
const LOOK_READS = 64;
/** A socket that is not read up to the end so long behind it never will be: more comes than is read. */
const LONGEST_BEHIND_NS = 2e9;
/** A read that brought fewer messages than this found the socket's queue empty behind them. */
const FULL_READ_MESSAGES = RECEIVE_CAPACITY / MAX_SEGMENTS;
/** Longest turn: who is behind reads on in the next one, when everything else has had its turn. */
const TURN_NS = 1e6;
/** Reads of one socket in one turn, so that a socket that fills as fast as it is read holds up nothing else. */
const READS_PER_TURN = 4;
/** What a message takes of the receive buffer beside its payload, octets (Linux 6.18: 8 MiB hold 10,082 of 64 octets). */
const MESSAGE_OVERHEAD_OCTETS = 768;
/** Gathering lets a receive buffer fill to about a sixteenth, and to half of what the processor's cache holds (octets). */
const GATHER_SHARE = 1 / 16;
const GATHER_OCTETS = 256 << 10;
/** Blocked for less, a receiver would be woken by the sender for each datagram instead of by its own timer. */
const SHORTEST_GATHER_NS = 20e3;
/** Gathering begins so short, and doubles at most from turn to turn: the first datagrams may be a flood. */
const FIRST_GATHER_NS = 50e3;
/** The buffer's size where it cannot be read. */
const ASSUMED_BUFFER_OCTETS = 212_992;

export interface ReceiverAgentOptions {
  readonly io: Io;
  readonly sources: readonly DatagramSource[];
  readonly measurement: Measurement;
  readonly gatherNs: Nanos;
  readonly inject: Inject | null;
  /** Sees every batch before the measurement; `null`: nobody does. */
  readonly capture: { write(batch: ReceiveBatch, from: number, to: number): void } | null;
  /** Told of new streams before their data are read; `null`: offload is off. */
  readonly offload: { tendStreams(): void } | null;
  /** Sees every batch behind the measurement, and how far all sockets have been read; `null`: nobody does. */
  readonly media: {
    /** Nothing is missing that may still come. */
    readonly isSettled: boolean;
    onBatch(batch: ReceiveBatch): void;
    onTime(nowNs: Nanos, beforeNs: Nanos): void;
  } | null;
  /** Answers those who wait for it behind the measurement; `null`: nobody does. */
  readonly answers: { tend(nowMonoNs: Nanos): void; isQuiet(nowMonoNs: Nanos): boolean } | null;
  readonly end: ReceiverEnd;
}

/** When a receiver ends by itself. All times ns, CLOCK_MONOTONIC since the epoch. */
export interface ReceiverEnd {
  /** Known from the beginning; Infinity: not. */
  readonly atMonoNs: Nanos;
  /** So long after the first datagram; `null`: not. */
  readonly afterFirstNs: Nanos | null;
  /** When nothing came by then; Infinity: never. */
  readonly firstByMonoNs: Nanos;
  /** Datagrams with data; `null`: not. */
  readonly count: number | null;
  /** After so long without a datagram, once there was one; Infinity: never. */
  readonly idleNs: Nanos;
  /** When all streams have ended. */
  readonly once: boolean;
}

/** It ends only when it is told to. */
export const NO_END: ReceiverEnd = {
  atMonoNs: Infinity,
  afterFirstNs: null,
  firstByMonoNs: Infinity,
  count: null,
  idleNs: Infinity,
  once: false,
};

/** Reads all sockets of a receiver into one batch and drives the measurement. */
export class ReceiverAgent implements Agent {
  finished = false;
  /** When the measurement ended, CLOCK_MONOTONIC since the epoch, ns; NaN before. */
  stopMonoNs: Nanos = NaN;
  /** Nothing came within the time that the first datagram was waited for. */
  nothingCame = false;
  /** Datagrams read, of whatever kind. */
  datagrams = 0;
  lastMonoNs: Nanos = NaN;
  readonly #options: ReceiverAgentOptions;
  readonly #batch = new ReceiveBatch(MESSAGES, RECEIVE_CAPACITY);
  readonly #sourceOf: DatagramSource[] = [];
  #endNs: Nanos = Infinity;
  #idleNs: Nanos;
  /** Silence counts from then on at the earliest. */
  #idleFromNs: Nanos = -Infinity;
  #firstByNs: Nanos;
  /** `SocketCounter.Discarded` by socket, as far as the measurement knows. */
  readonly #discarded: Float64Array;
  #streams = 0;
  #lookNs: Nanos = -Infinity;
  #gatherNs: Nanos = 0;
  /** Of the sockets read in this turn, the largest share of what may gather that had. */
  #fullest = 0;
  /** A socket was not read empty in this turn. */
  #isBehind = false;
  /** Index of the socket behind which the next turn begins; -1: the last one read all empty. */
  #stoppedBehind = -1;
  /** Position of the source that is looked at next; 0: no look has begun. */
  #lookAt = 0;
  /** Reads of that source in this look. */
  #lookReads = 0;
  /** When the present look began, and up to when all sockets of it have been read. */
  #lookBeganNs: Nanos = 0;
  #lookPastNs: Nanos = 0;
  /** Before the last wait: what has not been ready since held nothing then. */
  #polledNs: Nanos = -Infinity;
  /** When something was last read. */
  #turnNs: Nanos = -Infinity;

  constructor(options: ReceiverAgentOptions) {
    this.#options = options;
    this.#gatherNs = Math.min(options.gatherNs, FIRST_GATHER_NS);
    this.#endNs = options.end.atMonoNs;
    this.#idleNs = options.end.idleNs;
    this.#firstByNs = options.end.firstByMonoNs;
    this.#discarded = new Float64Array(1 + Math.max(0, ...options.sources.map(({ index }) => index)));
    for (const source of options.sources) this.#sourceOf[source.index] = source;
    if (this.#endNs !== Infinity) options.measurement.stopAt(this.#endNs);
  }

  doWork(nowMonoNs: Nanos, ready: number): number {
    this.#fullest = 0;
    this.#isBehind = false;
    const handled = ready > 0 ? this.#readReady(ready, nowMonoNs, nowMonoNs + TURN_NS) : 0;
    if (ready > 0) this.#adaptGather(nowMonoNs);
    const { media } = this.#options;
    // What was ready has been read empty, and nothing else was: when it was waited for, which may be long ago.
    if (media !== null && handled > 0 && !this.#isBehind) {
      media.onTime(this.#polledNs, this.#polledNs - STAMP_TO_QUEUE_NS);
    }
    // With a time of its own: who is always behind is to come to the end of a look, too.
    if (nowMonoNs >= this.#lookNs) this.#look(nowMonoNs, this.#options.io.clock.monoNs() + TURN_NS);
    this.#polledNs = this.#options.io.clock.monoNs();
    return handled;
  }

  /** Sockets that are ready, from where the turn before had to stop, as far as this one goes. */
  #readReady(ready: number, nowMonoNs: Nanos, untilNs: Nanos): number {
    const { io } = this.#options;
    let first = 0;
    while (this.#stoppedBehind >= 0 && first < ready && io.ready[first++] !== this.#stoppedBehind);
    let handled = 0;
    for (let i = 0; i < ready; i++) {
      const index = io.ready[(first + i) % ready]!;
      const source = this.#sourceOf[index];
      if (source !== undefined) handled += this.#readTurn(source, nowMonoNs, untilNs);
      if (i === ready - 1 || io.clock.monoNs() < untilNs) continue;
      this.#isBehind = true;
      this.#stoppedBehind = index;
      return handled;
    }
    // Who is first has most of a turn: while there is more than fits, each in its turn, or one line of two would be far ahead.
    this.#stoppedBehind = this.#isBehind ? io.ready[first % ready]! : -1;
    return handled;
  }

  nextDueNs(): Nanos {
    return Math.min(this.#lookNs, this.#endNs + STAMP_TO_QUEUE_NS);
  }

  gatherNs(): Nanos {
    return this.#isBehind ? 0 : this.#gatherNs;
  }

  stop(nowMonoNs: Nanos): void {
    this.#endAt(nowMonoNs);
  }

  /** It ends when nothing has come for so long from now on; a first datagram has the time that it was given, if it was given any. */
  endWhenSilent(nowMonoNs: Nanos, silenceNs: Nanos): void {
    this.#idleNs = Math.min(this.#idleNs, silenceNs);
    this.#idleFromNs = nowMonoNs;
    if (this.#firstByNs === Infinity) this.#firstByNs = nowMonoNs + silenceNs;
  }

  /** What has queued up at one socket, as far as the turn goes. */
  #readTurn(source: DatagramSource, nowMonoNs: Nanos, untilNs: Nanos): number {
    const { counters, receiveBufferOctets } = source;
    const octetsBefore = counters[SocketCounter.Octets]!;
    const messagesBefore = counters[SocketCounter.Messages]!;
    let handled = 0;
    let messages = 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = this.#read(source, nowMonoNs);
      handled += count;
      const read = counters[SocketCounter.Messages]! - messagesBefore - messages;
      messages += read;
      if (read < FULL_READ_MESSAGES) break;
      this.#isBehind ||= reads === READS_PER_TURN - 1;
      if (this.#options.io.clock.monoNs() < untilNs) continue;
      this.#isBehind = true;
      break;
    }
    const octets = counters[SocketCounter.Octets]! - octetsBefore + messages * MESSAGE_OVERHEAD_OCTETS;
    const room = Math.min(GATHER_SHARE * (receiveBufferOctets ?? ASSUMED_BUFFER_OCTETS), GATHER_OCTETS);
    const fill = octets / room;
    if (fill > this.#fullest) this.#fullest = fill;
    return handled;
  }

  /** One batch of one socket. */
  #read(source: DatagramSource, nowMonoNs: Nanos): number {
    const batch = this.#batch;
    const count = source.receive(batch);
    if (count === 0) return 0;
    const { inject, capture, measurement, offload, answers, end } = this.#options;
    const discarded = source.counters[SocketCounter.Discarded]!;
    if (discarded > this.#discarded[source.index]!) {
      measurement.onDiscarded(source.index, discarded - this.#discarded[source.index]!);
      this.#discarded[source.index] = discarded;
    }
    if (inject !== null) inject.bend(batch);
    if (capture !== null) capture.write(batch, 0, count);
    if (this.datagrams === 0 && end.afterFirstNs !== null) this.#endAt(nowMonoNs + end.afterFirstNs);
    this.datagrams += count;
    this.lastMonoNs = nowMonoNs;
    if (end.count === null) this.#measure(batch);
    else this.#measureUpTo(end.count, nowMonoNs);
    if (answers !== null) answers.tend(nowMonoNs);
    if (offload !== null && measurement.streamCount !== this.#streams) {
      this.#streams = measurement.streamCount;
      offload.tendStreams();
    }
    if (inject !== null) inject.delay(count);
    return count;
  }

  #measure(batch: ReceiveBatch): void {
    const { measurement, media } = this.#options;
    measurement.onBatch(batch);
    if (media !== null) media.onBatch(batch);
  }

  /** Markers and further copies are no datagrams of the count, so that it is known only behind the measurement. */
  #measureUpTo(count: number, nowMonoNs: Nanos): void {
    const { measurement } = this.#options;
    const batch = this.#batch;
    while (batch.count > 0) {
      const room = count - measurement.dataReceived();
      if (room <= 0) {
        this.#endAt(nowMonoNs);
        return;
      }
      const all = batch.count;
      batch.count = Math.min(all, room);
      const taken = batch.count;
      this.#measure(batch);
      batch.count = all;
      batch.dropFirst(taken);
    }
    if (measurement.dataReceived() >= count) this.#endAt(nowMonoNs);
  }

  /** Reads every socket empty, so that the measurement may close what lies before: over as many turns as it takes. */
  #look(nowMonoNs: Nanos, untilNs: Nanos): void {
    const { io, measurement, sources, end } = this.#options;
    if (this.#lookAt === 0) {
      this.#lookBeganNs = nowMonoNs;
      this.#lookPastNs = nowMonoNs;
    }
    while (this.#lookAt < sources.length) {
      const source = sources[this.#lookAt]!;
      const beforeNs = io.clock.monoNs();
      const count = this.#read(source, nowMonoNs);
      if (count === 0) {
        measurement.socketReadPast(source.index, beforeNs - STAMP_TO_QUEUE_NS);
      } else if (++this.#lookReads < LOOK_READS) {
        if (io.clock.monoNs() >= untilNs) return;
        continue;
      } else {
        // Of one that fills as fast as it is read, as far as its stamps: others are not to wait for it.
        const { timeRealNs, realToMonoNs } = this.#batch;
        this.#lookPastNs = Math.min(this.#lookPastNs, timeRealNs[count - 1]! + realToMonoNs);
      }
      this.#lookReads = 0;
      this.#lookAt++;
      if (beforeNs >= untilNs && this.#lookAt < sources.length) return;
    }
    this.#lookAt = 0;
    const afterNs = io.clock.monoNs();
    const pastNs = this.#lookPastNs;
    this.#options.media?.onTime(pastNs, pastNs - STAMP_TO_QUEUE_NS);
    this.#lookNs = Math.min(afterNs + LOOK_NS, this.#endNs + STAMP_TO_QUEUE_NS);
    // What has been asked for may come yet.
    const { media, answers } = this.#options;
    const isSettled = (media === null || media.isSettled) && (answers === null || answers.isQuiet(afterNs));
    if (end.once && isSettled && measurement.hasSettled(afterNs)) this.#endAt(afterNs);
    if (isSettled && afterNs - Math.max(this.lastMonoNs, this.#idleFromNs) >= this.#idleNs) this.#endAt(afterNs);
    if (this.datagrams === 0 && afterNs >= this.#firstByNs) {
      this.nothingCame = true;
      this.#endAt(afterNs);
    }
    // What was stamped before the end has been read when the look began behind it, and read on behind it.
    const readToNs = this.#endNs + STAMP_TO_QUEUE_NS;
    if (this.#lookBeganNs < readToNs || (pastNs < readToNs && afterNs < this.#endNs + LONGEST_BEHIND_NS)) return;
    this.stopMonoNs = this.#endNs;
    this.finished = true;
  }

  #endAt(monoNs: Nanos): void {
    if (monoNs >= this.#endNs) return;
    this.#endNs = monoNs;
    this.#lookNs = Math.min(this.#lookNs, monoNs + STAMP_TO_QUEUE_NS);
    this.#options.measurement.stopAt(monoNs);
  }

  /** Sleeps between reads as long as what may gather takes to come at the present rate. */
  #adaptGather(nowMonoNs: Nanos): void {
    const spanNs = nowMonoNs - this.#turnNs;
    this.#turnNs = nowMonoNs;
    const wantedNs = Math.min(spanNs / this.#fullest, 2 * this.#gatherNs);
    this.#gatherNs = Math.min(this.#options.gatherNs, Math.max(SHORTEST_GATHER_NS, wantedNs));
  }
}
