/**
 * How a client asks for messages that it missed (MoldUDP64, Request Packet): when, for how many, whom, how often, and
 * when it gives up. Decided from numbers and times alone.
 */
import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import { isInVain, lowestInVain, trustFrom } from './bulkRanges.js';
import { MissingRanges, NO_GAP } from './missingRanges.js';
import { RangeList } from './rangeList.js';
import { RangeRequests } from './rangeRequests.js';
import { checkRecoveryOptions, type RecoveryOptions } from './recoveryOptions.js';

/** Positions in the array of message counts. */
const Count = { Missed: 0, Came: 1, Recovered: 2, NoRoom: 3 } as const;

/**
 * Recovers missing numbers. Tell it what is {@link missing}, what {@link arrived} on a line and what servers
 * {@link answered}; call {@link step} when {@link dueNs} has come, and then {@link nextRequest} until it is false. In the
 * order of {@link RequestChoice}:
 *
 * A range waits `delayNs`, then it is asked for, at most `requestMessages` at a time. What came of it resets its tries;
 * what is left is asked for again once nothing more came for `restNs`. Where nothing came at all until the time-out, the
 * next server is asked. After `tries` of these the range is given up: it is in {@link unrecovered}, and no number
 * leaves it again. Where servers are down ({@link ServerSilence}) a range is given up as late as if it had been asked for
 * alone, however many there are. Always, in numbers:
 *
 *     missed = came + recovered + unrecovered + still missing
 *
 * It remembers nothing of numbers that came or were given up: reported once more, they are missing once more.
 */
export class Recovery {
  /** What was given up. */
  readonly unrecovered: RangeList;
  /** By gap that was closed whole, by answers too: from when it was found missing to when an answer brought some last, ns. */
  readonly recoveryNs = new Histogram();
  /** Gaps closed whole, and gaps of which something was given up. */
  closedGaps = 0;
  tornGaps = 0;
  /** How often the sequence began anew. */
  session = 0;

  readonly #options: RecoveryOptions;
  readonly #ranges: MissingRanges;
  readonly #asking: RangeRequests;
  readonly #numbers = new Float64Array(4);
  /** The first number of a late joiner; NaN: nobody joins. */
  readonly #joinFrom = new Float64Array([NaN]);
  readonly #stepNs = new Float64Array([-Infinity]);

  constructor(options: RecoveryOptions) {
    checkRecoveryOptions(options);
    this.#options = options;
    this.#ranges = new MissingRanges(options.ranges);
    this.#asking = new RangeRequests(this.#ranges, options);
    this.unrecovered = new RangeList(options.listed);
  }

  /** Numbers found missing. */
  get missed(): number {
    return this.#numbers[Count.Missed]!;
  }

  /** Of those, that a line brought by itself. */
  get came(): number {
    return this.#numbers[Count.Came]!;
  }

  /** That an answer brought. */
  get recovered(): number {
    return this.#numbers[Count.Recovered]!;
  }

  /** Of the unrecovered ones, those given up because there was no room for one more range. */
  get withoutRoom(): number {
    return this.#numbers[Count.NoRoom]!;
  }

  get stillMissing(): number {
    return this.missed - this.came - this.recovered - this.unrecovered.numbers;
  }

  /** Ranges kept apart now, and those of them that are asked for. */
  get pendingRanges(): number {
    return this.#ranges.length;
  }

  get underWay(): number {
    return this.#asking.underWay;
  }

  /** Requests; of those, further ones about numbers that nothing came of. */
  get requests(): number {
    return this.#asking.requests;
  }

  get retries(): number {
    return this.#asking.retries;
  }

  /** Requests that nothing came of in time, and that less came of than was asked for. */
  get timeouts(): number {
    return this.#asking.timeouts;
  }

  get shortAnswers(): number {
    return this.#asking.shortAnswers;
  }

  /** The lowest number that is missing and not given up; Infinity: there is none. */
  get firstMissing(): number {
    return this.#ranges.length === 0 ? Infinity : this.#ranges.from[this.#ranges.slotAt(0)]!;
  }

  /**
   * Whether what is lowest will come, for all that is known: servers answer, and it was not asked for in vain twice since
   * anything came of it. Before anybody has answered nothing is known; what is missing in bulk is expected even then, until
   * all servers have been asked for it, and while servers that did answer are silent.
   */
  get isFirstExpected(): boolean {
    const ranges = this.#ranges;
    const { silence } = this.#asking;
    if (ranges.length === 0 || silence.isDown || isInVain(ranges, 0)) return false;
    const slot = ranges.slotAt(0);
    if (ranges.isDoubtful[slot] === 1) return false;
    const isBulk = ranges.isBulk[slot] === 1;
    if (silence.hasAnswered) return isBulk || !silence.isLong;
    return isBulk && ranges.tries[slot]! - ranges.waits[slot]! < this.#options.servers;
  }

  /** What {@link nextRequest} found: whom to ask, from which number, for how many. */
  get requestServer(): number {
    return this.#asking.server;
  }

  get requestSequence(): number {
    return this.#asking.sequence;
  }

  get requestCount(): number {
    return this.#asking.count;
  }

  /** When to call {@link step} next; Infinity: nothing is missing. */
  get dueNs(): Nanos {
    return this.#asking.dueNs;
  }

  /** A late joiner wants everything from `sequence` on: what lies before the first number that is told is missing. */
  joinFrom(sequence: number): void {
    this.#joinFrom[0] = sequence;
  }

  /**
   * Numbers `from .. to`, the end excluded, were found missing; those that are known to be stay as they are. For a late
   * joiner an empty range says where the sequence is, as a heartbeat does.
   */
  missing(from: number, to: number, nowNs: Nanos): void {
    const ranges = this.#ranges;
    let n = this.#firstWanted(from);
    let gap = NO_GAP;
    let i = ranges.placeBehind(n);
    while (n < to) {
      const slot = i < ranges.length ? ranges.slotAt(i) : -1;
      const end = slot < 0 ? to : Math.min(to, ranges.from[slot]!);
      if (end > n) {
        const before = ranges.length;
        gap = this.#begin(i, n, end, gap, nowNs);
        i += ranges.length - before;
      }
      if (slot < 0 || end === to) break;
      n = ranges.to[slot]!;
      i++;
    }
  }

  /** Numbers `from .. to`, the end excluded, came on a line. Returns how many of them were missing. Hot. */
  arrived(from: number, to: number, nowNs: Nanos): number {
    if (!Number.isNaN(this.#joinFrom[0]!)) this.missing(from, from, nowNs);
    // What comes in order lies behind all that is missing.
    return from < this.#ranges.end ? this.#fill(from, to, nowNs, false) : 0;
  }

  /** A server answered with numbers `from .. to`, the end excluded. Returns how many of them were missing. */
  answered(from: number, to: number, nowNs: Nanos): number {
    this.#asking.onAnswer(nowNs);
    return this.#fill(from, to, nowNs, true);
  }

  /** Without room for what comes ahead of what is lowest, nothing else is asked for. */
  set hasRoom(hasRoom: boolean) {
    this.#asking.hasRoom = hasRoom;
  }

  /** A server answered with numbers `from .. to`, and there is no room for them yet: it has them. */
  refused(from: number, to: number, nowNs: Nanos): void {
    this.#asking.onAnswer(nowNs);
    const ranges = this.#ranges;
    for (let i = ranges.placeBehind(from); i < ranges.length; i++) {
      const slot = ranges.slotAt(i);
      if (ranges.from[slot]! >= to) break;
      trustFrom(ranges, i);
      if (ranges.waits[slot] === 1) this.#asking.putOff(slot, nowNs);
    }
  }

  #fill(from: number, to: number, nowNs: Nanos, isAnswer: boolean): number {
    const ranges = this.#ranges;
    let filled = 0;
    let i = ranges.placeBehind(from);
    while (i < ranges.length) {
      const slot = ranges.slotAt(i);
      const low = Math.max(from, ranges.from[slot]!);
      const high = Math.min(to, ranges.to[slot]!);
      if (low >= high) break;
      filled += high - low;
      if (isAnswer && ranges.isBulk[slot] === 1) trustFrom(ranges, i);
      i = this.#take(i, low, high, nowNs, isAnswer);
    }
    return filled;
  }

  /** Time passes: ends requests whose time is over. */
  step(nowNs: Nanos): void {
    this.#stepNs[0] = nowNs;
    if (nowNs < this.dueNs) return;
    const ranges = this.#ranges;
    const { silence } = this.#asking;
    let i = 0;
    while (i < ranges.length) {
      const slot = ranges.slotAt(i);
      const isOver = ranges.waits[slot] === 1 && ranges.dueNs[slot]! <= nowNs;
      i = isOver && this.#asking.onEnd(i) ? this.#giveUpInVain(i, nowNs) : i + 1;
    }
    silence.step(nowNs);
    if (silence.isDown) this.#giveUpOld(nowNs);
  }

  /** Whether something is to be asked for as of the last {@link step}: it counts as asked. */
  nextRequest(): boolean {
    return this.#asking.next(this.#stepNs[0]!);
  }

  /** The sequence begins anew, in another session: nothing of the old one can be asked for any more. */
  reset(): void {
    this.close();
    this.session++;
  }

  /** What is missing below `sequence` is given up: nobody has room to wait for it any more. */
  giveUpTo(sequence: number): void {
    while (this.firstMissing < sequence) this.#giveUp(0, this.#ranges.slotAt(0), sequence, 0);
  }

  /** Nothing more will come: what is missing is given up. */
  close(): void {
    this.giveUpTo(Infinity);
    this.#joinFrom[0] = NaN;
    this.#asking.rest();
  }

  #firstWanted(from: number): number {
    const joinFrom = this.#joinFrom[0]!;
    this.#joinFrom[0] = NaN;
    return joinFrom < from ? joinFrom : from;
  }

  /** Adds what is missing at place `i`, as part of `gap` or of a new one, which it returns. */
  #begin(i: number, from: number, to: number, gap: number, nowNs: Nanos): number {
    const ranges = this.#ranges;
    this.#numbers[Count.Missed]! += to - from;
    const dueNs = nowNs + this.#options.delayNs;
    const before = i > 0 ? ranges.slotAt(i - 1) : -1;
    if (before >= 0 && ranges.to[before] === from && ranges.wasAsked[before] === 0 && ranges.dueNs[before] === dueNs) {
      // Found at the same time, told in pieces.
      ranges.to[before] = to;
      if (to - ranges.from[before]! > this.#options.requestMessages) ranges.isBulk[before] = 1;
      ranges.gapMissing[ranges.gap[before]!]! += to - from;
      return ranges.gap[before]!;
    }
    if (ranges.length === ranges.capacity) {
      this.#numbers[Count.NoRoom]! += to - from;
      this.unrecovered.add(from, to, this.session);
      if (gap === NO_GAP) this.tornGaps++;
      else ranges.gapIsTorn[gap] = 1;
      return gap;
    }
    const own = gap === NO_GAP ? ranges.openGap(nowNs) : gap;
    const slot = ranges.insert(i, from, to, own);
    ranges.gapMissing[own]! += to - from;
    ranges.dueNs[slot] = dueNs;
    ranges.server[slot] = this.#asking.preferred;
    if (to - from > this.#options.requestMessages) ranges.isBulk[slot] = 1;
    this.#asking.wakeAt(dueNs);
    return own;
  }

  /** Takes `low .. high` out of the range at place `i`, of which they are a part; returns the place behind it. */
  #take(i: number, low: number, high: number, nowNs: Nanos, isAnswer: boolean): number {
    const ranges = this.#ranges;
    const slot = ranges.slotAt(i);
    const gap = ranges.gap[slot]!;
    const from = ranges.from[slot]!;
    const to = ranges.to[slot]!;
    this.#numbers[isAnswer ? Count.Recovered : Count.Came]! += high - low;
    if (isAnswer) ranges.gapAnsweredNs[gap] = nowNs;
    ranges.gapMissing[gap]! -= high - low;
    if (low === from && high === to) {
      if (ranges.waits[slot] === 1) this.#asking.endWait(slot, nowNs, isAnswer);
      this.#remove(i);
      return i;
    }
    if (low > from && high < to) {
      if (ranges.length < ranges.capacity) {
        ranges.cut(i, low);
        const second = ranges.slotAt(i + 1);
        ranges.from[second] = high;
        if (ranges.waits[slot] === 1) {
          this.#asking.underWay++;
          this.#asking.progress(slot, nowNs, isAnswer);
          this.#asking.progress(second, nowNs, isAnswer);
        }
        return i + 2;
      }
      // The smaller part goes.
      const isFirst = low - from < to - high;
      this.#numbers[Count.NoRoom]! += isFirst ? low - from : to - high;
      if (isFirst) this.#lose(gap, from, low);
      else this.#lose(gap, high, to);
      if (isFirst) ranges.from[slot] = high;
      else ranges.to[slot] = low;
    } else if (low > from) {
      ranges.to[slot] = low;
    } else {
      ranges.from[slot] = high;
    }
    if (ranges.waits[slot] === 1) this.#asking.progress(slot, nowNs, isAnswer);
    return i + 1;
  }

  /** Nothing came of the range at place `i` after all tries; returns the next place to look at. */
  #giveUpInVain(i: number, nowNs: Nanos): number {
    const ranges = this.#ranges;
    const slot = ranges.slotAt(i);
    const low = lowestInVain(ranges, i);
    for (let k = low; k < i; k++) this.#giveUp(low, ranges.slotAt(low), Infinity, nowNs);
    return this.#giveUp(low, slot, ranges.askedTo[slot]!, nowNs) ? low : low + 1;
  }

  /** Servers are down: what was found missing as long ago as all tries of it take is given up, asked for or not. */
  #giveUpOld(nowNs: Nanos): void {
    const ranges = this.#ranges;
    let i = 0;
    while (i < ranges.length) {
      const slot = ranges.slotAt(i);
      if (ranges.gapSinceNs[ranges.gap[slot]!]! + this.#options.delayNs + this.#asking.silence.cycleNs > nowNs) i++;
      else this.#giveUp(i, slot, Infinity, nowNs);
    }
  }

  /** Gives up what the range at place `i` has below `sequence`; true: that was all, and it is gone. */
  #giveUp(i: number, slot: number, sequence: number, nowNs: Nanos): boolean {
    const ranges = this.#ranges;
    const end = Math.min(sequence, ranges.to[slot]!);
    const isWhole = end === ranges.to[slot];
    this.#lose(ranges.gap[slot]!, ranges.from[slot]!, end);
    ranges.from[slot] = end;
    ranges.tries[slot] = 0;
    if (ranges.waits[slot] === 1 && (isWhole || end >= ranges.askedTo[slot]!)) {
      ranges.waits[slot] = 0;
      ranges.dueNs[slot] = nowNs;
      this.#asking.underWay--;
      this.#asking.wakeAt(nowNs);
    }
    if (isWhole) this.#remove(i);
    return isWhole;
  }

  /** Gives numbers of a gap up; their range is the caller's to change. */
  #lose(gap: number, from: number, to: number): void {
    this.unrecovered.add(from, to, this.session);
    this.#ranges.gapMissing[gap]! -= to - from;
    this.#ranges.gapIsTorn[gap] = 1;
  }

  /** Removes the range at place `i`, which has no numbers any more, and closes its gap behind the last one. */
  #remove(i: number): void {
    const ranges = this.#ranges;
    const gap = ranges.gap[ranges.slotAt(i)]!;
    ranges.remove(i);
    if (ranges.gapMissing[gap]! > 0) return;
    ranges.closeGap(gap);
    if (ranges.gapIsTorn[gap] === 1) {
      this.tornGaps++;
    } else {
      this.closedGaps++;
      const answeredNs = ranges.gapAnsweredNs[gap]!;
      if (!Number.isNaN(answeredNs)) this.recoveryNs.record(answeredNs - ranges.gapSinceNs[gap]!);
    }
  }
}
