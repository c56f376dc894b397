/** From one clock to the other, whoever is interrupted in between. */
import { describe, expect, it } from 'vitest';
import { ManualClock, realToMonoNs, type Clock } from '../../src/core/time.js';

const MS = 1e6;

/** A clock that goes on by `pausesNs[i]` ahead of the reading number i, and by 100 ns ahead of all others. */
function interrupted(pausesNs: Readonly<Record<number, number>>, stepNs = 0): { clock: Clock; readings: () => number } {
  const manual = new ManualClock();
  if (stepNs !== 0) manual.step(stepNs);
  let readings = 0;
  const go = (): void => manual.advance(pausesNs[readings++] ?? 100);
  const clock = {
    epoch: manual.epoch,
    monoNs: () => (go(), manual.monoNs()),
    realNs: () => (go(), manual.realNs()),
  };
  return { clock, readings: () => readings };
}

describe('realToMonoNs', () => {
  it('is what the clocks are apart', () => {
    const clock = new ManualClock();
    expect(realToMonoNs(clock)).toBe(0);
    clock.step(7 * MS);
    expect(realToMonoNs(clock)).toBe(-7 * MS);
  });

  it('reads once more when it was interrupted between both', () => {
    expect(realToMonoNs(interrupted({}).clock)).toBe(0);
    const { clock, readings } = interrupted({ 1: 30 * MS, 5: 20 * MS });
    expect(realToMonoNs(clock)).toBe(0);
    expect(readings()).toBe(9);
  });

  it('takes the best of what it has where every reading is slow', () => {
    const slow = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, i < 6 ? MS : 10_000]));
    expect(Math.abs(realToMonoNs(interrupted(slow, 5 * MS).clock) + 5 * MS)).toBeLessThanOrEqual(10_000);
  });
});
