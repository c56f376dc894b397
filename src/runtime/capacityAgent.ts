import type { KnownReceiver, FeedbackTable } from '../control/feedbackTable.js';
import type { RateSearch, RateSearchResult, RateStep } from '../control/rateSearch.js';
import type { ReceiverObservation } from '../control/rateJudgement.js';
import { SendBatch } from '../core/batch.js';
import { octetsAtLayer, packetsPerSecondAt } from '../core/layers.js';
import { splitNs, type Nanos } from '../core/time.js';
import { END_MARKERS, START_MARKERS } from '../feed/markers.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import type { DatagramSink, Io } from '../io/datagram.js';
import { Pacer } from '../pacing/pacer.js';
import { chooseQuantumNs } from '../pacing/quantum.js';
import type { Agent } from './agent.js';
import { SenderLane } from './senderLane.js';
import { SenderCounter, SenderStats, SentCounter } from './senderStats.js';

/** From asking for a step to its first datagram: building the lane and its start markers. */
const LEAD_NS = 15e6;
/** Datagrams are under way for so long behind a step, before a report tells of all of it. */
const UNDER_WAY_NS = 100e6;
/** Reports are waited for so long behind that. */
const PATIENCE_NS = 500e6;
const LOOK_NS = 2e6;
const SLAB_OCTETS = 256 << 10;
const SLOTS_MAX = 1024;
const SPIN_NS = 70e3;
/**
 * With offload datagrams due within so long leave as one super-packet, where RFC 9097's own table has bursts a millisecond
 * apart: what shapes a path may spend on each packet what sending all of them costs, and then it is the processor that
 * is measured.
 */
const BURST_NS = 250e3;
/**
 * A loop that came so much later than it meant to was held up by the host: what it then sends at once overflows queues that
 * the rate alone would not.
 */
const HELD_UP_NS = 2e6;
/** In a row, and how long they may be together; after that what is missing counts, whosever fault it is. */
const MOST_DISTURBED = 6;
const MOST_DISTURBED_NS = 10e9;

/** What steps of all searches have in common. */
export interface CapacitySending {
  readonly io: Io;
  readonly sink: DatagramSink;
  readonly runId: number;
  readonly tos: number;
  readonly ttl: number;
  readonly family: 4 | 6;
  /** Most datagrams of a super-packet, by their octets; 1: each leaves by itself. */
  readonly segmentsFor: (sizeOctets: number) => number;
  /** Receivers are told of super-packets, and read as such (UDP_GRO). */
  readonly announcesSuperPackets: boolean;
  readonly maxLateNs: Nanos;
  readonly seed: number;
  /** Octets that the queue of the interface holds; `null`: not known. */
  readonly backlogOctets: () => number | null;
}

/** One step that was, or is being, sent. */
interface SentStep {
  readonly step: RateStep;
  readonly flow: number;
  readonly feed: ProbeFeed;
  readonly lane: SenderLane;
  readonly stats: SenderStats;
  readonly endNs: Nanos;
  /** In this host's own queue when the data ended; `null`: not looked at, or not known. */
  backlogOctets: number | null;
  isOver: boolean;
  /** For how long this host held it up. */
  heldUpNs: Nanos;
}

/** What all steps together have sent. */
export interface CapacityTotals {
  scheduled: number;
  notSent: number;
  noBuffers: number;
  tooLate: number;
  failed: number;
  octets: number;
  /** Steps that this host held up, which tell nothing of the path: they were not judged. */
  disturbed: number;
}

/** Sends the steps of one search, each as a flow of its own, and tells the search what receivers report of them. */
export class CapacityAgent implements Agent {
  finished = false;
  result: RateSearchResult | null = null;
  /** Flow of the next step: further searches of a run go on from there. */
  nextFlow: number;
  readonly #sending: CapacitySending;
  readonly #search: RateSearch;
  readonly #table: FeedbackTable;
  readonly #sizeOctets: number;
  readonly #totals: CapacityTotals;
  readonly #onStep: (step: RateStep, sent: number, notSent: number, receivers: readonly ReceiverObservation[]) => void;
  readonly #active: SentStep[] = [];
  #lastIndex = -1;
  /** When the next step's data may begin. */
  #nextNs: Nanos;
  #lookNs: Nanos = -Infinity;
  /** When the loop was to come back. */
  #awaitedNs: Nanos = Infinity;
  #stopped = false;
  #disturbed = 0;
  #disturbedNs: Nanos = 0;
  /** By SSRC: the least delay so far, ns by clocks that need not agree. */
  readonly #leastDelayNs = new Map<number, Nanos>();

  constructor(
    sending: CapacitySending,
    search: RateSearch,
    table: FeedbackTable,
    sizeOctets: number,
    firstFlow: number,
    totals: CapacityTotals,
    onStep: (step: RateStep, sent: number, notSent: number, receivers: readonly ReceiverObservation[]) => void,
  ) {
    this.#sending = sending;
    this.#search = search;
    this.#table = table;
    this.#sizeOctets = sizeOctets;
    this.#totals = totals;
    this.#onStep = onStep;
    this.nextFlow = firstFlow;
    this.#nextNs = sending.io.clock.monoNs() + LEAD_NS;
  }

  doWork(nowMonoNs: Nanos): number {
    let handled = 0;
    this.#noteHeldUp(nowMonoNs - this.#awaitedNs, nowMonoNs);
    for (const { lane } of this.#active) if (!lane.finished) handled += lane.doWork(nowMonoNs);
    if (nowMonoNs >= this.#lookNs) {
      this.#lookNs = nowMonoNs + LOOK_NS;
      this.#lookAtQueue(nowMonoNs);
      this.#tellReports(nowMonoNs);
      this.#begin(nowMonoNs);
    }
    const endNs = this.#sending.io.clock.monoNs();
    this.#noteHeldUp(endNs - nowMonoNs, endNs);
    this.#awaitedNs = Math.max(endNs, this.nextDueNs());
    return handled;
  }

  #noteHeldUp(lateNs: Nanos, nowMonoNs: Nanos): void {
    if (lateNs < HELD_UP_NS) return;
    for (const sent of this.#active) {
      if (!sent.lane.finished && nowMonoNs > sent.endNs - sent.step.durationNs) sent.heldUpNs += lateNs;
    }
  }

  nextDueNs(): Nanos {
    let dueNs = this.#lookNs;
    for (const { lane } of this.#active) if (!lane.finished) dueNs = Math.min(dueNs, lane.nextDueNs());
    return dueNs;
  }

  gatherNs(): Nanos {
    return 0;
  }

  stop(nowMonoNs: Nanos): void {
    this.#stopped = true;
    for (const { lane } of this.#active) if (!lane.finished) lane.stop(nowMonoNs);
  }

  /** When a step's data end: what this host's own queue holds then is its part of a delay that rose. */
  #lookAtQueue(nowMonoNs: Nanos): void {
    for (const sent of this.#active) {
      if (sent.isOver || nowMonoNs < sent.endNs - LOOK_NS) continue;
      sent.isOver = true;
      sent.backlogOctets = this.#sending.backlogOctets();
    }
  }

  #begin(nowMonoNs: Nanos): void {
    while (this.result === null && !this.#stopped && this.#nextNs <= nowMonoNs + 2 * LEAD_NS) {
      const next = this.#search.next();
      if (next.kind === 'result') {
        this.result = next;
        break;
      }
      // The same step until it is reported.
      if (next.index === this.#lastIndex) break;
      this.#lastIndex = next.index;
      this.#send(next, nowMonoNs);
    }
    const isSending = this.#active.some(({ lane }) => !lane.finished);
    if ((this.result !== null || this.#stopped) && !isSending) this.finished = true;
  }

  #send(step: RateStep, nowMonoNs: Nanos): void {
    const { io, sink, runId, tos, ttl, family, maxLateNs, seed } = this.#sending;
    const sizeOctets = this.#sizeOctets;
    const segments = this.#sending.segmentsFor(sizeOctets);
    const dataBitPerSecond = step.rateBitPerSecond - markersBitPerSecond(step, sizeOctets, family);
    const packetsPerSecond = packetsPerSecondAt(dataBitPerSecond, sizeOctets, family, 'ethernet');
    const dataNs = Math.max(this.#nextNs + step.waitNs, nowMonoNs + LEAD_NS);
    const flow = this.nextFlow++;
    const feedAt = (startMonoNs: Nanos): ProbeFeed =>
      new ProbeFeed({
        packetsPerSecond,
        pattern: { kind: 'cbr' },
        count: null,
        durationNs: step.durationNs,
        startMonoNs,
        seed: seed + flow,
        sizeOctets,
        destination: 0,
        flows: 1,
        firstFlow: flow,
        runId,
        tos,
        ttl,
        sendTime: io.capabilities.departureStamp ? 'departure' : 'due',
        unixAtMonoZero: splitNs(io.clock.epoch.realtimeNs),
        superPackets: segments > 1 && this.#sending.announcesSuperPackets,
      });
    // Start markers come before: data follow each other without a gap.
    const leadNs = feedAt(0).firstDataNs;
    const feed = feedAt(dataNs - leadNs);
    const slots = Math.max(16, Math.min(SLOTS_MAX, Math.floor(SLAB_OCTETS / sizeOctets)));
    const stats = new SenderStats();
    const lane = new SenderLane({
      feed,
      batch: new SendBatch(slots, slots * sizeOctets),
      pacer: new Pacer({
        quantumNs: Math.max(segments > 1 ? BURST_NS : 0, chooseQuantumNs(packetsPerSecond, sizeOctets, segments)),
        spinNs: SPIN_NS,
        maxLateNs,
        mostPerCall: slots,
        unpaced: false,
      }),
      sink,
      clock: io.clock,
      counter: new SentCounter(new Uint16Array(1), [stats]),
      segments,
      maxLateNs,
    });
    const endNs = dataNs + step.durationNs;
    this.#active.push({ step, flow, feed, lane, stats, endNs, backlogOctets: null, isOver: false, heldUpNs: 0 });
    this.#nextNs = dataNs + step.durationNs + step.settleNs;
  }

  #tellReports(nowMonoNs: Nanos): void {
    for (let i = 0; i < this.#active.length; i++) {
      const sent = this.#active[i]!;
      if (!sent.lane.finished || nowMonoNs < sent.endNs + UNDER_WAY_NS) continue;
      const heard = this.#heardOf(sent);
      const isAll = heard.length >= this.#table.present(nowMonoNs);
      if (!isAll && nowMonoNs < sent.endNs + UNDER_WAY_NS + PATIENCE_NS) continue;
      this.#active.splice(i--, 1);
      this.#tell(sent, heard);
    }
  }

  /** Receivers whose last report came when all of the step had arrived. */
  #heardOf({ endNs }: SentStep): KnownReceiver[] {
    return [...this.#table.receivers()].filter(
      ({ heardNs, reports }) => reports > 0 && heardNs >= endNs + UNDER_WAY_NS,
    );
  }

  #tell(of: SentStep, heard: readonly KnownReceiver[]): void {
    const { step, flow, feed, lane, stats, endNs, backlogOctets } = of;
    const { scheduled, notSent } = feed;
    const { counters } = stats;
    const totals = this.#totals;
    totals.scheduled += scheduled;
    totals.notSent += notSent;
    totals.noBuffers += counters[SenderCounter.NoBuffers]!;
    totals.tooLate += counters[SenderCounter.TooLate]!;
    totals.failed += counters[SenderCounter.Failed]!;
    totals.octets += counters[SenderCounter.Octets]!;
    if (this.#wasHeldUp(of, heard)) {
      this.#disturbedNs += step.durationNs;
      if (++this.#disturbed <= MOST_DISTURBED && this.#disturbedNs <= MOST_DISTURBED_NS) {
        totals.disturbed++;
        this.#search.disregard(step.index);
        return;
      }
    }
    this.#disturbed = 0;
    this.#disturbedNs = 0;
    // A send buffer that is full keeps the queue behind it short: what is due waits here instead.
    const waitedNs = stats.lastMonoNs > endNs ? Math.min(lane.blockedNs, stats.lastMonoNs - endNs) : 0;
    const receivers = heard.map((receiver): ReceiverObservation => {
      const told = receiver.flows.get(flow);
      return {
        receiver: nameOf(receiver),
        received: told?.received ?? 0,
        lostSocketBuffer: told?.lossSocketBuffer ?? 0,
        lostApplication: told?.lossApplication ?? 0,
        delayRiseNs: this.#riseOf(receiver.ssrc, (told?.lastDelayNs ?? NaN) + waitedNs),
        readDelayNs: null,
      };
    });
    const sent = scheduled - notSent;
    this.#onStep(step, sent, notSent, receivers);
    const queuedNs = backlogOctets === null ? null : (8e9 * backlogOctets) / step.rateBitPerSecond;
    const senderDelayRiseNs = queuedNs === null && waitedNs === 0 ? null : (queuedNs ?? 0) + waitedNs;
    this.#search.report({ step: step.index, sent, notSent, senderDelayRiseNs, receivers });
  }

  /** Whether what is missing of a step may be missing because of this host, so that it tells nothing of the path. */
  #wasHeldUp({ step, flow, feed, lane, stats, heldUpNs }: SentStep, heard: readonly KnownReceiver[]): boolean {
    const { scheduled, notSent } = feed;
    const sent = scheduled - notSent;
    const lost = Math.max(0, ...heard.map(({ flows }) => sent - (flows.get(flow)?.received ?? 0)));
    // As many as were due meanwhile, and left at once behind it.
    if (notSent + lost > 0 && notSent + lost <= (scheduled * heldUpNs) / step.durationNs) return true;
    // What no queue has refused or kept waiting was given up as too late.
    return notSent > 0 && stats.counters[SenderCounter.NoBuffers] === 0 && lane.blockedNs < this.#sending.maxLateNs;
  }

  /** Of the last datagrams of a step, above the least that this receiver has told of any. */
  #riseOf(ssrc: number, delayNs: Nanos): Nanos | null {
    // What a receiver says need not be a time: an infinite one would stay the least.
    if (!Number.isFinite(delayNs)) return null;
    const leastNs = Math.min(delayNs, this.#leastDelayNs.get(ssrc) ?? Infinity);
    this.#leastDelayNs.set(ssrc, leastNs);
    return delayNs - leastNs;
  }
}

/** What a step's markers, which are as long as its data, take of its rate: the path carries them too. No more than half: a step without data tells nothing. */
function markersBitPerSecond({ rateBitPerSecond, durationNs }: RateStep, sizeOctets: number, family: 4 | 6): number {
  const octets = (START_MARKERS + END_MARKERS) * octetsAtLayer(sizeOctets, family, 'ethernet');
  return Math.min(rateBitPerSecond / 2, (8e9 * octets) / durationNs);
}

/** Receivers of a search are told apart by it. */
export function nameOf({ name, address, ssrc }: KnownReceiver): string {
  return `${name} (${address}, ${ssrc.toString(16).padStart(8, '0')})`;
}
