import {
  RTCP_BANDWIDTH_SHARE,
  RTCP_MINIMUM_NS,
  type RtcpGroup,
  RtcpInterval,
  RtcpStep,
} from '../control/rtcpInterval.js';
import { ReportedSource, rtpUnits } from '../control/rtcpSource.js';
import { octetsAtLayer } from '../core/layers.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import type { RtpFigures } from '../metrics/rtcpSnapshot.js';
import { encodeLossRle, RLE_SEQUENCES_BOUND } from '../wire/lossRle.js';
import { rtcpCodec, type RtcpPacket } from '../wire/rtcp.js';
import type { XrBlock, XrLossRle, XrStatisticsSummary } from '../wire/rtcpXr.js';
import { sourceDescription } from './rtcpIdentity.js';

/** Room for the largest compound packet of an {@link RtcpResponder}, octets: within any MTU. */
export const RTCP_RESPONSE_OCTETS = 1024;
/** What the average size of packets begins with (section 6.3.2): an ordinary one of ours. */
const FIRST_OCTETS = 256;
/** Latest numbers that a Loss RLE block covers: at 15 in a chunk, at most 548 octets of chunks. */
export const MOST_TRACED = 4096;
const NO_OCTETS = new Uint8Array();

export interface RtcpResponderOptions {
  /** Our own. */
  readonly ssrc: number;
  /** At most 63 octets. One for all streams of a run. */
  readonly cname: string;
  /** That of the media stream. */
  readonly reportedSsrc: number;
  /** Session bandwidth: of the media, at the IP layer; above 0. */
  readonly rateBitPerSecond: number;
  readonly family: 4 | 6;
  /** Of the RTP timestamps. */
  readonly clockHz: number;
  /** UDP source port of the media. */
  readonly dataSourcePort: number;
  /** When the stream was joined, CLOCK_MONOTONIC since the epoch. */
  readonly startMonoNs: Nanos;
  readonly seed: number;
  /**
   * Writes for each number from `first` on (numbered as {@link RtpFigures}) whether it came: 1, or 0. `null`: not known,
   * and no Loss RLE is sent.
   */
  readonly trace: ((first: number, came: Uint8Array) => void) | null;
}

/**
 * A receiver's reports about one media stream: RR and SDES at the intervals of RFC 3550 section 6.3, and behind them XR
 * (RFC 3611) of what is new since the last report: Statistics Summary (section 4.6) of loss and duplicates, Loss RLE
 * (section 4.1) of the latest 4096 numbers. Makes the octets and says when they are due; sending is the owner's.
 *
 * They go to the sender alone, not to the group, so that receivers do not hear each other: `members` counts the sender
 * and ourselves unless the owner knows better.
 */
export class RtcpResponder {
  /** SSRCs in the session, ourselves included; one of them sends. */
  members = 2;
  /** Compound packets made, the one with BYE included. */
  sent = 0;
  readonly #options: RtcpResponderOptions;
  readonly #source: ReportedSource;
  readonly #interval: RtcpInterval;
  /** Source port of the last sender report; -1: none came. */
  #controlPort = -1;
  #leaving = false;
  #leaveMonoNs: Nanos = 0;
  #backingOff = false;
  #ended = false;
  /** As of the last report. */
  #firstNumber = NaN;
  #priorHighest = 0;
  #priorReceived = 0;
  #priorDuplicates = 0;

  constructor(options: RtcpResponderOptions) {
    this.#options = options;
    this.#source = new ReportedSource(options.reportedSsrc);
    this.#interval = new RtcpInterval(
      {
        rtcpBitPerSecond: options.rateBitPerSecond * RTCP_BANDWIDTH_SHARE,
        // Section 6.2: the reduced minimum is for active senders.
        minimumNs: RTCP_MINIMUM_NS,
        firstOctets: this.#ipOctets(FIRST_OCTETS),
      },
      new Random(options.seed),
      options.startMonoNs,
    );
  }

  /** When to call {@link write} next, CLOCK_MONOTONIC since the epoch; Infinity: never. */
  get dueMonoNs(): Nanos {
    if (this.#ended) return Infinity;
    return this.#leaving && !this.#backingOff ? this.#leaveMonoNs : this.#interval.dueMonoNs;
  }

  /** Where the sender hears RTCP: the port that its own comes from, else that behind its data's (RFC 3550 section 11). */
  get destinationPort(): number {
    return this.#controlPort >= 0 ? this.#controlPort : this.#options.dataSourcePort + 1;
  }

  /** A sender report of the stream came from UDP port `sourcePort`. */
  onSenderReport(ntp: bigint, sourcePort: number, nowMonoNs: Nanos): void {
    this.#controlPort = sourcePort;
    this.#source.onSenderReport(ntp, nowMonoNs);
  }

  /** A compound packet of anyone came, `octets` of UDP payload. */
  onCompound(octets: number, hasBye: boolean): void {
    this.#interval.received(this.#ipOctets(octets), hasBye);
  }

  /**
   * The compound packet that is due at `nowMonoNs`, written at `bytes[at]`, where {@link RTCP_RESPONSE_OCTETS} have room;
   * returns its octets. 0: none is due yet, `dueMonoNs` says when. `figures`: as counted now; `null`: no media came.
   */
  write(nowMonoNs: Nanos, figures: RtpFigures | null, bytes: Uint8Array, at: number): number {
    if (this.#ended) return 0;
    if (this.#leaving && !this.#backingOff) return this.#write(nowMonoNs, figures, bytes, at);
    const group = this.#group();
    const step = this.#interval.step(nowMonoNs, group);
    if (step === RtcpStep.Wait) return 0;
    const octets = this.#write(nowMonoNs, figures, bytes, at);
    if (step === RtcpStep.SendReport) this.#interval.sent(nowMonoNs, this.#ipOctets(octets), group);
    return octets;
  }

  /** What {@link write} makes next is a last report with BYE; nothing where no report was ever made (section 6.3.7). */
  leave(nowMonoNs: Nanos): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#leaveMonoNs = nowMonoNs;
    if (this.sent === 0) this.#ended = true;
    else this.#backingOff = !this.#interval.leave(nowMonoNs, this.#ipOctets(FIRST_OCTETS), this.members);
  }

  #write(nowMonoNs: Nanos, figures: RtpFigures | null, bytes: Uint8Array, at: number): number {
    const { ssrc, cname } = this.#options;
    const packets: RtcpPacket[] = [
      { kind: 'rr', ssrc, blocks: [], extension: NO_OCTETS },
      sourceDescription(ssrc, cname),
    ];
    if (figures !== null) this.#report(nowMonoNs, figures, packets);
    if (this.#leaving) {
      packets.push({ kind: 'bye', ssrcs: [ssrc], reason: null });
      this.#ended = true;
    }
    this.sent++;
    return rtcpCodec.write(bytes, at, { packets, padding: NO_OCTETS });
  }

  /** Adds what is new; where nothing came since the last report there is no block (section 6.4). */
  #report(nowMonoNs: Nanos, figures: RtpFigures, packets: RtcpPacket[]): void {
    const { ssrc, clockHz } = this.#options;
    const { firstNumber, highestNumber, received, duplicates } = figures;
    if (firstNumber !== this.#firstNumber || received < this.#priorReceived || highestNumber < this.#priorHighest) {
      this.#firstNumber = firstNumber;
      this.#priorHighest = firstNumber - 1;
      this.#priorReceived = 0;
      this.#priorDuplicates = 0;
    }
    if (received + duplicates === this.#priorReceived + this.#priorDuplicates) return;
    const block = this.#source.report(
      {
        firstSequence: firstNumber,
        highestSequence: highestNumber,
        arrivedPackets: received + duplicates,
        jitter: Number.isNaN(figures.jitterNs) ? 0 : rtpUnits(figures.jitterNs, clockHz),
      },
      nowMonoNs,
    );
    packets[0] = { kind: 'rr', ssrc, blocks: [block], extension: NO_OCTETS };
    const blocks: XrBlock[] = [];
    const numbers = highestNumber - this.#priorHighest;
    if (numbers > 0) {
      // First, because Wireshark 4.0 reads beyond the end of a packet whose last block it is.
      const trace = this.#lossRle(highestNumber, Math.min(numbers, MOST_TRACED));
      if (trace !== null) blocks.push(trace);
      // Sequence numbers of 16 bits cannot tell a longer range.
      if (numbers < RLE_SEQUENCES_BOUND) blocks.push(this.#statistics(figures));
    }
    this.#priorHighest = highestNumber;
    this.#priorReceived = received;
    this.#priorDuplicates = duplicates;
    if (blocks.length > 0) packets.push({ kind: 'xr', ssrc, reserved: 0, blocks });
  }

  /** Loss may be less than none where packets of the interval before came late: 0. */
  #statistics({ highestNumber, received, duplicates }: RtpFigures): XrStatisticsSummary {
    const expected = highestNumber - this.#priorHighest;
    return {
      kind: 'statistics',
      ssrc: this.#options.reportedSsrc,
      hasLoss: true,
      hasDuplicates: true,
      hasJitter: false,
      ttlKind: 0,
      reserved: 0,
      beginSequence: sequenceOf(this.#priorHighest + 1),
      endSequence: sequenceOf(highestNumber + 1),
      lostPackets: Math.max(0, expected - (received - this.#priorReceived)),
      duplicatePackets: Math.max(0, duplicates - this.#priorDuplicates),
      minJitter: 0,
      maxJitter: 0,
      meanJitter: 0,
      devJitter: 0,
      minTtl: 0,
      maxTtl: 0,
      meanTtl: 0,
      devTtl: 0,
    };
  }

  /** Of the latest `count` numbers. */
  #lossRle(highestNumber: number, count: number): XrLossRle | null {
    const { trace, reportedSsrc } = this.#options;
    if (trace === null) return null;
    const came = new Uint8Array(count);
    const first = highestNumber + 1 - count;
    trace(first, came);
    return {
      kind: 'loss-rle',
      ssrc: reportedSsrc,
      reserved: 0,
      thinning: 0,
      beginSequence: sequenceOf(first),
      endSequence: sequenceOf(highestNumber + 1),
      chunks: encodeLossRle(came),
    };
  }

  #group(): RtcpGroup {
    return { members: this.members, senders: 1, weSent: false };
  }

  #ipOctets(octets: number): number {
    return octetsAtLayer(octets, this.#options.family, 'ip');
  }
}

/** The 16 bits of a number, which may be negative. */
function sequenceOf(number: number): number {
  return ((number % 65_536) + 65_536) % 65_536;
}
