import type { Nanos } from '../core/time.js';
import { askFrom, doubtAbove } from './bulkRanges.js';
import type { MissingRanges } from './missingRanges.js';
import { answerNs, type RecoveryOptions } from './recoveryOptions.js';
import { RequestChoice } from './requestChoice.js';
import { ServerSilence } from './serverSilence.js';

/** Requests for ranges, from when they leave to when an answer or the end of their time ends them. */
export class RangeRequests {
  /** Requests; of those, further ones about numbers that nothing came of. */
  requests = 0;
  retries = 0;
  /** Requests that nothing came of in time, and that less came of than was asked for. */
  timeouts = 0;
  shortAnswers = 0;
  /** Those under way: ranges that wait for an answer. */
  underWay = 0;
  /** What {@link next} found: whom to ask, from which number, for how many. */
  server = 0;
  count = 0;
  /** Who answered last, and is asked first. */
  preferred = 0;
  readonly silence: ServerSilence;
  readonly #ranges: MissingRanges;
  readonly #options: RecoveryOptions;
  readonly #choice: RequestChoice;
  readonly #sequence = new Float64Array(1);
  readonly #dueNs = new Float64Array([Infinity]);

  constructor(ranges: MissingRanges, options: RecoveryOptions) {
    this.#ranges = ranges;
    this.#options = options;
    this.silence = new ServerSilence(options);
    this.#choice = new RequestChoice(ranges, options, this.silence);
  }

  get sequence(): number {
    return this.#sequence[0]!;
  }

  /** When a request is to be made or ended; Infinity: nothing is missing. */
  get dueNs(): Nanos {
    return this.#dueNs[0]!;
  }

  wakeAt(dueNs: Nanos): void {
    if (dueNs < this.#dueNs[0]!) this.#dueNs[0] = dueNs;
  }

  /** Nothing is missing any more. */
  rest(): void {
    this.#dueNs[0] = Infinity;
  }

  /** Whether something is to be asked for: it counts as asked. */
  next(nowNs: Nanos): boolean {
    if (nowNs < this.#dueNs[0]!) return false;
    if (this.#choice.find(nowNs)) {
      this.#ask(this.#choice.place, nowNs);
      return true;
    }
    this.#dueNs[0] = this.#choice.dueNs;
    return false;
  }

  /** Whether there is room for more than what is lowest: without it nothing else is asked for. */
  set hasRoom(hasRoom: boolean) {
    if (hasRoom && !this.#choice.hasRoom) this.wakeAt(-Infinity);
    this.#choice.hasRoom = hasRoom;
  }

  /** A server answered, whatever with. */
  onAnswer(nowNs: Nanos): void {
    if (this.silence.isDown) this.wakeAt(nowNs);
    this.silence.onAnswer();
  }

  /** Something came of a range that waits, and something is left. */
  progress(slot: number, nowNs: Nanos, isAnswer: boolean): void {
    const ranges = this.#ranges;
    if (isAnswer) ranges.tries[slot] = 0;
    if (ranges.from[slot]! >= ranges.askedTo[slot]!) {
      // All that was asked for: the rest may be asked for now.
      this.endWait(slot, nowNs, isAnswer);
      ranges.tries[slot] = 0;
      ranges.dueNs[slot] = nowNs;
      return;
    }
    // What a line brought says nothing of the answer.
    if (!isAnswer) return;
    this.preferred = ranges.server[slot]!;
    ranges.dueNs[slot] = nowNs + this.#options.restNs;
    this.wakeAt(ranges.dueNs[slot]!);
  }

  /** A request needs no more waiting: there may be room for another. */
  endWait(slot: number, nowNs: Nanos, isAnswer: boolean): void {
    this.#ranges.waits[slot] = 0;
    this.underWay--;
    if (isAnswer) this.preferred = this.#ranges.server[slot]!;
    this.wakeAt(nowNs);
  }

  /** There was no room for what came of a range that waits: it is asked for again later, as if for the first time. */
  putOff(slot: number, nowNs: Nanos): void {
    this.endWait(slot, nowNs, true);
    this.#ranges.tries[slot] = 0;
    this.#ranges.dueNs[slot] = nowNs + this.#options.restNs;
  }

  /** The time of the request for the range at place `i` is over; true: it was the last one for it. */
  onEnd(i: number): boolean {
    const ranges = this.#ranges;
    const { servers, tries } = this.#options;
    const slot = ranges.slotAt(i);
    ranges.waits[slot] = 0;
    this.underWay--;
    if (ranges.tries[slot] === 0) {
      this.shortAnswers++;
      return false;
    }
    this.timeouts++;
    this.silence.onTimeout(ranges.askedNs[slot]!, ranges.askedTo[slot]!);
    ranges.server[slot] = (ranges.server[slot]! + 1) % servers;
    // Of servers that are down each is asked in turn, whichever range it is for.
    if (this.silence.isDown) this.preferred = ranges.server[slot]!;
    doubtAbove(ranges, i);
    return ranges.tries[slot]! >= tries;
  }

  #ask(place: number, nowNs: Nanos): void {
    const ranges = this.#ranges;
    const options = this.#options;
    const hasRoom = 2 * ranges.length < ranges.capacity;
    const middle = askFrom(ranges, place, options.requestMessages);
    const i = hasRoom && middle > ranges.from[ranges.slotAt(place)]! ? place + 1 : place;
    if (i > place) ranges.cut(place, middle);
    const slot = ranges.slotAt(i);
    const from = ranges.from[slot]!;
    // Tries are of what was asked for: what a line brought of it meanwhile makes no room for what was not.
    if (ranges.askedTo[slot]! <= from) ranges.tries[slot] = 0;
    const most = ranges.tries[slot]! > 0 ? ranges.askedTo[slot]! : Infinity;
    const end = Math.min(ranges.to[slot]!, most, from + options.requestMessages);
    // What is left can be asked for at the same time where half of the room is left for further gaps; else afterwards.
    if (end < ranges.to[slot]! && 2 * ranges.length < ranges.capacity) {
      ranges.cut(i, end);
      ranges.tries[ranges.slotAt(i + 1)] = 0;
    }
    // Of servers that are down one request now and then is enough.
    const waitNs = this.silence.isDown ? options.longestTimeoutNs : answerNs(options, ranges.tries[slot]!);
    if (ranges.tries[slot]! > 0) this.retries++;
    // Who answers may be known since the range was found.
    if (ranges.wasAsked[slot] === 0) ranges.server[slot] = this.preferred;
    this.requests++;
    this.underWay++;
    this.silence.onRequest(nowNs);
    ranges.tries[slot]!++;
    ranges.askedNs[slot] = nowNs;
    ranges.askedTo[slot] = end;
    ranges.waits[slot] = 1;
    ranges.wasAsked[slot] = 1;
    ranges.dueNs[slot] = nowNs + waitNs;
    this.server = ranges.server[slot]!;
    this.count = end - from;
    this.#sequence[0] = from;
  }
}
