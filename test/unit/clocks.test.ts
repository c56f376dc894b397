import { describe, expect, it } from 'vitest';
import { loadNative } from '../../src/io/addon.js';
import {
  compareClocks,
  kernelSync,
  parseAdjustment,
  readEpoch,
  sampleClocks,
  type ClockSample,
} from '../../src/io/clocks.js';

const SAMPLE: ClockSample = { monoNs: 0, realMinusMonoNs: 0, monoMinusRawNs: 0, uncertaintyNs: 100 };

describe('two samples of the clocks', () => {
  it('show a step of the realtime clock', () => {
    const after = { ...SAMPLE, monoNs: 1e9, realMinusMonoNs: -2e9, monoMinusRawNs: 0 };
    expect(compareClocks(SAMPLE, after)).toEqual({ stepNs: -2e9, slewPpm: 0 });
  });

  it('call nothing a step that the readings cannot tell', () => {
    const after = { ...SAMPLE, monoNs: 1e9, realMinusMonoNs: 200 };
    expect(compareClocks(SAMPLE, after).stepNs).toBe(0);
    expect(compareClocks(SAMPLE, { ...after, realMinusMonoNs: 201 }).stepNs).toBe(201);
  });

  it('show a slew against the raw clock: 500 us/s is 500 ppm', () => {
    const after = { ...SAMPLE, monoNs: 1e9 + 5e5, monoMinusRawNs: 5e5 };
    expect(compareClocks(SAMPLE, after)).toEqual({ stepNs: 0, slewPpm: 500 });
    const slower = { ...SAMPLE, monoNs: 1e9 - 5e5, monoMinusRawNs: -5e5 };
    expect(compareClocks(SAMPLE, slower).slewPpm).toBe(-500);
  });

  it('tell no slew without a raw clock, or without time between them', () => {
    expect(compareClocks(SAMPLE, { ...SAMPLE, monoNs: 1e9, monoMinusRawNs: null }).slewPpm).toBeNull();
    expect(compareClocks(SAMPLE, SAMPLE).slewPpm).toBeNull();
  });
});

describe('the kernel clock discipline', () => {
  it('is decoded with its units: 2^-16 ppm, us, and ns where the status says so', () => {
    expect(parseAdjustment(Float64Array.of(0, 0x2001, 1234, 65_536 * 12.5, 500, 20, 37))).toEqual({
      synchronised: true,
      offsetNs: 1234,
      frequencyPpm: 12.5,
      maximumErrorNs: 500_000,
      estimatedErrorNs: 20_000,
      taiOffsetSeconds: 37,
    });
    expect(parseAdjustment(Float64Array.of(0, 1, -3, 0, 0, 0, 0)).offsetNs).toBe(-3000);
  });

  it('is unsynchronised by status bit or by state', () => {
    expect(parseAdjustment(Float64Array.of(0, 0x40, 0, 0, 0, 0, 0)).synchronised).toBe(false);
    expect(parseAdjustment(Float64Array.of(5, 0, 0, 0, 0, 0, 0)).synchronised).toBe(false);
  });

  it('is null without the native layer', () => {
    expect(kernelSync(null)).toBeNull();
  });
});

describe.each([
  ['portable', null],
  ['native', loadNative()],
])('%s readings', (name, addon) => {
  it.skipIf(name === 'native' && addon === null)('are of this host and of one instant', () => {
    const hostNs = BigInt(Date.now()) * 1_000_000n;
    const epoch = readEpoch(addon);
    expect(Number(epoch.realtimeNs - hostNs)).toBeLessThan(5e9);
    expect(Number(epoch.realtimeNs - hostNs)).toBeGreaterThan(-2e6);
    expect(process.hrtime.bigint()).toBeGreaterThanOrEqual(epoch.monotonicNs);
    expect(epoch.uncertaintyNs).toBeGreaterThanOrEqual(0);
    const sample = sampleClocks(epoch, addon);
    expect(sample.monoNs).toBeGreaterThanOrEqual(0);
    expect(Math.abs(sample.realMinusMonoNs)).toBeLessThanOrEqual(epoch.uncertaintyNs + sample.uncertaintyNs + 1);
    expect(sample.monoMinusRawNs === null).toBe(addon === null);
  });
});
