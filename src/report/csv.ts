/** A row each stream, with all its figures: what was received, and what was sent. */
import { HISTOGRAM_IDS, METRIC_IDS, PERCENTILE_IDS, type HistogramId } from '../metrics/catalog.js';
import { everyStream } from '../result/briefStreams.js';
import type { HistogramSummary, RunResult, SenderStream, Stream, StreamMetrics } from '../result/model.js';
import { NAMED_FIGURES } from '../result/transportFigures.js';
import { csvText, type CsvValue } from './csvText.js';
import { plainDocument } from './plainDocument.js';

const HISTOGRAM_FIGURES = ['count', 'min', 'mean', 'max', ...PERCENTILE_IDS] as const;
const SENT = [
  'scheduled',
  'sent',
  'not_sent',
  'octets_sent',
  'flow_count',
  'size_octets',
] as const satisfies readonly (keyof SenderStream)[];

/** Every column, in order. Figures are named as limits name them; `after.` are those after repair. */
export const CSV_COLUMNS: readonly string[] = [
  'run_id',
  'host',
  'run_name',
  'run_start',
  'verdict',
  'receiver',
  'side',
  'stream',
  'name',
  'role',
  'leg',
  'format',
  'unit',
  'source',
  'source_port',
  'group',
  'port',
  'interface',
  'flow',
  'sender_run',
  'start',
  'end',
  ...METRIC_IDS,
  'after.packets_received',
  'after.packets_lost',
  'after.messages_received',
  'after.messages_lost',
  'after.loss_ratio',
  ...HISTOGRAM_IDS.flatMap((id) => HISTOGRAM_FIGURES.map((figure) => `${id}.${figure}`)),
  ...NAMED_FIGURES.mdi.map((id) => `mdi.${id}`),
  ...NAMED_FIGURES.tr101290.map((id) => `tr101290.${id}`),
  ...SENT,
];

export function renderCsv(results: readonly RunResult[]): string {
  const rows = results.flatMap((result) => rowsOf(plainDocument(result), null));
  return csvText(
    CSV_COLUMNS,
    rows.map((row) => CSV_COLUMNS.map((column) => row[column] ?? null)),
  );
}

type Row = Readonly<Record<string, CsvValue>>;

/** `receiver`: that reported to the sender whose result it is. */
function rowsOf(result: RunResult, receiver: string | null): Row[] {
  const { run, host, health, sender, receivers } = result;
  const about: Row = {
    run_id: run.id,
    host: host.name,
    run_name: run.name,
    run_start: run.start,
    verdict: health.verdict,
    receiver,
  };
  return [
    ...everyStream(result).map((stream) => ({ ...about, ...received(stream) })),
    ...(sender?.streams ?? []).map((stream) => ({ ...about, ...sent(stream) })),
    ...receivers.flatMap((one) => (one.result === null ? [] : rowsOf(one.result, one.name))),
  ];
}

function received(stream: Stream): Row {
  const { metrics, after, histograms, mdi, tr101290 } = stream;
  return {
    side: 'received',
    stream: stream.id,
    name: stream.name,
    role: stream.role,
    leg: stream.leg,
    format: stream.format,
    unit: stream.unit,
    source: stream.source,
    source_port: stream.source_port,
    group: stream.group,
    port: stream.port,
    interface: stream.interface,
    flow: stream.flow,
    sender_run: stream.sender_run,
    start: stream.start,
    end: stream.end,
    ...metrics,
    dscp_received: dscpText(metrics.dscp_received),
    ...(after === null ? {} : prefixed('after', after.metrics)),
    ...Object.assign({}, ...HISTOGRAM_IDS.map((id) => summaryOf(id, histograms?.[id] ?? null))),
    ...(mdi === null ? {} : prefixed('mdi', mdi)),
    ...(tr101290 === null ? {} : prefixed('tr101290', tr101290)),
  };
}

function sent(stream: SenderStream): Row {
  return {
    side: 'sent',
    stream: stream.id,
    name: stream.name,
    leg: stream.leg,
    format: stream.format,
    source: stream.source,
    source_port: stream.source_port,
    group: stream.group,
    port: stream.port,
    interface: stream.interface,
    dscp_sent: stream.dscp,
    ttl_sent: stream.ttl,
    active_ns: stream.active_ns,
    rate_bit_per_second: stream.rate_bit_per_second,
    rate_ip_bit_per_second: stream.rate_ip_bit_per_second,
    rate_ethernet_bit_per_second: stream.rate_ethernet_bit_per_second,
    rate_packets_per_second: stream.rate_packets_per_second,
    ...summaryOf('departure_error_ns', stream.departure_error_ns),
    ...Object.fromEntries(SENT.map((id) => [id, stream[id]])),
  };
}

function prefixed(prefix: string, figures: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(figures).map(([id, value]) => [`${prefix}.${id}`, value as CsvValue]));
}

function summaryOf(id: HistogramId, summary: HistogramSummary | null): Row {
  if (summary === null) return {};
  return Object.fromEntries(HISTOGRAM_FIGURES.map((figure) => [`${id}.${figure}`, summary[figure]]));
}

/** `46:990 0:3`. */
function dscpText(received: StreamMetrics['dscp_received']): string | null {
  if (received === null) return null;
  return Object.entries(received)
    .map(([dscp, count]) => `${dscp}:${count}`)
    .join(' ');
}
