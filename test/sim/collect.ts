import { SendBatch, SendFlag } from '../../src/core/batch.js';
import type { Feed } from '../../src/feed/feed.js';
import { type ProbeHeader, probeCodec } from '../../src/wire/probeCodec.js';

/** One datagram as it left a feed, copied out of its batch. */
export interface Sent {
  readonly dueNs: number;
  readonly octets: Uint8Array;
  readonly flags: number;
  readonly flow: number;
  readonly destination: number;
  readonly stampAt: number;
}

export function copySlot(batch: SendBatch, slot: number): Sent {
  const at = batch.offset[slot]!;
  return {
    dueNs: batch.dueMonoNs[slot]!,
    octets: batch.bytes.slice(at, at + batch.length[slot]!),
    flags: batch.flags[slot]!,
    flow: batch.flow[slot]!,
    destination: batch.destination[slot]!,
    stampAt: batch.stampAt[slot]!,
  };
}

/** Every column of every slot holds something else than any feed would leave there by itself. */
export function dirtyBatch(capacity: number, slabOctets: number): SendBatch {
  const batch = new SendBatch(capacity, slabOctets);
  batch.bytes.fill(0xa5);
  batch.offset.fill(0xa5);
  batch.length.fill(0xa5);
  batch.flags.fill(0xa5);
  batch.destination.fill(0xa5);
  batch.stampAt.fill(0xa5);
  batch.flow.fill(0xa5);
  batch.dueMonoNs.fill(-1);
  batch.outcome.fill(0xa5);
  return batch;
}

/** All that a feed sends until it has ended or `untilNs`, in steps of `stepNs`, through batches of `capacity`. */
export function collect(
  feed: Feed,
  options: { untilNs?: number; stepNs?: number; capacity?: number; slabOctets?: number } = {},
): Sent[] {
  const { untilNs = 1e15, stepNs = untilNs, capacity = 64, slabOctets = 100_000 } = options;
  const batch = dirtyBatch(capacity, slabOctets);
  const sent: Sent[] = [];
  for (let nowNs = stepNs; ; nowNs += stepNs) {
    const horizonNs = Math.min(nowNs, untilNs);
    do {
      batch.count = 0;
      feed.fill(batch, horizonNs);
      for (let slot = 0; slot < batch.count; slot++) sent.push(copySlot(batch, slot));
    } while (batch.count > 0);
    if (nowNs >= untilNs || feed.nextDueNs() === Infinity) return sent;
  }
}

export function header(sent: Sent): ProbeHeader {
  const parsed = probeCodec.create();
  const status = probeCodec.parse(sent.octets, 0, sent.octets.length, parsed);
  if (status !== 0) throw new Error(`not a probe datagram: status ${status}`);
  return parsed;
}

export const isData = (sent: Sent): boolean => (sent.flags & (SendFlag.Start | SendFlag.End)) === 0;

/** As a sink does when the host refuses slot `slot`: it counts, and what follows says so. */
export function refuse(feed: Feed, batch: SendBatch, slot: number): void {
  feed.refuse(batch, slot);
  for (let i = slot + 1; i < batch.count; i++) feed.update(batch, i);
}
