import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { endOctet, putColumns } from '../feed/limits.js';
import type { FlowFeed } from '../feed/mergedFeed.js';

/** Announcements come so often at first, so that who joins early is known before much has been sent; and later. */
const EARLY_NS = 200e6;
const EARLY_SPAN_NS = 2e9;
const LATER_NS = 1e9;
/** How far behind the end of the data the last announcements follow each other: single ones may be lost. */
const LAST_NS = [0, 20e6, 100e6] as const;
/** While receivers have still something to say. */
const AGAIN_NS = 500e6;

/** The announcements of a run as datagrams of one flow: `write` makes each as it is due. Cold. */
export class FeedbackFeed implements FlowFeed {
  readonly flowBase = 0;
  readonly flows = 1;
  readonly unpaced = false;
  readonly markers = 0;
  scheduled = 0;
  notSent = 0;
  readonly #write: (bytes: Uint8Array, at: number, isLast: boolean) => number;
  readonly #startNs: Nanos;
  readonly #largestOctets: number;
  #dueNs: Nanos;
  #isLast = false;
  /** Last announcements made. */
  #last = 0;
  #ended = false;

  /** `write`: puts the datagram at `bytes[at]`, of at most `largestOctets`, and returns its octets. */
  constructor(
    startMonoNs: Nanos,
    largestOctets: number,
    write: (bytes: Uint8Array, at: number, isLast: boolean) => number,
  ) {
    this.#write = write;
    this.#startNs = startMonoNs;
    this.#largestOctets = largestOctets;
    this.#dueNs = startMonoNs;
  }

  /** The data have ended: what comes from now on says so, beginning at once. */
  over(nowNs: Nanos): void {
    if (this.#isLast) return;
    this.#isLast = true;
    this.#dueNs = nowNs;
  }

  /** Whether the end has been announced often enough for one that lost a datagram. */
  get hasSaidEnd(): boolean {
    return this.#last >= LAST_NS.length;
  }

  nextDueNs(): Nanos {
    return this.#ended ? Infinity : this.#dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    while (!this.#ended && this.#dueNs <= batch.untilNs) {
      if (batch.count === batch.capacity || endOctet(batch) + this.#largestOctets > batch.bytes.length) break;
      this.#put(batch);
    }
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(_batch: SendBatch, _slot: number): void {
    this.notSent++;
  }

  update(_batch: SendBatch, _slot: number): void {}

  /** Nothing is given up: what was due is due later. */
  skip(untilNs: Nanos): number {
    if (this.#dueNs < untilNs) this.#dueNs = untilNs;
    return 0;
  }

  finish(_nowNs: Nanos): void {
    this.#ended = true;
  }

  #put(batch: SendBatch): void {
    const slot = batch.count;
    const at = endOctet(batch);
    const dueNs = this.#dueNs;
    const octets = this.#write(batch.bytes, at, this.#isLast);
    putColumns(batch, slot, slot + 1, octets, 0, 0, 0);
    batch.offset[slot] = at;
    batch.flow[slot] = 0;
    batch.dueMonoNs[slot] = dueNs;
    batch.count = slot + 1;
    this.scheduled++;
    this.#dueNs = dueNs + this.#pauseNs(dueNs);
  }

  #pauseNs(dueNs: Nanos): Nanos {
    if (!this.#isLast) return dueNs - this.#startNs < EARLY_SPAN_NS ? EARLY_NS : LATER_NS;
    const said = this.#last++;
    return said + 1 < LAST_NS.length ? LAST_NS[said + 1]! - LAST_NS[said]! : AGAIN_NS;
  }
}
