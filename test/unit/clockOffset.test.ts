import { describe, expect, it } from 'vitest';
import { ClockOffset } from '../../src/control/clockOffset.js';

/** Both ways take `wayNs`, the answer none; B shows `offsetNs` more. */
function exchange(clock: ClockOffset, atNs: number, offsetNs: number, wayNs = 100_000, backNs = wayNs): void {
  const received = atNs + wayNs + offsetNs;
  clock.add(atNs, received, received, atNs + wayNs + backNs);
}

describe('the clock offset', () => {
  it('is not known before the first exchange', () => {
    expect(new ClockOffset().estimateAt(0)).toBeNull();
  });

  it('of one exchange is in its middle, within half of the round trip and what clocks may drift', () => {
    const clock = new ClockOffset();
    exchange(clock, 1e9, 5_000_000);
    expect(clock.estimateAt(1_000_100_000)).toMatchObject({
      offsetNs: 5_000_000,
      driftPpm: 0,
      driftUncertaintyPpm: 500,
      exchanges: 1,
      minimumRoundTripNs: 200_000,
    });
    // Half of 200 us, 500 ppm of the half round trip and the resolution of stamps.
    expect(clock.estimateAt(1_000_100_000)!.uncertaintyNs).toBeCloseTo(100_000 + 50 + 10, 3);
    // A second away 500 us more, and 1 ns more for a drift that changes.
    expect(clock.estimateAt(2_000_100_000)!.uncertaintyNs).toBeCloseTo(100_000 + 500_000 + 1 + 10, 0);
  });

  it('takes each bound from the exchange that has the tightest', () => {
    const clock = new ClockOffset({ wanderPpmPerSecond: 0 });
    // Forward never less than 20 us but with a slow way back, and the other way round.
    for (let i = 0; i < 20; i++) {
      exchange(clock, i * 1e9, 7000, 20_000, 900_000);
      exchange(clock, i * 1e9 + 5e8, 7000, 900_000, 20_000);
    }
    const { offsetNs, uncertaintyNs, minimumRoundTripNs } = clock.estimateAt(1e10)!;
    expect(minimumRoundTripNs).toBe(920_000);
    expect(Math.abs(offsetNs - 7000)).toBeLessThan(1);
    // The bounds are 40 us apart; but half of the least round trip is stated all the same.
    expect(uncertaintyNs).toBeCloseTo(460_010, 3);
  });

  it('has a drift once exchanges are apart', () => {
    const clock = new ClockOffset();
    for (let i = 0; i <= 100; i++) exchange(clock, i * 1e9, 1e6 + i * 40_000, 10_000);
    const { driftPpm, driftUncertaintyPpm, offsetNs } = clock.estimateAt(5e10)!;
    expect(Math.abs(driftPpm - 40)).toBeLessThan(0.1);
    expect(driftUncertaintyPpm).toBeLessThan(1);
    expect(Math.abs(offsetNs - 3e6)).toBeLessThan(20);
    // Outside of what was heard the drift goes on.
    expect(Math.abs(clock.estimateAt(2e11)!.offsetNs - 9e6)).toBeLessThan(clock.estimateAt(2e11)!.uncertaintyNs);
    expect(Math.abs(clock.estimateAt(-1e11)!.offsetNs + 3e6)).toBeLessThan(clock.estimateAt(-1e11)!.uncertaintyNs);
  });

  it('refuses what no clocks can make', () => {
    const clock = new ClockOffset();
    clock.add(NaN, 0, 0, 0);
    clock.add(0, 0, 0, Infinity);
    clock.add(0, 2 ** 63, 2 ** 63, 1);
    // Back before it was sent; answered before it came; answered for longer than it was away.
    clock.add(10, 0, 0, 9);
    clock.add(0, 500, 400, 1000);
    clock.add(0, 0, 2000, 1000);
    expect(clock.refused).toBe(6);
    expect(clock.estimateAt(0)).toBeNull();
    // B may run fast by 500 ppm, here by 400.
    clock.add(0, 0, 1_000_400, 1_000_000);
    expect(clock.refused).toBe(6);
    expect(clock.estimateAt(0)!.minimumRoundTripNs).toBe(0);
  });

  it('notices a step by two exchanges, and begins anew', () => {
    const clock = new ClockOffset();
    for (let i = 0; i < 10; i++) exchange(clock, i * 1e9, 1000);
    exchange(clock, 10e9, 50_001_000);
    expect(clock.steps).toEqual([]);
    expect(Math.abs(clock.estimateAt(10e9)!.offsetNs - 1000)).toBeLessThan(100);
    exchange(clock, 11e9, 50_001_000);
    expect(clock.restarts).toBe(1);
    expect(clock.steps.length).toBe(1);
    const { afterNs, byNs, sizeNs, uncertaintyNs } = clock.steps[0]!;
    expect([afterNs, byNs]).toEqual([9e9, 10e9]);
    expect(Math.abs(sizeNs - 50e6)).toBeLessThan(1000);
    expect(uncertaintyNs).toBeLessThan(500_000);
    expect(clock.estimateAt(11e9)).toMatchObject({ exchanges: 2 });
    expect(Math.abs(clock.estimateAt(5e9)!.offsetNs - 1000)).toBeLessThan(100);
    // Between both offsets are possible.
    const between = clock.estimateAt(9.5e9)!;
    expect(between.offsetNs - between.uncertaintyNs).toBeLessThan(1000);
    expect(between.offsetNs + between.uncertaintyNs).toBeGreaterThan(50_001_000);
    expect(clock.refused).toBe(0);
  });

  it('takes one that contradicts all others for none', () => {
    const clock = new ClockOffset();
    for (let i = 0; i < 10; i++) exchange(clock, i * 1e9, 1000);
    exchange(clock, 10e9, -1e9);
    exchange(clock, 11e9, 2e9);
    exchange(clock, 12e9, -3e9);
    exchange(clock, 13e9, 1000);
    expect([clock.refused, clock.restarts]).toEqual([3, 0]);
    expect(clock.estimateAt(13e9)!.exchanges).toBe(11);
  });

  it('waits for exchanges that tell a step, but not for ever', () => {
    const clock = new ClockOffset();
    for (let i = 0; i < 10; i++) exchange(clock, i * 1e9, 0, 10_000);
    exchange(clock, 10e9, 100_000, 10_000);
    // Each of these allows the offset of before as well as 100 us.
    for (let i = 11; i < 27; i++) exchange(clock, i * 1e9, 0, 500_000);
    expect([clock.refused, clock.restarts, clock.estimateAt(0)!.exchanges]).toEqual([0, 0, 10]);
    exchange(clock, 27e9, 0, 500_000);
    expect([clock.refused, clock.restarts, clock.estimateAt(0)!.exchanges]).toEqual([1, 0, 11]);
  });

  it('needs four of those that are older than the newest', () => {
    const clock = new ClockOffset();
    for (let i = 0; i < 10; i++) exchange(clock, i * 1e9, 1000);
    for (let i = 0; i < 3; i++) exchange(clock, 5e9 + i, 5e9);
    expect(clock.restarts).toBe(0);
    exchange(clock, 5e9 + 3, 5e9);
    expect(clock.restarts).toBe(1);
  });
});
