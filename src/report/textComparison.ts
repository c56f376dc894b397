/** Runs side by side as text for people: a line each figure. */
import { formatDuration } from '../core/format.js';
import type { ComparedFigure, Comparison } from '../result/comparison.js';
import { changeOf } from './change.js';
import { comparedGroups } from './comparedGroups.js';
import { formatNamed } from './figure.js';
import { fold } from './fold.js';
import { styleOf, type Style, type TextOptions } from './style.js';
import { counted } from './textLines.js';
import { limitLines } from './textLimits.js';

const MOST = 20;
const NAME = 32;
const VALUE = 12;
const CHANGE = 10;

/** Ends with a line feed. */
export function renderComparisonText(of: Comparison, options: TextOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const blocks = [runLines(of, style)];
  if (of.differences.length > 0) blocks.push(of.differences.map((text) => style.warn(fold(`note: ${text}`))));
  const { groups, left } = comparedGroups(of.figures, options.most ?? MOST);
  if (left > 0) blocks.push([fold(`of ${counted(left, 'more stream')} no figure became worse by a larger share`)]);
  for (const { stream, figures } of groups) {
    blocks.push([
      style.bold(stream ?? 'the run'),
      style.dim(head(of.runs.length)),
      ...figures.map((figure) => figureLine(figure, style)),
    ]);
  }
  if (of.limits.length > 0) blocks.push(limitLines(of.limits, options.most ?? of.limits.length, style));
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function runLines({ runs }: Comparison, style: Style): string[] {
  return [
    style.bold(`comparison of ${runs.length} runs`),
    ...runs.map(({ source, host, start, duration_ns, verdict }, i) =>
      fold(
        `  (${i + 1}) ${source}: ${formatDuration(duration_ns)} from ${start.slice(0, 19)}Z on ${host}, ${verdict}`,
        '      ',
      ),
    ),
  ];
}

function head(runs: number): string {
  let text = `  ${''.padEnd(NAME)}`;
  for (let i = 0; i < runs; i++) text += `(${i + 1})`.padStart(VALUE) + (i === 0 ? '' : 'change'.padStart(CHANGE));
  return text;
}

function figureLine(figure: ComparedFigure, style: Style): string {
  const { name, values } = figure;
  let text = `  ${name.padEnd(NAME)}`;
  for (const [i, value] of values.entries()) {
    text += formatNamed(name, value).padStart(VALUE);
    if (i > 0) text += changeText(figure, i, style);
  }
  return text.trimEnd();
}

function changeText(figure: ComparedFigure, run: number, style: Style): string {
  const { text, tone } = changeOf(figure, run);
  const padded = text.padStart(CHANGE);
  return tone === null ? padded : tone === 'better' ? style.good(padded) : style.bad(padded);
}
