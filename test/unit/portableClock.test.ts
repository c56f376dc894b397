import { describe, expect, it } from 'vitest';
import { PortableClock, type ClockReadings } from '../../src/io/portableClock.js';

/** A host whose clocks move by 100 ns at every reading, so that reading costs time. */
class FakeHost implements ClockReadings {
  /** True monotonic time, ns, since the host's boot. */
  nowNs = 5_000_123_456;
  /** True unix time minus monotonic, ns, beyond a whole second. */
  offsetNs: number;
  readonly baseMs = 1_700_000_000_000;

  constructor(offsetNs: number) {
    this.offsetNs = offsetNs;
  }

  monotonicNs(): number {
    this.nowNs += 100;
    return this.nowNs;
  }

  realtimeMs(): number {
    this.nowNs += 100;
    return this.baseMs + Math.floor((this.nowNs + this.offsetNs) / 1e6);
  }

  absoluteMonotonicNs(): bigint {
    this.nowNs += 100;
    return BigInt(this.nowNs);
  }

  /** True unix time now, ns beyond `baseMs`. */
  get trueNs(): number {
    return this.nowNs + this.offsetNs;
  }
}

function errorNs(clock: PortableClock, host: FakeHost): number {
  const realNs = clock.realNs();
  const absoluteNs = Number(clock.epoch.realtimeNs - BigInt(host.baseMs) * 1_000_000n) + realNs;
  return absoluteNs - host.trueNs;
}

describe('PortableClock', () => {
  it('finds the realtime clock to below a microsecond although it is read in milliseconds', () => {
    for (let phase = 0; phase < 1e6; phase += 77_777) {
      const host = new FakeHost(phase);
      const clock = new PortableClock(undefined, host);
      expect(clock.epoch.uncertaintyNs).toBeLessThan(1000);
      expect(Math.abs(errorNs(clock, host))).toBeLessThan(1000);
      expect(clock.uncertaintyNs).toBeLessThan(1000);
    }
  });

  it('keeps the epoch as one pair: both domains count from it', () => {
    const host = new FakeHost(123_456);
    const clock = new PortableClock(undefined, host);
    const epochErrorNs =
      Number(clock.epoch.realtimeNs - BigInt(host.baseMs) * 1_000_000n) -
      (Number(clock.epoch.monotonicNs) + host.offsetNs);
    expect(Math.abs(epochErrorNs)).toBeLessThanOrEqual(clock.epoch.uncertaintyNs);
    expect(Math.abs(clock.monoNs() - clock.realNs())).toBeLessThan(1500);
  });

  it('follows a step of the realtime clock, forwards and backwards, and the monotonic one does not', () => {
    for (const stepNs of [3_600e9, -3_600e9, 5e6, -5e6]) {
      const host = new FakeHost(400_000);
      const clock = new PortableClock(undefined, host);
      const beforeNs = clock.monoNs();
      host.offsetNs += stepNs;
      // At once to the millisecond ...
      expect(Math.abs(errorNs(clock, host))).toBeLessThanOrEqual(1e6);
      expect(Math.abs(errorNs(clock, host))).toBeLessThanOrEqual(clock.uncertaintyNs);
      // ... and to the microsecond once readings have fallen on both sides of a change of millisecond.
      for (let i = 0; i < 20_000; i++) clock.realNs();
      expect(Math.abs(errorNs(clock, host))).toBeLessThan(1000);
      expect(clock.monoNs() - beforeNs).toBeLessThan(20_100 * 400);
    }
  });

  it('notices a step smaller than a millisecond as soon as it can be seen', () => {
    const host = new FakeHost(400_000);
    const clock = new PortableClock(undefined, host);
    host.offsetNs += 300_000;
    for (let i = 0; i < 20_000; i++) clock.realNs();
    expect(Math.abs(errorNs(clock, host))).toBeLessThan(1000);
  });

  it('takes an epoch that another thread has read', () => {
    const host = new FakeHost(250_000);
    const first = new PortableClock(undefined, host);
    host.nowNs += 60e9;
    const second = new PortableClock(first.epoch, host);
    expect(second.epoch).toBe(first.epoch);
    expect(Math.abs(second.monoNs() - first.monoNs())).toBeLessThan(1000);
    expect(Math.abs(second.realNs() - first.realNs())).toBeLessThan(2000);
  });

  it('begins again when the clock is stepped while it looks for the millisecond', () => {
    const host = new FakeHost(400_000);
    let readings = 0;
    const stepping: ClockReadings = {
      monotonicNs: () => host.monotonicNs(),
      absoluteMonotonicNs: () => host.absoluteMonotonicNs(),
      realtimeMs: () => {
        if (++readings === 5) host.offsetNs += 10e9;
        return host.realtimeMs();
      },
    };
    const clock = new PortableClock(undefined, stepping);
    expect(Math.abs(errorNs(clock, host))).toBeLessThan(1000);
  });

  it('reads the host: monotonic never goes back, realtime agrees with Date', () => {
    const clock = new PortableClock();
    let last = clock.monoNs();
    for (let i = 0; i < 10_000; i++) {
      const now = clock.monoNs();
      expect(now >= last).toBe(true);
      last = now;
    }
    const before = Date.now();
    const realMs = Number(clock.epoch.realtimeNs) / 1e6 + clock.realNs() / 1e6;
    const after = Date.now();
    expect(realMs).toBeGreaterThanOrEqual(before - 0.01);
    expect(realMs).toBeLessThanOrEqual(after + 1.01);
    const beforeMono = process.hrtime.bigint();
    const mono = clock.epoch.monotonicNs + BigInt(Math.round(clock.monoNs()));
    const afterMono = process.hrtime.bigint();
    const slack = BigInt(clock.epoch.uncertaintyNs + 1000);
    expect(mono >= beforeMono - slack && mono <= afterMono + slack).toBe(true);
  });
});
