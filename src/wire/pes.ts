/**
 * Header of a PES packet (ISO/IEC 13818-1 = ITU-T H.222.0 section 2.4.3.6) as far as time stamps go.
 *
 * octets: 00 00 01, stream_id, PES_packet_length (2), '10' flags (1), flags (1), PES_header_data_length (1), PTS (5), DTS (5)
 */
import { TS_PACKET_OCTETS, payloadAt, startsUnit } from './mpegts.js';

/** Octets before the optional fields. */
const FIXED_OCTETS = 9;
const STAMP_OCTETS = 5;

/** stream_ids whose PES packets have no header fields behind the length (section 2.4.3.7). */
function isPlain(streamId: number): boolean {
  return (
    streamId === 0xbc || // program_stream_map
    streamId === 0xbe || // padding_stream
    streamId === 0xbf || // private_stream_2
    streamId === 0xf0 || // ECM
    streamId === 0xf1 || // EMM
    streamId === 0xf2 || // DSMCC
    streamId === 0xf8 || // H.222.1 type E
    streamId === 0xff // program_stream_directory
  );
}

/**
 * Offset of the PES header that begins in the packet at `at`, when its fixed part, flags and stamps lie whole within
 * the packet; -1: none does. Scrambled payloads are not for this: ask `scramblingControl` first.
 */
export function pesAt(bytes: Uint8Array, at: number): number {
  if (!startsUnit(bytes, at)) return -1;
  const pes = payloadAt(bytes, at);
  const end = at + TS_PACKET_OCTETS;
  if (pes + FIXED_OCTETS > end) return -1;
  if (bytes[pes] !== 0 || bytes[pes + 1] !== 0 || bytes[pes + 2] !== 1) return -1;
  if (isPlain(bytes[pes + 3]!) || bytes[pes + 6]! >> 6 !== 2) return -1;
  const stamps = stampCount(bytes, pes);
  const fields = bytes[pes + 8]!;
  return fields < stamps * STAMP_OCTETS || pes + FIXED_OCTETS + stamps * STAMP_OCTETS > end ? -1 : pes;
}

/** 0 none, 1 PTS, 2 PTS and DTS; the value '01' is forbidden and means none. */
function stampCount(bytes: Uint8Array, pes: number): number {
  const flags = bytes[pes + 7]! >> 6;
  return flags === 2 ? 1 : flags === 3 ? 2 : 0;
}

export function hasPts(bytes: Uint8Array, pes: number): boolean {
  return stampCount(bytes, pes) > 0;
}

export function hasDts(bytes: Uint8Array, pes: number): boolean {
  return stampCount(bytes, pes) > 1;
}

/** 90 kHz ticks, 33 bits. Ask {@link hasPts} first. */
export function pts(bytes: Uint8Array, pes: number): number {
  return stampAt(bytes, pes + FIXED_OCTETS);
}

/** Ask {@link hasDts} first. */
export function dts(bytes: Uint8Array, pes: number): number {
  return stampAt(bytes, pes + FIXED_OCTETS + STAMP_OCTETS);
}

/** Writes over the stamp that is there; its prefix and marker bits stay. */
export function putPts(bytes: Uint8Array, pes: number, ticks: number): void {
  putStamp(bytes, pes + FIXED_OCTETS, ticks);
}

export function putDts(bytes: Uint8Array, pes: number, ticks: number): void {
  putStamp(bytes, pes + FIXED_OCTETS + STAMP_OCTETS, ticks);
}

/** 4 bits prefix, 3 bits, marker, 15 bits, marker, 15 bits, marker. */
function stampAt(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! >> 1) & 0x07;
  const middle = (bytes[at + 1]! << 7) | (bytes[at + 2]! >> 1);
  const low = (bytes[at + 3]! << 7) | (bytes[at + 4]! >> 1);
  return high * 1_073_741_824 + middle * 32_768 + low;
}

function putStamp(bytes: Uint8Array, at: number, ticks: number): void {
  const high = Math.floor(ticks / 1_073_741_824);
  const middle = Math.floor(ticks / 32_768) % 32_768;
  const low = ticks % 32_768;
  bytes[at] = (bytes[at]! & 0xf1) | (high << 1);
  bytes[at + 1] = middle >> 7;
  bytes[at + 2] = ((middle << 1) & 0xfe) | 1;
  bytes[at + 3] = low >> 7;
  bytes[at + 4] = ((low << 1) & 0xfe) | 1;
}
