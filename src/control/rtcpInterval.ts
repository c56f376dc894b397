/**
 * When to send RTCP: RFC 3550 sections 6.2 and 6.3 and its appendix A.7. All participants of a session
 * together stay within one bandwidth, however many they are, because each of them counts the others.
 */
import type { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';

/** Share of the session's bandwidth that is RTCP's (RFC 3550 section 6.2). */
export const RTCP_BANDWIDTH_SHARE = 0.05;
/** Fixed minimum interval (section 6.2). */
export const RTCP_MINIMUM_NS = 5_000_000_000;
/** Share of the RTCP bandwidth that is the senders' while they are at most this share of the members. */
const SENDER_SHARE = 0.25;
/** Reconsideration converges to an interval below the intended one, by this divisor (section 6.3.1). */
const COMPENSATION = Math.E - 1.5;
/** Weight of the newest packet in the average size (section 6.3.3). */
const SIZE_WEIGHT = 1 / 16;
/** Larger groups do not leave all at once (section 6.3.7). */
const BACK_OFF_MEMBERS = 50;
/** Members are forgotten after so many of their intervals, senders after so many of ours (section 6.3.5). */
const MEMBER_INTERVALS = 5;
const SENDER_INTERVALS = 2;

/** What the participant has counted. */
export interface RtcpGroup {
  /** SSRCs heard and not gone, ourselves included: at least 1. */
  readonly members: number;
  /** Those of them that sent data lately, ourselves included. */
  readonly senders: number;
  /** Whether we are one of them. */
  readonly weSent: boolean;
}

export interface RtcpIntervalOptions {
  /** Of the session's RTCP, at the IP layer; 0: none may be sent. See {@link RTCP_BANDWIDTH_SHARE}. */
  readonly rtcpBitPerSecond: number;
  /** {@link RTCP_MINIMUM_NS} or, for active senders, {@link reducedMinimumNs}. */
  readonly minimumNs: number;
  /** Of the first packet, from the IP header on: what the average begins with (section 6.3.2). */
  readonly firstOctets: number;
}

/** What to do now. `Send...`: build the packet, send it, then tell {@link RtcpInterval.sent}. */
export const RtcpStep = { Wait: 0, SendReport: 1, SendBye: 2 } as const;
export type RtcpStep = (typeof RtcpStep)[keyof typeof RtcpStep];

/**
 * Reduced minimum: 360 s divided by the session bandwidth in kbit/s, never above the fixed minimum
 * (section 6.2). In multicast for active senders only.
 */
export function reducedMinimumNs(sessionBitPerSecond: number): number {
  return Math.min(RTCP_MINIMUM_NS, Math.round(360e12 / sessionBitPerSecond));
}

/** The deterministic calculated interval Td (section 6.3.1). `averageOctets` from the IP header on. */
export function deterministicIntervalNs(
  group: RtcpGroup,
  rtcpBitPerSecond: number,
  averageOctets: number,
  minimumNs: number,
): number {
  if (rtcpBitPerSecond <= 0) return Number.POSITIVE_INFINITY;
  let sharers = group.members;
  let bitPerSecond = rtcpBitPerSecond;
  if (group.senders <= group.members * SENDER_SHARE) {
    sharers = group.weSent ? group.senders : group.members - group.senders;
    bitPerSecond *= group.weSent ? SENDER_SHARE : 1 - SENDER_SHARE;
  }
  return Math.max(minimumNs, ((averageOctets * 8 * sharers) / bitPerSecond) * 1e9);
}

/** Td spread over [0.5, 1.5) and compensated. `unit`: uniform in [0, 1). */
export function randomisedIntervalNs(deterministicNs: number, unit: number): number {
  return Math.round((deterministicNs * (unit + 0.5)) / COMPENSATION);
}

/**
 * The transmission timer of one participant. The owner calls {@link step} at {@link dueMonoNs}, and
 * whenever members have left; it counts members and senders itself. All times CLOCK_MONOTONIC.
 */
export class RtcpInterval {
  readonly #options: RtcpIntervalOptions;
  readonly #random: Random;
  /** tp of section 6.3: when the last packet was sent, or counts as sent. */
  #previousMonoNs: Nanos;
  #dueMonoNs: Nanos = 0;
  /** pmembers: members when the timer was last set. */
  #previousMembers = 1;
  #averageOctets: number;
  #initial = true;
  #leaving = false;
  /** Members that leave as we do, ourselves included. */
  #leavers = 1;
  #intervalNs = 0;

  constructor(options: RtcpIntervalOptions, random: Random, nowMonoNs: Nanos) {
    this.#options = options;
    this.#random = random;
    this.#previousMonoNs = nowMonoNs;
    this.#averageOctets = options.firstOctets;
    this.#dueMonoNs = nowMonoNs + this.#draw({ members: 1, senders: 0, weSent: false });
  }

  /** When to call {@link step} next; Infinity: never. */
  get dueMonoNs(): Nanos {
    return this.#dueMonoNs;
  }

  /** avg_rtcp_size: moving average of the compound packets sent and received, from the IP header on. */
  get averageOctets(): number {
    return this.#averageOctets;
  }

  /**
   * Timer reconsideration (sections 6.3.4 and 6.3.6): forward when the timer expires and the group has
   * grown, backward when it has shrunk. Before {@link dueMonoNs} it does nothing else.
   */
  step(nowMonoNs: Nanos, group: RtcpGroup): RtcpStep {
    if (!this.#leaving && group.members < this.#previousMembers) this.#reconsiderBackward(nowMonoNs, group.members);
    if (nowMonoNs < this.#dueMonoNs) return RtcpStep.Wait;
    const dueMonoNs = this.#previousMonoNs + this.#draw(this.#effective(group));
    if (dueMonoNs > nowMonoNs) {
      this.#dueMonoNs = dueMonoNs;
      this.#previousMembers = group.members;
      return RtcpStep.Wait;
    }
    return this.#leaving ? RtcpStep.SendBye : RtcpStep.SendReport;
  }

  /** A report of ours left. `octets` from the IP header on. Draws the next interval anew (appendix A.7). */
  sent(nowMonoNs: Nanos, octets: number, group: RtcpGroup): void {
    this.#average(octets);
    this.#previousMonoNs = nowMonoNs;
    this.#dueMonoNs = nowMonoNs + this.#draw(this.#effective(group));
    this.#initial = false;
    this.#previousMembers = group.members;
  }

  /** A compound packet came (section 6.3.3). While we leave only those with a BYE count (section 6.3.7). */
  received(octets: number, hasBye: boolean): void {
    if (this.#leaving && !hasBye) return;
    this.#average(octets);
    if (this.#leaving) this.#leavers++;
  }

  /**
   * We want to leave (section 6.3.7). Returns whether the BYE may go at once; otherwise {@link step} will
   * say when. Who has sent neither data nor RTCP sends no BYE at all: that is the owner's to know.
   */
  leave(nowMonoNs: Nanos, byeOctets: number, members: number): boolean {
    if (members <= BACK_OFF_MEMBERS) return true;
    this.#leaving = true;
    this.#initial = true;
    this.#previousMonoNs = nowMonoNs;
    this.#previousMembers = 1;
    this.#averageOctets = byeOctets;
    this.#dueMonoNs = nowMonoNs + this.#draw(this.#effective({ members, senders: 0, weSent: false }));
    return false;
  }

  /**
   * How long a member that is not heard stays one (section 6.3.5): five intervals of a receiver, neither
   * randomised nor with a reduced minimum.
   */
  memberTimeoutNs(group: RtcpGroup): number {
    const receiver: RtcpGroup = { ...group, weSent: false };
    const { rtcpBitPerSecond } = this.#options;
    return MEMBER_INTERVALS * deterministicIntervalNs(receiver, rtcpBitPerSecond, this.#averageOctets, RTCP_MINIMUM_NS);
  }

  /** How long one that sends no data stays a sender (sections 6.3.5 and 6.3.8): two of our own intervals. */
  get senderTimeoutNs(): number {
    return SENDER_INTERVALS * this.#intervalNs;
  }

  #effective(group: RtcpGroup): RtcpGroup {
    return this.#leaving ? { members: this.#leavers, senders: 0, weSent: false } : group;
  }

  #draw(group: RtcpGroup): number {
    const { rtcpBitPerSecond, minimumNs } = this.#options;
    const minimum = this.#initial ? minimumNs / 2 : minimumNs;
    const deterministicNs = deterministicIntervalNs(group, rtcpBitPerSecond, this.#averageOctets, minimum);
    this.#intervalNs = randomisedIntervalNs(deterministicNs, this.#random.unit());
    return this.#intervalNs;
  }

  #average(octets: number): void {
    this.#averageOctets = SIZE_WEIGHT * octets + (1 - SIZE_WEIGHT) * this.#averageOctets;
  }

  /** Section 6.3.4: both ends of the interval move towards now as far as the group has shrunk. */
  #reconsiderBackward(nowMonoNs: Nanos, members: number): void {
    const ratio = members / this.#previousMembers;
    this.#dueMonoNs = Math.round(nowMonoNs + ratio * (this.#dueMonoNs - nowMonoNs));
    this.#previousMonoNs = Math.round(nowMonoNs - ratio * (nowMonoNs - this.#previousMonoNs));
    this.#previousMembers = members;
  }
}
