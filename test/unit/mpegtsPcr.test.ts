import { describe, expect, test } from 'vitest';
import { PcrAccuracy } from '../../src/analysis/mpegts/pcrAccuracy.js';
import { JITTER_BLOCK, PcrArrival } from '../../src/analysis/mpegts/pcrArrival.js';
import { PcrFault, PcrMeasure } from '../../src/analysis/mpegts/pcrMeasure.js';
import { Random } from '../../src/core/random.js';
import { NULL_PID, PCR_MODULUS, tsPid } from '../../src/wire/mpegts.js';
import { type ClockArrival, clockJitterOracle } from '../oracle/mediaDelivery.js';
import { removePcrs } from '../ts/faults.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { PACKET, RATE, arrive, fromFile, raised } from './mpegtsArrivals.js';

const VIDEO = 0x100;
const TICKS_PER_OCTET = (8 * 27e6) / RATE;

/** PCRs every 12,408 octets, each moved by `off(n)` ticks. */
function accuracyOf(count: number, off: (n: number) => number, mayMiss = false): [PcrAccuracy, errors: number] {
  const accuracy = new PcrAccuracy(mayMiss);
  let errors = 0;
  for (let n = 0; n < count; n++) errors += accuracy.add(n * 12_408, Math.round(n * 12_408 * 53.98) + off(n));
  return [accuracy, errors];
}

const step = (n: number): number => (n >= 200 ? 7 * PACKET * 53.98 : 0);

describe('accuracy', () => {
  test('PCRs rounded to ticks deviate by half a tick at most', () => {
    const [accuracy, errors] = accuracyOf(500, () => 0);
    expect(errors).toBe(0);
    expect(accuracy.deviations.count).toBe(500);
    expect(accuracy.maxNs).toBeLessThan(40);
    expect(accuracy.minNs).toBeGreaterThan(-40);
    expect(accuracy.ticksPerOctet).toBeCloseTo(53.98, 6);
  });

  test.each([
    ['among the first', 3],
    ['the sixteenth', 15],
    ['later', 200],
  ])('one that is off, %s, is one error', (_name, which) => {
    const [accuracy, errors] = accuracyOf(400, (n) => (n === which ? 27 : 0));
    expect(errors).toBe(1);
    expect(accuracy.maxNs).toBeGreaterThan(950);
    expect(accuracy.maxNs).toBeLessThan(1050);
    expect(accuracy.minNs).toBeGreaterThan(-100);
  });

  test('two in a row, off by something else each, are two', () => {
    expect(accuracyOf(400, (n) => (n === 200 ? 50 : n === 201 ? -40 : 0))[1]).toBe(2);
  });

  test('all of them random within 2 us: most are errors, and the rate is constant still', () => {
    const random = new Random(3, 0);
    const [accuracy, errors] = accuracyOf(1000, () => Math.round((random.unit() - 0.5) * 108));
    expect(accuracy.isVariable).toBe(false);
    expect(errors).toBeGreaterThan(600);
    expect(accuracy.deviations.count).toBeGreaterThan(900);
  });

  test('a step that lasts is one error, unless it is packets that nothing else shows to be missing', () => {
    expect(accuracyOf(400, step)[1]).toBe(1);
    expect(accuracyOf(400, step, true)[1]).toBe(0);
    expect(accuracyOf(400, (n) => (n >= 200 ? 500 : 0), true)[1]).toBe(1);
  });

  test('across a gap the rate stays, the position does not', () => {
    const accuracy = new PcrAccuracy(false);
    let errors = 0;
    for (let n = 0; n < 200; n++) {
      if (n === 100) accuracy.gap();
      errors += accuracy.add(n * 12_408 - (n >= 100 ? 5000 : 0), Math.round(n * 12_408 * 53.98));
    }
    expect(errors).toBe(0);
    expect(accuracy.deviations.count).toBe(199);
  });

  test('a gap among the first begins the decision anew, and one behind a doubtful PCR drops it', () => {
    const early = new PcrAccuracy(false);
    let errors = 0;
    for (let n = 0; n < 30; n++) {
      if (n === 8) early.gap();
      errors += early.add(n * 12_408 - (n >= 8 ? 5000 : 0), Math.round(n * 12_408 * 53.98));
    }
    expect([errors, early.isVariable, early.deviations.count]).toEqual([0, false, 22]);
    const later = new PcrAccuracy(false);
    for (let n = 0; n < 100; n++) {
      if (n === 60) later.gap();
      errors += later.add(n * 12_408, Math.round(n * 12_408 * 53.98) + (n === 59 ? 400 : 0));
    }
    expect(errors).toBe(0);
  });

  test('a variable rate has no accuracy, and one that becomes so raises nothing', () => {
    const random = new Random(4, 0);
    const accuracy = new PcrAccuracy(false);
    let octets = 0;
    let errors = 0;
    for (let n = 0; n < 300; n++) errors += accuracy.add((octets += 8000 + random.below(8000)), n * 540_000);
    expect(errors).toBe(0);
    expect(accuracy.isVariable).toBe(true);
    expect(accuracy.deviations.count).toBe(0);
    const [later, earlier] = accuracyOf(100, () => 0);
    octets = 100 * 12_408;
    errors = earlier;
    for (let n = 100; n < 300; n++) {
      errors += later.add((octets += 8000 + random.below(8000)), Math.round(n * 12_408 * 53.98));
    }
    expect(errors).toBe(0);
    expect(later.isVariable).toBe(true);
  });
});

/** PCRs 20 ms apart of a clock that runs `ppm` fast, with random delays up to `jitterNs`. */
function arrivals(count: number, ppm: number, jitterNs: number, seed = 5): ClockArrival[] {
  const random = new Random(seed, 0);
  return Array.from({ length: count }, (_, n) => ({
    arrivalNs: 3e9 + n * 20e6 + Math.round(random.unit() * jitterNs),
    programNs: n * 20e6 * (1 + ppm / 1e6),
  }));
}

describe('arrival', () => {
  test('jitter is what the oracle leaves of each block, drift is found through it', () => {
    const heard = arrivals(3 * JITTER_BLOCK + 100, 30, 2e6);
    const arrival = new PcrArrival();
    for (const { arrivalNs, programNs } of heard) arrival.add(arrivalNs, programNs, 0, TICKS_PER_OCTET * 37);
    const { jitter, driftPpm, overNs } = arrival.snapshot(TICKS_PER_OCTET * 37);
    const left = [0, 1, 2, 3].flatMap((block) =>
      clockJitterOracle(heard.slice(block * JITTER_BLOCK, (block + 1) * JITTER_BLOCK)),
    );
    expect(jitter.count).toBe(heard.length);
    expect(jitter.max).toBeCloseTo(Math.max(...left), -1);
    expect(jitter.mean).toBeCloseTo(left.reduce((sum, value) => sum + value, 0) / left.length, -1);
    expect(Math.abs(driftPpm - 30)).toBeLessThan(10);
    expect(overNs).toBe(heard.at(-1)!.arrivalNs - heard[0]!.arrivalNs);
  });

  test('the error of the drift covers 19 of 20 true ones', () => {
    let covered = 0;
    for (let seed = 0; seed < 400; seed++) {
      const arrival = new PcrArrival();
      for (const { arrivalNs, programNs } of arrivals(200, 30, 2e6, seed)) arrival.add(arrivalNs, programNs, 0, 1);
      const { driftPpm, driftErrorPpm } = arrival.snapshot(1);
      if (Math.abs(driftPpm - 30) <= driftErrorPpm) covered++;
    }
    // 95 % of 400, three standard deviations to either side.
    expect(covered).toBeGreaterThan(380 - 14);
    expect(covered).toBeLessThan(380 + 14);
  });

  test('a drift alone is no jitter', () => {
    const arrival = new PcrArrival();
    for (const { arrivalNs, programNs } of arrivals(500, -80, 0)) arrival.add(arrivalNs, programNs, 0, 1);
    const { jitter, driftPpm } = arrival.snapshot(1);
    expect(jitter.max).toBeLessThan(10);
    expect(driftPpm).toBeCloseTo(-80, 1);
  });

  test('the place within the datagram is no jitter where the rate is known', () => {
    const perOctet = 2000;
    const arrival = new PcrArrival();
    for (let n = 0; n < 500; n++) {
      const behind = (n % 7) * PACKET;
      arrival.add(n * 20e6 + behind * perOctet, n * 20e6, behind, perOctet);
    }
    expect(arrival.snapshot(perOctet).jitter.max).toBeLessThan(2);
    expect(arrival.snapshot(NaN).jitter.max).toBeGreaterThan(2e6);
  });

  test('too little says nothing', () => {
    const arrival = new PcrArrival();
    expect(arrival.snapshot(NaN)).toMatchObject({ driftPpm: NaN, overNs: 0 });
    for (const { arrivalNs, programNs } of arrivals(15, 0, 1e6)) arrival.add(arrivalNs, programNs, 0, 1);
    expect(arrival.snapshot(1).jitter.count).toBe(0);
    expect(arrival.snapshot(1)).toMatchObject({ driftPpm: NaN, driftErrorPpm: NaN });
  });
});

const measure = (limitNs = 40e6): PcrMeasure => new PcrMeasure(VIDEO, limitNs, true, false);

describe('the PCRs of a PID', () => {
  test('over the wrap', () => {
    const clock = measure();
    for (let n = 0; n < 10; n++) {
      const pcr = (PCR_MODULUS - 5 * 540_000 + n * 540_000 + 7) % PCR_MODULUS;
      expect(clock.onPcr(pcr, n * 20e6, n * 10_000, 0)).toBe(PcrFault.None);
    }
    const { interval, discontinuities } = clock.snapshot();
    expect([interval.count, interval.min, interval.max, discontinuities]).toEqual([9, 20e6, 20e6, 0]);
  });

  test('late by arrival and by value counts, by one of them alone does not', () => {
    const clock = measure();
    clock.onPcr(0, 0, 0, 0);
    expect(clock.onPcr(540_000, 45e6, 1, 0)).toBe(PcrFault.None);
    expect(clock.onPcr(540_000 + 27_000 * 45, 65e6, 2, 0)).toBe(PcrFault.None);
    expect(clock.onPcr(540_000 + 27_000 * 90, 110e6, 3, 0)).toBe(PcrFault.Repetition);
    const patient = measure(100e6);
    patient.onPcr(0, 0, 0, 0);
    expect(patient.onPcr(27_000 * 90, 90e6, 1, 0)).toBe(PcrFault.None);
  });

  test('100 ms is no jump; a tick more is, and a tick back', () => {
    const clock = measure(1e9);
    clock.onPcr(0, 0, 0, 0);
    expect(clock.onPcr(2_700_000, 20e6, 1, 0)).toBe(PcrFault.None);
    expect(clock.onPcr(5_400_001, 40e6, 2, 0)).toBe(PcrFault.Discontinuity);
    expect(clock.onPcr(5_400_000, 60e6, 3, 0)).toBe(PcrFault.Discontinuity);
    expect(clock.snapshot().discontinuities).toBe(2);
  });

  test('across lost packets the difference has to be the time between', () => {
    const clock = measure();
    clock.onPcr(0, 0, 0, 0);
    clock.gap();
    expect(clock.onPcr(27_000 * 500, 500e6, 1, 0)).toBe(PcrFault.None);
    clock.gap();
    expect(clock.onPcr(27_000 * 2500, 1000e6, 2, 0)).toBe(PcrFault.Discontinuity);
    expect(clock.snapshot().interval.count).toBe(0);
    // From here on it is judged as before.
    expect(clock.onPcr(27_000 * 2560, 1060e6, 3, 0)).toBe(PcrFault.Repetition);
  });

  test('overdue once after a second, and then no late one beside it', () => {
    const clock = measure();
    clock.onPcr(0, 0, 0, 0);
    expect(clock.becomesOverdue(1e9)).toBe(false);
    expect(clock.becomesOverdue(1.1e9)).toBe(true);
    expect(clock.becomesOverdue(1.2e9)).toBe(false);
    expect(clock.onPcr(27_000 * 1300, 1.3e9, 1, 0) & PcrFault.Repetition).toBe(0);
    expect(clock.becomesOverdue(2.4e9)).toBe(true);
  });
});

describe('of a stream', () => {
  test('rate, interval and drift against a receiver whose clock is 50 ppm slow', () => {
    const stream = makeTransportStream({ seconds: 5 });
    const [pcr] = arrive(stream, { rateBitPerSecond: RATE * (1 + 50e-6) }).snapshot().pcr;
    expect(pcr!.rateBitPerSecond).toBeCloseTo(RATE, 2);
    expect(pcr!.arrival!.driftPpm).toBeCloseTo(50, 0);
    expect(pcr!.arrival!.jitter.max).toBeLessThan(2000);
    expect(pcr!.accuracyWhyNot).toBeNull();
  });

  test('a bare stream that loses a datagram of null packets keeps its accuracy', () => {
    const stream = makeTransportStream({ seconds: 3, programs: [{ videoBitPerSecond: 500_000 }] });
    const isNull = (packet: number): boolean => tsPid(stream, packet * PACKET) === NULL_PID;
    let n = 500;
    while (![0, 1, 2, 3, 4, 5, 6].every((i) => isNull(7 * n + i))) n++;
    expect(raised(arrive(stream, { lost: [n], isLossTold: false }).snapshot())).toEqual({});
    // Told of the loss, the position is not taken for known.
    expect(raised(arrive(stream, { lost: [n] }).snapshot())).toEqual({});
  });

  test('a stream without null packets is not of constant rate', () => {
    const stream = makeTransportStream({ seconds: 3 });
    const kept: number[] = [];
    for (let at = 0; at < stream.length; at += PACKET) if ((stream[at + 1]! & 0x1f) !== 0x1f) kept.push(at);
    const variable = new Uint8Array(kept.length * PACKET);
    for (const [i, at] of kept.entries()) variable.set(stream.subarray(at, at + PACKET), i * PACKET);
    const snapshot = fromFile(variable).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot.pcr[0]).toMatchObject({ accuracy: null, accuracyWhyNot: 'variable_rate', accuracyMinNs: NaN });
    expect(snapshot.indicators.find(({ id }) => id === 'pcr_accuracy_error')!.applies).toBe(false);
  });

  test('a clock that stops is late once', () => {
    const stream = makeTransportStream({ seconds: 3, programs: [{ pcrPid: 0x1f0 }] });
    // Packets of the PID go on, without PCR.
    const { stream: stopped } = removePcrs(stream, 0x1f0, { from: 3000, to: Infinity });
    expect(raised(arrive(stopped).snapshot())).toEqual({ pcr_repetition_error: 1 });
  });
});
