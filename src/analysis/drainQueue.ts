import type { ReceiveBatch } from '../core/batch.js';
import { octetsAtLayer } from '../core/layers.js';
import type { LayeredRate } from '../core/units.js';
import { Histogram } from '../metrics/histogram.js';
import type { QueueSnapshot } from '../metrics/burstSnapshot.js';
import { type DecodedBatch, SlotKind } from './decoded.js';

const DATA: number = SlotKind.Data;
/** Any payload that needs no padding: what a layer adds to it. */
const UNPADDED_OCTETS = 1000;

/** Slots of one {@link DrainQueue.add} at most. */
export const QUEUE_CHUNK = 4096;
// A constant, because the compiler then knows where they lie.
const DELAYS = new Float64Array(QUEUE_CHUNK);
const DELAY_WORDS = new Int32Array(DELAYS.buffer);

const Level = { Octets: 0, AtNs: 1, MaxOctets: 2, MaxAtNs: 3, Count: 4 } as const;

/**
 * The queue that would have built before a link of a given rate: every arrival enters whole at its stamp, and the link
 * empties it without a pause (ITU-T I.371 annex A, the continuous-state leaky bucket, without its limit).
 */
export class DrainQueue {
  readonly #drain: LayeredRate;
  readonly #octetsPerNs: number;
  /** What the layer adds to a payload, and what it makes of the shortest. */
  readonly #addedOctets: number;
  readonly #leastOctets: number;
  readonly #levels = new Float64Array(Level.Count);
  readonly #delay = new Histogram();

  constructor(drain: LayeredRate, family: 4 | 6) {
    this.#drain = drain;
    this.#octetsPerNs = drain.bitPerSecond / 8e9;
    this.#addedOctets = octetsAtLayer(UNPADDED_OCTETS, family, drain.layer) - UNPADDED_OCTETS;
    this.#leastOctets = octetsAtLayer(0, family, drain.layer);
    this.clear();
  }

  clear(): void {
    this.#levels[Level.Octets] = 0;
    this.#levels[Level.AtNs] = -Infinity;
    this.#levels[Level.MaxOctets] = -1;
    this.#levels[Level.MaxAtNs] = NaN;
    this.#delay.clear();
  }

  /** Slots `[from, to)`, at most {@link QUEUE_CHUNK}. Hot. */
  add(batch: ReceiveBatch, decoded: DecodedBatch, from: number, to: number): void {
    const { kind, timeMonoNs } = decoded;
    const { length } = batch;
    const levels = this.#levels;
    const octetsPerNs = this.#octetsPerNs;
    const nsPerOctet = 1 / octetsPerNs;
    const addedOctets = this.#addedOctets;
    const leastOctets = this.#leastOctets;
    let level = levels[Level.Octets]!;
    let atNs = levels[Level.AtNs]!;
    let most = levels[Level.MaxOctets]!;
    let count = 0;
    for (let i = from; i < to; i++) {
      if (kind[i] !== DATA) continue;
      const ns = timeMonoNs[i]!;
      if (ns > atNs) {
        level = Math.max(0, level - (ns - atNs) * octetsPerNs);
        atNs = ns;
      }
      level += Math.max(length[i]! + addedOctets, leastOctets);
      if (level > most) {
        most = level;
        levels[Level.MaxAtNs] = atNs;
      }
      DELAYS[count] = Math.floor(level * nsPerOctet + 0.5);
      count++;
    }
    this.#delay.recordMany(DELAYS, DELAY_WORDS, count);
    levels[Level.Octets] = level;
    levels[Level.AtNs] = atNs;
    levels[Level.MaxOctets] = most;
  }

  snapshot(): QueueSnapshot {
    const maxOctets = this.#levels[Level.MaxOctets]!;
    return {
      drain: this.#drain,
      // Parts of an octet have left as well; what is below a thousandth comes from the arithmetic.
      maxOctets: Math.round(maxOctets * 1e3) / 1e3,
      maxNs: Math.round(maxOctets / this.#octetsPerNs),
      atMonoNs: this.#levels[Level.MaxAtNs]!,
      delay: this.#delay.copy(),
    };
  }
}
