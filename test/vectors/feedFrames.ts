/** Datagrams of the three framings, written by hand, and what a reader finds in them. */
import { FrameField, FrameKind } from '../../src/wire/framing.js';

export interface FeedVector {
  readonly name: string;
  readonly hex: string;
  /** Columns that are not 0. */
  readonly frame: Readonly<Partial<Record<keyof typeof FrameField, number>>>;
  /** Type, and octets without the block's header. */
  readonly messages: readonly (readonly [type: number, octets: number])[];
}

/** "SESS01" and its spaces. */
const SESSION = { Session0: 0x5345_5353, Session1: 0x3031_2020, Session2: 0x2020 };
const SESSION_HEX = '53455353303120202020';

/** MoldUDP64 1.00. */
export const MOLD_VECTORS: readonly FeedVector[] = [
  {
    name: 'two messages, one of them of no octets',
    hex: `${SESSION_HEX}       # session
          0000000500000006     # sequence number
          0002                 # message count
          0003 417a7a          # message length, message
          0000                 # a message of no octets`,
    frame: { Kind: FrameKind.Data, SequenceHigh: 5, SequenceLow: 6, Span: 2, Messages: 2, BlocksAt: 20, ...SESSION },
    messages: [
      [0x41, 3],
      [-1, 0],
    ],
  },
  {
    name: 'a heartbeat',
    hex: `${SESSION_HEX}       # session
          001ffffffffffffe     # sequence number of the next message
          0000                 # message count`,
    frame: { Kind: FrameKind.Heartbeat, SequenceHigh: 0x1f_ffff, SequenceLow: 0xffff_fffe, BlocksAt: 20, ...SESSION },
    messages: [],
  },
  {
    name: 'the end of the session',
    hex: `${SESSION_HEX}       # session
          0000000000000008     # sequence number of the message that will not come
          ffff                 # message count`,
    frame: { Kind: FrameKind.End, SequenceLow: 8, BlocksAt: 20, ...SESSION },
    messages: [],
  },
];

/** 2026-01-01T00:00:00.123456789Z, 1767225600 s. */
const SENT = { SentHigh: 0x1886_7251, SentLow: 0xf555_cd15 };
const SENT_LITTLE = '15cd55f551728618';

/** CME MDP 3.0. */
export const MDP3_VECTORS: readonly FeedVector[] = [
  {
    name: 'a message of CME and one of our own',
    hex: `fefeff80             # MsgSeqNum
          ${SENT_LITTLE}       # SendingTime
          1500                 # MsgSize, itself included
          0900 0400 0100 0900  # BlockLength, TemplateID (channel reset), SchemaID, Version
          aabbccddaabbccddee   # root
          0102                 # a repeating group
          0b00                 # MsgSize
          0100 4100 4b4d 0000  # BlockLength, TemplateID, SchemaID (own), Version
          41                   # message`,
    frame: { Kind: FrameKind.Data, SequenceLow: 0x80ff_fefe, Span: 1, Messages: 2, BlocksAt: 12, ...SENT },
    messages: [
      [4, 11],
      [0x41, 1],
    ],
  },
  {
    name: 'a heartbeat',
    hex: `01000000             # MsgSeqNum, its own
          ${SENT_LITTLE}       # SendingTime
          0a00                 # MsgSize
          0000 0c00 0100 0900  # BlockLength, TemplateID (admin heartbeat), SchemaID, Version`,
    frame: { Kind: FrameKind.Heartbeat, SequenceLow: 1, Span: 1, BlocksAt: 12, ...SENT },
    messages: [],
  },
];

/** NYSE XDP. */
export const XDP_VECTORS: readonly FeedVector[] = [
  {
    name: 'two messages',
    hex: `1d00                 # PktSize
          0b                   # DeliveryFlag: original
          02                   # NumberMsgs
          feffff80             # SeqNum
          00b95569             # SendTime
          15cd5b07             # SendTimeNS
          0900                 # MsgSize
          6400                 # MsgType
          0102030405           # message
          0400                 # MsgSize: no more than its header
          4101                 # MsgType`,
    frame: { Kind: FrameKind.Data, SequenceLow: 0x80ff_fffe, Span: 2, Messages: 2, BlocksAt: 16, ...SENT },
    messages: [
      [100, 5],
      [0x141, 0],
    ],
  },
  {
    name: 'a heartbeat',
    hex: `1000                 # PktSize
          01                   # DeliveryFlag: heartbeat
          00                   # NumberMsgs
          02000000             # SeqNum of the next message
          00b95569 15cd5b07    # SendTime, SendTimeNS`,
    frame: { Kind: FrameKind.Heartbeat, SequenceLow: 2, BlocksAt: 16, ...SENT },
    messages: [],
  },
  {
    name: 'a sequence number reset',
    hex: `1e00                 # PktSize
          0c                   # DeliveryFlag: sequence number reset
          01                   # NumberMsgs
          01000000             # SeqNum, the first one anew
          00b95569 15cd5b07    # SendTime, SendTimeNS
          0e00 0100            # MsgSize, MsgType: sequence number reset
          00b95569 15cd5b07    # SourceTime, SourceTimeNS
          02 03                # ProductID, ChannelID`,
    frame: { Kind: FrameKind.Reset, SequenceLow: 1, Span: 1, Messages: 1, BlocksAt: 16, ...SENT },
    messages: [[1, 10]],
  },
];
