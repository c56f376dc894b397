/** Benchmarks of what forwards multicast. */
import { formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../../core/format.js';
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
import { badCount, foreign, orNone } from './cell.js';
import { counted, facts, fault, type Fact } from './facts.js';
import { histograms, type NamedHistogram } from './histograms.js';
import { markup, NOTHING, type Markup } from './markup.js';
import { table } from './table.js';

/** Groups of a table: those with something wrong come first. */
const MOST_GROUPS = 64;

export function bench({ delays, groups, forwarding, classes }: Bench): Markup {
  return markup`${delays !== null && cycles(delays)}${groups !== null && groupsOf(groups)}${
    forwarding !== null && forwarded(forwarding)
  }${classes !== null && classesOf(classes)}`;
}

function cycles(delays: BenchDelays): Markup {
  const { loaded } = delays;
  const load: Fact[] =
    loaded === null
      ? []
      : [
          { name: 'background', value: foreign(loaded.endpoints.join(' ')) },
          { name: 'its rate', value: formatRate(loaded.rate_bit_per_second) },
        ];
  return markup`${membership(delays, 'Group join and leave delay', [
    { name: 'waited at most', value: formatDuration(delays.dwell_ns) },
  ])}${loaded !== null && membership(loaded, 'The same beside background load', load)}
    <p class="note">Times of ${delays.clock}; network: from this host's report (RFC 2432).</p>`;
}

function named(name: string, summary: HistogramSummary | null, colour: string): NamedHistogram[] {
  return summary === null ? [] : [{ name, definition: null, summary, colour }];
}

function membership(
  { attempts, spacing_ns, join, leave }: BenchMembership,
  caption: string,
  more: readonly Fact[],
): Markup {
  return markup`${facts([
    counted('cycles', attempts),
    fault('nothing came', join.timeouts),
    fault('not pruned', join.unpruned),
    fault('did not end', leave.timeouts),
    { name: 'spacing', value: orNone(formatDuration(spacing_ns)) },
    leave.why_not === null ? null : { name: 'no leave', value: leave.why_not },
    ...more,
  ])}${histograms(
    [
      ...named('join', join.delay_ns, 'c-rate'),
      ...named('join: report', join.report_ns, 'c-jitter'),
      ...named('join: network', join.network_ns, 'c-delay'),
      ...named('leave', leave.delay_ns, 'c-rate'),
      ...named('leave: report', leave.report_ns, 'c-jitter'),
      ...named('leave: network', leave.network_ns, 'c-delay'),
    ],
    caption,
  )}`;
}

function groupsOf({ groups, capacity, failed, silent, silent_groups, flooded_at, join_ns }: BenchGroups): Markup {
  return markup`${facts([
    counted('groups asked for', groups),
    counted('delivered', capacity),
    failed === null ? null : { name: 'first that failed', value: failed.group },
    failed === null ? null : { name: 'obstacle', value: failed.obstacle.replaceAll('_', ' ') },
    fault('fell silent', silent),
    flooded_at === null ? null : { name: 'flooded with', value: formatCount(flooded_at) },
  ])}${failed !== null && markup`<p class="bad">${foreign(failed.reason)}</p>`}${
    silent > 0 && markup`<p class="bad">Fell silent: ${silent_groups.join(' ')}</p>`
  }${join_ns !== null && histograms([{ name: 'join', definition: null, summary: join_ns }], 'Each group, from its join')}`;
}

function forwarded(of: BenchForwarding): Markup {
  const { group_loss_ratio: loss, group_rate_bit_per_second: rate } = of;
  return markup`${facts([
    counted('groups', of.groups),
    fault('nothing came', of.silent),
    fault('lossy', of.lossy),
    counted('received', of.packets_received),
    fault('lost', of.packets_lost),
    { name: 'loss ratio', value: orNone(formatRatio(of.loss_ratio)) },
    { name: 'rate', value: orNone(formatRate(of.rate_bit_per_second)) },
    loss === null ? null : { name: 'loss of a group, p99', value: formatRatio(loss.p99) },
    rate === null ? null : { name: 'rate of a group, p50', value: formatRate(rate.p50) },
  ])}${table<BenchGroup>(
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

function classesOf({ classes }: BenchClasses): Markup {
  if (classes.length === 0) return NOTHING;
  return table<BenchClass>(
    classes,
    [
      { head: 'class', cell: ({ name }) => name, text: 'short' },
      { head: 'received', cell: ({ packets_received: count }) => formatCount(count) },
      { head: 'lost', cell: ({ packets_lost: count }) => badCount(count) },
      { head: 'loss ratio', cell: ({ loss_ratio: ratio }) => orNone(formatRatio(ratio)) },
      { head: 'rate', cell: ({ rate_bit_per_second: bits }) => orNone(formatRate(bits)) },
      { head: 'delay p50', cell: (one) => orNone(formatDuration(one.one_way_delay_ns?.p50 ?? null)) },
      { head: 'delay p99', cell: (one) => orNone(formatDuration(one.one_way_delay_ns?.p99 ?? null)) },
      { head: 'jitter', cell: ({ jitter_ns: ns }) => orNone(formatDuration(ns)) },
      { head: 'marked anew', cell: ({ remarked }) => badCount(remarked) },
    ],
    { caption: 'Traffic classes' },
  );
}
