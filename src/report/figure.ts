/** Figures as people read them, by their unit: one way for all reports. */
import { dscpName } from '../core/dscp.js';
import { DASH, formatCount, formatDuration, formatRate, formatRatio } from '../core/format.js';
import type { MetricUnit } from '../metrics/metricDescriptor.js';
import type { LimitResult } from '../result/model.js';

/** Of `streams[].metrics` and of other figures with a unit of the catalogue's. `null` is a dash. */
export function formatUnit(value: number | null, unit: MetricUnit): string {
  if (value === null) return DASH;
  switch (unit) {
    case 'ratio':
      return formatSignedRatio(value);
    case 'bit/s':
      return formatRate(value);
    case 'packets/s':
      return `${formatQuantity(value)}/s`;
    case 'ns':
      return formatDuration(value);
    case 'dscp':
      return dscpName(value);
    default:
      return formatQuantity(value);
  }
}

/** By the unit that its name in the document says, as those of limits do: `one_way_delay_ns.p99`, `loss_ratio`. */
export function formatNamed(name: string, value: number | null): string {
  if (value === null) return DASH;
  if (/_ns(?:$|\.(?!count|clamped))/u.test(name)) return formatDuration(value);
  if (/_ratio$|_share$/u.test(name)) return formatSignedRatio(value);
  if (name.endsWith('bit_per_second')) return formatRate(value);
  return formatQuantity(value);
}

/** A value, a limit or a margin of a judged limit. */
export function formatLimitFigure({ expression }: LimitResult, value: number | string): string {
  if (typeof value === 'string') return value;
  const [name = '', what] = expression.replace(/^each /u, '').split(' ');
  return what === 'regression' ? formatSignedRatio(value) : formatNamed(name, value);
}

/** A margin may be negative, a ratio's too. */
export function formatSignedRatio(ratio: number): string {
  return ratio < 0 ? `-${formatRatio(-ratio)}` : formatRatio(ratio);
}

/** A count, or a mean of counts with three significant figures. */
export function formatQuantity(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}
