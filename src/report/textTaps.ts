/** What a text report says about two captures that were compared. */
import { formatCount, formatHostPort, formatRatio } from '../core/format.js';
import type { Taps, TapStream } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';
import { timeLines } from './textTimes.js';

/** Loss ranges shown of a stream. */
const RANGES = 5;

export function tapsBlock(taps: Taps, most: number, style: Style): string[] {
  const block = [style.bold(`between two captures: ${taps.first.capture} and ${taps.second.capture}`)];
  const compared = taps.streams_compared;
  block.push(line('compared', `${counted(compared, 'stream')} of ${formatCount(taps.streams_total)}`));
  for (const [count, where] of [
    [taps.streams_only_first, 'first'],
    [taps.streams_only_second, 'second'],
  ] as const) {
    if (count > 0) block.push(line('', style.warn(`${counted(count, 'stream')} in the ${where} capture only`)));
  }
  for (const [name, tap] of [
    ['first', taps.first],
    ['second', taps.second],
  ] as const) {
    if ((tap.missed ?? 0) > 0) block.push(line(name, style.bad(`the capture missed ${counted(tap.missed!, 'frame')}`)));
    if (tap.fault !== null) block.push(...lines(name, tap.fault, style.warn));
  }
  if (taps.packets_uncounted > 0) {
    block.push(line('', style.bad(`no room in memory for ${counted(taps.packets_uncounted, 'datagram')}`)));
  }
  if (compared > 1) block.push(...figureLines(taps, style));
  for (const stream of taps.streams.slice(0, most)) block.push(...streamLines(stream, style));
  const more = taps.streams_total - Math.min(most, taps.streams.length);
  if (more > 0) block.push(line('', `and ${counted(more, 'more stream')}`));
  return block;
}

function streamLines(stream: TapStream, style: Style): string[] {
  const place = `${stream.format} ${formatHostPort(stream.group, stream.port)}`;
  const flow = stream.flow === null ? '' : `, flow ${stream.flow}, run ${stream.sender_run}`;
  const block = [line(`${place}${flow}`, '')].map((text) => text.trimEnd());
  if (stream.not_compared !== null) {
    const { first, second } = stream;
    block.push(
      line('received', `${formatCount(first.packets_received)} and ${formatCount(second.packets_received)}`),
      ...lines('not compared', stream.not_compared, style.warn),
    );
    return block;
  }
  block.push(...figureLines({ ...stream }, style));
  const ranges = stream.loss_map ?? [];
  if (ranges.length > 0) {
    const shown = ranges.slice(0, RANGES).map(({ first, count }) => (count === 1 ? first : `${first} (${count})`));
    const more = ranges.length > RANGES ? ' ...' : '';
    block.push(...lines('lost numbers', `${shown.join(', ')}${more}`));
  }
  return block;
}

type Figures = Omit<TapStream, 'format' | 'group' | 'port' | 'flow' | 'sender_run' | 'not_compared'> | Taps;

function figureLines(of: Figures, style: Style): string[] {
  const lost = `${formatCount(of.packets_lost)} (${formatRatio(of.loss_ratio)})`;
  const block = [
    line('in both', formatCount(of.packets_matched)),
    line('lost between', (of.packets_lost ?? 0) > 0 ? style.bad(lost) : lost),
  ];
  if ((of.packets_only_second ?? 0) > 0) block.push(line('only second', formatCount(of.packets_only_second)));
  const { first, second } = of;
  if (first.packets_duplicated + second.packets_duplicated > 0) {
    block.push(
      line('duplicated', `${formatCount(first.packets_duplicated)} and ${formatCount(second.packets_duplicated)}`),
    );
  }
  if (first.packets_outside + second.packets_outside > 0) {
    const outside = `${formatCount(first.packets_outside)} and ${formatCount(second.packets_outside)}`;
    block.push(...lines('outside', `${outside}, when only one of both captures ran`));
  }
  if ((of.packets_reordered ?? 0) > 0) {
    block.push(line('reordered', `${formatCount(of.packets_reordered)} (${formatRatio(of.reordered_ratio)})`));
  }
  if (of.delay_ns === null || of.delay_above_min_ns === null) return block;
  block.push(
    ...timeLines(
      [
        ['delay', of.delay_ns],
        ['above minimum', of.delay_above_min_ns],
      ],
      style,
    ),
    ...lines('', 'delay contains the offset between the clocks of both captures; above its minimum it does not'),
  );
  return block;
}
