import type { Measurement } from '../analysis/measurement.js';
import type { Scheme } from '../core/endpoint.js';
import type { Path } from '../io/datagram.js';
import { MAX_PATHS } from '../io/pathTable.js';
import type { AnalyzePlan, StreamAddress, StreamPlace } from '../profile/plan.js';
import type { CapturedPlaces } from './capturePlaces.js';

/** What of a capture stands for sockets of a receiver: one format is demanded of each. */
export interface SelectedSocket {
  readonly scheme: Scheme | null;
  /** From a line-up. */
  readonly name: string | null;
}

/**
 * What endpoints select of a capture: whatever a receiver of them would have been handed. Endpoints of one scheme and
 * name share a socket, both lines among them, so that batches stay long.
 */
export class CaptureSelection {
  readonly sockets: SelectedSocket[] = [];
  readonly places: readonly StreamPlace[];
  readonly hasLegs: boolean;
  readonly #streams: readonly StreamAddress[];
  /** By group and port: positions among the streams. */
  readonly #byPlace = new Map<string, number[]>();
  /** By position. */
  readonly #socketOf: number[] = [];
  /** By path of the capture: its socket and 1; 0: not asked yet. */
  readonly #known = new Uint32Array(MAX_PATHS);

  constructor({ streams, places }: Pick<AnalyzePlan, 'streams' | 'places'>) {
    this.#streams = streams;
    this.places = places;
    this.hasLegs = places.some((place) => place.hasLegs);
    for (const [position, { group, port, scheme, name }] of streams.entries()) {
      const key = `${group} ${port}`;
      this.#byPlace.set(key, [...(this.#byPlace.get(key) ?? []), position]);
      // RTCP is told from RTP by its look.
      this.#socketOf.push(this.#socket(places[position]!.role === 'control' ? 'udp' : scheme, name));
    }
  }

  /** Among the streams of the plan; -1: none of them. */
  positionOf({ group, port, source }: Path): number {
    const positions = this.#byPlace.get(`${group} ${port}`) ?? [];
    const isFrom = (position: number): boolean => {
      const { sources } = this.#streams[position]!;
      return sources.length === 0 || sources.includes(source);
    };
    return positions.find(isFrom) ?? -1;
  }

  /** Hot. Position in {@link sockets} of a path of the capture, which `pathOf` tells. */
  socketOf(path: number, pathOf: (path: number) => Path): number {
    const known = this.#known[path]!;
    if (known !== 0) return known - 1;
    const socket = this.#socketOf[this.positionOf(pathOf(path))] ?? 0;
    this.#known[path] = socket + 1;
    return socket;
  }

  #socket(scheme: Scheme | null, name: string | null): number {
    const known = this.sockets.findIndex((socket) => socket.scheme === scheme && socket.name === name);
    return known < 0 ? this.sockets.push({ scheme, name }) - 1 : known;
  }
}

/** What the streams of a selection are to each other, as its endpoints say. */
export class SelectedPlaces implements CapturedPlaces {
  readonly #measurement: Measurement;
  readonly #selection: CaptureSelection;
  readonly #pathOf: (path: number) => Path;

  constructor(measurement: Measurement, selection: CaptureSelection, pathOf: (path: number) => Path) {
    this.#measurement = measurement;
    this.#selection = selection;
    this.#pathOf = pathOf;
  }

  placeOf(stream: number): StreamPlace | null {
    const path = this.#pathOf(this.#measurement.table.path(stream));
    return this.#selection.places[this.#selection.positionOf(path)] ?? null;
  }

  roleOf(stream: number): StreamPlace['role'] {
    return this.placeOf(stream)?.role ?? 'media';
  }

  legOf(stream: number): 'a' | 'b' | null {
    const place = this.placeOf(stream);
    if (place === null || !place.hasLegs) return null;
    return place.leg === 0 ? 'a' : 'b';
  }
}
