/**
 * Slow and obvious transcription of what the burst meter computes, over one stream's datagrams in order of arrival.
 * O(n^2); nothing is shared with the product.
 */

export interface BurstArrival {
  readonly ns: number;
  /** UDP payload. */
  readonly octets: number;
}

export interface PeakFigures {
  readonly octets: number;
  readonly datagrams: number;
  readonly atNs: number;
}

/** Stamps that never go back: each is the latest one so far. */
export function monotoneOracle(arrivals: readonly BurstArrival[]): BurstArrival[] {
  return arrivals.map(({ octets }, i) => ({ ns: Math.max(...arrivals.slice(0, i + 1).map(({ ns }) => ns)), octets }));
}

/** What lies in (t - w, t]. */
function inside(arrivals: readonly BurstArrival[], atNs: number, widthNs: number): BurstArrival[] {
  return arrivals.filter(({ ns }) => ns > atNs - widthNs && ns <= atNs);
}

function sum(arrivals: readonly BurstArrival[]): number {
  return arrivals.reduce((total, { octets }) => total + octets, 0);
}

/** Most octets, most datagrams, and the first time of most octets, over windows that end with any arrival. `arrivals` are monotone. */
export function peakOracle(arrivals: readonly BurstArrival[], widthNs: number): PeakFigures {
  const positions = arrivals.map(({ ns }) => ({ ns, within: inside(arrivals, ns, widthNs) }));
  const octets = Math.max(...positions.map(({ within }) => sum(within)));
  return {
    octets,
    datagrams: Math.max(...positions.map(({ within }) => within.length)),
    atNs: positions.find(({ within }) => sum(within) === octets)!.ns,
  };
}

export interface BurstFigures {
  readonly startNs: number;
  readonly endNs: number;
  readonly octets: number;
  readonly datagrams: number;
}

/** The largest positions that do not overlap, in order of time, as the meter picks them; `most` of them. */
export function largestOracle(arrivals: readonly BurstArrival[], widthNs: number, most: number): BurstFigures[] {
  const picked: BurstFigures[] = [];
  for (const endNs of new Set(arrivals.map(({ ns }) => ns))) {
    const within = inside(arrivals, endNs, widthNs);
    const position = { startNs: within[0]!.ns, endNs, octets: sum(within), datagrams: within.length };
    const held = picked.at(-1);
    if (held === undefined || endNs - held.endNs >= widthNs) picked.push(position);
    else if (position.octets > held.octets) picked[picked.length - 1] = position;
  }
  return picked.toSorted((a, b) => b.octets - a.octets || a.startNs - b.startNs).slice(0, most);
}

/**
 * Backlog behind each arrival, octets: from whichever arrival on the link was last never idle, what has come since then
 * less what has left. A wrong guess of that arrival gives less, so the largest is the true one (Lindley's recursion,
 * unrolled). `arrivals` are monotone.
 */
export function backlogOracle(arrivals: readonly BurstArrival[], octetsPerNs: number): number[] {
  return arrivals.map(({ ns }, last) => {
    let most = 0;
    let came = 0;
    for (let first = last; first >= 0; first--) {
      came += arrivals[first]!.octets;
      most = Math.max(most, came - (ns - arrivals[first]!.ns) * octetsPerNs);
    }
    return most;
  });
}

/** The smallest value that a share of all do not exceed. */
export function percentileOf(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)]!;
}
