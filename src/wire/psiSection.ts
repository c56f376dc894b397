/**
 * What all sections have in common (ISO/IEC 13818-1 = ITU-T H.222.0 sections 2.4.4.11 and 2.4.4.12; EN 300 468
 * section 5.1).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   table_id    |S|P|1 1|    section_length     |table_id_exten-|  0
 * |     sion      |1 1| version |C|section_number |last_section_n.|  4  where S is set
 *                              ...              | CRC_32          |
 */
import { putU16be, putU32be, u16be, u32be } from '../core/bytes.js';
import { crc32Mpeg } from './crc32Mpeg.js';
import { SECTION_HEAD_OCTETS } from './section.js';
import { WireStatus } from './status.js';
import { TableId } from './tableIds.js';

/** Octets before the body of a section in the long form. */
export const LONG_HEAD_OCTETS = 8;
export const CRC_OCTETS = 4;
const SYNTAX_INDICATOR = 0x80;

/** The header of a section in the long form. */
export interface SectionHeader {
  /** table_id_extension: transport_stream_id, program_number, network_id, ... */
  extension: number;
  /** 0 .. 31 */
  version: number;
  /** current_next_indicator: false: the table is not yet valid. */
  isCurrent: boolean;
  sectionNumber: number;
  lastSectionNumber: number;
}

export function tableIdOf(bytes: Uint8Array, at: number): number {
  return bytes[at]!;
}

/** section_syntax_indicator: the long form, with extension, version, numbers and CRC. */
export function isLongForm(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & SYNTAX_INDICATOR) !== 0;
}

/** Whether the section ends in a CRC_32: in the long form, and in the TOT (EN 300 468 section 5.2.6). */
export function hasCrc(bytes: Uint8Array, at: number): boolean {
  return isLongForm(bytes, at) || bytes[at] === TableId.TimeOffset;
}

/** The CRC_32 that the section carries: two sections with the same one are the same. */
export function sectionCrc(bytes: Uint8Array, at: number, length: number): number {
  return u32be(bytes, at + length - CRC_OCTETS);
}

/** Whether `bytes[at .. at + length)` is one whole section, intact where it has a CRC. */
export function checkSection(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < SECTION_HEAD_OCTETS) return WireStatus.TooShort;
  if ((u16be(bytes, at + 1) & 0x0fff) !== length - SECTION_HEAD_OCTETS) return WireStatus.BadLength;
  if (!hasCrc(bytes, at)) return WireStatus.Ok;
  const least = (isLongForm(bytes, at) ? LONG_HEAD_OCTETS : SECTION_HEAD_OCTETS) + CRC_OCTETS;
  if (length < least) return WireStatus.TooShort;
  return crc32Mpeg(bytes, at, length) === 0 ? WireStatus.Ok : WireStatus.BadChecksum;
}

/** {@link checkSection} of a section in the long form of this table; `UnknownType`: of another one. */
export function checkTable(bytes: Uint8Array, at: number, length: number, tableId: number): WireStatus {
  const status = checkSection(bytes, at, length);
  if (status !== WireStatus.Ok) return status;
  return bytes[at] === tableId && isLongForm(bytes, at) ? WireStatus.Ok : WireStatus.UnknownType;
}

/** After {@link checkTable}. */
export function readSectionHeader(bytes: Uint8Array, at: number): SectionHeader {
  return {
    extension: u16be(bytes, at + 3),
    version: (bytes[at + 5]! >> 1) & 0x1f,
    isCurrent: (bytes[at + 5]! & 1) !== 0,
    sectionNumber: bytes[at + 6]!,
    lastSectionNumber: bytes[at + 7]!,
  };
}

/**
 * A whole new section in the long form with its CRC. `isPrivate` is the bit behind the syntax indicator: 0 in tables of
 * ISO/IEC 13818-1, 1 in those of EN 300 468.
 */
export function writeSection(
  tableId: number,
  isPrivate: boolean,
  header: Readonly<SectionHeader>,
  body: Readonly<ArrayLike<number>>,
): Uint8Array {
  const octets = LONG_HEAD_OCTETS + body.length + CRC_OCTETS;
  const section = new Uint8Array(octets);
  section[0] = tableId;
  putU16be(section, 1, (isPrivate ? 0xf000 : 0xb000) | (octets - SECTION_HEAD_OCTETS));
  putU16be(section, 3, header.extension);
  section[5] = 0xc0 | (header.version << 1) | (header.isCurrent ? 1 : 0);
  section[6] = header.sectionNumber;
  section[7] = header.lastSectionNumber;
  section.set(body, LONG_HEAD_OCTETS);
  putU32be(section, octets - CRC_OCTETS, crc32Mpeg(section, 0, octets - CRC_OCTETS));
  return section;
}
