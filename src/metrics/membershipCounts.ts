import type { Nanos } from '../core/time.js';
import { Histogram } from './histogram.js';

/** Of one cycle, ns from the call that joined or left; NaN: not seen. */
export interface MembershipTimes {
  readonly joinNs: Nanos;
  readonly joinReportNs: Nanos;
  /** The group came before it was joined. */
  readonly wasThere: boolean;
  readonly leaveNs: Nanos;
  readonly leaveReportNs: Nanos;
  /** The group went on coming. */
  readonly stayed: boolean;
  readonly spacingNs: Nanos;
}

/** Delays of one of both: from the call, to this host's report, and from that. */
export class DelayCounts {
  timeouts = 0;
  readonly delay = new Histogram();
  readonly report = new Histogram();
  readonly network = new Histogram();

  record(delayNs: Nanos, reportNs: Nanos): void {
    this.delay.record(delayNs);
    if (Number.isNaN(reportNs)) return;
    this.report.record(reportNs);
    this.network.record(Math.max(0, delayNs - reportNs));
  }
}

/** Cycles of joining and leaving, counted. */
export class MembershipCounts {
  attempts = 0;
  /** Joined while the group came anyhow, or before the host had told anybody: of these no delay is counted. */
  unpruned = 0;
  readonly join = new DelayCounts();
  readonly leave = new DelayCounts();
  #spacingNs = 0;
  #spacings = 0;

  record(times: MembershipTimes): void {
    const { joinNs, joinReportNs, leaveNs, leaveReportNs, spacingNs } = times;
    this.attempts++;
    if (Number.isNaN(joinNs)) this.join.timeouts++;
    else if (times.wasThere || joinNs < joinReportNs) this.unpruned++;
    else this.join.record(joinNs, joinReportNs);
    if (times.stayed) this.leave.timeouts++;
    else if (!Number.isNaN(leaveNs)) this.leave.record(leaveNs, leaveReportNs);
    if (Number.isNaN(spacingNs)) return;
    this.#spacingNs += spacingNs;
    this.#spacings++;
  }

  /** From one datagram to the next while joined, on average; `null`: not known. */
  get spacingNs(): Nanos | null {
    return this.#spacings === 0 ? null : this.#spacingNs / this.#spacings;
  }
}
