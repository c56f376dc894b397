/** Readers of values of options about captures. All throw McastError ERR_USAGE. */
import { formatAddress, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import type { Nanos } from '../core/time.js';
import { parseCount, parseDurationNs } from '../core/units.js';
import { parseInstant, usage } from './optionValues.js';
import type { CapturedGroup, CaptureMoment, GroupMap } from './plan.js';

/** `239.1.1.1`, `239.1.1.1:5000`, `ff15::1`, `[ff15::1]:5000`. */
export function parseCapturedGroup(text: string): CapturedGroup {
  const match =
    /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? /^([0-9.]+)(?::(\d+))?$/.exec(text) ?? /^([^[\]]+)$/.exec(text);
  const address = match === null ? null : parseAddress(match[1]!);
  if (match === null || address === null)
    throw usage(`"${text}" is no group: 239.1.1.1, 239.1.1.1:5000, [ff15::1]:5000`);
  const port = match[2] === undefined ? null : parseCount(match[2]);
  if (port !== null && (port < 1 || port > 65_535)) throw usage(`"${text}": a port is 1..65535`);
  return { group: formatAddress(address), port };
}

/** `old=new`, a group each, with a port or without. */
export function parseGroupMap(text: string): GroupMap {
  const [from, to, more] = text.split('=');
  if (from === undefined || to === undefined || more !== undefined || from === '' || to === '') {
    throw usage(`"${text}" is no map: <captured group>=<group>, as 239.1.1.1:5000=239.2.2.2:6000`);
  }
  return { from: parseCapturedGroup(from), to: parseCapturedGroup(to) };
}

/** As it is written on the command line. */
export function formatCapturedGroup({ group, port }: CapturedGroup): string {
  return port === null ? group : formatHostPort(group, port);
}

/** Slower takes for ever, faster is as fast as can be. */
const SPEEDS = [0.01, 1000] as const;

export function parseSpeed(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(speed >= SPEEDS[0] && speed <= SPEEDS[1]))
    throw usage(`"${text}" is no speed: ${SPEEDS[0]}..${SPEEDS[1]}, as 2`);
  return speed;
}

/** `10s`, `2026-03-01T12:00:00Z` or `09:30:00.5`. */
export function parseMoment(text: string): CaptureMoment {
  const time = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/.exec(text);
  if (time === null) return /^\d{4}-/.test(text) ? parseInstant(text) : { afterNs: behindFirst(text) };
  const [hours, minutes, seconds] = [Number(time[1]), Number(time[2]), Number(time[3])] as const;
  if (hours > 23 || minutes > 59 || seconds > 59) throw usage(`"${text}" is no time of day: 00:00:00..23:59:59`);
  const fractionNs = Number((time[4] ?? '').padEnd(9, '0'));
  return { sinceMidnightNs: ((hours * 60 + minutes) * 60 + seconds) * 1e9 + fractionNs };
}

function behindFirst(text: string): Nanos {
  try {
    return parseDurationNs(text);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    throw usage(
      `"${text}" is no moment: write a time behind the first frame (10s), a time of day (09:30:00), or an instant (2026-03-01T12:00:00Z)`,
    );
  }
}

/** An IANA name of a time zone, as this Node knows it. */
export function parseZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw usage(`"${text}" is no time zone: write a name as Europe/Vienna, America/New_York or UTC`);
  }
}
