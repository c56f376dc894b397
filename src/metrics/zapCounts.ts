import type { Nanos } from '../core/time.js';
import { Histogram } from './histogram.js';

/** When a channel that was changed to came so far, ns from its join; NaN: not within the time that it was watched. */
export interface ZapTimes {
  readonly packetNs: Nanos;
  readonly patNs: Nanos;
  /** Of the first program. */
  readonly pmtNs: Nanos;
  /** First random access point of a video stream: from there a decoder shows pictures. */
  readonly randomAccessNs: Nanos;
  /** It is a transport stream, so that all of this is to be expected. */
  readonly isTransportStream: boolean;
}

/** Channel changes, counted: of one channel, or of all. */
export class ZapCounts {
  attempts = 0;
  /** Nothing at all came. */
  failures = 0;
  /** A transport stream came, but no random access point. */
  incomplete = 0;
  readonly packet = new Histogram();
  readonly pat = new Histogram();
  readonly pmt = new Histogram();
  readonly randomAccess = new Histogram();

  record(times: ZapTimes): void {
    this.attempts++;
    if (Number.isNaN(times.packetNs)) this.failures++;
    else if (times.isTransportStream && Number.isNaN(times.randomAccessNs)) this.incomplete++;
    for (const [histogram, ns] of [
      [this.packet, times.packetNs],
      [this.pat, times.patNs],
      [this.pmt, times.pmtNs],
      [this.randomAccess, times.randomAccessNs],
    ] as const) {
      if (!Number.isNaN(ns)) histogram.record(ns);
    }
  }

  add(other: ZapCounts): void {
    this.attempts += other.attempts;
    this.failures += other.failures;
    this.incomplete += other.incomplete;
    this.packet.add(other.packet);
    this.pat.add(other.pat);
    this.pmt.add(other.pmt);
    this.randomAccess.add(other.randomAccess);
  }
}
