/** Runs side by side, and how much worse or better each figure became. */
import { formatCount, formatDuration } from '../../core/format.js';
import type { ComparedFigure, ComparedRun, Comparison } from '../../result/comparison.js';
import { changeOf } from '../change.js';
import { comparedGroups } from '../comparedGroups.js';
import { formatNamed } from '../figure.js';
import { instant } from './instant.js';
import { orNone } from './cell.js';
import { table, type Column } from './table.js';
import { markup, type Markup, type Part } from './markup.js';
import { limits } from './verdict.js';

const MOST_GROUPS = 256;
/** Figures of the run itself stand last. */
const OF_THE_RUN = 'The run';

export function comparisonArticle(of: Comparison): Markup {
  const failed = of.limits.filter(({ ok }) => !ok).length;
  const outcome =
    of.limits.length === 0
      ? markup`<div class="verdict">
          <p class="outcome">${of.runs.length} runs side by side</p>
          <p>No regression was judged (--max-regression).</p>
        </div>`
      : failed === 0
        ? markup`<div class="verdict good">
            <p class="outcome">No figure became worse than the limit</p>
            <p>${of.limits.length} were judged.</p>
          </div>`
        : markup`<div class="verdict bad">
            <p class="outcome">${failed} of ${of.limits.length} figures became worse than the limit</p>
          </div>`;
  const { groups, left } = comparedGroups(of.figures, MOST_GROUPS);
  return markup`<article class="run">
    <header>
      <h1>Comparison of ${of.runs.length} runs</h1>
      <p>Changes are against the first one.</p>
    </header>
    <section id="verdict">
      <h2>Verdict</h2>
      ${outcome}${of.differences.map((text) => markup`<p class="note warn">${text}</p>`)}
    </section>
    <section id="runs">
      <h2>Runs</h2>
      ${runs(of.runs)}
    </section>
    ${
      of.limits.length > 0 &&
      markup`<section id="limits">
        <h2>Limits</h2>
        ${limits(of.limits)}
      </section>`
    }
    <section id="figures">
      <h2>Figures</h2>
      ${
        left > 0 &&
        markup`<p class="note">
          Of ${formatCount(left)} more no figure became worse by a larger share: a CSV has them all.
        </p>`
      }
      ${groups.map((group) => figures(group.figures, of.runs, group.stream ?? OF_THE_RUN))}
    </section>
  </article>`;
}

function runs(list: readonly ComparedRun[]): Markup {
  return table<ComparedRun>(
    list,
    [
      { head: 'run', cell: ({ source }) => markup`<bdi>${source}</bdi>`, text: 'long' },
      { head: 'id', cell: ({ id }) => id, text: 'short' },
      { head: 'name', cell: ({ name }) => name ?? '', text: 'long' },
      { head: 'host', cell: ({ host }) => host, text: 'short' },
      { head: 'start (UTC)', cell: ({ start }) => instant(start), text: 'short' },
      { head: 'length', cell: ({ duration_ns: ns }) => formatDuration(ns) },
      { head: 'measurement', cell: ({ verdict }) => verdict, text: 'short' },
    ],
    { tone: ({ verdict }) => (verdict === 'invalid' ? 'bad' : verdict === 'degraded' ? 'warn' : null) },
  );
}

function figures(list: readonly ComparedFigure[], of: readonly ComparedRun[], caption: string): Markup {
  return table<ComparedFigure>(
    list,
    [
      { head: 'figure', cell: ({ name }) => name, text: 'short' },
      ...of.flatMap(({ source }, i): Column<ComparedFigure>[] => [
        { head: source, cell: ({ name, values }) => orNone(formatNamed(name, values[i]!)) },
        ...(i === 0 ? [] : [{ head: 'change', cell: (figure: ComparedFigure) => change(figure, i) }]),
      ]),
      { head: 'better', cell: ({ better }) => better ?? '', text: 'short' },
    ],
    { caption: markup`<bdi>${caption}</bdi>` },
  );
}

function change(figure: ComparedFigure, run: number): Part {
  const { text, tone } = changeOf(figure, run);
  return tone === null ? text : markup`<span class="${tone === 'better' ? 'good' : 'bad'}">${text}</span>`;
}
