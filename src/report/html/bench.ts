/** Benchmarks of what forwards multicast. */
import { dscpName } from '../../core/dscp.js';
import { DASH, formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../../core/format.js';
import type {
  Bench,
  BenchClass,
  BenchClasses,
  BenchDelays,
  BenchForwarding,
  BenchGroup,
  BenchGroups,
  BenchMembership,
  HistogramSummary,
} from '../../result/model.js';
import { badCount, badIf, foreign, orNone } from './cell.js';
import { counted, facts, fault, type Fact } from './facts.js';
import { OBSTACLES } from '../textBench.js';
import { histogramChart } from './histogramChart.js';
import { histograms, percentileTable, type NamedHistogram } from './histograms.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';
import { table, type Column } from './table.js';

/** Groups of a table: those with something wrong come first. */
const MOST_GROUPS = 64;
/** Classes whose delays are drawn. */
const MOST_CLASSES = 8;

export function bench({ delays, groups, forwarding, classes }: Bench): Markup {
  return markup`${delays !== null && cycles(delays)}${groups !== null && groupsOf(groups)}${
    forwarding !== null && forwarded(forwarding)
  }${classes !== null && classesOf(classes)}`;
}

function cycles(delays: BenchDelays): Markup {
  const { loaded } = delays;
  return markup`<h3>Group join and leave delay</h3>
    ${membership(delays, [{ name: 'waited at most', value: formatDuration(delays.dwell_ns) }])}
    ${loaded !== null && markup`<h3>The same beside background load</h3>${membership(loaded, load(loaded))}`}
    <p class="note">Times of ${delays.clock}; network: from this host's report (RFC 2432).</p>`;
}

function load({ endpoints, datagrams, rate_bit_per_second: rate }: NonNullable<BenchDelays['loaded']>): Fact[] {
  const came = datagrams === 0 ? markup`<span class="bad">nothing came of it</span>` : formatRate(rate);
  return [
    { name: 'background', value: foreign(endpoints.join(' ')) },
    { name: 'its rate', value: came },
  ];
}

function named(name: string, summary: HistogramSummary | null, colour: string): NamedHistogram[] {
  return summary === null ? [] : [{ name, definition: null, summary, colour }];
}

function membership({ attempts, spacing_ns, join, leave }: BenchMembership, more: readonly Fact[]): Markup {
  return markup`${facts([
    counted('cycles', attempts),
    fault('nothing came', join.timeouts),
    fault('not pruned', join.unpruned),
    leave.why_not === null ? fault('did not end', leave.timeouts) : null,
    { name: 'spacing', value: orNone(formatDuration(spacing_ns)) },
    ...more,
  ])}${leave.why_not !== null && markup`<p class="warn">Leave delay is not measured: ${foreign(leave.why_not)}</p>`}${histograms(
    [
      ...named('join', join.delay_ns, 'c-rate'),
      ...named('join: report', join.report_ns, 'c-jitter'),
      ...named('join: network', join.network_ns, 'c-delay'),
      ...named('leave', leave.delay_ns, 'c-rate'),
      ...named('leave: report', leave.report_ns, 'c-jitter'),
      ...named('leave: network', leave.network_ns, 'c-delay'),
    ],
    'From the call',
  )}`;
}

function groupsOf(of: BenchGroups): Markup {
  const { groups, capacity, failed, silent, silent_groups, flooded_at, join_ns } = of;
  return markup`${facts([
    counted('groups asked for', groups),
    counted('delivered', capacity),
    { name: 'waited at most', value: formatDuration(of.dwell_ns) },
    fault('fell silent', silent),
    flooded_at === null ? null : { name: 'came unasked, with so many joined', value: formatCount(flooded_at) },
    ...(failed === null ? [{ name: 'failed', value: 'none' }] : failure(failed)),
  ])}${failed !== null && markup`<p class="bad">${foreign(failed.reason)}</p>`}${
    silent > 0 &&
    markup`<p class="bad">Fell silent: ${silent_groups.join(' ')}${silent > silent_groups.length && ' ...'}</p>`
  }${join_ns !== null && histograms([{ name: 'join', definition: null, summary: join_ns }], 'Each group, from its join')}`;
}

function failure(failed: NonNullable<BenchGroups['failed']>): (Fact | null)[] {
  const { group, number, obstacle, membership: kernel, seen_on_interface: seen } = failed;
  return [
    { name: 'failed', value: markup`<span class="bad">${formatCount(number)}: ${group}</span>` },
    { name: 'limited by', value: OBSTACLES[obstacle] },
    kernel === null ? null : { name: 'its membership', value: foreign(kernel) },
    seen === null ? null : { name: 'on the interface', value: seen ? 'it was seen' : 'it was not seen' },
  ];
}

function forwarded(of: BenchForwarding): Markup {
  const { group_loss_ratio: loss, group_rate_bit_per_second: rate } = of;
  const each = [
    ...(loss === null ? [] : [{ name: 'loss ratio', spread: loss, format: formatRatio }]),
    ...(rate === null ? [] : [{ name: 'rate', spread: rate, format: formatRate }]),
  ];
  return markup`${facts([
    counted('groups', of.groups),
    fault('nothing came', of.silent),
    fault('lossy', of.lossy),
    counted('received', of.packets_received),
    counted('expected', of.packets_expected),
    fault('lost', of.packets_lost),
    { name: 'loss ratio', value: orNone(formatRatio(of.loss_ratio)) },
    { name: 'rate', value: orNone(formatRate(of.rate_bit_per_second)) },
  ])}${
    each.length > 0 &&
    table<Spread>(
      each,
      [
        { head: '', cell: ({ name }) => name, text: 'short' },
        ...SPREAD.map((id): Column<Spread> => ({ head: id, cell: ({ spread, format }) => format(spread[id]) })),
      ],
      { caption: 'Over the groups that came' },
    )
  }${histograms(delaysOf(of), 'All groups together')}${table<BenchGroup>(
    of.worst.slice(0, MOST_GROUPS),
    [
      { head: 'group', cell: ({ group, port }) => formatHostPort(group, port), text: 'short' },
      { head: 'received', cell: ({ packets_received: count }) => formatCount(count) },
      { head: 'lost', cell: ({ packets_lost: count }) => badCount(count) },
      { head: 'loss ratio', cell: ({ loss_ratio: ratio }) => orNone(formatRatio(ratio)) },
      { head: 'rate', cell: ({ rate_bit_per_second: bits }) => orNone(formatRate(bits)) },
    ],
    { caption: 'Groups, the worst first', tone: ({ streams }) => (streams === 0 ? 'bad' : null) },
  )}`;
}

interface Spread {
  readonly name: string;
  readonly spread: NonNullable<BenchForwarding['group_loss_ratio']>;
  readonly format: (value: number) => string;
}

const SPREAD = ['min', 'p50', 'p90', 'p99', 'max'] as const;

function delaysOf({
  one_way_delay_ns: delay,
  pdv_ns: above,
}: Pick<BenchForwarding, 'one_way_delay_ns' | 'pdv_ns'>): NamedHistogram[] {
  return [...named('one-way delay', delay, 'c-delay'), ...named('above the least of its stream', above, 'c-delay')];
}

function classesOf({ classes, classes_total: total }: BenchClasses): Markup {
  if (classes.length === 0) return markup`<p class="bad">No traffic class: nothing that is marked came.</p>`;
  const part = total > classes.length && `, ${formatCount(classes.length)} of ${formatCount(total)}`;
  const drawn = classes.slice(0, MOST_CLASSES);
  return markup`${table<BenchClass>(
    classes,
    [
      { head: 'class', cell: ({ name }) => name, text: 'short' },
      { head: 'DSCP', cell: ({ dscp, from }) => `${dscp}${from === 'received' ? ' as received' : ''}`, text: 'short' },
      { head: 'streams', cell: ({ streams }) => formatCount(streams) },
      { head: 'received', cell: ({ packets_received: count }) => formatCount(count) },
      { head: 'lost', cell: ({ packets_lost: count }) => badCount(count) },
      { head: 'in the network', cell: ({ loss_network: count }) => badCount(count) },
      { head: 'at the socket', cell: ({ loss_socket_buffer: count }) => badCount(count) },
      { head: 'loss ratio', cell: ({ loss_ratio: ratio }) => orNone(formatRatio(ratio)) },
      { head: 'rate', cell: ({ rate_bit_per_second: bits }) => orNone(formatRate(bits)) },
      { head: 'jitter', cell: ({ jitter_ns: ns }) => orNone(formatDuration(ns)) },
      { head: 'came as', cell: marksOf, text: 'short' },
    ],
    { caption: markup`Traffic classes${part}` },
  )}${classDelays(classes, ({ one_way_delay_ns: delay }) => delay, 'One-way delay of each class')}${classDelays(
    classes,
    ({ pdv_ns: above }) => above,
    'Delay above the least of each stream',
  )}<div class="charts small">${drawn.map(
    ({ name, one_way_delay_ns: delay }) =>
      delay !== null && histogramChart(`one-way delay of ${name}`, delay, 'c-delay'),
  )}</div>`;
}

function classDelays(
  classes: readonly BenchClass[],
  summaryOf: (one: BenchClass) => HistogramSummary | null,
  caption: string,
): Markup {
  const list = classes.flatMap((one) => named(one.name, summaryOf(one), 'c-delay'));
  return list.length === 0 ? NOTHING : percentileTable(list, caption);
}

function marksOf({ dscp_received: came, remarked }: BenchClass): Part {
  if (came === null) return orNone(DASH);
  const marks = Object.entries(came).map(([mark, count]) => `${dscpName(Number(mark))} ${formatCount(count)}`);
  return badIf((remarked ?? 0) > 0, marks.join(', '));
}
