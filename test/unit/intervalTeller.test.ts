/** Rows of the intervals of more streams than are in detail. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { readOptionObject } from '../../src/profile/optionObject.js';
import { everyStream } from '../../src/result/briefStreams.js';
import type { IntervalRow } from '../../src/result/interval.js';
import { IntervalSums } from '../../src/result/intervalOthers.js';
import type { RunResult } from '../../src/result/model.js';
import { startAnalysis } from '../../src/runtime/analysisRun.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { inFolder, type Datagram } from '../interop/captures.js';
import { pcapOf, probe } from '../probeCapture.js';
import { counters } from './resultFixture.js';

type Interval = Extract<RunMessage, { readonly type: 'interval' }>;
const FLOWS = 40;
const DETAIL = 6;

/** Ten datagrams of each flow, 10 ms apart; `lost`: numbers of a flow that are left out. */
function datagrams(lost: (flow: number, number: number) => boolean): Datagram[] {
  const made: Datagram[] = [];
  for (let number = 0; number < 10; number++) {
    for (let flow = 0; flow < FLOWS; flow++) {
      if (lost(flow, number)) continue;
      made.push(probe(number, number * 10e6 + flow * 1e5, 1000, { header: { flow } }));
    }
  }
  return made;
}

async function told(
  made: readonly Datagram[],
  detail: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ intervals: Interval[]; result: RunResult }> {
  return inFolder(async (folder) => {
    const path = join(folder, 'flows.pcap');
    writeFileSync(path, pcapOf(made));
    const options = { detail, interval: '20ms', reorderWindow: '5ms', ...more };
    const { plan, output } = planAnalyze([path], readOptionObject('analyze', options), planContext([]));
    const intervals: Interval[] = [];
    const result = await startAnalysis(plan, output, (message) => {
      if (message.type === 'interval') intervals.push(message);
    }).finished;
    return { intervals, result };
  });
}

const lossOf = (flow: number, number: number): boolean => flow >= 30 && flow < 33 && number % 3 === 1;

describe('intervals of more streams than are in detail', () => {
  it('have a row for each that lost something, and for no more than are in detail', async () => {
    const { intervals } = await told(datagrams(lossOf), DETAIL);
    expect(intervals.length).toBeGreaterThan(4);
    let losses = 0;
    for (const { rows, others } of intervals) {
      expect(rows.length).toBeLessThanOrEqual(DETAIL);
      if (rows.length === 0) continue;
      expect(rows.length + others!.streams).toBe(FLOWS);
      losses += rows.reduce((sum, row) => sum + row.packets_lost!, 0);
      expect(others!.packets_lost).toBe(0);
      expect(others!.loss_ratio).toBe(0);
      const flows = rows.map(({ flow }) => Number(flow));
      expect(flows).toEqual(flows.toSorted((a, b) => a - b));
    }
    expect(losses).toBe(9);
  });

  it('add up to the result with those that have no row', async () => {
    const { intervals, result } = await told(
      datagrams((flow, number) => lossOf(flow, number) || flow === number),
      DETAIL,
    );
    const sums = ['packets_received', 'packets_expected', 'packets_lost', 'octets_received', 'loss_network'] as const;
    for (const id of sums) {
      const all = intervals.flatMap(({ rows, others }) => [...rows, ...(others === null ? [] : [others])]);
      // Of a capture the cause of losses is not known.
      if (id === 'loss_network') expect(all.every((row) => row[id] === null)).toBe(true);
      else expect(all.reduce((sum, row) => sum + row[id]!, 0)).toBe(result.aggregate!.metrics[id]);
    }
    expect(everyStream(result)).toHaveLength(FLOWS);
  });

  it('are all judged by limits on every interval, with a row or without', async () => {
    const { intervals, result } = await told(
      datagrams(() => false),
      DETAIL,
      { maxEach: ['packets_received=1'] },
    );
    expect(intervals.every(({ rows }) => rows.length <= DETAIL)).toBe(true);
    const judged = result.limits.filter((limit) => limit.intervals !== undefined);
    expect(new Set(judged.map(({ stream }) => stream)).size).toBe(FLOWS);
    expect(judged.map(({ value, ok }) => [value, ok])).toEqual(Array(FLOWS).fill([2, false]));
  });

  it('have all rows, and no others, where there are no more', async () => {
    const { intervals } = await told(datagrams(lossOf), FLOWS);
    const busy = intervals.filter(({ rows }) => rows.length > 0);
    for (const { rows, others } of busy) {
      expect(rows.map(({ flow }) => Number(flow))).toEqual([...Array(FLOWS).keys()]);
      expect(others).toBeNull();
    }
    expect(busy.length).toBeGreaterThan(4);
  });
});

describe('streams without a row', () => {
  const packets = { unit: 'packet', tellsNeverSent: true, countsDrops: true } as const;
  const row = counters({
    PacketsReceived: 8,
    Received: 8,
    Expected: 10,
    Lost: 2,
    LossNetwork: 2,
    OctetsReceived: 800,
    NeverSent: 3,
  });

  it('are added up, each figure over those that have it', () => {
    const sums = new IntervalSums();
    sums.add(row, 0, 1, packets);
    sums.add(row, 0, 0, packets);
    sums.add(counters({ PacketsReceived: 5, Received: 50, Expected: 52, Lost: 2, OctetsReceived: 500 }), 0, 4, {
      ...packets,
      unit: 'message',
      tellsNeverSent: false,
    });
    sums.add(counters({ PacketsReceived: 7, OctetsReceived: 70 }), 0, 0, {
      ...packets,
      unit: 'none',
      tellsNeverSent: false,
    });
    expect(sums.build(2e9)).toEqual({
      streams: 4,
      packets_received: 28,
      packets_expected: 20,
      packets_lost: 4,
      packets_duplicated: 0,
      packets_reordered: 0,
      packets_late: 0,
      packets_pending: 5,
      never_sent: 6,
      loss_network: 4,
      loss_socket_buffer: 0,
      loss_application: 0,
      loss_ratio: 6 / (66 + 6),
      octets_received: 2170,
      rate_bit_per_second: 2170 * 4,
    } satisfies Partial<IntervalRow> & { streams: number });
  });

  it('are what is left of all when those with a row are taken out', () => {
    const numberless = { unit: 'none', tellsNeverSent: false, countsDrops: true } as const;
    const other = counters({ PacketsReceived: 5, Received: 4, Expected: 9, Lost: 5, LossPeriods: 2, Markers: 1 });
    const all = new IntervalSums();
    const both = row.map((value, i) => value + other[i]!);
    all.add(both, 0, 3, packets, 2);
    all.add(row, 0, 0, numberless, 1);
    all.remove(row, 0, 2, packets);
    all.remove(row, 0, 0, numberless);
    const left = new IntervalSums();
    left.add(other, 0, 1, packets);
    expect(all.build(1e9)).toEqual(left.build(1e9));
    all.remove(other, 0, 1, packets);
    expect(all.build(1e9)).toBeNull();
  });

  it('have null where none of them has the figure', () => {
    const sums = new IntervalSums();
    sums.add(counters({ PacketsReceived: 7 }), 0, 0, { unit: 'none', tellsNeverSent: false, countsDrops: true });
    expect(sums.build(1e9)).toMatchObject({
      packets_received: 7,
      packets_lost: null,
      loss_ratio: null,
      never_sent: null,
    });
    expect(new IntervalSums().build(1e9)).toBeNull();
  });
});
