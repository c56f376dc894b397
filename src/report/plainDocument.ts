import { printable } from '../core/printable.js';

/** Of a document: hold numbers alone, in digits too, and most of it. */
const NUMBERS: ReadonlySet<string> = new Set(['buckets', 'parameters', 'series', 'loss_map']);

/** A document of which every text and every key is {@link printable}. What holds numbers alone is shared with it. */
export function plainDocument<T>(document: T): T {
  return plain(document) as T;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  // Unlike an assignment, entries may be named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [printable(key), NUMBERS.has(key) ? part : plain(part)]),
  );
}
