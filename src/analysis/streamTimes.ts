import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { type DecodedBatch, SlotKind } from './decoded.js';

const FIRST_STREAMS = 16;

/** When each stream was heard, ns since the epoch; NaN: not yet. Columns are replaced when they grow. */
export class StreamTimes {
  /** First and last arrival with data since the warm-up, duplicates and late ones included. */
  firstMonoNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  lastMonoNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  firstRealNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  lastRealNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  /** First arrival with data of all, warm-up or not. */
  firstDataRealNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  /** First and last arrival of any kind, monotonic. */
  firstHeardNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  lastHeardNs = new Float64Array(FIRST_STREAMS).fill(NaN);
  /** 1 while a silence has been told of. */
  #isTold = new Uint8Array(FIRST_STREAMS);

  ensure(streams: number): void {
    const { length } = this.firstMonoNs;
    if (streams <= length) return;
    const wanted = Math.max(streams, 2 * length);
    this.firstMonoNs = grown(this.firstMonoNs, wanted);
    this.lastMonoNs = grown(this.lastMonoNs, wanted);
    this.firstRealNs = grown(this.firstRealNs, wanted);
    this.lastRealNs = grown(this.lastRealNs, wanted);
    this.firstDataRealNs = grown(this.firstDataRealNs, wanted);
    this.firstHeardNs = grown(this.firstHeardNs, wanted);
    this.lastHeardNs = grown(this.lastHeardNs, wanted);
    const isTold = new Uint8Array(wanted);
    isTold.set(this.#isTold);
    this.#isTold = isTold;
  }

  /** Slots `[from, to)`, all of one stream. Returns whether they hold its very first data. */
  heard(stream: number, batch: ReceiveBatch, decoded: DecodedBatch, from: number, to: number): boolean {
    const { kind, timeMonoNs } = decoded;
    if (this.firstHeardNs[stream] !== this.firstHeardNs[stream]) this.firstHeardNs[stream] = timeMonoNs[from]!;
    this.lastHeardNs[stream] = timeMonoNs[to - 1]!;
    this.#isTold[stream] = 0;
    let last = to - 1;
    while (last >= from && kind[last] !== SlotKind.Data) last--;
    if (last < from) return false;
    this.lastMonoNs[stream] = timeMonoNs[last]!;
    this.lastRealNs[stream] = batch.timeRealNs[last]!;
    if (this.firstMonoNs[stream] === this.firstMonoNs[stream]) return false;
    let first = from;
    while (kind[first] !== SlotKind.Data) first++;
    this.firstMonoNs[stream] = timeMonoNs[first]!;
    this.firstRealNs[stream] = batch.timeRealNs[first]!;
    if (this.firstDataRealNs[stream] === this.firstDataRealNs[stream]) return false;
    this.firstDataRealNs[stream] = batch.timeRealNs[first]!;
    return true;
  }

  /** Whether a silence of `silenceNs` is over by `monoNs` that was not told of yet; then it is. */
  isSilent(stream: number, monoNs: Nanos, silenceNs: Nanos): boolean {
    if (this.#isTold[stream] === 1 || !(monoNs - this.lastHeardNs[stream]! >= silenceNs)) return false;
    this.#isTold[stream] = 1;
    return true;
  }

  /** End of the warm-up. */
  restart(stream: number): void {
    this.firstMonoNs[stream] = NaN;
    this.lastMonoNs[stream] = NaN;
    this.firstRealNs[stream] = NaN;
    this.lastRealNs[stream] = NaN;
  }
}

function grown(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length).fill(NaN);
  longer.set(column);
  return longer;
}
