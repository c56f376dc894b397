/**
 * Columns of a stream's row in {@link SequenceStates}: numbers relative to the stream's origin, times
 * CLOCK_MONOTONIC since the epoch, ns.
 */
export const Seq = {
  /** Number after the highest heard of, by data or announcement. */
  High: 0,
  /** NextExp of RFC 4737: number after the highest that came as data. */
  NextExpected: 1,
  /** When the oldest open gap is declared lost; Infinity without one. */
  ExpiryMonoNs: 2,
  /** `High` beyond which the oldest open gap leaves the window of numbers; Infinity without one. */
  HighLimit: 3,
  /** First expected number. */
  Base: 4,
  /** All numbers from here to `High` came; their bits are not written yet. */
  SolidFrom: 5,
  /** Socket drops when `High` last moved. */
  DropsAtHigh: 6,
  /** Sender's count of numbers never sent, as the datagram said that last moved `High`. */
  NotSentAtHigh: 7,
  /** The highest such count heard, and its 32 bits as they came. */
  NotSentHeard: 8,
  NotSentRaw: 9,
  /** What that count was where `Base` is. */
  NotSentBase: 10,
  /** Numbers of gaps taken for never sent since the stream began. */
  NeverSent: 11,
  Pending: 12,
  /** Datagrams with data that were new. */
  Arrivals: 13,
  /** A jump that waits for confirmation: `[HeldFirst, HeldFirst + HeldSpan)` with its octets; NaN: none. */
  HeldFirst: 14,
  HeldSpan: 15,
  HeldOctets: 16,
  /** An announcement that waits for confirmation; NaN: none. */
  HeldNext: 17,
  BeganMonoNs: 18,
  /** Datagrams that the kernel delivered and this program discarded, not yet found in a gap. */
  Discarded: 19,
  ExtentSum: 20,
  ExtentMax: 21,
  /** Reordered datagrams, the number of extents in the sum. */
  Extents: 22,
  /** When the first end marker came; NaN: none yet. */
  EndedMonoNs: 23,
  Count: 24,
} as const;

/** How much of a stream was announced: {@link SequenceStates.phase}. */
export const Phase = {
  /** Nothing heard yet. */
  New: 0,
  /** Expected from the first number heard. */
  First: 1,
  /** Expected from the start marker on. */
  Start: 2,
} as const;

const FIRST_STREAMS = 16;

/** One row of {@link Seq} per stream. */
export class SequenceStates {
  /** `values[stream * Seq.Count + column]`. Replaced when it grows: read it anew per batch. */
  values = new Float64Array(FIRST_STREAMS * Seq.Count);
  phase = new Uint8Array(FIRST_STREAMS);

  ensure(streams: number): void {
    if (streams <= this.phase.length) return;
    const length = Math.max(streams, 2 * this.phase.length);
    const { values, phase } = this;
    this.values = new Float64Array(length * Seq.Count);
    this.phase = new Uint8Array(length);
    this.values.set(values);
    this.phase.set(phase);
  }

  /** The stream was heard of: its numbers count from `base`. */
  begin(stream: number, phase: number, base: number, monoNs: number, drops: number, notSentRaw: number): void {
    const at = stream * Seq.Count;
    const f = this.values;
    f.fill(0, at, at + Seq.Count);
    f[at + Seq.High] = base;
    f[at + Seq.NextExpected] = base;
    f[at + Seq.ExpiryMonoNs] = Infinity;
    f[at + Seq.HighLimit] = Infinity;
    f[at + Seq.Base] = base;
    f[at + Seq.SolidFrom] = base;
    f[at + Seq.DropsAtHigh] = drops;
    f[at + Seq.NotSentRaw] = notSentRaw === notSentRaw ? notSentRaw : 0;
    f[at + Seq.HeldFirst] = NaN;
    f[at + Seq.HeldNext] = NaN;
    f[at + Seq.BeganMonoNs] = monoNs;
    f[at + Seq.EndedMonoNs] = NaN;
    this.phase[stream] = phase;
  }

  /** Extends a carried count of numbers never sent (32 bits, wraps; NaN: not told) to the stream's own count. */
  notSent(at: number, raw: number): number {
    const f = this.values;
    if (raw !== raw) return f[at + Seq.NotSentHeard]!;
    const growth = (raw - f[at + Seq.NotSentRaw]!) | 0;
    const count = f[at + Seq.NotSentHeard]! + growth;
    if (growth > 0) {
      f[at + Seq.NotSentHeard] = count;
      f[at + Seq.NotSentRaw] = raw;
    }
    return count;
  }
}
