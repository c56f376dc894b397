import type { Nanos } from '../../core/time.js';
import { PCR_HZ, PCR_MODULUS, clockDifference } from '../../wire/mpegts.js';

const NS_PER_TICK = 1e9 / PCR_HZ;
/** Differences up to this are believed (TR 101 290 section 5.2.2, 2.3.b); beyond, if octets agree within a factor. */
const BELIEVED_NS = 100e6;
const FACTOR = 2;
/** PCRs of other PIDs after which the reference has gone. */
const MOST_OTHERS = 100;

/**
 * Time of octets in a file: between PCRs of the reference, the first PID that has any, by octet position at the rate
 * between the two PCRs before, and at each PCR by its difference. Across jumps of the clock the rate goes on. Until the
 * second PCR time stands at 0.
 */
export class ProgramClock {
  #pid = -1;
  #others = 0;
  #pcr = 0;
  #octets = 0;
  #ns = 0;
  #nsPerOctet = 0;
  #latestNs = 0;

  /** Never goes backwards. `octets`: position in the stream. */
  at(octets: number): Nanos {
    const ns = this.#ns + (octets - this.#octets) * this.#nsPerOctet;
    if (ns > this.#latestNs) this.#latestNs = ns;
    return this.#latestNs;
  }

  /** `isAnnounced`: with discontinuity_indicator. Returns the time at this PCR. */
  onPcr(pid: number, pcr: number, octets: number, isAnnounced: boolean): Nanos {
    if (pid !== this.#pid) {
      if (this.#pid >= 0 && ++this.#others < MOST_OTHERS) return this.at(octets);
      this.#ns = this.at(octets);
      this.#pid = pid;
    } else {
      const stepNs = clockDifference(pcr, this.#pcr, PCR_MODULUS) * NS_PER_TICK;
      const byOctets = (octets - this.#octets) * this.#nsPerOctet;
      const isLikely =
        stepNs > 0 &&
        (stepNs <= BELIEVED_NS || byOctets === 0 || (stepNs < byOctets * FACTOR && stepNs > byOctets / FACTOR));
      const isBelieved = isLikely && !isAnnounced;
      this.#ns += isBelieved ? stepNs : byOctets;
      if (isBelieved && octets > this.#octets) this.#nsPerOctet = stepNs / (octets - this.#octets);
    }
    this.#others = 0;
    this.#pcr = pcr;
    this.#octets = octets;
    return this.at(octets);
  }
}
