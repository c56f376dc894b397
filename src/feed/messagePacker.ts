import type { Nanos } from '../core/time.js';
import type { FeedFraming } from '../wire/framing.js';
import { type MessageSource, SourceStatus } from './messageSource.js';

/** What {@link MessagePacker.gather} came to. */
export const Packed = {
  /** A datagram is complete, and due at `dueNs`. */
  Ready: 0,
  /** The source has nothing: to be looked at again at `dueNs`. */
  Waiting: 1,
  Ended: 2,
} as const;
export type Packed = (typeof Packed)[keyof typeof Packed];

export interface PackingOptions {
  /** UDP payload octets of the largest datagram. */
  readonly mtuOctets: number;
  /** Most messages of a datagram. */
  readonly mostMessages: number;
  /** How long the first message of a datagram waits for others. */
  readonly flushAfterNs: Nanos;
}

/** A source that has nothing is asked again after so long. */
const POLL_NS = 1e6;

/**
 * Messages of a source -> the message blocks of one datagram after the other, in a buffer of its own. A datagram is
 * complete when it is full or holds as many messages as it may, when the next message does not fit, or when its first one
 * has waited long enough; it is due when that is known: a sender that waited for real would know it no earlier.
 */
export class MessagePacker {
  /** The gathered datagram; its header's octets are left free. */
  readonly view: DataView;
  /** The same memory behind the header. */
  readonly blocks: Uint8Array;
  /** Octets so far, header included. */
  octets = 0;
  messages = 0;
  /** Type octet of the first message. */
  firstType = 0;
  /** Messages that no datagram can hold, left out. */
  tooLong = 0;
  /** Messages taken, those left out not among them. */
  taken = 0;
  /** [0]: the present, as far as it is known: set before {@link gather}. */
  readonly nowNs = new Float64Array(1);
  readonly #source: MessageSource;
  readonly #framing: FeedFraming;
  readonly #mtuOctets: number;
  readonly #mostMessages: number;
  /** {@link Time}: a double as an argument costs an object. */
  readonly #times: Float64Array;

  /** `startMonoNs`: when the source begins; `endMonoNs`: what is due then or later is not sent. */
  constructor(
    source: MessageSource,
    framing: FeedFraming,
    options: PackingOptions,
    startMonoNs: Nanos,
    endMonoNs: Nanos,
  ) {
    this.#source = source;
    this.#framing = framing;
    this.#mtuOctets = options.mtuOctets;
    this.#mostMessages = Math.min(options.mostMessages, framing.maxMessages);
    this.view = new DataView(new ArrayBuffer(options.mtuOctets));
    this.blocks = new Uint8Array(this.view.buffer, framing.headerOctets);
    this.octets = framing.headerOctets;
    this.#times = Float64Array.of(startMonoNs, 0, 0, endMonoNs, options.flushAfterNs, startMonoNs, 0);
  }

  /** When the datagram is due, or the source to be looked at. */
  get dueNs(): Nanos {
    return this.#times[Time.Due]!;
  }

  /** Goes on until a datagram is complete or the source has nothing. Hot. */
  gather(): Packed {
    const source = this.#source;
    const times = this.#times;
    for (;;) {
      const status = source.look();
      if (status === SourceStatus.Dry) return this.#dry();
      if (status === SourceStatus.Ended) return this.#end();
      times[Time.Next] = times[Time.Start]! + source.dueNs[0]!;
      if (times[Time.Next]! >= times[Time.End]!) {
        if (source.end === undefined) return this.#end();
        this.close(times[Time.End]!);
        continue;
      }
      if (this.messages > 0 && this.#isComplete()) return Packed.Ready;
      this.#add();
      if (this.messages > 0 && this.messages === this.#mostMessages) {
        times[Time.Due] = times[Time.Next]!;
        return Packed.Ready;
      }
    }
  }

  /** The source is to come to its end, now at `nowNs`. */
  close(nowNs: Nanos): void {
    const times = this.#times;
    const source = this.#source;
    if (source.end === undefined) times[Time.End] = nowNs;
    else {
      times[Time.End] = Infinity;
      source.end(nowNs - times[Time.Start]!);
    }
  }

  /** The datagram is done with: the next one begins. */
  clear(): void {
    this.octets = this.#framing.headerOctets;
    this.messages = 0;
  }

  /** What was gathered is the last datagram, and due with its last message. */
  #end(): Packed {
    if (this.messages === 0) return Packed.Ended;
    this.#times[Time.Due] = this.#times[Time.Last]!;
    return Packed.Ready;
  }

  #dry(): Packed {
    const times = this.#times;
    const nowNs = this.nowNs[0]!;
    const flushNs = this.messages === 0 ? Infinity : times[Time.First]! + times[Time.FlushAfter]!;
    times[Time.Due] = Math.min(flushNs, nowNs + POLL_NS);
    return flushNs <= nowNs ? Packed.Ready : Packed.Waiting;
  }

  /** Whether the message that was looked at belongs to the next datagram; there is one in this. */
  #isComplete(): boolean {
    const times = this.#times;
    const dueNs = times[Time.Next]!;
    const flushNs = times[Time.First]! + times[Time.FlushAfter]!;
    if (dueNs > flushNs) {
      times[Time.Due] = flushNs;
      return true;
    }
    if (this.octets + this.#framing.blockHeaderOctets + this.#source.octets <= this.#mtuOctets) return false;
    times[Time.Due] = dueNs;
    return true;
  }

  #add(): void {
    const times = this.#times;
    const source = this.#source;
    const framing = this.#framing;
    const { view } = this;
    const { octets } = source;
    const at = this.octets + framing.blockHeaderOctets;
    if (at + octets > this.#mtuOctets || octets > framing.maxMessageOctets) {
      // Alone in its datagram, and still too long.
      this.tooLong++;
      this.#passOver(octets);
      return;
    }
    source.take(view, at);
    const type = octets === 0 ? 0 : view.getUint8(at);
    framing.writeBlockHeader(view, this.octets, octets, type);
    if (this.messages === 0) {
      times[Time.First] = times[Time.Next]!;
      this.firstType = type;
    }
    times[Time.Last] = times[Time.Next]!;
    this.octets = at + octets;
    this.messages++;
    this.taken++;
  }

  /** Cold: takes a message that goes nowhere. */
  #passOver(octets: number): void {
    this.#source.take(new DataView(new ArrayBuffer(octets)), 0);
  }
}

/** When the source begins, the first and the last message of the datagram are due, it ends; `Next`: of the message that is looked at. */
const Time = { Start: 0, First: 1, Last: 2, End: 3, FlushAfter: 4, Due: 5, Next: 6 } as const;
