import type { Nanos, RunEpoch } from '../core/time.js';
import { splitNs } from '../core/time.js';
import type { StampFormat } from './datagram.js';

/** Octets of a carried send time in any format. */
export const STAMP_OCTETS = 8;
/** Seconds from 1900-01-01 (NTP era 0) to 1970-01-01: RFC 5905 section 6, figure 4. */
const NTP_UNIX_OFFSET_S = 2_208_988_800;

/**
 * Writes CLOCK_REALTIME into a datagram, for sinks that do it in JavaScript. No BigInt after
 * construction, and the same octets for the same instant as the native layer writes.
 */
export class DepartureStamp {
  readonly #format: StampFormat;
  readonly #epochHigh: number;
  readonly #epochLow: number;
  /** The epoch as whole seconds of the format's own, and the nanoseconds beyond them. */
  readonly #epochS: number;
  readonly #epochNs: number;

  constructor(format: StampFormat, epoch: RunEpoch) {
    const split = splitNs(epoch.realtimeNs);
    this.#format = format;
    this.#epochHigh = split.high;
    this.#epochLow = split.low;
    this.#epochS = Number(epoch.realtimeNs / 1_000_000_000n) + (format === 'ntp-64' ? NTP_UNIX_OFFSET_S : 0);
    this.#epochNs = Number(epoch.realtimeNs % 1_000_000_000n);
  }

  /**
   * Writes 8 octets at `at`, big-endian: `unix-ns` is nanoseconds since 1970, `unix-us` seconds since then and
   * microseconds, `ntp-64` the timestamp format of RFC 5905 section 6 (seconds modulo 2^32, fraction). Rounded down.
   */
  write(view: DataView, at: number, realNs: Nanos): void {
    // float64 nanoseconds may carry a fraction when a clock was interpolated; the wire has none.
    const ns = Math.floor(realNs);
    if (this.#format === 'unix-ns') {
      const carried = Math.floor(ns / 4_294_967_296);
      const low = this.#epochLow + (ns - carried * 4_294_967_296);
      const carry = low >= 4_294_967_296 ? 1 : 0;
      view.setUint32(at, this.#epochHigh + carried + carry);
      view.setUint32(at + 4, low);
      return;
    }
    let seconds = Math.floor(ns / 1_000_000_000);
    let rest = ns - seconds * 1_000_000_000 + this.#epochNs;
    if (rest >= 1_000_000_000) {
      seconds++;
      rest -= 1_000_000_000;
    }
    view.setUint32(at, this.#epochS + seconds);
    if (this.#format === 'unix-us') {
      view.setUint32(at + 4, Math.floor(rest / 1000));
      return;
    }
    // rest * 2^32 is exact in a float64, and the quotient lies at least 5e-7 from the next integer
    // where it is not one, more than a float64 below 2^32 rounds: the floor is the true one.
    view.setUint32(at + 4, Math.floor((rest * 4_294_967_296) / 1_000_000_000));
  }
}
