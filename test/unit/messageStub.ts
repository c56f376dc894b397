/** A source of messages that says what a test tells it to. */
import { type MessageSource, SourceStatus } from '../../src/feed/messageSource.js';

export interface StubMessage {
  readonly dueNs: number;
  readonly octets: Uint8Array;
}

/** `count` messages of `octets` octets, `apartNs` apart, each of its own octets: its number, then the place within it. */
export function messages(count: number, octets: number, apartNs: number, fromNs = 0): StubMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    dueNs: fromNs + i * apartNs,
    octets: Uint8Array.from({ length: octets }, (_octet, at) => (at === 0 ? 1 + i : 16 * i + at)),
  }));
}

export class StubSource implements MessageSource {
  readonly dueNs = new Float64Array(1);
  octets = 0;
  /** Messages that can be had by now; then it is dry. */
  available: number;
  /** Messages taken. */
  next = 0;
  readonly #messages: readonly StubMessage[];

  constructor(all: readonly StubMessage[], available = all.length) {
    this.#messages = all;
    this.available = available;
  }

  look(): SourceStatus {
    const message = this.#messages[this.next];
    if (message === undefined) return SourceStatus.Ended;
    if (this.next >= this.available) return SourceStatus.Dry;
    this.dueNs[0] = message.dueNs;
    this.octets = message.octets.length;
    return SourceStatus.Ready;
  }

  take(view: DataView, at: number): void {
    const { octets } = this.#messages[this.next++]!;
    for (const [i, octet] of octets.entries()) view.setUint8(at + i, octet);
  }
}
