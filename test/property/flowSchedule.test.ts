import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FlowRates } from '../../src/feed/flowRates.js';
import { FlowSchedule, type FlowScheduleOptions } from '../../src/feed/flowSchedule.js';
import type { Pattern } from '../../src/feed/schedule.js';

const SECOND = 1e9;

interface Due {
  readonly flow: number;
  readonly ns: number;
}

function schedule(change: Partial<FlowScheduleOptions> = {}): FlowSchedule {
  return new FlowSchedule({
    pattern: { kind: 'cbr' },
    flowRates: { kind: 'equal' },
    flows: 10,
    packetsPerSecond: 1000,
    count: null,
    startMonoNs: 0,
    seed: 1,
    ...change,
  });
}

/** The next ones up to a time, in portions of `room`. */
function take(from: FlowSchedule, untilNs: number, room = 64): Due[] {
  const slots = { dueMonoNs: new Float64Array(room), flow: new Uint32Array(room) };
  const all: Due[] = [];
  from.untilNs = untilNs;
  for (let made = room; made === room;) {
    made = from.takeRun(slots, 0, room);
    for (let i = 0; i < made; i++) all.push({ flow: slots.flow[i]!, ns: slots.dueMonoNs[i]! });
  }
  return all;
}

const timesOf = (all: readonly Due[], flow: number): number[] =>
  all.filter((due) => due.flow === flow).map(({ ns }) => ns);
const gapsOf = (times: readonly number[]): number[] => times.slice(1).map((ns, i) => ns - times[i]!);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const patterns: fc.Arbitrary<Pattern> = fc.oneof(
  fc.constant<Pattern>({ kind: 'cbr' }),
  fc.constant<Pattern>({ kind: 'poisson' }),
  fc.record({
    kind: fc.constant('burst' as const),
    datagrams: fc.integer({ min: 1, max: 5 }),
    periodNs: fc.integer({ min: 1e5, max: 1e8 }),
  }),
  fc.record({
    kind: fc.constant('telemetry' as const),
    jitter: fc.constantFrom(0, 0.1, 1),
    alarms: fc.constantFrom(0, 0.3, 1),
    burst: fc.integer({ min: 1, max: 4 }),
  }),
);
const rates: fc.Arbitrary<FlowRates> = fc.oneof(
  fc.constant<FlowRates>({ kind: 'equal' }),
  fc.record({ kind: fc.constant('uniform' as const), ratio: fc.double({ min: 1, max: 50, noNaN: true }) }),
  fc.record({ kind: fc.constant('zipf' as const), exponent: fc.double({ min: 0, max: 2, noNaN: true }) }),
);

describe('flows that send by themselves', () => {
  test('at one rate: each once a period, from a phase of its own that is somewhere in it', () => {
    const all = take(schedule({ flows: 50, packetsPerSecond: 500, startMonoNs: 7 * SECOND }), 27 * SECOND - 1);
    const phases: number[] = [];
    for (let flow = 0; flow < 50; flow++) {
      const times = timesOf(all, flow);
      expect(times).toHaveLength(200);
      const [first] = times;
      // Ten a second each, by the first one's time and not by the last one's.
      for (const [k, ns] of times.entries()) expect(Math.abs(ns - first! - k * 1e8)).toBeLessThanOrEqual(1);
      phases.push(first! - 7 * SECOND);
    }
    expect(Math.min(...phases)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...phases)).toBeLessThan(1e8);
    expect(new Set(phases).size).toBe(50);
    expect(Math.abs(mean(phases) / 1e8 - 0.5)).toBeLessThan(0.15);
  });

  test('with the rates of a Zipf distribution', () => {
    const all = take(
      schedule({ flows: 8, packetsPerSecond: 1000, flowRates: { kind: 'zipf', exponent: 1 } }),
      40 * SECOND,
    );
    const sum = [1, 2, 3, 4, 5, 6, 7, 8].reduce((total, k) => total + 1 / k, 0);
    for (let flow = 0; flow < 8; flow++) {
      const expected = (40 * 1000) / (flow + 1) / sum;
      expect(Math.abs(timesOf(all, flow).length - expected)).toBeLessThanOrEqual(1);
    }
  });

  test('with rates that are spread evenly', () => {
    const all = take(
      schedule({ flows: 300, packetsPerSecond: 30_000, flowRates: { kind: 'uniform', ratio: 5 } }),
      10 * SECOND,
    );
    const perFlow = Array.from({ length: 300 }, (_, flow) => timesOf(all, flow).length);
    const [least, most] = [Math.min(...perFlow), Math.max(...perFlow)];
    expect(most / least).toBeGreaterThan(4.5);
    expect(most / least).toBeLessThan(5.1);
    expect(Math.abs(mean(perFlow) / 1000 - 1)).toBeLessThan(0.01);
    expect(perFlow.toSorted((a, b) => a - b)[150]! / mean(perFlow)).toBeGreaterThan(0.9);
  });

  test('in bursts: so many of one flow at a time', () => {
    const all = take(schedule({ flows: 4, pattern: { kind: 'burst', datagrams: 3, periodNs: 1e7 } }), 4 * SECOND);
    for (let flow = 0; flow < 4; flow++) {
      const gaps = gapsOf(timesOf(all, flow));
      // 300 datagrams/s of all, 25 bursts/s of each.
      for (const [i, gap] of gaps.entries()) expect(Math.abs(gap - (i % 3 === 2 ? 4e7 : 0))).toBeLessThanOrEqual(1);
    }
  });

  test('at random: gaps of each are exponential', () => {
    const all = take(schedule({ flows: 3, packetsPerSecond: 3000, pattern: { kind: 'poisson' } }), 30 * SECOND);
    for (let flow = 0; flow < 3; flow++) {
      const gaps = gapsOf(timesOf(all, flow));
      const variance = mean(gaps.map((gap) => (gap - 1e6) ** 2));
      expect(Math.abs(mean(gaps) / 1e6 - 1)).toBeLessThan(0.03);
      expect(Math.abs(Math.sqrt(variance) / 1e6 - 1)).toBeLessThan(0.05);
    }
  });

  test('as telemetry: a report in each period, later by part of the jitter, and some alarms', () => {
    const pattern = { kind: 'telemetry', jitter: 0.25, alarms: 0.1, burst: 6 } as const;
    // 160 datagrams/s on average are 100 reports/s of all, one of each of 10 in 100 ms.
    const all = take(schedule({ pattern, packetsPerSecond: 160 }), 200 * SECOND);
    let alarms = 0;
    for (let flow = 0; flow < 10; flow++) {
      const times = timesOf(all, flow);
      const reports = [...new Set(times)];
      expect(Math.abs(reports.length - 2000)).toBeLessThanOrEqual(1);
      const offsets = reports.map((ns, k) => ns - k * 1e8);
      // Never further apart than the jitter: nothing adds up.
      expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(0.25e8 + 1);
      expect(Math.max(...offsets) - Math.min(...offsets)).toBeGreaterThan(0.24e8);
      for (const ns of reports) {
        const datagrams = times.filter((other) => other === ns).length;
        expect([1, 7]).toContain(datagrams);
        if (datagrams > 1) alarms++;
      }
    }
    expect(Math.abs(alarms / 20_000 - 0.1)).toBeLessThan(0.01);
  });
});

describe('whatever the pattern and the rates', () => {
  const options = fc.record({
    pattern: patterns,
    flowRates: rates,
    flows: fc.integer({ min: 1, max: 40 }),
    packetsPerSecond: fc.integer({ min: 10, max: 20_000 }),
    seed: fc.nat(1000),
    startMonoNs: fc.constantFrom(0, 12_345, 5 * SECOND),
  });

  test('datagrams come in order of their time, at the mean rate, in any portions alike', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 7 }), (chosen, room) => {
        const one = schedule({ ...chosen, count: 500 });
        const all = take(one, Infinity);
        expect(all).toHaveLength(500);
        expect(one.index).toBe(500);
        for (const [i, { ns, flow }] of all.entries()) {
          expect(Number.isInteger(ns) && ns >= chosen.startMonoNs).toBe(true);
          if (i > 0) expect(ns > all[i - 1]!.ns || (ns === all[i - 1]!.ns && flow >= all[i - 1]!.flow)).toBe(true);
        }
        const other = schedule({ ...chosen, count: 500 });
        const portions: Due[] = [];
        for (const { ns } of all) portions.push(...take(other, ns, room));
        expect(portions).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });

  test('a skip passes over exactly what is due earlier, tells of whom, and the rest keeps its times', () => {
    fc.assert(
      fc.property(options, fc.nat(300), (chosen, at) => {
        const whole = take(schedule({ ...chosen, count: 400 }), Infinity);
        for (const untilNs of [whole[at]!.ns, whole[at]!.ns + 1]) {
          const one = schedule({ ...chosen, count: 400 });
          const begun = take(one, whole[5]!.ns);
          const told: number[] = [];
          const skipped = one.skip(untilNs, { skipOne: (flow) => void told.push(flow) });
          const passed = whole.slice(begun.length).filter(({ ns }) => ns < untilNs);
          expect(told).toEqual(passed.map(({ flow }) => flow));
          expect(skipped).toBe(passed.length);
          expect(take(one, Infinity)).toEqual(whole.slice(begun.length + passed.length));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('another beginning moves all by as much, and the seed alone decides', () => {
    fc.assert(
      fc.property(options, (chosen) => {
        const whole = take(schedule({ ...chosen, count: 100 }), Infinity);
        const moved = schedule({ ...chosen, count: 100 });
        moved.restart(chosen.startMonoNs + 987_654_321);
        expect(moved.dueNs).toBe(whole[0]!.ns + 987_654_321);
        expect(take(moved, Infinity)).toEqual(whole.map(({ flow, ns }) => ({ flow, ns: ns + 987_654_321 })));
        expect(take(schedule({ ...chosen, count: 100, seed: chosen.seed + 1 }), Infinity)).not.toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});
