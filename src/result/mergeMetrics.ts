import { METRIC_IDS, METRICS } from '../metrics/catalog.js';
import type { Stream, StreamMetrics } from './model.js';
import { noMetrics } from './noMetrics.js';
import type { Rates } from './rates.js';
import { UNIT_METRICS } from './unitMetrics.js';

/** What merging needs of a stream. */
type Part = Pick<Stream, 'metrics' | 'start_ns' | 'end_ns'>;

/** Figures of several as one. */
export interface MergedMetrics {
  readonly metrics: StreamMetrics;
  /** Those that some of them lack. */
  readonly not_measured: Record<string, string>;
}

const MERGE = { sum: (a: number, b: number) => a + b, min: Math.min, max: Math.max };

const MERGED = METRIC_IDS.flatMap((id) => {
  const rule = METRICS[id].merge;
  return id === 'dscp_received' || rule === 'none' || rule === 'derived' ? [] : [{ id, merge: MERGE[rule] }];
});

const WITH_HEADERS = ['rate_ip_bit_per_second', 'rate_ethernet_bit_per_second'] as const;

/** Figures of several streams, parts or receivers as one, by the rules of the catalogue. */
export function mergeMetrics(parts: readonly Part[]): MergedMetrics {
  const merger = new MetricsMerger();
  for (const part of parts) merger.add(part);
  return merger.merged();
}

/** The same as they come, one after another. */
export class MetricsMerger {
  #parts = 0;
  /** By `MERGED`; NaN: of none of them is it known. */
  readonly #values = new Float64Array(MERGED.length).fill(NaN);
  readonly #missing = new Uint32Array(MERGED.length);
  #dscp: Record<string, number> | null = null;
  /** In the unit that each of them counts in, where it numbers anything. */
  readonly #counted = { expected: 0, received: 0, lost: 0, duplicated: 0, reordered: 0 };
  #startNs = Infinity;
  #endNs = -Infinity;
  /** Of those that have a rate: all that came, by it. */
  readonly #rated = { packets: 0, octets: 0, withHeaders: WITH_HEADERS.map(() => 0) };
  /** Of those with one datagram, and so no rate. */
  readonly #brief = { packets: 0, octets: 0 };

  add(part: Part): void {
    const { metrics, start_ns: startNs, end_ns: endNs } = part;
    this.#parts++;
    // By their positions: an iterator makes more garbage than there are values.
    for (let i = 0; i < MERGED.length; i++) {
      const { id, merge } = MERGED[i]!;
      const value = metrics[id];
      const known = this.#values[i]!;
      if (value === null) this.#missing[i]!++;
      else this.#values[i] = known === known ? merge(known, value) : value;
    }
    this.#addDscp(metrics.dscp_received);
    this.#addCounted(metrics);
    if (startNs !== null) this.#startNs = Math.min(this.#startNs, startNs);
    if (endNs !== null) this.#endNs = Math.max(this.#endNs, endNs);
    this.#addAmounts(metrics);
  }

  merged(): MergedMetrics {
    const metrics = noMetrics();
    const not_measured: Record<string, string> = {};
    for (const [i, { id }] of MERGED.entries()) {
      const missing = this.#missing[i]!;
      if (missing === this.#parts) continue;
      metrics[id] = this.#values[i]!;
      if (missing > 0) {
        not_measured[id] = `not measurable in ${missing} of ${this.#parts} streams: these are left out`;
      }
    }
    metrics.dscp_received = this.#dscp === null ? null : { ...this.#dscp };
    const { expected, received, lost, duplicated, reordered } = this.#counted;
    if (expected > 0) metrics.loss_ratio = lost / expected;
    if (received > 0) {
      metrics.duplication_ratio = duplicated / received;
      metrics.reordered_ratio = reordered / received;
    }
    const activeNs = this.#endNs - this.#startNs;
    if (!Number.isFinite(activeNs)) return { metrics, not_measured };
    metrics.active_ns = activeNs;
    if (activeNs > 0) this.#deriveRates(metrics, activeNs);
    return { metrics, not_measured };
  }

  #addDscp(counts: StreamMetrics['dscp_received']): void {
    if (counts === null) return;
    this.#dscp ??= {};
    for (const dscp of Object.keys(counts)) this.#dscp[dscp] = (this.#dscp[dscp] ?? 0) + counts[dscp]!;
  }

  #addCounted(metrics: StreamMetrics): void {
    const ids = UNIT_METRICS[metrics.messages_expected === null ? 'packets' : 'messages'];
    const expected = metrics[ids.expected];
    if (expected === null) return;
    const counted = this.#counted;
    counted.expected += expected;
    counted.received += metrics[ids.received]!;
    counted.lost += metrics[ids.lost]!;
    counted.duplicated += metrics[ids.duplicated]!;
    counted.reordered += metrics[ids.reordered]!;
  }

  #addAmounts(metrics: StreamMetrics): void {
    const octets = metrics.octets_received ?? 0;
    if (metrics.rate_packets_per_second === null) {
      const { packets_received, packets_duplicated, packets_late } = metrics;
      this.#brief.packets += (packets_received ?? 0) + (packets_duplicated ?? 0) + (packets_late ?? 0);
      this.#brief.octets += octets;
      return;
    }
    const amount = (id: keyof Rates): number => (metrics[id] ?? 0) * (metrics.active_ns ?? 0);
    this.#rated.packets += amount('rate_packets_per_second');
    this.#rated.octets += octets;
    for (let i = 0; i < WITH_HEADERS.length; i++) this.#rated.withHeaders[i]! += amount(WITH_HEADERS[i]!);
  }

  /** All that came over the time that something came. */
  #deriveRates(metrics: StreamMetrics, activeNs: number): void {
    const brief = this.#brief;
    const datagrams = this.#rated.packets / 1e9;
    for (const [i, id] of WITH_HEADERS.entries()) {
      const withHeaders = this.#rated.withHeaders[i]! / 8e9;
      // Of a stream with one datagram the headers are those of the others.
      const perDatagram = datagrams > 0 ? (withHeaders - this.#rated.octets) / datagrams : NaN;
      const all = withHeaders + (brief.packets > 0 ? brief.octets + brief.packets * perDatagram : 0);
      metrics[id] = Number.isNaN(all) ? null : (all * 8e9) / activeNs;
    }
    metrics.rate_packets_per_second = ((datagrams + brief.packets) * 1e9) / activeNs;
    metrics.rate_bit_per_second = ((metrics.octets_received ?? 0) * 8e9) / activeNs;
  }
}
