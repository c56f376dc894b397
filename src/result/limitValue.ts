import { parseDscp } from '../core/dscp.js';
import { McastError } from '../core/errors.js';
import { METRICS } from '../metrics/catalog.js';
import {
  parseCount,
  parsePacketsPerSecond,
  parseRate,
  parseRatio,
  parseSignedDurationNs,
  parseSizeOctets,
} from '../core/units.js';
import type { LimitTarget } from './limitNames.js';

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu;

/** Unit of a figure, from the catalogue or from its name. */
function unitOf(target: LimitTarget): string {
  if (target.kind === 'metric') return METRICS[target.id].unit;
  if (target.kind === 'histogram') return target.figure === 'count' || target.figure === 'clamped' ? 'count' : 'ns';
  const path = target.kind === 'path' ? target.path : [target.key];
  const last = path.at(-1)!;
  if (last === 'verdict') return 'verdict';
  if (last === 'count' || last === 'clamped') return 'count';
  const name = path.find((part) => /_ns$|_ratio$|_share$|bit_per_second$|packets_per_second$|octets/u.test(part)) ?? '';
  if (name.endsWith('_ns')) return 'ns';
  if (/_ratio$|_share$/u.test(name)) return 'ratio';
  if (name.endsWith('bit_per_second')) return 'bit/s';
  if (name.endsWith('packets_per_second')) return 'packets/s';
  return name === '' ? 'count' : 'octets';
}

/**
 * A limit's value in the unit of what it is compared with. A bare number is in the unit that the name
 * says (`jitter_ns=500000`); with a unit it may be written as on the command line (`500us`, `0.1%`,
 * `8M`, `af41`). Throws ERR_USAGE.
 */
export function parseLimitValue(target: LimitTarget, text: string): number | string {
  const unit = unitOf(target);
  if (unit === 'verdict') {
    if (text === 'valid' || text === 'degraded' || text === 'invalid') return text;
    throw new McastError('ERR_USAGE', `"${text}" is no verdict: valid, degraded or invalid`);
  }
  if (unit === 'ratio') {
    // Beyond 0..1 a ratio is a mistake: 5 for 5 %.
    return parseRatio(text);
  }
  if (unit === 'dscp') return parseDscp(text);
  if (PLAIN.test(text)) return Number(text);
  if (unit === 'ns') return parseSignedDurationNs(text);
  if (unit === 'bit/s') return parseRate(text);
  if (unit === 'packets/s') return parsePacketsPerSecond(text);
  if (unit === 'octets') return parseSizeOctets(text);
  return parseCount(text);
}
