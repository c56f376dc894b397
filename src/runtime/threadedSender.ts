/** A sender of several threads: a run made of runs, each of which sends its part. */
import { formatUnixNs, unixNsOf } from '../core/time.js';
import { DEFAULT_DETAIL } from '../result/streamOrder.js';
import { IntervalJudge, type FirstExceeded } from '../result/intervalJudge.js';
import { judgeLimits } from '../result/judge.js';
import { mergeParts } from '../result/merge.js';
import { MergedIntervals, type SenderInterval } from '../result/mergeIntervals.js';
import type { EventRecord, RunResult } from '../result/model.js';
import type { SendPlan } from '../profile/plan.js';
import { limitEvent } from './limitEvents.js';
import type { Judge, ReadyInfo, RunMessage } from './messages.js';
import { withResolvers } from './resolvers.js';
import type { Run, RunListener } from './runHandle.js';

/** In a document. */
const MOST_EVENTS = 1000;

export interface ThreadedOptions {
  readonly plan: SendPlan;
  readonly judge: Judge;
  readonly listener: RunListener;
  /** Starts the part of a thread, which judges nothing. */
  readonly start: (part: number, listener: RunListener) => Run;
  /** A thread is gone, however it went: the others are not to wait for it. */
  readonly onGone: (part: number) => void;
}

/** Starts all parts. What is told, judged and asked for is the whole; an error of one ends all. */
export function startTogether(options: ThreadedOptions): Run {
  return new ThreadedSender(options).run;
}

class ThreadedSender {
  readonly run: Run;
  readonly #options: ThreadedOptions;
  readonly #parts: readonly Run[];
  readonly #intervals: MergedIntervals;
  readonly #judge: IntervalJudge;
  readonly #ready = withResolvers<ReadyInfo>();
  readonly #finished = withResolvers<RunResult>();
  /** Of the whole: when a limit on intervals was exceeded first. */
  readonly #events: EventRecord[] = [];
  #exceededOften = 0;
  readonly #results: (RunResult | null)[];
  /** The results so far that are being asked for, by part; `null`: none are. */
  #soFar: Map<number, RunResult> | null = null;
  #isAskedAgain = false;
  /** The latest interval. */
  #told: SenderInterval | null = null;
  #isOver = false;

  constructor(options: ThreadedOptions) {
    const { plan, judge, start, onGone } = options;
    this.#options = options;
    const places = new Map(plan.streams.map(({ address: { group, port } }, at) => [`${group} ${port}`, at]));
    this.#intervals = new MergedIntervals(
      plan.threads,
      plan.intervalNs,
      ({ group, port }) => places.get(`${group} ${port}`) ?? 0,
    );
    this.#judge = new IntervalJudge(judge.eachLimits, plan.intervalNs, (found) => this.#exceeded(found));
    this.#results = Array.from({ length: plan.threads }, () => null);
    this.#parts = Array.from({ length: plan.threads }, (_, part) =>
      start(part, (message) => this.#hear(part, message)),
    );
    for (const [part, run] of this.#parts.entries()) {
      run.finished.catch((error: unknown) => this.#fail(error));
      void run.exited.then(() => onGone(part));
    }
    // The first one's words are those of the whole; it is ready when all are.
    Promise.all(this.#parts.map(({ ready }) => ready)).then(([info]) => this.#tellReady(info!), this.#ready.reject);
    const each = (act: (run: Run) => void) => () => this.#parts.forEach((run) => act(run));
    this.run = {
      ready: this.#ready.promise,
      finished: this.#finished.promise,
      stop: each((run) => run.stop()),
      endWhenSilent: () => {},
      snapshot: () => this.#askSoFar(),
      // Parts are joined by what an outline lacks.
      outline: () => this.#askSoFar(),
      reopen: each((run) => run.reopen()),
      abandon: async () => void (await Promise.all(this.#parts.map((run) => run.abandon()))),
      exited: Promise.all(this.#parts.map(({ exited }) => exited)).then(() => undefined),
    };
  }

  #hear(part: number, message: RunMessage): void {
    switch (message.type) {
      case 'wakeable':
      case 'ready':
        break;
      case 'interval':
        for (const whole of this.#intervals.add(part, message)) this.#tellInterval(whole);
        break;
      case 'partial':
        this.#soFar?.set(part, message.result);
        this.#tellSoFar();
        break;
      case 'result':
        this.#results[part] = message.result;
        for (const whole of this.#intervals.end(part)) this.#tellInterval(whole);
        this.#tellSoFar();
        this.#finish();
        break;
      default:
        this.#options.listener(message);
    }
  }

  #tellReady(info: ReadyInfo): void {
    if (this.#isOver) return;
    try {
      this.#options.listener({ type: 'ready', info });
      this.#ready.resolve(info);
    } catch (error) {
      this.#fail(error);
    }
  }

  #tellInterval(whole: SenderInterval): void {
    const { startNs, endNs, senderRows } = whole;
    this.#told = whole;
    this.#judge.observe([], [], senderRows, startNs, endNs);
    this.#options.listener({
      ...whole,
      type: 'interval',
      rows: [],
      others: null,
      transportRows: [],
    });
  }

  #exceeded(found: FirstExceeded): void {
    const { stream, interval } = found;
    const { time, endNs } = this.#told!;
    const event: EventRecord = {
      event: 'limit',
      time: formatUnixNs(unixNsOf(time) - BigInt(Math.round(endNs - interval.end_ns))),
      at_ns: interval.end_ns,
      stream,
      ...limitEvent(found),
    };
    this.#exceededOften++;
    if (this.#events.length < MOST_EVENTS) this.#events.push(event);
    this.#options.listener({ type: 'event', event });
  }

  #askSoFar(): void {
    if (this.#soFar !== null) {
      this.#isAskedAgain = true;
      return;
    }
    this.#soFar = new Map();
    for (const [part, run] of this.#parts.entries()) if (this.#results[part] === null) run.snapshot();
    this.#tellSoFar();
  }

  /** The result so far is told when all parts have told theirs, or have ended. */
  #tellSoFar(): void {
    const soFar = this.#soFar;
    if (soFar === null) return;
    const parts = this.#results.map((result, part) => result ?? soFar.get(part) ?? null).filter((one) => one !== null);
    if (parts.length < this.#parts.length) return;
    this.#soFar = null;
    // Who ends meanwhile has the result itself.
    if (this.#results.some((result) => result === null)) {
      this.#options.listener({ type: 'partial', result: this.#whole(parts) });
    }
    if (!this.#isAskedAgain) return;
    this.#isAskedAgain = false;
    this.#askSoFar();
  }

  #finish(): void {
    const parts = this.#results.filter((result) => result !== null);
    if (this.#isOver || parts.length < this.#parts.length) return;
    this.#isOver = true;
    const result = this.#whole(parts);
    this.#options.listener({ type: 'result', result });
    this.#finished.resolve(result);
  }

  /** Parts that would wait for one that failed are stopped; what it failed of is told when all are gone. */
  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const run of this.#parts) run.stop();
    const tell = (): void => {
      this.#ready.reject(cause);
      this.#finished.reject(cause);
    };
    void this.run.exited.then(tell);
  }

  #whole(parts: readonly RunResult[]): RunResult {
    const merged = mergeParts(withTheirReasons(parts), DEFAULT_DETAIL);
    const { limits } = this.#options.judge;
    const events = [...merged.events, ...this.#events].toSorted((a, b) => a.at_ns - b.at_ns).slice(0, MOST_EVENTS);
    const exceeded = this.#exceededOften;
    const event_counts = exceeded === 0 ? merged.event_counts : { ...merged.event_counts, limit: exceeded };
    const each = this.#judge.results(() => true, merged.run.duration_ns);
    return {
      ...merged,
      events,
      event_counts,
      // Silence is judged at receivers.
      limits: [...judgeLimits(merged, limits, { allowSilence: true }), ...each],
    };
  }
}

/** What is not so in all threads says of which it is. */
function withTheirReasons(parts: readonly RunResult[]): RunResult[] {
  const texts = parts.map(({ health }) => new Set(health.reasons.map(({ text }) => text)));
  return parts.map((result, part) => {
    const reasons = result.health.reasons.map((reason) =>
      texts.every((all) => all.has(reason.text)) ? reason : { ...reason, text: `thread ${part + 1}: ${reason.text}` },
    );
    return { ...result, health: { ...result.health, reasons } };
  });
}
