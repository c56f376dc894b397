/**
 * A receiver's state for one source (SSRC): the report block that it sends about it (RFC 3550 sections
 * 6.4.1 and A.3), from figures that the measurement has anyway; and at the sender the round-trip time out
 * of such a block.
 */
import { ntpMiddle, nsFromShort, shortFromNs } from '../core/ntpTime.js';
import type { Nanos } from '../core/time.js';
import type { RtcpReportBlock } from '../wire/rtcpReports.js';

const MOST_CUMULATIVE = 0x7f_ffff;
const LEAST_CUMULATIVE = -0x80_0000;
const U32 = 4_294_967_296;

/** Counters of a source since its stream began, as the measurement holds them. */
export interface ReceptionFigures {
  /** Extended number of the first packet: cycles x 2^16 + sequence number. */
  readonly firstSequence: number;
  /** Extended number of the highest one; cycles may go beyond 16 bits. */
  readonly highestSequence: number;
  /** All arrivals, duplicates and late ones too (section 6.4.1). */
  readonly arrivedPackets: number;
  /** Units of the RTP timestamp; may have a fraction. */
  readonly jitter: number;
}

/** A span in units of a clock of `clockHz`: for a jitter that was measured in ns. */
export function rtpUnits(ns: number, clockHz: number): number {
  return (ns * clockHz) / 1e9;
}

export class ReportedSource {
  readonly ssrc: number;
  #firstSequence = 0;
  #priorExpected = 0;
  #priorArrived = 0;
  #lastSr = 0;
  #lastSrMonoNs = Number.NaN;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  /** A sender report of this source came. */
  onSenderReport(ntp: bigint, nowMonoNs: Nanos): void {
    this.#lastSr = ntpMiddle(ntp);
    this.#lastSrMonoNs = nowMonoNs;
  }

  /**
   * The block to send now; the next one's interval begins here. A source that has begun anew, with
   * another first number or with fewer arrivals than before, begins a new interval.
   */
  report(figures: ReceptionFigures, nowMonoNs: Nanos): RtcpReportBlock {
    const { firstSequence, highestSequence, arrivedPackets } = figures;
    const expected = highestSequence - firstSequence + 1;
    if (
      firstSequence !== this.#firstSequence ||
      arrivedPackets < this.#priorArrived ||
      expected < this.#priorExpected
    ) {
      this.#firstSequence = firstSequence;
      this.#priorExpected = 0;
      this.#priorArrived = 0;
    }
    const fractionLost = lossFraction(expected - this.#priorExpected, arrivedPackets - this.#priorArrived);
    this.#priorExpected = expected;
    this.#priorArrived = arrivedPackets;
    const delay = shortFromNs(nowMonoNs - this.#lastSrMonoNs);
    // Without a report, or where it is older than the field holds (18 hours), both are 0: nothing is said.
    const isTold = delay >= 0 && delay < U32;
    return {
      ssrc: this.ssrc,
      fractionLost,
      cumulativeLost: Math.max(LEAST_CUMULATIVE, Math.min(MOST_CUMULATIVE, expected - arrivedPackets)),
      extendedHighestSequence: highestSequence % U32,
      jitter: Math.min(U32 - 1, Math.floor(figures.jitter)),
      lastSr: isTold ? this.#lastSr : 0,
      delaySinceLastSr: isTold ? delay : 0,
    };
  }
}

/**
 * Fraction lost of an interval in 1/256, rounded down (A.3). Duplicates that outnumber the losses make
 * it 0. Where nothing at all came the exact value is 256, which the field cannot hold: 255.
 */
export function lossFraction(expectedPackets: number, arrivedPackets: number): number {
  const lost = expectedPackets - arrivedPackets;
  if (expectedPackets <= 0 || lost <= 0) return 0;
  return Math.min(255, Math.floor((lost * 256) / expectedPackets));
}

/**
 * At the sender: round-trip time in ns out of a block about us that came at `arrivalNtp`, to 2^-16 s
 * (section 6.4.1). Slightly negative where the path is shorter than that; `null`: the reporter had no SR.
 */
export function roundTripNs(
  arrivalNtp: bigint,
  block: Pick<RtcpReportBlock, 'lastSr' | 'delaySinceLastSr'>,
): number | null {
  if (block.lastSr === 0) return null;
  return nsFromShort((ntpMiddle(arrivalNtp) - block.lastSr - block.delaySinceLastSr) | 0);
}
