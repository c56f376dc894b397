/** Sizes of datagrams that are not all alike. */

/** Octets of a size, and how many of a cycle have it. */
export interface SizeShare {
  readonly octets: number;
  readonly share: number;
}

/** Datagrams of a cycle, at most. */
export const MOST_SIZES = 1000;

/**
 * The sizes of one cycle in the order in which they are sent: each as evenly spread as its share allows, so that a stretch
 * of any length has nearly the shares of the whole. Shares are whole and at least 1.
 */
export function sizeCycle(shares: readonly SizeShare[]): number[] {
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  const credits = shares.map(() => 0);
  return Array.from({ length: total }, () => {
    let next = 0;
    for (const [i, { share }] of shares.entries()) {
      credits[i]! += share;
      if (credits[i]! > credits[next]!) next = i;
    }
    credits[next]! -= total;
    return shares[next]!.octets;
  });
}

/** UDP payload octets of a datagram, on average. */
export function meanOctets(cycle: readonly number[]): number {
  return cycle.reduce((sum, octets) => sum + octets, 0) / cycle.length;
}
