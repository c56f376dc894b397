/** The messages within a datagram of a feed, as text. */
import { viewOf } from '../core/bytes.js';
import { FrameField } from '../wire/framing.js';
import type { FeedFraming } from '../wire/framing.js';
import { quotedText } from '../wire/rtcpText.js';

const TWO_32 = 4_294_967_296;

/** A line for each message of `bytes[at .. at + length)`, a datagram of this framing; nothing of any other. */
export function messageLines(framing: FeedFraming, bytes: Uint8Array, at: number, length: number): string[] {
  const view = viewOf(bytes);
  const frame = new Uint32Array(FrameField.Count);
  framing.read(view, at, length, frame);
  // Messages of a packet that has the number are counted from 1.
  const first =
    framing.unit === 'packet' ? 1 : frame[FrameField.SequenceHigh]! * TWO_32 + frame[FrameField.SequenceLow]!;
  const numbers = framing.sequenceBits === 32 ? TWO_32 : Infinity;
  const lines: string[] = [];
  let block = at + frame[FrameField.BlocksAt]!;
  for (let message = 0; message < frame[FrameField.Messages]!; message++) {
    lines.push(`message ${(first + message) % numbers} ${messageText(framing, view, block)}`);
    block += framing.blockOctets(view, block);
  }
  return lines;
}

/** The message of the block at `block`: its type, and its octets without the block's header. */
function messageText(framing: FeedFraming, view: DataView, block: number): string {
  const type = framing.blockType(view, block);
  const octets = `octets ${framing.blockOctets(view, block) - framing.blockHeaderOctets}`;
  return type < 0 ? octets : `type ${typeText(framing, type)} ${octets}`;
}

/** MoldUDP64 leaves the type to the message; that is a character in all that Nasdaq sends. */
function typeText(framing: FeedFraming, type: number): string {
  return framing.format === 'moldudp64' ? quotedText(Uint8Array.of(type)) : `${type}`;
}
