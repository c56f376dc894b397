/** Datagrams of messages whose octets say their numbers, and a sink that reads them back. */
import { viewOf } from '../../src/core/bytes.js';
import type { MessageMerge, MessageSink } from '../../src/repair/messageMerge.js';
import type { FeedFraming } from '../../src/wire/framing.js';

/** Of message `number`: some are empty. */
export function octetsOf(number: number, longest: number): Uint8Array {
  const octets = Math.abs(number * 7) % (longest + 1);
  return Uint8Array.from({ length: octets }, (_, i) => number + 31 * i);
}

/** Somewhere in octets that belong to nobody, as in the slab of a batch. */
export function put(
  merge: MessageMerge,
  framing: FeedFraming,
  number: number,
  span: number,
  timeNs: number,
  longest = 20,
): void {
  const all = Array.from({ length: span }, (_, i) => octetsOf(number + i, longest));
  const octets = all.reduce((sum, message) => sum + message.length + framing.blockHeaderOctets, 0);
  const bytes = new Uint8Array(octets + 32).fill(0xa5);
  const view = viewOf(bytes);
  let at = 16;
  for (const message of all) {
    framing.writeBlockHeader(view, at, message.length, message[0] ?? 0);
    bytes.set(message, at + framing.blockHeaderOctets);
    at += framing.blockHeaderOctets + message.length;
  }
  merge.arrivedNs[0] = timeNs;
  merge.put(bytes, view, 16, at, number, span);
  // What was handed over is somebody else's again.
  bytes.fill(0x5a);
}

/** Numbers of messages by what they hold; the first one is `first`. */
export class NumberSink implements MessageSink {
  readonly released: number[] = [];
  readonly givenUp: number[] = [];
  octets = 0;
  #next: number;
  readonly #framing: FeedFraming;
  readonly #longest: number;

  constructor(framing: FeedFraming, first: number, longest = 20) {
    this.#framing = framing;
    this.#next = first;
    this.#longest = longest;
  }

  blocks(bytes: Uint8Array, view: DataView, from: number, to: number, messages: number, lost: number): void {
    for (let i = 0; i < lost; i++) this.givenUp.push(this.#next++);
    const framing = this.#framing;
    let at = from;
    for (let i = 0; i < messages; i++) {
      const block = framing.blockOctets(view, at);
      const found = bytes.slice(at + framing.blockHeaderOctets, at + block);
      if (found.toString() !== octetsOf(this.#next, this.#longest).toString()) {
        throw new Error(`${found.toString()} is not message ${this.#next}`);
      }
      this.released.push(this.#next++);
      at += block;
    }
    if (at !== to) throw new Error(`${to - at} octets behind the messages`);
    this.octets += to - from;
  }
}
