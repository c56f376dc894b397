/** The section `bench`: of cycles of joining and leaving. */
import type { Histogram } from '../metrics/histogram.js';
import type { DelayCounts, MembershipCounts, MembershipTimes } from '../metrics/membershipCounts.js';
import { summarise } from './histogramSummary.js';
import type { HistogramSummary } from './model.js';
import type { BenchDelays, BenchMembership } from './modelBench.js';

/** One cycle, as `--json` prints it; times from the call that joined or left, `null`: not seen. */
export interface BenchRow {
  /** From 1. */
  readonly cycle: number;
  /** Beside the background load. */
  readonly loaded: boolean;
  readonly join_ns: number | null;
  readonly join_report_ns: number | null;
  /** The group came before it was joined. */
  readonly unpruned: boolean;
  readonly leave_ns: number | null;
  readonly leave_report_ns: number | null;
  /** The group did not end within the time for it. */
  readonly stayed: boolean;
}

export function benchRow(cycle: number, loaded: boolean, times: MembershipTimes): BenchRow {
  return {
    cycle,
    loaded,
    join_ns: known(times.joinNs),
    join_report_ns: known(times.joinReportNs),
    unpruned: times.wasThere,
    leave_ns: known(times.leaveNs),
    leave_report_ns: known(times.leaveReportNs),
    stayed: times.stayed,
  };
}

export interface CountedCycles {
  readonly counts: MembershipCounts;
  /** Why no leave could be timed; `null`: it could. */
  readonly whyNot: string | null;
}

export interface Background {
  readonly endpoints: readonly string[];
  readonly datagrams: number;
  readonly octets: number;
  /** How long it was joined. */
  readonly activeNs: number;
}

export function buildDelays(
  plan: { readonly cycles: number; readonly dwellNs: number; readonly settleNs: number },
  clock: string,
  plain: CountedCycles,
  loaded: (CountedCycles & { readonly background: Background }) | null,
): BenchDelays {
  return {
    cycles: plan.cycles,
    dwell_ns: plan.dwellNs,
    settle_ns: plan.settleNs,
    clock,
    ...cycles(plain),
    loaded: loaded === null ? null : { ...cycles(loaded), ...backgroundOf(loaded.background) },
  };
}

function cycles({ counts, whyNot }: CountedCycles): BenchMembership {
  const { attempts, unpruned, join, leave, spacingNs } = counts;
  const nothing = leave.timeouts > 0 ? 'the group went on coming' : attempts === 0 ? null : 'nothing came';
  return {
    attempts,
    spacing_ns: spacingNs,
    join: { ...delays(join), unpruned },
    leave: { ...delays(leave), why_not: leave.delay.count > 0 ? null : (whyNot ?? nothing) },
  };
}

function delays({ timeouts, delay, report, network }: DelayCounts) {
  return { timeouts, delay_ns: summary(delay), report_ns: summary(report), network_ns: summary(network) };
}

function backgroundOf({ endpoints, datagrams, octets, activeNs }: Background) {
  const rate = activeNs > 0 ? (octets * 8e9) / activeNs : 0;
  return { endpoints: [...endpoints], datagrams, octets, rate_bit_per_second: rate };
}

function summary(histogram: Histogram): HistogramSummary | null {
  return histogram.count === 0 ? null : summarise(histogram);
}

function known(ns: number): number | null {
  return Number.isNaN(ns) ? null : ns;
}
