/**
 * Text that others wrote, as names of services and of sources, so that it steers nothing where it is shown: no control
 * characters (terminals), nothing that turns the direction of what stands beside it, nothing that XML cannot hold.
 */

/** White space that would begin another line or column. */
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Controls, formats but the joiners that some scripts are written with, halves of a pair, and what is no character. */
const STEERING = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]/gu;
const UNREADABLE = '\uFFFD';

/** Nearly all texts: nothing in it can be either. */
const PRINTABLE = /^[ -~]*$/u;

/** One line; what steers is U+FFFD. */
export function plainText(text: string): string {
  if (PRINTABLE.test(text)) return text;
  return text.replace(SPACES, ' ').replace(STEERING, UNREADABLE);
}

/** Of a document: hold numbers alone, in digits too, and most of it. */
const NUMBERS: ReadonlySet<string> = new Set(['buckets', 'parameters', 'series', 'loss_map']);

/** A document of which every text and every key is {@link plainText}. What holds numbers alone is shared with it. */
export function plainDocument<T>(document: T): T {
  return plain(document) as T;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  // Unlike an assignment, entries may be named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [plainText(key), NUMBERS.has(key) ? part : plain(part)]),
  );
}
