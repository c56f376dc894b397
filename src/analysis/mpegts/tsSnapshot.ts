import { Indicator } from '../../metrics/transportIndicators.js';
import type { FirstTimes, PidSnapshot, TransportSnapshot } from '../../metrics/transportSnapshot.js';
import { NULL_PID, TS_PACKET_OCTETS } from '../../wire/mpegts.js';
import { Pid } from './pidTable.js';
import { State, type TsFigures } from './tsFigures.js';

/** All that is known now, without a view of anything that goes on changing. */
export function makeSnapshot(figures: TsFigures): TransportSnapshot {
  const { tables, pids, clocks, mdi } = figures;
  const { services } = tables;
  const elapsedNs = figures.state[State.Now]! - figures.beginNs;
  return {
    tablesVersion: services.version,
    transportStreamId: services.transportStreamId,
    inSync: figures.isInSync,
    packets: figures.packets,
    nullPackets: pids.values[pids.find(NULL_PID) * Pid.Count + Pid.Packets]!,
    rateBitPerSecond: rate(figures.packets, elapsedNs),
    strayOctets: figures.strayOctets,
    oddDatagrams: figures.oddDatagrams,
    malformedPackets: figures.malformedPackets,
    malformedSections: tables.malformed,
    lostDatagrams: figures.lostDatagrams,
    pidsOverflowed: pids.overflowed,
    indicators: figures.counts.snapshot((indicator) => applies(figures, indicator)),
    services: services.snapshot(),
    pids: Array.from({ length: pids.rows - 1 }, (_, i) => pidSnapshot(figures, i + 1, elapsedNs)).sort(
      (a, b) => a.pid - b.pid,
    ),
    pcr: clocks.map((clock) => clock.snapshot()),
    mdi: mdi?.snapshot(figures.isLossTold ? 'sequence' : 'continuity') ?? null,
    first: firstTimes(figures),
  };
}

export function firstTimes({ tables, firstPacketNs, randomAccessNs, randomAccessBy }: TsFigures): FirstTimes {
  return {
    packetMonoNs: firstPacketNs,
    patMonoNs: tables.firstPatNs,
    pmtMonoNs: tables.firstPmtNs,
    randomAccessMonoNs: randomAccessNs,
    randomAccessBy,
  };
}

function rate(packets: number, overNs: number): number {
  return overNs > 0 ? (packets * TS_PACKET_OCTETS * 8e9) / overNs : NaN;
}

function applies({ tables, clocks, counts }: TsFigures, indicator: number): boolean {
  if (counts.counts[indicator]! > 0) return true;
  switch (indicator) {
    case Indicator.PcrAccuracy:
      return clocks.some(({ accuracy }) => accuracy.deviations.count > 0);
    case Indicator.PcrRepetition:
    case Indicator.PcrDiscontinuity:
      return clocks.length > 0;
    case Indicator.Nit:
    case Indicator.Sdt:
    case Indicator.Eit:
    case Indicator.Rst:
    case Indicator.Tdt:
      return tables.hasTableOf(indicator);
    case Indicator.SiRepetition:
      return tables.hasAnySi;
    case Indicator.UnreferencedPid:
      return tables.services.isComplete;
    default:
      return true;
  }
}

function pidSnapshot(figures: TsFigures, row: number, elapsedNs: number): PidSnapshot {
  const { pids, tables } = figures;
  const of = (column: number): number => pids.values[row * Pid.Count + column]!;
  const pid = pids.pid[row]!;
  const known = tables.services.known(pid);
  return {
    pid,
    kind: pid === NULL_PID ? 'null' : (known?.kind ?? null),
    name: known?.name ?? null,
    language: known?.language ?? null,
    programNumber: known?.programNumber ?? null,
    packets: of(Pid.Packets),
    rateBitPerSecond: rate(of(Pid.Packets), elapsedNs),
    intervalRateBitPerSecond: of(Pid.IntervalRate),
    scrambled: of(Pid.Scrambled),
    transportErrors: of(Pid.TransportErrors),
    continuityErrors: of(Pid.ContinuityErrors),
    missingPackets: of(Pid.Missing),
    continuityErrorsExplained: of(Pid.ErrorsExplained),
    missingPacketsExplained: of(Pid.MissingExplained),
    duplicates: of(Pid.Duplicates),
    pcrs: of(Pid.Pcrs),
    ptsCount: of(Pid.PtsCount),
    firstMonoNs: of(Pid.FirstNs),
    lastMonoNs: of(Pid.LastNs),
  };
}
