/** What a text report says about micro-bursts. */
import { formatCount, formatDuration, formatOctets, formatRate } from '../core/format.js';
import type { Bursts, Stream } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';

/** Windows of the one line, ns. */
const SHOWN_NS: ReadonlySet<number> = new Set([100e3, 1e6, 100e6]);

/** One line with the peaks of three windows; all windows, the largest bursts and the queue where that was asked for. */
export function burstLines({ bursts, not_measured }: Stream, style: Style): string[] {
  if (bursts === null) return [];
  const block = bursts.queue === null ? lines('bursts', summary(bursts)) : tableLines(bursts, bursts.queue, style);
  const doubt = not_measured['bursts'];
  if (doubt !== undefined) block.push(...lines('', doubt, style.dim));
  return block;
}

function summary({ windows }: Bursts): string {
  return windows
    .filter(({ window_ns }) => SHOWN_NS.has(window_ns))
    .map((one) => `${atMost(one)}${formatRate(one.peak_bit_per_second)} in ${formatDuration(one.window_ns)}`)
    .join(', ');
}

/** A peak that is not exact is an upper bound. */
function atMost({ excess_ns }: Bursts['windows'][number]): string {
  return excess_ns > 0 ? '<' : '';
}

type Queue = NonNullable<Bursts['queue']>;

function queueText(queue: Queue): string {
  const layer = queue.drain_layer === 'payload' ? '' : `@${queue.drain_layer}`;
  const rate = `${formatRate(queue.drain_bit_per_second)}${layer}`;
  return `at ${rate} ${formatOctets(queue.max_octets)} (${formatDuration(queue.max_ns)})`;
}

function tableLines(bursts: Bursts, queue: Queue, style: Style): string[] {
  const { windows, largest, clamped_datagrams: clamped } = bursts;
  const block = [line('bursts', style.dim(row('window', 'peak', 'octets', 'datagrams', 'at')))];
  for (const one of windows) {
    const peak = atMost(one) + formatRate(one.peak_bit_per_second);
    const cells = [formatCount(one.peak_octets), formatCount(one.peak_datagrams), formatDuration(one.at_ns)];
    block.push(line('', row(formatDuration(one.window_ns), peak, ...cells)));
  }
  if (largest.length > 0) block.push(line('  largest', style.dim(row('lasts', '', 'octets', 'datagrams', 'from'))));
  for (const { duration_ns, octets, datagrams, start_ns } of largest) {
    const cells = [formatCount(octets), formatCount(datagrams), formatDuration(start_ns)];
    block.push(line('', row(formatDuration(duration_ns), '', ...cells)));
  }
  const { p50, p99 } = queue.delay_ns;
  const waits = `delay p50 ${formatDuration(p50)}, p99 ${formatDuration(p99)}`;
  block.push(...lines('  queue', `${queueText(queue)}, ${formatDuration(queue.at_ns)} into the run; ${waits}`));
  if (clamped > 0) block.push(line('', `${counted(clamped, 'stamp')} went back in time`));
  return block;
}

/** Within 64 columns. */
function row(window: string, peak: string, ...cells: string[]): string {
  return window.padStart(8) + peak.padStart(16) + cells.map((cell) => cell.padStart(13)).join('');
}
