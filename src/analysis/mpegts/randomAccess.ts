import { TS_PACKET_OCTETS } from '../../wire/mpegts.js';
import { pesAt } from '../../wire/pes.js';

/** stream_type (ISO/IEC 13818-1 table 2-34). */
const MPEG1_VIDEO = 0x01;
const MPEG2_VIDEO = 0x02;
const H264 = 0x1b;
const H265 = 0x24;
const H266 = 0x33;

/**
 * Whether decoding may begin with the picture that starts in the packet at `at`, by what its first octets show: an IDR
 * slice of H.264 (nal_unit_type 5, table 7-1), an IRAP slice of H.265 (16 .. 21) or H.266 (7 .. 9), a sequence header or
 * an I picture of MPEG-2 video. False where the packet does not show it.
 */
export function startsIntraPicture(bytes: Uint8Array, at: number, streamType: number): boolean {
  const pes = pesAt(bytes, at);
  if (pes < 0) return false;
  const end = at + TS_PACKET_OCTETS;
  const payload = pes + 9 + bytes[pes + 8]!;
  // A start code, and what tells the unit's type: up to two octets behind.
  for (let i = payload; i + 3 < end; i++) {
    if (bytes[i] !== 0 || bytes[i + 1] !== 0 || bytes[i + 2] !== 1) continue;
    if (isIntra(bytes[i + 3]!, i + 5 < end ? bytes[i + 5]! : -1, i + 4 < end ? bytes[i + 4]! : -1, streamType))
      return true;
  }
  return false;
}

/** `unit`, `second`, `third`: octets behind the start code; -1: beyond the packet. */
function isIntra(unit: number, third: number, second: number, streamType: number): boolean {
  switch (streamType) {
    case H264:
      return (unit & 0x1f) === 5;
    case H265: {
      const type = (unit >> 1) & 0x3f;
      return type >= 16 && type <= 21;
    }
    case H266: {
      const type = second >> 3;
      return second >= 0 && type >= 7 && type <= 9;
    }
    case MPEG1_VIDEO:
    case MPEG2_VIDEO:
      // sequence_header_code; picture_start_code with picture_coding_type 1 (ISO/IEC 13818-2 section 6.3.9).
      return unit === 0xb3 || (unit === 0x00 && third >= 0 && ((third >> 3) & 7) === 1);
    default:
      return false;
  }
}
