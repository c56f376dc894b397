/** The highest rate that receivers get. */
import { formatCount, formatDuration, formatRate, formatRatio } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { Capacity, CapacitySearch } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';

export const OBSTACLES: Readonly<Record<NonNullable<CapacitySearch['obstacle']>, string>> = {
  sender: "this host's own queue or program, which did not send more",
  network: 'the network, which lost the rest',
  queue: 'a queue on the way, which grew',
  socket_buffer: "a receiver's socket buffer: that host is too slow",
  application: "a receiver's program: that host is too slow",
  silent: 'a receiver that did not answer',
};
export const CAPACITY_STOPS: Readonly<Record<CapacitySearch['stop'], string>> = {
  resolution: 'found: a little more does not hold',
  highest: 'the highest rate that may be tried holds: give --highest-rate',
  lowest: 'not even the lowest rate holds',
  time: 'time was over before it was certain',
  no_reports: 'receivers stopped reporting',
  stopped: 'it was stopped',
};

export function capacityBlocks(capacity: Capacity, most: number, style: Style): string[][] {
  const method = capacity.method === 'binary' ? 'by trials' : 'continuous';
  const of = `${counted(capacity.quorum, 'receiver')} of ${formatCount(capacity.receivers.length)}`;
  const loss = `loss at most ${formatRatio(capacity.max_loss_ratio)}`;
  const blocks = capacity.searches.slice(0, most).map((search) => searchBlock(search, style));
  const title = style.bold(`capacity, ${method}, to ${of}, ${loss}`);
  return [[title, ...(blocks.length === 0 ? [line('', style.bad('nothing was found'))] : [])], ...blocks];
}

function searchBlock(search: CapacitySearch, style: Style): string[] {
  const { rate_bit_per_second: rate, obstacle, stop } = search;
  const block = [style.bold(`${formatCount(search.size_octets)} octets of UDP payload`)];
  const held = rate === 0 ? style.bad('none') : style.good(formatRate(rate));
  block.push(line('rate', `${held} of Ethernet frames${search.confirmed ? '' : style.warn(' (not confirmed)')}`));
  if (rate > 0) {
    const layers = `UDP payload ${formatRate(search.rate_payload_bit_per_second)}, IP ${formatRate(search.rate_ip_bit_per_second)}, wire ${formatRate(search.rate_wire_bit_per_second)}`;
    block.push(...lines('', layers), line('datagrams', `${formatCount(search.rate_packets_per_second)}/s`));
  }
  if (search.failing_bit_per_second !== null)
    block.push(line('does not hold', formatRate(search.failing_bit_per_second)));
  if (obstacle !== null) block.push(...lines('limited by', OBSTACLES[obstacle]));
  for (const one of search.limiting.slice(0, 4)) {
    const why = one.obstacle === null ? '' : ` (${one.obstacle.replaceAll('_', ' ')})`;
    block.push(...lines('', `${printable(one.receiver)} got ${formatRatio(one.delivered_ratio)}${why}`));
  }
  for (const one of search.missing.slice(0, 4)) block.push(...lines('without', printable(one.receiver), style.warn));
  const took = `${formatDuration(search.elapsed_ns)}, ${counted(search.trials.length, 'trial')}`;
  block.push(...lines('search', `${took}: ${CAPACITY_STOPS[stop]}`));
  return block;
}
