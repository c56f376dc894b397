/** What a text report says about one stream. */
import { dscpName } from '../core/dscp.js';
import { DASH, formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../core/format.js';
import type { Aggregate, HistogramSummary, Stream, StreamMetrics } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';
import { timeLines } from './textTimes.js';
import { burstLines } from './textBursts.js';
import { fecLines, recoveryLines } from './textRepair.js';
import { transportLines } from './textTransport.js';

/** `brief`: of a transport stream one line, and what is wrong. */
export function streamBlock(stream: Stream, style: Style, brief = false): string[] {
  const block = [style.bold(streamTitle(stream))];
  if (stream.local) block.push(line('', style.warn('from this host itself: these copies never left it')));
  // Of a file nothing arrived; of what found no room the loss is all that is known.
  if (stream.format === 'others') block.push(...lossLines(stream.metrics, stream.not_measured, style));
  else if (stream.group !== '') block.push(...figureLines(stream.metrics, stream.histograms, stream, style));
  block.push(
    ...burstLines(stream, style),
    ...transportLines(stream, style, brief),
    ...fecLines(stream, style),
    ...recoveryLines(stream, style),
    ...rtpLines(stream, style),
    ...rtcpLines(stream, style),
  );
  if (stream.after !== null) block.push(remainingLine(stream.after.metrics, style));
  for (const note of stream.notes) block.push(...lines('note', note));
  return block;
}

/** What goes with media: FEC, RTCP. */
export function companionLines({ format, port, metrics }: Stream, style: Style): string[] {
  const lost = metrics.packets_lost === null ? '' : `, lost ${formatCount(metrics.packets_lost)}`;
  const text = `${format} on port ${port}: received ${formatCount(metrics.packets_received)}${lost}`;
  return lines('beside', text, (metrics.packets_lost ?? 0) > 0 ? style.warn : undefined);
}

/** Breaks of the sender's clock. */
function rtpLines({ rtp }: Stream, style: Style): string[] {
  const steps = rtp?.timestamp_discontinuities ?? 0;
  return steps === 0 ? [] : lines('RTP', `the time stamp stepped ${counted(steps, 'time')}`, style.warn);
}

/** What the sender reported. */
function rtcpLines({ rtcp }: Stream, style: Style): string[] {
  if (rtcp === null || rtcp.packets_total === null) return [];
  const by = rtcp.tool === null ? '' : ` by ${rtcp.tool}`;
  const said = `${counted(rtcp.reports, 'report')}${by}: ${formatCount(rtcp.packets_total)} packets sent in all`;
  const behind = rtcp.packets_behind ?? 0;
  const tail = rtcp.packets_behind === null ? '' : `, ${formatCount(behind)} behind the last that came`;
  return lines('RTCP', said + tail, behind > 0 ? style.bad : undefined);
}

function remainingLine(metrics: StreamMetrics, style: Style): string {
  const lost = metrics.messages_lost ?? metrics.packets_lost;
  const expected = metrics.messages_expected ?? metrics.packets_expected;
  const text = `lost ${formatCount(lost)} of ${formatCount(expected)} (${formatRatio(metrics.loss_ratio)})`;
  return line('after repair', (lost ?? 0) > 0 ? style.bad(text) : style.good(text));
}

function streamTitle(stream: Stream): string {
  if (stream.format === 'others') return 'further streams, of which none is told apart (--max-streams)';
  if (stream.group === '') return [stream.name, stream.format].filter((part) => part !== null).join(', ');
  const parts = [
    `${stream.format} ${formatHostPort(stream.group, stream.port)} from ${formatHostPort(stream.source, stream.source_port)}`,
  ];
  if (stream.interface !== null) parts[0] += ` on ${stream.interface}`;
  if (stream.name !== null) parts.unshift(stream.name);
  if (stream.leg !== null) parts.push(`leg ${stream.leg}`);
  if (stream.flow !== null) parts.push(`flow ${stream.flow}`);
  if (stream.sender_run !== null) parts.push(`run ${stream.sender_run}`);
  return parts.join(', ');
}

export function aggregateBlock(aggregate: Aggregate, style: Style): string[] {
  return [
    style.bold(`all ${counted(aggregate.streams, 'stream')} together`),
    ...figureLines(aggregate.metrics, aggregate.histograms, aggregate, style),
  ];
}

type Histograms = Stream['histograms'];
interface About {
  readonly not_measured: Readonly<Record<string, string>>;
  readonly unit?: Stream['unit'];
  readonly send_time?: Stream['send_time'];
  readonly delay_uncertainty_ns?: number | null;
  readonly expected_from?: Stream['expected_from'];
}

function figureLines(metrics: StreamMetrics, histograms: Histograms, about: About, style: Style): string[] {
  const block = [...countLines(metrics, about), ...lossLines(metrics, about.not_measured, style)];
  block.push(line('copies', copies(metrics)));
  if (histograms !== null) block.push(...delayLines(histograms, about, style));
  const jitter = metrics.jitter_ns;
  if (jitter !== null) {
    block.push(
      line('jitter', `${formatDuration(jitter)} (highest ${formatDuration(metrics.jitter_max_ns)}), RFC 3550`),
    );
  }
  block.push(line('marking', dscpText(metrics, style)), line('', ttlText(metrics)));
  if (metrics.first_packet_after_join_ns !== null) {
    block.push(line('first packet', `${formatDuration(metrics.first_packet_after_join_ns)} after the join`));
  }
  return block;
}

function countLines(metrics: StreamMetrics, about: About): string[] {
  const block: string[] = [];
  const from = about.expected_from === 'first' ? ' since the first one heard' : '';
  const partly = about.not_measured['packets_expected'];
  const expected =
    metrics.packets_expected === null || partly !== undefined
      ? ''
      : ` of ${formatCount(metrics.packets_expected)} expected${from}`;
  const received = `${formatCount(metrics.packets_received)} datagrams${expected} in ${formatDuration(metrics.active_ns)}`;
  block.push(...lines('received', received));
  if (metrics.messages_expected !== null) {
    block.push(
      line(
        'messages',
        `${formatCount(metrics.messages_received)} of ${formatCount(metrics.messages_expected)} expected${from}`,
      ),
    );
  }
  if (metrics.rate_bit_per_second !== null) {
    const layers = `IP ${formatRate(metrics.rate_ip_bit_per_second)}, Ethernet ${formatRate(metrics.rate_ethernet_bit_per_second)}`;
    block.push(line('rate', `${formatRate(metrics.rate_bit_per_second)} UDP payload (${layers})`));
  }
  return block;
}

function lossLines(metrics: StreamMetrics, reasons: Readonly<Record<string, string>>, style: Style): string[] {
  const lost = metrics.messages_lost ?? metrics.packets_lost;
  if (lost === null) return lines('lost', `${DASH} (${reasons['packets_lost'] ?? 'not measured'})`);
  const figure = `${formatCount(lost)} (${formatRatio(metrics.loss_ratio)})`;
  const block = [line('lost', lost > 0 ? style.bad(figure) : style.good(figure))];
  const causes = [
    `network ${formatCount(metrics.loss_network)}`,
    `socket buffer ${formatCount(metrics.loss_socket_buffer)}`,
    `application ${formatCount(metrics.loss_application)}`,
  ];
  const never = metrics.never_sent === null ? '' : `; never sent ${formatCount(metrics.never_sent)}`;
  if (lost > 0 || (metrics.never_sent ?? 0) > 0) block.push(line('  by cause', causes.join(', ') + never));
  if (lost > 0 && metrics.loss_periods !== null && metrics.loss_periods > 0) {
    const pattern = `${counted(metrics.loss_periods, 'period')}, longest ${formatCount(metrics.loss_period_max)}`;
    block.push(line('  pattern', pattern));
  }
  const partly = reasons['packets_lost'];
  if (partly !== undefined) block.push(...lines('', partly, style.dim));
  if ((metrics.packets_pending ?? 0) > 0) block.push(line('  pending', formatCount(metrics.packets_pending)));
  return block;
}

function copies(metrics: StreamMetrics): string {
  const parts = [
    `duplicated ${formatCount(metrics.packets_duplicated)}`,
    `reordered ${formatCount(metrics.packets_reordered)}${
      (metrics.reorder_extent_max ?? 0) > 0 ? ` (extent ${formatCount(metrics.reorder_extent_max)})` : ''
    }`,
    `late ${formatCount(metrics.packets_late)}`,
  ];
  return parts.join(', ');
}

function delayLines(histograms: NonNullable<Histograms>, about: About, style: Style): string[] {
  const rows: [string, HistogramSummary | null][] = [
    ['delay', histograms.one_way_delay_ns],
    ['delay varies', histograms.pdv_ns],
    ['IPDV', histograms.ipdv_ns],
    ['interarrival', histograms.interarrival_ns],
    ['wake-up', histograms.wakeup_delay_ns],
    ['departure', histograms.departure_error_ns],
  ];
  const known = rows.filter((row): row is [string, HistogramSummary] => row[1] !== null && row[1].count > 0);
  const block: string[] = [];
  if (known.length > 0) block.push(...timeLines(known, style));
  const delay = histograms.one_way_delay_ns;
  if (delay === null || delay.count === 0) {
    const why = about.not_measured['one_way_delay_ns'];
    if (why !== undefined) block.push(...lines('delay', `${DASH} (${why})`));
  } else if (about.send_time !== undefined) {
    const uncertainty = about.delay_uncertainty_ns ?? null;
    const sure =
      uncertainty === null
        ? (about.not_measured['delay_uncertainty_ns'] ?? 'how far it may be off is not known')
        : `at most ${formatDuration(uncertainty)} too long, one clock at both ends`;
    block.push(...lines('', `delay: ${sure}`, style.dim));
    if (delay.conditional.length > 0) {
      const which = delay.conditional.join(' ');
      block.push(...lines('', `delay: ${which} hold for what arrived; more than that was lost`, style.dim));
    }
    if (delay.clamped > 0) block.push(line('', style.warn(`delay: ${formatCount(delay.clamped)} values out of range`)));
  }
  return block;
}

function dscpText(metrics: StreamMetrics, style: Style): string {
  const received = metrics.dscp_received;
  const sent = metrics.dscp_sent;
  const names = received === null ? [] : Object.keys(received).map((dscp) => dscpName(Number(dscp)));
  const changed = sent !== null && received !== null && Object.keys(received).some((dscp) => Number(dscp) !== sent);
  const told = sent === null ? '' : ` (sent ${dscpName(sent)})`;
  const text = `DSCP ${received === null ? DASH : names.join(' ') || 'none'}${told}`;
  const marks = metrics.ecn_ce_received ?? 0;
  return (changed ? style.warn(text) : text) + (marks > 0 ? `, ${counted(marks, 'ECN congestion mark')}` : '');
}

function ttlText(metrics: StreamMetrics): string {
  const { ttl_min, ttl_max, ttl_sent, hops_min, hops_max } = metrics;
  const range = ttl_min === ttl_max ? `${ttl_min ?? DASH}` : `${ttl_min}..${ttl_max}`;
  const hops = hops_min === null ? '' : `: ${hops_min === hops_max ? hops_min : `${hops_min}..${hops_max}`} hops`;
  return `TTL ${range}${ttl_sent === null ? '' : ` (sent ${ttl_sent}${hops})`}`;
}
