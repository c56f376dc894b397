import { printable } from '../core/printable.js';

/** Of a document: hold numbers alone, in digits too, and most of it. */
const NUMBERS: ReadonlySet<string> = new Set(['buckets', 'parameters', 'series', 'loss_map']);

/** A document of which every text and every key is {@link printable}. Parts that were so before are shared with it. */
export function plainDocument<T>(document: T): T {
  return plain(document) as T;
}

/** Nearly all parts are: to make ten thousand streams anew takes a second. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return printable(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  for (const key of Object.keys(value)) {
    if (printable(key) !== key) return false;
    if (!NUMBERS.has(key) && !isPlain((value as Readonly<Record<string, unknown>>)[key])) return false;
  }
  return true;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null || isPlain(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  // Unlike an assignment, entries may be named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [printable(key), NUMBERS.has(key) ? part : plain(part)]),
  );
}
