/** PES packets of fillers: octets that look like H.264 access units and MPEG-1 layer II frames, and decode to nothing. */
import type { Random } from '../../src/core/random.js';
import { PTS_MODULUS, clockDifference } from '../../src/wire/mpegts.js';
import { putDts, putPts } from '../../src/wire/pes.js';

export const FRAMES_PER_SECOND = 25;
/** 90 kHz ticks of a picture. */
export const FRAME_TICKS = 90_000 / FRAMES_PER_SECOND;
/** A layer II frame of 192 kbit/s at 48 kHz: 1152 samples. */
export const AUDIO_FRAME_TICKS = 2160;
export const AUDIO_FRAME_MS = 24;
const AUDIO_FRAME_OCTETS = 576;

/** Access unit delimiter (nal_unit_type 9), and the start of a slice of an IDR picture (5) or another one (1). */
const DELIMITER = [0, 0, 0, 1, 0x09, 0xf0];
const IDR_SLICE = [0, 0, 0, 1, 0x65];
const OTHER_SLICE = [0, 0, 0, 1, 0x41];

/** Without a zero octet, so that no start code is among them. */
function fillRandom(random: Random, out: Uint8Array, from: number): void {
  for (let i = from; i < out.length; i += 4) {
    const word = random.int32() | 0x0101_0101;
    out[i] = word;
    if (i + 1 < out.length) out[i + 1] = word >> 8;
    if (i + 2 < out.length) out[i + 2] = word >> 16;
    if (i + 3 < out.length) out[i + 3] = word >> 24;
  }
}

/** `dts` `null`: equal to the PTS and not written (section 2.4.3.7). `length` is PES_packet_length. */
function pesHeader(streamId: number, length: number, pts: number, dts: number | null): Uint8Array {
  const stamps = dts === null ? 5 : 10;
  const header = new Uint8Array(9 + stamps);
  // '10', not scrambled, data_alignment_indicator; PTS_DTS_flags.
  header.set([0, 0, 1, streamId, length >> 8, length & 0xff, 0x84, dts === null ? 0x80 : 0xc0, stamps]);
  // Prefix and marker bits; the writers leave them.
  header[9] = dts === null ? 0x21 : 0x31;
  if (dts !== null) header[14] = 0x11;
  putPts(header, 0, pts);
  if (dts !== null) putDts(header, 0, dts);
  return header;
}

/**
 * Picture `index` in decoding order of a closed group of 25 (I P B B P B B ...): how many pictures its PTS lies behind
 * its DTS.
 */
function picturesAhead(index: number): number {
  const inGroup = index % FRAMES_PER_SECOND;
  if (inGroup === 0) return 1;
  return (inGroup - 1) % 3 === 0 ? 3 : 0;
}

/** PES packet of picture `index` in decoding order. `firstDts`: of picture 0. */
export function videoUnit(random: Random, index: number, octets: number, firstDts: number): Uint8Array {
  const isIdr = index % FRAMES_PER_SECOND === 0;
  const dts = (firstDts + index * FRAME_TICKS) % PTS_MODULUS;
  const pts = (dts + picturesAhead(index) * FRAME_TICKS) % PTS_MODULUS;
  const header = pesHeader(0xe0, 0, pts, clockDifference(pts, dts, PTS_MODULUS) === 0 ? null : dts);
  const start = [...header, ...DELIMITER, ...(isIdr ? IDR_SLICE : OTHER_SLICE)];
  const unit = new Uint8Array(Math.max(octets, start.length + 8));
  unit.set(start);
  fillRandom(random, unit, start.length);
  return unit;
}

/** PES packet of audio frame `index`. */
export function audioUnit(random: Random, index: number, firstPts: number): Uint8Array {
  const pts = (firstPts + index * AUDIO_FRAME_TICKS) % PTS_MODULUS;
  const unit = new Uint8Array(14 + AUDIO_FRAME_OCTETS);
  unit.set(pesHeader(0xc0, unit.length - 6, pts, null));
  // Frame header: layer II without CRC, 192 kbit/s, 48 kHz, stereo.
  unit.set([0xff, 0xfd, 0xa4, 0x04], 14);
  fillRandom(random, unit, 18);
  return unit;
}
