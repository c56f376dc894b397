/** What a text report says about channel changes, and the line of each. */
import { formatCount, formatDuration, formatHostPort, formatTimeOfDay, UTC } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { ZapRow } from '../result/buildZap.js';
import type { Zap, ZapChannel } from '../result/model.js';
import { inColumns } from './displayWidth.js';
import { TIME_COLUMNS } from './intervalLine.js';
import { styleOf, type Style, type TextOptions } from './style.js';
import { counted, line } from './textLines.js';
import { timeLines } from './textTimes.js';

/** Of a channel's name: with all other columns 80. */
const NAME_COLUMNS = 25;
const STEP_COLUMNS = 8;

/** Above the lines of {@link zapLine}. */
export function zapHeader(options: TextOptions = {}): string {
  const steps = ['packet', 'PAT', 'PMT', 'picture'];
  const text = columns('time', 'cycle', 'channel', steps);
  return styleOf(options.color ?? false).dim(text);
}

/** `time`: of the join, RFC 3339. */
export function zapLine(row: ZapRow, time: string, options: TextOptions = {}): string {
  const timeOfDay = formatTimeOfDay(time, options.offsetAt ?? UTC);
  const name = row.name ?? formatHostPort(row.group, row.port);
  const text = (steps: readonly string[]): string => columns(timeOfDay, formatCount(row.cycle), name, steps);
  if (row.first_packet_ns === null) return `${text([])}  ${styleOf(options.color ?? false).bad('nothing came')}`;
  const { first_packet_ns, first_pat_ns, first_pmt_ns, first_random_access_ns } = row;
  return text(
    [first_packet_ns, first_pat_ns, first_pmt_ns, first_random_access_ns].map((ns) => formatDuration(ns, '')),
  );
}

function columns(time: string, cycle: string, name: string, steps: readonly string[]): string {
  // A tenth of a second beside an offset: the cell behind it gives way.
  const over = Math.max(0, time.length - TIME_COLUMNS);
  const channel = inColumns(printable(name), NAME_COLUMNS);
  const cells = [time.padEnd(TIME_COLUMNS), cycle.padStart(5 - over), channel];
  return [...cells, ...steps.map((step) => step.padStart(STEP_COLUMNS - 1))].join(' ').trimEnd();
}

/** All changes together, and each channel. */
export function zapBlocks(zap: Zap, most: number, style: Style): string[][] {
  const { channels, attempts, failures } = zap;
  const order = channels.length > 1 ? (zap.shuffled ? ' in random order' : ' in turn') : '';
  const title = `${counted(attempts, 'channel change')}, ${counted(channels.length, 'channel')}${order}`;
  const blocks = [[style.bold(title), ...changeLines(zap, zap.dwell_ns, style)]];
  if (channels.length > 1) {
    // Where not all are shown, those that failed are.
    const shown = channels.length > most ? channels.toSorted((a, b) => b.failures - a.failures) : channels;
    blocks.push(...shown.slice(0, most).map((channel) => channelBlock(channel, zap.dwell_ns, style)));
    if (channels.length > most) blocks.push([`and ${counted(channels.length - most, 'more channel')}`]);
  }
  if (failures < attempts)
    blocks.at(-1)!.push(line('', style.dim('times from the join; picture: a random access point')));
  return blocks;
}

function channelBlock(channel: ZapChannel, dwellNs: number, style: Style): string[] {
  const place = formatHostPort(channel.group, channel.port);
  const title = channel.name === null ? place : `${channel.name}, ${place}`;
  return [style.bold(`channel ${title}`), ...changeLines(channel, dwellNs, style)];
}

type Changes = Omit<ZapChannel, 'endpoint' | 'name' | 'group' | 'port'>;

function changeLines(changes: Changes, dwellNs: number, style: Style): string[] {
  const { attempts, failures, incomplete } = changes;
  const within = `within ${formatDuration(dwellNs)}`;
  const failed = `${formatCount(failures)} of ${formatCount(attempts)}`;
  const block = [line('failed', failures > 0 ? style.bad(`${failed}: nothing came ${within}`) : failed)];
  if (incomplete > 0) {
    const missing = `${formatCount(incomplete)} of ${formatCount(attempts)}: no random access point ${within}`;
    block.push(line('no picture', style.warn(missing)));
  }
  if (changes.first_packet_ns === null) return block;
  const rows = [
    ['packet', changes.first_packet_ns],
    ['PAT', changes.first_pat_ns],
    ['PMT', changes.first_pmt_ns],
    ['picture', changes.first_random_access_ns],
  ] as const;
  // What is no transport stream has but packets.
  const shown = rows.filter(([, summary]) => summary !== null || changes.first_pat_ns !== null);
  return [...block, ...timeLines(shown, style)];
}
