/** What a text report says about limits: those that are exceeded first. */
import type { LimitResult } from '../result/model.js';
import { formatLimitFigure } from './figure.js';
import { fold } from './fold.js';
import type { Style } from './style.js';

/** Below the expression. */
const INDENT = ' '.repeat(11);

export function limitLines(limits: readonly LimitResult[], most: number, style: Style): string[] {
  const failed = limits.filter((limit) => !limit.ok);
  const verdict =
    failed.length === 0
      ? style.good(`${limits.length} of ${limits.length} kept`)
      : style.bad(`${failed.length} of ${limits.length} exceeded`);
  const lines = [style.bold('limits ') + verdict];
  const shown = [...failed, ...limits.filter((limit) => limit.ok)].slice(0, most);
  for (const limit of shown) {
    const value = limit.value === null ? 'not measured' : `is ${formatLimitFigure(limit, limit.value)}`;
    const margin = limit.margin === null ? '' : `, margin ${formatLimitFigure(limit, limit.margin)}`;
    const reason = limit.reason === null ? '' : `: ${limit.reason}`;
    const mark = limit.ok ? style.good('ok      ') : style.bad('EXCEEDED');
    lines.push(fold(`  ${mark} ${limit.expression}: ${value}${margin}${reason}`, INDENT));
    if (limit.stream !== null) lines.push(style.dim(`${INDENT}at ${limit.stream}`));
  }
  if (limits.length > shown.length) lines.push(`  and ${limits.length - shown.length} more`);
  return lines;
}
