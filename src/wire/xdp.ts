/**
 * NYSE XDP (Exchange Data Protocol; on NYSE's Pillar the same): a packet numbers messages within its channel, which is its
 * group. All integers are unsigned and little-endian (XDP Common Client Specification, packet and message headers).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   PktSize, header included    | DeliveryFlag  |  NumberMsgs   |  0
 * |              SeqNum, of the first message                     |  4
 * |                   SendTime, unix s                            |  8
 * |                   SendTimeNS, ns of it                        | 12
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   MsgSize, header included    |           MsgType             | 16, once per message
 * |  message ...                                                  |
 *
 * A heartbeat is a header alone with the next message's number. A sequence number reset is a packet of flag 12 with a
 * message of type 1, which is number 1 of the new numbers. Nothing ends a channel.
 */
import type { FeedFraming } from './framing.js';
import { FrameField, FrameKind } from './framing.js';
import { WireStatus } from './status.js';

export const XDP_HEADER_OCTETS = 16;
/** MsgSize and MsgType. */
export const XDP_MESSAGE_HEADER_OCTETS = 4;

/** DeliveryFlag: what a packet is to its channel. Others, and those of compacted packets, are unknown. */
export const XdpDelivery = {
  Heartbeat: 1,
  /** Of a publisher that has taken over. */
  Failover: 10,
  Original: 11,
  SequenceNumberReset: 12,
  /** The only packet of a retransmission. */
  RetransmissionOnly: 13,
  /** One of several of a retransmission. */
  RetransmissionPart: 15,
  /** The only packet of a refresh, its first, one within, its last. */
  RefreshOnly: 17,
  RefreshStart: 18,
  RefreshPart: 19,
  RefreshEnd: 20,
  /** What was asked for cannot be had. */
  MessageUnavailable: 21,
} as const;
export type XdpDelivery = (typeof XdpDelivery)[keyof typeof XdpDelivery];

const DELIVERY_AT = 2;
const MESSAGES_AT = 3;
const SEQUENCE_AT = 4;
const SECONDS_AT = 8;
const NANOSECONDS_AT = 12;
const TYPE_AT = 2;
const NS_PER_S = 1_000_000_000;
const TWO_16 = 65_536;
const TWO_32 = 4_294_967_296;

/** One bit for each known DeliveryFlag, all below 32. */
const KNOWN_DELIVERIES = Object.values(XdpDelivery).reduce<number>((bits, flag) => bits | (1 << flag), 0);

/**
 * Whether `view[at .. at + length)` is one packet, all of its messages included. A flag that is unknown is
 * `UnknownType`, a SendTimeNS of a second and more `BadReserved`, a size that is not the datagram's, messages that do not
 * add up to it, a heartbeat with messages and another packet without any `BadLength`. Hot.
 */
export function checkXdp(view: DataView, at: number, length: number): WireStatus {
  if (length < XDP_HEADER_OCTETS) return WireStatus.TooShort;
  if (view.getUint16(at, true) !== length) return WireStatus.BadLength;
  const delivery = view.getUint8(at + DELIVERY_AT);
  if (delivery > 31 || ((KNOWN_DELIVERIES >>> delivery) & 1) === 0) return WireStatus.UnknownType;
  if (view.getUint32(at + NANOSECONDS_AT, true) >= NS_PER_S) return WireStatus.BadReserved;
  const messages = view.getUint8(at + MESSAGES_AT);
  if ((messages === 0) !== (delivery === XdpDelivery.Heartbeat)) return WireStatus.BadLength;
  const end = at + length;
  let next = at + XDP_HEADER_OCTETS;
  for (let message = 0; message < messages; message++) {
    if (end - next < XDP_MESSAGE_HEADER_OCTETS) return WireStatus.BadLength;
    const octets = view.getUint16(next, true);
    if (octets < XDP_MESSAGE_HEADER_OCTETS || octets > end - next) return WireStatus.BadLength;
    next += octets;
  }
  return next === end ? WireStatus.Ok : WireStatus.BadLength;
}

/** DeliveryFlag of a packet that {@link checkXdp} found right. Hot. */
export function xdpDelivery(view: DataView, at: number): number {
  return view.getUint8(at + DELIVERY_AT);
}

export const xdpFraming: FeedFraming = {
  format: 'xdp',
  scheme: 'xdp',
  reference: 'NYSE XDP Common Client Specification, packet header and message header',
  unit: 'message',
  headerOctets: XDP_HEADER_OCTETS,
  blockHeaderOctets: XDP_MESSAGE_HEADER_OCTETS,
  carriesSendTime: true,
  maxMessages: 0xff,
  maxMessageOctets: 0xffff - XDP_MESSAGE_HEADER_OCTETS,
  sequenceBits: 32,
  heartbeatSpan: 0,
  hasEnd: false,
  heartbeatOctets: XDP_HEADER_OCTETS,

  read(view, at, length, frame) {
    const status = checkXdp(view, at, length);
    if (status !== WireStatus.Ok) return status;
    const messages = view.getUint8(at + MESSAGES_AT);
    frame[FrameField.Kind] = kindOf(view.getUint8(at + DELIVERY_AT));
    frame[FrameField.SequenceHigh] = 0;
    frame[FrameField.SequenceLow] = view.getUint32(at + SEQUENCE_AT, true);
    frame[FrameField.Span] = messages;
    frame[FrameField.Messages] = messages;
    frame[FrameField.BlocksAt] = XDP_HEADER_OCTETS;
    frame[FrameField.Session0] = 0;
    frame[FrameField.Session1] = 0;
    frame[FrameField.Session2] = 0;
    readSendTime(view, at, frame);
    return WireStatus.Ok;
  },
  blockOctets: (view, at) => view.getUint16(at, true),
  blockType: (view, at) => view.getUint16(at + TYPE_AT, true),

  writeHeader(view, at, length, frame) {
    const delivery = deliveryOf(frame[FrameField.Kind]!);
    view.setUint16(at, length, true);
    view.setUint8(at + DELIVERY_AT, delivery);
    view.setUint8(at + MESSAGES_AT, delivery === XdpDelivery.Heartbeat ? 0 : frame[FrameField.Messages]!);
    view.setUint32(at + SEQUENCE_AT, frame[FrameField.SequenceLow]!, true);
    writeSendTime(view, at, frame[FrameField.SentHigh]!, frame[FrameField.SentLow]!);
  },
  writeSequence(view, at, frame) {
    view.setUint32(at + SEQUENCE_AT, frame[FrameField.SequenceLow]!, true);
  },
  writeBlockHeader(view, at, messageOctets, type) {
    view.setUint16(at, XDP_MESSAGE_HEADER_OCTETS + messageOctets, true);
    view.setUint16(at + TYPE_AT, type, true);
  },
  /** A channel is its group, and has no name in the packet. */
  sessionWords: (name) => (name === '' ? [0, 0, 0] : null),
  sessionName: () => '',
};

function kindOf(delivery: number): FrameKind {
  if (delivery === XdpDelivery.Heartbeat) return FrameKind.Heartbeat;
  return delivery === XdpDelivery.SequenceNumberReset ? FrameKind.Reset : FrameKind.Data;
}

function deliveryOf(kind: number): XdpDelivery {
  if (kind === FrameKind.Data) return XdpDelivery.Original;
  return kind === FrameKind.Reset ? XdpDelivery.SequenceNumberReset : XdpDelivery.Heartbeat;
}

/**
 * Seconds and nanoseconds as halves of one number of nanoseconds. Seconds are taken in two parts of 16 bits, so that every
 * product is below 2^53; the upper part's product is divided again to make room for the lower half.
 */
function readSendTime(view: DataView, at: number, frame: Uint32Array): void {
  const upper = view.getUint16(at + SECONDS_AT + 2, true) * NS_PER_S;
  const lower = view.getUint16(at + SECONDS_AT, true) * NS_PER_S + view.getUint32(at + NANOSECONDS_AT, true);
  const upperHigh = Math.floor(upper / TWO_16);
  const rest = (upper - upperHigh * TWO_16) * TWO_16 + lower;
  const carried = Math.floor(rest / TWO_32);
  frame[FrameField.SentHigh] = upperHigh + carried;
  frame[FrameField.SentLow] = rest - carried * TWO_32;
}

/** The other way: long division by 10^9, sixteen bits at a time. Seconds beyond 32 bits (the year 2106) begin anew. */
function writeSendTime(view: DataView, at: number, high: number, low: number): void {
  // Without the operator for remainders, which is many times slower for what is no small integer.
  const first = high - Math.floor(high / NS_PER_S) * NS_PER_S;
  const second = first * TWO_16 + (low >>> 16);
  const upper = Math.floor(second / NS_PER_S);
  const third = (second - upper * NS_PER_S) * TWO_16 + (low & 0xffff);
  const lower = Math.floor(third / NS_PER_S);
  view.setUint32(at + SECONDS_AT, upper * TWO_16 + lower, true);
  view.setUint32(at + NANOSECONDS_AT, third - lower * NS_PER_S, true);
}
