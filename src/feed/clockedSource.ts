import type { ZoneClock } from '../core/zone.js';
import type { Nanos } from '../core/time.js';
import { putItchTimestamp } from '../wire/itch50.js';
import type { MessageSource, SourceStatus } from './messageSource.js';

/** ITCH messages of another source, their timestamps the time of day at which each is due: what tells one-way delay. */
export class ClockedSource implements MessageSource {
  readonly dueNs: Float64Array;
  octets = 0;
  readonly end?: (atNs: Nanos) => void;
  readonly #source: MessageSource;
  readonly #clock: ZoneClock;
  readonly #startRealNs: Nanos;

  /** `startRealNs`: when the source begins, by the clock's epoch. */
  constructor(source: MessageSource, clock: ZoneClock, startRealNs: Nanos) {
    this.#source = source;
    this.#clock = clock;
    this.#startRealNs = startRealNs;
    this.dueNs = source.dueNs;
    if (source.end !== undefined) this.end = (atNs) => source.end!(atNs);
  }

  look(): SourceStatus {
    const status = this.#source.look();
    this.octets = this.#source.octets;
    return status;
  }

  take(view: DataView, at: number): void {
    const { octets } = this;
    const sinceMidnightNs = this.#clock.sinceMidnightNs(this.#startRealNs + this.dueNs[0]!);
    this.#source.take(view, at);
    putItchTimestamp(view, at, octets, sinceMidnightNs);
  }
}
