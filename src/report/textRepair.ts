/** What a text report says about FEC, arbitration of two legs, and outputs. */
import { DASH, formatCount, formatOctets, formatRatio } from '../core/format.js';
import type { Arbitration, ArbitrationStream, Output, SenderRecovery, Stream } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';
import { timeLines } from './textTimes.js';

/** Ranges of messages given up that the text names. */
const RANGES_TOLD = 8;

export function fecLines({ fec, metrics, after }: Stream, style: Style): string[] {
  if (fec === null) return [];
  if (fec.packets_heard === 0) return lines('FEC', 'no FEC packet came', style.warn);
  const rows = fec.has_rows ? '' : ', columns only';
  const matrix = fec.columns === null || fec.rows === null ? '' : `${fec.columns} x ${fec.rows}${rows}; `;
  const lost = after === null ? '' : `; lost ${lostOf(metrics)} before, ${lostOf(after.metrics)} after`;
  const text = `${matrix}${formatCount(fec.packets_heard)} heard, ${formatCount(fec.packets_recovered)} recovered${lost}`;
  const block = lines('FEC', text);
  const faults = [
    [fec.packets_malformed, 'malformed'],
    [fec.packets_out_of_window, 'out of reach'],
    [fec.packets_inconsistent, 'contradicting the media'],
  ] as const;
  const told = faults.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  if (told.length > 0) block.push(...lines('', told.join(', '), style.warn));
  return block;
}

/** What was missing on all lines, and what became of it. */
export function recoveryLines({ recovery }: Stream, style: Style): string[] {
  if (recovery === null) return [];
  const { messages_missed, messages_came, messages_recovered, messages_unrecovered, requests } = recovery;
  if (messages_missed === 0) return lines('recovery', 'nothing was missing');
  const missing = `${counted(messages_missed, 'message')} missing, ${formatCount(messages_came)} came late`;
  const text = `${missing}, ${formatCount(messages_recovered)} recovered by ${counted(requests, 'request')}`;
  const block = lines('recovery', text);
  if (recovery.timeouts > 0) block.push(...lines('', `${counted(recovery.timeouts, 'request')} without an answer`));
  if (recovery.recovery_ns !== null) {
    block.push(...timeLines([['  took', recovery.recovery_ns]], style));
  }
  if (messages_unrecovered === 0) return block;
  const ranges = recovery.unrecovered.slice(0, RANGES_TOLD);
  const told = ranges.map(({ first, last }) => (first === last ? first : `${first}..${last}`)).join(', ');
  const more = recovery.unrecovered.length > ranges.length || recovery.unrecovered_unlisted > 0 ? ', ...' : '';
  block.push(...lines('  given up', `${counted(messages_unrecovered, 'message')}: ${told}${more}`, style.bad));
  return block;
}

/** What a sender answered. */
export function answeringLines(recovery: SenderRecovery | null, style: Style): string[] {
  if (recovery === null) return [];
  const { requests, clients, answered, messages, datagrams } = recovery;
  const asked = `${counted(requests, 'request')} by ${counted(clients, 'host')}, ${formatCount(answered)} answered`;
  const block = lines('recovery', `${asked}: ${counted(messages, 'message')} in ${counted(datagrams, 'datagram')}`);
  const faults = [
    [recovery.refused, 'refused by the limit on the rate'],
    [recovery.unavailable, 'messages not kept any more'],
    [recovery.out_of_range, 'for what was not sent'],
    [recovery.foreign, 'for another session'],
    [recovery.malformed, 'malformed'],
    [recovery.not_sent, 'answers not sent'],
    [recovery.not_kept, 'messages never kept'],
  ] as const;
  const told = faults.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  if (told.length > 0) block.push(...lines('', told.join(', '), style.warn));
  return block;
}

function lostOf(metrics: Stream['metrics']): string {
  return formatCount(metrics.messages_lost ?? metrics.packets_lost);
}

export function arbitrationBlock(arbitration: Arbitration, most: number, style: Style): string[] {
  const { streams, legs } = arbitration;
  const total = arbitration.streams_total ?? streams.length;
  const block = [style.bold(`arbitration of two legs${total > 1 ? `, ${counted(total, 'pair')}` : ''}`)];
  if (arbitration.packets_expected !== null)
    block.push(line('expected', expectedText(arbitration.packets_expected, arbitration.unit)));
  for (const leg of legs) {
    const lost = `lost ${formatCount(leg.packets_lost)} (${formatRatio(leg.loss_ratio)})`;
    const shown = (leg.packets_lost ?? 0) > 0 ? style.warn(lost) : lost;
    const received = `received ${formatCount(leg.packets_received)}`;
    block.push(line(`leg ${leg.leg}`, `${received}, ${shown}, first with ${formatRatio(leg.first_arrival_share)}`));
  }
  const { both_lost: both, remaining_lost: remaining, skew_ns: skew } = arbitration;
  const after = `after repair ${formatCount(remaining)}`;
  block.push(line('both lost', `${formatCount(both)}; ${remaining > 0 ? style.bad(after) : style.good(after)}`));
  if (skew !== null) {
    block.push(...timeLines([['skew', skew]], style));
    block.push(line('', style.dim('skew: arrival on leg b minus arrival on leg a')));
  }
  if (total > 1) block.push(...pairLines(streams, most, style));
  return block;
}

function expectedText(expected: number, unit: Arbitration['unit']): string {
  return unit === null ? formatCount(expected) : counted(expected, unit);
}

/** Pairs of which something is missing in the end. */
function pairLines(streams: readonly ArbitrationStream[], most: number, style: Style): string[] {
  const wanting = streams.filter((pair) => pair.remaining_lost > 0);
  const block = wanting.slice(0, most).flatMap((pair) => {
    const legs = pair.legs.map(({ leg, packets_lost }) => `leg ${leg} lost ${formatCount(packets_lost)}`).join(', ');
    const name = pair.name ?? pair.legs.find(({ stream }) => stream !== null)?.stream ?? DASH;
    return lines(
      'remaining',
      `${name}: ${legs}, both ${formatCount(pair.both_lost)}, after repair ${formatCount(pair.remaining_lost)}`,
      style.bad,
    );
  });
  if (wanting.length > most) block.push(line('', `and ${counted(wanting.length - most, 'more pair')} with losses`));
  return block;
}

export function outputsBlock(outputs: readonly Output[], most: number, style: Style): string[] {
  const block = [style.bold(counted(outputs.length, 'output'))];
  for (const { name, datagrams, octets, dropped, failure } of outputs.slice(0, most)) {
    block.push(...lines('output', `${name}: ${counted(datagrams, 'datagram')}, ${formatOctets(octets)}`));
    if (dropped > 0) block.push(...lines('', `it did not take ${counted(dropped, 'datagram')}`, style.bad));
    if (failure !== null) block.push(...lines('', `ended early: ${failure}`, style.bad));
  }
  if (outputs.length > most) block.push(line('', `and ${counted(outputs.length - most, 'more output')}`));
  return block;
}
