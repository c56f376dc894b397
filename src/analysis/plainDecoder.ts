import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import { recogniseFormat } from '../wire/recognise.js';
import { type DecodedBatch, NO_STREAM, SlotKind } from './decoded.js';
import { Fault, type SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

/** Datagrams of a stream that are looked at for a known format. */
export const RECOGNISED_FROM = 4;

/**
 * Any UDP payload: one stream per path, without sequence or carried time. The stream's format is named
 * after the first of its first datagrams that looks like a known one.
 */
export class PlainDecoder {
  /** By stream, for its first datagrams. `unknown`: looked at, not recognised. */
  readonly formats: (string | undefined)[] = [];
  readonly #table: StreamTable;
  readonly #faults: SocketFaults;
  #looked = new Uint8Array(16);

  constructor(table: StreamTable, faults: SocketFaults) {
    this.#table = table;
    this.#faults = faults;
  }

  /** Hot. A datagram of no octets counts like any other. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): void {
    const path = batch.path[i]!;
    const index = this.#table.find(path, 0, 0, StreamFormat.Plain);
    const stream = index < 0 ? this.#add(path, batch.socket[i]!) : index;
    const isTruncated = (batch.flags[i]! & SlotFlag.Truncated) !== 0;
    if (isTruncated) this.#faults.malformed(batch, i, Fault.Truncated);
    out.kind[i] = isTruncated ? SlotKind.Malformed : SlotKind.Data;
    out.stream[i] = isTruncated ? NO_STREAM : stream;
    out.sequence[i] = NaN;
    out.span[i] = 0;
    out.next[i] = NaN;
    out.notSent[i] = NaN;
    out.sentRealNs[i] = NaN;
    if (this.#looked[stream]! < RECOGNISED_FROM) this.#look(batch, i, stream);
  }

  #add(path: number, socket: number): number {
    const stream = this.#table.add(path, 0, 0, StreamFormat.Plain, socket, 0, 0);
    if (stream >= this.#looked.length) {
      const grown = new Uint8Array(Math.max(stream + 1, 2 * this.#looked.length));
      grown.set(this.#looked);
      this.#looked = grown;
    }
    return stream;
  }

  #look(batch: ReceiveBatch, i: number, stream: number): void {
    this.#looked[stream]!++;
    if (stream === this.#table.others) return;
    const name = recogniseFormat(batch.bytes, batch.offset[i]!, batch.length[i]!);
    this.formats[stream] = name;
    if (name !== 'unknown') this.#looked[stream] = RECOGNISED_FROM;
  }
}
