/** Datagrams of feeds as bare fields. */
import { type FeedFraming, FrameField, FrameKind } from '../../src/wire/framing.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';

export interface FeedDatagram {
  readonly framing?: FeedFraming;
  readonly session?: string;
  readonly number?: number | bigint;
  readonly kind?: (typeof FrameKind)[keyof typeof FrameKind];
  /** Octets of each message. */
  readonly messages?: readonly Uint8Array[];
  readonly sentNs?: bigint;
}

/** Its octets. Without messages it is a heartbeat, else data; one message of three octets by default. */
export function feedOctets({
  framing = moldUdp64Framing,
  session = framing === moldUdp64Framing ? 'SESSION1' : '',
  number = 1,
  messages = [Uint8Array.of(0x41, 2, 3)],
  kind = messages.length === 0 ? FrameKind.Heartbeat : FrameKind.Data,
  sentNs = 0n,
}: FeedDatagram): Uint8Array {
  const isBare = kind === FrameKind.Heartbeat || kind === FrameKind.End;
  const blocks = messages.reduce((sum, message) => sum + framing.blockHeaderOctets + message.length, 0);
  const octets = isBare ? framing.heartbeatOctets : framing.headerOctets + blocks;
  const view = new DataView(new ArrayBuffer(octets));
  const bytes = new Uint8Array(view.buffer).fill(0xa5);
  const frame = new Uint32Array(FrameField.Count);
  const sequence = BigInt(number);
  frame[FrameField.Kind] = kind;
  frame[FrameField.SequenceHigh] = Number(sequence >> 32n);
  frame[FrameField.SequenceLow] = Number(sequence & 0xffff_ffffn);
  frame[FrameField.Messages] = messages.length;
  frame[FrameField.SentHigh] = Number(sentNs >> 32n);
  frame[FrameField.SentLow] = Number(sentNs & 0xffff_ffffn);
  frame.set(framing.sessionWords(session)!, FrameField.Session0);
  framing.writeHeader(view, 0, octets, frame);
  if (isBare) return bytes;
  let at = framing.headerOctets;
  for (const message of messages) {
    framing.writeBlockHeader(view, at, message.length, message[0] ?? 0);
    bytes.set(message, at + framing.blockHeaderOctets);
    at += framing.blockHeaderOctets + message.length;
  }
  return bytes;
}

/** So many messages of one octet. */
export function short(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => Uint8Array.of(0x41 + i));
}
