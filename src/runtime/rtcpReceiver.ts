import type { Measurement } from '../analysis/measurement.js';
import { StreamFormat } from '../analysis/streamTable.js';
import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import type { RtcpSnapshot, RtpFigures } from '../metrics/rtcpSnapshot.js';
import { PTS_HZ } from '../wire/mpegts.js';
import type { MediaPlace, MediaReceiver } from './mediaReceiver.js';
import { RtcpWatch } from './rtcpWatch.js';

/** Told of what is to be reported back. */
export interface RtcpListener {
  /** A sender report of the stream came in a datagram of `octets` that took `path`, an index of the Io's table. */
  onSenderReport(stream: number, ntp: bigint, path: number, octets: number, monoNs: Nanos): void;
}

/** Is handed every datagram that comes to a port of RTCP. */
export interface RtcpTap {
  onControl(batch: ReceiveBatch, slot: number): void;
}

/** The RTCP beside a receiver's RTP streams: what senders report against what arrived, and their farewells. */
export class RtcpReceiver {
  readonly #measurement: Measurement;
  readonly #media: () => MediaReceiver;
  readonly #epochUnixNs: bigint;
  #watch: RtcpWatch;
  /** The warm-up is over: reports of before say nothing of what is counted since. */
  #isWarm = false;
  /** Of the datagram that is being looked at; Infinity: there is none. */
  #arrivalMonoNs: Nanos = Infinity;
  /** Its path, and the octets of its payload. */
  #path = 0;
  #octets = 0;
  /** `null`: nothing is reported back. */
  listener: RtcpListener | null = null;
  /** `null`: nobody else wants what comes. */
  tap: RtcpTap | null = null;

  /** `media` is asked for when something comes: both know each other. */
  constructor(measurement: Measurement, epochUnixNs: bigint, media: () => MediaReceiver) {
    this.#measurement = measurement;
    this.#epochUnixNs = epochUnixNs;
    this.#media = media;
    this.#watch = this.#newWatch();
  }

  #newWatch(): RtcpWatch {
    return new RtcpWatch({
      // RFC 2250 section 2.
      clockHz: PTS_HZ,
      epochUnixNs: this.#epochUnixNs,
      figuresOf: (ssrc, path) => this.figures(this.#streamOf(ssrc, path)),
      onBye: (ssrc, monoNs, path) => this.#bye(ssrc, monoNs, path),
      onSenderReport: ({ ssrc, ntp }, monoNs, path) => {
        const stream = this.#streamOf(ssrc, path);
        if (stream >= 0) this.listener?.onSenderReport(stream, ntp, this.#path, this.#octets, monoNs);
      },
    });
  }

  onDatagram(batch: ReceiveBatch, slot: number, monoNs: Nanos): void {
    if (this.tap !== null) this.tap.onControl(batch, slot);
    const place = this.#media().placeOf(this.#measurement.decoded.stream[slot]!);
    if (place === null) return;
    if (!this.#isWarm && monoNs >= this.#measurement.warmUpEndNs) this.#beginAnew();
    const at = batch.offset[slot]!;
    this.#arrivalMonoNs = monoNs;
    this.#path = batch.path[slot]!;
    this.#octets = batch.length[slot]!;
    this.#watch.onDatagram(batch.bytes, at, batch.length[slot]!, monoNs, batch.timeRealNs[slot]!, pathOf(place));
    this.#arrivalMonoNs = Infinity;
  }

  #beginAnew(): void {
    this.#isWarm = true;
    this.#watch = this.#newWatch();
  }

  /** What was reported of a stream; `null`: nothing. */
  snapshot(stream: number): RtcpSnapshot | null {
    const { table } = this.#measurement;
    if (table.format(stream) !== StreamFormat.Rtp) return null;
    const place = this.#media().placeOf(stream);
    if (place === null) return null;
    if (!this.#isWarm && this.#media().isWarm(stream)) this.#beginAnew();
    // A stream that was followed by another of the same SSRC leaves the reports to that one.
    const path = pathOf(place);
    const ssrc = table.flow(stream);
    return this.#streamOf(ssrc, path) === stream ? this.#watch.snapshot(ssrc, path) : null;
  }

  #bye(ssrc: number, monoNs: Nanos, path: number): void {
    const stream = this.#streamOf(ssrc, path);
    if (stream < 0) return;
    this.#measurement.endStream(stream, monoNs);
    this.#media().end(stream);
  }

  /** The latest stream of the SSRC; -1: none came. */
  #streamOf(ssrc: number, path: number): number {
    const { table, streamCount } = this.#measurement;
    for (let stream = streamCount - 1; stream >= 0; stream--) {
      if (table.format(stream) !== StreamFormat.Rtp || table.flow(stream) !== ssrc) continue;
      const place = this.#media().placeOf(stream);
      if (place !== null && place.role === 'media' && pathOf(place) === path) return stream;
    }
    return -1;
  }

  /** What is counted of a stream now, or as far as the report that is being looked at; `null`: -1, no stream. */
  figures(stream: number): RtpFigures | null {
    if (stream < 0) return null;
    const measurement = this.#measurement;
    const c = measurement.counters.row(stream);
    const firstNumber = measurement.table.originLow(stream);
    const { rtp } = measurement.decoder;
    // Media that came behind the report may have been read before it: then its count says nothing of the highest number.
    const isBehind = rtp.highestMonoNs(stream) > this.#arrivalMonoNs;
    return {
      firstNumber,
      highestNumber: isBehind ? NaN : firstNumber + rtp.highest(stream),
      received: c[StreamCounter.PacketsReceived]! + c[StreamCounter.PacketsLate]!,
      duplicates: c[StreamCounter.PacketsDuplicated]!,
      payloadOctets: this.#media().repair(stream)?.octets ?? 0,
      jitterNs: measurement.timing.jitterNs(stream),
    };
  }
}

/** One for each leg of an endpoint. */
function pathOf({ position, leg }: MediaPlace): number {
  return 2 * position + leg;
}
