import type { Nanos } from '../core/time.js';
import type { ZapTimes } from '../metrics/zapCounts.js';
import { recogniseFormat } from '../wire/recognise.js';
import { checkRtp, rtpHeaderOctets, rtpPaddingOctets, rtpPayloadType } from '../wire/rtp.js';
import { WireStatus } from '../wire/status.js';
import { TsAnalyzer } from './mpegts/tsAnalyzer.js';

/** Datagrams without a transport stream behind which none is looked for any more: some RTCP or FEC may come first. */
const LOOKED_AT = 16;

/**
 * One change to a channel: what came of it since it was joined, until a decoder could begin. Datagrams in the order of
 * their arrival; what arrives behind `dwellNs` is not looked at.
 */
export class ZapAttempt {
  readonly #joinMonoNs: Nanos;
  readonly #dwellNs: Nanos;
  readonly #analyzer = new TsAnalyzer();
  #packetNs: Nanos = NaN;
  /** Payload type of its RTP packets; -1: bare transport packets; `null`: no transport stream was found (yet). */
  #payloadType: number | null = null;
  #looked = 0;

  /** `joinMonoNs`: CLOCK_MONOTONIC since the epoch, as all times here. */
  constructor(joinMonoNs: Nanos, dwellNs: Nanos) {
    this.#joinMonoNs = joinMonoNs;
    this.#dwellNs = dwellNs;
  }

  /** Nothing more is to be found. */
  get isComplete(): boolean {
    if (this.#payloadType === null) return this.#looked >= LOOKED_AT;
    return !Number.isNaN(this.#analyzer.first.randomAccessMonoNs);
  }

  /** The UDP payload of a datagram. Hot. */
  onDatagram(bytes: Uint8Array, at: number, length: number, timeMonoNs: Nanos): void {
    const sinceJoinNs = timeMonoNs - this.#joinMonoNs;
    if (sinceJoinNs > this.#dwellNs) return;
    if (Number.isNaN(this.#packetNs)) this.#packetNs = sinceJoinNs;
    if (this.#payloadType === null) {
      if (this.#looked >= LOOKED_AT) return;
      const format = recogniseFormat(bytes, at, length);
      if (format === 'rtp/mpeg-ts') this.#payloadType = rtpPayloadType(bytes, at);
      else if (format === 'mpeg-ts') this.#payloadType = -1;
      else {
        this.#looked++;
        return;
      }
    }
    if (this.#payloadType < 0) {
      this.#analyzer.onPayload(bytes, at, length, timeMonoNs, NaN);
      return;
    }
    if (checkRtp(bytes, at, length) !== WireStatus.Ok || rtpPayloadType(bytes, at) !== this.#payloadType) return;
    const header = rtpHeaderOctets(bytes, at);
    const octets = length - header - rtpPaddingOctets(bytes, at, length);
    this.#analyzer.onPayload(bytes, at + header, octets, timeMonoNs, NaN);
  }

  times(): ZapTimes {
    const { patMonoNs, pmtMonoNs, randomAccessMonoNs } = this.#analyzer.first;
    return {
      packetNs: this.#packetNs,
      patNs: patMonoNs - this.#joinMonoNs,
      pmtNs: pmtMonoNs - this.#joinMonoNs,
      randomAccessNs: randomAccessMonoNs - this.#joinMonoNs,
      isTransportStream: this.#payloadType !== null,
    };
  }
}
