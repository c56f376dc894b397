import type { Nanos } from '../core/time.js';

/** Kinds of events that the measurement itself finds; names as in the result. */
export const EventKind = {
  /** First datagram of a stream. */
  FirstPacket: 0,
  /** The sender announced the end; `a` its number after the last, from the stream's origin. */
  StreamEnd: 1,
  /** Numbers were declared lost; `a` the first, from the stream's origin, `b` how many. */
  Gap: 2,
  /** The same flow of the same source under another run id; `a` the stream that it was before. */
  Restart: 3,
  /** Nothing came for a while; `a` how long, ns. */
  Silence: 4,
  /** Another sender is active on the same group, port and flow; `a` the stream that was there before. */
  ForeignSender: 5,
  /** The DSCP received is another than before, or at first another than was sent; `a` the TOS octet sent (-1: not known), `b` received. */
  DscpChanged: 6,
} as const;

export const EVENT_NAMES = [
  'first_packet',
  'stream_end',
  'gap',
  'restart',
  'silence',
  'foreign_sender',
  'dscp_changed',
] as const;

export interface MeasurementEvent {
  readonly kind: (typeof EVENT_NAMES)[number];
  readonly stream: number;
  readonly monoNs: Nanos;
  /** What they mean: {@link EventKind}. */
  readonly a: number;
  readonly b: number;
}

/** Kinds that a bad network brings without end. Of all others a stream has a few, and one is never left out for these. */
export const FREQUENT_EVENTS: ReadonlySet<string> = new Set(['gap', 'dscp_changed', 'tr101290']);
const IS_FREQUENT = EVENT_NAMES.map((name) => FREQUENT_EVENTS.has(name));

const CAPACITY = 1024;
/** Of {@link CAPACITY}, kept free for kinds that are not frequent. */
const RESERVED = 256;
const PER_STREAM_PER_SECOND = 10;
/** Of a kind: so many at once, as many streams in detail may begin together, and so many more a second. */
const AT_ONCE = 256;
const PER_SECOND = 25;
/** The same of frequent kinds: ten of each such stream. */
const FREQUENT_AT_ONCE = 10 * AT_ONCE;
const FREQUENT_PER_SECOND = FREQUENT_AT_ONCE;
const SECOND_NS = 1e9;

/**
 * Events until somebody asks for them: at most {@link CAPACITY}; of frequent kinds at most ten per
 * second and stream; and of a kind at most {@link AT_ONCE} and {@link PER_SECOND} more, of frequent ones ten times
 * that. All others are counted: who tells of each of ten thousand streams has no time to receive them. Pushing one
 * allocates nothing.
 */
export class EventRing {
  /** Events by kind that were not kept. */
  readonly suppressed = new Float64Array(EVENT_NAMES.length);
  readonly #kind = new Uint8Array(CAPACITY);
  readonly #stream = new Uint32Array(CAPACITY);
  readonly #monoNs = new Float64Array(CAPACITY);
  readonly #a = new Float64Array(CAPACITY);
  readonly #b = new Float64Array(CAPACITY);
  #head = 0;
  #count = 0;
  /** By stream, of frequent kinds. */
  #secondFrom = new Float64Array(16).fill(-Infinity);
  #inSecond = new Uint8Array(16);
  /** By kind: how many more may come, and when that was. */
  readonly #left = new Float64Array(EVENT_NAMES.length);
  readonly #leftAtNs = new Float64Array(EVENT_NAMES.length).fill(-Infinity);

  /** Makes room for streams `0 .. streams - 1`. */
  ensure(streams: number): void {
    const { length } = this.#inSecond;
    if (streams <= length) return;
    const from = this.#secondFrom;
    const counts = this.#inSecond;
    this.#secondFrom = new Float64Array(Math.max(streams, 2 * length)).fill(-Infinity);
    this.#inSecond = new Uint8Array(this.#secondFrom.length);
    this.#secondFrom.set(from);
    this.#inSecond.set(counts);
  }

  push(kind: number, stream: number, monoNs: Nanos, a: number, b: number): void {
    if (!this.#hasRoom(kind, stream, monoNs)) {
      this.suppressed[kind]!++;
      return;
    }
    const at = (this.#head + this.#count) % CAPACITY;
    this.#count++;
    this.#kind[at] = kind;
    this.#stream[at] = stream;
    this.#monoNs[at] = monoNs;
    this.#a[at] = a;
    this.#b[at] = b;
  }

  #hasRoom(kind: number, stream: number, monoNs: Nanos): boolean {
    const isFrequent = IS_FREQUENT[kind]!;
    if (this.#count >= (isFrequent ? CAPACITY - RESERVED : CAPACITY)) return false;
    if (monoNs > this.#leftAtNs[kind]!) {
      const more = ((monoNs - this.#leftAtNs[kind]!) / SECOND_NS) * (isFrequent ? FREQUENT_PER_SECOND : PER_SECOND);
      this.#left[kind] = Math.min(isFrequent ? FREQUENT_AT_ONCE : AT_ONCE, this.#left[kind]! + more);
      this.#leftAtNs[kind] = monoNs;
    }
    if (this.#left[kind]! < 1 || (isFrequent && !this.#mayBringMore(stream, monoNs))) return false;
    this.#left[kind]!--;
    return true;
  }

  /** One event more of a frequent kind. */
  #mayBringMore(stream: number, monoNs: Nanos): boolean {
    if (monoNs >= this.#secondFrom[stream]! + SECOND_NS) {
      this.#secondFrom[stream] = monoNs;
      this.#inSecond[stream] = 0;
    }
    if (this.#inSecond[stream]! >= PER_STREAM_PER_SECOND) return false;
    this.#inSecond[stream]!++;
    return true;
  }

  /** Takes out all events, oldest first. */
  drain(): MeasurementEvent[] {
    const events: MeasurementEvent[] = [];
    for (; this.#count > 0; this.#count--) {
      const at = this.#head;
      events.push({
        kind: EVENT_NAMES[this.#kind[at]!]!,
        stream: this.#stream[at]!,
        monoNs: this.#monoNs[at]!,
        a: this.#a[at]!,
        b: this.#b[at]!,
      });
      this.#head = (at + 1) % CAPACITY;
    }
    return events;
  }
}
