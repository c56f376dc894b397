import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { type DecodedBatch, SlotKind } from './decoded.js';

const FIRST_STREAMS = 16;

/** Columns of a stream's row, which lie in one line of the processor's cache; ns since the epoch, NaN: not yet. */
export const Heard = {
  /** First and last arrival with data since the warm-up, duplicates and late ones included. */
  FirstMonoNs: 0,
  LastMonoNs: 1,
  FirstRealNs: 2,
  LastRealNs: 3,
  /** First arrival with data of all, warm-up or not. */
  FirstDataRealNs: 4,
  /** First and last arrival of any kind, monotonic. */
  FirstHeardNs: 5,
  LastHeardNs: 6,
  /** 1 while a silence has been told of. */
  IsTold: 7,
  Count: 8,
} as const;

/** When each stream was heard. */
export class StreamTimes {
  /** `values[stream * Heard.Count + column]`. Replaced when it grows. */
  values = new Float64Array(FIRST_STREAMS * Heard.Count).fill(NaN);

  ensure(streams: number): void {
    const { values } = this;
    if (streams * Heard.Count <= values.length) return;
    this.values = new Float64Array(Math.max(streams * Heard.Count, 2 * values.length)).fill(NaN);
    this.values.set(values);
  }

  /** Monotonic, of any kind. */
  firstHeardNs(stream: number): Nanos {
    return this.values[stream * Heard.Count + Heard.FirstHeardNs]!;
  }

  lastHeardNs(stream: number): Nanos {
    return this.values[stream * Heard.Count + Heard.LastHeardNs]!;
  }

  /** Slots `[from, to)`, all of one stream. Returns whether they hold its very first data. Hot. */
  heard(stream: number, batch: ReceiveBatch, decoded: DecodedBatch, from: number, to: number): boolean {
    const { kind, timeMonoNs } = decoded;
    const f = this.values;
    const at = stream * Heard.Count;
    if (f[at + Heard.FirstHeardNs] !== f[at + Heard.FirstHeardNs]) f[at + Heard.FirstHeardNs] = timeMonoNs[from]!;
    f[at + Heard.LastHeardNs] = timeMonoNs[to - 1]!;
    f[at + Heard.IsTold] = 0;
    let last = to - 1;
    while (last >= from && kind[last] !== SlotKind.Data) last--;
    if (last < from) return false;
    f[at + Heard.LastMonoNs] = timeMonoNs[last]!;
    f[at + Heard.LastRealNs] = batch.timeRealNs[last]!;
    if (f[at + Heard.FirstMonoNs] === f[at + Heard.FirstMonoNs]) return false;
    let first = from;
    while (kind[first] !== SlotKind.Data) first++;
    f[at + Heard.FirstMonoNs] = timeMonoNs[first]!;
    f[at + Heard.FirstRealNs] = batch.timeRealNs[first]!;
    if (f[at + Heard.FirstDataRealNs] === f[at + Heard.FirstDataRealNs]) return false;
    f[at + Heard.FirstDataRealNs] = batch.timeRealNs[first]!;
    return true;
  }

  /** Whether a silence of `silenceNs` is over by `monoNs` that was not told of yet; then it is. */
  isSilent(stream: number, monoNs: Nanos, silenceNs: Nanos): boolean {
    const f = this.values;
    const at = stream * Heard.Count;
    if (f[at + Heard.IsTold] === 1 || !(monoNs - f[at + Heard.LastHeardNs]! >= silenceNs)) return false;
    f[at + Heard.IsTold] = 1;
    return true;
  }

  /** End of the warm-up. */
  restart(stream: number): void {
    const at = stream * Heard.Count;
    this.values.fill(NaN, at + Heard.FirstMonoNs, at + Heard.LastRealNs + 1);
  }
}
