/**
 * Probe datagram, version 1 (docs/protocols/probe.md): 52 octets at the start of the UDP payload, all
 * integers unsigned and big-endian.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        magic "MCKP"                           |  0
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  version = 1  |0 0 0 0|D|U|E|S| header octets |  DSCP  + ECN  |  4
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      TTL      |                 reserved = 0                  |  8
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                            run id                             | 12
 * |                             flow                              | 16
 * |                        sequence (64)                          | 20
 * |                                                               |
 * |                     send time, unix ns (64)                   | 28
 * |                                                               |
 * |                          total (64)                           | 36
 * |                                                               |
 * |                           not sent                            | 44
 * |                            check                              | 48
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { WireStatus } from './status.js';

export const PROBE_HEADER_OCTETS = 52;
export const PROBE_VERSION = 1;
/** Octet within the datagram where the departure time is written: 64 bits, unix ns. */
export const PROBE_SEND_TIME_AT = 28;

/** Bits of the flags octet; the others are 0. */
export const ProbeFlag = {
  /** Marker: the flow begins; `sequence` is its first number to come. */
  Start: 1 << 0,
  /** Marker: the flow is over; `sequence` is the number after its last. */
  End: 1 << 1,
  /** The sender uses super-packets (UDP_SEGMENT). */
  SuperPacket: 1 << 2,
  /** The send time is when the datagram was due, not when it left. */
  DueTime: 1 << 3,
} as const;

export const PROBE_MAGIC = 0x4d43_4b50;
/** Version, reserved flag bits and header octets of the second word, and what they have to be. */
const FIXED_MASK = 0xfff0_ff00 | 0;
export const FIXED = (PROBE_VERSION << 24) | (PROBE_HEADER_OCTETS << 8) | 0;
const MARKERS = (ProbeFlag.Start | ProbeFlag.End) << 16;

/**
 * Odd multiplier of word i of the check: ((i + 1) x 0x9e3779b9 mod 2^32) | 1. Odd numbers have an
 * inverse modulo 2^32, so every change confined to one word changes the sum.
 */
const M0 = 0x9e37_79b9 | 0;
const M1 = 0x3c6e_f373 | 0;
const M2 = 0xdaa6_6d2b | 0;
const M3 = 0x78dd_e6e5 | 0;
const M4 = 0x1715_609d | 0;
export const M5 = 0xb54c_da57 | 0;
export const M6 = 0x5384_540f | 0;
// Words 7 and 8 are the send time, which the sender's I/O layer writes last: not covered.
export const M9 = 0x2e2a_c13b | 0;
export const M10 = 0xcc62_3af3 | 0;
export const M11 = 0x6a99_b4ad | 0;
/** Start of the sum (the fraction of pi). */
const CHECK_SEED = 0x243f_6a88;

/**
 * A word's share of the check. Its upper half is first folded into the lower: a product alone carries
 * changes only upwards, and those of the upper octets of two words would often cancel out.
 */
export function share(word: number, multiplier: number): number {
  return Math.imul(word ^ (word >>> 16), multiplier);
}

/**
 * Whether `view[at .. at + length)` begins with an intact probe header. After `Ok` no accessor below
 * reads outside of it. Hot.
 */
export function checkProbe(view: DataView, at: number, length: number): WireStatus {
  if (length < PROBE_HEADER_OCTETS) return WireStatus.TooShort;
  if (view.getInt32(at) !== PROBE_MAGIC) return WireStatus.BadMagic;
  const second = view.getInt32(at + 4);
  const third = view.getInt32(at + 8);
  if ((second & FIXED_MASK) !== FIXED || (third & 0x00ff_ffff) !== 0) return fixedFault(second);
  const sum =
    CHECK_SEED +
    share(PROBE_MAGIC, M0) +
    share(second, M1) +
    share(third, M2) +
    share(view.getInt32(at + 12), M3) +
    share(view.getInt32(at + 16), M4) +
    share(view.getInt32(at + 20), M5) +
    share(view.getInt32(at + 24), M6) +
    share(view.getInt32(at + 36), M9) +
    share(view.getInt32(at + 40), M10) +
    share(view.getInt32(at + 44), M11);
  if ((sum | 0) !== view.getInt32(at + 48)) return WireStatus.BadChecksum;
  return (second & MARKERS) === MARKERS ? WireStatus.UnknownType : WireStatus.Ok;
}

function fixedFault(second: number): WireStatus {
  if (second >>> 24 !== PROBE_VERSION) return WireStatus.BadVersion;
  if (((second >>> 8) & 0xff) !== PROBE_HEADER_OCTETS) return WireStatus.BadLength;
  return WireStatus.BadReserved;
}

/** Bits of {@link ProbeFlag}. */
export function probeFlags(view: DataView, at: number): number {
  return view.getUint8(at + 5);
}
/** DSCP and ECN as sent. */
export function probeTos(view: DataView, at: number): number {
  return view.getUint8(at + 7);
}
/** TTL or hop limit as sent. */
export function probeTtl(view: DataView, at: number): number {
  return view.getUint8(at + 8);
}
/** Random number of the sender process. */
export function probeRunId(view: DataView, at: number): number {
  return view.getUint32(at + 12);
}
export function probeFlow(view: DataView, at: number): number {
  return view.getUint32(at + 16);
}
export function probeSequenceHigh(view: DataView, at: number): number {
  return view.getUint32(at + 20);
}
export function probeSequenceLow(view: DataView, at: number): number {
  return view.getUint32(at + 24);
}
export function probeSendTimeHigh(view: DataView, at: number): number {
  return view.getUint32(at + 28);
}
export function probeSendTimeLow(view: DataView, at: number): number {
  return view.getUint32(at + 32);
}
export function probeTotalHigh(view: DataView, at: number): number {
  return view.getUint32(at + 36);
}
export function probeTotalLow(view: DataView, at: number): number {
  return view.getUint32(at + 40);
}
/** Numbers of this flow that never left the sender so far, modulo 2^32. */
export function probeNotSent(view: DataView, at: number): number {
  return view.getUint32(at + 44);
}

/** The part of the check that is the same for all datagrams of a flow with these fields. int32. */
export function probeConstantCheck(flags: number, tos: number, ttl: number, runId: number, flow: number): number {
  return (
    (CHECK_SEED +
      share(PROBE_MAGIC, M0) +
      share(FIXED | (flags << 16) | tos, M1) +
      share(ttl << 24, M2) +
      share(runId, M3) +
      share(flow, M4)) |
    0
  );
}

/**
 * Writes all 52 octets, the send time as 0. Hot. `constantCheck` is {@link probeConstantCheck} of the
 * same five fields; `sequence` comes in two unsigned halves, `total` as an integer of 0 .. 2^53.
 */
export function putProbe(
  view: DataView,
  at: number,
  constantCheck: number,
  flags: number,
  tos: number,
  ttl: number,
  runId: number,
  flow: number,
  sequenceHigh: number,
  sequenceLow: number,
  total: number,
  notSent: number,
): void {
  const totalHigh = Math.floor(total / 4_294_967_296);
  const totalLow = total | 0;
  putProbeWords(
    view,
    at,
    constantCheck,
    flags,
    tos,
    ttl,
    runId,
    flow,
    sequenceHigh,
    sequenceLow,
    totalHigh,
    totalLow,
    notSent,
  );
}

/** {@link putProbe} with the total in two halves: all 64 bits of it. */
export function putProbeWords(
  view: DataView,
  at: number,
  constantCheck: number,
  flags: number,
  tos: number,
  ttl: number,
  runId: number,
  flow: number,
  sequenceHigh: number,
  sequenceLow: number,
  totalHigh: number,
  totalLow: number,
  notSent: number,
): void {
  view.setInt32(at, PROBE_MAGIC);
  view.setInt32(at + 4, FIXED | (flags << 16) | tos);
  view.setInt32(at + 8, ttl << 24);
  view.setInt32(at + 12, runId);
  view.setInt32(at + 16, flow);
  view.setInt32(at + 20, sequenceHigh);
  view.setInt32(at + 24, sequenceLow);
  view.setInt32(at + 28, 0);
  view.setInt32(at + 32, 0);
  view.setInt32(at + 36, totalHigh);
  view.setInt32(at + 40, totalLow);
  view.setInt32(at + 44, notSent);
  view.setInt32(
    at + 48,
    constantCheck +
      share(sequenceHigh, M5) +
      share(sequenceLow, M6) +
      share(totalHigh, M9) +
      share(totalLow, M10) +
      share(notSent, M11),
  );
}

/** Writes the send time, unix ns in two unsigned halves. Hot. The check does not cover it. */
export function putProbeSendTime(view: DataView, at: number, high: number, low: number): void {
  view.setInt32(at + PROBE_SEND_TIME_AT, high);
  view.setInt32(at + PROBE_SEND_TIME_AT + 4, low);
}

/**
 * Corrects a header written by {@link putProbe} after `datagrams` (up to 2^31) earlier numbers of its
 * flow were refused: so many fewer offered, so many more not sent. Hot. A check that was right stays
 * right, one that was corrupted on purpose stays wrong.
 */
export function patchProbeNotSent(view: DataView, at: number, datagrams: number): void {
  const low = view.getUint32(at + 40);
  const high = view.getInt32(at + 36);
  const newLow = low - datagrams;
  const newHigh = newLow < 0 ? high - 1 : high;
  const notSent = view.getInt32(at + 44);
  const newNotSent = (notSent + datagrams) | 0;
  view.setInt32(at + 36, newHigh);
  view.setInt32(at + 40, newLow);
  view.setInt32(at + 44, newNotSent);
  view.setInt32(
    at + 48,
    view.getInt32(at + 48) +
      share(newHigh, M9) -
      share(high, M9) +
      share(newLow, M10) -
      share(low, M10) +
      share(newNotSent, M11) -
      share(notSent, M11),
  );
}
