import { whole } from '../core/steps.js';
import { HISTOGRAM_IDS, type HistogramId } from '../metrics/catalog.js';
import type { Histogram } from '../metrics/histogram.js';
import { mergeBursts } from './buildBursts.js';
import { mergeSummaries, summarise } from './histogramSummary.js';
import { FigureTable } from './figureTable.js';
import { MetricsMerger } from './mergeMetrics.js';
import type { Aggregate, Bursts, HistogramSummary, Stream, StreamHistograms } from './model.js';
import { type AlikeStreams, digestOf, type StreamDigest } from './streamDigest.js';

/** What streams beyond the detail limit recorded in common; `null`: there is nothing of the kind. */
export type SharedHistograms = Readonly<Partial<Record<HistogramId, Histogram>>> | null;

/** Histograms in which lost datagrams have no value. */
const DELAYS: ReadonlySet<HistogramId> = new Set(['one_way_delay_ns', 'pdv_ns']);

/** All streams as one, as they come. */
export class Aggregator {
  #streams = 0;
  readonly #metrics: MetricsMerger;
  /** Of the streams that have their own. */
  readonly #histograms: StreamHistograms[] = [];
  readonly #bursts: Bursts[] = [];

  /** `table`: their figures. */
  constructor(table: FigureTable) {
    this.#metrics = new MetricsMerger(table);
  }

  /** `row`: of the table. */
  add({ brief, figures, histograms, bursts }: StreamDigest, row: number): void {
    // What protects or reports media is none of it.
    if (brief.role !== 'media') return;
    this.#streams++;
    this.#metrics.add(row, figures.dscp, brief.start_ns, brief.end_ns);
    if (histograms !== null) this.#histograms.push(histograms);
    if (bursts !== null) this.#bursts.push(bursts);
  }

  /** `rows`: of the table, one for each. */
  addAlike(streams: AlikeStreams, rows: readonly number[]): void {
    if (streams.brief.role !== 'media') return;
    this.#streams += rows.length;
    this.#metrics.addAlike(streams, rows);
  }

  /** Yields between its parts. `null`: nothing came. */
  *inSteps(others: SharedHistograms): Generator<void, Aggregate | null> {
    if (this.#streams === 0) return null;
    const { metrics, not_measured } = this.#metrics.merged();
    const histograms = {} as StreamHistograms;
    for (const id of HISTOGRAM_IDS) {
      yield;
      const summaries: (HistogramSummary | null)[] = this.#histograms.map((of) => of[id]);
      const shared = others?.[id];
      if (shared !== undefined && shared.count > 0) summaries.push(summarise(shared));
      histograms[id] = mergeSummaries(summaries, DELAYS.has(id) ? metrics.loss_ratio : null);
    }
    yield;
    return { streams: this.#streams, metrics, histograms, bursts: mergeBursts(this.#bursts), not_measured };
  }
}

/** Those of an array, at once. */
export function aggregateStreams(streams: readonly Stream[], others: SharedHistograms): Aggregate | null {
  const table = new FigureTable();
  const aggregator = new Aggregator(table);
  for (const stream of streams) {
    const digest = digestOf(stream);
    aggregator.add(digest, table.add(digest.figures));
  }
  return whole(aggregator.inSteps(others));
}
