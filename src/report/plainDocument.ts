import { printable } from '../core/printable.js';

/** Of a document: hold numbers alone, in digits too, and most of it. */
const NUMBERS: ReadonlySet<string> = new Set(['buckets', 'parameters', 'series', 'loss_map']);

/** A document of which every text and every key is {@link printable}. Parts that were so before are shared with it. */
export function plainDocument<T>(document: T): T {
  return plain(document) as T;
}

/** As JSON it holds nothing but ASCII, and nothing that had to be written otherwise. */
const PLAIN_JSON = /^[ -[\]-~]*$/u;

/** Nearly all parts are, and need not be walked through: to make ten thousand streams anew takes a second. */
function isPlain(value: unknown): boolean {
  return PLAIN_JSON.test(JSON.stringify(value));
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
