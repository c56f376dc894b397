import type { Comparison } from '../../result/comparison.js';
import type { RunResult } from '../../result/model.js';
import { plainDocument } from '../plainDocument.js';
import { comparisonArticle } from './comparison.js';
import { definitions } from './definitions.js';
import { markup } from './markup.js';
import { page } from './page.js';
import { runArticle, titleOf } from './run.js';

/** One page over one result or several, or over their comparison. Ends with a line feed. */
export function renderHtml(given: readonly RunResult[], comparison: Comparison | null = null): string {
  const results = given.map((result) => plainDocument(result));
  const runs = results.map(({ schema, run }) => `${schema}, run ${run.id}`).join('; ');
  const { name, version } = results[0]!.tool;
  const footer = `Of ${runs}. Times are UTC. ${name} ${version}.`;
  const body =
    comparison === null
      ? results.map((result, i) => runArticle(result, results.length === 1 ? '' : `run-${i + 1}-`))
      : comparisonArticle(plainDocument(comparison));
  const obtained = markup`<section id="definitions">
    <h2>How each figure was obtained</h2>
    <details><summary>Definitions, clauses and clocks</summary>${definitions(results)}</details>
  </section>`;
  return page(pageTitle(results, comparison), markup`${body}${obtained}`, footer);
}

function pageTitle(results: readonly RunResult[], comparison: Comparison | null): string {
  if (comparison !== null) return `Comparison of ${results.length} runs`;
  if (results.length > 1) return `${results.length} runs`;
  const [only] = results;
  return `${titleOf(only!)}, ${only!.run.start.slice(0, 16).replace('T', ' ')}`;
}
