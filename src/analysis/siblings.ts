import type { Nanos } from '../core/time.js';
import type { StreamPath } from './streamPath.js';

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
  readonly #latest = new Map<string, number>();
  readonly #source = new Map<number, string>();
  #candidates: Candidate[] = [];

  /** `flow`: flow id and format as text; `mayShareSource`: flows of a source differ in their port alone. */
  add(stream: number, path: StreamPath, flow: string, mayShareSource: boolean, firstMonoNs: Nanos): void {
    const key = `${path.group} ${path.port} ${path.interfaceIndex} ${flow}`;
    const older = this.#latest.get(key);
    this.#latest.set(key, stream);
    this.#source.set(stream, path.source);
    if (older !== undefined) {
      this.#candidates.push({ older, newer: stream, mayShareSource, dueMonoNs: firstMonoNs + DECIDED_AFTER_NS });
    }
  }

  /** What is decided by `monoNs`; `firstHeardNs` and `lastHeardNs` of every stream, monotonic. */
  decide(monoNs: Nanos, firstHeardNs: Float64Array, lastHeardNs: Float64Array): readonly Relation[] {
    if (this.#candidates.length === 0) return NONE;
    const decided: Relation[] = [];
    this.#candidates = this.#candidates.filter((candidate) => {
      const { older, newer, mayShareSource, dueMonoNs } = candidate;
      if (monoNs < dueMonoNs) return true;
      // A source that takes over from one that is silent is neither.
      const isBeside = lastHeardNs[older]! > firstHeardNs[newer]!;
      const isSameSource = this.#source.get(older) === this.#source.get(newer);
      if (!isBeside && isSameSource) decided.push({ kind: 'restart', older, newer });
      if (isBeside && !(isSameSource && mayShareSource)) decided.push({ kind: 'foreign_sender', older, newer });
      return false;
    });
    return decided;
  }
}
