import type { ByteSource } from '../core/byteSource.js';
import type { Nanos } from '../core/time.js';
import { TsMark } from './tsClock.js';
import { TsLevelLoop } from './tsLevelLoop.js';
import { TsStatus, TsStream, type TsStreamOptions } from './tsStream.js';

export interface TsScheduleOptions extends TsStreamOptions {
  /** 1 .. 7. Default 7. */
  readonly tsPerDatagram?: number;
  /** The source is written by another clock. Default false. */
  readonly live?: boolean;
  /** Of a live source so much is buffered when sending begins, and on average later on, ns of stream. Default 200 ms. */
  readonly targetLevelNs?: Nanos;
  /** Datagrams are due within so many ns from the first; `null`: no limit. */
  readonly durationNs: Nanos | null;
  /** When the first datagram is due, CLOCK_MONOTONIC since the epoch, ns. */
  readonly startMonoNs: Nanos;
}

const PACKETS = 7;
const TARGET_LEVEL_NS = 200e6;
/** A source that has nothing is asked again after so long. */
const POLL_NS = 1e6;
/** The level of a live source is looked at in every call, so that the phase of its bursts averages out, and told so often. */
const LEVEL_EVERY_NS = 100e6;
/** So much of a live source is taken in, in multiples of the target, before its writer is held up. */
const LEVELS_TAKEN = 4;
/** 27 MHz ticks in 1000 ns. */
const TICKS = 27;

/**
 * When each datagram of a transport stream is due. The first one at `startMonoNs`, every other one later by as much as
 * its first packet is behind the stream's first packet.
 *
 * A source that has nothing when a datagram is due is polled every millisecond, and counted once. What comes after its
 * due time moves the schedule and never bursts. The first datagram of a live source is due when as much as
 * `targetLevelNs` is buffered; what had come before that is left out. From then on the schedule follows the level
 * ({@link TsLevelLoop}); what comes at once behind a break is kept, and worn off at 100 ppm.
 */
export class TsSchedule {
  readonly stream: TsStream;
  readonly tsPerDatagram: number;
  /** When the next datagram is due, or to be looked for. A number, as all that is written again and again. */
  dueNs: Nanos = 0;
  /** Packets of the next datagram; 0: it has to be looked for. */
  packets = 0;
  /** The present, as far as it is known: what `fill` and `skip` were called with. Written by the feed. */
  untilNs: Nanos = 0;
  hasEnded = false;
  /** What became of the source; all but `Ready` and `Dry` end the schedule. */
  status: TsStatus = TsStatus.Ready;
  /** Times at which the source had nothing when it was due. */
  underruns = 0;
  /** Times at which the schedule was moved because the source came too late. */
  moves = 0;
  /** The clock of the next datagram does not go on from the one before. Cleared by the feed when it has told so. */
  isBroken = false;
  /** Ends of the source that were passed. */
  passes = 0;
  /** Packets of a live source that had come before sending began, beyond its target. */
  leftOutPackets = 0;
  readonly #source: ByteSource;
  readonly #level: TsLevelLoop | null;
  readonly #targetLevelNs: Nanos;
  readonly #startMonoNs: Nanos;
  readonly #durationNs: Nanos;
  #endNs: Nanos = 0;
  /** Packets due at `#anchorTicks` of the stream leave at `#anchorNs`. */
  #anchorNs: Nanos = 0;
  #anchorTicks = 0;
  /** Of the last datagram. */
  #lastNs: Nanos = 0;
  #lastTicks = 0;
  #levelNs: Nanos = 0;
  /** Of what was measured since the level was told last. */
  #levelSumNs: Nanos = 0;
  #levels = 0;
  #levelAtNs: Nanos = 0;
  #hasBegun = false;
  #isDry = false;

  constructor(options: TsScheduleOptions) {
    this.stream = new TsStream(options);
    this.tsPerDatagram = options.tsPerDatagram ?? PACKETS;
    this.#source = options.source;
    this.#targetLevelNs = options.targetLevelNs ?? TARGET_LEVEL_NS;
    this.#level = options.live === true ? new TsLevelLoop(this.#targetLevelNs) : null;
    this.#startMonoNs = options.startMonoNs;
    this.#durationNs = options.durationNs ?? Infinity;
    this.dueNs = options.startMonoNs;
    this.#endNs = options.startMonoNs + this.#durationNs;
    this.hasEnded = this.#durationNs <= 0;
  }

  /** How much faster a live source is sent than its clock says, ppm. */
  get correctionPpm(): number {
    return this.#level === null ? 0 : this.#level.correctionPpm;
  }

  /** Reads ahead what the first datagram needs; of a live source only the latest is kept. */
  prepare(): TsStatus {
    if (this.#hasBegun || this.hasEnded) return this.status;
    this.status = this.stream.advance(this.tsPerDatagram);
    if (this.status === TsStatus.Ready && this.#level !== null) this.#leaveOut();
    return this.status;
  }

  /** Takes in what a live source has. */
  drain(): void {
    if (this.#level !== null && !this.hasEnded) {
      this.stream.drain((LEVELS_TAKEN * this.#targetLevelNs * TICKS) / 1000);
    }
  }

  /** Finds the next datagram; false: it is not there, and `dueNs` says when to look again. Hot. */
  locate(): boolean {
    if (this.hasEnded) return false;
    if (this.packets > 0) return true;
    const { stream } = this;
    this.status = stream.advance(this.tsPerDatagram);
    if (this.status === TsStatus.Dry) {
      if (!this.#settle()) return false;
    } else if (this.status !== TsStatus.Ready) {
      this.hasEnded = true;
      return false;
    }
    this.#place();
    if (this.dueNs >= this.#endNs) {
      this.hasEnded = true;
      return false;
    }
    this.packets = Math.min(this.tsPerDatagram, stream.clock.timed - stream.next);
    const { clock, next } = stream;
    if ((clock.marks[next & (clock.marks.length - 1)]! & TsMark.Discontinuity) !== 0) this.isBroken = true;
    return true;
  }

  /** The located datagram is done with: sent, or given up. */
  take(): void {
    const { clock, next } = this.stream;
    const mask = clock.marks.length - 1;
    this.#lastNs = this.dueNs;
    this.#lastTicks = clock.ticks[next & mask]!;
    for (let packet = next; packet < next + this.packets; packet++) {
      const mark = clock.marks[packet & mask]!;
      if (mark === 0) continue;
      if ((mark & TsMark.Pass) !== 0) this.passes++;
      // Behind its first packet: the datagram's own time is still the old clock's.
      if ((mark & TsMark.Discontinuity) !== 0 && packet > next) this.isBroken = true;
    }
    this.stream.take(this.packets);
    this.packets = 0;
  }

  /** Corrects the schedule of a live source by what is buffered at `untilNs`, now and then. */
  follow(): void {
    const level = this.#level;
    // What the schedule was anchored at has to be done with before it can turn.
    if (level === null || !this.#hasBegun || this.#isDry || this.#lastNs < this.#anchorNs) return;
    this.#measureLevel();
    this.#levelSumNs += this.#levelNs;
    this.#levels++;
    const elapsedNs = this.untilNs - this.#levelAtNs;
    if (elapsedNs < LEVEL_EVERY_NS) return;
    level.update(this.#levelSumNs / this.#levels, elapsedNs);
    this.#levelSumNs = 0;
    this.#levels = 0;
    this.#levelAtNs = this.untilNs;
    // The schedule turns at the last datagram.
    this.#anchorNs = this.#lastNs;
    this.#anchorTicks = this.#lastTicks;
    if (this.packets > 0) this.#place();
  }

  /** The source is dry: what is there and due leaves without the next PCR; else it is waited for. */
  #settle(): boolean {
    const { clock, next } = this.stream;
    if (this.#hasBegun && !this.#isDry) {
      this.#dueAt(next < clock.timed ? clock.ticks[next & (clock.ticks.length - 1)]! : clock.nextTicks);
      if (this.dueNs >= this.#endNs) this.hasEnded = true;
      if (this.hasEnded || this.dueNs > this.untilNs) return false;
      if (this.stream.settle(this.tsPerDatagram)) return true;
      this.underruns++;
    }
    this.#isDry = true;
    if (this.untilNs >= this.#endNs) this.hasEnded = true;
    this.dueNs = Math.max(this.#startMonoNs, this.untilNs + POLL_NS);
    return false;
  }

  /** Sets `dueNs` for the next packet, which has a time. */
  #place(): void {
    const wasDry = this.#isDry;
    this.#isDry = false;
    if (this.#hasBegun) {
      this.#dueAt(this.#nextTicks());
      if (!wasDry || this.dueNs >= this.untilNs) return;
      this.isBroken = true;
      this.moves++;
    } else {
      if (this.#level !== null) this.#leaveOut();
      this.dueNs = this.#startMonoNs;
    }
    // The first datagram, or one that came too late.
    if (wasDry || this.#level !== null) this.dueNs = Math.max(this.dueNs, this.untilNs + this.#missingNs());
    this.#anchorNs = this.dueNs;
    this.#anchorTicks = this.#nextTicks();
    this.#levelAtNs = this.dueNs;
    if (!this.#hasBegun) this.#endNs = this.dueNs + this.#durationNs;
    this.#hasBegun = true;
  }

  /** Of the next packet. */
  #nextTicks(): number {
    const { clock, next } = this.stream;
    return clock.ticks[next & (clock.ticks.length - 1)]!;
  }

  /** What has come beyond the target before a live source begins. */
  #leaveOut(): void {
    let packets = 0;
    do {
      this.drain();
      this.#measureLevel();
      packets = this.stream.passOver(((this.#levelNs - this.#targetLevelNs) * TICKS) / 1000, this.tsPerDatagram);
      this.leftOutPackets += packets;
    } while (packets > 0);
  }

  #dueAt(ticks: number): void {
    const nominalNs = ((ticks - this.#anchorTicks) * 1000) / TICKS;
    this.dueNs = Math.floor(this.#anchorNs + nominalNs / (1 + this.correctionPpm * 1e-6) + 0.5);
  }

  /** What a live source has to bring before its target level is reached, ns of stream; 0 for others. */
  #missingNs(): Nanos {
    if (this.#level === null) return 0;
    this.#measureLevel();
    return Math.max(0, this.#targetLevelNs - this.#levelNs);
  }

  #measureLevel(): void {
    this.#levelNs = (this.stream.bufferedTicks(Math.max(0, this.#source.available())) * 1000) / TICKS;
  }
}
