/** A row each point of each stream: the course of a run, for drawings of one's own. */
import { formatUnixNs } from '../core/time.js';
import { SERIES_METRIC_IDS, type SeriesMetricId } from '../metrics/catalog.js';
import type { RunResult, Stream } from '../result/model.js';
import { csvText, type CsvValue } from './csvText.js';
import { plainDocument } from './plainDocument.js';

/** Of each metric the mean, or of losses the sum, then the least and the most of the intervals of the point. */
export const SERIES_COLUMNS: readonly string[] = [
  'run_id',
  'receiver',
  'stream',
  'name',
  'time',
  'start_ns',
  'step_ns',
  ...SERIES_METRIC_IDS.flatMap((id) => [id, `${id}.min`, `${id}.max`]),
];

export function renderCsvSeries(results: readonly RunResult[]): string {
  return csvText(
    SERIES_COLUMNS,
    results.flatMap((result) => rowsOf(plainDocument(result), null)),
  );
}

function rowsOf(result: RunResult, receiver: string | null): CsvValue[][] {
  const startUnixNs = unixNsOf(result.run.start);
  return [
    ...result.streams.flatMap((stream) => pointsOf(stream, result.run.id, receiver, startUnixNs)),
    ...result.receivers.flatMap((one) => (one.result === null ? [] : rowsOf(one.result, one.name))),
  ];
}

function pointsOf(
  { id, name, series }: Stream,
  run: string,
  receiver: string | null,
  startUnixNs: bigint,
): CsvValue[][] {
  if (series === null) return [];
  return Array.from({ length: series.points }, (_, i) => {
    const startNs = series.start_ns + i * series.step_ns;
    const time = formatUnixNs(startUnixNs + BigInt(Math.round(startNs)));
    const values = SERIES_METRIC_IDS.flatMap((metric) => valuesAt(series.metrics, metric, i));
    return [run, receiver, id, name, time, startNs, series.step_ns, ...values];
  });
}

function valuesAt(metrics: NonNullable<Stream['series']>['metrics'], id: SeriesMetricId, i: number): CsvValue[] {
  const column = metrics[id];
  if (column === null) return [null, null, null];
  const value = 'sum' in column ? column.sum[i] : column.mean[i];
  return [value ?? null, column.min[i] ?? null, column.max[i] ?? null];
}

/** Nanoseconds since 1970 of an instant of the document, which has nine decimals. */
function unixNsOf(instant: string): bigint {
  return BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1_000_000n + BigInt(instant.slice(20, 29));
}
