import { ClockOffset } from '../control/clockOffset.js';
import { RtcpInterval, RtcpStep } from '../control/rtcpInterval.js';
import { ReportedSource } from '../control/rtcpSource.js';
import { octetsAtLayer } from '../core/layers.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import { type FeedbackAnnouncement, FeedbackFlag, ReportField } from '../wire/feedback.js';
import { RLE_SEQUENCES_BOUND } from '../wire/lossRle.js';
import type { RtcpReportBlock } from '../wire/rtcpReports.js';
import type { XrStatisticsSummary } from '../wire/rtcpXr.js';

/** What a report takes, for the first interval (RFC 3550 section 6.2): an ordinary one of ours. */
const FIRST_OCTETS = 320;
/** At first clocks are compared often, so that a short run has an estimate too; then with every report. */
const EARLY_QUESTIONS = 16;
const EARLY_QUESTION_NS = 25e6;
/** Questions that are not answered yet; older ones are never answered. */
const OPEN_QUESTIONS = 64;
/** A last report is said so often, so far apart: single ones may be lost. */
const LAST_REPORTS = 3;
const LAST_PAUSE_NS = 40e6;
/** A short run may be over so long before it is heard to ask. */
const UNHEARD_NS = 0.3e9;
/** Numbers further ahead than this are old ones (RFC 1982 section 3.2). */
const HALF_OF_NUMBERS = 2 ** 31;

export interface FeedbackPeerOptions {
  readonly address: string;
  readonly family: 4 | 6;
  readonly first: FeedbackAnnouncement;
  readonly seed: number;
  readonly nowMonoNs: Nanos;
  /** By this receiver's clock, injected errors included. */
  readonly nowRealNs: Nanos;
}

/** One run of one sender, as its receiver knows it: when to report and to ask, and how far apart both clocks are. */
export class FeedbackPeer {
  readonly address: string;
  readonly run: number;
  /** Our own SSRC in this run. */
  readonly ssrc: number;
  readonly clock = new ClockOffset();
  /** Streams that are of this run, and how many of all were looked at for that. */
  readonly streams: number[] = [];
  lookedAt = 0;
  said: FeedbackAnnouncement;
  /** When it was first heard. */
  readonly beganMonoNs: Nanos;
  /** When it was first and last heard, by our clock. */
  readonly beganRealNs: Nanos;
  heardRealNs: Nanos;
  /** By `ReportField`; the counts are filled by who has them. */
  readonly figures = new Float64Array(ReportField.Count).fill(NaN);
  /** When the end of the data was first heard; NaN: it was not. */
  overNs: Nanos = NaN;
  /** The result has been handed over. */
  isDelivered = false;
  readonly #options: FeedbackPeerOptions;
  readonly #random: Random;
  readonly #interval: RtcpInterval;
  readonly #source: ReportedSource;
  /** t1 of questions by number, oldest first. */
  readonly #open = new Map<number, bigint>();
  #number = 0;
  #questions = 0;
  #questionNs: Nanos;
  #lastReports = 0;
  #lastReportNs: Nanos = Infinity;
  #deliverNs: Nanos = Infinity;
  /** As of the last report: numbers settled, and those lost and further copies among them. */
  #toldHighest = 0;
  #toldLost = 0;
  #toldDuplicates = 0;

  constructor(options: FeedbackPeerOptions) {
    const { address, first, seed, nowMonoNs, nowRealNs } = options;
    this.beganMonoNs = nowMonoNs;
    this.beganRealNs = nowRealNs;
    this.heardRealNs = nowRealNs;
    this.#options = options;
    this.address = address;
    this.run = first.run;
    this.said = first;
    this.#random = new Random(seed);
    this.ssrc = this.#random.uint32();
    this.#source = new ReportedSource(first.run);
    // Many receivers hear the same announcement at once.
    this.#questionNs = nowMonoNs + this.#random.unit() * EARLY_QUESTION_NS;
    this.#interval = new RtcpInterval(
      {
        rtcpBitPerSecond: first.reportBitPerSecond,
        minimumNs: first.reportIntervalUs * 1000,
        firstOctets: this.#ipOctets(FIRST_OCTETS),
      },
      this.#random,
      nowMonoNs,
    );
  }

  /** What was over by then is of an earlier run. */
  get sinceMonoNs(): Nanos {
    return this.beganMonoNs - UNHEARD_NS;
  }

  /** Its next announcement. What comes again, or behind a later one, says nothing. */
  hear(announcement: FeedbackAnnouncement, nowMonoNs: Nanos, nowRealNs: Nanos): void {
    const ahead = (announcement.number - this.said.number) >>> 0;
    if (announcement !== this.said && (ahead === 0 || ahead >= HALF_OF_NUMBERS)) return;
    this.said = announcement;
    if (Number.isNaN(this.overNs)) this.heardRealNs = nowRealNs;
    if ((announcement.flags & FeedbackFlag.Last) !== 0 && Number.isNaN(this.overNs)) this.overNs = nowMonoNs;
  }

  onSenderReport(ntp: bigint, nowMonoNs: Nanos): void {
    this.#source.onSenderReport(ntp, nowMonoNs);
  }

  nextDueNs(): Nanos {
    if (this.isDelivered) return this.#lastReportNs;
    return Math.min(this.#interval.dueMonoNs, this.#questionNs, this.#deliverNs);
  }

  /** Whether a report is to be made now. */
  isReportDue(nowMonoNs: Nanos): boolean {
    if (this.isDelivered) return nowMonoNs >= this.#lastReportNs;
    return this.#interval.step(nowMonoNs, this.#group) === RtcpStep.SendReport;
  }

  /** A report of so many octets of UDP payload has left. */
  reported(octets: number, nowMonoNs: Nanos): void {
    if (!this.isDelivered) this.#interval.sent(nowMonoNs, this.#ipOctets(octets), this.#group);
    else this.#lastReportNs = ++this.#lastReports < LAST_REPORTS ? nowMonoNs + LAST_PAUSE_NS : Infinity;
  }

  get nextNumber(): number {
    return this.#number++ >>> 0;
  }

  /** The report block about the run as one source: SSRC the run id, numbers the datagrams of all its streams. */
  block(jitterUnits: number, nowMonoNs: Nanos): RtcpReportBlock {
    const figures = this.figures;
    const arrivedPackets =
      figures[ReportField.Received]! + figures[ReportField.Duplicated]! + figures[ReportField.Late]!;
    const expected = figures[ReportField.Received]! + figures[ReportField.Lost]!;
    return this.#source.report(
      { firstSequence: 1, highestSequence: expected, arrivedPackets, jitter: jitterUnits },
      nowMonoNs,
    );
  }

  /** Losses and duplicates since the report before (RFC 3611 section 4.6), or `null`: nothing has come since. */
  summary(): XrStatisticsSummary | null {
    const figures = this.figures;
    const highest = figures[ReportField.Received]! + figures[ReportField.Lost]!;
    const numbers = highest - this.#toldHighest;
    if (numbers <= 0 || numbers >= RLE_SEQUENCES_BOUND) {
      this.#tell(highest);
      return null;
    }
    const summary: XrStatisticsSummary = {
      kind: 'statistics',
      ssrc: this.run,
      hasLoss: true,
      hasDuplicates: true,
      hasJitter: false,
      ttlKind: 0,
      reserved: 0,
      beginSequence: (this.#toldHighest + 1) % 65_536,
      endSequence: (highest + 1) % 65_536,
      lostPackets: Math.max(0, figures[ReportField.Lost]! - this.#toldLost),
      duplicatePackets: Math.max(0, figures[ReportField.Duplicated]! - this.#toldDuplicates),
      minJitter: 0,
      maxJitter: 0,
      meanJitter: 0,
      devJitter: 0,
      minTtl: 0,
      maxTtl: 0,
      meanTtl: 0,
      devTtl: 0,
    };
    this.#tell(highest);
    return summary;
  }

  #tell(highest: number): void {
    this.#toldHighest = highest;
    this.#toldLost = this.figures[ReportField.Lost]!;
    this.#toldDuplicates = this.figures[ReportField.Duplicated]!;
  }

  isQuestionDue(nowMonoNs: Nanos): boolean {
    return !this.isDelivered && nowMonoNs >= this.#questionNs;
  }

  /** A question leaves at `t1UnixNs`; returns its number. */
  ask(t1UnixNs: bigint, nowMonoNs: Nanos): number {
    const number = this.nextNumber;
    this.#open.set(number, t1UnixNs);
    if (this.#open.size > OPEN_QUESTIONS) this.#open.delete(this.#open.keys().next().value!);
    this.#questions++;
    const pauseNs = this.#questions < EARLY_QUESTIONS ? EARLY_QUESTION_NS : this.#laterNs;
    this.#questionNs = nowMonoNs + pauseNs * (0.5 + this.#random.unit());
    return number;
  }

  /** Whether an answer is to the open question `number` that left at `t1UnixNs`; it is open no longer. */
  take(number: number, t1UnixNs: bigint): boolean {
    if (this.#open.get(number) !== t1UnixNs) return false;
    this.#open.delete(number);
    return true;
  }

  /** All that belongs to the run has come: the result is to follow within the spread. */
  settle(nowMonoNs: Nanos): void {
    if (this.#deliverNs !== Infinity) return;
    this.#deliverNs = nowMonoNs + this.#random.unit() * this.said.spreadMs * 1e6;
  }

  isDeliveryDue(nowMonoNs: Nanos): boolean {
    return !this.isDelivered && nowMonoNs >= this.#deliverNs;
  }

  /** The result is on its way: what is reported from now on is the last. */
  delivered(nowMonoNs: Nanos): void {
    this.isDelivered = true;
    this.#lastReportNs = nowMonoNs;
  }

  /** Nothing more is said. */
  get isOver(): boolean {
    return this.isDelivered && this.#lastReportNs === Infinity;
  }

  /** As often as reports, which grow rarer with the number of receivers. */
  get #laterNs(): Nanos {
    return Math.max(this.said.reportIntervalUs * 1000, EARLY_QUESTION_NS * Math.max(1, this.said.receivers));
  }

  get #group(): { members: number; senders: number; weSent: boolean } {
    return { members: 1 + Math.max(1, this.said.receivers), senders: 1, weSent: false };
  }

  #ipOctets(octets: number): number {
    return octetsAtLayer(octets, this.#options.family, 'ip');
  }
}
