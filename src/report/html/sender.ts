/** What a sender says of itself: what left, when, and what did not. */
import { dscpName } from '../../core/dscp.js';
import {
  formatCount,
  formatDuration,
  formatHostPort,
  formatOctets,
  formatRate,
  formatRatio,
} from '../../core/format.js';
import { captureTroubles } from '../../result/captureTroubles.js';
import { messageTroubles } from '../../result/messageTroubles.js';
import type { Feedback, Impairment, Sender, SenderInput, SenderRecovery, SenderStream } from '../../result/model.js';
import { formatQuantity } from '../figure.js';
import { histograms, type NamedHistogram } from './histograms.js';
import { badCount, orNone, placeName } from './cell.js';
import { facts, counted, fault, type Fact } from './facts.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

/** Seen alone where the others left as exactly. */
const MOST_STREAMS = 256;

export function sender(of: Sender): Markup {
  return markup`${facts([
    { name: 'run', value: of.run },
    counted('scheduled', of.scheduled),
    counted('sent', of.sent),
    fault('not sent', of.not_sent),
    fault('refused by the own host', of.not_sent_by_reason.no_buffers),
    fault('too late', of.not_sent_by_reason.too_late),
    fault('other errors', of.not_sent_by_reason.failed),
    fault('skipped', of.not_sent_by_reason.skipped),
    { name: 'octets', value: formatCount(of.octets_sent) },
    { name: 'rate, UDP payload', value: orNone(formatRate(of.rate_bit_per_second)) },
    { name: 'rate, IP', value: orNone(formatRate(of.rate_ip_bit_per_second)) },
    { name: 'rate, Ethernet', value: orNone(formatRate(of.rate_ethernet_bit_per_second)) },
    {
      name: 'datagrams/s',
      value: of.rate_packets_per_second === null ? orNone('-') : formatQuantity(of.rate_packets_per_second),
    },
    { name: 'active', value: orNone(formatDuration(of.active_ns)) },
    counted('markers', of.markers_sent),
    { name: 'quantum', value: formatDuration(of.quantum_ns) },
    { name: 'latest departure', value: formatDuration(of.max_late_ns) },
    { name: 'share of time spinning', value: orNone(formatRatio(of.spin_share)) },
    counted('system calls', of.system_calls),
    counted('sends with offload', of.super_packets),
    counted('transmit stamps missing', of.transmit_stamps_missing),
    fault('ICMP errors', of.icmp_errors),
    fault('underruns', of.underruns),
  ])}${departures(of)}${impairment(of.impairment)}${answers(of.recovery)}${feedback(of.feedback)}${streams(of)}${inputs(of.inputs)}`;
}

function departures(of: Sender): Markup {
  const list: NamedHistogram[] = [];
  const { departure_error_ns: error, transmit_delay_ns: delay } = of;
  if (error !== null && error.count > 0) {
    list.push({ name: 'departure error', definition: 'departure_error_ns', summary: error, colour: 'c-mdi' });
  }
  if (delay !== null && delay.count > 0) {
    list.push({ name: 'transmit stamp after departure', definition: null, summary: delay, colour: 'c-application' });
  }
  return histograms(list);
}

function impairment(of: Impairment | null): Markup {
  if (of === null) return NOTHING;
  return markup`<h4>Impaired on purpose</h4>
    ${facts(impairmentFacts(of))}`;
}

function impairmentFacts(of: Impairment): Fact[] {
  return [
    counted('lost', of.lost),
    counted('duplicated', of.duplicated),
    counted('reordered', of.reordered),
    counted('delayed', of.delayed),
    counted('corrupted', of.corrupted),
  ];
}

function answers(of: SenderRecovery | null): Markup {
  if (of === null) return NOTHING;
  return markup`<h4>Requests for messages</h4>
    ${facts([
      counted('requests', of.requests),
      counted('by hosts', of.clients),
      counted('answered', of.answered),
      counted('answers', of.datagrams),
      counted('messages in them', of.messages),
      fault('refused by the limit on the rate', of.refused),
      fault('answered in part', of.shortened),
      fault('for what was not sent', of.out_of_range),
      fault('messages not kept any more', of.unavailable),
      fault('malformed', of.malformed),
      fault('for another session', of.foreign),
      fault('answers never sent', of.not_sent),
      fault('messages never kept', of.not_kept),
    ])}`;
}

function feedback(of: Feedback | null): Markup {
  if (of === null) return NOTHING;
  return markup`<h4>Feedback</h4>${facts([
    { name: 'reports come to', value: formatHostPort(of.address, of.port) },
    { name: 'announced on port', value: of.control_port },
    counted('announcements', of.announcements),
    counted('receivers told apart', of.receivers),
    counted('results', of.results),
    fault('results refused', of.results_refused),
    fault('foreign datagrams', of.foreign),
    counted('reports that came again', of.stale),
    fault('beyond 100 a second', of.flooded),
    fault('of too many receivers', of.not_taken),
  ])}`;
}

function streams({ streams: list, streams_total: total }: Sender): Markup {
  const shown = list.slice(0, MOST_STREAMS);
  if (shown.length === 0) return NOTHING;
  const part = total > shown.length ? `, ${formatCount(shown.length)} of ${formatCount(total)}` : '';
  const isImpaired = shown.some((one) => one.impairment !== null);
  return table<SenderStream>(
    shown,
    [
      {
        head: 'stream',
        cell: ({ name, group, port, leg }) => markup`${placeName(name, group, port)}${leg !== null && ` leg ${leg}`}`,
        text: 'short',
      },
      { head: 'format', cell: ({ format }) => format, text: 'short' },
      { head: 'to', cell: ({ group, port }) => formatHostPort(group, port), text: 'short' },
      {
        head: 'from',
        cell: ({ source, source_port: port }) => (source === null ? '' : formatHostPort(source, port)),
        text: 'short',
      },
      { head: 'interface', cell: ({ interface: via }) => via, text: 'short' },
      { head: 'flows', cell: ({ flow_count: count }) => formatCount(count) },
      { head: 'TTL', cell: ({ ttl }) => ttl },
      { head: 'DSCP', cell: ({ dscp }) => dscpName(dscp) },
      { head: 'size', cell: ({ size_octets: size }) => (size === null ? 'varies' : formatCount(size)) },
      { head: 'pattern', cell: ({ pattern }) => pattern, text: 'short' },
      { head: 'scheduled', cell: ({ scheduled }) => formatCount(scheduled) },
      { head: 'sent', cell: ({ sent }) => formatCount(sent), order: ({ sent }) => sent },
      { head: 'not sent', cell: ({ not_sent: not }) => badCount(not), order: ({ not_sent: not }) => not },
      {
        head: 'rate',
        cell: ({ rate_bit_per_second: rate }) => orNone(formatRate(rate)),
        order: ({ rate_bit_per_second: rate }) => rate,
      },
      {
        head: 'error p50',
        cell: ({ departure_error_ns: error }) => orNone(formatDuration(error?.p50 ?? null)),
        order: ({ departure_error_ns: error }) => error?.p50 ?? null,
      },
      {
        head: 'error p99',
        cell: ({ departure_error_ns: error }) => orNone(formatDuration(error?.p99 ?? null)),
        order: ({ departure_error_ns: error }) => error?.p99 ?? null,
      },
      {
        head: 'error max',
        cell: ({ departure_error_ns: error }) => orNone(formatDuration(error?.max ?? null)),
        order: ({ departure_error_ns: error }) => error?.max ?? null,
      },
      ...(isImpaired
        ? [{ head: 'impaired', cell: (one: SenderStream) => impairedText(one), text: 'long' as const }]
        : []),
    ],
    { caption: `Sent streams${part}` },
  );
}

function impairedText({ impairment: of, impairment_seed: seed }: SenderStream): string {
  if (of === null) return '';
  const done = Object.entries(of).filter(([, count]) => count > 0);
  const told = done.map(([what, count]) => `${what} ${formatCount(count)}`).join(', ');
  return seed === null ? told : `${told}${told === '' ? '' : ', '}seed ${seed}`;
}

function inputs(list: readonly SenderInput[]): Markup {
  if (list.length === 0) return NOTHING;
  return table<SenderInput>(
    list,
    [
      { head: 'input', cell: ({ name }) => markup`<bdi>${name}</bdi>`, text: 'long' },
      { head: 'of', cell: ({ stream }) => stream, text: 'long' },
      { head: 'PCR PID', cell: ({ pcr_pid: pid }) => pid ?? orNone('-') },
      { head: 'passes', cell: ({ passes }) => formatCount(passes) },
      { head: 'ran dry', cell: ({ underruns }) => formatCount(underruns) },
      { head: 'sync lost', cell: ({ resyncs }) => formatCount(resyncs) },
      { head: 'octets skipped', cell: ({ skipped_octets: octets }) => formatOctets(octets) },
      { head: 'packets cut', cell: ({ truncated_packets: packets }) => formatCount(packets) },
      { head: 'clock breaks', cell: ({ discontinuities }) => formatCount(discontinuities) },
      { head: 'not restamped', cell: ({ unstamped_units: units }) => formatCount(units) },
      { head: 'left out', cell: ({ left_out_packets: packets }) => formatCount(packets) },
      { head: 'faster by', cell: ({ correction_ppm: ppm }) => `${formatQuantity(ppm)} ppm` },
      {
        head: 'not sent',
        cell: ({ capture, messages }) =>
          [
            ...(capture === null ? [] : captureTroubles(capture)),
            ...(messages === null ? [] : messageTroubles(messages)),
          ].join(', '),
        text: 'long',
      },
      { head: 'ended early', cell: ({ failure }) => failure ?? '', text: 'long' },
    ],
    { caption: 'Inputs', tone: ({ failure }) => (failure === null ? null : 'bad') },
  );
}
