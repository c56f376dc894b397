/** Columns of a flow's counter row. */
export const ImpairCounter = {
  Offered: 0,
  Lost: 1,
  Duplicated: 2,
  Reordered: 3,
  Delayed: 4,
  Corrupted: 5,
  Late: 6,
  StoreFull: 7,
  GivenUp: 8,
  Count: 9,
} as const;

/**
 * What impairment did, as a receiver will see it if nothing else happens on the way. Markers are not
 * counted.
 */
export interface ImpairStatistics {
  /** Datagrams taken in. */
  readonly offered: number;
  /** Of those, datagrams of which no intact copy left, or the first one behind the reorder window. */
  readonly lost: number;
  /** Intact copies that left behind the first intact one of their datagram. */
  readonly duplicated: number;
  /** First intact copies numbered below NextExp when they left (RFC 4737 section 3.3), whatever the cause. */
  readonly reordered: number;
  /** Copies that left later than they came, corrupted ones among them. */
  readonly delayed: number;
  /** Copies that left with a bit flipped. */
  readonly corrupted: number;
  /** Intact copies that left behind the reorder window of 65,536 numbers. Only with `beyond-window` or without a known rate. */
  readonly late: number;
  /** Lost because more was under way than there is room for. */
  readonly storeFull: number;
  /** Copies given up because the sender had fallen behind its schedule; lost when they were the last. */
  readonly givenUp: number;
}

/** The row of one flow, or without one the sum of all. */
export function impairStatistics(counters: Float64Array, flow?: number): ImpairStatistics {
  const sum = (column: number): number => {
    if (flow !== undefined) return counters[flow * ImpairCounter.Count + column]!;
    let total = 0;
    for (let i = column; i < counters.length; i += ImpairCounter.Count) total += counters[i]!;
    return total;
  };
  return {
    offered: sum(ImpairCounter.Offered),
    lost: sum(ImpairCounter.Lost),
    duplicated: sum(ImpairCounter.Duplicated),
    reordered: sum(ImpairCounter.Reordered),
    delayed: sum(ImpairCounter.Delayed),
    corrupted: sum(ImpairCounter.Corrupted),
    late: sum(ImpairCounter.Late),
    storeFull: sum(ImpairCounter.StoreFull),
    givenUp: sum(ImpairCounter.GivenUp),
  };
}
