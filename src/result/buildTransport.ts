import type { Nanos } from '../core/time.js';
import type { Histogram } from '../metrics/histogram.js';
import type { RtcpSnapshot } from '../metrics/rtcpSnapshot.js';
import type { OutputSnapshot, RepairSnapshot } from '../metrics/repairSnapshot.js';
import { TRANSPORT_INDICATORS } from '../metrics/transportIndicators.js';
import type {
  IndicatorSnapshot,
  MdiSnapshot,
  PcrSnapshot,
  PidSnapshot,
  ServiceSnapshot,
  TransportSnapshot,
} from '../metrics/transportSnapshot.js';
import { summarise } from './histogramSummary.js';
import type {
  HistogramSummary,
  IndicatorReport,
  Transport,
  TransportPcr,
  TransportPid,
  TransportService,
} from './model.js';
import { MDI_FIGURES, type MdiFigureId, PRIORITIES } from './transportFigures.js';

/** What is known of a stream behind the measurement of its datagrams. */
export interface MediaFacts {
  /** `null`: no transport stream. */
  readonly transport: TransportSnapshot | null;
  /** `null`: nothing put the stream in order. Of two legs both are given that of the pair. */
  readonly repair: RepairSnapshot | null;
  readonly outputs: readonly OutputSnapshot[];
  /** `null`: no sender report came, or none was listened for. */
  readonly rtcp: RtcpSnapshot | null;
  /** When the group was joined; NaN: not known. */
  readonly joinMonoNs: Nanos;
}

/** `transport`, `mdi` and `tr101290` of a stream, and what of `not_measured` is about them. */
export interface TransportSheet {
  readonly transport: Transport;
  readonly mdi: Record<MdiFigureId, number | null> | null;
  readonly tr101290: Record<string, number | null>;
  readonly not_measured: Record<string, string>;
}

/** `startMonoNs`: begin of the run. `joinMonoNs`: of the join; NaN: not known. */
export function buildTransport(snapshot: TransportSnapshot, startMonoNs: Nanos, joinMonoNs: Nanos): TransportSheet {
  const { first, mdi } = snapshot;
  const not_measured: Record<string, string> = {};
  const since = (ns: Nanos): number | null => known(ns - startMonoNs);
  const afterJoin = (id: string, ns: Nanos): number | null => {
    const span = known(ns - joinMonoNs);
    if (span !== null && span >= 0) return span;
    not_measured[`transport.${id}`] = Number.isNaN(ns) ? 'none came' : 'the time of the join is not known, or later';
    return null;
  };
  const indicators = snapshot.indicators.map((one) => indicatorReport(one, startMonoNs));
  const transport: Transport = {
    transport_stream_id: snapshot.transportStreamId,
    in_sync: snapshot.inSync,
    packets: snapshot.packets,
    null_packets: snapshot.nullPackets,
    rate_bit_per_second: known(snapshot.rateBitPerSecond),
    stray_octets: snapshot.strayOctets,
    odd_datagrams: snapshot.oddDatagrams,
    malformed_packets: snapshot.malformedPackets,
    malformed_sections: snapshot.malformedSections,
    lost_datagrams: snapshot.lostDatagrams,
    continuity_errors: sumOf(snapshot.pids, (pid) => pid.continuityErrors),
    missing_packets: sumOf(snapshot.pids, (pid) => pid.missingPackets),
    continuity_errors_explained: sumOf(snapshot.pids, (pid) => pid.continuityErrorsExplained),
    pids_overflowed: snapshot.pidsOverflowed,
    indicators,
    services: snapshot.services.map((service) => serviceOf(service, snapshot.pids)),
    pids: snapshot.pids.map((pid) => pidOf(pid, startMonoNs)),
    pcr: snapshot.pcr.map(pcrOf),
    media_loss_from: mdi?.lossFrom ?? null,
    first_packet_ns: since(first.packetMonoNs),
    first_pat_ns: since(first.patMonoNs),
    first_pmt_ns: since(first.pmtMonoNs),
    first_random_access_ns: since(first.randomAccessMonoNs),
    random_access_by: first.randomAccessBy,
    first_pat_after_join_ns: afterJoin('first_pat_after_join_ns', first.patMonoNs),
    first_pmt_after_join_ns: afterJoin('first_pmt_after_join_ns', first.pmtMonoNs),
    first_random_access_after_join_ns: afterJoin('first_random_access_after_join_ns', first.randomAccessMonoNs),
  };
  if (mdi === null) not_measured['mdi'] = 'nothing arrived: the times are those of the program clock';
  return {
    transport,
    mdi: mdi === null ? null : mdiFigures(mdi, not_measured),
    tr101290: indicatorCounts(indicators, snapshot, not_measured),
    not_measured,
  };
}

function sumOf(pids: readonly PidSnapshot[], of: (pid: PidSnapshot) => number): number {
  return pids.reduce((sum, pid) => sum + of(pid), 0);
}

/** `null` for what is no number. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function indicatorReport(indicator: IndicatorSnapshot, startMonoNs: Nanos): IndicatorReport {
  const { id, priority, applies, count, pid } = indicator;
  const about = TRANSPORT_INDICATORS.find((one) => one.id === id);
  return {
    id,
    name: about?.name ?? id,
    clause: about?.clause ?? '',
    priority,
    count: applies ? count : null,
    first_ns: known(indicator.firstMonoNs - startMonoNs),
    last_ns: known(indicator.lastMonoNs - startMonoNs),
    pid,
  };
}

/** By id, and the sums per priority of those that apply. */
function indicatorCounts(
  indicators: readonly IndicatorReport[],
  snapshot: TransportSnapshot,
  not_measured: Record<string, string>,
): Record<string, number | null> {
  const counts: Record<string, number | null> = {};
  for (const priority of PRIORITIES) {
    const judged = indicators.filter((one) => one.priority === priority && one.count !== null);
    counts[`p${priority}`] = judged.length === 0 ? null : judged.reduce((sum, one) => sum + one.count!, 0);
    if (judged.length === 0) not_measured[`tr101290.p${priority}`] = 'no indicator of this priority could be judged';
  }
  for (const { id, count } of indicators) {
    counts[id] = count;
    if (count === null) not_measured[`tr101290.${id}`] = whyNotJudged(id, snapshot);
  }
  return counts;
}

function whyNotJudged(id: string, { pcr }: TransportSnapshot): string {
  switch (id) {
    case 'pcr_repetition_error':
    case 'pcr_discontinuity_indicator_error':
      return 'no PCR came';
    case 'pcr_accuracy_error':
      if (pcr.length === 0) return 'no PCR came';
      return pcr.some((one) => one.accuracyWhyNot === 'variable_rate')
        ? 'the stream has no constant rate'
        : 'too few PCRs came';
    case 'nit_error':
    case 'sdt_error':
    case 'eit_error':
    case 'rst_error':
    case 'tdt_error':
      return 'the stream carries no such table';
    case 'si_repetition_error':
      return 'the stream carries no NIT, SDT, EIT or TDT';
    case 'unreferenced_pid':
      return 'the tables that refer to PIDs have not all come';
    default:
      return 'there was nothing to judge';
  }
}

function mdiFigures(mdi: MdiSnapshot, not_measured: Record<string, string>): Record<MdiFigureId, number | null> {
  const figures: Record<MdiFigureId, number | null> = {
    delay_factor_ns: known(mdi.delayFactorNs),
    delay_factor_max_ns: known(mdi.delayFactorMaxNs),
    delay_factor_mean_ns: known(mdi.delayFactorMeanNs),
    media_loss_rate: known(mdi.mediaLossRate),
    media_loss_rate_max: known(mdi.mediaLossRateMax),
    media_loss_rate_mean: known(mdi.mediaLossRateMean),
    media_rate_bit_per_second: known(mdi.mediaRateBitPerSecond),
    intervals: mdi.intervals,
    errored_seconds: mdi.erroredSeconds,
  };
  const why =
    mdi.intervals === 0
      ? 'no interval of 1 s was complete'
      : figures.media_rate_bit_per_second === null
        ? 'the media rate is not known: too few PCRs came'
        : 'in no whole interval did anything arrive';
  for (const { id } of MDI_FIGURES) if (figures[id] === null) not_measured[`mdi.${id}`] = why;
  return figures;
}

function serviceOf(service: ServiceSnapshot, pids: readonly PidSnapshot[]): TransportService {
  const own = new Set([service.pmtPid, service.pcrPid, ...service.streams.map(({ pid }) => pid)]);
  const rates = pids.filter(({ pid }) => own.has(pid)).map((one) => known(one.rateBitPerSecond));
  const summed = rates.filter((rate) => rate !== null);
  return {
    program_number: service.programNumber,
    name: service.name,
    provider: service.provider,
    pmt_pid: service.pmtPid,
    pcr_pid: service.pcrPid,
    has_pmt: service.hasPmt,
    rate_bit_per_second: summed.length === 0 ? null : summed.reduce((sum, rate) => sum + rate, 0),
    streams: service.streams.map(({ pid, streamType, kind, name, language }) => ({
      pid,
      stream_type: streamType,
      kind,
      name,
      language,
    })),
  };
}

function pidOf(pid: PidSnapshot, startMonoNs: Nanos): TransportPid {
  return {
    pid: pid.pid,
    kind: pid.kind,
    name: pid.name,
    language: pid.language,
    program_number: pid.programNumber,
    packets: pid.packets,
    rate_bit_per_second: known(pid.rateBitPerSecond),
    scrambled: pid.scrambled,
    transport_errors: pid.transportErrors,
    continuity_errors: pid.continuityErrors,
    missing_packets: pid.missingPackets,
    continuity_errors_explained: pid.continuityErrorsExplained,
    missing_packets_explained: pid.missingPacketsExplained,
    duplicates: pid.duplicates,
    pcrs: pid.pcrs,
    pts_count: pid.ptsCount,
    first_ns: known(pid.firstMonoNs - startMonoNs),
    last_ns: known(pid.lastMonoNs - startMonoNs),
  };
}

function pcrOf(pcr: PcrSnapshot): TransportPcr {
  const { arrival } = pcr;
  return {
    pid: pcr.pid,
    pcrs: pcr.pcrs,
    interval_ns: summaryOf(pcr.interval),
    discontinuities: pcr.discontinuities,
    accuracy_ns: summaryOf(pcr.accuracy),
    accuracy_min_ns: known(pcr.accuracyMinNs),
    accuracy_max_ns: known(pcr.accuracyMaxNs),
    accuracy_why_not: pcr.accuracyWhyNot,
    rate_bit_per_second: known(pcr.rateBitPerSecond),
    jitter_ns: summaryOf(arrival?.jitter ?? null),
    drift_ppm: arrival === null ? null : known(arrival.driftPpm),
    drift_error_ppm: arrival === null ? null : known(arrival.driftErrorPpm),
    drift_over_ns: arrival === null ? null : known(arrival.overNs),
  };
}

/** `null` where nothing was recorded. */
function summaryOf(histogram: Histogram | null): HistogramSummary | null {
  return histogram === null || histogram.count + histogram.clamped === 0 ? null : summarise(histogram);
}
