import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { endOctet, putColumns } from './limits.js';
import type { FlowFeed } from './mergedFeed.js';
import type { PayloadSlots } from './payloadSlots.js';
import { TsRtpHeader, type TsRtpOptions } from './tsRtpHeader.js';
import { TsSchedule, type TsScheduleOptions } from './tsSchedule.js';
import type { TsStatus } from './tsStream.js';

export interface TsFeedOptions extends TsScheduleOptions {
  /** `null`: the packets alone. */
  readonly rtp: TsRtpOptions | null;
  /** Datagrams, not sent ones included; `null`: no limit. */
  readonly count: number | null;
  /** Written into `SendBatch.destination`. */
  readonly destination: number;
  /** Number of the flow in `SendBatch.flow`. Default 0. */
  readonly flowBase?: number;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

/**
 * A transport stream at the pace of its PCRs ({@link TsSchedule}): one flow, no markers. Every datagram holds
 * `tsPerDatagram` packets, the last one of a source that ends maybe fewer.
 *
 * The marker bit is set in the first datagram that begins behind a discontinuity of the clock, or whose schedule was
 * moved (RFC 2250 section 2). Skipped datagrams keep their numbers, and their packets are passed over.
 */
export class TsFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced = false;
  /** Impairment may corrupt any octet: nothing is known of a check. */
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  readonly markers = 0;
  /** Octets of the largest datagram. */
  readonly sizeOctets: number;
  /** Datagrams offered or given up so far. */
  scheduled = 0;
  /** Of those, refused or skipped ones. */
  notSent = 0;
  /** Transport packets in datagrams that were offered and not refused, and their octets. */
  packets = 0;
  mediaOctets = 0;
  /** When the last datagram offered was due. */
  lastDueNs: Nanos = 0;
  readonly #schedule: TsSchedule;
  readonly #rtp: TsRtpHeader | null;
  readonly #headerOctets: number;
  readonly #stampAt: number;
  readonly #payloadSlots: PayloadSlots | null;
  readonly #destination: number;
  readonly #count: number;

  constructor(options: TsFeedOptions) {
    this.flowBase = options.flowBase ?? 0;
    this.#schedule = new TsSchedule(options);
    this.#rtp = options.rtp === null ? null : new TsRtpHeader(options.rtp, options.startMonoNs);
    this.#headerOctets = this.#rtp === null ? 0 : this.#rtp.octets;
    this.#stampAt = this.#rtp === null ? 0 : this.#rtp.stampAt;
    this.sizeOctets = this.#headerOctets + this.#schedule.tsPerDatagram * TS_PACKET_OCTETS;
    this.#payloadSlots = options.payloadSlots ?? null;
    this.#destination = options.destination;
    this.#count = options.count ?? Infinity;
    if (this.#count === 0) this.#schedule.hasEnded = true;
  }

  /** What became of the source; `NotTs` and `NoPcr` have ended the feed. */
  get status(): TsStatus {
    return this.#schedule.status;
  }

  /** Ends of the source that were passed. */
  get passes(): number {
    return this.#schedule.passes;
  }

  /** Times at which the source had nothing when it was due. */
  get underruns(): number {
    return this.#schedule.underruns;
  }

  /** How much faster a live source is sent than its clock says, ppm. */
  get correctionPpm(): number {
    return this.#schedule.correctionPpm;
  }

  /** Packets of a live source that had come before sending began, beyond its target level. */
  get leftOutPackets(): number {
    return this.#schedule.leftOutPackets;
  }

  /** PID whose PCRs pace the stream; -1: none, or not yet chosen. */
  get pcrPid(): number {
    return this.#schedule.stream.clock.pid;
  }

  /** Losses of sync in the source. */
  get resyncs(): number {
    return this.#schedule.stream.reader.resyncs;
  }

  /** Octets of the source that are in no packet. */
  get skippedOctets(): number {
    return this.#schedule.stream.reader.skippedOctets;
  }

  /** Packets that the end of the source, or of a pass, cut off. */
  get truncatedPackets(): number {
    return this.#schedule.stream.reader.truncatedPackets;
  }

  /** Of the clock, in what was read so far, and moves of the schedule behind a source that came too late. */
  get discontinuities(): number {
    return this.#schedule.stream.clock.discontinuities + this.#schedule.moves;
  }

  /** PES headers of later passes whose stamps could not be rewritten: cut over packets, or scrambled. */
  get unstampedUnits(): number {
    const { restamp } = this.#schedule.stream;
    return restamp === null ? 0 : restamp.cutStamps + restamp.scrambledUnits;
  }

  /** Of the next datagram, 16 bits; `null` without RTP. */
  get nextSequence(): number | null {
    return this.#rtp === null ? null : this.#rtp.sequence;
  }

  /** Of the last datagram offered; 0 without RTP. */
  get lastRtpTimestamp(): number {
    return this.#rtp === null ? 0 : this.#rtp.timestamp;
  }

  /**
   * Reads ahead what the first datagram needs, so that this costs no time when it is due. `Dry`: to be asked again;
   * `NotTs`, `NoPcr`, `Ended`: there is nothing to send. To be asked now and then until a live source's feed begins, so
   * that what waits is never older than its target level.
   */
  prepare(): TsStatus {
    return this.#schedule.prepare();
  }

  /** RTP timestamp of the instant `monoNs`, CLOCK_MONOTONIC since the epoch: for sender reports. 0 without RTP. */
  rtpTimestampAt(monoNs: Nanos): number {
    return this.#rtp === null ? 0 : this.#rtp.timestampAt(monoNs);
  }

  nextDueNs(): Nanos {
    return this.#schedule.hasEnded ? Infinity : this.#schedule.dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    const schedule = this.#schedule;
    schedule.untilNs = batch.untilNs;
    if (this.#payloadSlots !== null) this.#payloadSlots.forget();
    schedule.drain();
    let at = endOctet(batch);
    while (schedule.locate() && schedule.dueNs <= schedule.untilNs) {
      if (batch.count === batch.capacity || at + this.sizeOctets > batch.bytes.length) break;
      at += this.#put(batch, at);
    }
    schedule.follow();
    if (schedule.hasEnded) batch.nextDueNs = Infinity;
    else batch.nextDueNs = schedule.dueNs;
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    const octets = batch.length[slot]! - this.#headerOctets;
    this.notSent++;
    this.mediaOctets -= octets;
    this.packets -= octets / TS_PACKET_OCTETS;
  }

  /** These datagrams say nothing of earlier ones. */
  update(_batch: SendBatch, _slot: number): void {}

  skip(untilNs: Nanos): number {
    const before = this.scheduled;
    const schedule = this.#schedule;
    schedule.untilNs = untilNs;
    while (schedule.locate() && schedule.dueNs < untilNs) {
      if (this.#rtp !== null) this.#rtp.pass();
      this.notSent++;
      this.#take();
    }
    return this.scheduled - before;
  }

  finish(_nowNs: Nanos): void {
    this.#schedule.hasEnded = true;
  }

  /** The located datagram, at octet `at` of the slab; returns its octets. Hot. */
  #put(batch: SendBatch, at: number): number {
    const schedule = this.#schedule;
    const { reader, next } = schedule.stream;
    const slot = batch.count;
    const octets = schedule.packets * TS_PACKET_OCTETS;
    const length = this.#headerOctets + octets;
    putColumns(batch, slot, slot + 1, length, 0, this.#destination, this.#stampAt);
    batch.offset[slot] = at;
    batch.flow[slot] = this.flowBase;
    batch.dueMonoNs[slot] = schedule.dueNs;
    this.lastDueNs = schedule.dueNs;
    if (this.#rtp !== null) {
      this.#rtp.dueNs = schedule.dueNs;
      this.#rtp.put(batch.bytes, at, schedule.isBroken);
    }
    schedule.isBroken = false;
    reader.copyTo(next, schedule.packets, batch.bytes, at + this.#headerOctets);
    this.packets += schedule.packets;
    this.mediaOctets += octets;
    batch.count = slot + 1;
    this.#take();
    return length;
  }

  #take(): void {
    this.#schedule.take();
    this.scheduled++;
    if (this.scheduled >= this.#count) this.#schedule.hasEnded = true;
  }
}
