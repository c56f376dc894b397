import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { SapAnnouncer } from '../control/sapAnnouncer.js';
import { endOctet, putColumns } from '../feed/limits.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';

export interface SapFeedOptions {
  readonly announcer: SapAnnouncer;
  /** Written into `SendBatch.destination`: the SAP group, port 9875. */
  readonly destination: number;
  /** Number of its flow in `SendBatch.flow`. Default 0. */
  readonly flowBase?: number;
  /** Further sessions announced on the same group, those of this sender among them (RFC 2974 section 3.1). Default 0. */
  readonly others?: number;
  /** Of the feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

/**
 * The announcements of one session as datagrams of one flow, from the announcer's first due time until {@link finish},
 * which makes the deletion due (RFC 2974 section 4). It never ends by itself. Cold: a datagram every few seconds.
 */
export class SapFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced = false;
  /** Datagrams offered so far, the deletion among them. */
  scheduled = 0;
  /** Of those, the refused ones. */
  notSent = 0;
  readonly markers = 0;
  readonly #announcer: SapAnnouncer;
  readonly #destination: number;
  readonly #others: number;
  readonly #slots: PayloadSlots | null;
  #finished = false;
  /** Still to be offered; `null`: none, or not yet. */
  #deletion: Uint8Array | null = null;
  #deletionDueNs: Nanos = 0;
  /** Due time of what was offered last. */
  #lastNs: Nanos = 0;

  constructor(options: SapFeedOptions) {
    this.flowBase = options.flowBase ?? 0;
    this.#announcer = options.announcer;
    this.#destination = options.destination;
    this.#others = options.others ?? 0;
    this.#slots = options.payloadSlots ?? null;
  }

  nextDueNs(): Nanos {
    if (!this.#finished) return this.#announcer.dueNs;
    return this.#deletion === null ? Infinity : this.#deletionDueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    for (;;) {
      const dueNs = this.nextDueNs();
      if (dueNs === Infinity || dueNs > batch.untilNs || batch.count >= batch.capacity) break;
      const octets = this.#deletion?.length ?? this.#announcer.octets;
      if (endOctet(batch) + octets > batch.bytes.length) {
        // What an empty batch cannot hold, none ever will.
        if (batch.count === 0) this.#giveUp();
        break;
      }
      this.#put(batch, this.#take(dueNs), dueNs);
    }
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(_batch: SendBatch, _slot: number): void {
    this.notSent++;
  }

  /** Announcements say nothing of what was sent before. */
  update(_batch: SendBatch, _slot: number): void {}

  /** Nothing is given up: an announcement, which moves by a third of its interval anyway, and the deletion are due later. */
  skip(untilNs: Nanos): number {
    if (!this.#finished) this.#announcer.dueNs = Math.max(this.#announcer.dueNs, untilNs);
    else if (this.#deletion !== null) this.#deletionDueNs = Math.max(this.#deletionDueNs, untilNs);
    return 0;
  }

  finish(nowNs: Nanos): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#deletion = this.#announcer.end();
    this.#deletionDueNs = Math.max(nowNs, this.#lastNs);
  }

  /** The packet that is due now; what follows it is scheduled. */
  #take(dueNs: Nanos): Uint8Array {
    const deletion = this.#deletion;
    this.#deletion = null;
    return deletion ?? this.#announcer.announce(dueNs, this.#others);
  }

  #put(batch: SendBatch, packet: Uint8Array, dueNs: Nanos): void {
    const slot = batch.count;
    const at = endOctet(batch);
    batch.bytes.set(packet, at);
    this.#slots?.forget();
    putColumns(batch, slot, slot + 1, packet.length, 0, this.#destination, 0);
    batch.offset[slot] = at;
    batch.flow[slot] = this.flowBase;
    batch.dueMonoNs[slot] = dueNs;
    batch.count = slot + 1;
    this.#lastNs = dueNs;
    this.scheduled++;
  }

  #giveUp(): void {
    this.scheduled++;
    this.notSent++;
    this.#finished = true;
    this.#deletion = null;
  }
}
