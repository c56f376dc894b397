import { METRICS } from '../metrics/catalog.js';
import { Figure, FIGURE_IDS, figuresOf, type Figures, orNothing } from './figures.js';
import { FigureTable } from './figureTable.js';
import type { Stream, StreamMetrics } from './model.js';
import { noMetrics } from './noMetrics.js';
import { UNIT_FIGURES } from './unitFigures.js';

/** What merging needs of a stream. */
type Part = Pick<Stream, 'metrics' | 'start_ns' | 'end_ns'>;

/** Figures of several as one. */
export interface MergedMetrics {
  readonly metrics: StreamMetrics;
  /** Those that some of them lack. */
  readonly not_measured: Record<string, string>;
}

const MERGED = FIGURE_IDS.flatMap((id, column) => {
  const rule = METRICS[id].merge;
  return rule === 'none' || rule === 'derived' ? [] : [{ id, column, rule }];
});

const WITH_HEADERS = ['rate_ip_bit_per_second', 'rate_ethernet_bit_per_second'] as const;
const ARRIVALS = [Figure.packets_received, Figure.packets_duplicated, Figure.packets_late];

/** Figures of several streams, parts or receivers as one, by the rules of the catalogue. */
export function mergeMetrics(parts: readonly Part[]): MergedMetrics {
  const table = new FigureTable();
  const merger = new MetricsMerger(table);
  for (const { metrics, start_ns: startNs, end_ns: endNs } of parts) {
    const { values, dscp } = figuresOf(metrics);
    merger.add(table.add(values), dscp, startNs, endNs);
  }
  return merger.merged();
}

/** The same of rows of a table, as they come. */
export class MetricsMerger {
  readonly #table: FigureTable;
  readonly #rows: number[] = [];
  #dscp: Record<string, number> | null = null;
  #startNs = Infinity;
  #endNs = -Infinity;

  constructor(table: FigureTable) {
    this.#table = table;
  }

  /** `startNs`, `endNs`: first and last arrival; `null`: nothing came. */
  add(row: number, dscp: Figures['dscp'], startNs: number | null, endNs: number | null): void {
    this.#rows.push(row);
    if (dscp !== null) this.#addDscp(dscp);
    if (startNs !== null) this.#startNs = Math.min(this.#startNs, startNs);
    if (endNs !== null) this.#endNs = Math.max(this.#endNs, endNs);
  }

  merged(): MergedMetrics {
    const metrics = noMetrics();
    const not_measured: Record<string, string> = {};
    const parts = this.#rows.length;
    for (const { id, column, rule } of MERGED) {
      const { value, missing } = this.#table.merged(column, rule, this.#rows);
      if (missing === parts) continue;
      metrics[id] = value;
      if (missing > 0) not_measured[id] = `not measurable in ${missing} of ${parts} streams: these are left out`;
    }
    metrics.dscp_received = this.#dscp === null ? null : { ...this.#dscp };
    this.#deriveRatios(metrics);
    const activeNs = this.#endNs - this.#startNs;
    if (!Number.isFinite(activeNs)) return { metrics, not_measured };
    metrics.active_ns = activeNs;
    if (activeNs > 0) this.#deriveRates(metrics, activeNs);
    return { metrics, not_measured };
  }

  #addDscp(counts: Record<string, number>): void {
    this.#dscp ??= {};
    for (const dscp of Object.keys(counts)) this.#dscp[dscp] = (this.#dscp[dscp] ?? 0) + counts[dscp]!;
  }

  /** In the unit that each of them counts in, where it numbers anything. */
  #deriveRatios(metrics: StreamMetrics): void {
    const table = this.#table;
    let [expected, received, lost, duplicated, reordered] = [0, 0, 0, 0, 0];
    for (const row of this.#rows) {
      const isPackets = Number.isNaN(table.value(row, Figure.messages_expected));
      const counted = isPackets ? UNIT_FIGURES.packets : UNIT_FIGURES.messages;
      if (Number.isNaN(table.value(row, counted.expected))) continue;
      expected += table.value(row, counted.expected);
      received += table.value(row, counted.received);
      lost += table.value(row, counted.lost);
      duplicated += table.value(row, counted.duplicated);
      reordered += table.value(row, counted.reordered);
    }
    if (expected > 0) metrics.loss_ratio = lost / expected;
    if (received > 0) {
      metrics.duplication_ratio = duplicated / received;
      metrics.reordered_ratio = reordered / received;
    }
  }

  /** All that came over the time that something came. */
  #deriveRates(metrics: StreamMetrics, activeNs: number): void {
    const { rated, brief } = this.#amounts();
    for (const id of WITH_HEADERS) {
      const withHeaders = this.#overTime(Figure[id]) / 8;
      // Of a stream with one datagram the headers are those of the others.
      const perDatagram = rated.packets > 0 ? (withHeaders - rated.octets) / rated.packets : NaN;
      const all = withHeaders + (brief.packets > 0 ? brief.octets + brief.packets * perDatagram : 0);
      metrics[id] = Number.isNaN(all) ? null : (all * 8e9) / activeNs;
    }
    metrics.rate_packets_per_second = ((rated.packets + brief.packets) * 1e9) / activeNs;
    metrics.rate_bit_per_second = ((metrics.octets_received ?? 0) * 8e9) / activeNs;
  }

  /** What came of those that have a rate, and of those with one datagram, and so none. */
  #amounts() {
    const table = this.#table;
    const rated = { packets: this.#overTime(Figure.rate_packets_per_second), octets: 0 };
    const brief = { packets: 0, octets: 0 };
    for (const row of this.#rows) {
      const isRated = !Number.isNaN(table.value(row, Figure.rate_packets_per_second));
      (isRated ? rated : brief).octets += orNothing(table.value(row, Figure.octets_received));
      if (isRated) continue;
      for (const figure of ARRIVALS) brief.packets += orNothing(table.value(row, figure));
    }
    return { rated, brief };
  }

  /** Of a rate per second the amount over the time of each, of all. */
  #overTime(rate: number): number {
    const table = this.#table;
    let amount = 0;
    for (const row of this.#rows) {
      amount += orNothing(table.value(row, rate)) * orNothing(table.value(row, Figure.active_ns));
    }
    return amount / 1e9;
  }
}
