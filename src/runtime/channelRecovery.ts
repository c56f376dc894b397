import { Recovery } from '../control/recovery.js';
import type { RecoveryOptions } from '../control/recoveryOptions.js';
import type { Nanos } from '../core/time.js';
import type { RecoverySnapshot } from '../metrics/repairSnapshot.js';
import type { MessageMerge } from '../repair/messageMerge.js';
import type { SessionWords } from '../wire/framing.js';

export interface ChannelRecoveryOptions {
  readonly session: SessionWords;
  /** Number on the wire of the channel's number 0. */
  readonly origin: bigint;
  /** Number on the wire that a late joiner begins with; `null`: the first one heard. */
  readonly from: number | null;
  readonly recovery: RecoveryOptions;
}

/** Share of the store that lines may fill: answers need room, too. */
const LINES_SHARE = 0.75;
/** Datagrams put off in one such time are one gap: there may be very many of them. */
const PUT_OFF_NS = 1e9;

const Mark = { First: 0, Next: 1, From: 2, NowNs: 3, Count: 4 } as const;

/**
 * The recovery of one channel of a feed, by the channel's numbers: it finds what is missing in what both lines bring
 * together, and gives up in the merged order exactly what was asked for in vain. All that waits is in the store of the
 * merge. Where that is full, what the lines bring is asked for later instead, as long as answers come: so a late joiner
 * gets all. Where none come, the gap that everything waits for is given up: nothing is lost that a line brought.
 */
export class ChannelRecovery {
  readonly session: SessionWords;
  readonly delayNs: Nanos;
  readonly recovery: Recovery;
  /** Answers that were of the session; requests that did not leave. */
  answers = 0;
  requestsNotSent = 0;
  readonly #origin: bigint;
  readonly #originNumber: number;
  /** Lowest number heard or asked for, the one behind the highest, where to begin, and the present. */
  readonly #marks = new Float64Array(Mark.Count).fill(NaN);
  #merge: MessageMerge | null = null;
  #mostWaiting = 0;
  #linesWaiting = 0;

  constructor({ session, origin, from, recovery }: ChannelRecoveryOptions) {
    this.session = session;
    this.delayNs = recovery.delayNs;
    this.recovery = new Recovery(recovery);
    this.#origin = origin;
    this.#originNumber = Number(origin);
    this.#marks[Mark.NowNs] = -Infinity;
    if (from !== null) this.#marks[Mark.From] = from - this.#originNumber;
  }

  /** `merge`: where everything goes; it has room for `mostWaiting` datagrams, and gives up nothing by itself. */
  attach(merge: MessageMerge, mostWaiting: number): void {
    this.#merge = merge;
    this.#mostWaiting = mostWaiting;
    this.#linesWaiting = Math.floor(LINES_SHARE * mostWaiting);
  }

  /** Nothing is missing that may still come. */
  get isSettled(): boolean {
    return this.recovery.pendingRanges === 0;
  }

  /** A line brought `number .. number + span`; false: there is no room for it, and it will be asked for. Hot. */
  onDatagram(number: number, span: number, timeNs: Nanos): boolean {
    const marks = this.#marks;
    const nowNs = this.#passTo(timeNs);
    const { recovery } = this;
    const end = number + span;
    if (!(number >= marks[Mark.First]!)) this.#reachBack(number, end, nowNs);
    if (number > marks[Mark.Next]!) {
      recovery.missing(marks[Mark.Next]!, number, nowNs);
      marks[Mark.Next] = number;
    }
    if (this.#isFull(number) && !this.#makeRoom(number)) {
      if (end > marks[Mark.Next]!) {
        recovery.missing(marks[Mark.Next]!, end, Math.floor(nowNs / PUT_OFF_NS) * PUT_OFF_NS);
        marks[Mark.Next] = end;
      }
      return false;
    }
    if (end > marks[Mark.Next]!) marks[Mark.Next] = end;
    recovery.arrived(number, end, nowNs);
    return true;
  }

  /** A line says that `next` is the next number. */
  announce(next: number, timeNs: Nanos): void {
    const marks = this.#marks;
    const nowNs = this.#passTo(timeNs);
    if (Number.isNaN(marks[Mark.First]!)) {
      this.#reachBack(next, next, nowNs);
      this.#merge!.begin(next);
    }
    if (!(next > marks[Mark.Next]!)) return;
    this.recovery.missing(marks[Mark.Next]!, next, nowNs);
    marks[Mark.Next] = next;
  }

  /** Blocks `[from, to)` of an answer, whose first number on the wire is `sequence`. */
  onAnswer(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    sequence: number,
    span: number,
    nowNs: Nanos,
  ): void {
    this.answers++;
    const merge = this.#merge!;
    const marks = this.#marks;
    const number = sequence - this.#originNumber;
    // Nobody asked for what has not been sent.
    if (!(number + span <= marks[Mark.Next]!)) return;
    const isNext = merge.hasBegun && number <= merge.nextNumber;
    if (!isNext && merge.waiting >= this.#mostWaiting) {
      this.recovery.refused(number, number + span, this.#passTo(nowNs));
      return;
    }
    this.recovery.answered(number, number + span, this.#passTo(nowNs));
    merge.arrivedNs[0] = nowNs;
    merge.put(bytes, view, from, to, number, span);
  }

  /** Time passes: what was given up is given up in the order, too. */
  step(nowNs: Nanos): void {
    const merge = this.#merge!;
    this.recovery.hasRoom = merge.waiting < this.#mostWaiting;
    this.recovery.step(this.#passTo(nowNs));
    if (!merge.hasBegun) return;
    const settled = Math.min(this.recovery.firstMissing, this.#marks[Mark.Next]!);
    if (settled > merge.nextNumber) merge.giveUpTo(settled);
  }

  /** Whether something is to be asked for, see {@link Recovery.nextRequest}; from this number on the wire. */
  get requestSequence(): number {
    return this.recovery.requestSequence + this.#originNumber;
  }

  /** Nothing more will come. */
  close(): void {
    this.recovery.close();
  }

  /** Its times begin anew. */
  restart(): void {
    this.recovery.recoveryNs.clear();
  }

  snapshot(): RecoverySnapshot {
    const { recovery } = this;
    const { unrecovered } = recovery;
    return {
      missed: recovery.missed,
      came: recovery.came,
      recovered: recovery.recovered,
      unrecovered: unrecovered.numbers,
      pending: recovery.stillMissing,
      closedGaps: recovery.closedGaps,
      tornGaps: recovery.tornGaps,
      requests: recovery.requests,
      retries: recovery.retries,
      timeouts: recovery.timeouts,
      shortAnswers: recovery.shortAnswers,
      requestsNotSent: this.requestsNotSent,
      answers: this.answers,
      recoveryNs: recovery.recoveryNs.copy(),
      ranges: Array.from({ length: unrecovered.length }, (_, i) => [
        this.#origin + BigInt(unrecovered.from[i]!),
        this.#origin + BigInt(unrecovered.to[i]!) - 1n,
      ]),
      unlisted: unrecovered.unlisted,
    };
  }

  /** The first number of all, or one before those heard so far: of two lines one may be ahead. */
  #reachBack(number: number, end: number, timeNs: Nanos): void {
    const marks = this.#marks;
    const merge = this.#merge!;
    if (!Number.isNaN(marks[Mark.First]!)) {
      if (merge.hasBegun) return;
      if (end < marks[Mark.First]!) this.recovery.missing(end, marks[Mark.First]!, timeNs);
      marks[Mark.First] = number;
      return;
    }
    marks[Mark.First] = number;
    marks[Mark.Next] = number;
    const from = marks[Mark.From]!;
    if (!(from < number)) return;
    merge.begin(from);
    marks[Mark.First] = from;
    this.recovery.missing(from, number, timeNs);
  }

  /** What one line brought may be read behind what the other one brought later: for the recovery time does not go back. */
  #passTo(timeNs: Nanos): Nanos {
    const marks = this.#marks;
    if (timeNs > marks[Mark.NowNs]!) marks[Mark.NowNs] = timeNs;
    return marks[Mark.NowNs]!;
  }

  /** Whether a datagram that begins with `number` would have to wait, and the lines have no more room for it. */
  #isFull(number: number): boolean {
    const merge = this.#merge!;
    return merge.waiting >= this.#linesWaiting && !(merge.hasBegun && number <= merge.nextNumber);
  }

  /** Gives up what everything waits for, but not what begins with `number`; false: it is still expected. */
  #makeRoom(number: number): boolean {
    const merge = this.#merge!;
    if (!merge.hasBegun || this.recovery.isFirstExpected) return false;
    const end = Math.min(merge.gapEnd, number);
    this.recovery.giveUpTo(end);
    merge.giveUpTo(end);
    return true;
  }
}
