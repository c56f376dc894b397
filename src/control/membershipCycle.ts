import type { Nanos } from '../core/time.js';

/** How long a cycle waits, ns. */
export interface CycleOptions {
  /** For the first datagram behind a join, and for the last one behind a leave. */
  readonly dwellNs: Nanos;
  /** So long without a datagram, and a stream that was left has ended. */
  readonly settleNs: Nanos;
  /** Between a leave and the next join where {@link seesLeft} is false. */
  readonly pauseNs: Nanos;
  /** Datagrams are seen without a membership too. */
  readonly seesLeft: boolean;
}

/** What came of a cycle; ns from the call that joined or left, NaN: not seen. */
export interface CycleTimes {
  /** First datagram. */
  readonly joinNs: Nanos;
  /** This host's first report of the group. */
  readonly joinReportNs: Nanos;
  /** Datagrams came before it was joined: the join shows nothing of the network. */
  readonly wasThere: boolean;
  /** Last datagram; 0: none came any more. */
  readonly leaveNs: Nanos;
  readonly leaveReportNs: Nanos;
  /** Datagrams went on coming until the time for it was over. */
  readonly stayed: boolean;
  /** From one datagram to the next while it was joined, on average. */
  readonly spacingNs: Nanos;
  /** The socket got datagrams that were not seen below it. */
  readonly isBlind: boolean;
}

/** What is to be done now. */
export type CycleStep = 'join' | 'leave' | 'end' | null;

/** A stream is joined until its spacing is known. */
const JOINED_DATAGRAMS = 8;
const JOINED_NS = 100e6;
/** Of the longest silence while it was joined: a longer one is its end. */
const SILENCES = 4;

/**
 * One cycle of joining and leaving a group, from its silence to its silence (RFC 2432 sections 3.4.1 and 3.4.2, RFC 3918
 * sections 6.1 and 6.2). Has no clock: its owner tells what came and when, CLOCK_MONOTONIC since the epoch.
 */
export class MembershipCycle {
  readonly #options: CycleOptions;
  readonly #beganNs: Nanos;
  #joinNs: Nanos = NaN;
  #leaveNs: Nanos = NaN;
  #wasThere = false;
  /** At the socket. */
  #first: Nanos = NaN;
  #last: Nanos = NaN;
  #count = 0;
  #longestNs: Nanos = 0;
  /** Below it. */
  #seen: Nanos = NaN;
  #seenJoined = 0;
  #joinReport: Nanos = NaN;
  #leaveReport: Nanos = NaN;

  /** `beganNs`: now. `silentSinceNs`: no datagram was seen since; NaN: unknown, and so it is waited for. */
  constructor(options: CycleOptions, beganNs: Nanos, silentSinceNs: Nanos) {
    this.#options = options;
    this.#beganNs = beganNs;
    this.#seen = Number.isNaN(silentSinceNs) ? beganNs : silentSinceNs;
  }

  /** A socket that has joined got a datagram. */
  onReceived(atNs: Nanos): void {
    if (Number.isNaN(this.#joinNs)) return;
    if (Number.isNaN(this.#first)) this.#first = atNs;
    else this.#longestNs = Math.max(this.#longestNs, atNs - this.#last);
    this.#last = atNs;
    this.#count++;
  }

  /** A datagram came in, whoever wants it. */
  onSeen(atNs: Nanos): void {
    if (Number.isNaN(this.#joinNs)) this.#wasThere ||= atNs >= this.#beganNs;
    else if (Number.isNaN(this.#leaveNs)) this.#seenJoined++;
    this.#seen = Math.max(this.#seen, atNs);
  }

  /** This host sent a report of the group. */
  onReport(atNs: Nanos): void {
    if (!Number.isNaN(this.#leaveNs)) {
      if (Number.isNaN(this.#leaveReport) && atNs >= this.#leaveNs) this.#leaveReport = atNs;
    } else if (Number.isNaN(this.#joinReport) && atNs >= this.#joinNs) this.#joinReport = atNs;
  }

  joined(atNs: Nanos): void {
    // What came earlier and is over was of another cycle.
    this.#wasThere &&= atNs - this.#seen < this.#options.settleNs;
    this.#joinNs = atNs;
  }

  left(atNs: Nanos): void {
    this.#leaveNs = atNs;
  }

  /** Asked as often as something came, and at {@link dueNs} at the latest. */
  step(nowNs: Nanos): CycleStep {
    return nowNs < this.dueNs() ? null : this.#phase();
  }

  /** When the next step is due, if nothing comes until then. */
  dueNs(): Nanos {
    const { dwellNs, pauseNs, seesLeft } = this.#options;
    const phase = this.#phase();
    if (phase === 'join') {
      return seesLeft ? Math.min(this.#silentNs(), this.#beganNs + dwellNs) : this.#beganNs;
    }
    if (phase === 'leave') {
      if (Number.isNaN(this.#first)) return this.#joinNs + dwellNs;
      const known = this.#count >= JOINED_DATAGRAMS ? this.#first + JOINED_NS : Infinity;
      return Math.min(known, this.#first + dwellNs);
    }
    if (!seesLeft) return this.#leaveNs + pauseNs;
    return Math.min(
      Math.max(this.#silentNs(), this.#leaveNs + this.#quietNs()),
      this.#leaveNs + dwellNs + this.#quietNs(),
    );
  }

  /** Of the whole cycle, when it has ended. */
  times(endNs: Nanos): CycleTimes {
    const { seesLeft } = this.#options;
    const isBlind = seesLeft && this.#count > 0 && this.#seenJoined === 0;
    const wasJoined = !Number.isNaN(this.#first);
    const stayed = seesLeft && wasJoined && endNs < this.#silentNs();
    const isKnown = seesLeft && wasJoined && !isBlind && !stayed;
    return {
      joinNs: this.#first - this.#joinNs,
      joinReportNs: this.#joinReport - this.#joinNs,
      wasThere: this.#wasThere,
      leaveNs: isKnown ? Math.max(0, this.#seen - this.#leaveNs) : NaN,
      leaveReportNs: this.#leaveReport - this.#leaveNs,
      stayed,
      spacingNs: this.#count < 2 ? NaN : (this.#last - this.#first) / (this.#count - 1),
      isBlind,
    };
  }

  /** No datagram was seen since, ns; for the next cycle. */
  get silentSinceNs(): Nanos {
    return this.#options.seesLeft ? this.#seen : NaN;
  }

  #phase(): 'join' | 'leave' | 'end' {
    if (Number.isNaN(this.#joinNs)) return 'join';
    return Number.isNaN(this.#leaveNs) ? 'leave' : 'end';
  }

  #silentNs(): Nanos {
    return this.#seen + this.#quietNs();
  }

  /** A slow stream is silent longer than others between two datagrams. */
  #quietNs(): Nanos {
    return Math.max(this.#options.settleNs, SILENCES * this.#longestNs);
  }
}
