/** What happened during a run, as lines of its live text. */
import { formatCount, formatDuration, formatHostPort, formatRatio, formatTimeOfDay, UTC } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { EventRecord, Stream } from '../result/model.js';
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
  const which = options.several === true && event.stream !== null ? ` (${placeOf(event.stream)})` : '';
  return [
    style.dim(fold(`${time} ${head}${which}`, indent)),
    ...reasons.map(([, reason]) => style.warn(fold(`${indent}- ${String(reason)}`, `${indent}  `))),
  ].join('\n');
}

/** How a stream went that has ended while others go on. */
export function streamEndLine(stream: Stream, options: IntervalOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const { metrics, histograms } = stream;
  const time = stream.end === null ? '' : formatTimeOfDay(stream.end, options.offsetAt ?? UTC);
  const lost = metrics.packets_lost ?? 0;
  const delay = histograms?.one_way_delay_ns ?? null;
  const flow = stream.flow === null || stream.flow === '0' ? '' : ` #${stream.flow}`;
  const place = `${printable(stream.name ?? formatHostPort(stream.group, stream.port))}${flow}`;
  const parts = [
    `${place} has ended: received ${formatCount(metrics.packets_received)} of ${formatCount(metrics.packets_expected)}`,
    (lost > 0 ? style.bad : style.good)(`lost ${formatCount(lost)} (${formatRatio(metrics.loss_ratio)})`),
    ...(delay === null ? [] : [`delay p50 ${formatDuration(delay.p50)} p99 ${formatDuration(delay.p99)}`]),
  ];
  return fold(`${time.padEnd(TIME_COLUMNS)} ${parts.join(', ')}`, ' '.repeat(TIME_COLUMNS + 1));
}

/** Where a stream goes, and which flow of a sender's run it is, by its id: `group:port/source:port/interface/flow/run`. */
function placeOf(id: string): string {
  const [to, , , flow, run] = id.split('/');
  return run === undefined || flow === '0' ? to! : `${to} #${flow}`;
}
