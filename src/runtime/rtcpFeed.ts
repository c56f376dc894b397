import {
  RTCP_BANDWIDTH_SHARE,
  reducedMinimumNs,
  type RtcpGroup,
  RtcpInterval,
  RtcpStep,
} from '../control/rtcpInterval.js';
import { type SendBatch, SendFlag } from '../core/batch.js';
import { putU32be } from '../core/bytes.js';
import { octetsAtLayer } from '../core/layers.js';
import { ntpFromUnixNs } from '../core/ntpTime.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import { endOctet, putColumns } from '../feed/limits.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';
import { type RtcpCompound, rtcpCodec, type RtcpPacket } from '../wire/rtcp.js';
import { sourceDescription } from './rtcpIdentity.js';

/** What a sender report says of the media, read when it is filled. */
export interface RtcpMedia {
  /** Packets offered or given up so far; of those, refused or skipped ones. */
  readonly scheduled: number;
  readonly notSent: number;
  /** Payload octets of those that were offered and not refused, without headers and padding. */
  readonly mediaOctets: number;
  /** RTP timestamp of the instant `monoNs`, CLOCK_MONOTONIC since the epoch. */
  rtpTimestampAt(monoNs: Nanos): number;
  /** Infinity: the media has ended. */
  nextDueNs(): Nanos;
}

export interface RtcpFeedOptions {
  readonly media: RtcpMedia;
  readonly ssrc: number;
  /** At most 63 octets. One for all streams of a run. */
  readonly cname: string;
  /** Session bandwidth: of the media, at the IP layer; above 0. */
  readonly rateBitPerSecond: number;
  readonly family: 4 | 6;
  /** Unix time at the epoch of CLOCK_MONOTONIC, ns. */
  readonly unixAtMonoZeroNs: bigint;
  /** When the media begins, CLOCK_MONOTONIC since the epoch. */
  readonly startMonoNs: Nanos;
  readonly seed: number;
  /** Written into `SendBatch.destination`: the group, port of the media + 1. */
  readonly destination: number;
  /** Number of the flow in `SendBatch.flow`. Default 0. */
  readonly flowBase?: number;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

/**
 * Section 6.2 lets an active sender go down to 360 s / (kbit/s), 45 ms at 8 Mbit/s: the first report may come soon. More
 * than about one a second would tell nothing that the last one, with the BYE, does not tell.
 */
const MINIMUM_NS = 1e9;
/** The end of the media is looked for so often: it announces itself to nobody. */
const LOOK_NS = 10e6;
/**
 * How long after the media's end the BYE is due: a player reads it from a socket of its own and stops at once, whatever it
 * has not read of the media yet (ffmpeg asks that socket first).
 */
const BYE_BEHIND_NS = 100e6;
/** Where packet and octet count stand in a compound packet that begins with a sender report (section 6.4.1). */
const PACKET_COUNT_AT = 20;
const OCTET_COUNT_AT = 24;
const NO_OCTETS = new Uint8Array();
const SENDER_REPORT = 'sr';

/**
 * The sender's RTCP of one RTP stream: SR and SDES at the intervals of RFC 3550 section 6.3, and with a last SR the BYE
 * (section 6.6) a while after the media has ended or after `finish`: one flow beside that of the media. It never ends before the
 * media does.
 *
 * A report is written when it is filled, with the time at which it is due, not at which it leaves: NTP and RTP timestamp
 * are of the same instant. It counts what the media has offered less what was refused (RFC 3550 section 6.4.1: "sent"),
 * is corrected while it waits behind what is refused, and never counts less than the report before it.
 *
 * The BYE is an end marker: it is sent however late it is.
 */
export class RtcpFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced = false;
  /** Octets of the largest datagram, the one with BYE. */
  readonly sizeOctets: number;
  /** SSRCs that report about this stream: they share the RTCP bandwidth (section 6.3.1). The owner counts them. */
  receivers = 0;
  /** Reports offered, BYE not among them; of those, refused ones. */
  scheduled = 0;
  notSent = 0;
  /** BYEs offered. */
  markers = 0;
  readonly #options: RtcpFeedOptions;
  readonly #interval: RtcpInterval;
  /** When to look at media and interval next. */
  #dueNs: Nanos = 0;
  #finishing = false;
  /** When we may leave; NaN while the media goes on. */
  #leaveNs: Nanos = NaN;
  #backingOff = false;
  #ended = false;
  #byeRefused = false;
  /** Counts of the newest report and of the one before it. */
  #toldPackets = 0;
  #toldOctets = 0;
  #floorPackets = 0;
  #floorOctets = 0;
  /** Packets sent at the report before the newest: a sender is who sent since (section 6.4). */
  #sentAtPrevious = 0;
  #sentAtLast = 0;
  /** Where in the batch the newest report waits, if it is an SR; -1: nowhere. */
  #slot = -1;

  constructor(options: RtcpFeedOptions) {
    const { ssrc, cname, rateBitPerSecond, startMonoNs } = options;
    this.flowBase = options.flowBase ?? 0;
    this.#options = options;
    const largest = compound(this.#senderReport(startMonoNs), sourceDescription(ssrc, cname), bye(ssrc));
    this.sizeOctets = rtcpCodec.octets(largest);
    this.#interval = new RtcpInterval(
      {
        rtcpBitPerSecond: rateBitPerSecond * RTCP_BANDWIDTH_SHARE,
        minimumNs: Math.max(MINIMUM_NS, reducedMinimumNs(rateBitPerSecond)),
        firstOctets: this.#ipOctets(this.sizeOctets),
      },
      new Random(options.seed),
      startMonoNs,
    );
    this.#dueNs = startMonoNs;
    this.#lookLater(startMonoNs);
  }

  nextDueNs(): Nanos {
    return this.#ended ? Infinity : this.#dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    while (!this.#ended && this.#dueNs <= batch.untilNs) {
      if (batch.count === batch.capacity || endOctet(batch) + this.sizeOctets > batch.bytes.length) break;
      this.#look(batch, this.#dueNs);
    }
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    if ((batch.flags[slot]! & SendFlag.End) === 0) this.notSent++;
    else this.#byeRefused = true;
  }

  /** What was refused before the newest report is not sent, though it was counted when that was filled. */
  update(batch: SendBatch, slot: number): void {
    if (slot !== this.#slot) return;
    this.#toldPackets = Math.max(this.#floorPackets, Math.min(this.#toldPackets, this.#sentPackets));
    this.#toldOctets = Math.max(this.#floorOctets, Math.min(this.#toldOctets, this.#options.media.mediaOctets));
    putU32be(batch.bytes, batch.offset[slot]! + PACKET_COUNT_AT, this.#toldPackets);
    putU32be(batch.bytes, batch.offset[slot]! + OCTET_COUNT_AT, this.#toldOctets);
  }

  /** Gives up nothing: what was due before `untilNs` is due then. */
  skip(untilNs: Nanos): number {
    if (this.#dueNs < untilNs) this.#dueNs = untilNs;
    return 0;
  }

  /** The media goes no further than `nowNs`. Where the BYE has been refused already it is due once more, at once. */
  finish(nowNs: Nanos): void {
    if (this.#ended && !this.#byeRefused) return;
    this.#ended = false;
    this.#byeRefused = false;
    this.#finishing = true;
    this.#dueNs = nowNs;
  }

  get #hasSpoken(): boolean {
    return this.#sentPackets > 0 || this.scheduled > 0;
  }

  get #sentPackets(): number {
    return this.#options.media.scheduled - this.#options.media.notSent;
  }

  #look(batch: SendBatch, nowNs: Nanos): void {
    if (this.#finishing || this.#options.media.nextDueNs() === Infinity) {
      if (Number.isNaN(this.#leaveNs)) this.#leaveNs = nowNs + BYE_BEHIND_NS;
      if (nowNs < this.#leaveNs && this.#hasSpoken) this.#dueNs = this.#leaveNs;
      else this.#leave(batch, nowNs);
      return;
    }
    if (nowNs >= this.#interval.dueMonoNs) {
      const group = this.#group();
      if (this.#interval.step(nowNs, group) === RtcpStep.SendReport) {
        const octets = this.#put(batch, nowNs, false);
        this.#interval.sent(nowNs, this.#ipOctets(octets), group);
      }
    }
    this.#lookLater(nowNs);
  }

  #lookLater(nowNs: Nanos): void {
    const mediaNs = this.#options.media.nextDueNs();
    const endNs = mediaNs === Infinity ? nowNs : Math.max(nowNs + LOOK_NS, mediaNs);
    this.#dueNs = Math.min(endNs, Math.max(nowNs, this.#interval.dueMonoNs));
  }

  /** Section 6.3.7. */
  #leave(batch: SendBatch, nowNs: Nanos): void {
    if (this.#hasSpoken) {
      const members = 1 + this.receivers;
      if (!this.#backingOff) this.#backingOff = !this.#interval.leave(nowNs, this.#ipOctets(this.sizeOctets), members);
      if (this.#backingOff && this.#interval.step(nowNs, this.#group()) !== RtcpStep.SendBye) {
        this.#dueNs = this.#interval.dueMonoNs;
        return;
      }
      this.#put(batch, nowNs, true);
    }
    this.#ended = true;
  }

  #group(): RtcpGroup {
    const weSent = this.#isSender;
    return { members: 1 + this.receivers, senders: weSent ? 1 : 0, weSent };
  }

  /** Section 6.4: it sent since the last report or the one before. */
  get #isSender(): boolean {
    return this.#sentPackets !== this.#sentAtPrevious;
  }

  /** Appends a report due at `dueNs`; returns its octets. */
  #put(batch: SendBatch, dueNs: Nanos, isLast: boolean): number {
    const { ssrc, cname, destination, payloadSlots } = this.#options;
    const report: RtcpPacket = this.#isSender
      ? this.#senderReport(dueNs)
      : { kind: 'rr', ssrc, blocks: [], extension: NO_OCTETS };
    const packets = compound(report, sourceDescription(ssrc, cname), ...(isLast ? [bye(ssrc)] : []));
    this.#sentAtPrevious = this.#sentAtLast;
    this.#sentAtLast = this.#sentPackets;
    const slot = batch.count;
    const at = endOctet(batch);
    const octets = rtcpCodec.write(batch.bytes, at, packets);
    if (payloadSlots !== undefined) payloadSlots.forget();
    putColumns(batch, slot, slot + 1, octets, isLast ? SendFlag.End : 0, destination, 0);
    batch.offset[slot] = at;
    batch.flow[slot] = this.flowBase;
    batch.dueMonoNs[slot] = dueNs;
    batch.count = slot + 1;
    this.#slot = report.kind === SENDER_REPORT ? slot : -1;
    if (isLast) this.markers++;
    else this.scheduled++;
    return octets;
  }

  #senderReport(dueNs: Nanos): RtcpPacket {
    const { media, ssrc, unixAtMonoZeroNs } = this.#options;
    this.#floorPackets = this.#toldPackets;
    this.#floorOctets = this.#toldOctets;
    this.#toldPackets = Math.max(this.#floorPackets, this.#sentPackets);
    this.#toldOctets = Math.max(this.#floorOctets, media.mediaOctets);
    return {
      kind: SENDER_REPORT,
      ssrc,
      ntp: ntpFromUnixNs(unixAtMonoZeroNs + BigInt(Math.round(dueNs))),
      rtpTimestamp: media.rtpTimestampAt(dueNs),
      packetCount: this.#toldPackets,
      octetCount: this.#toldOctets,
      blocks: [],
      extension: NO_OCTETS,
    };
  }

  #ipOctets(octets: number): number {
    return octetsAtLayer(octets, this.#options.family, 'ip');
  }
}

function compound(...packets: readonly RtcpPacket[]): RtcpCompound {
  return { packets, padding: NO_OCTETS };
}

function bye(ssrc: number): RtcpPacket {
  return { kind: 'bye', ssrcs: [ssrc], reason: null };
}
