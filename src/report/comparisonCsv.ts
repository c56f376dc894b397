/** A row each figure of a comparison: its value and its change in each run. */
import type { Comparison } from '../result/comparison.js';
import { csvText } from './csvText.js';
import { plainDocument } from './plainDocument.js';

export function comparisonCsv(given: Comparison): string {
  const { runs, figures } = plainDocument(given);
  return csvText(
    [
      'stream',
      'figure',
      'better',
      ...runs.flatMap(({ source }, i) => (i === 0 ? [source] : [source, `${source} change`])),
    ],
    figures.map(({ stream, name, better, values, changes }) => [
      stream,
      name,
      better,
      ...values.flatMap((value, i) => (i === 0 ? [value] : [value, changes[i] ?? null])),
    ]),
  );
}
