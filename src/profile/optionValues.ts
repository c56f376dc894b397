/** Readers of option values that are more than one quantity. All throw McastError ERR_USAGE. */
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import {
  formatDurationNs,
  type LayeredRate,
  parseCount,
  parseDurationNs,
  parseRateBitPerSecond,
  parseSignedDurationNs,
} from '../core/units.js';
import { REORDER_WINDOW_PACKETS } from '../impair/spec.js';
import type { InjectSpec } from './plan.js';

export function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}

/** A reader of whole numbers within a range. */
export function integerIn(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^0[xX][0-9a-fA-F]+$/.test(text) ? Number(text) : parseCount(text);
    if (value < from || value > to) throw usage(`${text} is out of range: ${from}..${to}`);
    return value;
  };
}

/** Processors, each once, joined by commas. */
export function parseCpus(text: string): readonly number[] {
  const cpus = text.split(',').map(integerIn(0, 4095));
  if (new Set(cpus).size < cpus.length) throw usage(`"${text}" names a processor twice`);
  return cpus;
}

/** A reader of one word out of several, which it names. */
export function oneOf<const T extends string>(
  ...words: readonly T[]
): ((text: string) => T) & { readonly words: readonly T[] } {
  const read = (text: string): T => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw usage(`"${text}" is not one of ${words.join(', ')}${didYouMean(text, words)}`);
    return word;
  };
  return Object.assign(read, { words });
}

/** Any text but none. */
export function parseText(text: string): string {
  if (text === '') throw usage('a value is missing (an unset shell variable?)');
  return text;
}

/** A time above 0. */
export function parseSpanNs(text: string): number {
  const ns = parseDurationNs(text);
  if (ns === 0) throw usage(`"${text}": must be above 0`);
  return ns;
}

/** A reader of times of `leastNs` or more, or 0: never. Oftener than that nobody can send. */
export function neverOrEvery(leastNs: number): (text: string) => number {
  return (text) => {
    const ns = parseDurationNs(text);
    if (ns > 0 && ns < leastNs)
      throw usage(`"${text}" is too short: ${formatDurationNs(leastNs)} or longer, or 0 for never`);
    return ns;
  };
}

/** A reader of times up to `mostNs`. */
export function timeUpTo(mostNs: number): (text: string) => number {
  return (text) => {
    const ns = parseDurationNs(text);
    if (ns > mostNs) throw usage(`"${text}" is too long: at most ${formatDurationNs(mostNs)}`);
    return ns;
  };
}

/** A rate that something has: not `max`. */
export function parseFiniteRate(text: string): LayeredRate {
  const rate = parseRateBitPerSecond(text, 'bit/s as 500k, 20M or 1G');
  if (rate.bitPerSecond === Infinity) throw usage(`"${text}": a link has a rate, as 1G or 100M@wire`);
  return rate;
}

/** What `--payload` names: octets, or a file that holds them. */
export type PayloadSource = { readonly octets: Uint8Array } | { readonly path: string };

/** `text:<words>` (UTF-8), `hex:<digits>`, or a file. */
export function parsePayload(text: string): PayloadSource {
  if (text.startsWith('text:')) {
    if (text === 'text:') throw usage('"text:" holds no text');
    return { octets: new TextEncoder().encode(text.slice(5)) };
  }
  if (text.startsWith('hex:')) {
    const digits = text.slice(4).replaceAll(/[:._-]/g, '');
    if (!/^([0-9a-fA-F]{2})+$/.test(digits)) throw usage(`"${text}" is not hexadecimal: two digits an octet`);
    return { octets: Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16)) };
  }
  return { path: parseText(text) };
}

/** `key=value`. */
export function parseLabel(text: string): readonly [key: string, value: string] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw usage(`"${text}" is not key=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** An instant: absolute, or so much after the start of the command. */
export type Instant = { readonly unixNs: bigint } | { readonly afterNs: number };

const RFC_3339 =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})$/;

/** RFC 3339 with its offset, up to nine decimals; or `+<time>` from now. */
export function parseInstant(text: string): Instant {
  if (text.startsWith('+')) return { afterNs: parseDurationNs(text.slice(1)) };
  const match = RFC_3339.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[4]!.toUpperCase()}`);
  if (match === null || Number.isNaN(ms)) {
    throw usage(
      `"${text}" is not an instant: write 2026-03-01T12:00:00Z, with Z or an offset as +01:00, or +30s from now`,
    );
  }
  return { unixNs: BigInt(ms) * 1_000_000n + BigInt((match[3] ?? '').padEnd(9, '0')) };
}

export interface ReorderWindow {
  readonly ns: number;
  readonly packets: number;
}

/** `<time>`, or `<time>,<packets>`. */
export function parseReorderWindow(text: string): ReorderWindow {
  const comma = text.indexOf(',');
  const packets = comma < 0 ? REORDER_WINDOW_PACKETS : integerIn(1, 1 << 24)(text.slice(comma + 1));
  return { ns: parseSpanNs(comma < 0 ? text : text.slice(0, comma)), packets };
}

const NO_FAULT: Omit<InjectSpec, 'text'> = {
  slowUs: 0,
  stall: null,
  clockOffsetNs: 0,
  clockDriftPpm: 0,
  clockStep: null,
  noStamp: false,
};

/** `slow=<us>`, `stall=<ms>/<s>`, `clock-offset=<time>`, `clock-drift=<ppm>`, `clock-step=<time>@<s>`, `no-stamp`; joined by commas. */
export function parseInject(text: string): InjectSpec {
  const spec: InjectSpec = { ...NO_FAULT, text };
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    Object.assign(spec, readFault(name, equals < 0 ? '' : part.slice(equals + 1)));
  }
  return spec;
}

function readFault(name: string, value: string): Partial<InjectSpec> {
  switch (name) {
    case 'slow':
      return { slowUs: decimal(name, value) };
    case 'stall': {
      const [forMs, everyS] = pair(name, value, '/');
      return { stall: { forMs: decimal(name, forMs), everyS: decimal(name, everyS) } };
    }
    case 'clock-offset':
      return { clockOffsetNs: parseSignedDurationNs(value) };
    case 'clock-drift':
      return { clockDriftPpm: decimal(name, value) };
    case 'clock-step': {
      const [by, atS] = pair(name, value, '@');
      return { clockStep: { byNs: parseSignedDurationNs(by), atS: decimal(name, atS) } };
    }
    case 'no-stamp':
      return { noStamp: true };
    default: {
      const known = ['slow', 'stall', 'clock-offset', 'clock-drift', 'clock-step', 'no-stamp'];
      throw usage(`unknown fault "${name}"${didYouMean(name, known)} (${known.join(' ')})`);
    }
  }
}

function decimal(name: string, text: string): number {
  if (!/^-?[0-9]+(\.[0-9]+)?$/.test(text)) throw usage(`${name}: "${text}" is not a number`);
  return Number(text);
}

function pair(name: string, text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0) throw usage(`${name}: "${text}" is not two values joined by ${separator}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
