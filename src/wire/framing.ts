/**
 * Framings of sequenced binary feeds: a header that numbers what follows, and message blocks behind it. What is common to
 * them stands here; each is one file, and one line in `framings.ts`.
 */
import type { Scheme } from '../core/endpoint.js';
import type { FormatName } from './formatNames.js';
import type { WireStatus } from './status.js';

/** What a datagram of a feed is: {@link FrameField.Kind}. */
export const FrameKind = {
  /** Carries messages. */
  Data: 0,
  /** Carries none. Where it covers no number, its number is that of the next message or packet. */
  Heartbeat: 1,
  /** Likewise, and there will be none. */
  End: 2,
  /** The numbers begin anew, with its own. */
  Reset: 3,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** What {@link FeedFraming.read} finds in a datagram: columns of a `Uint32Array` that its reader owns and refills. */
export const FrameField = {
  /** {@link FrameKind}. */
  Kind: 0,
  /** Halves of the 64-bit number of the first message or packet; of datagrams that cover none the next one's. */
  SequenceHigh: 1,
  SequenceLow: 2,
  /**
   * Numbers covered: messages or 1, 0 where there is nothing to number. Whatever the kind, the next number is the first one
   * and the span.
   */
  Span: 3,
  /** Messages in the datagram. */
  Messages: 4,
  /** Octet of the datagram at which the first message block begins. */
  BlocksAt: 5,
  /** What tells one sequence from another on the same path (session, channel, product): three words, 0 where there is nothing. */
  Session0: 6,
  Session1: 7,
  Session2: 8,
  /** Halves of the send time, Unix ns; both 0: the header carries none. */
  SentHigh: 9,
  SentLow: 10,
  Count: 11,
} as const;

/** A sequence's name on the wire, as words: {@link FrameField.Session0} and the two behind. */
export type SessionWords = readonly [number, number, number];

/**
 * A framing, for reading and for writing. The functions are hot: no objects, no exceptions; octets come as the view of
 * the whole slab and where the datagram begins.
 */
export interface FeedFraming {
  readonly format: FormatName;
  readonly scheme: Scheme;
  /** Where it is specified. */
  readonly reference: string;
  /** What its sequence counts. */
  readonly unit: 'message' | 'packet';
  readonly headerOctets: number;
  /** Octets of a block that are not its message: its length, and what else stands before the message. */
  readonly blockHeaderOctets: number;
  /** The header carries when the datagram was sent. */
  readonly carriesSendTime: boolean;
  /** Most messages of one datagram. */
  readonly maxMessages: number;
  /** Longest message, octets without the block's header. */
  readonly maxMessageOctets: number;
  /** Numbers are modulo 2^sequenceBits: 32 or 64. */
  readonly sequenceBits: 32 | 64;
  /** Numbers that a heartbeat takes: its own (1), as data do, or none (0), then it bears the next one's. */
  readonly heartbeatSpan: 0 | 1;
  /** There are datagrams that say that the feed is over. */
  readonly hasEnd: boolean;
  /** Octets of a heartbeat, and of an end. */
  readonly heartbeatOctets: number;

  /**
   * Whether `view[at .. at + length)` is one datagram of this framing, all of its blocks included; after `Ok` the fields
   * of `frame` are those of the datagram, else they mean nothing. Never reads outside.
   */
  read(view: DataView, at: number, length: number, frame: Uint32Array): WireStatus;
  /** Octets of the block at `at`, header and message, of a datagram that was read. */
  blockOctets(view: DataView, at: number): number;
  /** What kind of message the block at `at` holds, as its header says or else its first octet; -1: says nothing. */
  blockType(view: DataView, at: number): number;

  /**
   * Writes the header of a datagram of `length` octets: every octet of it, from the fields of `frame`. Of a heartbeat and
   * an end that is the whole datagram; where the format has no end, a heartbeat is written.
   */
  writeHeader(view: DataView, at: number, length: number, frame: Uint32Array): void;
  /** Writes the number alone, of a datagram that was read. */
  writeSequence(view: DataView, at: number, frame: Uint32Array): void;
  /**
   * Writes the header of a block for a message of `messageOctets`, whose first octet is `type` (ITCH: its type); the
   * message goes behind it.
   */
  writeBlockHeader(view: DataView, at: number, messageOctets: number, type: number): void;
  /** What a session's or channel's name is on the wire; `null`: it cannot be one. Cold. */
  sessionWords(name: string): SessionWords | null;
  /** The name back, `''` where the framing has none. Cold. */
  sessionName(words: SessionWords): string;
}
