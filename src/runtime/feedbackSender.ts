import { FeedbackTable } from '../control/feedbackTable.js';
import { SendBatch } from '../core/batch.js';
import { printable } from '../core/printable.js';
import { ntpFromUnixNs } from '../core/ntpTime.js';
import type { Clock, Nanos } from '../core/time.js';
import type { DatagramPort, DatagramSink } from '../io/datagram.js';
import { Pacer } from '../pacing/pacer.js';
import {
  type FeedbackAnnouncement,
  FeedbackFlag,
  type FeedbackPlace,
  feedbackPacket,
  MOST_PLACES,
  readFeedback,
} from '../wire/feedback.js';
import type { RtcpPacket } from '../wire/rtcp.js';
import { sdesItem, SdesType } from '../wire/rtcpSdes.js';
import type { Agent } from './agent.js';
import { FeedbackFeed } from './feedbackFeed.js';
import type { FeedbackProof } from './feedbackProof.js';
import { SenderLane } from './senderLane.js';
import { SenderStats, SentCounter } from './senderStats.js';

/** What comes is looked for this often: the kernel has stamped it, so that this bends no figure. */
const LOOK_NS = 5e6;
/** Datagrams read in one look; what comes beyond waits in the socket's buffer, and is dropped there. */
const READ_AT_ONCE = 64;
/** The largest announcement: report, names, the places, the proof. */
const LARGEST_OCTETS = 1280;
/** Longer than any of ours. */
const READ_OCTETS = 2048;
const MAX_LATE_NS = 60e9;
/** Of all receivers together, each of which spreads what it has to say over the sum. */
const SPREAD_PER_RECEIVER_MS = 10;
const MOST_SPREAD_MS = 5000;
/** How long behind the end the last reports are waited for, beside the spread, of receivers that are still heard. */
const LINGER_NS = 10e9;
const NO_OCTETS = new Uint8Array();

export interface FeedbackSenderOptions {
  readonly clock: Clock;
  /** Reports and questions come here. */
  readonly port: DatagramPort;
  /** Announcements leave here, to destination 0. */
  readonly sink: DatagramSink;
  readonly proof: FeedbackProof;
  readonly runId: number;
  readonly cname: string;
  readonly name: string;
  /** What is sent; more than {@link MOST_PLACES} are left out, and with them what is not the sender's own source. */
  readonly places: readonly FeedbackPlace[];
  /** Whether SR or, beside RTP that has reports of its own, RR begins an announcement. */
  readonly isSender: boolean;
  readonly reportIntervalNs: Nanos;
  readonly reportBitPerSecond: number;
  readonly startMonoNs: Nanos;
}

/** What of the run announcements tell. */
export interface FeedbackTotals {
  readonly scheduled: number;
  readonly notSent: number;
  readonly octets: number;
}

/**
 * A sender's side of the feedback: announces the run on its first group, answers questions about its clock and keeps what
 * receivers report. Nothing that comes can end it or hold it up. It lasts until the data have ended and all receivers
 * that are still there have said their last.
 */
export class FeedbackSender implements Agent {
  readonly table = new FeedbackTable();
  /** Datagrams that are nothing of this run, or lack the proof. */
  foreign = 0;
  /** What the data are so far; set once they begin. */
  totals: () => FeedbackTotals = () => ({ scheduled: 0, notSent: 0, octets: 0 });
  /** Who sends the data; `null`: they have not begun. */
  #data: readonly Agent[] | null = null;
  readonly #options: FeedbackSenderOptions;
  readonly #feed: FeedbackFeed;
  readonly #lane: SenderLane;
  readonly #bytes = new Uint8Array(READ_OCTETS);
  #number = 0;
  #lookNs: Nanos = -Infinity;
  /** When the data ended; NaN: they have not. */
  #overNs: Nanos = NaN;

  constructor(options: FeedbackSenderOptions) {
    this.#options = options;
    const { startMonoNs, sink, clock } = options;
    this.#feed = new FeedbackFeed(startMonoNs, LARGEST_OCTETS, (bytes, at, isLast) =>
      this.#announce(bytes, at, isLast),
    );
    this.#lane = new SenderLane({
      feed: this.#feed,
      batch: new SendBatch(1, LARGEST_OCTETS),
      pacer: new Pacer({ quantumNs: 0, spinNs: 0, maxLateNs: MAX_LATE_NS, mostPerCall: 1, unpaced: false }),
      sink,
      clock,
      counter: new SentCounter(new Uint16Array(1), [new SenderStats()]),
      segments: 1,
      maxLateNs: MAX_LATE_NS,
    });
  }

  get finished(): boolean {
    return this.#lane.finished;
  }

  get announced(): number {
    return this.#feed.scheduled;
  }

  /** The data begin: it ends behind them. */
  follow(data: readonly Agent[], totals: () => FeedbackTotals): void {
    this.#data = data;
    this.totals = totals;
  }

  doWork(nowMonoNs: Nanos): number {
    if (nowMonoNs >= this.#lookNs) {
      this.#lookNs = nowMonoNs + LOOK_NS;
      this.#read(nowMonoNs);
      this.#tend(nowMonoNs);
    }
    return this.#lane.finished ? 0 : this.#lane.doWork(nowMonoNs);
  }

  nextDueNs(): Nanos {
    return Math.min(this.#lookNs, this.#lane.nextDueNs());
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  /** The data are stopped; receivers are to hear of it. */
  stop(): void {}

  #tend(nowMonoNs: Nanos): void {
    if (this.#data === null || !this.#data.every(({ finished }) => finished)) return;
    if (Number.isNaN(this.#overNs)) {
      this.#overNs = nowMonoNs;
      this.#feed.over(nowMonoNs);
      return;
    }
    const lingerNs = LINGER_NS + this.#spreadMs * 1e6;
    const isPatient = nowMonoNs - this.#overNs < lingerNs;
    if (isPatient && !(this.#feed.hasSaidEnd && this.table.isDone(nowMonoNs))) return;
    this.#lane.stop(nowMonoNs);
  }

  #read(nowMonoNs: Nanos): void {
    const { port, proof } = this.#options;
    for (let read = 0; read < READ_AT_ONCE; read++) {
      const octets = port.receive(this.#bytes);
      if (octets < 0) return;
      const packets = proof.read(this.#bytes, 0, octets);
      if (packets === null || !this.#heed(packets, nowMonoNs)) this.foreign++;
    }
  }

  /** Returns whether it was for this run. */
  #heed(packets: readonly RtcpPacket[], nowMonoNs: Nanos): boolean {
    const { port, runId } = this.#options;
    for (const packet of packets) {
      if (packet.kind !== 'app') continue;
      const said = readFeedback(packet);
      if (said === null || said.run !== runId) continue;
      const name = nameIn(packets);
      if (said.kind === 'question') {
        const receiver = this.table.admit(packet.ssrc, port.sourceAddress, port.sourcePort, name, nowMonoNs);
        if (receiver !== null) this.#answer(said.number, said.t1UnixNs);
        return true;
      }
      if (said.kind !== 'report') continue;
      const receiver = this.table.admit(packet.ssrc, port.sourceAddress, port.sourcePort, name, nowMonoNs);
      if (receiver !== null) this.table.report(receiver, said, nowMonoNs);
      return true;
    }
    return false;
  }

  #answer(number: number, t1UnixNs: bigint): void {
    const { port, proof, runId, clock } = this.#options;
    const { sourceAddress, sourcePort, receivedRealNs } = port;
    const t2UnixNs = clock.epoch.realtimeNs + BigInt(Math.round(receivedRealNs));
    const t3UnixNs = clock.epoch.realtimeNs + BigInt(Math.round(clock.realNs()));
    const answer = feedbackPacket(runId, { kind: 'answer', run: runId, number, t1UnixNs, t2UnixNs, t3UnixNs });
    const octets = proof.write(this.#bytes, 0, runId, [emptyReport(runId), this.#description(), answer]);
    port.send(this.#bytes, octets, sourceAddress, sourcePort);
  }

  #announce(bytes: Uint8Array, at: number, isLast: boolean): number {
    const { port, proof, runId, places, reportIntervalNs, reportBitPerSecond } = this.#options;
    const totals = this.totals();
    const said: FeedbackAnnouncement = {
      kind: 'announcement',
      run: runId,
      number: this.#number++ >>> 0,
      port: port.port,
      flags: (isLast ? FeedbackFlag.Last : 0) | (proof.hasKey ? FeedbackFlag.Proved : 0),
      receivers: Math.min(this.table.size, 0xffff),
      spreadMs: this.#spreadMs,
      reportIntervalUs: Math.round(reportIntervalNs / 1000),
      reportBitPerSecond: Math.min(Math.round(reportBitPerSecond), 0xffff_ffff),
      sent: totals.scheduled,
      notSent: totals.notSent,
      places: places.length > MOST_PLACES ? [] : places,
    };
    return proof.write(bytes, at, runId, [this.#report(totals), this.#description(), feedbackPacket(runId, said)]);
  }

  get #spreadMs(): number {
    return Math.min(MOST_SPREAD_MS, this.table.size * SPREAD_PER_RECEIVER_MS);
  }

  /** RFC 3550 section 6.1: a report is first. */
  #report({ scheduled, notSent, octets }: FeedbackTotals): RtcpPacket {
    const { runId, isSender, clock } = this.#options;
    if (!isSender) return emptyReport(runId);
    return {
      kind: 'sr',
      ssrc: runId,
      ntp: ntpFromUnixNs(clock.epoch.realtimeNs + BigInt(Math.round(clock.realNs()))),
      rtpTimestamp: 0,
      packetCount: (scheduled - notSent) % 2 ** 32,
      octetCount: octets % 2 ** 32,
      blocks: [],
      extension: NO_OCTETS,
    };
  }

  #description(): RtcpPacket {
    const { runId, cname, name } = this.#options;
    const items = [sdesItem(SdesType.Cname, cname), sdesItem(SdesType.Name, name)];
    return { kind: 'sdes', chunks: [{ ssrc: runId, items }] };
  }
}

/** A report of who has nothing to report. */
export function emptyReport(ssrc: number): RtcpPacket {
  return { kind: 'rr', ssrc, blocks: [], extension: NO_OCTETS };
}

/** The name that a source gives itself; empty: none. */
export function nameIn(packets: readonly RtcpPacket[]): string {
  for (const packet of packets) {
    if (packet.kind !== 'sdes') continue;
    for (const { items } of packet.chunks) {
      const item = items.find(({ type }) => type === SdesType.Name);
      if (item !== undefined) return printable(new TextDecoder().decode(item.octets));
    }
  }
  return '';
}
