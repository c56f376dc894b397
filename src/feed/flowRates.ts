import type { Random } from '../core/random.js';

/** How flows share the rate of their feed. */
export type FlowRates =
  /** One after the other, on one schedule. */
  | { readonly kind: 'turns' }
  /** Each on a schedule of its own, all at one rate. */
  | { readonly kind: 'equal' }
  /** Rates are spread evenly from the slowest to `ratio` times as much; which flow has which is random. */
  | { readonly kind: 'uniform'; readonly ratio: number }
  /** The rate of flow k (1 the first) goes with 1 / k^exponent (G. K. Zipf): few are busy, most are quiet. */
  | { readonly kind: 'zipf'; readonly exponent: number };

export const IN_TURN: FlowRates = { kind: 'turns' };

/** The share of each flow in the rate of all; they add up to 1. `randoms`: by flow. */
export function sharesOf(rates: FlowRates, randoms: readonly Random[]): Float64Array {
  const shares = Float64Array.from(randoms, (random, flow) => weightOf(rates, flow, random));
  let sum = 0;
  for (const weight of shares) sum += weight;
  return shares.map((weight) => weight / sum);
}

function weightOf(rates: FlowRates, flow: number, random: Random): number {
  if (rates.kind === 'uniform') return 1 + (rates.ratio - 1) * random.unit();
  return rates.kind === 'zipf' ? (flow + 1) ** -rates.exponent : 1;
}
