/** The verdict with its reasons, and the limits with their margins: what a reader came for. */
import { DASH, formatCount } from '../../core/format.js';
import type { Health, LimitResult, RunResult } from '../../result/model.js';
import { outcomeOf, type Outcome } from '../../result/outcome.js';
import { formatLimitFigure } from '../figure.js';
import { orNone } from './cell.js';
import { table, type Column } from './table.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';

/** Limits that are listed, those that are exceeded first. */
const ROWS = 256;

const TONES: Readonly<Record<Outcome, string>> = {
  ok: 'good',
  limit_exceeded: 'bad',
  output_failed: 'bad',
  invalid: 'bad',
  cut_short: 'warn',
};

const MEASURED: Readonly<Record<Health['verdict'], readonly [tone: string, text: string]>> = {
  valid: ['good', 'The measurement is valid: its figures can be believed.'],
  degraded: ['warn', 'The measurement is degraded: its figures are right, but less precise than promised.'],
  invalid: ['bad', 'The measurement is invalid: a count or a time may be wrong.'],
};

const SEVERITIES = ['invalid', 'degraded', 'note'] as const;
const SEVERITY_TONES = { invalid: 'bad', degraded: 'warn', note: 'dim' } as const;

export function verdict(result: RunResult): Markup {
  const outcome = outcomeOf(result);
  const [tone, text] = MEASURED[result.health.verdict];
  const reasons = result.health.reasons.toSorted(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
  return markup`<div class="verdict ${TONES[outcome]}">
    <p class="outcome">${outcomeText(outcome, result)}</p>
    <p class="${tone}">${text}</p>
    ${
      reasons.length > 0 &&
      markup`<ul>
        ${reasons.map(
          (reason) =>
            markup`<li><span class="tag ${SEVERITY_TONES[reason.severity]}">${reason.severity}</span> ${reason.text}</li>`,
        )}
      </ul>`
    }
  </div>`;
}

function outcomeText(outcome: Outcome, { limits }: RunResult): string {
  const failed = limits.filter(({ ok }) => !ok).length;
  switch (outcome) {
    case 'ok':
      return limits.length === 0 ? 'Measured' : 'Within its limits';
    case 'limit_exceeded':
      return `${formatCount(failed)} of ${formatCount(limits.length)} limits exceeded`;
    case 'output_failed':
      return 'An output failed';
    case 'invalid':
      return 'The result is invalid';
    case 'cut_short':
      return 'Cut short before its end';
  }
}

export function limits(list: readonly LimitResult[]): Markup {
  if (list.length === 0) return NOTHING;
  const shown = [...list.filter(({ ok }) => !ok), ...list.filter(({ ok }) => ok)].slice(0, ROWS);
  const more = list.length - shown.length;
  return markup`${table<LimitResult>(
    shown,
    [
      { head: 'limit', cell: ({ expression }) => markup`<code>${expression}</code>`, text: 'long' },
      { head: 'at', cell: ({ stream }) => stream ?? 'the run', text: 'long' },
      { head: 'value', cell: valueOf },
      {
        head: 'margin',
        cell: (limit) => (limit.margin === null ? orNone(DASH) : formatLimitFigure(limit, limit.margin)),
      },
      { head: 'verdict', cell: ({ ok }) => (ok ? 'kept' : 'exceeded'), text: 'short' },
      ...(list.every(({ intervals }) => intervals === undefined) ? [] : [INTERVALS]),
      ...(list.every(({ reason }) => reason === null) ? [] : [WHY]),
    ],
    { tone: ({ ok }) => (ok ? null : 'bad') },
  )}${more > 0 && markup`<p class="note">And ${formatCount(more)} more, all kept or listed in the document.</p>`}`;
}

/** Of limits on every interval. */
const INTERVALS: Column<LimitResult> = {
  head: 'intervals beyond it',
  cell: ({ intervals }) =>
    intervals !== undefined && `${formatCount(intervals.exceeded)} of ${formatCount(intervals.judged)}`,
};
const WHY: Column<LimitResult> = { head: 'why', cell: ({ reason }) => reason ?? '', text: 'long' };

function valueOf(limit: LimitResult): Part {
  return limit.value === null ? orNone(DASH, limit.reason) : formatLimitFigure(limit, limit.value);
}
