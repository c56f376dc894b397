/** What happened during a run, as lines of its live text. */
import { formatTimeOfDay, UTC } from '../core/format.js';
import type { EventRecord } from '../result/model.js';
import { fold } from './fold.js';
import { TIME_COLUMNS, type IntervalOptions } from './intervalLine.js';
import { styleOf } from './style.js';

/** In the column of times that {@link intervalLines} has, the likeliest reasons of a silence below it. */
export function eventLine(event: EventRecord, options: IntervalOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const time = formatTimeOfDay(event.time, options.offsetAt ?? UTC).padEnd(TIME_COLUMNS);
  const indent = ' '.repeat(TIME_COLUMNS + 1);
  const reasons = Object.entries(event.detail).filter(([name]) => /^reason_\d+$/u.test(name));
  const head = reasons.length === 0 ? event.text : event.text.slice(0, event.text.indexOf(':') + 1);
  const which = options.several === true && event.stream !== null ? ` (${event.stream.split('/')[0]})` : '';
  return [
    style.dim(fold(`${time} ${head}${which}`, indent)),
    ...reasons.map(([, reason]) => style.warn(fold(`${indent}- ${String(reason)}`, `${indent}  `))),
  ].join('\n');
}
