import type { Recovery } from '../../src/control/recovery.js';
import { cycleNs, type RecoveryOptions } from '../../src/control/recoveryOptions.js';

/** What is known of a number that is missing. */
interface Missing {
  readonly sinceNs: number;
  /** Requests since something of it or of a neighbour came; never fewer than what the client counts. */
  asked: number;
  /** Until when it is not to be asked for again unless something came. */
  waitNs: number;
}

/**
 * A client of recovery beside sets of numbers: every number by itself, nothing ordered, nothing bounded. Drives both
 * with the same words and compares what can be told from either.
 */
export class RecoveryWitness {
  readonly recovery: Recovery;
  readonly options: RecoveryOptions;
  /** Missing now, by number. */
  readonly missing = new Map<number, Missing>();
  /** Given up, in this session. */
  readonly lost = new Set<number>();
  /** Given up, in the order of that: whoever has looked at them may empty it. */
  readonly givenUp: number[] = [];
  /** Missing at any time, and of those what came. */
  missed = 0;
  filled = 0;
  /** Of those, that answers brought. */
  answered = 0;
  requests = 0;
  /** First request since a server answered last, and how many were made since; NaN: none. */
  #silentSinceNs = NaN;
  #silentRequests = 0;
  #joinFrom = Infinity;
  /** Ranges seen of the list of what was given up, and where the last of them ended. */
  readonly #listed: [number, number] = [0, 0];

  constructor(recovery: Recovery, options: RecoveryOptions) {
    this.recovery = recovery;
    this.options = options;
  }

  join(sequence: number): void {
    this.#joinFrom = sequence;
    this.recovery.joinFrom(sequence);
  }

  miss(from: number, to: number, nowNs: number): void {
    this.#miss(Math.min(this.#joinFrom, from), to, nowNs);
    this.recovery.missing(from, to, nowNs);
    this.#compare(false);
  }

  /** A line, or an answer, brought them. Returns which of the numbers were missing. */
  arrive(from: number, to: number, nowNs: number, isAnswer: boolean): number[] {
    if (isAnswer) {
      this.#silentSinceNs = NaN;
      this.#silentRequests = 0;
    } else this.#miss(this.#joinFrom, from, nowNs);
    const fresh: number[] = [];
    for (let n = from; n < to; n++) if (this.missing.delete(n)) fresh.push(n);
    this.filled += fresh.length;
    if (isAnswer) this.answered += fresh.length;
    const { recovery } = this;
    same('arrivals', isAnswer ? recovery.answered(from, to, nowNs) : recovery.arrived(from, to, nowNs), fresh.length);
    // What came may be part of the answer for any number: each may be asked for again as if for the first time.
    if (fresh.length > 0) for (const one of this.missing.values()) one.waitNs = nowNs;
    this.#compare(false);
    return fresh;
  }

  /** The requests that are due, each as `[sequence, count, server]`. */
  step(nowNs: number): [number, number, number][] {
    const { recovery, options } = this;
    recovery.step(nowNs);
    this.#compare(true, nowNs);
    const made: [number, number, number][] = [];
    while (recovery.nextRequest()) {
      const { requestSequence: sequence, requestCount: count, requestServer: server } = recovery;
      made.push([sequence, count, server]);
      this.requests++;
      this.#silentRequests++;
      if (!(count >= 1 && count <= options.requestMessages)) throw new Error(`a request for ${count}`);
      if (!(server < options.servers)) throw new Error(`server ${server}`);
      for (let n = sequence; n < sequence + count; n++) {
        const one = this.missing.get(n);
        if (one === undefined) throw new Error(`${n} is asked for and not missing`);
        if (one.sinceNs + options.delayNs > nowNs) throw new Error(`${n} is asked for at once`);
        if (one.waitNs > nowNs) throw new Error(`${n} is asked for again before its time-out`);
        one.asked++;
        if (Number.isNaN(this.#silentSinceNs)) this.#silentSinceNs = nowNs;
        one.waitNs = nowNs + options.timeoutNs;
      }
    }
    // Nothing that is due is left behind.
    if (!(recovery.dueNs > nowNs)) throw new Error(`due ${recovery.dueNs} at ${nowNs}`);
    same('requests', recovery.requests, this.requests);
    return made;
  }

  #miss(from: number, to: number, nowNs: number): void {
    this.#joinFrom = Infinity;
    for (let n = from; n < to; n++) {
      if (this.missing.has(n)) continue;
      this.missing.set(n, { sinceNs: nowNs, asked: 0, waitNs: -Infinity });
      this.lost.delete(n);
      this.missed++;
    }
  }

  reset(): void {
    this.#joinFrom = Infinity;
    this.recovery.reset();
    this.missing.clear();
    this.lost.clear();
    this.#listed[0] = this.recovery.unrecovered.length;
  }

  /** Ranges of numbers in ascending order. */
  static ranges(numbers: Iterable<number>): [number, number][] {
    const made: [number, number][] = [];
    for (const n of [...numbers].sort((a, b) => a - b)) {
      const last = made.at(-1);
      if (last !== undefined && last[1] === n) last[1]++;
      else made.push([n, n + 1]);
    }
    return made;
  }

  /**
   * Takes out what was given up since; `byTime`: by time-outs, so after all tries, or because nobody answers, or together
   * with what lies above it and was given up after all tries.
   */
  #compare(byTime: boolean, nowNs = NaN): void {
    const { recovery, options } = this;
    const early: [number, isOld: boolean][] = [];
    const late = new Set<number>();
    const cycle = cycleNs(options);
    const isSilent = this.#silentRequests >= options.tries && this.#silentSinceNs + cycle <= nowNs;
    const { unrecovered } = recovery;
    let at = this.#listed[0];
    // The last one may have grown.
    if (at > 0 && unrecovered.to[at - 1]! > this.#listed[1] && unrecovered.session[at - 1] === recovery.session) at--;
    for (let i = at; i < unrecovered.length; i++) {
      for (let n = unrecovered.from[i]!; n < unrecovered.to[i]!; n++) {
        if (i < this.#listed[0] && n < this.#listed[1]) continue;
        const one = this.missing.get(n);
        if (one === undefined) throw new Error(`${n} is given up and not missing`);
        const isOld = isSilent && one.sinceNs + options.delayNs + cycle <= nowNs;
        if (one.asked >= options.tries) late.add(n);
        else if (byTime) early.push([n, isOld]);
        this.missing.delete(n);
        this.lost.add(n);
        this.givenUp.push(n);
      }
    }
    for (const [n, isOld] of early.toSorted(([a], [b]) => b - a)) {
      if (late.has(n + 1)) late.add(n);
      else if (!isOld) throw new Error(`${n} is given up before all tries`);
    }
    this.#listed[0] = unrecovered.length;
    this.#listed[1] = unrecovered.length > 0 ? unrecovered.to[unrecovered.length - 1]! : 0;
    same('unlisted', unrecovered.unlisted, 0);
    same('still missing', recovery.stillMissing, this.missing.size);
    same('missed', recovery.missed, this.missed);
    same('came', recovery.came, this.filled - this.answered);
    same('recovered', recovery.recovered, this.answered);
    if (recovery.pendingRanges > options.ranges) throw new Error(`${recovery.pendingRanges} ranges`);
  }
}

/** Not `expect`: this is called for every event of a simulation. */
function same(what: string, value: number, expected: number): void {
  if (value !== expected) throw new Error(`${what}: ${value}, expected ${expected}`);
}
