import type { Histogram } from '../metrics/histogram.js';
import { ZapCounts, type ZapTimes } from '../metrics/zapCounts.js';
import { summarise } from './histogramSummary.js';
import type { HistogramSummary } from './model.js';
import type { Zap, ZapChannel } from './modelZap.js';

/** One channel change, as `--json` prints it. Times count from the join; `null`: not within the time that it was watched. */
export interface ZapRow {
  /** From 1. */
  readonly cycle: number;
  readonly endpoint: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly first_packet_ns: number | null;
  readonly first_pat_ns: number | null;
  readonly first_pmt_ns: number | null;
  readonly first_random_access_ns: number | null;
}

export type ZapAddress = Pick<ZapChannel, 'endpoint' | 'name' | 'group' | 'port'>;

export function zapRow(cycle: number, { endpoint, name, group, port }: ZapAddress, times: ZapTimes): ZapRow {
  return {
    cycle,
    endpoint,
    name,
    group,
    port,
    first_packet_ns: known(times.packetNs),
    first_pat_ns: known(times.patNs),
    first_pmt_ns: known(times.pmtNs),
    first_random_access_ns: known(times.randomAccessNs),
  };
}

function known(ns: number): number | null {
  return Number.isNaN(ns) ? null : ns;
}

/** The section `zap`. */
export function buildZap(
  plan: { readonly cycles: number; readonly dwellNs: number; readonly seed: number | null },
  channels: readonly { readonly address: ZapAddress; readonly counts: ZapCounts }[],
): Zap {
  const all = new ZapCounts();
  for (const { counts } of channels) all.add(counts);
  return {
    cycles: plan.cycles,
    dwell_ns: plan.dwellNs,
    shuffled: plan.seed !== null,
    ...changes(all),
    channels: channels.map(({ address: { endpoint, name, group, port }, counts }) => ({
      endpoint,
      name,
      group,
      port,
      ...changes(counts),
    })),
  };
}

function changes(counts: ZapCounts): Omit<ZapChannel, keyof ZapAddress> {
  return {
    attempts: counts.attempts,
    failures: counts.failures,
    incomplete: counts.incomplete,
    first_packet_ns: step(counts.packet),
    first_pat_ns: step(counts.pat),
    first_pmt_ns: step(counts.pmt),
    first_random_access_ns: step(counts.randomAccess),
  };
}

function step(histogram: Histogram): HistogramSummary | null {
  return histogram.count === 0 ? null : summarise(histogram);
}
