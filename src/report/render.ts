import type { Comparison } from '../result/comparison.js';
import type { RunResult } from '../result/model.js';
import type { ReportFormat } from '../result/reportFormats.js';
import { comparisonCsv } from './comparisonCsv.js';
import { renderCsv } from './csv.js';
import { renderCsvSeries } from './csvSeries.js';
import { renderHtml } from './html/renderHtml.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';
import { plainDocument } from './plainDocument.js';
import { renderText } from './text.js';
import { renderComparisonText } from './textComparison.js';

/**
 * One result or several, or their comparison, as a file of that format; ends with a line feed. Pure: the same results make
 * the same octets. All times are UTC. `results`: at least one.
 */
export function renderReport(
  format: ReportFormat,
  results: readonly RunResult[],
  comparison: Comparison | null = null,
): string {
  switch (format) {
    case 'html':
      return renderHtml(results, comparison);
    case 'json':
      return `${JSON.stringify(comparison ?? (results.length === 1 ? results[0] : results))}\n`;
    case 'csv':
      return comparison === null ? renderCsv(results) : comparisonCsv(comparison);
    case 'series.csv':
      return renderCsvSeries(results);
    case 'xml':
      return renderJunit(results, comparison);
    case 'md':
      return renderMarkdown(results, comparison);
    case 'txt':
      return comparison === null
        ? results.map((result) => renderText(result)).join('\n')
        : renderComparisonText(plainDocument(comparison));
  }
}
