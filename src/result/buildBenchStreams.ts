/** The section `bench` of benchmarks that measure streams, from what was measured of each. */
import { dscpName } from '../core/dscp.js';
import type { HistogramId } from '../metrics/catalog.js';
import { mergeMetrics } from './mergeMetrics.js';
import { mergeSummaries } from './histogramSummary.js';
import type { HistogramSummary, Membership, Stream } from './model.js';
import type { BenchClass, BenchClasses, BenchForwarding, BenchGroup, BenchSpread } from './modelBenchStreams.js';

/** What they need of a result. */
export interface Measured {
  readonly memberships: readonly Membership[];
  readonly streams: readonly Stream[];
}

const MOST_GROUPS = 1024;
const OTHERS = 'others';

export function buildForwarding({ memberships, streams }: Measured): BenchForwarding {
  const byGroup = new Map<string, Stream[]>();
  for (const { group, port } of memberships) byGroup.set(keyOf(group, port), []);
  const media = streams.filter(isMedia);
  for (const stream of media) byGroup.get(keyOf(stream.group, stream.port))?.push(stream);
  const places = new Map(memberships.map(({ group, port }) => [keyOf(group, port), { group, port }]));
  const groups = [...places].map(([key, place]): BenchGroup => {
    const of = byGroup.get(key)!;
    return { ...place, streams: of.length, ...countsOf(of) };
  });
  const heard = groups.filter((one) => one.streams > 0);
  const all = countsOf(media);
  return {
    groups: groups.length,
    silent: groups.length - heard.length,
    lossy: groups.filter(({ packets_lost: lost }) => (lost ?? 0) > 0).length,
    ...all,
    ...delaysOf(media, all.loss_ratio),
    group_loss_ratio: spread(heard.map((one) => one.loss_ratio)),
    group_rate_bit_per_second: spread(heard.map((one) => one.rate_bit_per_second)),
    worst: groups.toSorted((a, b) => badness(b) - badness(a)).slice(0, MOST_GROUPS),
  };
}

/** A silent group is worse than any that lost something. */
function badness({ streams, loss_ratio }: BenchGroup): number {
  return streams === 0 ? 2 : (loss_ratio ?? 0);
}

export function buildClasses({ streams }: Measured): BenchClasses {
  const byClass = new Map<string, { dscp: number; from: BenchClass['from']; of: Stream[] }>();
  for (const stream of streams.filter(isMedia)) {
    const { dscp_sent: sent, dscp_received: received } = stream.metrics;
    const dscp = sent ?? mostly(received);
    if (dscp === null) continue;
    const from = sent === null ? 'received' : 'sent';
    const key = `${dscp} ${from}`;
    const known = byClass.get(key) ?? { dscp, from, of: [] };
    known.of.push(stream);
    byClass.set(key, known);
  }
  const order = [...byClass.values()].toSorted((a, b) => b.dscp - a.dscp);
  return {
    classes_total: order.length,
    classes: order.slice(0, 64).map(({ dscp, from, of }): BenchClass => {
      const { metrics } = mergeMetrics(of);
      const counts = countsOf(of);
      const received = metrics.dscp_received;
      return {
        name: dscpName(dscp),
        dscp,
        from,
        streams: of.length,
        ...counts,
        loss_network: metrics.loss_network,
        loss_socket_buffer: metrics.loss_socket_buffer,
        jitter_ns: metrics.jitter_ns,
        ...delaysOf(of, counts.loss_ratio),
        dscp_received: received,
        remarked: received === null ? null : otherThan(received, dscp),
      };
    }),
  };
}

function mostly(received: Readonly<Record<string, number>> | null): number | null {
  const [first] = Object.entries(received ?? {}).toSorted(([, a], [, b]) => b - a);
  return first === undefined ? null : Number(first[0]);
}

function otherThan(received: Readonly<Record<string, number>>, dscp: number): number {
  return Object.entries(received).reduce((sum, [one, count]) => sum + (Number(one) === dscp ? 0 : count), 0);
}

function isMedia({ role, format }: Stream): boolean {
  return role === 'media' && format !== OTHERS;
}

function keyOf(group: string, port: number): string {
  return `${group} ${port}`;
}

function countsOf(
  streams: readonly Stream[],
): Pick<BenchGroup, 'packets_expected' | 'packets_received' | 'packets_lost' | 'loss_ratio' | 'rate_bit_per_second'> {
  const { metrics } = mergeMetrics(streams);
  const only = streams.length === 1 ? streams[0] : undefined;
  return {
    packets_expected: metrics.packets_expected,
    packets_received: metrics.packets_received ?? 0,
    packets_lost: metrics.packets_lost,
    loss_ratio: metrics.loss_ratio,
    // From its first to its last datagram; together they take as long as from the first of all to the last.
    rate_bit_per_second: only === undefined ? metrics.rate_bit_per_second : only.metrics.rate_bit_per_second,
  };
}

function delaysOf(
  streams: readonly Stream[],
  lossRatio: number | null,
): Record<'one_way_delay_ns' | 'pdv_ns', HistogramSummary | null> {
  const merged = (id: HistogramId): HistogramSummary | null =>
    mergeSummaries(
      streams.map(({ histograms }) => histograms?.[id] ?? null),
      lossRatio,
    );
  return { one_way_delay_ns: merged('one_way_delay_ns'), pdv_ns: merged('pdv_ns') };
}

/** Nearest rank. */
function spread(figures: readonly (number | null)[]): BenchSpread | null {
  const sorted = figures.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
