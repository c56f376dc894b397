import { ArrivalRing } from '../../src/analysis/arrivalRing.js';
import { BurstMeter } from '../../src/analysis/burstMeter.js';
import { DecodedBatch, SlotKind } from '../../src/analysis/decoded.js';
import { ReceiveBatch } from '../../src/core/batch.js';
import type { LayeredRate } from '../../src/core/units.js';
import { BURST_WINDOWS } from '../../src/metrics/burstFigures.js';
import type { BurstsSnapshot } from '../../src/metrics/burstSnapshot.js';
import type { BurstArrival } from '../oracle/bursts.js';

export interface BurstDriveOptions {
  readonly drain?: LayeredRate | null;
  readonly family?: 4 | 6;
  /** Slots of a batch. */
  readonly size?: number;
  /** Entries of the ring at first and at most; default: those of the product. */
  readonly entries?: readonly [first: number, most: number];
}

/** A meter of one stream, number 3. Every second slot is a marker, which counts nowhere. */
export class BurstDrive {
  readonly meter: BurstMeter;
  readonly #batch: ReceiveBatch;
  readonly #decoded: DecodedBatch;
  readonly #size: number;

  constructor({ drain = null, family = 4, size = 7, entries }: BurstDriveOptions = {}) {
    this.meter = new BurstMeter(drain);
    const ring = entries === undefined ? undefined : new ArrivalRing(BURST_WINDOWS.length, ...entries);
    this.meter.addStream(3, family, ring);
    this.#size = size;
    this.#batch = new ReceiveBatch(1, 2 * size, 1);
    this.#decoded = new DecodedBatch(2 * size);
  }

  all(arrivals: readonly BurstArrival[]): void {
    for (let from = 0; from < arrivals.length; from += this.#size) this.#run(arrivals.slice(from, from + this.#size));
  }

  #run(some: readonly BurstArrival[]): void {
    const batch = this.#batch;
    const decoded = this.#decoded;
    for (const column of [batch.length, decoded.kind, decoded.timeMonoNs]) {
      new Uint8Array(column.buffer).fill(0xa5);
    }
    for (const [i, { ns, octets }] of some.entries()) {
      decoded.kind[2 * i] = SlotKind.Data;
      decoded.timeMonoNs[2 * i] = ns;
      batch.length[2 * i] = octets;
      decoded.kind[2 * i + 1] = SlotKind.Heartbeat;
    }
    batch.count = 2 * some.length;
    this.meter.onRun(batch, decoded, 3, 0, batch.count);
  }

  get figures(): BurstsSnapshot | null {
    return this.meter.snapshot(3);
  }
}
