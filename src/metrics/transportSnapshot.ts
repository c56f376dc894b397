import type { Nanos } from '../core/time.js';
import type { Histogram } from './histogram.js';

/** One indicator of ETSI TR 101 290; what it means: `TRANSPORT_INDICATORS`. */
export interface IndicatorSnapshot {
  readonly id: string;
  readonly priority: 1 | 2 | 3;
  /** Whether there was anything to judge: a table that never came, a rate that is not constant. */
  readonly applies: boolean;
  readonly count: number;
  /** NaN while `count` is 0. */
  readonly firstMonoNs: Nanos;
  readonly lastMonoNs: Nanos;
  /** Of the last one; `null`: none, or it concerns no PID. */
  readonly pid: number | null;
}

export interface PidSnapshot {
  readonly pid: number;
  /** `table`: PAT, PMT, SI; `null`: not (yet) known. */
  readonly kind: 'table' | 'video' | 'audio' | 'subtitle' | 'data' | 'null' | null;
  /** Codec or table; `null`: not known. */
  readonly name: string | null;
  /** ISO 639. */
  readonly language: string | null;
  /** program_number; `null`: of none, or of several. */
  readonly programNumber: number | null;
  readonly packets: number;
  /** Of transport stream packets, whole packets counted, over the time since the first; NaN when that is none. */
  readonly rateBitPerSecond: number;
  /** The same over the last closed interval; NaN before the first. */
  readonly intervalRateBitPerSecond: number;
  readonly scrambled: number;
  readonly transportErrors: number;
  readonly continuityErrors: number;
  /** Packets that are missing by continuity_counter, modulo 16: at least as many. */
  readonly missingPackets: number;
  /** Of these errors and packets, those behind a loss that the network's sequence numbers told. */
  readonly continuityErrorsExplained: number;
  readonly missingPacketsExplained: number;
  /** Second copies, as ISO/IEC 13818-1 section 2.4.3.3 allows. */
  readonly duplicates: number;
  readonly pcrs: number;
  readonly ptsCount: number;
  readonly firstMonoNs: Nanos;
  readonly lastMonoNs: Nanos;
}

export interface ServiceStreamSnapshot {
  readonly pid: number;
  readonly streamType: number;
  readonly kind: PidSnapshot['kind'];
  readonly name: string;
  readonly language: string | null;
}

export interface ServiceSnapshot {
  readonly programNumber: number;
  /** From the SDT; `null`: none came. */
  readonly name: string | null;
  readonly provider: string | null;
  readonly pmtPid: number;
  /** `null`: the PMT did not come, or it says that there is none. */
  readonly pcrPid: number | null;
  readonly hasPmt: boolean;
  readonly streams: readonly ServiceStreamSnapshot[];
}

/** Arrival against the program clock. */
export interface PcrArrivalSnapshot {
  /** Arrival less PCR less the fitted line, above the least of its block; the largest is the jitter peak to peak. */
  readonly jitter: Histogram;
  /** How much faster the program clock runs than the receiver's, 10^-6; NaN below one second. */
  readonly driftPpm: number;
  /** Twice the standard error of the drift, were the arrivals independent of each other; NaN below one second. */
  readonly driftErrorPpm: number;
  /** What the drift was measured over. */
  readonly overNs: Nanos;
}

export interface PcrSnapshot {
  readonly pid: number;
  readonly pcrs: number;
  /** Differences of consecutive PCRs, ns; across discontinuities and losses there is none. */
  readonly interval: Histogram;
  /** Signalled and other ones. */
  readonly discontinuities: number;
  /** PCR_AC (TR 101 290 section 5.3.2): magnitudes of the deviation from the value by octet position, ns. */
  readonly accuracy: Histogram | null;
  /** Largest deviations to either side, ns; NaN without `accuracy`. */
  readonly accuracyMinNs: number;
  readonly accuracyMaxNs: number;
  /** Why there is no accuracy. */
  readonly accuracyWhyNot: 'too_few' | 'variable_rate' | null;
  /** Of the transport stream by PCR and octet position; NaN when not known. */
  readonly rateBitPerSecond: number;
  /** `null`: nothing arrived, times come from the program clock itself. */
  readonly arrival: PcrArrivalSnapshot | null;
}

/** One second of the media delivery index (RFC 4445). */
export interface MdiInterval {
  readonly startMonoNs: Nanos;
  readonly endMonoNs: Nanos;
  /** DF, ns; NaN: nothing arrived, or the media rate is not known. */
  readonly delayFactorNs: number;
  /** Lost transport stream packets per second. */
  readonly mediaLossRate: number;
}

export interface MdiSnapshot {
  readonly intervals: number;
  /** Latest, largest and mean delay factor, ns; NaN before the first. */
  readonly delayFactorNs: number;
  readonly delayFactorMaxNs: number;
  readonly delayFactorMeanNs: number;
  /** Lost packets per second. */
  readonly mediaLossRate: number;
  readonly mediaLossRateMax: number;
  readonly mediaLossRateMean: number;
  /** Where losses are known from: `continuity` is a lower bound. */
  readonly lossFrom: 'sequence' | 'continuity';
  readonly mediaRateBitPerSecond: number;
  /** Seconds with an error of priority 1 or 2, or a loss. */
  readonly erroredSeconds: number;
}

/** When a receiver could first go on; NaN: not yet. */
export interface FirstTimes {
  readonly packetMonoNs: Nanos;
  readonly patMonoNs: Nanos;
  /** Of the first program. */
  readonly pmtMonoNs: Nanos;
  /** First random access point of a video stream. */
  readonly randomAccessMonoNs: Nanos;
  /** How it was told: random_access_indicator, or the beginning of an intra picture in the packet that starts it. */
  readonly randomAccessBy: 'indicator' | 'picture' | null;
}

/** All that is known of one transport stream. `analysis` makes it, `result` turns it into the document. */
export interface TransportSnapshot {
  /** Changes when services, streams or names change. */
  readonly tablesVersion: number;
  readonly transportStreamId: number | null;
  readonly inSync: boolean;
  readonly packets: number;
  readonly nullPackets: number;
  /** Of all packets, over the time since the first; NaN when that is none. */
  readonly rateBitPerSecond: number;
  /** Octets that belong to no packet: outside of synchronisation, or in datagrams of no whole number of packets. */
  readonly strayOctets: number;
  /** Datagrams that are no whole number of packets. */
  readonly oddDatagrams: number;
  /** Packets with an adaptation field that does not fit, or a reserved control. */
  readonly malformedPackets: number;
  readonly malformedSections: number;
  readonly lostDatagrams: number;
  /** PIDs beyond the table; their packets are in no row. */
  readonly pidsOverflowed: number;
  readonly indicators: readonly IndicatorSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  readonly pids: readonly PidSnapshot[];
  readonly pcr: readonly PcrSnapshot[];
  /** `null`: nothing arrived. */
  readonly mdi: MdiSnapshot | null;
  readonly first: FirstTimes;
}
