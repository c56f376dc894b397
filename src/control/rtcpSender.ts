/**
 * What the sender reports of one source (SSRC) say against what arrived (RFC 3550 section 6.4.1): how much
 * it sent since its first report, and which time of its clock an RTP timestamp stands for.
 */
import { unixNsFromNtp } from '../core/ntpTime.js';
import type { Nanos } from '../core/time.js';
import type { RtcpSenderReport } from '../wire/rtcpReports.js';

const U32 = 4_294_967_296;

/** Counters of the receiver at the moment at which a report came. */
export interface ArrivedFigures {
  readonly packets: number;
  /** Of RTP payload, as the sender counts them: without headers and padding. */
  readonly payloadOctets: number;
}

/** What a report was taken for. */
export const SenderReportKind = {
  /** The first one, or the first after a restart. */
  First: 0,
  /** It goes on where the one before was. */
  Next: 1,
  /** Older than the newest: overtaken on the way, or its copy. Nothing is taken from it. */
  Stale: 2,
  /** The counts fell: the sender began anew with the same SSRC. Everything counts from here. */
  Restart: 3,
} as const;
export type SenderReportKind = (typeof SenderReportKind)[keyof typeof SenderReportKind];

/** Since the first report (since the restart, if there was one), at the moment of the newest one. */
export interface SentAgainstArrived {
  readonly sentPackets: number;
  readonly sentOctets: number;
  readonly arrivedPackets: number;
  readonly arrivedOctets: number;
  /** The sender's own count of everything it sent, which includes what came before its first report. */
  readonly totalPackets: number;
  readonly totalOctets: number;
}

/**
 * All counters modulo 2^32 are followed over their wraps. Between two reports fewer than 2^31 packets and
 * fewer than 2^32 octets must pass: at intervals of 5 s 6.8 Gbit/s.
 *
 * Sent and arrived are read at the two ends of a report's way, so their difference is off by the packets
 * that the report overtook or that overtook it.
 */
export class SenderReports {
  readonly #nominalHz: number;
  readonly #epochUnixNs: bigint;
  #heard = 0;
  #restarts = 0;
  #stale = 0;
  #clockJumps = 0;
  #sentPackets = 0;
  #sentOctets = 0;
  #firstPackets = 0;
  #firstOctets = 0;
  #arrivedAtFirst: ArrivedFigures = { packets: 0, payloadOctets: 0 };
  #arrived: ArrivedFigures = { packets: 0, payloadOctets: 0 };
  #newest: RtcpSenderReport | null = null;
  /** A stale report that a later one may prove to be of a restarted sender whose clock is behind. */
  #held: RtcpSenderReport | null = null;
  #firstRealNs: Nanos = 0;
  #newestRealNs: Nanos = 0;
  /** Units of the RTP timestamp from `#firstRealNs` to the newest report, over every wrap. */
  #units = 0;

  /** `clockHz`: of the payload format. `epochUnixNs`: what the results' `...RealNs` count from. */
  constructor(clockHz: number, epochUnixNs: bigint) {
    this.#nominalHz = clockHz;
    this.#epochUnixNs = epochUnixNs;
  }

  /** Reports that were no stale ones. */
  get heard(): number {
    return this.#heard;
  }
  get restarts(): number {
    return this.#restarts;
  }
  get stale(): number {
    return this.#stale;
  }
  /** How often wallclock and RTP timestamp moved apart by more than a second between two reports. */
  get clockJumps(): number {
    return this.#clockJumps;
  }

  /** A report came when the receiver had counted `arrived`. */
  onReport(report: RtcpSenderReport, arrived: ArrivedFigures): SenderReportKind {
    const newest = this.#newest;
    if (newest === null) return this.#begin(report, arrived, SenderReportKind.First);
    const packets = (report.packetCount - newest.packetCount) | 0;
    const aged = ntpSince(report.ntp, newest.ntp);
    if (packets > 0 || (packets === 0 && aged > 0n)) {
      this.#follow(newest, report, arrived, packets);
      return SenderReportKind.Next;
    }
    if (packets < 0) {
      // Counts that fell in a report made later (or by a sender without a clock): a restart.
      const isLater = aged > 0n || report.ntp === 0n;
      if (isLater || this.#continuesHeld(report)) return this.#begin(report, arrived, SenderReportKind.Restart);
      this.#held = report;
    }
    this.#stale++;
    return SenderReportKind.Stale;
  }

  /** `null`: no report came. */
  get sentAgainstArrived(): SentAgainstArrived | null {
    if (this.#newest === null) return null;
    return {
      sentPackets: this.#sentPackets,
      sentOctets: this.#sentOctets,
      arrivedPackets: this.#arrived.packets - this.#arrivedAtFirst.packets,
      arrivedOctets: this.#arrived.payloadOctets - this.#arrivedAtFirst.payloadOctets,
      totalPackets: this.#firstPackets + this.#sentPackets,
      totalOctets: this.#firstOctets + this.#sentOctets,
    };
  }

  /**
   * The sender's CLOCK_REALTIME, as ns since the epoch, for an RTP timestamp within 2^31 units of the newest
   * report's; `null`: no report with a wallclock came.
   */
  realNsOf(rtpTimestamp: number): Nanos | null {
    const newest = this.#newest;
    if (newest === null || newest.ntp === 0n) return null;
    const units = (rtpTimestamp - newest.rtpTimestamp) | 0;
    return this.#newestRealNs + Math.round((units / this.#nominalHz) * 1e9);
  }

  /**
   * Frequency of the RTP timestamps by the sender's own wallclock, from the first report (since one of the
   * two clocks jumped) to the newest; `null`: there are no two reports with different times.
   */
  get measuredHz(): number | null {
    const newest = this.#newest;
    if (newest === null || newest.ntp === 0n) return null;
    const ns = this.#newestRealNs - this.#firstRealNs;
    return ns > 0 ? (this.#units / ns) * 1e9 : null;
  }

  #begin(report: RtcpSenderReport, arrived: ArrivedFigures, kind: SenderReportKind): SenderReportKind {
    this.#heard++;
    if (kind === SenderReportKind.Restart) this.#restarts++;
    this.#held = null;
    this.#newest = report;
    this.#firstPackets = report.packetCount;
    this.#firstOctets = report.octetCount;
    this.#sentPackets = 0;
    this.#sentOctets = 0;
    this.#units = 0;
    this.#arrivedAtFirst = arrived;
    this.#arrived = arrived;
    this.#newestRealNs = this.#realNs(report);
    this.#firstRealNs = this.#newestRealNs;
    return kind;
  }

  #follow(newest: RtcpSenderReport, report: RtcpSenderReport, arrived: ArrivedFigures, packets: number): void {
    this.#heard++;
    this.#held = null;
    this.#sentPackets += packets;
    this.#sentOctets += (report.octetCount - newest.octetCount) >>> 0;
    this.#arrived = arrived;
    this.#followClock(newest, report);
    this.#newest = report;
  }

  #followClock(newest: RtcpSenderReport, report: RtcpSenderReport): void {
    const realNs = this.#realNs(report);
    const expected = ((realNs - this.#newestRealNs) * this.#nominalHz) / 1e9;
    this.#newestRealNs = realNs;
    // The wallclock says how often the timestamp, which wraps within hours, has gone round meanwhile.
    const modulo = (report.rtpTimestamp - newest.rtpTimestamp) >>> 0;
    const units = modulo + Math.round((expected - modulo) / U32) * U32;
    const hasWallclock = report.ntp !== 0n && newest.ntp !== 0n;
    if (hasWallclock && Math.abs(units - expected) <= this.#nominalHz) {
      this.#units += units;
      return;
    }
    if (hasWallclock) this.#clockJumps++;
    this.#units = 0;
    this.#firstRealNs = realNs;
  }

  #continuesHeld(report: RtcpSenderReport): boolean {
    const held = this.#held;
    if (held === null) return false;
    return ((report.packetCount - held.packetCount) | 0) >= 0 && ntpSince(report.ntp, held.ntp) > 0n;
  }

  #realNs(report: RtcpSenderReport): Nanos {
    return Number(unixNsFromNtp(report.ntp, this.#epochUnixNs) - this.#epochUnixNs);
  }
}

/** `a - b` of two 64-bit timestamps, over the end of an era, in units of 2^-32 s. */
function ntpSince(a: bigint, b: bigint): bigint {
  return BigInt.asIntN(64, a - b);
}
