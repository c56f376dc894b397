import { formatCount } from '../../core/format.js';
import type { LimitResult } from '../../result/model.js';
import { markup, type Markup } from '../html/markup.js';
import { limits } from '../html/verdict.js';

/** So many that are kept stand there; more are folded away. */
const KEPT = 4;

/** What is exceeded can be seen; what is kept need not be. */
export function liveLimits(list: readonly LimitResult[]): Markup {
  const kept = list.filter(({ ok }) => ok);
  if (kept.length <= KEPT) return limits(list);
  const exceeded = list.filter(({ ok }) => !ok);
  return markup`${limits(exceeded)}
    <details><summary>${formatCount(kept.length)} limits that are kept</summary>${limits(kept)}</details>`;
}
