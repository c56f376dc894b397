import { SendOutcome, type SendBatch } from '../core/batch.js';
import type { Clock, Nanos } from '../core/time.js';
import type { Feed } from '../feed/feed.js';
import type { DatagramSink } from '../io/datagram.js';
import { Pace, type Pacer } from '../pacing/pacer.js';
import type { Agent } from './agent.js';
import type { SentCounter } from './senderStats.js';

/** Longest time that a lane goes on sending before the loop looks at everything else. */
const TURN_NS = 1e6;

export interface SenderLaneOptions {
  /** All flows of this sink, impairment included. */
  readonly feed: Feed;
  readonly batch: SendBatch;
  readonly pacer: Pacer;
  readonly sink: DatagramSink;
  readonly clock: Clock;
  readonly counter: SentCounter;
  /** Most slots of one super-packet; 1 without offload. */
  readonly segments: number;
  readonly maxLateNs: Nanos;
}

/**
 * Everything that leaves through one sink: feed, pacer, sink. The batch is filled only as far ahead as
 * the next call needs, so that what datagrams carry about earlier ones is up to date.
 */
export class SenderLane implements Agent {
  finished = false;
  /** How long something was due and the sink was full, ns. */
  blockedNs: Nanos = 0;
  /** Since when it is so; NaN: it is not. */
  #blockedFromNs: Nanos = NaN;
  readonly #options: SenderLaneOptions;
  /** Next slot of the batch to send. */
  #at = 0;
  /** The present, CLOCK_MONOTONIC since the epoch, ns. A field, as a variable that a call also is handed it would be an object each time. */
  #nowNs: Nanos = 0;
  /** When the next call may be due, CLOCK_MONOTONIC since the epoch, ns. */
  #dueNs: Nanos = -Infinity;

  constructor(options: SenderLaneOptions) {
    this.#options = options;
  }

  nextDueNs(): Nanos {
    return this.#dueNs;
  }

  gatherNs(): Nanos {
    return 0;
  }

  doWork(nowMonoNs: Nanos): number {
    const { batch, pacer, sink, clock, segments } = this.#options;
    const untilNs = nowMonoNs + TURN_NS;
    this.#nowNs = nowMonoNs;
    if (!Number.isNaN(this.#blockedFromNs)) this.blockedNs += nowMonoNs - this.#blockedFromNs;
    this.#blockedFromNs = NaN;
    let handled = 0;
    while (this.#at < batch.count || this.#refill()) {
      const pace = pacer.plan(batch, this.#at, this.#nowNs);
      if (pace === Pace.Wait) {
        this.#dueNs = pacer.waitUntilNs;
        break;
      }
      const to = pacer.to;
      if (pace === Pace.GiveUp) {
        this.#giveUp(to);
        this.#options.feed.skip(this.#nowNs);
      } else {
        const from = this.#at;
        this.#at = sink.send(batch, from, to, segments);
        handled += this.#at - from;
        if (this.#options.counter.count(batch, from, this.#at)) this.#tellRefused(from);
        else if (this.#at < to && !this.#mayWait()) {
          this.#blockedFromNs = this.#nowNs;
          break;
        }
      }
      this.#nowNs = clock.monoNs();
      this.#dueNs = this.#nowNs;
      if (this.#nowNs > untilNs) break;
    }
    sink.drainErrors();
    return handled;
  }

  stop(nowMonoNs: Nanos): void {
    this.#giveUp(this.#options.batch.count);
    this.#options.feed.finish(nowMonoNs);
    this.#dueNs = nowMonoNs;
  }

  /** Returns whether there is something to send at all. */
  #refill(): boolean {
    const { batch, feed, pacer } = this.#options;
    const nowNs = this.#nowNs;
    batch.count = 0;
    this.#at = 0;
    let dueNs = feed.nextDueNs();
    if (pacer.fallenBehind(dueNs, nowNs)) {
      const skipped = feed.skip(nowNs);
      dueNs = feed.nextDueNs();
      // There is more of it: whoever stops the sender is heard in between. A marker is not skipped, but sent.
      if (skipped > 0 && pacer.fallenBehind(dueNs, nowNs)) {
        this.#dueNs = nowNs;
        return false;
      }
    }
    if (dueNs === Infinity) {
      this.finished = true;
      return false;
    }
    const wakeNs = pacer.wakeNs(dueNs);
    if (wakeNs > nowNs) {
      // Filled when it is needed, not before: until then more may be known.
      this.#dueNs = wakeNs;
      return false;
    }
    feed.fill(batch, pacer.horizonNs(dueNs, nowNs));
    this.#dueNs = nowNs;
    return batch.count > 0;
  }

  /**
   * The sink would block at slot `#at`. Returns whether to go on at once, the slot being given up; else
   * the loop waits until there is room, or until the slot is too late.
   */
  #mayWait(): boolean {
    const { batch, maxLateNs } = this.#options;
    const lateNs = batch.dueMonoNs[this.#at]! + maxLateNs;
    if (this.#nowNs >= lateNs) {
      batch.outcome[this.#at] = SendOutcome.TooLate;
      const from = this.#at++;
      this.#options.counter.count(batch, from, this.#at);
      this.#tellRefused(from);
      return true;
    }
    this.#dueNs = lateNs;
    return false;
  }

  /** Tells the feed of every slot of `[from, #at)` that was refused, and what follows them of that. */
  #tellRefused(from: number): void {
    const { batch, feed } = this.#options;
    for (let slot = from; slot < this.#at; slot++) {
      if (batch.outcome[slot] !== SendOutcome.Sent) feed.refuse(batch, slot);
    }
    for (let slot = this.#at; slot < batch.count; slot++) feed.update(batch, slot);
  }

  /** Slots `[#at, to)` will not be sent: the schedule went on without them. */
  #giveUp(to: number): void {
    const { outcome } = this.#options.batch;
    const from = this.#at;
    outcome.fill(SendOutcome.TooLate, from, to);
    this.#at = to;
    this.#tellRefused(from);
  }
}
