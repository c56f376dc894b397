/**
 * The CRC of sections (ISO/IEC 13818-1 = ITU-T H.222.0 annex A): polynomial 0x04c11db7, register of all ones, most
 * significant bit first, nothing inverted at the end.
 */
const POLYNOMIAL = 0x04c1_1db7;

/** Register after one octet, by its upper octet before it. int32. */
const TABLE = new Int32Array(256);
for (let octet = 0; octet < 256; octet++) {
  let register = octet << 24;
  for (let bit = 0; bit < 8; bit++) register = register < 0 ? (register << 1) ^ POLYNOMIAL : register << 1;
  TABLE[octet] = register;
}

/** Unsigned, 32 bits. 0 over a whole intact section, its CRC_32 included. */
export function crc32Mpeg(bytes: Uint8Array, at: number, length: number): number {
  let register = -1;
  for (let i = at; i < at + length; i++) register = (register << 8) ^ TABLE[(register >>> 24) ^ bytes[i]!]!;
  return register >>> 0;
}
