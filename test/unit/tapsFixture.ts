import { Histogram } from '../../src/metrics/histogram.js';
import type { TapSnapshot, TapStreamSnapshot } from '../../src/metrics/tapSnapshot.js';
import { buildTaps, type TapFacts } from '../../src/result/buildTaps.js';
import type { Taps } from '../../src/result/model.js';

export function histogramWith(...values: number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

/** Four matched, two lost: 1000 ns to 4000 ns, one overtaken. */
export function tapStream(change: Partial<TapStreamSnapshot> = {}): TapStreamSnapshot {
  return {
    format: 'probe',
    group: '239.1.1.1',
    port: 5001,
    flow: '0',
    senderRun: '1f2e3d4c',
    state: 'compared',
    first: { received: 7, duplicated: 1, outside: 1 },
    second: { received: 5, duplicated: 2, outside: 0 },
    matched: 4,
    lost: 2,
    onlySecond: 1,
    reordered: 1,
    lossMap: [{ first: '18446744073709551615', count: 2 }],
    lossMapTruncated: false,
    delay: histogramWith(1000, 2000, 3000, 4000),
    delayAboveMin: histogramWith(0, 1000, 2000, 3000),
    ...change,
  };
}

export function tapFacts(change: Partial<TapFacts> = {}): TapFacts {
  return {
    capture: 'edge.pcap',
    format: 'pcap',
    start: '2026-09-21T13:46:40.123456789Z',
    end: '2026-09-21T13:46:41.123456789Z',
    datagrams: 9,
    missed: null,
    fault: null,
    ...change,
  };
}

export function taps(streams: readonly TapStreamSnapshot[] = [tapStream()], change: Partial<TapSnapshot> = {}): Taps {
  const second = tapFacts({ capture: 'core.pcapng', format: 'pcapng', missed: 0 });
  return buildTaps({ streams, overflowed: 0, ...change }, tapFacts(), second, 256);
}
