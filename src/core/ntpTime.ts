/**
 * NTP timestamps (RFC 5905 section 6): 64 bits, units of 2^-32 s since 1900, seconds modulo 2^32; and the
 * short form of RFC 3550, units of 2^-16 s in 32 bits. Integer arithmetic throughout: as a float64 number
 * of seconds a timestamp of today would be wrong by up to 477 ns. Cold: BigInt.
 */
import { putU32be, u32be } from './bytes.js';

/** From 1900-01-01 to 1970-01-01, ns: 2,208,988,800 s (RFC 5905 section 6, figure 4). */
const UNIX_IN_NTP_NS = 2_208_988_800_000_000_000n;
/** 2036-02-07T06:28:16Z, unix ns: where era 0 ends. What lies nearest to it is 1968 to 2104. */
const ERA_1_UNIX_NS = (1n << 32n) * 1_000_000_000n - UNIX_IN_NTP_NS;
/** Units of the short form in a second. */
const SHORT_UNITS = 65_536;

/** Units of 2^-32 s since 1900, of any era, rounded down. */
function eraUnits(unixNs: bigint): bigint {
  return ((unixNs + UNIX_IN_NTP_NS) << 32n) / 1_000_000_000n;
}

/** The 64-bit timestamp of a unix time in ns (not before 1900), its fraction rounded down. */
export function ntpFromUnixNs(unixNs: bigint): bigint {
  return BigInt.asUintN(64, eraUnits(unixNs));
}

/**
 * Unix ns of a 64-bit timestamp, rounded to the nearest: of a timestamp that {@link ntpFromUnixNs} made
 * exactly what it was made from. The timestamp does not tell its era; taken is the time nearest to
 * `nearUnixNs`, by default one of 1968 to 2104 (as RFC 4330 section 3 reads it).
 */
export function unixNsFromNtp(ntp: bigint, nearUnixNs = ERA_1_UNIX_NS): bigint {
  const near = eraUnits(nearUnixNs);
  const units = near + BigInt.asIntN(64, ntp - near);
  return ((units * 1_000_000_000n + (1n << 31n)) >> 32n) - UNIX_IN_NTP_NS;
}

/** The middle 32 bits of a 64-bit timestamp, units of 2^-16 s modulo 2^32 (RFC 3550 section 4). */
export function ntpMiddle(ntp: bigint): number {
  return Number((ntp >> 16n) & 0xffff_ffffn);
}

/** A span of time in units of 2^-16 s, rounded to the nearest; not wrapped. */
export function shortFromNs(ns: number): number {
  const seconds = Math.floor(ns / 1e9);
  return seconds * SHORT_UNITS + Math.round(((ns - seconds * 1e9) * SHORT_UNITS) / 1e9);
}

/** A span of units of 2^-16 s, with its sign, in ns. */
export function nsFromShort(units: number): number {
  const seconds = Math.floor(units / SHORT_UNITS);
  return seconds * 1e9 + Math.round(((units - seconds * SHORT_UNITS) * 1e9) / SHORT_UNITS);
}

/** The 64-bit timestamp at `at`, big-endian. */
export function ntpAt(bytes: Uint8Array, at: number): bigint {
  return (BigInt(u32be(bytes, at)) << 32n) | BigInt(u32be(bytes, at + 4));
}

export function putNtp(bytes: Uint8Array, at: number, ntp: bigint): void {
  putU32be(bytes, at, Number(BigInt.asUintN(32, ntp >> 32n)));
  putU32be(bytes, at + 4, Number(BigInt.asUintN(32, ntp)));
}
