import { describe, expect, it } from 'vitest';
import type { ClosedInterval } from '../../src/analysis/intervals.js';
import { IPDV_REACH } from '../../src/analysis/timing.js';
import { Random } from '../../src/core/random.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import type { StreamSnapshot } from '../../src/metrics/snapshot.js';
import {
  extentsOracle,
  type Heard,
  ipdvOracle,
  jitterOracle,
  lossDistancesOracle,
  lossPeriodsOracle,
  percentileOracle,
  sequenceOracle,
} from '../oracle/streamMetrics.js';
import { type Datagram, Driver } from '../sim/drive.js';
import { type NetworkOptions, simulate } from '../sim/network.js';

const TRACES = 600;

/** A network of its own for every seed: from clean to hopeless. */
function networkOf(seed: number, part: Partial<NetworkOptions> = {}): NetworkOptions {
  const random = new Random(seed, 7);
  const often = (chance: number, most: number): number => (random.unit() < chance ? random.unit() * most : 0);
  return {
    seed,
    count: 20 + random.below(300),
    spacingNs: 1 + random.below(random.unit() < 0.3 ? 3 : 3e6),

    loss: often(0.7, 0.4),
    burst: 1 + random.below(12),
    duplicate: often(0.5, 0.4),
    reorder: often(0.6, 0.5),
    holdNs: 1 + random.below(random.unit() < 0.2 ? 100e6 : 10e6),
    delayNs: random.below(50e6),
    jitterNs: random.unit() < 0.5 ? 0 : random.below(5e6),
    refused: 0,
    dropped: 0,
    startMarkersLost: random.unit() < 0.3,
    endMarkersLost: random.unit() < 0.3,
    announced: often(0.3, 0.3),
    markersAmongData: random.unit() < 0.4,
    ...part,
  };
}

function heardOf(arrivals: readonly Datagram[]): Heard[] {
  return arrivals.map(({ kind = 'data', number = 0, monoNs, sentNs, notSent }) => ({
    kind,
    number,
    monoNs,
    sentNs: sentNs!,
    notSent: notSent!,
  }));
}

function figures(snapshot: StreamSnapshot): Record<keyof typeof StreamCounter, number> {
  return Object.fromEntries(
    Object.entries(StreamCounter).map(([name, column]) => [name, snapshot.counters[column] ?? 0]),
  ) as Record<keyof typeof StreamCounter, number>;
}

function expectIdentities(snapshot: StreamSnapshot): void {
  const c = figures(snapshot);
  expect(c.Expected).toBe(c.Received + c.Lost + snapshot.pending);
  expect(c.Lost).toBe(c.LossNetwork + c.LossSocketBuffer + c.LossApplication);
  for (const value of snapshot.counters) expect(value).toBeGreaterThanOrEqual(0);
}

describe('a stream through any network', () => {
  it(`is what the oracles say, count by count, over ${TRACES} seeds`, () => {
    for (let seed = 1; seed <= TRACES; seed++) {
      const { arrivals } = simulate(networkOf(seed));
      if (arrivals.length === 0) continue;
      const windowPackets = seed % 3 === 0 ? 32 : 65_536;
      const windowNs = seed % 4 === 0 ? 5e6 : 1e9;
      const driver = new Driver({ reorderWindowPackets: windowPackets, reorderWindowNs: windowNs });
      driver.all(arrivals, 1 + (seed % 64));
      driver.measurement.finish(arrivals.at(-1)!.monoNs + 1);
      const snapshot = driver.measurement.snapshot(0);
      const c = figures(snapshot);

      const heard = heardOf(arrivals);
      const truth = sequenceOracle(heard, windowNs, windowPackets);
      const label = `seed ${seed}`;
      expect(
        driver.verdicts.map((one) => one.toLowerCase()),
        label,
      ).toEqual(truth.verdicts);
      expect([c.Expected, c.Received, c.Lost], label).toEqual([truth.expected, truth.received, truth.lost.length]);
      expect([c.PacketsReceived, c.PacketsDuplicated, c.PacketsLate], label).toEqual([
        truth.received,
        truth.duplicated,
        truth.late,
      ]);
      expectIdentities(snapshot);

      const fresh = heard.filter((_, i) => truth.verdicts[i] === 'new');
      const extents = extentsOracle(fresh.map((one) => one.number));
      expect(c.PacketsReordered, label).toBe(extents.length);
      const detail = snapshot.lossDetail;
      expect(detail.reorderExtentMax, label).toBe(extents.length === 0 ? null : Math.max(...extents));
      if (extents.length > 0) {
        expect(detail.reorderExtentMean, label).toBeCloseTo(extents.reduce((a, b) => a + b) / extents.length, 9);
      }

      const periods = lossPeriodsOracle(truth.lost);
      expect(c.LossPeriods, label).toBe(periods.length);
      expect(detail.periods, label).toBe(periods.length);
      const distances = lossDistancesOracle(truth.lost);
      expect([detail.periodLengthMin, detail.periodLengthMax], label).toEqual(
        periods.length === 0 ? [null, null] : [Math.min(...periods), Math.max(...periods)],
      );
      expect([detail.distanceMin, detail.distanceMax], label).toEqual(
        distances.length === 0 ? [null, null] : [Math.min(...distances), Math.max(...distances)],
      );
      const mapped = detail.map.flatMap(({ first, count }) =>
        Array.from({ length: count }, (_, i) => Number(first) + i),
      );
      expect(mapped, label).toEqual(truth.lost);
    }
  });

  it('has the delays, variations and jitter of the oracles', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const { arrivals } = simulate(networkOf(seed));
      if (arrivals.length === 0) continue;
      const driver = new Driver();
      driver.all(arrivals, 1 + (seed % 64));
      const snapshot = driver.measurement.snapshot(0);
      const fresh = arrivals.filter((_, i) => driver.verdicts[i] === 'New');
      const label = `seed ${seed}`;
      const delays = fresh.map((one) => one.monoNs - one.sentNs!);
      const timed = fresh.map((one) => ({ number: one.number!, transitNs: one.monoNs - one.sentNs! }));
      const interarrivals = fresh.slice(1).map((one, i) => one.monoNs - fresh[i]!.monoNs);
      const minimum = Math.min(...delays);
      const {
        one_way_delay_ns: delay,
        interarrival_ns: interarrival,
        ipdv_ns: ipdv,
        pdv_ns: pdv,
      } = snapshot.histograms!;
      for (const [histogram, values] of [
        [delay, delays],
        [interarrival, interarrivals],
        [ipdv, ipdvOracle(timed, IPDV_REACH)],
        [pdv, delays.map((one) => one - minimum)],
      ] as const) {
        expect(histogram.count, label).toBe(values.length);
        if (values.length === 0) continue;
        expect([histogram.min, histogram.max], label).toEqual([Math.min(...values), Math.max(...values)]);
        expect(histogram.sum, label).toBe(values.reduce((a, b) => a + b, 0));
        for (const fraction of [0.1, 0.5, 0.9, 0.99]) {
          const exact = percentileOracle(values, fraction);
          // Half a bucket of the value, and of its distance from the least delay, which a delay is recorded relative to.
          const bound = (Math.abs(exact) + Math.abs(values === delays ? exact - minimum : exact)) / 256 + 2;
          expect(Math.abs(histogram.percentile(fraction)! - exact), label).toBeLessThanOrEqual(bound);
        }
      }
      const jitter = jitterOracle(timed.map((one) => one.transitNs));
      if (fresh.length > 1) expect(Math.abs(snapshot.jitterNs - jitter), label).toBeLessThan(1e-6 * (1 + jitter));
      else expect(snapshot.jitterNs, label).toBeNaN();
    }
  });

  it('has the same figures however it is cut into batches', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { arrivals } = simulate(networkOf(seed, { dropped: 0.1, refused: 0.05 }));
      if (arrivals.length === 0) continue;
      const snapshots = [1, 7, 64].map((size) => {
        const driver = new Driver();
        // One time of reading, or the wake-up delays would differ.
        for (let i = 0; i < arrivals.length; i += size) {
          driver.batch(arrivals.slice(i, i + size), arrivals.at(-1)!.monoNs + 5_000);
        }
        driver.measurement.finish(arrivals.at(-1)!.monoNs + 1);
        const { histograms, ...rest } = driver.measurement.snapshot(0);
        return [rest, Object.values(histograms!).map((one) => [one.buckets(), one.sum])];
      });
      expect(snapshots[1]).toEqual(snapshots[0]);
      expect(snapshots[2]).toEqual(snapshots[0]);
    }
  });
});

describe('loss by cause', () => {
  it('is exact in order with one stream on the socket: never sent, socket buffer, network', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const network = networkOf(seed, {
        duplicate: 0,
        reorder: 0,
        jitterNs: 0,
        announced: 0,
        markersAmongData: false,
        startMarkersLost: false,
        endMarkersLost: false,
        refused: (seed % 5) * 0.05,
        dropped: (seed % 7) * 0.05,
      });
      const truth = simulate(network);
      const data = truth.arrivals.filter((one) => one.kind === undefined);
      const hasMarkers = truth.arrivals[0]?.kind === 'start' && truth.arrivals.at(-1)!.kind === 'end';
      if (!hasMarkers) continue;
      const driver = new Driver();
      driver.all(truth.arrivals, 1 + (seed % 64));
      driver.measurement.finish(truth.arrivals.at(-1)!.monoNs + 1);
      const snapshot = driver.measurement.snapshot(0);
      const c = figures(snapshot);
      const label = `seed ${seed}`;
      expect(c.NeverSent, label).toBe(truth.neverSent);
      expect(c.Expected, label).toBe(network.count - truth.neverSent);
      expect(c.PacketsReceived, label).toBe(data.length);
      // A dropped marker beside a gap looks like a dropped number of it: the drop is real, the number was lost elsewhere.
      const droppedMarkers = truth.dropped - truth.droppedData;
      expect(c.LossSocketBuffer, label).toBeGreaterThanOrEqual(truth.droppedData);
      expect(c.LossSocketBuffer, label).toBeLessThanOrEqual(truth.droppedData + droppedMarkers);
      expect(c.LossNetwork + c.LossSocketBuffer, label).toBe(truth.lostInNetwork + truth.droppedData);
      expect(snapshot.lossAttribution).toBe('exact');
      expectIdentities(snapshot);
    }
  });

  it('never explains more than the socket dropped, and adds up, whatever the order', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const truth = simulate(networkOf(seed, { dropped: 0.2, refused: 0.05 }));
      if (truth.arrivals.length === 0) continue;
      const driver = new Driver();
      driver.all(truth.arrivals);
      driver.measurement.onSocketDrops(0, truth.dropped);
      driver.measurement.finish(truth.arrivals.at(-1)!.monoNs + 1);
      const snapshot = driver.measurement.snapshot(0);
      expectIdentities(snapshot);
      const socket = driver.measurement.socketSnapshot(0);
      expect(socket.kernelDrops).toBe(truth.dropped);
      expect(socket.kernelDropsExplained).toBe(figures(snapshot).LossSocketBuffer);
      expect(socket.kernelDropsOther).toBe(truth.dropped - figures(snapshot).LossSocketBuffer);
      expect(figures(snapshot).NeverSent).toBeLessThanOrEqual(Math.max(...truth.arrivals.map((one) => one.notSent!)));
    }
  });

  it('is exact for a socket, shared between its streams', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const plain = {
        duplicate: 0,
        reorder: 0,
        jitterNs: 0,
        announced: 0,
        markersAmongData: false,
        startMarkersLost: false,
        endMarkersLost: false,
      };
      const flows = [0, 1, 2].map((flow) =>
        simulate(networkOf(seed * 3 + flow, { ...plain, flow, count: 200, spacingNs: 1e5 })),
      );
      const all = flows.flatMap((one) => one.arrivals).sort((a, b) => a.monoNs - b.monoNs);
      const random = new Random(seed, 99);
      let drops = 0;
      let full = 0;
      const kept: Datagram[] = [];
      for (const datagram of all) {
        if (full === 0 && random.unit() < 0.02) full = 1 + random.below(20);
        // Markers stay, so that what was dropped is the streams' loss and nothing else.
        if (full > 0 && datagram.kind === undefined) {
          full--;
          drops++;
        } else {
          kept.push({ ...datagram, drops });
        }
      }
      const driver = new Driver();
      driver.all(kept);
      driver.measurement.onSocketDrops(0, drops);
      driver.measurement.finish(kept.at(-1)!.monoNs + 1);
      let explained = 0;
      let lost = 0;
      for (let stream = 0; stream < 3; stream++) {
        const snapshot = driver.measurement.snapshot(stream);
        expectIdentities(snapshot);
        explained += figures(snapshot).LossSocketBuffer;
        lost += figures(snapshot).Lost;
        if (drops > 0) expect(snapshot.lossAttribution).toBe('shared');
      }
      const inNetwork = flows.reduce((sum, one) => sum + one.lostInNetwork, 0);
      expect(lost).toBe(inNetwork + drops);
      expect(explained + driver.measurement.socketSnapshot(0).kernelDropsOther!).toBe(drops);
      // Each drop lies in a gap of its stream, and in no gap twice: nearly all are found.
      expect(explained).toBeGreaterThanOrEqual(0.9 * drops);
      expect(explained).toBeLessThanOrEqual(drops);
    }
  });
});

describe('intervals', () => {
  it('add up to the totals, never negative, whatever their length and whatever the batches', () => {
    for (let seed = 1; seed <= 120; seed++) {
      const { arrivals } = simulate(networkOf(seed, { dropped: 0.05, refused: 0.05, count: 200 }));
      if (arrivals.length === 0) continue;
      const endNs = arrivals.at(-1)!.monoNs + 1;
      const intervalNs = Math.max(1e5, Math.round(endNs / (1 + (seed % 9))));
      const driver = new Driver({
        intervalNs,
        firstBoundaryMonoNs: intervalNs,
        reorderWindowNs: seed % 2 === 0 ? 2e6 : 1e9,
      });
      const closed: ClosedInterval[] = [];
      for (let i = 0; i < arrivals.length; i += 13) {
        driver.batch(arrivals.slice(i, i + 13));
        closed.push(...driver.measurement.takeIntervals());
      }
      driver.measurement.finish(endNs);
      closed.push(...driver.measurement.takeIntervals());
      const totals = new Float64Array(StreamCounter.Count);
      let pending = 0;
      let upToNs = 0;
      for (const { startMonoNs, endMonoNs, streams } of closed) {
        expect(startMonoNs).toBe(upToNs);
        upToNs = endMonoNs;
        for (const { counters, pending: open } of streams) {
          for (const [i, value] of counters.entries()) {
            expect(value).toBeGreaterThanOrEqual(0);
            totals[i]! += value;
          }
          const grown = counters[StreamCounter.Received]! + counters[StreamCounter.Lost]! + open - pending;
          expect(counters[StreamCounter.Expected]!).toBe(grown);
          pending = open;
        }
      }
      expect(upToNs).toBe(endNs);
      expect(totals).toEqual(driver.measurement.snapshot(0).counters);
    }
  });
});
