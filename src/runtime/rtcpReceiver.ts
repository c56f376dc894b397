import type { Measurement } from '../analysis/measurement.js';
import { StreamFormat } from '../analysis/streamTable.js';
import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import type { RtcpSnapshot, RtpFigures } from '../metrics/rtcpSnapshot.js';
import { PTS_HZ } from '../wire/mpegts.js';
import type { MediaPlace, MediaReceiver } from './mediaReceiver.js';
import { RtcpWatch } from './rtcpWatch.js';

/** The RTCP beside a receiver's RTP streams: what senders report against what arrived, and their farewells. */
export class RtcpReceiver {
  readonly #measurement: Measurement;
  readonly #media: () => MediaReceiver;
  readonly #placeOf: (socket: number) => MediaPlace;
  readonly #watch: RtcpWatch;
  /** Of the datagram that is being looked at; Infinity: there is none. */
  #arrivalMonoNs: Nanos = Infinity;

  /** `media` is asked for when something comes: both know each other. */
  constructor(
    measurement: Measurement,
    epochUnixNs: bigint,
    placeOf: (socket: number) => MediaPlace,
    media: () => MediaReceiver,
  ) {
    this.#measurement = measurement;
    this.#media = media;
    this.#placeOf = placeOf;
    this.#watch = new RtcpWatch({
      // RFC 2250 section 2.
      clockHz: PTS_HZ,
      epochUnixNs,
      figuresOf: (ssrc, path) => this.#figures(this.#streamOf(ssrc, path)),
      onBye: (ssrc, monoNs, path) => this.#bye(ssrc, monoNs, path),
    });
  }

  onDatagram(batch: ReceiveBatch, slot: number, monoNs: Nanos): void {
    const place = this.#placeOf(batch.socket[slot]!);
    const path = 2 * place.position + place.leg;
    const at = batch.offset[slot]!;
    this.#arrivalMonoNs = monoNs;
    this.#watch.onDatagram(batch.bytes, at, batch.length[slot]!, monoNs, batch.timeRealNs[slot]!, path);
    this.#arrivalMonoNs = Infinity;
  }

  /** What was reported of a stream; `null`: nothing. */
  snapshot(stream: number): RtcpSnapshot | null {
    const { table } = this.#measurement;
    if (table.format[stream] !== StreamFormat.Rtp) return null;
    const place = this.#placeOf(table.socket[stream]!);
    // A stream that was followed by another of the same SSRC leaves the reports to that one.
    const path = 2 * place.position + place.leg;
    const ssrc = table.flow[stream]!;
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
      if (table.format[stream] !== StreamFormat.Rtp || table.flow[stream] !== ssrc) continue;
      const { position, leg, role } = this.#placeOf(table.socket[stream]!);
      if (role === 'media' && 2 * position + leg === path) return stream;
    }
    return -1;
  }

  #figures(stream: number): RtpFigures | null {
    if (stream < 0) return null;
    const measurement = this.#measurement;
    const snapshot = measurement.snapshot(stream);
    const c = snapshot.counters;
    const firstNumber = measurement.table.originLow[stream]!;
    const { rtp } = measurement.decoder;
    // Media that came behind the report may have been read before it: then its count says nothing of the highest number.
    const isBehind = rtp.highestMonoNs(stream) > this.#arrivalMonoNs;
    return {
      firstNumber,
      highestNumber: isBehind ? NaN : firstNumber + rtp.highest(stream),
      received: c[StreamCounter.PacketsReceived]! + c[StreamCounter.PacketsLate]!,
      duplicates: c[StreamCounter.PacketsDuplicated]!,
      payloadOctets: this.#media().repair(stream)?.octets ?? 0,
      jitterNs: snapshot.jitterNs,
    };
  }
}
