/** Under which conditions it was measured: memberships, sockets, host, clock, options. */
import { formatCount, formatDuration, formatHostPort, formatRate } from '../../core/format.js';
import type { ClockQuality, Membership, RunResult, SocketReport } from '../../result/model.js';
import { formatQuantity } from '../figure.js';
import { instant } from './instant.js';
import { orNone, badCount } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

/** Groups and sockets that are listed; the rest is in the document. */
const ROWS = 256;

export function conditions(result: RunResult): Markup {
  return markup`${[
    memberships(result.memberships),
    sockets(result.sockets),
    host(result),
    clock(result.clock),
    instrument(result),
    evidence(result),
    asked(result),
  ]}`;
}

function memberships(list: readonly Membership[]): Markup {
  if (list.length === 0) return NOTHING;
  return table<Membership>(
    list.slice(0, ROWS),
    [
      { head: 'group', cell: ({ group, port }) => formatHostPort(group, port), text: 'short' },
      { head: 'interface', cell: ({ interface: via, interface_index: index }) => `${via} (${index})`, text: 'short' },
      { head: 'filter', cell: filterOf, text: 'long' },
      { head: 'protocol', cell: ({ protocol }) => protocol ?? orNone('-', 'not readable'), text: 'short' },
      { head: 'joined (UTC)', cell: ({ joined }) => instant(joined), text: 'short' },
      { head: 'socket', cell: ({ socket }) => socket },
      { head: 'evidence', cell: ({ evidence: where }) => where, text: 'long' },
    ],
    { caption: `Memberships, as the kernel says${partOf(list)}` },
  );
}

function filterOf({ filter_mode: mode, sources }: Membership): string {
  if (mode === null) return 'not readable';
  return sources.length === 0 ? `${mode}, any source` : `${mode} ${sources.join(' ')}`;
}

function partOf(list: readonly unknown[]): string {
  return list.length > ROWS ? `, the first ${ROWS} of ${formatCount(list.length)}` : '';
}

function sockets(list: readonly SocketReport[]): Markup {
  if (list.length === 0) return NOTHING;
  return table<SocketReport>(
    list.slice(0, ROWS),
    [
      { head: 'socket', cell: ({ index }) => index },
      { head: 'direction', cell: ({ direction }) => direction, text: 'short' },
      {
        head: 'bound to',
        cell: ({ group, port }) => (group === null ? String(port) : formatHostPort(group, port)),
        text: 'short',
      },
      { head: 'interface', cell: ({ interface: via }) => via, text: 'short' },
      { head: 'stamps', cell: ({ receive_time: by }) => by ?? '', text: 'short' },
      { head: 'datagrams', cell: ({ datagrams }) => formatCount(datagrams) },
      { head: 'octets', cell: ({ octets }) => formatCount(octets) },
      { head: 'system calls', cell: ({ system_calls: calls }) => formatCount(calls) },
      { head: 'kernel drops', cell: ({ kernel_drops: drops }) => badCount(drops) },
      { head: 'truncated', cell: ({ truncated }) => badCount(truncated) },
      { head: 'control truncated', cell: ({ control_truncated: cut }) => badCount(cut) },
      {
        head: 'malformed',
        cell: ({ malformed }) =>
          Object.entries(malformed)
            .map(([what, n]) => `${what} ${formatCount(n)}`)
            .join(', '),
        text: 'long',
      },
      { head: 'demanded', cell: ({ demanded }) => demanded ?? '', text: 'short' },
      { head: 'ICMP errors', cell: ({ icmp_errors: errors }) => badCount(errors) },
      { head: 'buffer octets', cell: ({ buffer_octets: octets }) => orNone(formatCount(octets)) },
      { head: 'datagrams it holds', cell: ({ buffer_datagrams: held }) => orNone(formatCount(held)) },
      { head: 'for', cell: ({ buffer_ns: ns }) => orNone(formatDuration(ns)) },
    ],
    { caption: `Sockets${partOf(list)}` },
  );
}

function host({ host: of, tool }: RunResult): Markup {
  return markup`<h3>Host</h3>
    ${facts([
      { name: 'name', value: of.name },
      { name: 'system', value: `${of.system}, ${of.architecture}` },
      { name: 'processors', value: `${formatCount(of.cpus)}${of.cpu_model === null ? '' : ` x ${of.cpu_model}`}` },
      { name: 'tool', value: `${tool.name} ${tool.version}, ${tool.runtime}` },
      ...of.interfaces.map((one) => ({
        name: `interface ${one.name} (${one.index})`,
        value: `${one.addresses.join(', ')}; MTU ${one.mtu === null ? 'not known' : formatCount(one.mtu)}; ${
          one.speed_bit_per_second === null ? 'speed not known' : formatRate(one.speed_bit_per_second)
        }`,
      })),
    ])}`;
}

const STAMPED = {
  hardware: 'by the NIC',
  kernel: 'by the kernel',
  user: 'by this program when it read',
  capture: 'by the capture',
} as const;

function clock(of: ClockQuality): Markup {
  const {
    state,
    estimated_error_ns: estimated,
    maximum_error_ns: most,
    frequency_ppm: ppm,
    evidence: where,
  } = of.synchronisation;
  return markup`<h3>Clock</h3>
    ${facts([
      { name: 'arrivals stamped', value: of.receive_time === null ? 'nothing was received' : STAMPED[of.receive_time] },
      { name: 'source', value: of.source },
      { name: 'synchronisation', value: state },
      { name: 'estimated error', value: orNone(formatDuration(estimated)) },
      { name: 'maximum error', value: orNone(formatDuration(most)) },
      { name: 'frequency correction', value: ppm === null ? orNone('-') : `${formatQuantity(ppm)} ppm` },
      { name: 'as said by', value: where ?? orNone('-') },
      { name: 'slew', value: of.slew_ppm === null ? orNone('-') : `${formatQuantity(of.slew_ppm)} ppm` },
      {
        name: 'steps',
        value: of.steps.length === 0 ? 'none' : markup`<span class="bad">${of.steps.map(stepText).join(', ')}</span>`,
      },
      { name: 'epoch (UTC)', value: instant(of.epoch) },
      { name: 'epoch known within', value: formatDuration(of.epoch_uncertainty_ns) },
      { name: 'carried send time', value: of.send_time ?? 'none' },
      { name: 'departure later by at most', value: orNone(formatDuration(of.send_time_bound_ns)) },
      counted('arrivals with a shared stamp', of.shared_time_datagrams),
      counted('arrivals without a stamp', of.user_time_datagrams),
    ])}${offsets(of.offsets)}`;
}

/** The clocks of senders against this one. */
function offsets(list: ClockQuality['offsets']): Markup {
  if (list.length === 0) return NOTHING;
  return table(
    list,
    [
      { head: 'sender', cell: ({ sender }) => sender, text: 'short' },
      { head: 'run', cell: ({ run }) => run, text: 'short' },
      { head: 'this clock ahead by', cell: ({ offset_ns: ns }) => formatDuration(ns) },
      { head: 'within', cell: ({ uncertainty_ns: ns }) => formatDuration(ns) },
      { head: 'gains', cell: ({ drift_ppm: ppm }) => `${formatQuantity(ppm)} ppm` },
      { head: 'least round trip', cell: ({ round_trip_min_ns: ns }) => formatDuration(ns) },
      { head: 'exchanges', cell: ({ exchanges }) => formatCount(exchanges) },
      { head: 'refused', cell: ({ refused }) => formatCount(refused) },
      { head: 'steps', cell: ({ steps }) => steps.map(offsetStep).join(', '), text: 'long' },
    ],
    { caption: 'Clocks of senders, by exchanges with them' },
  );
}

function offsetStep({ at, size_ns: by }: ClockQuality['offsets'][number]['steps'][number]): string {
  return `${formatDuration(by)} at ${instant(at)}`;
}

function stepText({ at_ns: at, by_ns: by }: ClockQuality['steps'][number]): string {
  return `${formatDuration(by)} at ${formatDuration(at)}`;
}

/** What the program measured of itself. */
function instrument({ health, run }: RunResult): Markup {
  return markup`<h3>Instrument</h3>
    ${facts([
      { name: 'implementation', value: run.io.implementation },
      counted('work cycles', health.cycles),
      fault('stalls', health.stalls),
      { name: 'longest cycle', value: formatDuration(health.cycle_max_ns) },
      { name: 'longest oversleep', value: formatDuration(health.overslept_max_ns) },
      fault('kernel drops', health.kernel_drops),
      counted('of them of no stream', health.kernel_drops_other),
      fault('malformed datagrams', health.malformed),
      counted('identities checked', health.identities_checked),
      run.injected === null
        ? null
        : { name: 'faults on purpose', value: markup`<span class="bad">${run.injected}</span>` },
    ])}${run.io.notes.map((note) => markup`<p class="note">${note}</p>`)}`;
}

function evidence({ evidence: of }: RunResult): Markup {
  const grown = Object.entries(of.host_counters).filter(([, count]) => count !== 0);
  const none = Object.keys(of.host_counters).length - grown.length;
  return markup`${processorTime(of)}${counters(of, grown, none)}`;
}

/** Who had the processors, and who waited for one. */
function processorTime({ processors, threads }: RunResult['evidence']): Markup {
  if (processors === null && threads.length === 0) return NOTHING;
  return markup`<h3>Processors</h3>
    ${
      processors !== null &&
      facts([
        { name: 'time of all of them', value: formatDuration(processors.time_ns) },
        { name: 'taken by a hypervisor', value: formatDuration(processors.stolen_ns) },
      ])
    }${
      threads.length > 0 &&
      table<RunResult['evidence']['threads'][number]>(
        threads.slice(0, ROWS),
        [
          { head: 'thread', cell: ({ role, realtime }) => (realtime ? `${role}, real time` : role), text: 'short' },
          { head: 'number', cell: ({ id }) => String(id) },
          { head: 'on a processor', cell: ({ cpu_ns: time }) => formatDuration(time) },
          { head: 'ready, without one', cell: ({ waiting_ns: time }) => formatDuration(time) },
        ],
        { caption: `Threads of this process${partOf(threads)}` },
      )
    }`;
}

function counters(of: RunResult['evidence'], grown: readonly [string, number][], none: number): Markup {
  if (grown.length === 0 && none === 0 && of.notes.length === 0) return NOTHING;
  return markup`<h3>Counters of the host <small>all programs included</small></h3>
    ${facts(grown.map(([name, count]) => ({ name, value: formatCount(count) })))}
    ${none > 0 && markup`<p class="note">${formatCount(none)} further counters did not grow.</p>`}
    ${of.notes.map((note) => markup`<p class="note">${note}</p>`)}`;
}

function asked({ run }: RunResult): Markup {
  return markup`<details>
    <summary>Command and options in force</summary>
    <p><code>mcast ${run.argv.join(' ')}</code></p>
    ${facts([
      { name: 'run', value: run.id },
      { name: 'role', value: run.role },
      { name: 'seed', value: run.seed === null ? 'none' : String(run.seed) },
      { name: 'endpoints', value: run.endpoints.join(' ') },
      { name: 'interval', value: orNone(formatDuration(run.interval_ns)) },
    ])}
    <pre>${JSON.stringify(run.options, null, 1)}</pre>
  </details>`;
}
