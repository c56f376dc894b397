/** Readers of the values that feeds have. All throw McastError ERR_USAGE. */
import type { RateProfile } from '../feed/messageRates.js';
import { parseRateProfile } from '../feed/messageRateText.js';
import { parseText, usage } from './optionValues.js';

/** How messages follow each other: a profile, or a file that holds a trace of rates. */
export type Arrivals = RateProfile | { readonly kind: 'trace-file'; readonly path: string };

export function parseArrivals(text: string): Arrivals {
  if (text.startsWith('trace:')) return { kind: 'trace-file', path: parseText(text.slice('trace:'.length)) };
  return parseRateProfile(text);
}

/** Receivers count in float64 from the first number heard; beyond 2^53 a number is no sequence's. */
export function parseFirstSequence(text: string): bigint {
  const value = /^[0-9]+$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << 53n) throw usage(`"${text}" is no number of a sequence: 0..9007199254740991`);
  return value;
}
