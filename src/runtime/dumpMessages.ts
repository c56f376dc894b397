/** The messages within a datagram of a feed, as text. */
import { viewOf } from '../core/bytes.js';
import { FrameField } from '../wire/framing.js';
import type { FeedFraming } from '../wire/framing.js';
import { formatUnixNs } from '../core/time.js';
import { FEED_STAMP_TIME_AT, isDepartureStamp, isFeedStamp } from '../wire/feedStamp.js';
import { itchCodec } from '../wire/itch50Codec.js';
import { quotedText } from '../wire/rtcpText.js';
import { WireStatus } from '../wire/status.js';

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
    lines.push(`message ${(first + message) % numbers} ${messageText(framing, bytes, view, block)}`);
    block += framing.blockOctets(view, block);
  }
  return lines;
}

/** The message of the block at `block`: what it says where that is known, else its type and how long it is. */
function messageText(framing: FeedFraming, bytes: Uint8Array, view: DataView, block: number): string {
  const type = framing.blockType(view, block);
  const at = block + framing.blockHeaderOctets;
  const length = framing.blockOctets(view, block) - framing.blockHeaderOctets;
  if (isFeedStamp(view, at, length)) {
    const time = formatUnixNs(view.getBigUint64(at + FEED_STAMP_TIME_AT));
    return `stamp ${isDepartureStamp(view, at) ? 'sent' : 'due'} ${time}`;
  }
  // Of a framing without types of its own, or in which we put the same messages.
  const itch = itchCodec.create();
  const isItch = length > 0 && type === view.getUint8(at) && itchCodec.parse(bytes, at, length, itch) === WireStatus.Ok;
  if (isItch) return itchCodec.describe(itch);
  const octets = `octets ${length}`;
  return type < 0 ? octets : `type ${typeText(framing, type)} ${octets}`;
}

/** MoldUDP64 leaves the type to the message; that is a character in all that Nasdaq sends. */
function typeText(framing: FeedFraming, type: number): string {
  return framing.format === 'moldudp64' ? quotedText(Uint8Array.of(type)) : `${type}`;
}
