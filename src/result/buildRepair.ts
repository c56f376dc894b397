import { METRIC_IDS, type MetricId } from '../metrics/catalog.js';
import type { FecSnapshot, OutputSnapshot, RecoverySnapshot, RepairSnapshot } from '../metrics/repairSnapshot.js';
import type { RtcpSnapshot } from '../metrics/rtcpSnapshot.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { summarise } from './histogramSummary.js';
import type { FecReport, Output, RecoveryReport, RtcpReport, StreamAfter } from './model.js';
import { noMetrics } from './noMetrics.js';
import { familyOf, NO_RATES, ratesOf } from './rates.js';

/** Metrics that `after` has and that a limit looks for there; the others are about arrivals, which no repair changes. */
export const REPAIRED_METRICS: ReadonlySet<MetricId> = new Set<MetricId>([
  'packets_received',
  'packets_expected',
  'packets_lost',
  'packets_late',
  'messages_received',
  'messages_expected',
  'messages_lost',
  'loss_ratio',
  'octets_received',
  'active_ns',
  'rate_bit_per_second',
  'rate_ip_bit_per_second',
  'rate_ethernet_bit_per_second',
  'rate_packets_per_second',
]);

const OF_ARRIVALS = 'repair does not change it: see metrics';

/** `after`; `null` where nothing came that could have repaired anything. */
export function buildAfter(stream: StreamSnapshot, repair: RepairSnapshot | null): StreamAfter | null {
  if (repair === null || !canRepair(repair)) return null;
  const metrics = noMetrics();
  const not_measured: Record<string, string> = {};
  const { expected, released, givenUp, octets } = repair;
  if (stream.unit === 'message') {
    Object.assign(metrics, { messages_received: released, messages_expected: expected, messages_lost: givenUp });
  } else {
    Object.assign(metrics, { packets_received: released, packets_expected: expected, packets_lost: givenUp });
  }
  metrics.packets_late = repair.late;
  metrics.octets_received = octets;
  if (expected > 0) metrics.loss_ratio = givenUp / expected;
  else not_measured['loss_ratio'] = 'nothing was expected';
  // The same span as before repair: both rates compare.
  const activeNs = stream.lastMonoNs - stream.firstMonoNs;
  const rates = activeNs > 0 ? ratesOf(octets, released, familyOf(stream.group), activeNs) : NO_RATES;
  if (!Number.isNaN(activeNs)) metrics.active_ns = activeNs;
  metrics.rate_bit_per_second = rates.rate_bit_per_second;
  if (stream.unit !== 'message') Object.assign(metrics, rates);
  for (const id of METRIC_IDS) {
    if (metrics[id] !== null) continue;
    not_measured[id] ??= REPAIRED_METRICS.has(id) ? 'not known after repair' : OF_ARRIVALS;
  }
  return { metrics, histograms: null, not_measured };
}

function canRepair({ fec, arbitration, recovery }: RepairSnapshot): boolean {
  return fec !== null || arbitration !== null || recovery !== null;
}

export function buildRecovery(recovery: RecoverySnapshot | null): RecoveryReport | null {
  if (recovery === null) return null;
  const { recoveryNs } = recovery;
  return {
    messages_missed: recovery.missed,
    messages_came: recovery.came,
    messages_recovered: recovery.recovered,
    messages_unrecovered: recovery.unrecovered,
    messages_pending: recovery.pending,
    gaps_closed: recovery.closedGaps,
    gaps_torn: recovery.tornGaps,
    requests: recovery.requests,
    retries: recovery.retries,
    timeouts: recovery.timeouts,
    short_answers: recovery.shortAnswers,
    requests_not_sent: recovery.requestsNotSent,
    answers: recovery.answers,
    recovery_ns: recoveryNs.count + recoveryNs.clamped === 0 ? null : summarise(recoveryNs),
    unrecovered: recovery.ranges.map(([first, last]) => ({ first: String(first), last: String(last) })),
    unrecovered_unlisted: recovery.unlisted,
  };
}

export function buildFec(fec: FecSnapshot | null): FecReport | null {
  if (fec === null) return null;
  return {
    columns: fec.columns > 0 ? fec.columns : null,
    rows: fec.rows > 0 ? fec.rows : null,
    has_rows: fec.hasRows,
    packets_heard: fec.heard,
    packets_malformed: fec.malformed,
    packets_out_of_window: fec.outOfWindow,
    packets_inconsistent: fec.inconsistent,
    packets_recovered: fec.recovered,
  };
}

/** Entries of `outputs[]`. `stream`: id of what was put out; `null`: not told. */
export function buildOutputs(stream: string | null, outputs: readonly OutputSnapshot[]): Output[] {
  return outputs.map(({ name, datagrams, octets, dropped, failure, failed }) => ({
    stream,
    name,
    datagrams,
    octets,
    dropped,
    failure,
    failed,
  }));
}

/** What the sender's reports say, against what arrived. */
export function buildRtcp(rtcp: RtcpSnapshot | null): RtcpReport | null {
  if (rtcp === null) return null;
  const { last } = rtcp;
  return {
    reports: rtcp.reports,
    packets_total: last?.totalPackets ?? null,
    packets_sent: last?.packetsSent ?? null,
    packets_arrived: last?.packetsArrived ?? null,
    packets_behind: last?.packetsBehind ?? null,
    octets_sent: last?.octetsSent ?? null,
    octets_arrived: last?.octetsArrived ?? null,
    restarts: rtcp.restarts,
    cname: rtcp.cname,
    tool: rtcp.tool,
    bye: rtcp.bye,
    clock_hz: rtcp.clockHzMeasured,
    clock_difference_ns: rtcp.clockDifferenceNs,
  };
}
