/**
 * MoldUDP64 1.00 (Nasdaq, 7 July 2009): a downstream packet numbers messages within a session. All integers are unsigned and
 * big-endian.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |              session: ten characters, spaces behind           |  0
 * |                                                               |
 * |                               |    sequence number (64)       |  8
 * |                                                               |
 * |                               |        message count          | 16
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        message length         |  message ...                  | 20, once per message
 *
 * Message count 0 is a heartbeat, 0xffff the end of the session; their number is the next message's. A message may be
 * of no octets. A request packet is a header alone: the number of the first message wanted, and how many.
 */
import type { FeedFraming, SessionWords } from './framing.js';
import { FrameField, FrameKind } from './framing.js';
import { WireStatus } from './status.js';

export const MOLD_HEADER_OCTETS = 20;
export const MOLD_REQUEST_OCTETS = MOLD_HEADER_OCTETS;
const SESSION_OCTETS = 10;
/** Message count of a packet that ends the session. */
export const MOLD_END_OF_SESSION = 0xffff;

const SEQUENCE_AT = 10;
const COUNT_AT = 18;
const LENGTH_OCTETS = 2;
const TWO_32 = 4_294_967_296;
/** Upper half of 2^53 - 1, beyond which numbers are not exact. */
const LARGEST_HIGH = 0x001f_ffff;
const SPACE = 0x20;

/**
 * Whether `view[at .. at + length)` is one downstream packet, all of its messages included. A session of other octets
 * than letters and digits with spaces behind is `BadMagic`, numbers that go on to 2^53 are `BadReserved`, a count beyond
 * the datagram and octets left over `BadLength`. Hot.
 */
export function checkMoldUdp64(view: DataView, at: number, length: number): WireStatus {
  if (length < MOLD_HEADER_OCTETS) return WireStatus.TooShort;
  if (!sessionFits(view, at)) return WireStatus.BadMagic;
  const count = moldCount(view, at);
  const messages = count === MOLD_END_OF_SESSION ? 0 : count;
  if (!isExact(view, at, messages)) return WireStatus.BadReserved;
  const end = at + length;
  let next = at + MOLD_HEADER_OCTETS;
  for (let message = 0; message < messages; message++) {
    if (end - next < LENGTH_OCTETS) return WireStatus.BadLength;
    next += LENGTH_OCTETS + view.getUint16(next);
  }
  return next === end ? WireStatus.Ok : WireStatus.BadLength;
}

/** Whether `view[at .. at + length)` is one request packet, and asks for something. Hot. */
export function checkMoldRequest(view: DataView, at: number, length: number): WireStatus {
  if (length < MOLD_REQUEST_OCTETS) return WireStatus.TooShort;
  if (!sessionFits(view, at)) return WireStatus.BadMagic;
  const count = moldCount(view, at);
  if (length > MOLD_REQUEST_OCTETS || count === 0) return WireStatus.BadLength;
  return isExact(view, at, count) ? WireStatus.Ok : WireStatus.BadReserved;
}

/** Whether the numbers of `messages` messages, and the one behind them, are below 2^53. */
function isExact(view: DataView, at: number, messages: number): boolean {
  const high = view.getUint32(at + SEQUENCE_AT);
  return high < LARGEST_HIGH || (high === LARGEST_HIGH && view.getUint32(at + SEQUENCE_AT + 4) + messages < TWO_32);
}

/** 1: a letter or digit, 2: a space, 0: no octet of a session. */
const SESSION_OCTET = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet === SPACE ? 2 : /[0-9A-Za-z]/.test(String.fromCharCode(octet)) ? 1 : 0,
);

/** Whether the session is one to ten letters and digits with spaces behind. */
function sessionFits(view: DataView, at: number): boolean {
  if (view.getUint8(at) === SPACE) return false;
  let least = 1;
  for (let i = at; i < at + SESSION_OCTETS; i++) {
    const kind = SESSION_OCTET[view.getUint8(i)]!;
    if (kind < least) return false;
    least = kind;
  }
  return true;
}

/** Words of the session, of either packet: octets 0, 4, and 8 with only two. Hot. */
export function moldSession0(view: DataView, at: number): number {
  return view.getUint32(at);
}
export function moldSession1(view: DataView, at: number): number {
  return view.getUint32(at + 4);
}
export function moldSession2(view: DataView, at: number): number {
  return view.getUint16(at + 8);
}
/** Number of the first message; exact, after a check. Of either packet. Hot. */
export function moldSequence(view: DataView, at: number): number {
  return view.getUint32(at + SEQUENCE_AT) * TWO_32 + view.getUint32(at + SEQUENCE_AT + 4);
}
/** Messages that follow, {@link MOLD_END_OF_SESSION}, or in a request how many are wanted. Hot. */
export function moldCount(view: DataView, at: number): number {
  return view.getUint16(at + COUNT_AT);
}

/** Writes the header of a downstream packet, or a request packet. `sequence` is below 2^53. Hot. */
export function putMoldHeader(
  view: DataView,
  at: number,
  session0: number,
  session1: number,
  session2: number,
  sequence: number,
  count: number,
): void {
  const high = Math.floor(sequence / TWO_32);
  view.setUint32(at, session0);
  view.setUint32(at + 4, session1);
  view.setUint16(at + 8, session2);
  view.setUint32(at + SEQUENCE_AT, high);
  view.setUint32(at + SEQUENCE_AT + 4, sequence - high * TWO_32);
  view.setUint16(at + COUNT_AT, count);
}

export const moldUdp64Framing: FeedFraming = {
  format: 'moldudp64',
  scheme: 'mold',
  reference: 'MoldUDP64 Protocol Specification 1.00 (Nasdaq)',
  unit: 'message',
  headerOctets: MOLD_HEADER_OCTETS,
  blockHeaderOctets: LENGTH_OCTETS,
  carriesSendTime: false,
  maxMessages: MOLD_END_OF_SESSION - 1,
  maxMessageOctets: 0xffff,
  sequenceBits: 64,
  heartbeatSpan: 0,
  hasEnd: true,
  heartbeatOctets: MOLD_HEADER_OCTETS,

  read(view, at, length, frame) {
    const status = checkMoldUdp64(view, at, length);
    if (status !== WireStatus.Ok) return status;
    const count = moldCount(view, at);
    const isEnd = count === MOLD_END_OF_SESSION;
    frame[FrameField.Kind] = isEnd ? FrameKind.End : count === 0 ? FrameKind.Heartbeat : FrameKind.Data;
    frame[FrameField.SequenceHigh] = view.getUint32(at + SEQUENCE_AT);
    frame[FrameField.SequenceLow] = view.getUint32(at + SEQUENCE_AT + 4);
    frame[FrameField.Span] = isEnd ? 0 : count;
    frame[FrameField.Messages] = isEnd ? 0 : count;
    frame[FrameField.BlocksAt] = MOLD_HEADER_OCTETS;
    frame[FrameField.Session0] = moldSession0(view, at);
    frame[FrameField.Session1] = moldSession1(view, at);
    frame[FrameField.Session2] = moldSession2(view, at);
    frame[FrameField.SentHigh] = 0;
    frame[FrameField.SentLow] = 0;
    return WireStatus.Ok;
  },
  blockOctets: (view, at) => LENGTH_OCTETS + view.getUint16(at),
  blockType: (view, at) => (view.getUint16(at) === 0 ? -1 : view.getUint8(at + LENGTH_OCTETS)),

  writeHeader(view, at, _length, frame) {
    const kind = frame[FrameField.Kind]!;
    view.setUint32(at, frame[FrameField.Session0]!);
    view.setUint32(at + 4, frame[FrameField.Session1]!);
    view.setUint16(at + 8, frame[FrameField.Session2]!);
    view.setUint32(at + SEQUENCE_AT, frame[FrameField.SequenceHigh]!);
    view.setUint32(at + SEQUENCE_AT + 4, frame[FrameField.SequenceLow]!);
    const messages = kind === FrameKind.Heartbeat ? 0 : frame[FrameField.Messages]!;
    view.setUint16(at + COUNT_AT, kind === FrameKind.End ? MOLD_END_OF_SESSION : messages);
  },
  writeSequence(view, at, frame) {
    view.setUint32(at + SEQUENCE_AT, frame[FrameField.SequenceHigh]!);
    view.setUint32(at + SEQUENCE_AT + 4, frame[FrameField.SequenceLow]!);
  },
  /** A message's type is its own first octet. */
  writeBlockHeader(view, at, messageOctets, _type) {
    view.setUint16(at, messageOctets);
  },
  sessionWords(name) {
    if (!/^[0-9A-Za-z]{1,10}$/.test(name)) return null;
    const view = new DataView(new ArrayBuffer(SESSION_OCTETS));
    for (let i = 0; i < SESSION_OCTETS; i++) view.setUint8(i, i < name.length ? name.charCodeAt(i) : SPACE);
    return [moldSession0(view, 0), moldSession1(view, 0), moldSession2(view, 0)];
  },
  sessionName: moldSessionName,
};

/** The session of a packet that was checked, without the spaces behind. Cold. */
export function moldSessionName(words: SessionWords): string {
  const view = new DataView(new ArrayBuffer(SESSION_OCTETS));
  view.setUint32(0, words[0]);
  view.setUint32(4, words[1]);
  view.setUint16(8, words[2]);
  let name = '';
  for (let i = 0; i < SESSION_OCTETS; i++) name += String.fromCharCode(view.getUint8(i));
  return name.trimEnd();
}
