/** A result as text for people, 80 columns where it can. Computes nothing: every figure is in the document. */
import { isMulticast, parseAddress } from '../core/address.js';
import {
  formatCount,
  formatDateTime,
  formatDuration,
  formatHostPort,
  formatRate,
  formatRatio,
  UTC,
} from '../core/format.js';
import { mediaTotal } from '../result/briefStreams.js';
import { silenceText } from '../result/malformed.js';
import type {
  Health,
  HistogramSummary,
  Membership,
  RunResult,
  Sender,
  Stream,
  TransportPid,
  TransportService,
} from '../result/model.js';
import { printable } from '../core/printable.js';
import { plainDocument } from './plainDocument.js';
import { fold, shownLength, WIDTH } from './fold.js';
import { styleOf, type Style, type TextOptions } from './style.js';
import { counted, line, lines as wrapped } from './textLines.js';
import { timeLines } from './textTimes.js';
import { benchBlocks } from './textBench.js';
import { capacityBlocks } from './textCapacity.js';
import { inputLines } from './textInputs.js';
import { limitLines } from './textLimits.js';
import { linksBlock } from './textLinks.js';
import { lossLocationLines } from './textLossLocation.js';
import { answeringLines, arbitrationBlock, outputsBlock } from './textRepair.js';
import { aggregateBlock, companionLines, streamBlock } from './textStream.js';
import { tapsBlock } from './textTaps.js';
import { tableLines } from './textTransport.js';
import { zapBlocks } from './textZap.js';
import { commandTitle } from './title.js';

export type { TextOptions } from './style.js';

const MOST = 20;

/** The whole report; ends with a line feed. */
export function renderText(given: RunResult, options: TextOptions = {}): string {
  // Of ten thousand streams twenty are shown: those alone are made plain. Events are only counted.
  const { streams, streams_brief } = given;
  const shown = plainDocument({ ...given, streams: [], streams_brief: null, events: [] });
  const result = { ...shown, streams, streams_brief };
  const style = styleOf(options.color ?? false);
  const most = options.most ?? MOST;
  const blocks = [header(result, options, style)];
  if (result.memberships.length > 0) blocks.push(membershipLines(result.memberships, most));
  // Of a benchmark its own figures are told; the document has those of each stream.
  if (result.zap === null && result.bench === null) blocks.push(...streamBlocks(result, most, style));
  if (result.arbitration !== null) blocks.push(arbitrationBlock(result.arbitration, most, style));
  if (result.outputs.length > 0) blocks.push(outputsBlock(result.outputs, most, style));
  if (result.links.length > 0) blocks.push(linksBlock(result.links, most, style));
  if (result.taps !== null) blocks.push(tapsBlock(result.taps, most, style));
  if (result.capacity !== null) blocks.push(...capacityBlocks(result.capacity, most, style));
  if (result.bench !== null) blocks.push(...benchBlocks(result.bench, most, style));
  if (result.zap !== null) blocks.push(...zapBlocks(result.zap, most, style));
  if (result.sender !== null) blocks.push(senderBlock(result.sender, most, style));
  // Of a search each step is a stream.
  const receivers = result.capacity === null ? result.receivers : [];
  for (const receiver of receivers.slice(0, most)) blocks.push(receiverLines(receiver, style));
  const location = result.sender?.loss_location ?? null;
  if (location !== null && result.capacity === null) blocks.push(lossLocationLines(location, style));
  const counted = eventLine(result);
  if (counted !== null) blocks.push([counted]);
  blocks.push(healthLines(result.health, style));
  if (result.limits.length > 0) blocks.push(limitLines(result.limits, most, style));
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}

/** The summary of one stream alone, for when it ends while the run goes on. */
export function renderStream(stream: RunResult['streams'][number], options: TextOptions = {}): string {
  return `${streamBlock(plainDocument(stream), styleOf(options.color ?? false)).join('\n')}\n`;
}

/** The services of one transport stream and what they consist of, for when they become known. */
export function renderTables(
  services: readonly TransportService[],
  pids: readonly TransportPid[],
  options: TextOptions = {},
): string {
  return `${tableLines(plainDocument(services), plainDocument(pids), styleOf(options.color ?? false)).join('\n')}\n`;
}

function header(result: RunResult, options: TextOptions, style: Style): string[] {
  const { run, host, clock, tool } = result;
  const capture = run.options['capture'];
  const read = run.role === 'analyzer' && typeof capture === 'string' ? [capture] : [];
  const what = [commandTitle(result), ...read, ...run.endpoints.slice(0, 3)].join(' ');
  const more = run.endpoints.length > 3 ? ` and ${run.endpoints.length - 3} more` : '';
  const span = `${formatDateTime(run.start, options.offsetAt ?? UTC)}, ${formatDuration(run.duration_ns)}`;
  const lines = [
    style.bold(fold(what + more)),
    ...beside(
      span + (run.complete ? '' : style.warn(', cut short')),
      `${tool.name} ${tool.version} (${run.io.implementation}) on ${host.name}, ${host.system}`,
    ),
  ];
  const stamps = clock.receive_time === null ? '' : `receive stamps by ${stampNames[clock.receive_time]}; `;
  const { state, maximum_error_ns: bound } = clock.synchronisation;
  const isFile = run.io.implementation === 'file';
  const synchronised = state === 'unknown' ? 'clock synchronisation unknown' : `clock ${state}`;
  const within = bound === null || state !== 'synchronised' ? '' : ` (within ${formatDuration(bound)} of true time)`;
  lines.push(isFile ? `times by ${clock.source}` : `${stamps}${synchronised}${within}`);
  if (run.name !== null) lines.push(`name ${run.name}`);
  const labels = Object.entries(run.labels);
  if (labels.length > 0) lines.push(`labels ${labels.map(([key, value]) => `${key}=${value}`).join(' ')}`);
  return lines;
}

/** Two halves of a line; two lines where that is too long. */
function beside(left: string, right: string): string[] {
  const whole = `${left}; ${right}`;
  return shownLength(whole) <= WIDTH ? [whole] : [left, fold(right)];
}

const stampNames = {
  hardware: 'the NIC',
  kernel: 'the kernel',
  user: 'this program (read time)',
  capture: 'the capture',
};

function membershipLines(memberships: readonly Membership[], most: number): string[] {
  const lines = memberships.slice(0, most).map((membership) => {
    const mode =
      membership.filter_mode === null
        ? 'mode not readable'
        : membership.filter_mode === 'include' || membership.sources.length > 0
          ? `${membership.filter_mode === 'include' ? 'sources' : 'all but'} ${membership.sources.join(' ')}`
          : 'any source';
    const protocol = membership.protocol === null ? '' : `, ${membership.protocol}`;
    const place = `${formatHostPort(membership.group, membership.port)} on ${membership.interface}`;
    const address = parseAddress(membership.group);
    if (address !== null && !isMulticast(address)) return `listening at ${place}`;
    return `joined ${place}, ${mode}${protocol}`;
  });
  if (memberships.length > most) lines.push(`and ${counted(memberships.length - most, 'more group')}`);
  return lines;
}

function streamBlocks(result: RunResult, most: number, style: Style): string[][] {
  const { aggregate } = result;
  const streams = result.streams.filter(({ role }) => role === 'media');
  const total = mediaTotal(result);
  if (streams.length === 0) {
    return result.run.role === 'sender' ? [] : [[style.bad(fold(silenceText(result.sockets)))]];
  }
  // The content of the first in full; of the others what is wrong with it.
  const inFull = streams.find((stream) => stream.transport !== null);
  const shown = streams.slice(0, most);
  const blocks = shown.map((stream) => [
    ...streamBlock(plainDocument(stream), style, stream !== inFull),
    ...result.streams
      .filter((other) => isBeside(other, stream))
      .flatMap((other) => companionLines(plainDocument(other), style)),
  ]);
  if (total > shown.length) blocks.push([`and ${counted(total - shown.length, 'more stream')}`]);
  // Two legs are one stream: what they are together the arbitration says.
  const hasLegs = streams.every(({ leg }) => leg !== null);
  if (aggregate !== null && total > 1 && !hasLegs) blocks.push(aggregateBlock(aggregate, style));
  return blocks;
}

/** Whether one goes with the other: FEC and RTCP on the ports behind it (RFC 3550 section 11, SMPTE ST 2022-1 section 8). */
function isBeside(other: Stream, media: Stream): boolean {
  const isSamePath =
    other.group === media.group && other.source === media.source && other.interface === media.interface;
  return other.role !== 'media' && isSamePath && other.port > media.port && other.port <= media.port + 4;
}

function senderBlock(sender: Sender, most: number, style: Style): string[] {
  const time = sender.active_ns === null ? '' : ` in ${formatDuration(sender.active_ns)}`;
  const lines = [style.bold(`sender, run ${sender.run}`)];
  lines.push(
    line('sent', `${formatCount(sender.sent)} datagrams of ${formatCount(sender.scheduled)} scheduled${time}`),
  );
  if (sender.rate_bit_per_second !== null) {
    const layers = `IP ${formatRate(sender.rate_ip_bit_per_second)}, Ethernet ${formatRate(sender.rate_ethernet_bit_per_second)}`;
    lines.push(line('rate', `${formatRate(sender.rate_bit_per_second)} UDP payload (${layers})`));
  }
  const reasons = Object.entries(sender.not_sent_by_reason).filter(([, count]) => (count ?? 0) > 0);
  const why = reasons.map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${formatCount(count)}`).join(', ');
  const notSent = formatCount(sender.not_sent) + (why === '' ? '' : ` (${why})`);
  lines.push(line('not sent', (sender.not_sent ?? 0) > 0 ? style.bad(notSent) : notSent));
  if (sender.departure_error_ns !== null) {
    const rows: [string, HistogramSummary][] = [['departure', sender.departure_error_ns]];
    if (sender.transmit_delay_ns !== null) rows.push(['transmit', sender.transmit_delay_ns]);
    lines.push(...timeLines(rows, style));
    if (sender.quantum_ns > 0) lines.push(line('quantum', formatDuration(sender.quantum_ns)));
  }
  if (sender.impairment !== null) {
    const done = Object.entries(sender.impairment).map(([what, count]) => `${what} ${formatCount(count)}`);
    lines.push(...wrapped('impaired', done.join(', ')));
  }
  if (sender.icmp_errors > 0) {
    const what = 'ICMP errors: a host or router on the way refused datagrams (nobody listens there?)';
    lines.push(...wrapped('refused', `${formatCount(sender.icmp_errors)} ${what}`, style.warn));
  }
  lines.push(...answeringLines(sender.recovery, style));
  lines.push(...inputLines(sender.inputs, most, style));
  return lines;
}

function receiverLines(receiver: RunResult['receivers'][number], style: Style): string[] {
  const title = style.bold(printable(`receiver ${receiver.name} at ${receiver.address}`));
  const result = receiver.result;
  if (result === null) return [title, line('', 'sent no result')];
  const lines = [title];
  for (const stream of result.streams.filter(({ role }) => role === 'media').slice(0, MOST)) {
    const m = (stream.after ?? stream).metrics;
    const lost = m.messages_lost ?? m.packets_lost;
    const figure = `lost ${formatCount(lost)} (${formatRatio(m.loss_ratio)})`;
    lines.push(
      line(
        printable(stream.name ?? formatHostPort(stream.group, stream.port)),
        `received ${formatCount(m.packets_received)}, ${(lost ?? 0) > 0 ? style.bad(figure) : figure}, verdict ${result.health.verdict}`,
      ),
    );
  }
  if (result.streams.length === 0) lines.push(line('', style.bad('received nothing')));
  return lines;
}

function eventLine(result: RunResult): string | null {
  const counted = Object.entries(result.event_counts).filter(([kind]) => kind !== 'joined' && kind !== 'first_packet');
  if (counted.length === 0) return null;
  return `events: ${counted.map(([kind, count]) => `${kind.replaceAll('_', ' ')} ${formatCount(count)}`).join(', ')}`;
}

function healthLines(health: Health, style: Style): string[] {
  const verdicts = {
    valid: style.good('valid: the figures can be believed'),
    degraded: style.warn('degraded: figures right, precision worse than promised'),
    invalid: style.bad('invalid: a count or a time may be wrong'),
  };
  const lines = [style.bold('measurement ') + verdicts[health.verdict]];
  const worstFirst = ['invalid', 'degraded', 'note'];
  for (const { severity, text } of health.reasons.toSorted(
    (a, b) => worstFirst.indexOf(a.severity) - worstFirst.indexOf(b.severity),
  )) {
    const paint = severity === 'invalid' ? style.bad : severity === 'degraded' ? style.warn : undefined;
    lines.push(...wrapped(severity, text, paint));
  }
  return lines;
}
