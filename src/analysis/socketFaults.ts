import type { ReceiveBatch } from '../core/batch.js';
import { recogniseFormat } from '../wire/recognise.js';
import { WireStatus } from '../wire/status.js';

/** Kinds of malformed datagrams kept apart per socket: `WireStatus` values and {@link Fault}. */
export const FAULT_KINDS = 16;

/** Faults that no wire check finds. */
export const Fault = {
  /** Longer than the slot. */
  Truncated: 14,
  /** A sequence number far ahead that no further datagram confirmed. */
  UnconfirmedJump: 15,
} as const;

/** What another format is taken for. */
const FOREIGN: ReadonlySet<number> = new Set([
  WireStatus.BadMagic,
  WireStatus.TooShort,
  WireStatus.BadVersion,
  WireStatus.BadLength,
]);

/**
 * Datagrams that reached a socket and belong to no stream, by kind; and, once per socket, what they
 * are instead of what was demanded.
 */
export class SocketFaults {
  /** `counts[socket * FAULT_KINDS + WireStatus]`. Replaced when it grows. */
  counts = new Float64Array(8 * FAULT_KINDS);
  /** Format that the first of them looks like, by socket: as a rule another one than was demanded. */
  readonly instead: (string | undefined)[] = [];

  ensure(sockets: number): void {
    const wanted = sockets * FAULT_KINDS;
    if (wanted <= this.counts.length) return;
    const grown = new Float64Array(Math.max(wanted, 2 * this.counts.length));
    grown.set(this.counts);
    this.counts = grown;
  }

  /** Slot `i` is malformed in the way that `status` (a `WireStatus` or {@link Fault}) says. */
  malformed(batch: ReceiveBatch, i: number, status: number): void {
    const socket = batch.socket[i]!;
    this.counts[socket * FAULT_KINDS + status]!++;
    if (FOREIGN.has(status)) {
      this.instead[socket] ??= recogniseFormat(batch.bytes, batch.offset[i]!, batch.length[i]!);
    }
  }

  /** End of the warm-up. */
  restart(socket: number): void {
    this.counts.fill(0, socket * FAULT_KINDS, (socket + 1) * FAULT_KINDS);
  }
}
