import type { Limit, LimitOperator } from './limits.js';
import type { LimitResult } from './model.js';

/** Most entries of one limit: beyond that those with the smallest margin. */
const ENTRIES = 256;

/** What came of a limit at a stream, or at what else it is judged of. `whyNull`: why nothing was measured. */
export function limitEntry(
  limit: Limit,
  stream: string | null,
  value: number | string | null,
  whyNull: string,
): LimitResult {
  const base = { expression: limit.expression, stream, value, limit: limit.value };
  if (value === null) return { ...base, margin: null, ok: false, reason: whyNull };
  const ok = holds(value, limit.operator, limit.value);
  return { ...base, margin: marginOf(value, limit.operator, limit.value), ok, reason: null };
}

function holds(value: number | string, operator: LimitOperator, limit: number | string): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}

function marginOf(value: number | string, operator: LimitOperator, limit: number | string): number | null {
  if (typeof value === 'string' || typeof limit === 'string') return null;
  if (operator === '<' || operator === '<=') return limit - value;
  if (operator === '>' || operator === '>=') return value - limit;
  return operator === '==' ? 0 - Math.abs(value - limit) : Math.abs(value - limit);
}

/** The entries of one limit, as many as are kept. */
export function boundEntries(entries: readonly LimitResult[]): LimitResult[] {
  if (entries.length <= ENTRIES) return [...entries];
  return entries
    .toSorted((a, b) => Number(a.ok) - Number(b.ok) || (a.margin ?? -Infinity) - (b.margin ?? -Infinity) || 0)
    .slice(0, ENTRIES);
}

/** The entries of one limit as they come: of ten thousand no more than are kept, and as many again. */
export class BoundedEntries {
  #entries: LimitResult[] = [];

  add(entry: LimitResult): void {
    this.#entries.push(entry);
    if (this.#entries.length > 2 * ENTRIES) this.#entries = boundEntries(this.#entries);
  }

  get entries(): readonly LimitResult[] {
    return this.#entries;
  }
}
