import { SendFlag, type SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

export interface PacerOptions {
  /** Datagrams due within so many ns may leave in one call, when the last of them is due; 0: only those of one instant. */
  readonly quantumNs: Nanos;
  /** The sink spins for the last part of a wait: this much of it. */
  readonly spinNs: Nanos;
  /** Behind by more than this the schedule is given up to the present. */
  readonly maxLateNs: Nanos;
  /** Most datagrams of one call, at least 1. */
  readonly mostPerCall: number;
  /** `--rate max`: no waiting, no giving up. */
  readonly unpaced: boolean;
}

/** What is to be done next: the result of {@link Pacer.plan}. */
export const Pace = {
  /** Hand slots `[from, to)` to the sink. */
  Send: 0,
  /** Nothing before {@link Pacer.waitUntilNs}. */
  Wait: 1,
  /** Slots `[from, to)` are too late and will not be sent; then the feed skips up to the same time. */
  GiveUp: 2,
} as const;
export type Pace = (typeof Pace)[keyof typeof Pace];

/**
 * When a due datagram may leave. Slots leave in order, never early: those of one quantum in one call
 * once the last of them is due. What is late leaves at once; a schedule that has fallen behind by more
 * than `maxLateNs` is given up to the present, so that nothing ever bursts to catch up.
 * Markers are never given up: without them the receiver could not tell the flow's first and last.
 */
export class Pacer {
  /** Behind the last slot that the latest {@link plan} is about. */
  to = 0;
  /** After `Wait`: when to come back, CLOCK_MONOTONIC since the epoch, ns. */
  waitUntilNs: Nanos = 0;
  readonly #spinNs: Nanos;
  readonly #maxLateNs: Nanos;
  readonly #mostPerCall: number;
  readonly #unpaced: boolean;
  /** Whole ns: a datagram is within the quantum up to so much behind its first. */
  readonly #withinNs: Nanos;

  constructor(options: PacerOptions) {
    this.#withinNs = Math.max(0, options.quantumNs - 1);
    this.#spinNs = options.spinNs;
    this.#maxLateNs = options.maxLateNs;
    this.#mostPerCall = options.mostPerCall;
    this.#unpaced = options.unpaced;
  }

  /** What is due at `dueNs` would leave too late: the schedule is to be given up to `nowNs`. */
  fallenBehind(dueNs: Nanos, nowNs: Nanos): boolean {
    return !this.#unpaced && nowNs - dueNs > this.#maxLateNs;
  }

  /** Up to which due time the next call may take datagrams, when its first is due at `dueNs`. */
  horizonNs(dueNs: Nanos, nowNs: Nanos): Nanos {
    return this.#unpaced ? nowNs : Math.max(nowNs, dueNs + this.#withinNs);
  }

  /** When to come back for a datagram due at `dueNs` that is the last of its call. */
  wakeNs(dueNs: Nanos): Nanos {
    return dueNs - this.#spinNs;
  }

  /**
   * What to do at `nowNs` with `batch` from slot `from` (below `batch.count`) on: in order of due time, or in any order if
   * all of it is due up to {@link horizonNs} of slot 0, which is due first. Hot.
   */
  plan(batch: SendBatch, from: number, nowNs: Nanos): Pace {
    const due = batch.dueMonoNs;
    const firstNs = due[from]!;
    let to = from + 1;
    if (this.fallenBehind(firstNs, nowNs)) {
      this.to = to;
      if (isMarker(batch, from)) return Pace.Send;
      while (to < batch.count && due[to]! < nowNs && !isMarker(batch, to)) to++;
      this.to = to;
      return Pace.GiveUp;
    }
    const last = Math.min(batch.count, from + this.#mostPerCall);
    if (this.#unpaced) {
      this.to = last;
      return Pace.Send;
    }
    const untilNs = this.horizonNs(firstNs, nowNs);
    let latestNs = firstNs;
    while (to < last && due[to]! <= untilNs) {
      if (due[to]! > latestNs) latestNs = due[to]!;
      to++;
    }
    this.to = to;
    this.waitUntilNs = this.wakeNs(latestNs);
    return this.waitUntilNs > nowNs ? Pace.Wait : Pace.Send;
  }
}

function isMarker(batch: SendBatch, slot: number): boolean {
  return (batch.flags[slot]! & (SendFlag.Start | SendFlag.End)) !== 0;
}
