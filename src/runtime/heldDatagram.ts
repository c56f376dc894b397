import { BELIEVED_JUMP } from '../analysis/sequence.js';
import type { ReceiveBatch } from '../core/batch.js';
import { copyOctets } from '../core/bytes.js';
import type { FeedChannel } from './feedChannel.js';

const FIRST_OCTETS = 2048;

/**
 * A datagram of a feed that jumped far ahead: it goes on when the next one confirms the jump, as the sequence analyzer
 * counts it then (see {@link BELIEVED_JUMP}).
 */
export class HeldDatagram {
  /** There is one. */
  isHeld = false;
  #view = new DataView(new ArrayBuffer(FIRST_OCTETS));
  #octets = 0;
  #span = 0;
  /** Its first number. */
  readonly #number = new Float64Array(1);
  readonly #timeNs = new Float64Array(1);

  /** Slot `i` is held, in place of any before it: numbers `number .. number + span`, which came at `timesNs[i]`. */
  hold(batch: ReceiveBatch, i: number, number: number, span: number, timesNs: Float64Array): void {
    const octets = batch.length[i]!;
    if (octets > this.#view.byteLength) this.#view = new DataView(new ArrayBuffer(octets));
    copyOctets(batch.view, batch.offset[i]!, octets, this.#view, 0);
    this.isHeld = true;
    this.#octets = octets;
    this.#span = span;
    this.#number[0] = number;
    this.#timeNs[0] = timesNs[i]!;
  }

  /** The line goes on with `number`: what is held goes before it, or was none of the feed. */
  goOn(number: number, channel: FeedChannel, leg: 0 | 1): void {
    const held = this.#number[0]!;
    this.isHeld = false;
    if (!(Math.abs(number - held) <= BELIEVED_JUMP)) return;
    const view = this.#view;
    const bytes = new Uint8Array(view.buffer);
    channel.onDatagram(bytes, view, 0, this.#octets, held, this.#span, this.#timeNs, 0, leg);
  }
}
