import { describe, expect, it } from 'vitest';
import { channelStartNs } from '../../src/feed/channelStart.js';

const PACKETS_PER_SECOND = 4e6 / (7 * 188 * 8);
const PERIOD_NS = 1e9 / PACKETS_PER_SECOND;

describe('channels of one run', () => {
  const starts = Array.from({ length: 100 }, (_, position) => channelStartNs(position, 100, PACKETS_PER_SECOND));

  it('begin one after another, the first at once and the last within half a second', () => {
    expect(starts[0]).toBe(0);
    const gaps = starts.slice(1).map((startNs, i) => startNs - starts[i]!);
    expect(Math.min(...gaps)).toBeGreaterThan(2e6);
    expect(Math.max(...gaps)).toBeLessThan(8e6);
    expect(starts.at(-1)).toBeLessThan(0.5e9);
  });

  it('are due at other instants than the others, evenly over the time of a datagram', () => {
    const phases = starts.map((startNs) => startNs % PERIOD_NS).toSorted((a, b) => a - b);
    for (const [i, phase] of phases.entries()) expect(Math.abs(phase - (i * PERIOD_NS) / 100)).toBeLessThan(2);
  });

  it('of a rate that is not known begin as far apart', () => {
    expect([0, Infinity].map((rate) => channelStartNs(3, 4, rate))).toEqual([15e6, 15e6]);
  });
});
