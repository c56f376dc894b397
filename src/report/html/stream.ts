/** One stream in full. */
import { formatCount, formatDuration, formatHostPort } from '../../core/format.js';
import { HISTOGRAM_IDS, HISTOGRAMS, type HistogramId } from '../../metrics/catalog.js';
import type { Run, Stream, StreamHistograms } from '../../result/model.js';
import { bursts } from './bursts.js';
import { histograms, type NamedHistogram } from './histograms.js';
import { instant } from './instant.js';
import { lossMap } from './lossMap.js';
import { placeName } from './cell.js';
import { facts, type Fact } from './facts.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';
import { metricTables } from './metricTables.js';
import { notMeasured } from './notMeasured.js';
import { fec, recovery, rtcp } from './repair.js';
import { seriesCharts } from './seriesCharts.js';
import { seriesTable } from './seriesTable.js';
import { transport } from './transport.js';

export interface StreamOptions {
  /** Of this stream on the page. */
  readonly id: string;
  /** Opened by whoever reads: there are many. */
  readonly folded: boolean;
  /** The points of its series stand in a table too. */
  readonly hasPoints: boolean;
  /** So many of them are drawn. */
  readonly drawn: number;
  /** Long tables are cut short: it is one of many. */
  readonly brief: boolean;
}

export function streamSection(
  stream: Stream,
  run: Run,
  { id, folded, hasPoints, drawn, brief }: StreamOptions,
): Markup {
  const title = markup`<h3>${streamName(stream)} <small>${origin(stream)}</small></h3>`;
  const body = [
    streamFacts(stream),
    stream.notes.map((note) => markup`<p class="note">${note}</p>`),
    course(stream, run, hasPoints ? `${id}-points` : null, drawn),
    metricTables(stream),
    delays(stream),
    lossMap(stream, brief),
    fec(stream),
    recovery(stream),
    rtcp(stream),
    transport(stream, brief),
    bursts(stream),
    notMeasured(stream),
  ];
  return folded
    ? markup`<details class="stream" id="${id}">
        <summary>${title} <small>${inShort(stream)}</small></summary>
        ${body}
      </details>`
    : markup`<article class="stream" id="${id}">${title}${body}</article>`;
}

/** The line-up's name, or where it was sent to. */
export function streamName({ name, format, group, port, leg }: Stream): Part {
  if (format === 'others') return 'Further streams, of which none is told apart';
  const place = name === null && group === '' ? format : placeName(name, group, port);
  return markup`${place}${leg !== null && `, leg ${leg}`}`;
}

function origin({ format, source, source_port: from, group, name, port, flow }: Stream): string {
  if (group === '' || source === '') return format;
  const place = name === null ? '' : ` to ${formatHostPort(group, port)}`;
  return `${format}${place} from ${formatHostPort(source, from)}${flow === null ? '' : `, flow ${flow}`}`;
}

/** Of one that is folded. */
function inShort({ metrics }: Stream): string {
  const lost = metrics.messages_lost ?? metrics.packets_lost;
  return `received ${formatCount(metrics.packets_received)}${lost === null ? '' : `, lost ${formatCount(lost)}`}`;
}

function streamFacts(stream: Stream): Markup {
  const list: (Fact | null)[] = [
    fact('role', stream.role === 'media' ? null : stream.role),
    fact('interface', stream.interface),
    fact('sender run', stream.sender_run),
    fact('first arrival', stream.start === null ? null : instant(stream.start)),
    fact('last arrival', stream.end === null ? null : instant(stream.end)),
    fact('end', stream.ended ? 'announced by the sender' : null),
    fact('numbers', numbersOf(stream)),
    fact('loss by cause', stream.loss_attribution),
    fact('delay may be off by', delayUncertainty(stream)),
    ...corrected(stream),
    fact('datagrams', stream.super_packets ? 'some share a receive stamp (offload)' : null),
    fact('RTP payload type', stream.rtp === null ? null : String(stream.rtp.payload_type)),
    fact('RTP time stamp', stream.rtp === null ? null : stepsOf(stream.rtp.timestamp_discontinuities)),
    fact('messages in all copies', stream.feed === null ? null : formatCount(stream.feed.messages_arrived)),
    fact('heartbeats', stream.feed === null ? null : formatCount(stream.feed.heartbeats)),
    fact('began anew', stream.feed === null ? null : formatCount(stream.feed.beginnings)),
  ];
  const local = stream.local && markup`<p class="note warn">From this host itself: these copies never left it.</p>`;
  return markup`${local}${facts(list)}`;
}

function fact(name: string, value: string | null): Fact | null {
  return value === null ? null : { name, value };
}

function numbersOf({ unit, expected_from: from }: Stream): string {
  if (unit === 'none') return 'none';
  const since = from === null ? '' : from === 'start' ? ', from the announced start' : ', from the first one heard';
  return `count ${unit}s${since}`;
}

function stepsOf(steps: number): string | null {
  return steps === 0 ? null : `stepped ${formatCount(steps)} times`;
}

function delayUncertainty({ delay_uncertainty_ns: ns, histograms: all }: Stream): string | null {
  if (ns !== null) return formatDuration(ns);
  return all?.one_way_delay_ns === null || all === null ? null : 'not known';
}

/** One-way delay by one clock. */
function corrected({ delay_correction: of }: Stream): (Fact | null)[] {
  if (of === null) return [];
  const { basis, offset_ns: offset, uncertainty_ns: within } = of;
  return [
    fact('clocks of both ends', basis === 'same_host' ? 'are one' : 'were compared'),
    fact('this clock ahead by', formatDuration(offset)),
    fact('known within', formatDuration(within)),
    fact('delay by one clock, min', formatDuration(of.min_ns)),
    fact('delay by one clock, p50', formatDuration(of.p50_ns)),
    fact('delay by one clock, p99', formatDuration(of.p99_ns)),
    fact('delay by one clock, max', formatDuration(of.max_ns)),
  ];
}

function course(stream: Stream, run: Run, tableId: string | null, drawn: number): Markup {
  const { series } = stream;
  if (series === null) return NOTHING;
  return markup`${seriesCharts(stream, series, run, tableId, drawn)}${tableId !== null && seriesTable(series, tableId)}`;
}

const COLOURS: Readonly<Record<HistogramId, string>> = {
  one_way_delay_ns: 'c-delay',
  pdv_ns: 'c-delay',
  ipdv_ns: 'c-jitter',
  interarrival_ns: 'c-rate',
  departure_error_ns: 'c-mdi',
  wakeup_delay_ns: 'c-application',
};

function delays({ histograms: all }: Stream): Markup {
  return all === null ? NOTHING : streamHistograms(all);
}

/** Those that recorded something. */
export function streamHistograms(all: StreamHistograms): Markup {
  return histograms(
    HISTOGRAM_IDS.flatMap((id): NamedHistogram[] => {
      const summary = all[id];
      if (summary === null || summary.count === 0) return [];
      return [{ name: HISTOGRAMS[id].label, definition: id, summary, colour: COLOURS[id] }];
    }),
  );
}
