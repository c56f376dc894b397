import { describe, expect, it } from 'vitest';
import { everyStreamIs, type OrderedStreams } from '../../src/result/briefStreams.js';
import { buildStream } from '../../src/result/build.js';
import { Figure, figuresOf, metricsOf, noFigures } from '../../src/result/figures.js';
import { FigureTable } from '../../src/result/figureTable.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { measurement, snapshot } from './resultFixture.js';

const LOST = Figure.packets_lost;
const JITTER = Figure.jitter_ns;

function row(lost: number, jitterNs: number): number[] {
  const values = noFigures();
  values[LOST] = lost;
  values[JITTER] = jitterNs;
  return values;
}

/** More than it begins with room for. */
const ROWS = 150;

function tableOf(values: (i: number) => number[]): { readonly table: FigureTable; readonly rows: number[] } {
  const table = new FigureTable();
  return { table, rows: Array.from({ length: ROWS }, (_, i) => table.add(values(i))) };
}

describe('a table of figures', () => {
  it('keeps what it was given, however much comes behind it', () => {
    const { table, rows } = tableOf((i) => row(i, i % 3 === 0 ? NaN : i / 8));
    expect(rows).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    expect(table.column(LOST, [149, 0, 64])).toEqual([149, 0, 64]);
    expect(table.column(JITTER, [1, 3, 149])).toEqual([1 / 8, null, 149 / 8]);
    expect(table.value(63, LOST)).toBe(63);
  });

  it('knows what is the same in all rows, and that what is not measured is the same as that', () => {
    const { table, rows } = tableOf((i) => row(7, i === 40 ? 1 : NaN));
    expect(table.isSame(LOST, rows)).toBe(true);
    expect(table.isSame(JITTER, rows)).toBe(false);
    const others = rows.filter((one) => one !== 40);
    expect(table.isSame(JITTER, others)).toBe(true);
    expect(table.isSame(JITTER, [40, 41])).toBe(false);
  });

  it('makes one of several by each rule, of those in which it was measured', () => {
    const { table, rows } = tableOf((i) => row(i, i % 2 === 0 ? NaN : i));
    expect(table.merged(LOST, 'sum', rows)).toEqual({ value: (ROWS * (ROWS - 1)) / 2, missing: 0 });
    expect(table.merged(JITTER, 'min', rows)).toEqual({ value: 1, missing: ROWS / 2 });
    expect(table.merged(JITTER, 'max', rows)).toEqual({ value: ROWS - 1, missing: ROWS / 2 });
    expect(table.merged(Figure.ttl_min, 'min', rows)).toEqual({ value: NaN, missing: ROWS });
  });
});

describe('streams', () => {
  const streams = Array.from({ length: 5 }, (_, i) => buildStream(snapshot({ flow: String(i) }), measurement(), null));

  it('have the same metrics as numbers and as an object', () => {
    for (const { metrics } of streams) expect(metricsOf(figuresOf(metrics))).toEqual(metrics);
  });

  it('are asked one by one, in columns or not, until one is not as it should be', () => {
    const ordered: OrderedStreams = orderStreams(streams, 2);
    const seen: (string | null)[] = [];
    const look = (last: string) =>
      everyStreamIs(ordered, ['flow', 'group'], ({ flow, group }) => {
        expect(group).toBe('239.1.1.1');
        seen.push(flow);
        return flow !== last;
      });
    expect(look('none')).toBe(true);
    expect(seen).toEqual(['0', '1', '2', '3', '4']);
    expect(look('3')).toBe(false);
    expect(seen).toEqual(['0', '1', '2', '3', '4', '0', '1', '2', '3']);
    // What all of those in columns have is asked once.
    let asked = 0;
    expect(everyStreamIs(ordered, ['group'], () => ++asked > 0)).toBe(true);
    expect(asked).toBe(3);
  });
});
