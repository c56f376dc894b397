import type { Measurement } from '../analysis/measurement.js';
import { formatName } from '../analysis/streamSnapshot.js';
import { StreamFormat } from '../analysis/streamTable.js';
import type { MediaPlace } from './mediaReceiver.js';

/** How far behind the port of RTP its companions are: FEC (SMPTE ST 2022-1 section 8), RTCP (RFC 3550 section 11). */
const FEC_OFFSETS = [2, 4] as const;
const RTCP_OFFSET = 1;

/** Which part a stream plays, as far as its own octets tell. */
export function roleOf(format: string): MediaPlace['role'] {
  if (format === 'rtp/smpte-2022-1') return 'fec';
  return format === 'rtcp' ? 'control' : 'media';
}

/** What the streams of a capture are to each other. */
export interface CapturedPlaces {
  /** `null`: not known (yet). */
  placeOf(stream: number): MediaPlace | null;
  roleOf(stream: number): MediaPlace['role'];
  /** The line that it was captured on; `null`: of no line. */
  legOf(stream: number): 'a' | 'b' | null;
}

/**
 * What the streams of a capture are to each other, where no endpoint says it: FEC and RTCP go with the media of the same
 * source and group on the port that they belong to. Of the captures of two lines, RTP of one source (SSRC) and feeds of one
 * session are the same; of several such on a line, the first with the other's first.
 */
export class CapturePlaces implements CapturedPlaces {
  readonly #measurement: Measurement;
  readonly #legOfPath: (path: number) => 0 | 1 | null;
  /** By interface, source, group and port of media. */
  readonly #positions = new Map<string, number>();
  /** Of two lines: by what is the same on both, positions in the order in which it came on each. */
  readonly #shared = new Map<string, { readonly positions: number[]; readonly taken: [number, number] }>();
  /** Of {@link #positions}, those that both lines may have. */
  readonly #onLines = new Set<string>();
  #count = 0;

  /** `legOfPath`: the line of a path; `null`: there is one. */
  constructor(measurement: Measurement, legOfPath: (path: number) => 0 | 1 | null = () => null) {
    this.#measurement = measurement;
    this.#legOfPath = legOfPath;
  }

  /** `null`: FEC whose media has not come (yet). */
  placeOf(stream: number): MediaPlace | null {
    const { format, interfaceIndex, source, group, port } = this.#measurement.identity(stream);
    const keyOf = (mediaPort: number): string => `${interfaceIndex} ${source} ${group} ${mediaPort}`;
    const role = roleOf(format);
    if (role !== 'fec') return this.#place(role, keyOf(role === 'media' ? port : port - RTCP_OFFSET), stream);
    const mediaPort = FEC_OFFSETS.map((offset) => port - offset).find((one) => this.#positions.has(keyOf(one)));
    return mediaPort === undefined ? null : this.#place(role, keyOf(mediaPort), stream);
  }

  roleOf(stream: number): MediaPlace['role'] {
    const { table, decoder } = this.#measurement;
    return roleOf(formatName(stream, table.format(stream), decoder));
  }

  /** The line that it was captured on, of what both may carry; `null`: of no line. */
  legOf(stream: number): 'a' | 'b' | null {
    const leg = this.#lineOf(stream);
    return leg === null ? null : leg === 0 ? 'a' : 'b';
  }

  #lineOf(stream: number): 0 | 1 | null {
    const { table } = this.#measurement;
    const format = table.format(stream);
    const isCarried = format === StreamFormat.Rtp || format >= StreamFormat.Feed;
    return isCarried ? this.#legOfPath(table.path(stream)) : null;
  }

  #place(role: MediaPlace['role'], key: string, stream: number): MediaPlace {
    const leg = this.#lineOf(stream);
    return { role, leg: leg ?? 0, position: this.#positionOf(role, key, stream, leg), hasLegs: leg !== null };
  }

  #positionOf(role: MediaPlace['role'], key: string, stream: number, leg: 0 | 1 | null): number {
    const known = this.#positions.get(key);
    if (role !== 'media' || leg === null) {
      if (known !== undefined) return known;
      this.#positions.set(key, this.#count);
      return this.#count++;
    }
    // What came on its path before it, RTCP or what was not recognised yet, is of no line.
    if (known !== undefined && this.#onLines.has(key)) return known;
    const position = this.#sharedPosition(stream, leg);
    this.#onLines.add(key);
    this.#positions.set(key, position);
    return position;
  }

  #sharedPosition(stream: number, leg: 0 | 1): number {
    const { format, flow } = this.#measurement.identity(stream);
    const key = `${format.startsWith('rtp') ? 'rtp' : format} ${flow ?? ''}`;
    let shared = this.#shared.get(key);
    if (shared === undefined) this.#shared.set(key, (shared = { positions: [], taken: [0, 0] }));
    const ordinal = shared.taken[leg]++;
    return (shared.positions[ordinal] ??= this.#count++);
  }
}
