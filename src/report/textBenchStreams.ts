/** What a text report says about forwarding of many groups, and about mixed classes. */
import { DASH, formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../core/format.js';
import { dscpName } from '../core/dscp.js';
import { printable } from '../core/printable.js';
import type { BenchClass, BenchClasses, BenchForwarding, HistogramSummary } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';
import { timeLines } from './textTimes.js';

/** Groups that are named: those with something wrong. */
const MOST_NAMED = 8;

type Counts = Pick<BenchForwarding, 'packets_expected' | 'packets_received' | 'packets_lost' | 'loss_ratio'>;

export function forwardingBlock(forwarding: BenchForwarding, style: Style): string[] {
  const { groups, silent, lossy, worst, rate_bit_per_second: rate } = forwarding;
  const block = [style.bold(`forwarding of ${counted(groups, 'group')}`), ...countLines(forwarding, style)];
  const of = (count: number): string => `${formatCount(count)} of ${formatCount(groups)}`;
  block.push(line('rate', `${formatRate(rate)} of UDP payload, all groups together`));
  block.push(line('nothing came', silent > 0 ? style.bad(of(silent)) : of(0)));
  block.push(line('lossy', lossy > 0 ? style.bad(of(lossy)) : of(0)));
  const { group_loss_ratio: loss, group_rate_bit_per_second: rates } = forwarding;
  if (loss !== null)
    block.push(
      ...lines(
        'loss each',
        `p50 ${formatRatio(loss.p50)}, p90 ${formatRatio(loss.p90)}, p99 ${formatRatio(loss.p99)}, most ${formatRatio(loss.max)}`,
      ),
    );
  if (rates !== null)
    block.push(
      ...lines('rate each', `${formatRate(rates.min)} to ${formatRate(rates.max)}, p50 ${formatRate(rates.p50)}`),
    );
  block.push(...delayLines(forwarding, style));
  const wrong = worst.filter(({ streams, packets_lost: lost }) => streams === 0 || (lost ?? 0) > 0);
  for (const one of wrong.slice(0, MOST_NAMED)) {
    const lost = `lost ${formatCount(one.packets_lost)} of ${formatCount(one.packets_expected)}`;
    const what = one.streams === 0 ? 'nothing came' : `${lost} (${formatRatio(one.loss_ratio)})`;
    block.push(line('', style.bad(`${formatHostPort(one.group, one.port)}: ${what}`)));
  }
  const more = silent + lossy - Math.min(wrong.length, MOST_NAMED);
  if (more > 0) block.push(line('', `and ${counted(more, 'more group')}`));
  return block;
}

export function classBlocks({ classes, classes_total }: BenchClasses, most: number, style: Style): string[][] {
  const blocks = classes.slice(0, most).map((one) => classBlock(one, style));
  return [[style.bold(counted(classes_total, 'traffic class', 'traffic classes'))], ...blocks];
}

function classBlock(one: BenchClass, style: Style): string[] {
  const { name, dscp, from, streams, rate_bit_per_second, jitter_ns, dscp_received, remarked } = one;
  const title = `class ${name} (DSCP ${dscp}${from === 'received' ? ' as received' : ''}), ${counted(streams, 'stream')}`;
  const block = [style.bold(title), ...countLines(one, style)];
  block.push(line('rate', `${formatRate(rate_bit_per_second)} of UDP payload`));
  block.push(...delayLines(one, style));
  if (jitter_ns !== null) block.push(line('jitter', `${formatDuration(jitter_ns)} at most of a stream, RFC 3550`));
  const marks = Object.entries(dscp_received ?? {}).map(
    ([mark, count]) => `${dscpName(Number(mark))} ${formatCount(count)}`,
  );
  const came = dscp_received === null ? DASH : printable(marks.join(', '));
  block.push(...lines('DSCP came as', came, (remarked ?? 0) > 0 ? style.warn : undefined));
  return block;
}

function countLines({ packets_expected, packets_received, packets_lost, loss_ratio }: Counts, style: Style): string[] {
  const expected = packets_expected === null ? '' : ` of ${formatCount(packets_expected)} expected`;
  const block = [line('received', `${formatCount(packets_received)} datagrams${expected}`)];
  if (packets_lost === null) return [...block, line('lost', `${DASH}: they are not numbered`)];
  const lost = `${formatCount(packets_lost)} (${formatRatio(loss_ratio)})`;
  return [...block, line('lost', packets_lost > 0 ? style.bad(lost) : style.good(lost))];
}

function delayLines(
  { one_way_delay_ns, pdv_ns }: { one_way_delay_ns: HistogramSummary | null; pdv_ns: HistogramSummary | null },
  style: Style,
): string[] {
  if (one_way_delay_ns === null && pdv_ns === null) return [];
  const rows = [
    ['delay', one_way_delay_ns],
    ['above least', pdv_ns],
  ] as const;
  return timeLines(
    rows.filter(([, summary]) => summary !== null),
    style,
  );
}
