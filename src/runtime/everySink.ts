import type { SendBatch } from '../core/batch.js';
import type { DatagramSink } from '../io/datagram.js';

/** A sink whose datagrams go to all of its destinations: what a group would have brought to single hosts. */
export class EverySink implements DatagramSink {
  readonly counters: Float64Array;
  readonly sourcePort: number;
  readonly notes: readonly string[];
  readonly #sink: DatagramSink;
  readonly #destinations: number;

  constructor(sink: DatagramSink, destinations: number) {
    this.#sink = sink;
    this.#destinations = destinations;
    this.counters = sink.counters;
    this.sourcePort = sink.sourcePort;
    this.notes = sink.notes;
  }

  /** What becomes of a slot is what becomes of it at destination 0. */
  send(batch: SendBatch, from: number, to: number, _segments: number): number {
    for (let slot = from; slot < to; slot++) {
      for (let destination = this.#destinations - 1; destination >= 0; destination--) {
        batch.destination[slot] = destination;
        const next = this.#sink.send(batch, slot, slot + 1, 1);
        if (destination === 0 && next === slot) return slot;
      }
    }
    return to;
  }

  drainErrors(): number {
    return this.#sink.drainErrors();
  }

  close(): void {
    this.#sink.close();
  }
}
