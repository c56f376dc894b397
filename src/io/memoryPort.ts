import { ReceiveBatch, SendBatch } from '../core/batch.js';
import { copyBytes } from '../core/copyBytes.js';
import type { Nanos } from '../core/time.js';
import type { DatagramPort, Path } from './datagram.js';
import type { MemoryQueue } from './memoryQueue.js';
import { pathScope, type PathScope } from './pathTable.js';

/** The link between the ports of a memory Io. */
export interface MemoryPortLink {
  monoNs(): Nanos;
  realNs(): Nanos;
  path(index: number): Path;
  /** Sets slot 0 on its way. */
  carry(from: MemoryPort, batch: SendBatch, address: string, port: number): void;
  closed(port: MemoryPort): void;
}

/** A port on the simulated link. */
export class MemoryPort implements DatagramPort {
  readonly address: string;
  readonly port: number;
  readonly notes: readonly string[] = [];
  readonly scope: PathScope;
  readonly queue: MemoryQueue;
  sourceAddress = '';
  sourcePort = 0;
  receivedRealNs: Nanos = NaN;
  readonly #link: MemoryPortLink;
  readonly #received: ReceiveBatch;
  readonly #sent: SendBatch;
  #open = true;

  constructor(link: MemoryPortLink, address: string, port: number, queue: MemoryQueue) {
    this.#link = link;
    this.address = address;
    this.port = port;
    this.queue = queue;
    this.scope = pathScope(address, port, 0);
    this.#received = new ReceiveBatch(1, 1, queue.slotOctets);
    this.#sent = new SendBatch(1, queue.slotOctets);
  }

  receive(bytes: Uint8Array): number {
    const batch = this.#received;
    if (!this.#open || this.queue.take(batch, this.#link.monoNs()) === 0) return -1;
    const { source, sourcePort } = this.#link.path(batch.path[0]!);
    this.sourceAddress = source;
    this.sourcePort = sourcePort;
    this.receivedRealNs = this.#link.realNs();
    const octets = Math.min(batch.length[0]!, bytes.length);
    copyBytes(batch.bytes, batch.offset[0]!, octets, bytes, 0);
    return octets;
  }

  send(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    const batch = this.#sent;
    if (!this.#open || octets > batch.bytes.length || address.includes(':') !== this.address.includes(':'))
      return false;
    copyBytes(bytes, 0, octets, batch.bytes, 0);
    batch.offset[0] = 0;
    batch.length[0] = octets;
    batch.count = 1;
    this.#link.carry(this, batch, address, port);
    return true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.queue.clear();
    this.#link.closed(this);
  }
}
