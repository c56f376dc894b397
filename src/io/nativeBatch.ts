import type { ReceiveBatch, SendBatch } from '../core/batch.js';
import type { NativeAddon, NativeReceiveBatch, NativeSendBatch } from './addon.js';
import { systemError } from './linux/systemError.js';

/**
 * Gives the addon the arrays of a batch, once: it keeps references to them and from then on reads and
 * writes their memory. They must never be transferred to another thread.
 */
export function registerReceiveBatch(addon: NativeAddon, batch: ReceiveBatch): NativeReceiveBatch {
  const handle = addon.receiveBatch(
    batch.messages,
    Math.floor(batch.bytes.length / batch.messages),
    batch.capacity,
    batch.bytes,
    batch.offset,
    batch.length,
    batch.flags,
    batch.timeRealNs,
    batch.path,
    batch.socket,
    batch.tos,
    batch.ttl,
    batch.drops,
    batch.following,
    batch.readClock,
  );
  if (typeof handle === 'number') throw systemError('the batch could not be registered', handle);
  return handle;
}

/** The same for a batch to be sent. */
export function registerSendBatch(addon: NativeAddon, batch: SendBatch): NativeSendBatch {
  const handle = addon.sendBatch(
    batch.capacity,
    batch.bytes,
    batch.offset,
    batch.length,
    batch.dueMonoNs,
    batch.departureMonoNs,
    batch.destination,
    batch.stampAt,
    batch.outcome,
  );
  if (typeof handle === 'number') throw systemError('the batch could not be registered', handle);
  return handle;
}
