/**
 * MPEG-2 transport stream packet (ISO/IEC 13818-1 = ITU-T H.222.0 section 2.4.3.2) with its adaptation field
 * (section 2.4.3.4).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  sync 0x47    |E|S|P|          PID            |TSC|AFC|  CC   |  0
 * | AF length     |D|R|E|P|O|S|T|X|   program clock reference     |  4  where AFC has bit 1
 * |     base, 33 bits                   |  res. | extension, 9    |  8  where P is set
 *
 * Accessors take the offset `at` of the sync octet of a whole packet and read nothing outside of it. The two clocks:
 * a program clock reference (PCR) counts 27 MHz in [0, 2^33 x 300), a presentation or decoding time stamp 90 kHz in
 * [0, 2^33). Both are exact as float64.
 */
import { putU16be, u16be, u32be } from '../core/bytes.js';

export const TS_PACKET_OCTETS = 188;
export const TS_SYNC = 0x47;
/** Of the payload of a packet without adaptation field. */
export const TS_PAYLOAD_OCTETS = 184;
export const TS_PIDS = 8192;
export const NULL_PID = 0x1fff;
export const PAT_PID = 0x0000;
export const CAT_PID = 0x0001;

/** Ticks of a PCR per second (section 2.4.2.1). */
export const PCR_HZ = 27_000_000;
/** Where it wraps, ticks: 26 h 30 min 43.7 s. */
export const PCR_MODULUS = 8_589_934_592 * 300;
/** Ticks of a PTS or DTS per second (section 2.4.3.7), and where they wrap. */
export const PTS_HZ = 90_000;
export const PTS_MODULUS = 8_589_934_592;
const PCR_PER_PTS = 300;

/** What the bits say of an adaptation field. */
const AdaptationFlag = {
  Discontinuity: 0x80,
  RandomAccess: 0x40,
  Pcr: 0x10,
  Opcr: 0x08,
} as const;
/** Octets from the sync octet to the PCR, and behind it. */
const PCR_AT = 6;
const PCR_OCTETS = 6;
const LARGEST_ADAPTATION = 183;

export function hasSync(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === TS_SYNC;
}

/** transport_error_indicator: a receiver before us could not correct the packet. */
export function hasTransportError(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & 0x80) !== 0;
}

/** payload_unit_start_indicator: a PES packet begins here, or a section somewhere in the payload. */
export function startsUnit(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & 0x40) !== 0;
}

export function tsPid(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
}

/** transport_scrambling_control: 0 in clear. */
export function scramblingControl(bytes: Uint8Array, at: number): number {
  return bytes[at + 3]! >> 6;
}

export function hasPayload(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 3]! & 0x10) !== 0;
}

/** Whether the adaptation field is there; its length is not looked at. */
export function hasAdaptation(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 3]! & 0x20) !== 0;
}

/** 4 bits; counts packets with payload of the PID. */
export function continuityCounter(bytes: Uint8Array, at: number): number {
  return bytes[at + 3]! & 0x0f;
}

/**
 * Octets of the adaptation field behind its length octet; -1: there is none, or its length does not fit the packet: at
 * most 182 before a payload, 183 without one (section 2.4.3.5, which allows no less there; shorter ones are read).
 */
export function adaptationOctets(bytes: Uint8Array, at: number): number {
  const control = bytes[at + 3]! & 0x30;
  if ((control & 0x20) === 0) return -1;
  const octets = bytes[at + 4]!;
  return octets > LARGEST_ADAPTATION - (control === 0x30 ? 1 : 0) ? -1 : octets;
}

/** Whether an adaptation field is announced whose length does not fit. */
export function hasBrokenAdaptation(bytes: Uint8Array, at: number): boolean {
  return hasAdaptation(bytes, at) && adaptationOctets(bytes, at) < 0;
}

function adaptationFlags(bytes: Uint8Array, at: number): number {
  return adaptationOctets(bytes, at) > 0 ? bytes[at + 5]! : 0;
}

/** discontinuity_indicator. */
export function isDiscontinuity(bytes: Uint8Array, at: number): boolean {
  return (adaptationFlags(bytes, at) & AdaptationFlag.Discontinuity) !== 0;
}

/** random_access_indicator: decoding may begin with the next payload of this PID. */
export function isRandomAccess(bytes: Uint8Array, at: number): boolean {
  return (adaptationFlags(bytes, at) & AdaptationFlag.RandomAccess) !== 0;
}

/** Whether a whole PCR is there: its flag, and a field that holds it. */
export function hasPcr(bytes: Uint8Array, at: number): boolean {
  return (adaptationFlags(bytes, at) & AdaptationFlag.Pcr) !== 0 && bytes[at + 4]! >= 1 + PCR_OCTETS;
}

/** 27 MHz ticks, [0, {@link PCR_MODULUS}); an extension beyond 299 is taken as it is. Ask {@link hasPcr} first. */
export function pcrTicks(bytes: Uint8Array, at: number): number {
  const low = u16be(bytes, at + PCR_AT + 4);
  const base = u32be(bytes, at + PCR_AT) * 2 + (low >>> 15);
  return base * PCR_PER_PTS + (low & 0x1ff);
}

/** Writes the PCR over the one that is there; reserved bits are set to one, as the standard has them. */
export function putPcr(bytes: Uint8Array, at: number, ticks: number): void {
  const base = Math.floor(ticks / PCR_PER_PTS);
  const high = Math.floor(base / 2);
  putU16be(bytes, at + PCR_AT, Math.floor(high / 65_536));
  putU16be(bytes, at + PCR_AT + 2, high % 65_536);
  putU16be(bytes, at + PCR_AT + 4, (base % 2) * 0x8000 + 0x7e00 + (ticks - base * PCR_PER_PTS));
}

/** The OPCR lies behind the PCR when both are there (section 2.4.3.4); whether one does, whole. */
export function hasOpcr(bytes: Uint8Array, at: number): boolean {
  const flags = adaptationFlags(bytes, at);
  const before = (flags & AdaptationFlag.Pcr) === 0 ? 1 : 1 + PCR_OCTETS;
  return (flags & AdaptationFlag.Opcr) !== 0 && bytes[at + 4]! >= before + PCR_OCTETS;
}

/** Offset of the payload in `bytes`; `at + 188`: there is none, or the adaptation field is broken. */
export function payloadAt(bytes: Uint8Array, at: number): number {
  if (!hasPayload(bytes, at)) return at + TS_PACKET_OCTETS;
  if (!hasAdaptation(bytes, at)) return at + 4;
  const octets = adaptationOctets(bytes, at);
  return octets < 0 ? at + TS_PACKET_OCTETS : at + 5 + octets;
}

export function putContinuityCounter(bytes: Uint8Array, at: number, counter: number): void {
  bytes[at + 3] = (bytes[at + 3]! & 0xf0) | (counter & 0x0f);
}

/**
 * `later - earlier` of a clock that wraps at `modulus`, in [-modulus/2, modulus/2): signed, so that a jump backwards
 * is one.
 */
export function clockDifference(later: number, earlier: number, modulus: number): number {
  const forward = (((later - earlier) % modulus) + modulus) % modulus;
  return forward >= modulus / 2 ? forward - modulus : forward;
}

/** A packet of nothing: PID 0x1fff, payload of 0xff (section 2.4.3.3: its counter is undefined; 0 here). */
export function putNullPacket(bytes: Uint8Array, at: number): void {
  bytes[at] = TS_SYNC;
  bytes[at + 1] = NULL_PID >> 8;
  bytes[at + 2] = NULL_PID & 0xff;
  bytes[at + 3] = 0x10;
  bytes.fill(0xff, at + 4, at + TS_PACKET_OCTETS);
}

/**
 * Whether `bytes[at .. at + length)` is whole packets and nothing else: each with its sync octet, without a reserved
 * adaptation field control.
 */
export function isWholePackets(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 0 || length % TS_PACKET_OCTETS !== 0) return false;
  for (let packet = at; packet < at + length; packet += TS_PACKET_OCTETS) {
    if (bytes[packet] !== TS_SYNC || (bytes[packet + 3]! & 0x30) === 0) return false;
  }
  return true;
}
