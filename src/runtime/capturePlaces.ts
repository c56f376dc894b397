import type { Measurement } from '../analysis/measurement.js';
import type { MediaPlace } from './mediaReceiver.js';

/** How far behind the port of RTP its companions are: FEC (SMPTE ST 2022-1 section 8), RTCP (RFC 3550 section 11). */
const FEC_OFFSETS = [2, 4] as const;
const RTCP_OFFSET = 1;

/** Which part a stream plays, as far as its own octets tell. */
export function roleOf(format: string): MediaPlace['role'] {
  if (format === 'rtp/smpte-2022-1') return 'fec';
  return format === 'rtcp' ? 'control' : 'media';
}

/**
 * What the streams of a capture are to each other, where no endpoint says it: FEC and RTCP go with the media of the same
 * source and group on the port that they belong to. Two legs are two streams.
 */
export class CapturePlaces {
  readonly #measurement: Measurement;
  /** By interface, source, group and port of media. */
  readonly #positions = new Map<string, number>();

  constructor(measurement: Measurement) {
    this.#measurement = measurement;
  }

  /** `null`: FEC whose media has not come (yet). */
  placeOf(stream: number): MediaPlace | null {
    const { format, interfaceIndex, source, group, port } = this.#measurement.identity(stream);
    const keyOf = (mediaPort: number): string => `${interfaceIndex} ${source} ${group} ${mediaPort}`;
    const role = roleOf(format);
    if (role !== 'fec') return this.#place(role, keyOf(role === 'media' ? port : port - RTCP_OFFSET));
    const mediaPort = FEC_OFFSETS.map((offset) => port - offset).find((one) => this.#positions.has(keyOf(one)));
    return mediaPort === undefined ? null : this.#place(role, keyOf(mediaPort));
  }

  #place(role: MediaPlace['role'], key: string): MediaPlace {
    let position = this.#positions.get(key);
    if (position === undefined) this.#positions.set(key, (position = this.#positions.size));
    return { role, leg: 0, position, hasLegs: false };
  }
}
