import { METRICS } from '../metrics/catalog.js';
import { Figure, FIGURE_IDS, figuresOf, type Figures, orNothing } from './figures.js';
import { type FigureRows, FigureTable } from './figureTable.js';
import type { Stream, StreamMetrics } from './model.js';
import { noMetrics } from './noMetrics.js';
import type { AlikeStreams } from './streamDigest.js';
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
    const figures = figuresOf(metrics);
    merger.add(table.add(figures), figures.dscp, startNs, endNs);
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
    if (dscp !== null) this.#addDscp(dscp, 1);
    if (startNs !== null) this.#startNs = Math.min(this.#startNs, startNs);
    if (endNs !== null) this.#endNs = Math.max(this.#endNs, endNs);
  }

  /** `rows`: one for each. */
  addAlike({ startNs, endNs, runs }: AlikeStreams, rows: readonly number[]): void {
    this.#rows.push(...rows);
    this.#startNs = Math.min(this.#startNs, startNs);
    this.#endNs = Math.max(this.#endNs, endNs);
    for (const { count, figures } of runs) if (figures.dscp !== null) this.#addDscp(figures.dscp, count);
  }

  merged(): MergedMetrics {
    const metrics = noMetrics();
    const not_measured: Record<string, string> = {};
    const parts = this.#rows.length;
    const rows = this.#table.together(this.#rows);
    for (const { id, column, rule } of MERGED) {
      const { value, missing } = this.#table.merged(column, rule, rows);
      if (missing === parts) continue;
      metrics[id] = value;
      if (missing > 0) not_measured[id] = `not measurable in ${missing} of ${parts} streams: these are left out`;
    }
    metrics.dscp_received = this.#dscp === null ? null : { ...this.#dscp };
    this.#deriveRatios(metrics, rows);
    const activeNs = this.#endNs - this.#startNs;
    if (!Number.isFinite(activeNs)) return { metrics, not_measured };
    metrics.active_ns = activeNs;
    if (activeNs > 0) this.#deriveRates(metrics, activeNs);
    return { metrics, not_measured };
  }

  /** `times`: so many streams have these. */
  #addDscp(counts: Record<string, number>, times: number): void {
    this.#dscp ??= {};
    for (const dscp of Object.keys(counts)) this.#dscp[dscp] = (this.#dscp[dscp] ?? 0) + times * counts[dscp]!;
  }

  /** In the unit that each of them counts in, where it numbers anything. */
  #deriveRatios(metrics: StreamMetrics, { leads, repeats }: FigureRows): void {
    const table = this.#table;
    let [expected, received, lost, duplicated, reordered] = [0, 0, 0, 0, 0];
    for (let i = 0; i < leads.length; i++) {
      const lead = leads[i]!;
      const times = repeats[i]!;
      const isPackets = Number.isNaN(table.counted(lead, Figure.messages_expected));
      const counted = isPackets ? UNIT_FIGURES.packets : UNIT_FIGURES.messages;
      if (Number.isNaN(table.counted(lead, counted.expected))) continue;
      expected += times * table.counted(lead, counted.expected);
      received += times * table.counted(lead, counted.received);
      lost += times * table.counted(lead, counted.lost);
      duplicated += times * table.counted(lead, counted.duplicated);
      reordered += times * table.counted(lead, counted.reordered);
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
      const withHeaders = rated[id] / 8;
      // Of a stream with one datagram the headers are those of the others.
      const perDatagram = rated.packets > 0 ? (withHeaders - rated.octets) / rated.packets : NaN;
      const all = withHeaders + (brief.packets > 0 ? brief.octets + brief.packets * perDatagram : 0);
      metrics[id] = Number.isNaN(all) ? null : (all * 8e9) / activeNs;
    }
    metrics.rate_packets_per_second = ((rated.packets + brief.packets) * 1e9) / activeNs;
    metrics.rate_bit_per_second = ((metrics.octets_received ?? 0) * 8e9) / activeNs;
  }

  /** What came of those that have a rate, that rate over the time of each; and of those with one datagram, and so none. */
  #amounts() {
    const table = this.#table;
    const rated = { packets: 0, octets: 0, rate_ip_bit_per_second: 0, rate_ethernet_bit_per_second: 0 };
    const brief = { packets: 0, octets: 0 };
    for (let i = 0; i < this.#rows.length; i++) {
      const row = this.#rows[i]!;
      const packetsPerSecond = table.value(row, Figure.rate_packets_per_second);
      const octets = orNothing(table.value(row, Figure.octets_received));
      if (Number.isNaN(packetsPerSecond)) {
        brief.octets += octets;
        for (const figure of ARRIVALS) brief.packets += orNothing(table.value(row, figure));
        continue;
      }
      const activeSeconds = orNothing(table.value(row, Figure.active_ns)) / 1e9;
      rated.octets += octets;
      rated.packets += packetsPerSecond * activeSeconds;
      rated.rate_ip_bit_per_second += orNothing(table.value(row, Figure.rate_ip_bit_per_second)) * activeSeconds;
      rated.rate_ethernet_bit_per_second +=
        orNothing(table.value(row, Figure.rate_ethernet_bit_per_second)) * activeSeconds;
    }
    return { rated, brief };
  }
}
