import { SendFlag, SendOutcome, type SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';

/** Columns of a sending stream's counters. */
export const SenderCounter = {
  /** Datagrams with data that the kernel took, further copies included. */
  Sent: 0,
  NoBuffers: 1,
  TooLate: 2,
  Failed: 3,
  /** Start and end markers that the kernel took. */
  Markers: 4,
  /** UDP payload octets of what the kernel took, markers excluded. */
  Octets: 5,
  Count: 6,
} as const;

/** What became of one sending stream's datagrams. */
export class SenderStats {
  readonly counters = new Float64Array(SenderCounter.Count);
  readonly departureError = new Histogram();
  /** The same, since the last interval. */
  readonly intervalDepartureError = new Histogram();
  firstMonoNs: Nanos = NaN;
  lastMonoNs: Nanos = NaN;
}

const MARKERS = SendFlag.Start | SendFlag.End;

/** Counts what became of slots. One for each sink; allocates nothing per datagram. */
export class SentCounter {
  /** Index in `stats` of each flow. */
  readonly #streamOf: Uint16Array;
  readonly #stats: readonly SenderStats[];
  readonly #errorNs: Float64Array;
  readonly #errorWords: Int32Array;

  /** `capacity`: of the batches. */
  constructor(streamOf: Uint16Array, stats: readonly SenderStats[], capacity: number) {
    this.#streamOf = streamOf;
    this.#stats = stats;
    this.#errorNs = new Float64Array(capacity);
    this.#errorWords = new Int32Array(this.#errorNs.buffer);
  }

  /**
   * Slots `[from, to)` after the sink handled them. Returns whether one was refused (always the last:
   * a sink stops behind it). Hot.
   */
  count(batch: SendBatch, from: number, to: number): boolean {
    const { flags, flow, outcome } = batch;
    let refused = false;
    let i = from;
    while (i < to) {
      const stream = this.#streamOf[flow[i]!]!;
      if (outcome[i] !== SendOutcome.Sent || (flags[i]! & MARKERS) !== 0) {
        refused = this.#countOne(batch, i, this.#stats[stream]!) || refused;
        i++;
        continue;
      }
      let end = i + 1;
      while (
        end < to &&
        outcome[end] === SendOutcome.Sent &&
        (flags[end]! & MARKERS) === 0 &&
        this.#streamOf[flow[end]!] === stream
      ) {
        end++;
      }
      this.#countData(batch, i, end, this.#stats[stream]!);
      i = end;
    }
    return refused;
  }

  /** Slots `[from, to)`, at least one: data of one stream that left. */
  #countData(batch: SendBatch, from: number, to: number, of: SenderStats): void {
    const { dueMonoNs, departureMonoNs, length } = batch;
    const { counters } = of;
    const errorNs = this.#errorNs;
    let octets = 0;
    for (let i = from; i < to; i++) {
      errorNs[i - from] = departureMonoNs[i]! - dueMonoNs[i]!;
      octets += length[i]!;
    }
    of.intervalDepartureError.recordMany(errorNs, this.#errorWords, to - from);
    if (counters[SenderCounter.Sent] === 0) of.firstMonoNs = departureMonoNs[from]!;
    of.lastMonoNs = departureMonoNs[to - 1]!;
    counters[SenderCounter.Sent]! += to - from;
    counters[SenderCounter.Octets]! += octets;
  }

  /** A marker, or a slot that was refused; returns whether it was. */
  #countOne(batch: SendBatch, i: number, { counters }: SenderStats): boolean {
    const outcome = batch.outcome[i]!;
    const isMarker = (batch.flags[i]! & MARKERS) !== 0;
    if (outcome === SendOutcome.Sent) {
      counters[SenderCounter.Markers]!++;
      return false;
    }
    if (isMarker) return true;
    if (outcome === SendOutcome.NoBuffers) counters[SenderCounter.NoBuffers]!++;
    else if (outcome === SendOutcome.TooLate) counters[SenderCounter.TooLate]!++;
    else counters[SenderCounter.Failed]!++;
    return true;
  }
}
