import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamCounter } from '../../src/metrics/counters.js';
import { IntervalChoice } from '../../src/result/intervalChoice.js';

const COLUMNS = {
  Lost: StreamCounter.Lost,
  PacketsLate: StreamCounter.PacketsLate,
  PacketsDuplicated: StreamCounter.PacketsDuplicated,
  PacketsReordered: StreamCounter.PacketsReordered,
  NeverSent: StreamCounter.NeverSent,
  PacketsReceived: StreamCounter.PacketsReceived,
} as const;
type Row = Readonly<Record<keyof typeof COLUMNS, number>>;

/** How a row ranks, highest figures first. */
function rankOf(row: Row): readonly [number, number] {
  if (row.Lost > 0) return [2, row.Lost];
  const faults = row.PacketsLate + row.PacketsDuplicated + row.PacketsReordered + row.NeverSent;
  return faults > 0 ? [1, faults] : [0, row.PacketsReceived];
}

function expected(rows: readonly Row[], room: number): number[] {
  const ranked = rows.map((row, index) => ({ index, rank: rankOf(row) }));
  const sorted = ranked.toSorted((a, b) => b.rank[0] - a.rank[0] || b.rank[1] - a.rank[1] || a.index - b.index);
  return sorted
    .slice(0, room)
    .map(({ index }) => index)
    .toSorted((a, b) => a - b);
}

test('of many rows the worst are chosen, then the busiest, of equal ones the first', () => {
  const row = fc.record({
    Lost: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    PacketsLate: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
    PacketsDuplicated: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
    PacketsReordered: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
    NeverSent: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
    PacketsReceived: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.nat(20), (rows, room) => {
      const counters = new Float64Array(rows.length * StreamCounter.Count);
      for (const [index, one] of rows.entries()) {
        for (const [name, column] of Object.entries(COLUMNS)) {
          counters[index * StreamCounter.Count + column] = one[name as keyof Row];
        }
      }
      const choice = new IntervalChoice(room, rows.length);
      for (const index of rows.keys()) choice.offer(counters, index);
      expect([...choice.rows()]).toEqual(expected(rows, room));
    }),
    { numRuns: 500 },
  );
});
