/**
 * Sender and receiver report (RFC 3550 sections 6.4.1 and 6.4.2), behind the header of 4 octets:
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    SSRC of packet sender                      |
 * |                      NTP timestamp (64)                       |  these 20 octets
 * |                                                               |  in a sender
 * |                         RTP timestamp                         |  report only
 * |                     sender's packet count                     |
 * |                      sender's octet count                     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        SSRC of source n                       |  report blocks,
 * | fraction lost |   cumulative number of packets lost, signed   |  as many as the
 * |           extended highest sequence number received           |  header counts
 * |                      interarrival jitter                      |
 * |                         last SR (LSR)                         |
 * |                   delay since last SR (DLSR)                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  profile-specific extensions                  |  to the end
 */
import { putU32be, u32be } from '../core/bytes.js';
import { ntpAt, putNtp } from '../core/ntpTime.js';
import { ntpText, ssrcText } from './rtcpText.js';
import { WireStatus } from './status.js';

/** Report blocks in one packet: its count has five bits. */
export const MOST_REPORT_BLOCKS = 31;
const BLOCK_OCTETS = 24;
const SENDER_INFO_OCTETS = 20;

/** Reception report block (RFC 3550 section 6.4.1). */
export interface RtcpReportBlock {
  readonly ssrc: number;
  /** Since the previous report, in 1/256: 0 .. 255. */
  readonly fractionLost: number;
  /** Since the beginning, -0x800000 .. 0x7fffff: negative where duplicates outnumber losses. */
  readonly cumulativeLost: number;
  /** Cycles in the upper 16 bits. */
  readonly extendedHighestSequence: number;
  /** Units of the RTP timestamp. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP timestamp of the last SR; 0: none came. */
  readonly lastSr: number;
  /** Units of 2^-16 s; 0 where none came. */
  readonly delaySinceLastSr: number;
}

export interface RtcpSenderReport {
  readonly kind: 'sr';
  readonly ssrc: number;
  /** 64-bit NTP timestamp; 0: the sender has no wallclock. */
  readonly ntp: bigint;
  /** The same instant in units and with the offset of the RTP timestamps of data packets. */
  readonly rtpTimestamp: number;
  /** Data packets since the sender began, modulo 2^32. */
  readonly packetCount: number;
  /** Octets of their payloads, without headers and padding, modulo 2^32. */
  readonly octetCount: number;
  readonly blocks: readonly RtcpReportBlock[];
  /** Profile-specific extensions, whole words. */
  readonly extension: Uint8Array;
}

export interface RtcpReceiverReport {
  readonly kind: 'rr';
  readonly ssrc: number;
  readonly blocks: readonly RtcpReportBlock[];
  /** Profile-specific extensions, whole words. */
  readonly extension: Uint8Array;
}

/** The body `bytes[at .. end)` of a sender report of `count` blocks. */
export function parseSenderReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
): RtcpSenderReport | WireStatus {
  const blocksAt = at + 4 + SENDER_INFO_OCTETS;
  const extensionAt = blocksAt + count * BLOCK_OCTETS;
  if (extensionAt > end) return WireStatus.BadLength;
  return {
    kind: 'sr',
    ssrc: u32be(bytes, at),
    ntp: ntpAt(bytes, at + 4),
    rtpTimestamp: u32be(bytes, at + 12),
    packetCount: u32be(bytes, at + 16),
    octetCount: u32be(bytes, at + 20),
    blocks: parseBlocks(bytes, blocksAt, count),
    extension: bytes.slice(extensionAt, end),
  };
}

/** The body `bytes[at .. end)` of a receiver report of `count` blocks. */
export function parseReceiverReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
): RtcpReceiverReport | WireStatus {
  const extensionAt = at + 4 + count * BLOCK_OCTETS;
  if (extensionAt > end) return WireStatus.BadLength;
  return {
    kind: 'rr',
    ssrc: u32be(bytes, at),
    blocks: parseBlocks(bytes, at + 4, count),
    extension: bytes.slice(extensionAt, end),
  };
}

function parseBlocks(bytes: Uint8Array, at: number, count: number): RtcpReportBlock[] {
  return Array.from({ length: count }, (_, i) => {
    const block = at + i * BLOCK_OCTETS;
    const lost = u32be(bytes, block + 4);
    return {
      ssrc: u32be(bytes, block),
      fractionLost: lost >>> 24,
      // The sign of 24 bits is carried up, then down again.
      cumulativeLost: (lost << 8) >> 8,
      extendedHighestSequence: u32be(bytes, block + 8),
      jitter: u32be(bytes, block + 12),
      lastSr: u32be(bytes, block + 16),
      delaySinceLastSr: u32be(bytes, block + 20),
    };
  });
}

/** Octets of the body of a report. */
export function reportOctets(report: RtcpSenderReport | RtcpReceiverReport): number {
  const senderInfo = report.kind === 'sr' ? SENDER_INFO_OCTETS : 0;
  return 4 + senderInfo + report.blocks.length * BLOCK_OCTETS + report.extension.length;
}

/** Writes every octet of the body of a report of at most {@link MOST_REPORT_BLOCKS} blocks. */
export function putReport(bytes: Uint8Array, at: number, report: RtcpSenderReport | RtcpReceiverReport): void {
  putU32be(bytes, at, report.ssrc);
  let next = at + 4;
  if (report.kind === 'sr') {
    putNtp(bytes, next, report.ntp);
    putU32be(bytes, next + 8, report.rtpTimestamp);
    putU32be(bytes, next + 12, report.packetCount);
    putU32be(bytes, next + 16, report.octetCount);
    next += SENDER_INFO_OCTETS;
  }
  for (const block of report.blocks) {
    putU32be(bytes, next, block.ssrc);
    putU32be(bytes, next + 4, (block.fractionLost << 24) | (block.cumulativeLost & 0x00ff_ffff));
    putU32be(bytes, next + 8, block.extendedHighestSequence);
    putU32be(bytes, next + 12, block.jitter);
    putU32be(bytes, next + 16, block.lastSr);
    putU32be(bytes, next + 20, block.delaySinceLastSr);
    next += BLOCK_OCTETS;
  }
  bytes.set(report.extension, next);
}

/**
 * Receiver reports of any number of blocks, at least one packet and at most {@link MOST_REPORT_BLOCKS}
 * blocks in each (RFC 3550 section 6.4.2: an empty one where there is nothing to report).
 */
export function receiverReports(ssrc: number, blocks: readonly RtcpReportBlock[]): RtcpReceiverReport[] {
  return Array.from({ length: Math.max(1, Math.ceil(blocks.length / MOST_REPORT_BLOCKS)) }, (_, i) => ({
    kind: 'rr',
    ssrc,
    blocks: blocks.slice(i * MOST_REPORT_BLOCKS, (i + 1) * MOST_REPORT_BLOCKS),
    extension: new Uint8Array(),
  }));
}

export function reportText(report: RtcpSenderReport | RtcpReceiverReport): string {
  const parts = [`${report.kind} ssrc ${ssrcText(report.ssrc)}`];
  if (report.kind === 'sr') {
    parts.push(`ntp ${ntpText(report.ntp)} timestamp ${report.rtpTimestamp}`);
    parts.push(`packets ${report.packetCount} octets ${report.octetCount}`);
  }
  for (const block of report.blocks) {
    parts.push(
      `block ${ssrcText(block.ssrc)} fraction ${block.fractionLost}/256 lost ${block.cumulativeLost}` +
        ` highest ${block.extendedHighestSequence} jitter ${block.jitter}` +
        ` lsr ${ssrcText(block.lastSr)} dlsr ${block.delaySinceLastSr}`,
    );
  }
  if (report.extension.length > 0) parts.push(`extension ${report.extension.length}`);
  return parts.join(' ');
}
