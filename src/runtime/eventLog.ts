import { FREQUENT_EVENTS } from '../analysis/eventRing.js';
import { formatRealtime, type Clock, type Nanos } from '../core/time.js';
import type { EventRecord } from '../result/model.js';
import { realMinusMonoNs } from './utcTime.js';

/** Events kept in the result; those beyond are counted by kind. */
const KEPT = 1000;
/** Of these, kept free for kinds that are not frequent: however many gaps there were, the end of a stream is in the result. */
const RESERVED = 200;
/** Events of frequent kinds of one stream that are told live within one second; the others are only kept or counted. */
const TOLD_PER_SECOND = 10;
const SECOND_NS = 1e9;

/** Events of a run: kept for the result, told live at a bounded rate, all of them counted. */
export class EventLog {
  readonly events: EventRecord[] = [];
  readonly counts: Record<string, number> = {};
  readonly #clock: Clock;
  readonly #startMonoNs: Nanos;
  readonly #tell: (event: EventRecord) => void;
  readonly #told = new Map<string | null, { secondNs: Nanos; count: number }>();

  /** `startMonoNs`: `run.start`. */
  constructor(clock: Clock, startMonoNs: Nanos, tell: (event: EventRecord) => void) {
    this.#clock = clock;
    this.#startMonoNs = startMonoNs;
    this.#tell = tell;
  }

  /** `atMonoNs`: when it happened; `stream`: id of the stream, `null` for the run's own. */
  add(event: string, atMonoNs: Nanos, stream: string | null, text: string, detail: EventRecord['detail'] = {}): void {
    const record: EventRecord = {
      event,
      time: formatRealtime(this.#clock.epoch, atMonoNs + realMinusMonoNs(this.#clock)),
      at_ns: Math.round(atMonoNs - this.#startMonoNs),
      stream,
      text,
      detail,
    };
    this.counts[event] = (this.counts[event] ?? 0) + 1;
    const isFrequent = FREQUENT_EVENTS.has(event);
    if (this.events.length < (isFrequent ? KEPT - RESERVED : KEPT)) this.events.push(record);
    if (!isFrequent || this.#mayTell(stream, atMonoNs)) this.#tell(record);
  }

  #mayTell(stream: string | null, atMonoNs: Nanos): boolean {
    let told = this.#told.get(stream);
    if (told === undefined) {
      // Bounded: streams come and go, and a stream forgotten may be told a little more.
      if (this.#told.size >= KEPT) this.#told.clear();
      told = { secondNs: atMonoNs, count: 0 };
      this.#told.set(stream, told);
    }
    if (atMonoNs - told.secondNs >= SECOND_NS) {
      told.secondNs = atMonoNs;
      told.count = 0;
    }
    return told.count++ < TOLD_PER_SECOND;
  }
}
