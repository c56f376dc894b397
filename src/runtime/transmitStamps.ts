import { SocketCounter, type DatagramSink } from '../io/datagram.js';
import type { Histogram } from '../metrics/histogram.js';

/** Reads a sink's ring of transmit stamps as it fills. */
export class TransmitStamps {
  /** Stamps overwritten before they were read. */
  missed = 0;
  readonly #sink: DatagramSink;
  #taken = 0;

  constructor(sink: DatagramSink) {
    this.#sink = sink;
  }

  /** Records how much later than its departure the kernel stamped each message since the last call, ns. */
  take(into: Histogram): void {
    const ring = this.#sink.transmitStamps;
    if (ring === undefined) return;
    const pairs = ring.length / 2;
    const there = this.#sink.counters[SocketCounter.TransmitStamps]!;
    const from = Math.max(this.#taken, there - pairs);
    this.missed += from - this.#taken;
    for (let pair = from; pair < there; pair++) into.record(ring[2 * (pair % pairs) + 1]!);
    this.#taken = there;
  }
}
