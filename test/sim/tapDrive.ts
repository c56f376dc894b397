import { TapComparison, type TapOptions } from '../../src/analysis/tapComparison.js';
import { ReceiveBatch } from '../../src/core/batch.js';
import type { RunEpoch } from '../../src/core/time.js';
import type { TapSnapshot } from '../../src/metrics/tapSnapshot.js';
import { probeConstantCheck, PROBE_HEADER_OCTETS, ProbeFlag, putProbe } from '../../src/wire/probe.js';
import type { Seen } from '../oracle/taps.js';

const STRIDE = 64;

/** Octets of a datagram, or of one that is none of ours. */
export function putSeen(batch: ReceiveBatch, slot: number, seen: Seen): void {
  const { run, flow, sequence, marker } = seen;
  const flags = marker === 'start' ? ProbeFlag.Start : marker === 'end' ? ProbeFlag.End : 0;
  const check = probeConstantCheck(flags, 0, 1, run, flow);
  const high = Number((sequence >> 32n) & 0xffff_ffffn);
  const low = Number(sequence & 0xffff_ffffn);
  putProbe(batch.view, slot * STRIDE, check, flags, 0, 1, run, flow, high, low, 0, 0);
}

export interface Tap {
  readonly seen: readonly Seen[];
  readonly epoch: RunEpoch;
}

/** Both taps through the product's comparison, in batches of `capacity`. */
export function compare(first: Tap, second: Tap, capacity: number, mostPages?: number): TapSnapshot {
  const optionsOf = ({ seen, epoch }: Tap): { options: TapOptions; paths: Seen[] } => {
    const paths: Seen[] = [];
    for (const one of seen) {
      if (!paths.some(({ group, port }) => group === one.group && port === one.port)) paths.push(one);
    }
    const pathOf = (path: number): ReturnType<TapOptions['pathOf']> => {
      const { group, port } = paths[path - 1]!;
      return { source: '192.0.2.1', sourcePort: 5000, group, port, interfaceIndex: 1 };
    };
    return { options: { epoch, pathOf, batchCapacity: capacity, maxStreams: 64 }, paths };
  };
  const one = optionsOf(first);
  const two = optionsOf(second);
  const comparison = new TapComparison(one.options, mostPages);
  feed(first, one.paths, capacity, (batch) => comparison.onFirst(batch));
  comparison.beginSecond(two.options);
  feed(second, two.paths, capacity, (batch) => comparison.onSecond(batch));
  return comparison.finish();
}

function feed(
  { seen, epoch }: Tap,
  paths: readonly Seen[],
  capacity: number,
  take: (batch: ReceiveBatch) => void,
): void {
  const batch = new ReceiveBatch(capacity, capacity, STRIDE);
  for (let from = 0; from < seen.length; from += capacity) {
    const some = seen.slice(from, from + capacity);
    batch.count = some.length;
    batch.bytes.fill(0xa5);
    for (const [slot, one] of some.entries()) {
      putSeen(batch, slot, one);
      batch.offset[slot] = slot * STRIDE;
      batch.length[slot] = PROBE_HEADER_OCTETS;
      batch.timeRealNs[slot] = Number(one.timeNs - epoch.realtimeNs);
      batch.path[slot] = 1 + paths.findIndex(({ group, port }) => group === one.group && port === one.port);
    }
    take(batch);
  }
}
