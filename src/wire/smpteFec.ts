/**
 * FEC packet of SMPTE ST 2022-1 (Pro-MPEG Code of Practice 3, release 2): the fixed header of RTP, the FEC header of
 * RFC 2733 section 6.2 with its extension (E is set), then the exclusive or of what stands behind the fixed headers
 * of the media packets.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|   PT = 96   |       sequence number         |  0
 * |                           timestamp                           |  4
 * |                          SSRC (0)                             |  8
 * |        SNBase low bits        |        length recovery        | 12
 * |E| PT recovery |                   mask = 0                    | 16
 * |                          TS recovery                          | 20
 * |N|D|type |index|    offset     |      NA       | SNBase ext = 0| 24
 * |                            payload                            | 28
 *
 * P, X, CC and M of the fixed header are those of the media packets, combined (RFC 2733 section 6.1): no contributing
 * source, no extension and no padding follows, whatever they say, so that this is no packet for `checkRtp`.
 */
import { viewOf } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { RTP_FIXED_OCTETS } from './rtp.js';
import { WireStatus } from './status.js';

/** Octets before the payload. */
export const SMPTE_FEC_OCTETS = 28;
/** Payload type of FEC packets. Peers let it be configured: any dynamic one (RFC 3551 section 3) is read. */
export const SMPTE_FEC_PAYLOAD_TYPE = 96;

/** Limits of the matrix of L columns and D rows, packets. */
export const FEC_MAX_COLUMNS = 20;
export const FEC_MIN_ROWS = 4;
export const FEC_MAX_ROWS = 20;
export const FEC_MAX_MATRIX_PACKETS = 100;
/** Least L where there is row FEC. */
export const FEC_MIN_COLUMNS_WITH_ROWS = 4;

/** Added to the port of the media. */
export const COLUMN_FEC_PORT_OFFSET = 2;
export const ROW_FEC_PORT_OFFSET = 4;

/** Octets within the packet. */
export const FEC_SN_BASE_AT = 12;
export const FEC_LENGTH_RECOVERY_AT = 14;
export const FEC_PT_RECOVERY_AT = 16;
export const FEC_TS_RECOVERY_AT = 20;
const KIND_AT = 24;
const OFFSET_AT = 25;
const NA_AT = 26;

const VERSION = 2;
const EXTENDED = 0x80;
const ROW = 0x40;
const TYPE_MASK = 0x38;
/** N and index. */
const RESERVED_MASK = 0x87;

/** Whether a sender may use a matrix of `columns` (L) and `rows` (D). */
export function fecShapeFits(columns: number, rows: number, withRowFec: boolean): boolean {
  return (
    columns >= (withRowFec ? FEC_MIN_COLUMNS_WITH_ROWS : 1) &&
    columns <= FEC_MAX_COLUMNS &&
    rows >= FEC_MIN_ROWS &&
    rows <= FEC_MAX_ROWS &&
    columns * rows <= FEC_MAX_MATRIX_PACKETS
  );
}

/**
 * Whether `view[at .. at + length)` is one FEC packet. After `Ok` no accessor below reads outside of it, and it
 * protects at most {@link FEC_MAX_MATRIX_PACKETS} numbers from its base on. The least L and D bind senders only: a
 * smaller matrix is read. Hot.
 */
export function checkSmpteFec(view: DataView, at: number, length: number): WireStatus {
  if (length < SMPTE_FEC_OCTETS) return WireStatus.TooShort;
  if (view.getUint8(at) >> 6 !== VERSION) return WireStatus.BadVersion;
  if ((view.getUint8(at + 1) & 0x7f) < SMPTE_FEC_PAYLOAD_TYPE) return WireStatus.UnknownType;
  const third = view.getInt32(at + FEC_PT_RECOVERY_AT);
  // Without E these would be an RFC 2733 header, which ends behind TS recovery.
  if (third >= 0 || (third & 0x00ff_ffff) !== 0) return WireStatus.BadReserved;
  const kind = view.getUint8(at + KIND_AT);
  // Type 0 is the exclusive or; packets of other types are to be ignored.
  if ((kind & TYPE_MASK) !== 0) return WireStatus.UnknownType;
  if ((kind & RESERVED_MASK) !== 0 || view.getUint8(at + NA_AT + 1) !== 0) return WireStatus.BadReserved;
  const offset = view.getUint8(at + OFFSET_AT);
  const count = view.getUint8(at + NA_AT);
  if (offset === 0 || count === 0) return WireStatus.BadLength;
  if ((kind & ROW) !== 0) return offset === 1 && count <= FEC_MAX_COLUMNS ? WireStatus.Ok : WireStatus.BadLength;
  const fits = offset <= FEC_MAX_COLUMNS && count <= FEC_MAX_ROWS && offset * count <= FEC_MAX_MATRIX_PACKETS;
  return fits ? WireStatus.Ok : WireStatus.BadLength;
}

/** D: whether it protects a row; else a column. */
export function fecIsRow(view: DataView, at: number): boolean {
  return (view.getUint8(at + KIND_AT) & ROW) !== 0;
}
/** Lower 16 bits of the first number protected. */
export function fecSnBase(view: DataView, at: number): number {
  return view.getUint16(at + FEC_SN_BASE_AT);
}
/** Distance of the numbers protected: L in a column, 1 in a row. */
export function fecOffset(view: DataView, at: number): number {
  return view.getUint8(at + OFFSET_AT);
}
/** NA: how many numbers are protected: D in a column, L in a row. */
export function fecAssociated(view: DataView, at: number): number {
  return view.getUint8(at + NA_AT);
}

/**
 * Writes what does not depend on the media packets, and zeroes what is combined from them; the payload is the
 * caller's. Octets behind `at`: {@link SMPTE_FEC_OCTETS}.
 */
export function putEmptySmpteFec(view: DataView, at: number, isRow: boolean, offset: number, associated: number): void {
  for (let i = 0; i < SMPTE_FEC_OCTETS; i++) view.setUint8(at + i, 0);
  view.setUint8(at, VERSION << 6);
  view.setUint8(at + 1, SMPTE_FEC_PAYLOAD_TYPE);
  view.setUint8(at + FEC_PT_RECOVERY_AT, EXTENDED);
  view.setUint8(at + KIND_AT, isRow ? ROW : 0);
  view.setUint8(at + OFFSET_AT, offset);
  view.setUint8(at + NA_AT, associated);
}

export interface SmpteFecHeader {
  /** P, X and CC of the media packets combined: the lower six bits of the first octet. */
  flagsRecovery: number;
  markerRecovery: boolean;
  /** 96 .. 127 */
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  snBase: number;
  /** Octets of the media packets behind their fixed headers, combined. */
  lengthRecovery: number;
  payloadTypeRecovery: number;
  timestampRecovery: number;
  isRow: boolean;
  offset: number;
  associated: number;
  /** Octets behind the header; read, not written. */
  payloadOctets: number;
}

export const smpteFecCodec: Codec<SmpteFecHeader> = {
  name: 'smpte-2022-1',
  reference: 'SMPTE ST 2022-1, RFC 2733 section 6',
  create: () => ({
    flagsRecovery: 0,
    markerRecovery: false,
    payloadType: SMPTE_FEC_PAYLOAD_TYPE,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    snBase: 0,
    lengthRecovery: 0,
    payloadTypeRecovery: 0,
    timestampRecovery: 0,
    isRow: false,
    offset: 1,
    associated: 1,
    payloadOctets: 0,
  }),
  check: (bytes, at, length) => checkSmpteFec(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkSmpteFec(view, at, length);
    if (status !== WireStatus.Ok) return status;
    out.flagsRecovery = view.getUint8(at) & 0x3f;
    out.markerRecovery = (view.getUint8(at + 1) & 0x80) !== 0;
    out.payloadType = view.getUint8(at + 1) & 0x7f;
    out.sequence = view.getUint16(at + 2);
    out.timestamp = view.getUint32(at + 4);
    out.ssrc = view.getUint32(at + 8);
    out.snBase = fecSnBase(view, at);
    out.lengthRecovery = view.getUint16(at + FEC_LENGTH_RECOVERY_AT);
    out.payloadTypeRecovery = view.getUint8(at + FEC_PT_RECOVERY_AT) & 0x7f;
    out.timestampRecovery = view.getUint32(at + FEC_TS_RECOVERY_AT);
    out.isRow = fecIsRow(view, at);
    out.offset = fecOffset(view, at);
    out.associated = fecAssociated(view, at);
    out.payloadOctets = length - SMPTE_FEC_OCTETS;
    return WireStatus.Ok;
  },
  octets: () => SMPTE_FEC_OCTETS,
  write(bytes, at, header) {
    const view = viewOf(bytes);
    putEmptySmpteFec(view, at, header.isRow, header.offset, header.associated);
    view.setUint8(at, (VERSION << 6) | (header.flagsRecovery & 0x3f));
    view.setUint8(at + 1, (header.markerRecovery ? 0x80 : 0) | (header.payloadType & 0x7f));
    view.setUint16(at + 2, header.sequence);
    view.setUint32(at + 4, header.timestamp);
    view.setUint32(at + RTP_FIXED_OCTETS - 4, header.ssrc);
    view.setUint16(at + FEC_SN_BASE_AT, header.snBase);
    view.setUint16(at + FEC_LENGTH_RECOVERY_AT, header.lengthRecovery);
    view.setUint8(at + FEC_PT_RECOVERY_AT, EXTENDED | (header.payloadTypeRecovery & 0x7f));
    view.setUint32(at + FEC_TS_RECOVERY_AT, header.timestampRecovery);
    return SMPTE_FEC_OCTETS;
  },
  describe(header) {
    const shape = header.isRow
      ? `row of ${header.associated} from ${header.snBase}`
      : `column of ${header.associated} from ${header.snBase}, every ${header.offset}`;
    return [
      `smpte-2022-1 ${shape}`,
      `sequence ${header.sequence}`,
      `timestamp ${header.timestamp}`,
      `payload-type ${header.payloadType}`,
      ...(header.ssrc === 0 ? [] : [`ssrc 0x${header.ssrc.toString(16).padStart(8, '0')}`]),
      `length-recovery ${header.lengthRecovery}`,
      `pt-recovery ${header.payloadTypeRecovery}`,
      `ts-recovery ${header.timestampRecovery}`,
      ...(header.flagsRecovery === 0 ? [] : [`flags-recovery 0x${header.flagsRecovery.toString(16).padStart(2, '0')}`]),
      ...(header.markerRecovery ? ['marker-recovery'] : []),
      `payload ${header.payloadOctets}`,
    ].join(' ');
  },
};
