import { randomInt } from 'node:crypto';
import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { endOctet, putColumns } from '../feed/limits.js';
import { FecEncoder, FecKind } from '../repair/fecEncoder.js';
import type { FecShape, SendStream } from '../profile/plan.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import type { ImpairableFeed } from './impairedFeed.js';

/** The feed of a stream that is protected; `destination` is that of its media. */
export function fecFeed(media: ImpairableFeed, stream: SendStream, destination: number): FecFeed {
  return new FecFeed(media, stream.media!.fec!, stream.sizeOctets, destination);
}

/**
 * A feed of RTP of one flow with its protection by SMPTE ST 2022-1: the media, then the flow of column FEC and, with
 * rows, that of row FEC. An FEC packet is due with the media packet that completes it or lets it go.
 */
export class FecFeed implements ImpairableFeed {
  readonly flowBase: number;
  readonly flows: number;
  readonly unpaced = false;
  readonly checkedRanges;
  /** Column FEC, row FEC. */
  readonly counts: readonly [{ scheduled: number; notSent: number }, { scheduled: number; notSent: number }] = [
    { scheduled: 0, notSent: 0 },
    { scheduled: 0, notSent: 0 },
  ];
  readonly #media: ImpairableFeed;
  readonly #encoder: FecEncoder;
  readonly #sizeOctets: number;
  readonly #destination: number;
  #lastNs: Nanos = 0;
  #flushed = false;

  /** `media`: destination `destination`; those of its FEC follow it. `sizeOctets`: of the largest media packet. */
  constructor(media: ImpairableFeed, shape: FecShape, sizeOctets: number, destination: number) {
    this.flowBase = media.flowBase;
    this.flows = shape.hasRows ? 3 : 2;
    this.checkedRanges = media.checkedRanges;
    this.#media = media;
    this.#destination = destination;
    this.#encoder = new FecEncoder(shape.columns, shape.rows, {
      rows: shape.hasRows,
      columnSequence: randomInt(2 ** 16),
      rowSequence: randomInt(2 ** 16),
      maxPayloadOctets: sizeOctets - RTP_FIXED_OCTETS,
    });
    this.#sizeOctets = this.#encoder.maxPacketOctets;
  }

  nextDueNs(): Nanos {
    const dueNs = this.#media.nextDueNs();
    return dueNs === Infinity && this.#waits() ? this.#lastNs : dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    const { untilNs } = batch;
    while (this.#putFec(batch)) {
      const dueNs = this.#media.nextDueNs();
      if (dueNs === Infinity || dueNs > untilNs || !this.#hasRoom(batch)) break;
      // One by one, so that FEC leaves between them.
      batch.untilNs = dueNs;
      const first = batch.count;
      const made = this.#media.fillRun(batch);
      for (let slot = first; slot < batch.count; slot++) {
        this.#encoder.add(batch.view, batch.offset[slot]!, batch.length[slot]!);
        this.#lastNs = batch.dueMonoNs[slot]!;
      }
      if (made === 0 && this.#media.nextDueNs() <= dueNs) break;
    }
    batch.untilNs = untilNs;
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    const flow = batch.flow[slot]! - this.flowBase;
    if (flow === 0) this.#media.refuse(batch, slot);
    else this.counts[flow - 1]!.notSent++;
  }

  update(batch: SendBatch, slot: number): void {
    if (batch.flow[slot] === this.flowBase) this.#media.update(batch, slot);
  }

  skip(untilNs: Nanos): number {
    return this.#media.skip(untilNs);
  }

  finish(nowNs: Nanos): void {
    this.#media.finish(nowNs);
  }

  /** Whether FEC is still to come at the end of the media. */
  #waits(): boolean {
    if (!this.#flushed && this.#media.nextDueNs() === Infinity) {
      this.#flushed = true;
      this.#encoder.flush();
    }
    return this.#encoder.ready() > 0;
  }

  #hasRoom(batch: SendBatch): boolean {
    return batch.count < batch.capacity && endOctet(batch) + this.#sizeOctets <= batch.bytes.length;
  }

  /** Appends what waits; false: the batch is full. */
  #putFec(batch: SendBatch): boolean {
    const encoder = this.#encoder;
    while (this.#waits()) {
      if (!this.#hasRoom(batch)) return false;
      const kind = encoder.nextKind() === FecKind.Column ? 1 : 2;
      const slot = batch.count;
      const at = endOctet(batch);
      putColumns(batch, slot, slot + 1, encoder.nextOctets(), 0, this.#destination + kind, 0);
      batch.offset[slot] = at;
      batch.flow[slot] = this.flowBase + kind;
      batch.dueMonoNs[slot] = this.#lastNs;
      encoder.take(batch.view, at);
      batch.count = slot + 1;
      this.counts[kind - 1]!.scheduled++;
    }
    return true;
  }
}
