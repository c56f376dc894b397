import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

import { endOctet, type PacedOptions, putColumns, UNPACED_RUN } from './limits.js';
import type { FlowFeed } from './mergedFeed.js';
import { PayloadSlots } from './payloadSlots.js';
import { Schedule } from './schedule.js';

export interface PayloadFeedOptions extends PacedOptions {
  /**
   * Octets to send, at least one. Up to `sizeOctets` of them: every datagram is them, repeated to fill it.
   * More: they are cut into pieces of `sizeOctets`, the last may be shorter, and sent round and round.
   */
  readonly payload: Uint8Array;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

/**
 * Any UDP payload on an absolute schedule: one flow, no markers, no sequence, no stamp. The first
 * datagram is due at `startMonoNs`. At a rate of Infinity as `ProbeFeed`.
 */
export class PayloadFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced: boolean;
  /** Impairment may corrupt any octet: nothing is known of a check. */
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  /** Datagrams offered or given up so far. */
  scheduled = 0;
  /** Of those, refused or skipped ones. */
  notSent = 0;
  readonly markers = 0;
  readonly #destination: number;
  readonly #schedule: Schedule;
  readonly #pieces: readonly Uint8Array[];
  readonly #longestOctets: number;
  readonly #slots: PayloadSlots;
  readonly #count: number;
  #ended = false;
  #piece = 0;
  /** At a rate of Infinity the latest `untilNs`. */
  #lastNs: Nanos = 0;

  constructor(options: PayloadFeedOptions) {
    this.flowBase = options.flowBase ?? 0;
    this.#destination = options.destination;
    this.#schedule = new Schedule(options.pattern, options.packetsPerSecond, options.startMonoNs, options.seed);
    this.unpaced = this.#schedule.unpaced;
    const { payload, sizeOctets, sizes } = options;
    this.#pieces = sizes ? filledTo(payload, sizes) : pieces(payload, sizeOctets);
    this.#longestOctets = Math.max(...this.#pieces.map(({ length }) => length));
    this.#slots = options.payloadSlots ?? new PayloadSlots();
    this.#count = options.count ?? Infinity;
    this.#schedule.endNs = options.durationNs === null ? Infinity : options.startMonoNs + options.durationNs;
    this.#lastNs = options.startMonoNs;
    this.#endData();
  }

  nextDueNs(): Nanos {
    if (this.#ended) return Infinity;
    return this.#schedule.unpaced ? this.#lastNs : this.#schedule.dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const made = this.#fillData(batch);
    if (this.#ended || this.unpaced) batch.nextDueNs = this.nextDueNs();
    else batch.nextDueNs = this.#schedule.dueNs;
    return made;
  }

  #fillData(batch: SendBatch): number {
    const { untilNs } = batch;
    const before = batch.count;
    const schedule = this.#schedule;
    const unpaced = schedule.unpaced;
    if (unpaced && untilNs >= this.#schedule.endNs) this.#ended = true;
    if (this.#ended) return 0;
    let at = endOctet(batch);
    const room = Math.min(
      batch.capacity - before,
      Math.floor((batch.bytes.length - at) / this.#longestOctets),
      this.#count - schedule.index,
      unpaced ? UNPACED_RUN : Infinity,
    );
    schedule.untilNs = untilNs;
    const made = schedule.takeRun(batch, before, before + room);
    for (let slot = before; slot < before + made; slot++) {
      const piece = this.#pieces[this.#piece]!;
      if (at % piece.length !== 0 || at >= this.#slots.coveredTo(batch, piece)) {
        this.#slots.write(batch, at, 0, piece);
      }
      putColumns(batch, slot, slot + 1, piece.length, 0, this.#destination, 0);
      batch.offset[slot] = at;
      batch.flow[slot] = this.flowBase;
      at += piece.length;
      this.#piece = (this.#piece + 1) % this.#pieces.length;
    }
    if (made > 0) this.#lastNs = batch.dueMonoNs[before + made - 1]!;
    this.scheduled += made;
    batch.count = before + made;
    this.#endData();
    return made;
  }

  refuse(_batch: SendBatch, _slot: number): void {
    this.notSent++;
  }

  /** These datagrams carry nothing of their sender. */
  update(_batch: SendBatch, _slot: number): void {}

  skip(untilNs: Nanos): number {
    if (this.#ended) return 0;
    const before = this.#schedule.index;
    this.#schedule.skip(Math.min(untilNs, this.#schedule.endNs));
    const skipped = Math.min(this.#schedule.index, this.#count) - before;
    this.#piece = (this.#piece + skipped) % this.#pieces.length;
    this.scheduled += skipped;
    this.notSent += skipped;
    this.#endData();
    return skipped;
  }

  finish(_nowNs: Nanos): void {
    this.#ended = true;
  }

  #endData(): void {
    if (
      this.#schedule.index >= this.#count ||
      (!this.#schedule.unpaced && this.#schedule.dueNs >= this.#schedule.endNs)
    ) {
      this.#ended = true;
    }
  }
}

/** Datagrams of these sizes, the same array for the same size, each full of the payload. */
function filledTo(payload: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const filled = new Map<number, Uint8Array>();
  for (const octets of sizes) {
    if (!filled.has(octets))
      filled.set(
        octets,
        Uint8Array.from({ length: octets }, (_, i) => payload[i % payload.length]!),
      );
  }
  return sizes.map((octets) => filled.get(octets)!);
}

function pieces(payload: Uint8Array, sizeOctets: number): Uint8Array[] {
  if (payload.length <= sizeOctets) {
    return filledTo(payload, [sizeOctets]);
  }
  const cut: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += sizeOctets) cut.push(payload.slice(at, at + sizeOctets));
  return cut;
}
