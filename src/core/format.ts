/**
 * Quantities as people read them. `null` and numbers that are none become a dash. Writing for
 * programs is another matter: documents carry plain numbers.
 */

/** Stands for what was not measured. */
export const DASH = '-';

function missing(value: number | null): value is null {
  return value === null || !Number.isFinite(value);
}

/** Three significant figures, never an exponent. */
function figures(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 99.95 || magnitude === 0) return value.toFixed(0);
  if (magnitude >= 9.995) return value.toFixed(1);
  return value.toFixed(magnitude >= 0.9995 ? 2 : 3);
}

const DECIMAL = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

function prefixed(value: number, from: number): [text: string, prefix: string] {
  for (const [scale, prefix] of DECIMAL) {
    // 999.96 k reads 1.00 M: the prefix follows from what will be written.
    if (scale >= from && Math.abs(value) >= scale * 0.9995) return [figures(value / scale), prefix];
  }
  return [Number.isInteger(value) ? String(value) : figures(value), ''];
}

/** `20.0 Mbit/s`, `950 bit/s`. Decimal prefixes. */
export function formatRate(bitPerSecond: number | null): string {
  if (missing(bitPerSecond)) return DASH;
  const [text, prefix] = prefixed(bitPerSecond, 1e3);
  return `${text} ${prefix}bit/s`;
}

/** `19,037`. Whole numbers with groups of three. */
export function formatCount(count: number | null): string {
  if (missing(count)) return DASH;
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** At most five characters: `9999`, `19.0k`, `1.90M`. */
export function formatShortCount(count: number | null): string {
  if (missing(count)) return DASH;
  if (Math.abs(count) < 10_000) return String(Math.round(count));
  const [text, prefix] = prefixed(count, 1e3);
  return text + prefix;
}

/** `412 us`, `1.23 ms`, `-50.0 ms`, `10.0 s`, `1 h 02 min`. `gap` stands between number and unit. */
export function formatDuration(ns: number | null, gap = ' '): string {
  if (missing(ns)) return DASH;
  const magnitude = Math.abs(ns);
  if (magnitude >= 119.5e9) return formatLongDuration(ns);
  // 999.96 us reads 1.00 ms: the unit follows from what will be written.
  if (magnitude >= 0.9995e9) return figures(ns / 1e9) + gap + 's';
  if (magnitude >= 0.9995e6) return figures(ns / 1e6) + gap + 'ms';
  if (magnitude >= 0.9995e3) return figures(ns / 1e3) + gap + 'us';
  return Math.round(ns) + gap + 'ns';
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function formatLongDuration(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const seconds = Math.round(Math.abs(ns) / 1e9);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${sign}${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${sign}${hours} h ${two(minutes % 60)} min`;
  return `${sign}${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/**
 * `0.194 %`. Never rounds to what is not so: something is not `0 %`, and less than everything is not
 * `100 %`.
 */
export function formatRatio(ratio: number | null): string {
  if (missing(ratio)) return DASH;
  const percent = ratio * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent > 0 && percent < 0.0001) return '<0.0001 %';
  if (percent > 99.9999 && percent < 100) return '>99.9999 %';
  if (percent > 99 && percent < 100) return `${trimmed(Math.floor(percent * 1e4) / 1e4, 4)} %`;
  if (percent < 0.01) return `${percent.toFixed(4)} %`;
  return `${figures(percent)} %`;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/0+$/u, '');
}

/** `1.32 MB`: decimal, octets. */
export function formatOctets(octets: number | null): string {
  if (missing(octets)) return DASH;
  const [text, prefix] = prefixed(octets, 1e3);
  return `${text} ${prefix}B`;
}

/** `239.1.1.1:5001`, `[ff15::1]:5001`. */
export function formatHostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Milliseconds since 1970 of an RFC 3339 time. */
export function unixMsOf(instant: string): number {
  return Date.parse(instant.replace(/(\.\d{3})\d+/u, '$1'));
}

/** Minutes that local time is ahead of UTC at an instant. Who knows the time zone passes it; UTC is 0. */
export type OffsetMinutesAt = (unixMs: number) => number;

export const UTC: OffsetMinutesAt = () => 0;

/** `+01:00`, or `Z` for UTC. */
export function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const magnitude = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(magnitude / 60))}:${two(magnitude % 60)}`;
}

/** `12:34:56+01:00`, with a decimal where the second is not whole. */
export function formatTimeOfDay(instant: string, offsetAt: OffsetMinutesAt): string {
  return wall(instant, offsetAt, 11);
}

/** `2026-11-22 12:34:56+01:00`. */
export function formatDateTime(instant: string, offsetAt: OffsetMinutesAt): string {
  return wall(instant, offsetAt, 0).replace('T', ' ');
}

function wall(instant: string, offsetAt: OffsetMinutesAt, from: number): string {
  // To a tenth: intervals are cut at whole multiples, and nobody reads microseconds of a clock.
  const unixMs = Math.round(unixMsOf(instant) / 100) * 100;
  const offset = offsetAt(unixMs);
  const text = new Date(unixMs + offset * 60_000).toISOString();
  const tenth = text[20] === '0' ? '' : `.${text[20]}`;
  return text.slice(from, 19) + tenth + formatOffset(offset);
}
