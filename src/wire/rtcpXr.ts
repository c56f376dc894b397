/**
 * Extended report (RFC 3611 section 2), behind the header of 4 octets: the SSRC of its sender, then blocks
 * of a header of one word (section 3) and `block length` words. Read and written are Loss RLE (section
 * 4.1), Receiver Reference Time (4.4), DLRR (4.5) and Statistics Summary (4.6); others are kept as octets.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      BT       | type-specific |    block length, words - 1    |
 *
 * Reserved bits are 0 in what we make, and a receiver ignores them; they are kept, so that what was read
 * is written as it was.
 */
import { putU16be, putU32be, u16be, u32be } from '../core/bytes.js';
import { ntpAt, putNtp } from '../core/ntpTime.js';
import { ntpText, ssrcText } from './rtcpText.js';
import { WireStatus } from './status.js';

const LOSS_RLE = 1;
const RECEIVER_REFERENCE_TIME = 4;
const DLRR = 5;
const STATISTICS_SUMMARY = 6;
const HEADER_OCTETS = 4;
const SUB_BLOCK_OCTETS = 12;
const STATISTICS_OCTETS = 36;

/** Which packets of a range came (section 4.1); see `lossRle.ts` for the chunks. */
export interface XrLossRle {
  readonly kind: 'loss-rle';
  readonly ssrc: number;
  /** 4 bits. */
  readonly reserved: number;
  /** 0 .. 15: reported are only sequence numbers that are multiples of 2^thinning. */
  readonly thinning: number;
  /** The first sequence number. */
  readonly beginSequence: number;
  /** The last one plus one. */
  readonly endSequence: number;
  /** Chunks of 16 bits, an even number of them. */
  readonly chunks: readonly number[];
}

/** A receiver's own clock, to which senders reply with {@link XrDlrr} (section 4.4). */
export interface XrReceiverReferenceTime {
  readonly kind: 'reference-time';
  /** 8 bits. */
  readonly reserved: number;
  readonly ntp: bigint;
}

export interface XrDlrrSubBlock {
  readonly ssrc: number;
  /** Middle 32 bits of the NTP timestamp of the receiver's last reference time; 0: none came. */
  readonly lastRr: number;
  /** Units of 2^-16 s. */
  readonly delaySinceLastRr: number;
}

/** What LSR and DLSR are for senders, for receivers (section 4.5). */
export interface XrDlrr {
  readonly kind: 'dlrr';
  /** 8 bits. */
  readonly reserved: number;
  readonly subBlocks: readonly XrDlrrSubBlock[];
}

/** How `minTtl` .. `devTtl` are to be read (section 4.6, ToH). */
export const XrTtlKind = { None: 0, Ipv4Ttl: 1, Ipv6HopLimit: 2 } as const;

/** Section 4.6. Fields whose flag is not set say nothing; write 0 there. */
export interface XrStatisticsSummary {
  readonly kind: 'statistics';
  readonly ssrc: number;
  /** L flag: `lostPackets` counts. */
  readonly hasLoss: boolean;
  /** D flag: `duplicatePackets` counts. */
  readonly hasDuplicates: boolean;
  /** J flag: the jitters count. */
  readonly hasJitter: boolean;
  /** {@link XrTtlKind}; 3 is reserved. */
  readonly ttlKind: number;
  /** 3 bits. */
  readonly reserved: number;
  readonly beginSequence: number;
  /** The last sequence number plus one. */
  readonly endSequence: number;
  readonly lostPackets: number;
  readonly duplicatePackets: number;
  /** Relative transit times of two packets, units of the RTP timestamp, as the three below. */
  readonly minJitter: number;
  readonly maxJitter: number;
  readonly meanJitter: number;
  /** Standard deviation. */
  readonly devJitter: number;
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly meanTtl: number;
  readonly devTtl: number;
}

/** A block of another type, or one whose length is not that of its type. */
export interface XrOtherBlock {
  readonly kind: 'other';
  readonly type: number;
  /** The type-specific octet. */
  readonly specific: number;
  /** Behind the block's header; whole words. */
  readonly octets: Uint8Array;
}

export type XrBlock = XrLossRle | XrReceiverReferenceTime | XrDlrr | XrStatisticsSummary | XrOtherBlock;

export interface RtcpExtendedReport {
  readonly kind: 'xr';
  readonly ssrc: number;
  /** 5 bits, where other packets count. */
  readonly reserved: number;
  readonly blocks: readonly XrBlock[];
}

/** The body `bytes[at .. end)` of an extended report. */
export function parseExtendedReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  reserved: number,
): RtcpExtendedReport | WireStatus {
  if (at + 4 > end) return WireStatus.BadLength;
  const blocks: XrBlock[] = [];
  let next = at + 4;
  while (next < end) {
    const blockEnd = next + HEADER_OCTETS + 4 * u16be(bytes, next + 2);
    if (blockEnd > end) return WireStatus.BadLength;
    blocks.push(parseBlock(bytes, next, blockEnd));
    next = blockEnd;
  }
  return { kind: 'xr', ssrc: u32be(bytes, at), reserved, blocks };
}

function parseBlock(bytes: Uint8Array, at: number, end: number): XrBlock {
  const type = bytes[at]!;
  const specific = bytes[at + 1]!;
  const body = at + HEADER_OCTETS;
  const octets = end - body;
  if (type === LOSS_RLE && octets >= 8) return parseLossRle(bytes, body, end, specific);
  if (type === RECEIVER_REFERENCE_TIME && octets === 8) {
    return { kind: 'reference-time', reserved: specific, ntp: ntpAt(bytes, body) };
  }
  if (type === DLRR && octets % SUB_BLOCK_OCTETS === 0) {
    const subBlocks = Array.from({ length: octets / SUB_BLOCK_OCTETS }, (_, i) => {
      const sub = body + i * SUB_BLOCK_OCTETS;
      return { ssrc: u32be(bytes, sub), lastRr: u32be(bytes, sub + 4), delaySinceLastRr: u32be(bytes, sub + 8) };
    });
    return { kind: 'dlrr', reserved: specific, subBlocks };
  }
  if (type === STATISTICS_SUMMARY && octets === STATISTICS_OCTETS) return parseStatistics(bytes, body, specific);
  return { kind: 'other', type, specific, octets: bytes.slice(body, end) };
}

function parseLossRle(bytes: Uint8Array, body: number, end: number, specific: number): XrLossRle {
  return {
    kind: 'loss-rle',
    ssrc: u32be(bytes, body),
    reserved: specific >> 4,
    thinning: specific & 0x0f,
    beginSequence: u16be(bytes, body + 4),
    endSequence: u16be(bytes, body + 6),
    chunks: Array.from({ length: (end - body - 8) / 2 }, (_, i) => u16be(bytes, body + 8 + 2 * i)),
  };
}

function parseStatistics(bytes: Uint8Array, body: number, specific: number): XrStatisticsSummary {
  return {
    kind: 'statistics',
    ssrc: u32be(bytes, body),
    hasLoss: (specific & 0x80) !== 0,
    hasDuplicates: (specific & 0x40) !== 0,
    hasJitter: (specific & 0x20) !== 0,
    ttlKind: (specific >> 3) & 3,
    reserved: specific & 7,
    beginSequence: u16be(bytes, body + 4),
    endSequence: u16be(bytes, body + 6),
    lostPackets: u32be(bytes, body + 8),
    duplicatePackets: u32be(bytes, body + 12),
    minJitter: u32be(bytes, body + 16),
    maxJitter: u32be(bytes, body + 20),
    meanJitter: u32be(bytes, body + 24),
    devJitter: u32be(bytes, body + 28),
    minTtl: bytes[body + 32]!,
    maxTtl: bytes[body + 33]!,
    meanTtl: bytes[body + 34]!,
    devTtl: bytes[body + 35]!,
  };
}

function blockOctets(block: XrBlock): number {
  switch (block.kind) {
    case 'loss-rle':
      return HEADER_OCTETS + 8 + 2 * block.chunks.length;
    case 'reference-time':
      return HEADER_OCTETS + 8;
    case 'dlrr':
      return HEADER_OCTETS + SUB_BLOCK_OCTETS * block.subBlocks.length;
    case 'statistics':
      return HEADER_OCTETS + STATISTICS_OCTETS;
    case 'other':
      return HEADER_OCTETS + block.octets.length;
  }
}

/** Octets of the body. */
export function extendedReportOctets({ blocks }: RtcpExtendedReport): number {
  return blocks.reduce((octets, block) => octets + blockOctets(block), 4);
}

/** Writes every octet of the body. */
export function putExtendedReport(bytes: Uint8Array, at: number, report: RtcpExtendedReport): void {
  putU32be(bytes, at, report.ssrc);
  let next = at + 4;
  for (const block of report.blocks) {
    const octets = blockOctets(block);
    putU16be(bytes, next + 2, octets / 4 - 1);
    putBlock(bytes, next, block);
    next += octets;
  }
}

function putBlock(bytes: Uint8Array, at: number, block: XrBlock): void {
  const body = at + HEADER_OCTETS;
  switch (block.kind) {
    case 'loss-rle':
      bytes[at] = LOSS_RLE;
      bytes[at + 1] = (block.reserved << 4) | (block.thinning & 0x0f);
      putU32be(bytes, body, block.ssrc);
      putU16be(bytes, body + 4, block.beginSequence);
      putU16be(bytes, body + 6, block.endSequence);
      for (const [i, chunk] of block.chunks.entries()) putU16be(bytes, body + 8 + 2 * i, chunk);
      return;
    case 'reference-time':
      bytes[at] = RECEIVER_REFERENCE_TIME;
      bytes[at + 1] = block.reserved;
      putNtp(bytes, body, block.ntp);
      return;
    case 'dlrr':
      bytes[at] = DLRR;
      bytes[at + 1] = block.reserved;
      for (const [i, { ssrc, lastRr, delaySinceLastRr }] of block.subBlocks.entries()) {
        const sub = body + i * SUB_BLOCK_OCTETS;
        putU32be(bytes, sub, ssrc);
        putU32be(bytes, sub + 4, lastRr);
        putU32be(bytes, sub + 8, delaySinceLastRr);
      }
      return;
    case 'statistics':
      putStatistics(bytes, at, block);
      return;
    case 'other':
      bytes[at] = block.type;
      bytes[at + 1] = block.specific;
      bytes.set(block.octets, body);
  }
}

function putStatistics(bytes: Uint8Array, at: number, block: XrStatisticsSummary): void {
  const body = at + HEADER_OCTETS;
  bytes[at] = STATISTICS_SUMMARY;
  bytes[at + 1] =
    (block.hasLoss ? 0x80 : 0) |
    (block.hasDuplicates ? 0x40 : 0) |
    (block.hasJitter ? 0x20 : 0) |
    ((block.ttlKind & 3) << 3) |
    (block.reserved & 7);
  putU32be(bytes, body, block.ssrc);
  putU16be(bytes, body + 4, block.beginSequence);
  putU16be(bytes, body + 6, block.endSequence);
  putU32be(bytes, body + 8, block.lostPackets);
  putU32be(bytes, body + 12, block.duplicatePackets);
  putU32be(bytes, body + 16, block.minJitter);
  putU32be(bytes, body + 20, block.maxJitter);
  putU32be(bytes, body + 24, block.meanJitter);
  putU32be(bytes, body + 28, block.devJitter);
  bytes[body + 32] = block.minTtl;
  bytes[body + 33] = block.maxTtl;
  bytes[body + 34] = block.meanTtl;
  bytes[body + 35] = block.devTtl;
}

export function extendedReportText({ ssrc, blocks }: RtcpExtendedReport): string {
  return [`xr ssrc ${ssrcText(ssrc)}`, ...blocks.map(blockText)].join(' ');
}

function blockText(block: XrBlock): string {
  switch (block.kind) {
    case 'loss-rle': {
      const thinning = block.thinning === 0 ? '' : ` thinning ${block.thinning}`;
      return `loss-rle ${ssrcText(block.ssrc)} [${block.beginSequence},${block.endSequence})${thinning} chunks ${block.chunks.length}`;
    }
    case 'reference-time':
      return `reference-time ${ntpText(block.ntp)}`;
    case 'dlrr':
      return [
        'dlrr',
        ...block.subBlocks.map(
          ({ ssrc, lastRr, delaySinceLastRr }) => `${ssrcText(ssrc)} lrr ${ssrcText(lastRr)} delay ${delaySinceLastRr}`,
        ),
      ].join(' ');
    case 'statistics':
      return [
        `statistics ${ssrcText(block.ssrc)} [${block.beginSequence},${block.endSequence})`,
        ...(block.hasLoss ? [`lost ${block.lostPackets}`] : []),
        ...(block.hasDuplicates ? [`duplicate ${block.duplicatePackets}`] : []),
        ...(block.hasJitter
          ? [`jitter ${block.minJitter}/${block.meanJitter}/${block.maxJitter} deviation ${block.devJitter}`]
          : []),
        ...(block.ttlKind === XrTtlKind.None
          ? []
          : [`ttl ${block.minTtl}/${block.meanTtl}/${block.maxTtl} deviation ${block.devTtl}`]),
      ].join(' ');
    case 'other':
      return `block-${block.type} octets ${block.octets.length}`;
  }
}
