/** What one tap saw of a datagram, in order of arrival. */
export interface Seen {
  readonly run: number;
  readonly flow: number;
  readonly group: string;
  readonly port: number;
  readonly sequence: bigint;
  /** A marker carries no data: `sequence` is the number to come next. */
  readonly marker: 'start' | 'end' | null;
  /** Unix ns. */
  readonly timeNs: bigint;
}

export interface ExpectedTapStream {
  readonly matched: number;
  readonly lost: readonly bigint[];
  readonly onlySecond: number;
  readonly reordered: number;
  readonly outside: readonly [first: number, second: number];
  readonly duplicated: readonly [first: number, second: number];
  /** In order of sequence number. */
  readonly delaysNs: readonly number[];
}

export function keyOf(seen: Pick<Seen, 'run' | 'flow' | 'group' | 'port'>): string {
  return `${seen.run} ${seen.flow} ${seen.group} ${seen.port}`;
}

/**
 * The comparison as its definition reads: sets of numbers, and for order every pair (RFC 4737 section 3:
 * a datagram is reordered when one that was sent, here seen by the first tap, after it came before it).
 * Numbers must not wrap.
 */
export function compareTaps(first: readonly Seen[], second: readonly Seen[]): Map<string, ExpectedTapStream> {
  const result = new Map<string, ExpectedTapStream>();
  for (const key of new Set([...first, ...second].map(keyOf))) {
    const at = [first, second].map((tap) => tap.filter((seen) => keyOf(seen) === key)) as [Seen[], Seen[]];
    const data = at.map((tap) => tap.filter(({ marker }) => marker === null)) as [Seen[], Seen[]];
    const copies = data.map((tap) =>
      tap.filter((seen, i) => tap.findIndex((one) => one.sequence === seen.sequence) === i),
    );
    const [one, two] = copies as [Seen[], Seen[]];
    const covers = (tap: readonly Seen[], number: bigint): boolean => {
      const reach = tap.map(({ sequence, marker }) => (marker === null ? sequence + 1n : sequence));
      return tap.some(({ sequence }) => sequence <= number) && reach.some((end) => end > number);
    };
    const sees = (tap: readonly Seen[], number: bigint): boolean => tap.some(({ sequence }) => sequence === number);
    const both = two.filter(({ sequence }) => sees(one, sequence));
    const rank = (number: bigint): number => one.findIndex(({ sequence }) => sequence === number);
    const missing = one.filter(({ sequence }) => !sees(two, sequence));
    const extra = two.filter(({ sequence }) => !sees(one, sequence));
    const inNumber = both.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
    result.set(key, {
      matched: both.length,
      lost: missing
        .map(({ sequence }) => sequence)
        .filter((number) => covers(at[1], number))
        .toSorted((a, b) => (a < b ? -1 : 1)),
      onlySecond: extra.filter(({ sequence }) => covers(at[0], sequence)).length,
      reordered: both.filter((seen, i) =>
        both.slice(0, i).some((before) => rank(before.sequence) > rank(seen.sequence)),
      ).length,
      outside: [
        missing.filter(({ sequence }) => !covers(at[1], sequence)).length,
        extra.filter(({ sequence }) => !covers(at[0], sequence)).length,
      ],
      duplicated: [data[0].length - one.length, data[1].length - two.length],
      delaysNs: inNumber.map(({ sequence, timeNs }) => Number(timeNs - one[rank(sequence)]!.timeNs)),
    });
  }
  return result;
}
