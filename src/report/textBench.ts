/** What a text report says about benchmarks, and the line of each cycle of joining and leaving. */
import { formatCount, formatDuration, formatRate, formatTimeOfDay, UTC } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { BenchRow } from '../result/buildBench.js';
import type { Bench, BenchDelays, BenchGroups, BenchMembership } from '../result/model.js';
import { TIME_COLUMNS } from './intervalLine.js';
import { styleOf, type Style, type TextOptions } from './style.js';
import { classBlocks, forwardingBlock } from './textBenchStreams.js';
import { counted, line, lines } from './textLines.js';
import { timeLines } from './textTimes.js';

/** A line with what was wrong stays within 80 columns. */
const COLUMNS = 8;

/** Above the lines of {@link benchLine}. */
export function benchHeader(options: TextOptions = {}): string {
  const text = columns('time', 'cycle', ['join', 'report', 'leave', 'report']);
  return styleOf(options.color ?? false).dim(text);
}

/** `time`: of the join, RFC 3339. */
export function benchLine(row: BenchRow, time: string, options: TextOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const { join_ns, join_report_ns, leave_ns, leave_report_ns } = row;
  const cells = [join_ns, join_report_ns, leave_ns, leave_report_ns].map((ns) => formatDuration(ns, ''));
  const text = columns(formatTimeOfDay(time, options.offsetAt ?? UTC), formatCount(row.cycle), cells);
  const wrong = [
    join_ns === null ? 'nothing came' : row.unpruned ? 'not pruned' : null,
    row.stayed ? 'did not end' : null,
  ].filter((one) => one !== null);
  return wrong.length === 0 ? text : `${text}  ${style.bad(wrong.join(', '))}`;
}

function columns(time: string, cycle: string, cells: readonly string[]): string {
  const over = Math.max(0, time.length - TIME_COLUMNS);
  const head = `${time.padEnd(TIME_COLUMNS)} ${cycle.padStart(5 - over)}`;
  return [head, ...cells.map((cell) => cell.padStart(COLUMNS))].join(' ').trimEnd();
}

export function benchBlocks(bench: Bench, most: number, style: Style): string[][] {
  const { delays, groups, forwarding, classes } = bench;
  return [
    ...(delays === null ? [] : delayBlocks(delays, style)),
    ...(groups === null ? [] : [groupsBlock(groups, style)]),
    ...(forwarding === null ? [] : [forwardingBlock(forwarding, style)]),
    ...(classes === null ? [] : classBlocks(classes, most, style)),
  ];
}

/** Why a group did not come. */
export const OBSTACLES: Readonly<Record<NonNullable<BenchGroups['failed']>['obstacle'], string>> = {
  host_limit: 'this host refuses to join more',
  host_filter: 'this host drops it',
  network_limit: 'a switch or router on the way',
  absent: 'not known: it came at no time',
};

function groupsBlock(groups: BenchGroups, style: Style): string[] {
  const { capacity, failed, silent, silent_groups, flooded_at, join_ns } = groups;
  const block = [style.bold(`group capacity, up to ${counted(groups.groups, 'group')}`)];
  const held = capacity === 0 ? style.bad('none') : style.good(formatCount(capacity));
  block.push(line('delivered', `${held}${failed === null ? ', all that were asked for' : ''}`));
  if (failed !== null) {
    block.push(line('failed', `${formatCount(failed.number)}: ${printable(failed.group)}`));
    block.push(...lines('limited by', OBSTACLES[failed.obstacle]), ...lines('', printable(failed.reason)));
    if (failed.membership !== null) block.push(...lines('kernel', printable(failed.membership)));
    if (failed.seen_on_interface !== null)
      block.push(line('interface', failed.seen_on_interface ? 'it was seen there' : 'it was not seen there'));
  }
  if (silent > 0) {
    const names = `${printable(silent_groups.join(' '))}${silent > silent_groups.length ? ' ...' : ''}`;
    block.push(...lines('fell silent', `${counted(silent, 'group')} when all were joined: ${names}`, style.bad));
  }
  if (flooded_at !== null) {
    const when = flooded_at === 0 ? 'before any was joined' : `with ${counted(flooded_at, 'group')} joined`;
    block.push(
      ...lines(
        'flooded',
        `the last group came unasked ${when}: since then nothing on the way holds groups back, as a switch whose table is full`,
        style.warn,
      ),
    );
  }
  if (join_ns !== null) block.push(...timeLines([['join', join_ns]], style));
  return block;
}

function delayBlocks(delays: BenchDelays, style: Style): string[][] {
  const { loaded, attempts } = delays;
  const blocks = [
    [style.bold(`group join and leave delay, ${counted(attempts, 'cycle')}`), ...cycleLines(delays, delays, style)],
  ];
  if (loaded !== null) {
    const load = `${formatRate(loaded.rate_bit_per_second)} of UDP payload, ${counted(loaded.datagrams, 'datagram')}`;
    const title = style.bold(`the same beside background load, ${counted(loaded.attempts, 'cycle')}`);
    const from = printable(loaded.endpoints.join(' '));
    const came = loaded.datagrams === 0 ? style.bad('nothing came of it') : load;
    blocks.push([title, ...lines('background', from), line('', came), ...cycleLines(loaded, delays, style)]);
  }
  blocks.at(-1)!.push(...lines('', `${delays.clock}; network: from this host's report (RFC 2432)`, style.dim));
  return blocks;
}

function cycleLines(
  { attempts, spacing_ns, join, leave }: BenchMembership,
  { dwell_ns }: BenchDelays,
  style: Style,
): string[] {
  const within = `within ${formatDuration(dwell_ns)}`;
  const of = (count: number): string => `${formatCount(count)} of ${formatCount(attempts)}`;
  const block = [line('nothing came', join.timeouts > 0 ? style.bad(`${of(join.timeouts)} ${within}`) : of(0))];
  if (join.unpruned > 0) {
    const text = `${of(join.unpruned)}: the group came before it was joined, so nothing here holds it back`;
    block.push(...lines('not pruned', text, style.warn));
  }
  if (leave.timeouts > 0) block.push(line('did not end', style.bad(`${of(leave.timeouts)} ${within}`)));
  if (spacing_ns !== null)
    block.push(line('spacing', `${formatDuration(spacing_ns)} between datagrams: no delay is finer`));
  const rows = [
    ['join', join.delay_ns],
    ['  report', join.report_ns],
    ['  network', join.network_ns],
    ['leave', leave.delay_ns],
    ['  report', leave.report_ns],
    ['  network', leave.network_ns],
  ] as const;
  const known = rows.filter(([, summary]) => summary !== null);
  if (known.length > 0) block.push(...timeLines(known, style));
  if (leave.why_not !== null) block.push(...lines('leave', `not measured: ${leave.why_not}`, style.warn));
  return block;
}
