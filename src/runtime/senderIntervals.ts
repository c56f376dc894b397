import type { Nanos } from '../core/time.js';
import type { SenderIntervalRow } from '../result/interval.js';
import type { SenderStreamState } from './senderResult.js';
import { SenderCounter } from './senderStats.js';

/** Rows of closed intervals: differences of the streams' counters. */
export class SenderIntervals {
  readonly #streams: readonly SenderStreamState[];
  readonly #before: { counters: Float64Array; scheduled: number; notSent: number }[];
  #startNs: Nanos;
  #endNs: Nanos;

  constructor(streams: readonly SenderStreamState[], startMonoNs: Nanos) {
    this.#streams = streams;
    this.#startNs = this.#endNs = startMonoNs;
    this.#before = streams.map(() => ({ counters: new Float64Array(SenderCounter.Count), scheduled: 0, notSent: 0 }));
  }

  lastSpan(runStartMonoNs: Nanos): { startNs: number; endNs: number } {
    return { startNs: Math.round(this.#startNs - runStartMonoNs), endNs: Math.round(this.#endNs - runStartMonoNs) };
  }

  close(nowNs: Nanos, seesRefusals: boolean): SenderIntervalRow[] {
    this.#startNs = this.#endNs;
    this.#endNs = nowNs;
    return this.#streams.flatMap((stream, index) => {
      const before = this.#before[index]!;
      const { counters, intervalDepartureError: error } = stream.stats;
      const octets = counters[SenderCounter.Octets]! - before.counters[SenderCounter.Octets]!;
      const row: SenderIntervalRow = {
        stream: stream.id,
        name: stream.plan.address.name,
        group: stream.plan.address.group,
        port: stream.plan.address.port,
        scheduled: stream.feed.scheduled - before.scheduled,
        sent: counters[SenderCounter.Sent]! - before.counters[SenderCounter.Sent]!,
        not_sent: seesRefusals ? stream.feed.notSent - before.notSent : null,
        octets_sent: octets,
        rate_bit_per_second: (octets * 8e9) / (this.#endNs - this.#startNs),
        departure_error_p50_ns: error.percentile(0.5),
        departure_error_p99_ns: error.percentile(0.99),
        departure_error_max_ns: error.max,
      };
      stream.stats.departureError.add(error);
      error.clear();
      before.counters.set(counters);
      before.scheduled = stream.feed.scheduled;
      before.notSent = stream.feed.notSent;
      // What protects media is in the result.
      return stream.role === 'media' ? [row] : [];
    });
  }
}
