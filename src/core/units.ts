/**
 * Quantities as an operator writes them. Rates are decimal bit/s, sizes octets (`k M G` = 1000,
 * `Ki Mi Gi` = 1024), times `ns us ms s m h d` with a bare number in seconds. Every parser throws
 * McastError ERR_USAGE with the likely meaning of what it refuses; the caller names the option.
 */
import { McastError } from './errors.js';
import type { RateLayer } from './layers.js';

export { dscpName, parseDscp, parseTos } from './dscp.js';

const NUMBER = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(.*)$/;

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
  ['d', 86_400e9],
]);

const DECIMAL: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
]);

const BINARY: ReadonlyMap<string, number> = new Map([
  ['ki', 1024],
  ['mi', 1024 ** 2],
  ['gi', 1024 ** 3],
]);

/** What people write for a unit of time, and what it is here. */
const LIKELY_TIME_UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(sec|secs|second|seconds|S)$/i, 's'],
  [/^(min|mins|minute|minutes|M)$/, 'm'],
  [/^(hour|hours|hr|hrs|H)$/, 'h'],
  [/^(day|days|D)$/, 'd'],
  [/^(msec|msecs|MS|mS)$/, 'ms'],
  [/^(usec|usecs|u|US|uS)$/, 'us'],
];

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}

function split(text: string): { value: number; unit: string } | null {
  const match = NUMBER.exec(text);
  return match === null ? null : { value: Number(match[1]), unit: match[2]! };
}

/** A span of time in whole ns, 0 or more, below 104 days. */
export function parseDurationNs(text: string): number {
  const parts = split(text);
  const form = 'a number and ns, us, ms, s, m (minutes), h or d; without a unit seconds';
  if (parts === null) {
    if (/^-[0-9.]/.test(text)) throw usage(`"${text}" is negative: a time is 0 or more`);
    throw usage(`"${text}" is not a time: ${form}`);
  }
  const scale = TIME_UNITS.get(parts.unit === '' ? 's' : parts.unit);
  if (scale === undefined) {
    const like = LIKELY_TIME_UNITS.find(([pattern]) => pattern.test(parts.unit));
    const meant = like === undefined ? '' : `; for ${parts.value} ${parts.unit} write ${parts.value}${like[1]}`;
    throw usage(`"${text}" is not a time: ${form}${meant}`);
  }
  const ns = Math.round(parts.value * scale);
  if (ns > Number.MAX_SAFE_INTEGER) throw usage(`"${text}" is too long: at most 104 days`);
  return ns;
}

/** As {@link parseDurationNs}, with a sign. */
export function parseSignedDurationNs(text: string): number {
  if (text.startsWith('-')) return 0 - parseDurationNs(text.slice(1));
  return parseDurationNs(text.startsWith('+') ? text.slice(1) : text);
}

export interface LayeredRate {
  /** Infinity for `max`. */
  readonly bitPerSecond: number;
  readonly layer: RateLayer;
}

const RATE_FORM = 'bit/s as 500k, 20M, 1G, or max';

/** `20M`, `950M@wire`, `max`: a rate and the layer at which it is counted; without `@` UDP payload. `form`: as of {@link parseRate}. */
export function parseRateBitPerSecond(text: string, form = RATE_FORM): LayeredRate {
  const at = text.indexOf('@');
  if (at < 0) return { bitPerSecond: parseRate(text, form), layer: 'payload' };
  const layer = text.slice(at + 1);
  if (layer !== 'payload' && layer !== 'ip' && layer !== 'ethernet' && layer !== 'wire') {
    throw usage(`"${text}": the layer of a rate is payload, ip, ethernet or wire, as in 20M@wire`);
  }
  return { bitPerSecond: parseRate(text.slice(0, at), form), layer };
}

/** A rate in bit/s, above 0: `9600`, `20M`, `1.5G`, `20Mbit/s`; `max` is Infinity. Decimal prefixes only. `form`: what is said of how to write it. */
export function parseRate(text: string, form = RATE_FORM): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const parts = split(text);
  if (parts === null) {
    if (/^-[0-9.]/.test(text)) throw usage(`"${text}" is negative: a rate is above 0`);
    throw usage(`"${text}" is not a rate: ${form}`);
  }
  const { value, unit } = parts;
  const pps = /^([kKMG]?)pps$/.exec(unit);
  if (pps !== null) throw usage(`"${text}" counts datagrams: write --pps ${value}${pps[1]}`);
  const match = /^([kKmMgGtT]?)(i?)(bit\/s|bits\/s|bit|bps|b\/s|b|B\/s|Bps|B)?$/.exec(unit);
  if (match === null) throw usage(`"${text}" is not a rate: ${form}`);
  const [, prefix, binary, name] = match;
  // iperf's -b takes m and g too, and nobody means a millibit.
  const scale = DECIMAL.get(prefix!.toUpperCase())!;
  if (name?.startsWith('B') === true) {
    const bit = value * scale * 8;
    throw usage(`"${text}" is in octets: a rate is in bit/s, so write ${shortNumber(bit)}${bit < 1000 ? 'bit/s' : ''}`);
  }
  if (binary === 'i') throw usage(`"${text}": rates are decimal (k M G are powers of 1000): write ${value}${prefix}`);
  const bitPerSecond = value * scale;
  if (bitPerSecond <= 0) throw usage(`"${text}": a rate is above 0`);
  if (unit === '' && value < 1000) {
    throw usage(`"${text}" lacks a unit: write ${value}k or ${value}M (or ${value}bit/s if that is meant)`);
  }
  return bitPerSecond;
}

/** Whole octets: `1316`, `64k` (64,000), `8Mi` (8,388,608). */
export function parseSizeOctets(text: string): number {
  const parts = split(text);
  const form = 'octets as 1316, 64k (64,000) or 8Mi (8,388,608)';
  if (parts === null) {
    if (/^-[0-9.]/.test(text)) throw usage(`"${text}" is negative: a size is 0 octets or more`);
    throw usage(`"${text}" is not a size: ${form}`);
  }
  if (/(b|bit|bits)$/.test(parts.unit)) throw usage(`"${text}" is in bits: a size is in octets, as 1316 or 64k`);
  const unit = parts.unit.replace(/B$/, '');
  const scale = DECIMAL.get(unit) ?? BINARY.get(unit.toLowerCase());
  if (scale === undefined) throw usage(`"${text}" is not a size: ${form}`);
  return whole(text, parts.value * scale, 'octets');
}

/** A whole number, 0 or more; `k M G` = 1000. */
export function parseCount(text: string): number {
  const parts = split(text);
  const scale = parts === null ? undefined : DECIMAL.get(parts.unit);
  if (parts === null || scale === undefined) {
    if (/^-[0-9]/.test(text)) throw usage(`"${text}" is negative: a count is 0 or more`);
    throw usage(`"${text}" is not a count: a whole number as 1000, 10k or 1M`);
  }
  return whole(text, parts.value * scale, 'a count');
}

/** A ratio of 0..1: `5%` or `0.05`. */
export function parseRatio(text: string): number {
  const parts = split(text);
  if (parts === null || (parts.unit !== '' && parts.unit !== '%')) {
    throw usage(`"${text}" is not a ratio: write 5% or 0.05`);
  }
  const ratio = parts.unit === '%' ? parts.value / 100 : parts.value;
  if (ratio > 1) {
    const meant = parts.unit === '' && parts.value <= 100 ? `: for ${parts.value} percent write ${parts.value}%` : '';
    throw usage(`"${text}" is above 1${meant === '' ? ' (100%)' : meant}`);
  }
  return ratio;
}

/** Datagrams per second, above 0: `665`, `50k`, `max` (Infinity). */
export function parsePacketsPerSecond(text: string): number {
  return perSecond(text, 'packet rate', 'datagrams');
}

/** Messages per second, as {@link parsePacketsPerSecond}. */
export function parseMessagesPerSecond(text: string): number {
  return perSecond(text, 'message rate', 'messages');
}

function perSecond(text: string, rate: string, what: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const parts = split(text);
  const unit = parts?.unit.replace(what === 'messages' ? /(mps|\/s)$/ : /(pps|\/s)$/, '');
  const scale = unit === undefined ? undefined : DECIMAL.get(unit);
  if (parts === null || scale === undefined) {
    throw usage(`"${text}" is not a ${rate}: ${what} per second as 665, 50k, 1M, or max`);
  }
  const value = parts.value * scale;
  if (value <= 0) throw usage(`"${text}": a ${rate} is above 0`);
  return value;
}

/** `yes no true false on off 1 0`: how a parameter says what a flag says by being there. */
export function parseSwitch(text: string): boolean {
  if (/^(yes|true|on|1)$/.test(text)) return true;
  if (/^(no|false|off|0)$/.test(text)) return false;
  throw usage(`"${text}" is neither yes nor no`);
}

function whole(text: string, value: number, what: string): number {
  const rounded = Math.round(value);
  // 1.1k is 1100.0000000000002 in binary floating point.
  if (Math.abs(value - rounded) > 1e-6) throw usage(`"${text}" is not whole: ${what} must be`);
  if (rounded > Number.MAX_SAFE_INTEGER) throw usage(`"${text}" is too large`);
  return rounded;
}

/** `20M` for 20e6, `1.234G`: at most four significant figures, decimal prefix, no unit. Reads back by {@link parseRate}. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return 'max';
  for (const [scale, prefix] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= scale) return `${Number((value / scale).toPrecision(4))}${prefix}`;
  }
  return String(Number(value.toPrecision(4)));
}

/** Shortest exact writing of whole ns with one unit, readable by {@link parseDurationNs}: `1500ms`, `2m`, `90s`. */
export function formatDurationNs(ns: number): string {
  if (ns === 0) return '0s';
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us'] as const) {
    const scale = TIME_UNITS.get(unit)!;
    if (ns % scale === 0) return `${ns / scale}${unit}`;
  }
  return `${ns}ns`;
}
