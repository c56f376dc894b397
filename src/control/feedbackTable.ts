import type { Nanos } from '../core/time.js';
import { type FeedbackReport, FeedbackFlag, type FlowReport, ReportField } from '../wire/feedback.js';

/** Receivers that a sender tells apart, and of one host at most. */
export const MOST_RECEIVERS = 1024;
const MOST_PER_HOST = 512;
/** What one receiver may say a second, and at once. */
const SAID_PER_SECOND = 100;
const SAID_AT_ONCE = 50;
/** Not heard for so many of its intervals, and at least so long, a receiver is gone. */
const SILENT_INTERVALS = 5;
const SHORTEST_SILENCE_NS = 3e9;
/** Flows of a receiver that are remembered. */
const MOST_FLOWS = 64;
/** Numbers further ahead of the last one than this are old ones (RFC 1982 section 3.2). */
const HALF_OF_NUMBERS = 2 ** 31;

/** One that reports to this sender. */
export interface KnownReceiver {
  readonly ssrc: number;
  readonly address: string;
  /** UDP port that it speaks from. */
  port: number;
  name: string;
  /** Of its last report, by `ReportField`. */
  readonly figures: Float64Array;
  /** Of the latest flows that it has told of, as it told last. */
  readonly flows: Map<number, FlowReport>;
  streams: number;
  reports: number;
  heardNs: Nanos;
  /** It has said its last, and sends its result. */
  isDone: boolean;
}

/** Why something that was said is not heeded. */
export const Heed = { Taken: 0, Stale: 1, Flood: 2, Full: 3 } as const;
export type Heed = (typeof Heed)[keyof typeof Heed];

interface Entry extends KnownReceiver {
  number: number;
  tokens: number;
  tokensNs: Nanos;
  /** Between its reports, smoothed. */
  intervalNs: Nanos;
}

/**
 * The receivers that a sender has heard of: bounded in number and in what each may say, whatever comes. A receiver is an
 * SSRC at an address; one that was gone may come back.
 */
export class FeedbackTable {
  /** What was not heeded, by {@link Heed}. */
  readonly refused = new Float64Array(4);
  readonly #entries = new Map<string, Entry>();
  readonly #hosts = new Map<string, number>();

  get size(): number {
    return this.#entries.size;
  }

  /** In the order in which they came. */
  receivers(): IterableIterator<KnownReceiver> {
    return this.#entries.values();
  }

  /** Whether a receiver may say something now; one that is not known yet becomes so. `port`: where it speaks from. */
  admit(ssrc: number, address: string, port: number, name: string, nowNs: Nanos): KnownReceiver | null {
    const key = `${ssrc} ${address}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const ofHost = this.#hosts.get(address) ?? 0;
      if (this.#entries.size >= MOST_RECEIVERS || ofHost >= MOST_PER_HOST) {
        this.refused[Heed.Full]!++;
        return null;
      }
      this.#hosts.set(address, ofHost + 1);
      entry = {
        ssrc,
        address,
        port,
        name,
        figures: new Float64Array(ReportField.Count).fill(NaN),
        flows: new Map(),
        streams: 0,
        reports: 0,
        heardNs: nowNs,
        isDone: false,
        number: -1,
        tokens: SAID_AT_ONCE,
        tokensNs: nowNs,
        intervalNs: 0,
      };
      this.#entries.set(key, entry);
    }
    const earned = ((nowNs - entry.tokensNs) / 1e9) * SAID_PER_SECOND;
    entry.tokens = Math.min(SAID_AT_ONCE, entry.tokens + earned);
    entry.tokensNs = nowNs;
    if (entry.tokens < 1) {
      this.refused[Heed.Flood]!++;
      return null;
    }
    entry.tokens--;
    entry.port = port;
    if (name !== '') entry.name = name;
    return entry;
  }

  /** A report of one that was admitted. Returns whether it is heeded: what comes again or behind a later one is not. */
  report(receiver: KnownReceiver, report: FeedbackReport, nowNs: Nanos): boolean {
    const entry = receiver as Entry;
    const ahead = (report.number - entry.number) >>> 0;
    if (entry.number >= 0 && (ahead === 0 || ahead >= HALF_OF_NUMBERS)) {
      this.refused[Heed.Stale]!++;
      return false;
    }
    entry.number = report.number;
    if (entry.reports > 0) {
      const spanNs = nowNs - entry.heardNs;
      entry.intervalNs = entry.intervalNs === 0 ? spanNs : 0.75 * entry.intervalNs + 0.25 * spanNs;
    }
    entry.heardNs = nowNs;
    entry.reports++;
    entry.streams = report.streams;
    entry.figures.set(report.figures);
    for (const flow of report.latest) {
      entry.flows.delete(flow.flow);
      entry.flows.set(flow.flow, flow);
    }
    for (const flow of entry.flows.keys()) {
      if (entry.flows.size <= MOST_FLOWS) break;
      entry.flows.delete(flow);
    }
    if ((report.flags & FeedbackFlag.Last) !== 0) entry.isDone = true;
    return true;
  }

  /** Whether a receiver has not been heard for so long that it is gone. */
  isSilent(receiver: KnownReceiver, nowNs: Nanos): boolean {
    const { intervalNs, heardNs, reports } = receiver as Entry;
    return reports > 0 && nowNs - heardNs > Math.max(SHORTEST_SILENCE_NS, SILENT_INTERVALS * intervalNs);
  }

  /** How many have reported and are still there, or have said their last. */
  present(nowNs: Nanos): number {
    let count = 0;
    for (const entry of this.#entries.values()) {
      if (entry.reports > 0 && (entry.isDone || !this.isSilent(entry, nowNs))) count++;
    }
    return count;
  }

  /** Whether nobody that is still there has more to say. */
  isDone(nowNs: Nanos): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.reports > 0 && !entry.isDone && !this.isSilent(entry, nowNs)) return false;
    }
    return true;
  }
}
