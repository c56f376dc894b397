import type { Nanos } from '../core/time.js';
import type { SenderIntervalRow } from '../result/interval.js';
import type { SenderStreamState } from './senderResult.js';
import { SenderCounter } from './senderStats.js';

interface Counts {
  readonly counters: Float64Array;
  scheduled: number;
  notSent: number;
}

function noCounts(): Counts {
  return { counters: new Float64Array(SenderCounter.Count), scheduled: 0, notSent: 0 };
}

/** Rows of closed intervals: differences of the streams' counters. */
export class SenderIntervals {
  readonly #streams: readonly SenderStreamState[];
  /** By stream, at the beginning and at the end of the last interval. */
  readonly #before: readonly Counts[];
  readonly #after: readonly Counts[];
  #startNs: Nanos;
  #endNs: Nanos;

  constructor(streams: readonly SenderStreamState[], startMonoNs: Nanos) {
    this.#streams = streams;
    this.#startNs = this.#endNs = startMonoNs;
    this.#before = streams.map(noCounts);
    this.#after = streams.map(noCounts);
  }

  /** Of the last interval, from the beginning of the run. */
  span(runStartMonoNs: Nanos): { startNs: number; endNs: number } {
    return { startNs: Math.round(this.#startNs - runStartMonoNs), endNs: Math.round(this.#endNs - runStartMonoNs) };
  }

  /** An interval ends now, and the next one begins. The rows of the one before have been taken. */
  close(nowNs: Nanos): void {
    this.#startNs = this.#endNs;
    this.#endNs = nowNs;
    for (const [index, { stats, feed }] of this.#streams.entries()) {
      const after = this.#after[index]!;
      after.counters.set(stats.counters);
      after.scheduled = feed.scheduled;
      after.notSent = feed.notSent;
    }
  }

  /**
   * The rows of the interval that was closed last; `null`: the stream has none. Counts are those of its end; departure
   * errors go up to when the row is taken, and what they are of since then is in no other row.
   */
  *rows(seesRefusals: boolean): Generator<SenderIntervalRow | null, void> {
    for (const [index, stream] of this.#streams.entries()) yield this.#row(index, stream, seesRefusals);
  }

  #row(index: number, stream: SenderStreamState, seesRefusals: boolean): SenderIntervalRow | null {
    const before = this.#before[index]!;
    const after = this.#after[index]!;
    const error = stream.stats.intervalDepartureError;
    const octets = after.counters[SenderCounter.Octets]! - before.counters[SenderCounter.Octets]!;
    const row: SenderIntervalRow = {
      stream: stream.id,
      name: stream.plan.address.name,
      group: stream.plan.address.group,
      port: stream.plan.address.port,
      scheduled: after.scheduled - before.scheduled,
      sent: after.counters[SenderCounter.Sent]! - before.counters[SenderCounter.Sent]!,
      not_sent: seesRefusals ? after.notSent - before.notSent : null,
      octets_sent: octets,
      rate_bit_per_second: (octets * 8e9) / (this.#endNs - this.#startNs),
      departure_error_p50_ns: error.percentile(0.5),
      departure_error_p99_ns: error.percentile(0.99),
      departure_error_max_ns: error.max,
    };
    stream.stats.departureError.add(error);
    error.clear();
    before.counters.set(after.counters);
    before.scheduled = after.scheduled;
    before.notSent = after.notSent;
    // What protects media is in the result.
    return stream.role === 'media' ? row : null;
  }
}
