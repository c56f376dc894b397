import { ReceiveBatch } from '../../src/core/batch.js';
import { Measurement } from '../../src/analysis/measurement.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import type { FlowCounts } from '../oracle/receiver.js';

/** What came, in order, each with its kernel stamp. */
export interface Arrived {
  readonly octets: Uint8Array;
  readonly timeNs: number;
}

export interface Measured {
  readonly flows: Map<number, FlowCounts>;
  readonly malformed: number;
}

/** The product's own receiver, fed in batches of `capacity` as one socket would. */
export function measure(arrived: readonly Arrived[], capacity: number): Measured {
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: () => ({ source: '192.0.2.1', sourcePort: 5000, group: '239.1.1.1', port: 5001, interfaceIndex: 1 }),
    maxStreams: 64,
    detail: 64,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 65_536,
    omitNs: 0,
    startMonoNs: 0,
    firstBoundaryMonoNs: Infinity,
    intervalNs: Infinity,
    silenceNs: Infinity,
    batchCapacity: capacity,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: 0,
    scheme: 'probe',
    joinRealNs: NaN,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const batch = new ReceiveBatch(capacity, capacity, 2048);
  for (let from = 0; from < arrived.length; from += capacity) {
    const some = arrived.slice(from, from + capacity);
    batch.count = some.length;
    for (const [slot, { octets, timeNs }] of some.entries()) {
      batch.offset[slot] = slot * 2048;
      batch.length[slot] = octets.length;
      batch.bytes.set(octets, slot * 2048);
      batch.timeRealNs[slot] = timeNs;
      batch.path[slot] = 1;
    }
    batch.readClock.fill(some.at(-1)!.timeNs);
    measurement.onBatch(batch);
    measurement.socketReadPast(0, some.at(-1)!.timeNs);
  }
  measurement.finish((arrived.at(-1)?.timeNs ?? 0) + 1);
  const flows = new Map<number, FlowCounts>();
  for (let stream = 0; stream < measurement.streamCount; stream++) {
    const { flow, counters } = measurement.snapshot(stream);
    flows.set(Number(flow), {
      expected: counters[StreamCounter.Expected]!,
      received: counters[StreamCounter.PacketsReceived]!,
      lost: counters[StreamCounter.Lost]!,
      neverSent: counters[StreamCounter.NeverSent]!,
      duplicated: counters[StreamCounter.PacketsDuplicated]!,
      reordered: counters[StreamCounter.PacketsReordered]!,
      late: counters[StreamCounter.PacketsLate]!,
    });
  }
  const malformed = measurement.socketSnapshot(0).malformed.reduce((sum, count) => sum + count, 0);
  return { flows, malformed };
}
