/** Messages of merged feeds for a program: from the receiving thread through rings to whoever iterates. */
import { setTimeout as delay } from 'node:timers/promises';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import type { ReceivePlan } from '../profile/plan.js';
import { isFeedStamp } from '../wire/feedStamp.js';
import { framingOfScheme, FRAMINGS } from '../wire/framings.js';
import type { MediaSinks } from './mediaSinks.js';
import { MessageRecord } from './messageOutput.js';
import { LARGEST_PAYLOAD_OCTETS, outputQueue, type OutputQueue } from './receiverOutputs.js';

/** A message of a sequenced feed, in order, out of whichever line brought it first. */
export interface FeedMessage {
  /** Where it was received, as in the result. */
  readonly endpoint: string;
  /** `''` where the framing has none. */
  readonly session: string;
  /** As on the wire; of MDP the packet's, which its messages share. */
  readonly number: bigint;
  /** Numbers before it that neither line has brought. */
  readonly missing: number;
  /** What kind of message it is, as the framing's header says or else its first octet; -1: nothing does. */
  readonly type: number;
  /** Without what the framing puts before it. They are the reader's own. */
  readonly octets: Uint8Array;
}

/** How long a reader rests when nothing is there. */
const REST_MS = 5;

/** A ring and what of it is still to be told: a record that was taken out. */
class MessageReader {
  readonly #ring: ByteRing;
  readonly #endpoint: string;
  readonly #bytes = new Uint8Array(LARGEST_PAYLOAD_OCTETS);
  readonly #view = new DataView(this.#bytes.buffer);
  /** The next block, and where they end. */
  #at = 0;
  #end = 0;
  #framing = FRAMINGS[0]!;
  #session = '';
  #number = 0n;
  #missing = 0;

  constructor(ring: SharedArrayBuffer, endpoint: string) {
    this.#ring = new ByteRing(ring);
    this.#endpoint = endpoint;
  }

  /** The next message; `null`: none yet; `undefined`: no more will come. */
  next(): FeedMessage | null | undefined {
    for (;;) {
      while (this.#at < this.#end) {
        const message = this.#take();
        if (message !== null) return message;
      }
      const read = this.#read(0, MessageRecord.HeaderOctets);
      if (read <= 0) return read < 0 ? undefined : null;
      this.#begin();
    }
  }

  #begin(): void {
    const view = this.#view;
    const word = (at: number): number => view.getUint32(at);
    this.#framing = FRAMINGS[word(MessageRecord.Framing)]!;
    this.#session = this.#framing.sessionName([
      word(MessageRecord.Session0),
      word(MessageRecord.Session1),
      word(MessageRecord.Session2),
    ]);
    this.#number = view.getBigUint64(MessageRecord.NumberHigh);
    this.#missing += view.getFloat64(MessageRecord.Missing);
    const octets = word(MessageRecord.BlockOctets);
    this.#read(MessageRecord.HeaderOctets, octets);
    this.#at = MessageRecord.HeaderOctets;
    this.#end = this.#at + octets;
    // It stands alone in its datagram, and is no message of the feed's source.
    const messageAt = this.#at + this.#framing.blockHeaderOctets;
    if (octets > 0 && this.#framing.blockOctets(view, this.#at) === octets) {
      if (isFeedStamp(view, messageAt, this.#end - messageAt)) this.#at = this.#end;
    }
  }

  /** The block that comes next; `null`: it is none of a message. */
  #take(): FeedMessage | null {
    const framing = this.#framing;
    const from = this.#at + framing.blockHeaderOctets;
    const type = framing.blockType(this.#view, this.#at);
    this.#at += framing.blockOctets(this.#view, this.#at);
    const number = this.#number;
    if (framing.unit === 'message') this.#number = BigInt.asUintN(framing.sequenceBits, number + 1n);
    // Where heartbeats have numbers, they are messages of no octets.
    if (framing.heartbeatSpan === 1 && from === this.#at) return null;
    const missing = this.#missing;
    this.#missing = 0;
    const octets = this.#bytes.slice(from, this.#at);
    return { endpoint: this.#endpoint, session: this.#session, number, missing, type, octets };
  }

  /** All of what is published whole; 0: nothing is there; -1: nothing more will come. */
  #read(at: number, octets: number): number {
    let read = 0;
    while (read < octets) {
      const some = this.#ring.readInto(this.#bytes, at + read, octets - read);
      if (some <= 0) return some;
      read += some;
    }
    return read;
  }
}

/** Queues of all feeds of a receiver, on the thread of who iterates. */
export class FeedMessages {
  readonly queues: readonly OutputQueue[];
  readonly #readers: readonly MessageReader[];

  /** Throws McastError when the plan has no feed. */
  constructor({ streams, places }: ReceivePlan) {
    const feeds = [...streams.entries()].filter(([position, { scheme }]) => {
      const { role, leg } = places[position]!;
      return role === 'media' && leg === 0 && scheme !== null && framingOfScheme(scheme) !== undefined;
    });
    if (feeds.length === 0) {
      throw new McastError('ERR_USAGE', 'messages: none of the endpoints is a feed: mold://, mdp:// or xdp://');
    }
    this.queues = feeds.map(([position]) => ({ ...outputQueue(position, 'messages'), takesMessages: true }));
    this.#readers = this.queues.map(({ position, ring }) => new MessageReader(ring, streams[position]!.endpoint));
  }

  /** The run's other outputs, and these; nobody waits for who reads these. */
  beside(sinks: MediaSinks | null): MediaSinks {
    return {
      queues: [...(sinks?.queues ?? []), ...this.queues],
      failures: () => sinks?.failures() ?? new Map(),
      onFailure: (listener) => sinks?.onFailure(listener),
      links: () => sinks?.links() ?? [],
      finished: sinks?.finished ?? Promise.resolve(),
      stop: async () => {
        for (const { ring } of this.queues) new ByteRing(ring).close();
        await sinks?.stop();
      },
    };
  }

  /** Each message once, to whoever asks; of several feeds as they come. */
  async *read(): AsyncGenerator<FeedMessage, void, undefined> {
    for (;;) {
      let isOver = true;
      let hasRead = false;
      for (const reader of this.#readers) {
        let message = reader.next();
        for (; message !== null && message !== undefined; message = reader.next()) {
          hasRead = true;
          yield message;
        }
        isOver &&= message === undefined;
      }
      if (isOver) return;
      if (!hasRead) await delay(REST_MS);
    }
  }
}
