import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { BURST_WINDOWS, LARGEST_BURSTS } from '../../src/metrics/burstFigures.js';
import {
  backlogOracle,
  type BurstArrival,
  largestOracle,
  monotoneOracle,
  peakOracle,
  percentileOf,
} from '../oracle/bursts.js';
import { BurstDrive } from '../sim/burstDrive.js';

const TRACES = 3000;
const MS = 1e6;

/** From one datagram to a few hundred: bursts, equal stamps, gaps, stamps that go back, fractions of a nanosecond. */
function trace(seed: number): BurstArrival[] {
  const random = new Random(seed, 21);
  const count = random.unit() < 0.1 ? 1 + random.below(2) : 1 + random.below(120);
  const scaleNs = 10 ** (2 + random.below(7));
  const equal = random.unit() < 0.5 ? random.unit() * 0.5 : 0;
  const gap = random.unit() < 0.5 ? random.unit() * 0.2 : 0;
  const back = random.unit() < 0.3 ? 0.1 : 0;
  // Steps that are parts of the windows: arrivals on the very edge of one.
  const isEven = random.unit() < 0.3;
  const arrivals: BurstArrival[] = [];
  let ns = random.unit() < 0.5 ? 0 : 3e9 + 0.25;
  for (let i = 0; i < count; i++) {
    const lot = random.unit();
    if (lot < gap) ns += random.below(20) * scaleNs;
    else if (lot >= gap + equal) ns += isEven ? scaleNs : random.below(scaleNs) + (seed % 2 === 0 ? 0.5 : 0);
    const isBack = random.unit() < back;
    arrivals.push({ ns: isBack ? ns - random.below(scaleNs) : ns, octets: random.below(isEven ? 2 : 1473) });
  }
  return arrivals;
}

describe('the burst meter', () => {
  it(`finds the peaks and bursts of the oracle, over ${TRACES} traces`, () => {
    for (let seed = 1; seed <= TRACES; seed++) {
      const arrivals = trace(seed);
      const monotone = monotoneOracle(arrivals);
      // A ring of four entries grows; that of the product never has to.
      const drive = new BurstDrive({ size: 1 + (seed % 17), entries: seed % 3 === 0 ? [1024, 1024] : [4, 4096] });
      drive.all(arrivals);
      const { windows, largest, clampedDatagrams, queue } = drive.figures!;
      const expected = BURST_WINDOWS.map(({ ns }) => {
        const { octets, datagrams, atNs } = peakOracle(monotone, ns);
        return { windowNs: ns, peakOctets: octets, peakDatagrams: datagrams, atMonoNs: atNs, excessNs: 0 };
      });
      expect(windows, `seed ${seed}`).toEqual(expected);
      expect(largest, `seed ${seed}`).toEqual(
        largestOracle(monotone, MS, LARGEST_BURSTS).map(({ startNs, endNs, octets, datagrams }) => ({
          startMonoNs: startNs,
          durationNs: endNs - startNs,
          octets,
          datagrams,
        })),
      );
      expect(clampedDatagrams).toBe(arrivals.filter(({ ns }, i) => ns < monotone[i]!.ns).length);
      expect(queue).toBeNull();
    }
  });

  it('lists bursts that do not overlap, the heaviest of all among them', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const drive = new BurstDrive();
      drive.all(trace(seed));
      const { largest, windows } = drive.figures!;
      expect(largest[0]!.octets).toBe(windows[2]!.peakOctets);
      expect(largest.length).toBeLessThanOrEqual(LARGEST_BURSTS);
      const inTime = largest.toSorted((a, b) => a.startMonoNs - b.startMonoNs);
      for (const [i, { startMonoNs, durationNs }] of inTime.entries()) {
        expect(durationNs).toBeLessThan(MS);
        if (i > 0) expect(startMonoNs).toBeGreaterThan(inTime[i - 1]!.startMonoNs + inTime[i - 1]!.durationNs);
      }
    }
  });

  it('in a ring that is full is never below the truth, and says how far above it may be', () => {
    let coarse = 0;
    for (let seed = 1; seed <= 1500; seed++) {
      const arrivals = trace(seed);
      const monotone = monotoneOracle(arrivals);
      const drive = new BurstDrive({ size: 1 + (seed % 5), entries: [4, seed % 2 === 0 ? 32 : 64] });
      drive.all(arrivals);
      for (const { windowNs, peakOctets, peakDatagrams, excessNs } of drive.figures!.windows) {
        const least = peakOracle(monotone, windowNs);
        if (excessNs === 0) {
          expect([peakOctets, peakDatagrams], `seed ${seed}`).toEqual([least.octets, least.datagrams]);
          continue;
        }
        coarse++;
        const most = peakOracle(monotone, windowNs + excessNs);
        expect(peakOctets, `seed ${seed}`).toBeGreaterThanOrEqual(least.octets);
        expect(peakDatagrams, `seed ${seed}`).toBeGreaterThanOrEqual(least.datagrams);
        expect(peakOctets, `seed ${seed}`).toBeLessThanOrEqual(most.octets);
        expect(peakDatagrams, `seed ${seed}`).toBeLessThanOrEqual(most.datagrams);
      }
    }
    expect(coarse).toBeGreaterThan(300);
  });

  it('keeps what a full ring merges below a thousandth of the window, where there is room for that', () => {
    const drive = new BurstDrive({ size: 64, entries: [1024, 32_768] });
    const random = new Random(1, 2);
    let ns = 0;
    drive.all(Array.from({ length: 200_000 }, () => ({ ns: (ns += 1 + random.below(10_000)), octets: 100 })));
    const excess = drive.figures!.windows.map(({ excessNs, windowNs }) => excessNs / windowNs);
    expect(excess.slice(0, 2)).toEqual([0, 0]);
    for (const share of excess) expect(share).toBeLessThanOrEqual(1 / 1024);
    expect(excess.at(-1)).toBeGreaterThan(0);
  });

  it('has the queue of the oracle', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const arrivals = trace(seed);
      const monotone = monotoneOracle(arrivals);
      const bitPerSecond = 10 ** (3 + (seed % 8));
      const drive = new BurstDrive({ size: 1 + (seed % 17), drain: { bitPerSecond, layer: 'ethernet' } });
      drive.all(arrivals);
      const { maxOctets, maxNs, atMonoNs, delay } = drive.figures!.queue!;
      // UDP 8, IPv4 20, Ethernet 14.
      const sized = monotone.map(({ ns, octets }) => ({ ns, octets: octets + 42 }));
      const backlog = backlogOracle(sized, bitPerSecond / 8e9);
      const most = Math.max(...backlog);
      // Told to a thousandth of an octet and to a nanosecond.
      expect(Math.abs(maxOctets - most), `seed ${seed}`).toBeLessThan(1e-6 * most + 0.0005);
      expect(Math.abs(maxNs - (most * 8e9) / bitPerSecond)).toBeLessThan(1e-6 * maxNs + 0.5);
      // Two equally long ones differ by rounding.
      const there = backlog.filter((_, i) => monotone[i]!.ns === atMonoNs);
      expect(Math.abs(Math.max(...there) - most)).toBeLessThan(1e-6 * most);
      expect(delay.count).toBe(arrivals.length);
      const p50 = percentileOf(backlog, 0.5) * (8e9 / bitPerSecond);
      expect(Math.abs(delay.percentile(0.5)! - p50)).toBeLessThanOrEqual(0.008 * p50 + 1);
    }
  });
});
