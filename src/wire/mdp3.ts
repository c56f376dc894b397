/**
 * CME Market Data Platform 3.0 over UDP: a packet is numbered within its channel, which is its group. All integers are
 * unsigned and little-endian (CME Group Client Systems Wiki: "MDP 3.0 - SBE Technical Headers", "MDP 3.0 - SBE Message
 * Header").
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          MsgSeqNum                            |  0
 * |                   SendingTime, unix ns (64)                   |  4
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |    MsgSize, itself included   |         BlockLength           | 12, once per message
 * |          TemplateID           |           SchemaID            | 16
 * |           Version             |  message ...                  | 20
 *
 * Every packet takes a number, heartbeats too ("MDP 3.0 - Heartbeat": in periods without activity, headers alone, and the
 * samples there are numbered 1 and 2). Nothing ends a channel. A channel reset (template 4) empties the books; that it
 * touched MsgSeqNum is not documented, so it is data.
 */
import type { FeedFraming } from './framing.js';
import { FrameField, FrameKind } from './framing.js';
import { WireStatus } from './status.js';

export const MDP3_HEADER_OCTETS = 12;
/** MsgSize and the header of SBE. */
export const MDP3_MESSAGE_HEADER_OCTETS = 10;
/** Template of a message that says nothing. */
export const MDP3_ADMIN_HEARTBEAT = 12;
/** Id of CME's schema; the version is that of templates that have the heartbeat without a body. */
export const MDP3_CME_SCHEMA = 1;
const CME_SCHEMA_VERSION = 9;
/** Id of what is in no schema of CME's: its template is the message's first octet, its root the whole message. */
export const MDP3_OWN_SCHEMA = 0x4d4b;
const OWN_SCHEMA_VERSION = 0;

const SENDING_TIME_AT = 4;
const BLOCK_LENGTH_AT = 2;
const TEMPLATE_AT = 4;
const SCHEMA_AT = 6;
const VERSION_AT = 8;
/** Most octets of a UDP payload over IPv4. */
const MAX_PAYLOAD_OCTETS = 65_507;

/**
 * Whether `view[at .. at + length)` is one packet whose messages add up to exactly it, each with room for its root. Any
 * template, schema and time. Hot.
 */
export function checkMdp3(view: DataView, at: number, length: number): WireStatus {
  if (length < MDP3_HEADER_OCTETS) return WireStatus.TooShort;
  return messagesOf(view, at, length) < 0 ? WireStatus.BadLength : WireStatus.Ok;
}

/** Messages of a packet that has its header; -1: they do not add up. */
function messagesOf(view: DataView, at: number, length: number): number {
  const end = at + length;
  let messages = 0;
  let next = at + MDP3_HEADER_OCTETS;
  while (next < end) {
    if (end - next < MDP3_MESSAGE_HEADER_OCTETS) return -1;
    const octets = view.getUint16(next, true);
    const rootOctets = view.getUint16(next + BLOCK_LENGTH_AT, true);
    if (rootOctets > octets - MDP3_MESSAGE_HEADER_OCTETS || octets > end - next) return -1;
    next += octets;
    messages++;
  }
  return messages;
}

/**
 * Whether a packet that {@link checkMdp3} found right is one beyond chance: it has a message, all are of CME's schema or
 * our own, and it was sent between 2006 and 2043 (2^60 to 2^61 ns). Cold.
 */
export function mdp3IsPlausible(view: DataView, at: number, length: number): boolean {
  if (length === MDP3_HEADER_OCTETS || view.getUint32(at + SENDING_TIME_AT + 4, true) >>> 28 !== 1) return false;
  let next = at + MDP3_HEADER_OCTETS;
  while (next < at + length) {
    const schema = view.getUint16(next + SCHEMA_AT, true);
    if (schema !== MDP3_CME_SCHEMA && schema !== MDP3_OWN_SCHEMA) return false;
    next += view.getUint16(next, true);
  }
  return true;
}

export const mdp3Framing: FeedFraming = {
  format: 'mdp3',
  scheme: 'mdp',
  reference: 'CME MDP 3.0 SBE Technical Headers and SBE Message Header',
  unit: 'packet',
  headerOctets: MDP3_HEADER_OCTETS,
  blockHeaderOctets: MDP3_MESSAGE_HEADER_OCTETS,
  carriesSendTime: true,
  maxMessages: Math.floor((MAX_PAYLOAD_OCTETS - MDP3_HEADER_OCTETS) / MDP3_MESSAGE_HEADER_OCTETS),
  maxMessageOctets: 0xffff - MDP3_MESSAGE_HEADER_OCTETS,
  sequenceBits: 32,
  heartbeatSpan: 1,
  hasEnd: false,
  heartbeatOctets: MDP3_HEADER_OCTETS + MDP3_MESSAGE_HEADER_OCTETS,

  read(view, at, length, frame) {
    if (length < MDP3_HEADER_OCTETS) return WireStatus.TooShort;
    let messages = messagesOf(view, at, length);
    if (messages < 0) return WireStatus.BadLength;
    if (messages === 1 && isHeartbeat(view, at + MDP3_HEADER_OCTETS)) messages = 0;
    frame[FrameField.Kind] = messages === 0 ? FrameKind.Heartbeat : FrameKind.Data;
    frame[FrameField.SequenceHigh] = 0;
    frame[FrameField.SequenceLow] = view.getUint32(at, true);
    frame[FrameField.Span] = 1;
    frame[FrameField.Messages] = messages;
    frame[FrameField.BlocksAt] = MDP3_HEADER_OCTETS;
    frame[FrameField.Session0] = 0;
    frame[FrameField.Session1] = 0;
    frame[FrameField.Session2] = 0;
    frame[FrameField.SentHigh] = view.getUint32(at + SENDING_TIME_AT + 4, true);
    frame[FrameField.SentLow] = view.getUint32(at + SENDING_TIME_AT, true);
    return WireStatus.Ok;
  },
  blockOctets: (view, at) => view.getUint16(at, true),
  blockType: (view, at) => view.getUint16(at + TEMPLATE_AT, true),

  writeHeader(view, at, _length, frame) {
    const kind = frame[FrameField.Kind]!;
    view.setUint32(at, frame[FrameField.SequenceLow]!, true);
    view.setUint32(at + SENDING_TIME_AT, frame[FrameField.SentLow]!, true);
    view.setUint32(at + SENDING_TIME_AT + 4, frame[FrameField.SentHigh]!, true);
    if (kind === FrameKind.Heartbeat || kind === FrameKind.End) {
      putMessageHeader(view, at + MDP3_HEADER_OCTETS, 0, MDP3_ADMIN_HEARTBEAT, MDP3_CME_SCHEMA, CME_SCHEMA_VERSION);
    }
  },
  writeSequence(view, at, frame) {
    view.setUint32(at, frame[FrameField.SequenceLow]!, true);
  },
  writeBlockHeader(view, at, messageOctets, type) {
    putMessageHeader(view, at, messageOctets, type, MDP3_OWN_SCHEMA, OWN_SCHEMA_VERSION);
  },
  /** A channel is its group, and has no name in the packet. */
  sessionWords: (name) => (name === '' ? [0, 0, 0] : null),
  sessionName: () => '',
};

/** A heartbeat has no body; a message of ours, whose first octet is its template, always has one. */
function isHeartbeat(view: DataView, at: number): boolean {
  return (
    view.getUint16(at + TEMPLATE_AT, true) === MDP3_ADMIN_HEARTBEAT &&
    view.getUint16(at, true) === MDP3_MESSAGE_HEADER_OCTETS
  );
}

/** The root is the whole message: no repeating groups. */
function putMessageHeader(
  view: DataView,
  at: number,
  messageOctets: number,
  template: number,
  schema: number,
  version: number,
): void {
  view.setUint16(at, MDP3_MESSAGE_HEADER_OCTETS + messageOctets, true);
  view.setUint16(at + BLOCK_LENGTH_AT, messageOctets, true);
  view.setUint16(at + TEMPLATE_AT, template, true);
  view.setUint16(at + SCHEMA_AT, schema, true);
  view.setUint16(at + VERSION_AT, version, true);
}
