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
const LAST_COUNTED = (1n << 53n) - 1n;
/** So many are left to a feed at least: twelve days at a million messages a second. */
const LEAST_LEFT = 1n << 40n;

export function parseFirstSequence(text: string): bigint {
  const value = /^[0-9]+$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value > LAST_COUNTED) throw usage(`"${text}" is no number of a sequence: 0..${LAST_COUNTED}`);
  return value;
}

/** What a feed that is sent begins with. */
export function parseFirstSent(text: string): bigint {
  const value = parseFirstSequence(text);
  const most = LAST_COUNTED + 1n - LEAST_LEFT;
  if (value > most) {
    throw usage(`${text} leaves too few numbers: receivers count up to ${LAST_COUNTED}, so begin with ${most} at most`);
  }
  return value;
}
