/** What a text report says about a transport stream. */
import { DASH, formatCount, formatDuration, formatRate } from '../core/format.js';
import type {
  IndicatorReport,
  Stream,
  Transport,
  TransportPcr,
  TransportPid,
  TransportService,
} from '../result/model.js';
import { PRIORITIES } from '../result/transportFigures.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';

/** Most rows of each kind. */
const SERVICES = 12;
const PIDS = 32;
const PCRS = 4;
/** Columns of a codec's or table's name. */
const NAME = 22;

/** All of it, or when `brief` one line and what is wrong. Nothing where the stream is no transport stream. */
export function transportLines(stream: Stream, style: Style, brief: boolean): string[] {
  const { transport, mdi } = stream;
  if (transport === null) return [];
  const raised = transport.indicators.filter(({ count }) => (count ?? 0) > 0);
  const verdict = brief && raised.length === 0 ? ', no TR 101 290 error' : '';
  const block = [...lines('transport', summary(transport, brief) + verdict), ...faultLines(transport, style)];
  if (!brief) {
    const { services, pids, pcr } = transport;
    block.push(...tableLines(services, pids, style));
    block.push(...pcr.slice(0, PCRS).flatMap(pcrLines));
    if (pcr.length > PCRS) block.push(line('', `and ${counted(pcr.length - PCRS, 'more PCR PID')}`));
  }
  block.push(...continuityLines(transport, style));
  if (!brief || raised.length > 0) block.push(...indicatorLines(stream, raised, style));
  const isErrored = (mdi?.['errored_seconds'] ?? 0) > 0;
  if (mdi !== null && (!brief || isErrored)) block.push(...mdiLines(mdi, transport.media_loss_from, style));
  if (!brief) block.push(...channelLines(transport));
  return block;
}

/** Services and PIDs. */
export function tableLines(
  services: readonly TransportService[],
  pids: readonly TransportPid[],
  style: Style,
): string[] {
  const block = services.slice(0, SERVICES).flatMap(serviceLines);
  if (services.length > SERVICES) block.push(line('', `and ${counted(services.length - SERVICES, 'more service')}`));
  return [...block, ...pidLines(pids, style)];
}

function summary(transport: Transport, brief: boolean): string {
  const { packets, null_packets: nulls, services, pids } = transport;
  const parts = [counted(services.length, 'service'), counted(pids.length, 'PID')];
  if (!brief) parts.push(counted(packets, 'packet') + (nulls > 0 ? ` (${formatCount(nulls)} null)` : ''));
  return [...parts, formatRate(transport.rate_bit_per_second)].join(', ');
}

function faultLines(transport: Transport, style: Style): string[] {
  const faults: string[] = [];
  const note = (count: number, noun: string): void => void (count > 0 && faults.push(counted(count, noun)));
  if (!transport.in_sync) faults.push('out of synchronisation at the end');
  note(transport.odd_datagrams, 'datagram');
  if (transport.odd_datagrams > 0) faults.push(`${faults.pop()!} of no whole number of packets`);
  note(transport.stray_octets, 'stray octet');
  note(transport.malformed_packets, 'malformed packet');
  note(transport.malformed_sections, 'malformed section');
  note(transport.pids_overflowed, 'PID');
  if (transport.pids_overflowed > 0) faults.push(`${faults.pop()!} beyond the table`);
  return faults.length === 0 ? [] : lines('', faults.join(', '), style.warn);
}

function serviceLines(service: TransportService): string[] {
  const provider = service.provider === null || service.provider === '' ? '' : ` (${service.provider})`;
  const name = service.name === null || service.name === '' ? 'no name told' : service.name;
  const parts = [`${name}${provider}`, formatRate(service.rate_bit_per_second)];
  parts.push(service.has_pmt ? `PMT ${service.pmt_pid}` : `PMT ${service.pmt_pid} did not come`);
  if (service.pcr_pid !== null) parts.push(`PCR ${service.pcr_pid}`);
  return lines(`service ${service.program_number}`, parts.join(', '));
}

function pidLines(pids: readonly TransportPid[], style: Style): string[] {
  if (pids.length === 0) return [];
  const head = row('PID', 'type', 'codec', 'lang', 'rate', 'CC errors');
  const block = [line('', style.dim(head))];
  for (const pid of shownPids(pids)) {
    const scrambled = pid.scrambled > 0 ? ' (scrambled)' : '';
    const name = `${cut(pid.name ?? DASH, NAME - 1 - scrambled.length)}${scrambled}`;
    const errors = formatCount(pid.continuity_errors);
    const text = row(
      String(pid.pid),
      pid.kind ?? DASH,
      name,
      pid.language ?? '',
      formatRate(pid.rate_bit_per_second),
      errors,
    );
    block.push(line('', pid.continuity_errors > 0 ? style.bad(text) : text));
  }
  if (pids.length > PIDS) block.push(line('', `and ${counted(pids.length - PIDS, 'more PID')}`));
  return block;
}

/** Those with errors first, then those that carry most; shown in order. */
function shownPids(pids: readonly TransportPid[]): TransportPid[] {
  if (pids.length <= PIDS) return [...pids];
  return pids
    .toSorted((a, b) => b.continuity_errors - a.continuity_errors || b.packets - a.packets)
    .slice(0, PIDS)
    .toSorted((a, b) => a.pid - b.pid);
}

/** Within 64 columns. */
function row(pid: string, kind: string, name: string, language: string, rate: string, errors: string): string {
  const left = `${pid.padStart(4)}  ${kind.padEnd(9)}${name.padEnd(NAME)}${language.padEnd(4)}`;
  return `${left}${rate.padStart(12)}${errors.padStart(11)}`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 2)}..`;
}

function continuityLines(transport: Transport, style: Style): string[] {
  const { continuity_errors: errors, continuity_errors_explained: explained } = transport;
  if (errors === 0) return [];
  const missing = `at least ${counted(transport.missing_packets, 'packet')} missing`;
  const why = explained > 0 ? `; ${formatCount(explained)} of the errors behind lost datagrams` : '';
  return lines('continuity', `${counted(errors, 'error')}, ${missing}${why}`, style.bad);
}

function pcrLines(pcr: TransportPcr): string[] {
  const { interval_ns: interval, accuracy_ns: accuracy, jitter_ns: jitter } = pcr;
  const sent: string[] = [];
  if (interval !== null)
    sent.push(`interval mean ${formatDuration(interval.mean)}, max ${formatDuration(interval.max)}`);
  if (accuracy !== null) {
    sent.push(`accuracy ${formatDuration(pcr.accuracy_min_ns)} .. ${formatDuration(pcr.accuracy_max_ns)}`);
  } else if (pcr.accuracy_why_not !== null) {
    sent.push(`accuracy ${DASH} (${pcr.accuracy_why_not === 'too_few' ? 'too few' : 'no constant rate'})`);
  }
  if (pcr.discontinuities > 0) sent.push(counted(pcr.discontinuities, 'discontinuity', 'discontinuities'));
  const arrived: string[] = [];
  if (jitter !== null)
    arrived.push(`arrival jitter p99 ${formatDuration(jitter.p99)}, max ${formatDuration(jitter.max)}`);
  if (pcr.drift_ppm !== null) arrived.push(`drift ${driftText(pcr.drift_ppm, pcr.drift_error_ppm)} ppm`);
  const block = lines(`PCR ${pcr.pid}`, sent.length === 0 ? counted(pcr.pcrs, 'value') : sent.join('; '));
  if (arrived.length > 0) block.push(...lines('', arrived.join('; ')));
  return block;
}

/** With as many places as are worth it. */
export function driftText(ppm: number, errorPpm: number | null): string {
  if (errorPpm === null) return ppm.toFixed(2);
  const places = Math.min(3, Math.max(0, 1 - Math.floor(Math.log10(errorPpm))));
  return `${ppm.toFixed(places)} +- ${errorPpm.toFixed(places)}`;
}

function indicatorLines(stream: Stream, raised: readonly IndicatorReport[], style: Style): string[] {
  const sums = stream.tr101290 ?? {};
  const perPriority = PRIORITIES.map((priority) => {
    const sum = sums[`p${priority}`] ?? null;
    return `priority ${priority}: ${sum === 0 ? 'none' : formatCount(sum)}`;
  });
  const block = lines('TR 101 290', perPriority.join(', '));
  for (const one of raised) {
    const first = formatDuration(one.first_ns);
    const when = one.count === 1 ? `at ${first}` : `first ${first}, last ${formatDuration(one.last_ns)}`;
    const where = one.pid === null ? '' : `, PID ${one.pid}`;
    const text = `${one.id} ${formatCount(one.count)} (${when}${where})`;
    block.push(...lines(`  priority ${one.priority}`, text, one.priority === 1 ? style.bad : style.warn));
  }
  return block;
}

function mdiLines(mdi: NonNullable<Stream['mdi']>, lossFrom: Transport['media_loss_from'], style: Style): string[] {
  const of = (id: string): number | null => mdi[id] ?? null;
  if (of('intervals') === 0) return lines('MDI', `${DASH} (no interval of 1 s was complete)`);
  const df = `DF ${formatDuration(of('delay_factor_mean_ns'))}, at most ${formatDuration(of('delay_factor_max_ns'))}`;
  const least = lossFrom === 'continuity' ? ' (by continuity: a lower bound)' : '';
  const worst = of('media_loss_rate_max');
  const mlr = `MLR at most ${formatCount(worst)} packets/s${(worst ?? 0) > 0 ? least : ''}`;
  const errored = of('errored_seconds') ?? 0;
  const seconds = `${counted(errored, 'errored second')} of ${formatCount(of('intervals'))}`;
  return lines('MDI', `${df}; ${mlr}; ${seconds}`, errored > 0 ? style.bad : undefined);
}

/** Times from the join to where a receiver could go on: what a viewer waits for. */
function channelLines(transport: Transport): string[] {
  const times: [string, number | null][] = [
    ['PAT', transport.first_pat_after_join_ns],
    ['PMT', transport.first_pmt_after_join_ns],
    ['random access', transport.first_random_access_after_join_ns],
  ];
  const known = times.filter(([, ns]) => ns !== null).map(([what, ns]) => `${what} ${formatDuration(ns)}`);
  return known.length === 0 ? [] : lines('channel', `${known.join(', ')} after the join`);
}
