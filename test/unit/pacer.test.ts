import { describe, expect, test } from 'vitest';
import { SendBatch, SendFlag } from '../../src/core/batch.js';
import { Pace, Pacer, type PacerOptions } from '../../src/pacing/pacer.js';
import { chooseQuantumNs, segmentsFor } from '../../src/pacing/quantum.js';

function pacer(change: Partial<PacerOptions> = {}): Pacer {
  return new Pacer({
    quantumNs: 0,
    spinNs: 50_000,
    maxLateNs: 10_000_000,
    mostPerCall: 1000,
    unpaced: false,
    ...change,
  });
}

function batchOf(...dueNs: number[]): SendBatch {
  const batch = new SendBatch(dueNs.length, 0);
  batch.count = dueNs.length;
  batch.dueMonoNs.set(dueNs);
  return batch;
}

describe('without a quantum', () => {
  test('waits until the spin begins, not a nanosecond longer or shorter', () => {
    const batch = batchOf(1_000_000, 1_000_010);
    const made = pacer();
    expect(made.plan(batch, 0, 949_999)).toBe(Pace.Wait);
    expect(made.waitUntilNs).toBe(950_000);
    expect(made.plan(batch, 0, 950_000)).toBe(Pace.Send);
    expect(made.to).toBe(1);
    expect(made.plan(batch, 1, 950_009)).toBe(Pace.Wait);
    expect(made.waitUntilNs).toBe(950_010);
  });

  test('those of one instant leave together, so does all that is overdue', () => {
    const batch = batchOf(1000, 1000, 1000, 1001, 2000, 2001);
    const made = pacer();
    expect(made.plan(batch, 0, 900)).toBe(Pace.Send);
    expect(made.to).toBe(3);
    expect(made.plan(batch, 0, 2000)).toBe(Pace.Send);
    expect(made.to).toBe(5);
    expect(pacer({ mostPerCall: 2 }).plan(batch, 0, 2000)).toBe(Pace.Send);
  });

  test('a call has its largest number of datagrams', () => {
    const made = pacer({ mostPerCall: 2 });
    made.plan(batchOf(1, 2, 3, 4), 1, 10);
    expect(made.to).toBe(3);
  });
});

describe('within a quantum', () => {
  const batch = batchOf(1_000_000, 1_010_000, 1_019_999, 1_020_000, 1_039_999);

  test('datagrams leave together when the last of them is due; one a whole quantum later is not among them', () => {
    const made = pacer({ quantumNs: 20_000 });
    expect(made.plan(batch, 0, 969_998)).toBe(Pace.Wait);
    expect(made.to).toBe(3);
    expect(made.waitUntilNs).toBe(969_999);
    expect(made.plan(batch, 0, 969_999)).toBe(Pace.Send);
    expect(made.to).toBe(3);
    made.plan(batch, 3, 969_999);
    expect(made.to).toBe(5);
    expect(made.waitUntilNs).toBe(989_999);
  });

  test('streams one after the other leave together, when the last of all of them is due', () => {
    const made = pacer({ quantumNs: 20_000 });
    const streams = batchOf(1_000_000, 1_019_000, 1_000_500, 1_018_000, 1_000_700);
    expect(made.plan(streams, 0, 968_999)).toBe(Pace.Wait);
    expect([made.to, made.waitUntilNs]).toEqual([5, 969_000]);
    expect(made.plan(streams, 0, 969_000)).toBe(Pace.Send);
    // The sink took one of them, and has room again when it is late.
    expect(made.plan(streams, 1, 1_030_000)).toBe(Pace.Send);
    expect(made.to).toBe(5);
  });

  test('the horizon of a fill is the quantum of its first, or the present', () => {
    expect(pacer({ quantumNs: 20_000 }).horizonNs(1000, 0)).toBe(20_999);
    expect(pacer({ quantumNs: 20_000 }).horizonNs(1000, 50_000)).toBe(50_000);
    expect(pacer().horizonNs(1000, 0)).toBe(1000);
  });
});

describe('behind the schedule', () => {
  const batch = batchOf(1_000_000, 5_000_000, 10_999_999, 11_000_001, 11_000_002);

  test('late by exactly the limit still leaves; by more everything before the present is given up', () => {
    const made = pacer();
    expect(made.plan(batch, 0, 11_000_000)).toBe(Pace.Send);
    expect(made.to).toBe(3);
    expect(made.plan(batch, 0, 11_000_001)).toBe(Pace.GiveUp);
    expect(made.to).toBe(3);
    expect(made.plan(batch, 3, 11_000_001)).toBe(Pace.Send);
    expect(made.to).toBe(4);
    expect([made.fallenBehind(1_000_000, 11_000_000), made.fallenBehind(1_000_000, 11_000_001)]).toEqual([false, true]);
  });

  test('markers leave late, one per call, and end what is given up', () => {
    const marked = batchOf(1_000_000, 2_000_000, 3_000_000, 4_000_000);
    marked.flags[1] = SendFlag.End;
    const made = pacer();
    expect(made.plan(marked, 0, 90_000_000)).toBe(Pace.GiveUp);
    expect(made.to).toBe(1);
    expect(made.plan(marked, 1, 90_000_000)).toBe(Pace.Send);
    expect(made.to).toBe(2);
    expect(made.plan(marked, 2, 90_000_000)).toBe(Pace.GiveUp);
    expect(made.to).toBe(4);
    marked.flags[1] = SendFlag.Start;
    expect(made.plan(marked, 1, 90_000_000)).toBe(Pace.Send);
  });
});

test('as fast as can be: no waiting, no giving up, calls of the largest number', () => {
  const made = pacer({ unpaced: true, mostPerCall: 2 });
  const batch = batchOf(1, 2, 3);
  expect(made.plan(batch, 0, 1e12)).toBe(Pace.Send);
  expect(made.to).toBe(2);
  expect(made.plan(batch, 2, 0)).toBe(Pace.Send);
  expect(made.to).toBe(3);
  expect(made.horizonNs(5, 77)).toBe(77);
  expect(made.fallenBehind(0, 1e12)).toBe(false);
});

describe('choice of the quantum', () => {
  const cost = { callNs: 3_000, messageNs: 3_000, segmentNs: 100, segmentOctetNs: 0, share: 0.8 };

  test('none up to 60,000 datagrams/s, and none without a rate', () => {
    expect(chooseQuantumNs(60_000, 64, 1, 1, cost)).toBe(0);
    expect(chooseQuantumNs(60_001, 64, 1, 1, cost)).toBe(20_000);
    expect(chooseQuantumNs(Infinity, 64, 1, 1, cost)).toBe(0);
  });

  test('the smallest that sustains the rate, exactly at its edge', () => {
    // 20 us: 3 us + n x 3 us <= 16 us, n = 13/3; 50 us: 37/3; 100 us: 77/3; 200 us: 157/3; ...
    expect(chooseQuantumNs(216_666, 64, 1, 1, cost)).toBe(20_000);
    expect(chooseQuantumNs(216_667, 64, 1, 1, cost)).toBe(50_000);
    expect(chooseQuantumNs(246_666, 64, 1, 1, cost)).toBe(50_000);
    expect(chooseQuantumNs(246_667, 64, 1, 1, cost)).toBe(100_000);
    expect(chooseQuantumNs(261_666, 64, 1, 1, cost)).toBe(200_000);
    expect(chooseQuantumNs(10e6, 64, 1, 1, cost)).toBe(100_000);
  });

  test('super-packets make room for more', () => {
    // 20 us at 2.5 M/s: 50 datagrams, one super-packet: 3 + 3 + 5 us.
    expect(chooseQuantumNs(2.5e6, 64, 128, 1, cost)).toBe(20_000);
    expect(chooseQuantumNs(2.5e6, 64, 1, 1, cost)).toBe(100_000);
    // Of 50 datagrams of ten streams each five are one, 3 + 10 x 3 + 5 us; in 50 us 10 x 12 or 13.
    expect(chooseQuantumNs(2.5e6, 64, 128, 10, cost)).toBe(100_000);
    // So many that each super-packet is a single one: next to as without.
    expect(chooseQuantumNs(230_000, 64, 128, 1000, cost)).toBe(50_000);
    expect([segmentsFor(64), segmentsFor(511), segmentsFor(512), segmentsFor(1316), segmentsFor(65_507)]).toEqual([
      128, 128, 127, 49, 1,
    ]);
  });
});
