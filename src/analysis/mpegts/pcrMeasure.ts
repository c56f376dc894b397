import type { Nanos } from '../../core/time.js';
import { Histogram } from '../../metrics/histogram.js';
import type { PcrSnapshot } from '../../metrics/transportSnapshot.js';
import { PCR_HZ, PCR_MODULUS, clockDifference } from '../../wire/mpegts.js';
import { PcrAccuracy } from './pcrAccuracy.js';
import { PcrArrival } from './pcrArrival.js';

const NS_PER_TICK = 1e9 / PCR_HZ;
/** PCR_discontinuity_indicator_error (TR 101 290 section 5.2.2, 2.3.b): 100 ms. */
const LARGEST_DIFFERENCE_NS = 100e6;
/** A PCR PID without a PCR for this long has lost its clock. */
const OVERDUE_NS = 1e9;

/** What a PCR brings to light; bits. */
export const PcrFault = { None: 0, Repetition: 1, Discontinuity: 2 } as const;

/** The PCRs of one PID: intervals, accuracy, arrival. */
export class PcrMeasure {
  readonly pid: number;
  pcrs = 0;
  /** Errors of accuracy that the last PCR brought to light. */
  accuracyErrors = 0;
  /** Of the last PCR: ticks since the first, unwrapped, and its octet position. */
  ticks = 0;
  octets = 0;
  /** discontinuity_indicator came since the last PCR. */
  isAnnounced = false;
  /** Packets of the PID, or of the stream, are missing since the last PCR. */
  isBroken = false;
  readonly accuracy: PcrAccuracy;
  readonly #limitNs: Nanos;
  readonly #arrival: PcrArrival | null;
  readonly #interval = new Histogram();
  #discontinuities = 0;
  #last = -1;
  #lastNs = NaN;
  #isOverdue = false;
  /** Where the mean rate is counted from. */
  #rateOctets = 0;
  #rateTicks = 0;

  /** `limitNs`: PCR_repetition_error. `arrives`: times are arrivals. `mayMiss`: see {@link PcrAccuracy}. */
  constructor(pid: number, limitNs: Nanos, arrives: boolean, mayMiss: boolean) {
    this.pid = pid;
    this.#limitNs = limitNs;
    this.accuracy = new PcrAccuracy(mayMiss);
    this.#arrival = arrives ? new PcrArrival() : null;
    this.#interval.reserve(0, LARGEST_DIFFERENCE_NS);
  }

  /** Ticks per octet of the stream; NaN: not known. */
  get ticksPerOctet(): number {
    const constant = this.accuracy.ticksPerOctet;
    if (constant === constant) return constant;
    return this.octets > this.#rateOctets ? (this.ticks - this.#rateTicks) / (this.octets - this.#rateOctets) : NaN;
  }

  /** Lost packets: octet positions mean nothing across them. */
  gap(): void {
    this.accuracy.gap();
    this.isBroken = true;
  }

  /** After a loss of synchronisation the next PCR is a first one. */
  resynchronise(): void {
    this.gap();
    this.#lastNs = NaN;
  }

  /**
   * `pcr`: 27 MHz ticks. `octets`: of the stream before this packet; `octetsBehind`: of its datagram behind this packet.
   * Returns {@link PcrFault} bits.
   */
  onPcr(pcr: number, timeNs: Nanos, octets: number, octetsBehind: number): number {
    this.pcrs++;
    const isFirst = !(this.#lastNs === this.#lastNs);
    let step = isFirst ? 0 : clockDifference(pcr, this.#last, PCR_MODULUS);
    const faults = isFirst ? PcrFault.None : this.#judge(step * NS_PER_TICK, timeNs - this.#lastNs);
    const isJump = isFirst || this.isAnnounced || (faults & PcrFault.Discontinuity) !== 0;
    if (isJump) {
      if (!isFirst) {
        this.#discontinuities++;
        step = Math.round(Math.max(0, timeNs - this.#lastNs) / NS_PER_TICK);
      }
      this.accuracy.gap();
    }
    this.ticks += step;
    this.octets = octets;
    if (isJump || this.isBroken) {
      this.#rateOctets = octets;
      this.#rateTicks = this.ticks;
    } else {
      this.#interval.record(step * NS_PER_TICK);
    }
    this.#last = pcr;
    this.#lastNs = timeNs;
    this.isAnnounced = false;
    this.isBroken = false;
    this.#isOverdue = false;
    this.accuracyErrors = this.accuracy.add(octets, this.ticks);
    this.#arrival?.add(timeNs, this.ticks * NS_PER_TICK, octetsBehind, this.ticksPerOctet * NS_PER_TICK);
    return faults;
  }

  #judge(stepNs: number, elapsedNs: Nanos): number {
    const isStep = stepNs >= 0 && stepNs <= LARGEST_DIFFERENCE_NS;
    // Behind a loss the difference may be large; it has to be what has gone by.
    const isExpected = this.isBroken && Math.abs(stepNs - elapsedNs) <= LARGEST_DIFFERENCE_NS;
    const isJump = !this.isAnnounced && !isStep && !isExpected;
    // By the values too where they can be compared: what the network held up was not late at the source.
    const isLate =
      elapsedNs > this.#limitNs && (this.isAnnounced || stepNs < 0 || stepNs > this.#limitNs) && !this.isBroken;
    return (isJump ? PcrFault.Discontinuity : 0) | (isLate && !this.#isOverdue ? PcrFault.Repetition : 0);
  }

  /** Whether the PCR has just become overdue, with packets coming at `nowNs`. */
  becomesOverdue(nowNs: Nanos): boolean {
    if (this.#isOverdue || !(nowNs - this.#lastNs > OVERDUE_NS)) return false;
    this.#isOverdue = true;
    return true;
  }

  restart(): void {
    this.pcrs = 0;
    this.#discontinuities = 0;
    this.#interval.clear();
    this.accuracy.restart();
    this.#arrival?.restart();
  }

  snapshot(): PcrSnapshot {
    const { deviations, minNs, maxNs, isVariable } = this.accuracy;
    const isMeasured = deviations.count > 0;
    const perOctet = this.ticksPerOctet;
    return {
      pid: this.pid,
      pcrs: this.pcrs,
      interval: this.#interval.copy(),
      discontinuities: this.#discontinuities,
      accuracy: isMeasured ? deviations.copy() : null,
      accuracyMinNs: isMeasured ? minNs : NaN,
      accuracyMaxNs: isMeasured ? maxNs : NaN,
      accuracyWhyNot: isMeasured ? null : isVariable ? 'variable_rate' : 'too_few',
      rateBitPerSecond: perOctet > 0 ? (8 * PCR_HZ) / perOctet : NaN,
      arrival: this.#arrival?.snapshot(perOctet * NS_PER_TICK) ?? null,
    };
  }
}
