import type { Measurement } from '../analysis/measurement.js';
import { sendsSuperPackets } from '../analysis/streamSnapshot.js';
import type { Nanos } from '../core/time.js';
import { SocketCounter, type DatagramSource } from '../io/datagram.js';

/** Above this rate a socket coalesces: reading datagrams one by one would cost more than what it tells. */
const PACKETS_PER_SECOND = 100_000;
const SPAN_NS = 1e9;

/**
 * Switches UDP_GRO on where the sender announces super-packets, or where the rate asks for it. It is
 * never switched off: a super-packet in the queue would then be read as one datagram.
 */
export class OffloadSwitch {
  readonly #sources: readonly DatagramSource[];
  readonly #measurement: Measurement;
  readonly #isOn: boolean[] = [];
  readonly #before: Float64Array;
  #beforeNs: Nanos = -Infinity;
  #streams = 0;

  constructor(mode: 'auto' | 'on', sources: readonly { readonly source: DatagramSource }[], measurement: Measurement) {
    this.#sources = sources.map(({ source }) => source);
    this.#measurement = measurement;
    this.#before = new Float64Array(sources.length);
    for (const index of this.#sources.keys()) {
      this.#isOn[index] = false;
      if (mode === 'on') this.#switchOn(index);
    }
  }

  /** To be called when streams may have come, before their data do. */
  tendStreams(): void {
    for (; this.#streams < this.#measurement.streamCount; this.#streams++) {
      const { table, decoder } = this.#measurement;
      if (!sendsSuperPackets(this.#streams, table, decoder)) continue;
      const socket = table.socket(this.#streams);
      this.#switchOn(this.#sources.findIndex((source) => source.index === socket));
    }
  }

  /** To be called every now and then. */
  tend(nowMonoNs: Nanos): void {
    const spanNs = nowMonoNs - this.#beforeNs;
    if (spanNs < SPAN_NS) return;
    for (const [index, source] of this.#sources.entries()) {
      const datagrams = source.counters[SocketCounter.Datagrams]!;
      if (((datagrams - this.#before[index]!) * 1e9) / spanNs > PACKETS_PER_SECOND) this.#switchOn(index);
      this.#before[index] = datagrams;
    }
    this.#beforeNs = nowMonoNs;
  }

  #switchOn(index: number): void {
    if (this.#isOn[index] !== false) return;
    const source = this.#sources[index]!;
    this.#isOn[index] = source.enableOffload();
    if (this.#isOn[index] === true) this.#measurement.coalesces(source.index);
  }
}
