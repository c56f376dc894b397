import type { Nanos } from '../core/time.js';
import type { StreamPath } from './streamPath.js';
import { StreamFormat, type StreamTable } from './streamTable.js';
import type { StreamTimes } from './streamTimes.js';

const TWO_32 = 4_294_967_296;
/** Time after which it shows whether an older stream went on beside a new one. */
const DECIDED_AFTER_NS = 1e9;

interface Candidate {
  readonly older: number;
  readonly newer: number;
  /** One source may well have several of these side by side. */
  readonly mayShareSource: boolean;
  readonly dueMonoNs: Nanos;
}

/** What a new stream turned out to be to the one before it. */
export interface Relation {
  readonly kind: 'restart' | 'foreign_sender';
  readonly older: number;
  readonly newer: number;
}

const NONE: readonly Relation[] = [];

/**
 * Streams of one flow on one group, port and interface that differ in their source or run: is the new
 * one the same sender started again, or another one beside it? Known a second later. Cold: asked once
 * per stream.
 */
export class Siblings {
  /** Group, port and interface -> format and flow -> the stream heard last. */
  readonly #places = new Map<string, Map<number, number>>();
  /** By stream. */
  readonly #sources: string[] = [];
  /** The place of the stream added last, and its path. */
  #lastPath: StreamPath | null = null;
  #lastPlace = new Map<number, number>();
  #candidates: Candidate[] = [];

  /** `table`: knows its flow and format. `isCompanion`: it goes with media: a sender's reports and announcements do. */
  add(stream: number, table: StreamTable, path: StreamPath, firstMonoNs: Nanos, isCompanion: boolean): void {
    const format = table.format(stream);
    const flow = format * TWO_32 + table.flow(stream);
    // Flows of one iperf differ in their port alone.
    const mayShareSource = format === StreamFormat.Iperf || isCompanion;
    const latest = path === this.#lastPath ? this.#lastPlace : this.#placeOf(path);
    const older = latest.get(flow);
    latest.set(flow, stream);
    this.#sources[stream] = path.source;
    if (older !== undefined) {
      this.#candidates.push({ older, newer: stream, mayShareSource, dueMonoNs: firstMonoNs + DECIDED_AFTER_NS });
    }
  }

  #placeOf(path: StreamPath): Map<number, number> {
    const name = `${path.group} ${path.port} ${path.interfaceIndex}`;
    let place = this.#places.get(name);
    if (place === undefined) this.#places.set(name, (place = new Map()));
    this.#lastPath = path;
    this.#lastPlace = place;
    return place;
  }

  /** What is decided by `monoNs`; `times`: when every stream was heard. */
  decide(monoNs: Nanos, times: Pick<StreamTimes, 'firstHeardNs' | 'lastHeardNs'>): readonly Relation[] {
    if (this.#candidates.length === 0) return NONE;
    const decided: Relation[] = [];
    this.#candidates = this.#candidates.filter((candidate) => {
      const { older, newer, mayShareSource, dueMonoNs } = candidate;
      if (monoNs < dueMonoNs) return true;
      // A source that takes over from one that is silent is neither.
      const isBeside = times.lastHeardNs(older) > times.firstHeardNs(newer);
      const isSameSource = this.#sources[older] === this.#sources[newer];
      if (!isBeside && isSameSource) decided.push({ kind: 'restart', older, newer });
      if (isBeside && !(isSameSource && mayShareSource)) decided.push({ kind: 'foreign_sender', older, newer });
      return false;
    });
    return decided;
  }
}
