import { ByteRing } from '../core/byteRing.js';
import { copyBytes } from '../core/copyBytes.js';
import { type FeedFraming, FrameField, FrameKind } from '../wire/framing.js';
import { FRAMINGS } from '../wire/framings.js';
import { LARGEST_PAYLOAD_OCTETS, type OutputQueue, type ReceiverOutput } from './receiverOutputs.js';

/** A record of a queue of messages: blocks of one datagram behind this header, big-endian. */
export const MessageRecord = {
  BlockOctets: 0,
  NumberHigh: 4,
  NumberLow: 8,
  /** Float64. */
  Missing: 12,
  Session0: 20,
  Session1: 24,
  Session2: 28,
  /** Position in {@link FRAMINGS}. */
  Framing: 32,
  HeaderOctets: 36,
} as const;

/** Puts the blocks of datagrams into a queue, and never waits: what finds no room is dropped and counted. */
export class MessageOutput implements ReceiverOutput {
  readonly position: number;
  readonly name: string;
  datagrams = 0;
  octets = 0;
  dropped = 0;
  readonly #ring: ByteRing;
  /** Missing before what is taken next: what was said before something that found no room is still true. */
  #missing = 0;

  constructor({ position, name, ring }: OutputQueue) {
    this.position = position;
    this.name = name;
    this.#ring = new ByteRing(ring);
  }

  /** Nothing but feeds has messages. */
  put(): void {
    this.dropped++;
  }

  putFeed(framing: FeedFraming, frame: Uint32Array, bytes: Uint8Array, from: number, to: number, lost: number): void {
    const kind = frame[FrameField.Kind]!;
    if (kind === FrameKind.Heartbeat || kind === FrameKind.End) return;
    this.#missing += lost;
    const ring = this.#ring;
    const octets = MessageRecord.HeaderOctets + to - from;
    const at = octets > LARGEST_PAYLOAD_OCTETS ? -1 : ring.claim(octets);
    if (at < 0) {
      this.dropped++;
      return;
    }
    const { view } = ring;
    view.setUint32(at + MessageRecord.BlockOctets, to - from);
    view.setUint32(at + MessageRecord.NumberHigh, framing.sequenceBits === 64 ? frame[FrameField.SequenceHigh]! : 0);
    view.setUint32(at + MessageRecord.NumberLow, frame[FrameField.SequenceLow]!);
    view.setFloat64(at + MessageRecord.Missing, this.#missing);
    view.setUint32(at + MessageRecord.Session0, frame[FrameField.Session0]!);
    view.setUint32(at + MessageRecord.Session1, frame[FrameField.Session1]!);
    view.setUint32(at + MessageRecord.Session2, frame[FrameField.Session2]!);
    view.setUint32(at + MessageRecord.Framing, FRAMINGS.indexOf(framing));
    copyBytes(bytes, from, to - from, ring.bytes, at + MessageRecord.HeaderOctets);
    ring.publish(octets);
    this.#missing = 0;
    this.datagrams++;
    this.octets += to - from;
  }

  close(): void {
    this.#ring.close();
  }
}
