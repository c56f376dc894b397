/**
 * Columns of a stream's counter row: plain sums since the stream began, so that an interval is the
 * difference of two copies of the row and receivers merge by addition. Definitions and clauses:
 * `metrics/catalog.ts`.
 */
export const StreamCounter = {
  /** Distinct datagrams with data (markers are none). */
  PacketsReceived: 0,
  PacketsDuplicated: 1,
  /** Came after they were declared lost. */
  PacketsLate: 2,
  PacketsReordered: 3,
  /** UDP payload octets of all arrivals that carry data, further copies included. */
  OctetsReceived: 4,
  /** Sequence units (packets or messages) that are expected: sent by the sender as far as heard, from the first expected. */
  Expected: 5,
  /** Sequence units received once. Equals PacketsReceived where the unit is the packet. */
  Received: 6,
  Lost: 7,
  LossNetwork: 8,
  LossSocketBuffer: 9,
  LossApplication: 10,
  /** Gaps that the sender owned up to: not expected, not lost. */
  NeverSent: 11,
  /** Further copies of sequence units. */
  Duplicated: 12,
  Reordered: 13,
  /** Markers and heartbeats: arrivals without data. */
  Markers: 14,
  /** RFC 3357: loss periods begun. */
  LossPeriods: 15,
  /** Arrivals whose stamp is another segment's (SlotFlag.TimeShared). */
  SharedTime: 16,
  /** Arrivals without a kernel stamp. */
  UserTime: 17,
  /** Sequence units that came after they were declared lost. */
  Late: 18,
  Count: 19,
} as const;

/** One row of {@link StreamCounter} per stream in one growing Float64Array. */
export class StreamCounters {
  /** `values[stream * StreamCounter.Count + column]`. Replaced when it grows: read it anew per batch. */
  values = new Float64Array(16 * StreamCounter.Count);

  ensure(streams: number): void {
    const wanted = streams * StreamCounter.Count;
    if (wanted <= this.values.length) return;
    const grown = new Float64Array(Math.max(wanted, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }

  /** Of all streams. */
  total(column: number): number {
    let sum = 0;
    for (let at = column; at < this.values.length; at += StreamCounter.Count) sum += this.values[at]!;
    return sum;
  }

  row(stream: number): Float64Array {
    return this.values.slice(stream * StreamCounter.Count, (stream + 1) * StreamCounter.Count);
  }
}
