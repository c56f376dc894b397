import type { Nanos } from '../core/time.js';

/**
 * What a receiver has counted of one RTP stream: what RTCP compares with, and reports. Numbers are the sequence numbers
 * extended beyond 16 bits: all of one stream from the same base, whose lower 16 bits are 0.
 */
export interface RtpFigures {
  /** The first number heard. Another one than before: the stream has begun anew. */
  readonly firstNumber: number;
  /** The highest number heard; NaN: of the time of the report it is not known. */
  readonly highestNumber: number;
  /** Distinct packets that arrived, those that came after they were declared lost too. */
  readonly received: number;
  /** Further copies of packets. */
  readonly duplicates: number;
  /** Of RTP payload, without headers and padding, of `received`. */
  readonly payloadOctets: number;
  /** Interarrival jitter (RFC 3550 section 6.4.1), ns; NaN: not measurable. */
  readonly jitterNs: number;
}

/**
 * What the newest sender report says was sent, against what had arrived by then; once the sender has said BYE, against
 * what has arrived by now, as nothing more follows. Counts "since the first report" begin anew when the sender does, and
 * when the receiver takes the stream for a new one.
 */
export interface RtcpBalance {
  /** Packets and payload octets that the sender sent since the first report. */
  readonly packetsSent: number;
  readonly octetsSent: number;
  /** Distinct packets that arrived since the first report, and their payload octets. */
  readonly packetsArrived: number;
  readonly octetsArrived: number;
  /**
   * `packetsSent - packetsArrived`: never arrived, lost at the tail included. At either end it is off by the packets
   * that were on their way as the report came, fewer than none where they were at the first report.
   */
  readonly difference: number;
  /** The sender's own counts of all it ever sent, modulo 2^32 at the first report. */
  readonly totalPackets: number;
  readonly totalOctets: number;
  /**
   * Packets sent before the first that arrived, and sent behind the highest that arrived (tail loss, which sequence
   * numbers cannot show). A count of packets is tied to a number where the number was highest above the count: so both
   * are exact as soon as one report came right behind the last packet that it counts. `null`: no packet arrived.
   */
  readonly packetsBefore: number | null;
  readonly packetsBehind: number | null;
}

/** What the RTCP of one source (SSRC) said. */
export interface RtcpSnapshot {
  readonly ssrc: number;
  /** Sender reports; overtaken ones and copies, which are not used, are `staleReports`. */
  readonly reports: number;
  readonly staleReports: number;
  /** How often counting began anew: the sender did with the same SSRC, or the receiver took the stream for a new one. */
  readonly restarts: number;
  /** `null`: no sender report came. */
  readonly last: RtcpBalance | null;
  /** SDES CNAME and TOOL, what would move a terminal's cursor replaced by `?`; `null`: not told. */
  readonly cname: string | null;
  readonly tool: string | null;
  /** BYE came, and no report behind it. */
  readonly bye: boolean;
  /** When, CLOCK_MONOTONIC since the epoch; NaN without. */
  readonly byeMonoNs: Nanos;
  /** Frequency of the RTP timestamps by the sender's wallclock; `null`: no two reports with a wallclock. */
  readonly clockHzMeasured: number | null;
  /**
   * The smallest arrival minus NTP timestamp of all reports, ns: this host's CLOCK_REALTIME minus the sender's, plus the
   * shortest way of a report. `null`: no report with a wallclock.
   */
  readonly clockDifferenceNs: number | null;
}
