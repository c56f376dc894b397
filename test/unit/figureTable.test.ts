import { describe, expect, it } from 'vitest';
import { everyStreamIs, type OrderedStreams } from '../../src/result/briefStreams.js';
import { buildStream } from '../../src/result/build.js';
import { Figure, type Figures, figuresOf, metricsOf, noFigures } from '../../src/result/figures.js';
import { FigureTable } from '../../src/result/figureTable.js';
import { TIME_FIGURES } from '../../src/result/streamFigures.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { measurement, snapshot } from './resultFixture.js';

const LOST = Figure.packets_lost;
const JITTER = Figure.jitter_ns;

function row(lost: number, jitterNs: number, dscp: Figures['dscp'] = null): Figures {
  const values = noFigures();
  values[LOST] = lost;
  values[JITTER] = jitterNs;
  return { values, dscp };
}

/** Only jitter of their times. */
function timesOf(jitterNs: readonly number[]): Float64Array {
  return Float64Array.from(jitterNs.flatMap((of) => TIME_FIGURES.map((figure) => (figure === JITTER ? of : NaN))));
}

/** More than it begins with room for. */
const ROWS = 150;

function tableOf(values: (i: number) => Figures): { readonly table: FigureTable; readonly rows: number[] } {
  const table = new FigureTable();
  return { table, rows: Array.from({ length: ROWS }, (_, i) => table.add(values(i))) };
}

describe('a table of figures', () => {
  it('keeps what it was given, however much comes behind it', () => {
    const { table, rows } = tableOf((i) => row(i, i % 3 === 0 ? NaN : i / 8));
    expect(rows).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    expect(table.column(LOST, table.together([149, 0, 64]))).toEqual([149, 0, 64]);
    expect(table.column(JITTER, table.together([1, 3, 149]))).toEqual([1 / 8, null, 149 / 8]);
    expect(table.value(63, LOST)).toBe(63);
  });

  it('knows what is the same in all rows, and that what is not measured is the same as that', () => {
    const { table, rows } = tableOf((i) => row(7, i === 40 ? 1 : NaN));
    expect(table.isSame(LOST, table.together(rows))).toBe(true);
    expect(table.isSame(JITTER, table.together(rows))).toBe(false);
    const others = rows.filter((one) => one !== 40);
    expect(table.isSame(JITTER, table.together(others))).toBe(true);
    expect(table.isSame(JITTER, table.together([40, 41]))).toBe(false);
  });

  it('makes one of several by each rule, of those in which it was measured', () => {
    const { table, rows } = tableOf((i) => row(i, i % 2 === 0 ? NaN : i));
    expect(table.merged(LOST, 'sum', table.together(rows))).toEqual({ value: (ROWS * (ROWS - 1)) / 2, missing: 0 });
    expect(table.merged(JITTER, 'min', table.together(rows))).toEqual({ value: 1, missing: ROWS / 2 });
    expect(table.merged(JITTER, 'max', table.together(rows))).toEqual({ value: ROWS - 1, missing: ROWS / 2 });
    expect(table.merged(Figure.ttl_min, 'min', table.together(rows))).toEqual({ value: NaN, missing: ROWS });
  });
});

/** Two rows of their own, and runs of 1, 2 and 3 that differ in their jitter alone. */
function mixed(): { readonly table: FigureTable; readonly all: number[] } {
  const table = new FigureTable();
  const own = [row(1, 5), row(2, NaN)].map((values) => table.add(values));
  const jitterNs = [0, 1, 2, 3, NaN, 5];
  const runs = [
    { first: 0, count: 1, figures: row(7, 0) },
    { first: 1, count: 2, figures: row(8, 1, { 46: 3 }) },
    { first: 3, count: 3, figures: row(NaN, 3) },
  ];
  const start = table.addAlike({ runs, times: timesOf(jitterNs) });
  return { table, all: [...own, ...jitterNs.map((_, i) => start + i)] };
}

describe('rows of which the same was counted', () => {
  it('are looked at once, in whatever order', () => {
    const { table, all } = mixed();
    expect(table.together(all)).toEqual({ rows: all, leads: [0, 1, 2, 3, 4], repeats: [1, 1, 1, 2, 3] });
    expect(table.together([7, 3, 6, 4])).toEqual({ rows: [7, 3, 6, 4], leads: [4, 3, 4, 3], repeats: [1, 1, 1, 1] });
  });

  it('count each, and are told each', () => {
    const { table, all } = mixed();
    const together = table.together(all);
    expect(table.merged(LOST, 'sum', together)).toEqual({ value: 1 + 2 + 7 + 8 + 8, missing: 3 });
    expect(table.merged(LOST, 'max', together)).toEqual({ value: 8, missing: 3 });
    expect(table.merged(JITTER, 'sum', together)).toEqual({ value: 5 + 0 + 1 + 2 + 3 + 5, missing: 2 });
    expect(table.column(LOST, together)).toEqual([1, 2, 7, 8, 8, null, null, null]);
    expect(table.column(JITTER, together)).toEqual([5, null, 0, 1, 2, 3, null, 5]);
    expect(all.map((one) => table.value(one, LOST))).toEqual([1, 2, 7, 8, 8, NaN, NaN, NaN]);
    expect(together.leads.map((lead) => table.dscp(lead))).toEqual([null, null, null, { 46: 3 }, null]);
    expect(table.isSame(LOST, table.together([3, 4]))).toBe(true);
    expect(table.isSame(JITTER, table.together([3, 4]))).toBe(false);
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
