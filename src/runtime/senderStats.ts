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

const CHUNK = 1024;
// Departure errors of one chunk. Constants, because the compiler then knows where they lie.
const ERRORS = new Float64Array(CHUNK);
const ERROR_WORDS = new Int32Array(ERRORS.buffer);

/** Counts what became of slots. One for each sink; allocates nothing per datagram. */
export class SentCounter {
  /** Index in `stats` of each flow. */
  readonly #streamOf: Uint16Array;
  readonly #stats: readonly SenderStats[];

  constructor(streamOf: Uint16Array, stats: readonly SenderStats[]) {
    this.#streamOf = streamOf;
    this.#stats = stats;
  }

  /**
   * Slots `[from, to)` after the sink handled them. Returns whether any was refused: a sink stops behind what is
   * refused, so that it is always the last ones. Hot.
   */
  count(batch: SendBatch, from: number, to: number): boolean {
    const { flags, flow, outcome } = batch;
    let sentTo = to;
    while (sentTo > from && outcome[sentTo - 1] !== SendOutcome.Sent) sentTo--;
    let i = from;
    while (i < sentTo) {
      const of = this.#stats[this.#streamOf[flow[i]!]!]!;
      if ((flags[i]! & MARKERS) === 0) {
        const end = this.#dataEnd(batch, i, sentTo);
        this.#countData(batch, i, end, of);
        i = end;
      } else {
        if ((flags[i]! & SendFlag.Last) === 0) of.counters[SenderCounter.Markers]!++;
        else this.#countData(batch, i, i + 1, of);
        i++;
      }
    }
    for (; i < to; i++) {
      const isData = (flags[i]! & MARKERS) === 0 || (flags[i]! & SendFlag.Last) !== 0;
      if (isData) countRefused(outcome[i]!, this.#stats[this.#streamOf[flow[i]!]!]!);
    }
    return sentTo < to;
  }

  /** End of the data from slot `from` on that are all of one stream. */
  #dataEnd(batch: SendBatch, from: number, to: number): number {
    const { flags, flow } = batch;
    let end = from + 1;
    if (this.#stats.length === 1) {
      while (end < to && (flags[end]! & MARKERS) === 0) end++;
      return end;
    }
    const streamOf = this.#streamOf;
    const stream = streamOf[flow[from]!];
    while (end < to && (flags[end]! & MARKERS) === 0 && streamOf[flow[end]!] === stream) end++;
    return end;
  }

  /** Slots `[from, to)`, at least one: data of one stream that left. */
  #countData(batch: SendBatch, from: number, to: number, of: SenderStats): void {
    const { dueMonoNs, departureMonoNs, length } = batch;
    const { counters } = of;
    let octets = 0;
    for (let begin = from; begin < to; begin += CHUNK) {
      const end = Math.min(to, begin + CHUNK);
      let at = 0;
      for (let i = begin; i < end; i++) {
        ERRORS[at++] = departureMonoNs[i]! - dueMonoNs[i]!;
        octets += length[i]!;
      }
      of.intervalDepartureError.recordMany(ERRORS, ERROR_WORDS, at);
    }
    if (counters[SenderCounter.Sent] === 0) of.firstMonoNs = departureMonoNs[from]!;
    of.lastMonoNs = departureMonoNs[to - 1]!;
    counters[SenderCounter.Sent]! += to - from;
    counters[SenderCounter.Octets]! += octets;
  }
}

/** Datagrams with data; markers that were refused count nowhere. */
function countRefused(outcome: number, { counters }: SenderStats): void {
  if (outcome === SendOutcome.NoBuffers) counters[SenderCounter.NoBuffers]!++;
  else if (outcome === SendOutcome.TooLate) counters[SenderCounter.TooLate]!++;
  else counters[SenderCounter.Failed]!++;
}
