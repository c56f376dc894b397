/**
 * How a client asks for messages that it missed (MoldUDP64, Request Packet): when, for how many, whom, how often, and
 * when it gives up. Decided from numbers and times alone.
 */
import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import { MissingRanges, NO_GAP } from './missingRanges.js';
import { RangeList } from './rangeList.js';
import { checkRecoveryOptions, type RecoveryOptions } from './recoveryOptions.js';

/** Positions in the array of message counts. */
const Count = { Missed: 0, Came: 1, Recovered: 2, NoRoom: 3 } as const;

/**
 * Recovers missing numbers. Tell it what is {@link missing} and what {@link arrived}, from whichever line or server; call
 * {@link step} when {@link dueNs} has come, and then {@link nextRequest} until it is false. In order of numbers:
 *
 * A range waits `delayNs`, then it is asked for, at most `requestMessages` at a time. What came of it resets its tries;
 * what is left is asked for again once nothing more came for `restNs`. Where nothing came at all until the time-out, the
 * next server is asked. After `tries` of these the range is given up: it is in {@link unrecovered}, and no number
 * leaves it again. Always, in numbers:
 *
 *     missed = came + recovered + unrecovered + still missing
 *
 * It remembers nothing of numbers that came or were given up: reported once more, they are missing once more.
 */
export class Recovery {
  /** What was given up. */
  readonly unrecovered: RangeList;
  /** By gap that was closed whole: from when it was found missing to when the last of it came, ns. */
  readonly recoveryNs = new Histogram();
  /** Gaps closed whole, and gaps of which something was given up. */
  closedGaps = 0;
  tornGaps = 0;
  /** Requests; of those, further ones about numbers that nothing came of. */
  requests = 0;
  retries = 0;
  /** Requests that nothing came of in time, and that less came of than was asked for. */
  timeouts = 0;
  shortAnswers = 0;
  /** How often the sequence began anew. */
  session = 0;

  /** What {@link nextRequest} found: whom to ask, from which number, for how many. */
  requestServer = 0;
  requestCount = 0;

  readonly #options: RecoveryOptions;
  readonly #ranges: MissingRanges;
  readonly #numbers = new Float64Array(4);
  /** Requests under way: ranges that wait for an answer. */
  #underWay = 0;
  /** Who answered last, and is asked first. */
  #preferred = 0;
  readonly #requestSequence = new Float64Array(1);
  /** The first number of a late joiner; NaN: nobody joins. */
  readonly #joinFrom = new Float64Array([NaN]);
  readonly #stepNs = new Float64Array([-Infinity]);
  readonly #dueNs = new Float64Array([Infinity]);

  constructor(options: RecoveryOptions) {
    checkRecoveryOptions(options);
    this.#options = options;
    this.#ranges = new MissingRanges(options.ranges);
    this.unrecovered = new RangeList(options.listed);
  }

  /** Numbers found missing. */
  get missed(): number {
    return this.#numbers[Count.Missed]!;
  }

  /** Of those, that came by themselves before they were asked for. */
  get came(): number {
    return this.#numbers[Count.Came]!;
  }

  /** That came when their range had been asked for. */
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
    return this.#underWay;
  }

  /** The lowest number that is missing and not given up; Infinity: there is none. */
  get firstMissing(): number {
    return this.#ranges.length === 0 ? Infinity : this.#ranges.from[this.#ranges.slotAt(0)]!;
  }

  /** First number that the request found asks for. */
  get requestSequence(): number {
    return this.#requestSequence[0]!;
  }

  /** When to call {@link step} next; Infinity: nothing is missing. */
  get dueNs(): Nanos {
    return this.#dueNs[0]!;
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

  /** Numbers `from .. to`, the end excluded, came from wherever. Returns how many of them were missing. Hot. */
  arrived(from: number, to: number, nowNs: Nanos): number {
    if (!Number.isNaN(this.#joinFrom[0]!)) this.missing(from, from, nowNs);
    // What comes in order lies behind all that is missing.
    return from < this.#ranges.end ? this.#fill(from, to, nowNs) : 0;
  }

  #fill(from: number, to: number, nowNs: Nanos): number {
    const ranges = this.#ranges;
    let filled = 0;
    let i = ranges.placeBehind(from);
    while (i < ranges.length) {
      const slot = ranges.slotAt(i);
      const low = Math.max(from, ranges.from[slot]!);
      const high = Math.min(to, ranges.to[slot]!);
      if (low >= high) break;
      filled += high - low;
      i = this.#take(i, low, high, nowNs);
    }
    return filled;
  }

  /** Time passes: ends requests whose time is over. */
  step(nowNs: Nanos): void {
    this.#stepNs[0] = nowNs;
    if (nowNs < this.#dueNs[0]!) return;
    const ranges = this.#ranges;
    let i = 0;
    while (i < ranges.length) {
      const slot = ranges.slotAt(i);
      const isOver = ranges.waits[slot] === 1 && ranges.dueNs[slot]! <= nowNs;
      i = isOver ? this.#end(i, slot, nowNs) : i + 1;
    }
  }

  /** Whether something is to be asked for as of the last {@link step}: it counts as asked. */
  nextRequest(): boolean {
    const nowNs = this.#stepNs[0]!;
    if (nowNs < this.#dueNs[0]!) return false;
    const ranges = this.#ranges;
    const hasRoom = this.#underWay < this.#options.outstandingRequests;
    let dueNs = Infinity;
    for (let i = 0; i < ranges.length; i++) {
      const slot = ranges.slotAt(i);
      // Without room what waits for its first request waits for the end of another.
      if (ranges.waits[slot] === 0 && !hasRoom) continue;
      if (ranges.waits[slot] === 0 && ranges.dueNs[slot]! <= nowNs) {
        this.#ask(i, slot, nowNs);
        return true;
      }
      dueNs = Math.min(dueNs, ranges.dueNs[slot]!);
    }
    this.#dueNs[0] = dueNs;
    return false;
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
    this.#dueNs[0] = Infinity;
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
    ranges.server[slot] = this.#preferred;
    this.#wakeAt(dueNs);
    return own;
  }

  /** Takes `low .. high` out of the range at place `i`, of which they are a part; returns the place behind it. */
  #take(i: number, low: number, high: number, nowNs: Nanos): number {
    const ranges = this.#ranges;
    const slot = ranges.slotAt(i);
    const gap = ranges.gap[slot]!;
    const from = ranges.from[slot]!;
    const to = ranges.to[slot]!;
    this.#numbers[ranges.wasAsked[slot] === 1 ? Count.Recovered : Count.Came]! += high - low;
    ranges.gapMissing[gap]! -= high - low;
    if (low === from && high === to) {
      if (ranges.waits[slot] === 1) this.#answered(slot, nowNs);
      this.#remove(i, nowNs);
      return i;
    }
    if (low > from && high < to) {
      if (ranges.length < ranges.capacity) {
        ranges.cut(i, low);
        const second = ranges.slotAt(i + 1);
        ranges.from[second] = high;
        if (ranges.waits[slot] === 1) {
          this.#underWay++;
          this.#progress(slot, nowNs);
          this.#progress(second, nowNs);
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
    if (ranges.waits[slot] === 1) this.#progress(slot, nowNs);
    return i + 1;
  }

  /** Something came of a range that waits, and something is left. */
  #progress(slot: number, nowNs: Nanos): void {
    const ranges = this.#ranges;
    ranges.tries[slot] = 0;
    if (ranges.from[slot]! >= ranges.askedTo[slot]!) {
      // All that was asked for: the rest may be asked for now.
      this.#answered(slot, nowNs);
      ranges.dueNs[slot] = nowNs;
      return;
    }
    this.#preferred = ranges.server[slot]!;
    ranges.dueNs[slot] = nowNs + this.#options.restNs;
    this.#wakeAt(ranges.dueNs[slot]!);
  }

  /** A request needs no more waiting: there may be room for another. */
  #answered(slot: number, nowNs: Nanos): void {
    this.#ranges.waits[slot] = 0;
    this.#underWay--;
    this.#preferred = this.#ranges.server[slot]!;
    this.#wakeAt(nowNs);
  }

  /** The time of the request for the range at place `i` is over; returns the next place to look at. */
  #end(i: number, slot: number, nowNs: Nanos): number {
    const ranges = this.#ranges;
    const { servers, tries } = this.#options;
    ranges.waits[slot] = 0;
    this.#underWay--;
    if (ranges.tries[slot] === 0) {
      this.shortAnswers++;
      return i + 1;
    }
    this.timeouts++;
    ranges.server[slot] = (ranges.server[slot]! + 1) % servers;
    if (ranges.tries[slot]! < tries) return i + 1;
    return this.#giveUp(i, slot, ranges.askedTo[slot]!, nowNs) ? i : i + 1;
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
      this.#underWay--;
      this.#wakeAt(nowNs);
    }
    if (isWhole) this.#remove(i, nowNs);
    return isWhole;
  }

  #ask(i: number, slot: number, nowNs: Nanos): void {
    const ranges = this.#ranges;
    const { requestMessages, timeoutNs, longestTimeoutNs, servers } = this.#options;
    const from = ranges.from[slot]!;
    const end = Math.min(ranges.to[slot]!, from + requestMessages);
    // What is left can be asked for at the same time where half of the room is left for further gaps; else afterwards.
    if (end < ranges.to[slot]! && 2 * ranges.length < ranges.capacity) {
      ranges.cut(i, end);
      ranges.tries[ranges.slotAt(i + 1)] = 0;
    }
    const rounds = Math.floor(ranges.tries[slot]! / servers);
    if (ranges.tries[slot]! > 0) this.retries++;
    this.requests++;
    this.#underWay++;
    ranges.tries[slot]!++;
    ranges.askedTo[slot] = end;
    ranges.waits[slot] = 1;
    ranges.wasAsked[slot] = 1;
    ranges.dueNs[slot] = nowNs + Math.min(longestTimeoutNs, timeoutNs * 2 ** rounds);
    this.requestServer = ranges.server[slot]!;
    this.requestCount = end - from;
    this.#requestSequence[0] = from;
  }

  /** Gives numbers of a gap up; their range is the caller's to change. */
  #lose(gap: number, from: number, to: number): void {
    this.unrecovered.add(from, to, this.session);
    this.#ranges.gapMissing[gap]! -= to - from;
    this.#ranges.gapIsTorn[gap] = 1;
  }

  /** Removes the range at place `i`, which has no numbers any more, and closes its gap behind the last one. */
  #remove(i: number, nowNs: Nanos): void {
    const ranges = this.#ranges;
    const gap = ranges.gap[ranges.slotAt(i)]!;
    ranges.remove(i);
    if (ranges.gapMissing[gap]! > 0) return;
    ranges.closeGap(gap);
    if (ranges.gapIsTorn[gap] === 1) {
      this.tornGaps++;
    } else {
      this.closedGaps++;
      this.recoveryNs.record(nowNs - ranges.gapSinceNs[gap]!);
    }
  }

  #wakeAt(dueNs: Nanos): void {
    if (dueNs < this.#dueNs[0]!) this.#dueNs[0] = dueNs;
  }
}
