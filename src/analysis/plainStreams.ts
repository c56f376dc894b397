import { StreamCounter } from '../metrics/counters.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import type { SocketFacts } from './measurementOptions.js';
import type { ProbeDecoder } from './probeDecoder.js';
import { Phase, Seq } from './sequenceState.js';
import type { StreamAnalyzers } from './streamAnalyzers.js';
import { StreamFormat, type StreamTable } from './streamTable.js';
import { Heard } from './streamTimes.js';

type Rewritable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Streams that are told apart by nothing but numbers: probe flows without histograms of their own, of which nothing was
 * lost or reordered, and all came with one TOS octet. Ten thousand numbered sources are such, as a rule: with a snapshot for
 * each that is written over the one before, most of what an object of its own costs is saved.
 */
export class PlainStreams {
  readonly #table: StreamTable;
  readonly #analyzers: StreamAnalyzers;
  readonly #probe: ProbeDecoder;
  readonly #sockets: readonly (SocketFacts | undefined)[];

  constructor(
    table: StreamTable,
    analyzers: StreamAnalyzers,
    probe: ProbeDecoder,
    sockets: readonly (SocketFacts | undefined)[],
  ) {
    this.#table = table;
    this.#analyzers = analyzers;
    this.#probe = probe;
    this.#sockets = sockets;
  }

  /** It is one as long as nothing happens to it. */
  mayHave(stream: number): boolean {
    return this.#table.format(stream) === StreamFormat.Probe && !this.#analyzers.timing.isDetailed(stream);
  }

  /** Of one that {@link mayHave}: it is one now. */
  has(stream: number): boolean {
    const { sequence, marking, times } = this.#analyzers;
    const { states } = sequence;
    const firstNs = times.values[stream * Heard.Count + Heard.FirstMonoNs]!;
    return (
      states.phase[stream] !== Phase.New &&
      states.values[stream * Seq.Count + Seq.Extents] === 0 &&
      sequence.window.record(stream) === undefined &&
      marking.onlyTos(stream) >= 0 &&
      firstNs === firstNs
    );
  }

  /** Whether snapshots of two of them differ in nothing but what {@link rewrite} writes. */
  areAlike(a: number, b: number): boolean {
    const table = this.#table;
    const { sequence, marking } = this.#analyzers;
    return (
      table.path(a) === table.path(b) &&
      table.run(a) === table.run(b) &&
      table.socket(a) === table.socket(b) &&
      sequence.states.phase[a] === sequence.states.phase[b] &&
      this.#hasEnded(a) === this.#hasEnded(b) &&
      this.#probe.sent[a] === this.#probe.sent[b] &&
      marking.onlyTos(a) === marking.onlyTos(b)
    );
  }

  /**
   * Makes `snapshot`, which is of another one that is alike, that of `stream`. Whether the same was counted of both: what
   * differs is the flow, its first number and its times.
   */
  rewrite(snapshot: StreamSnapshot, stream: number): boolean {
    const { times, timing } = this.#analyzers;
    const to = snapshot as Rewritable<StreamSnapshot>;
    to.index = stream;
    to.flow = String(this.#table.flow(stream));
    const isSame = this.#rewriteCounted(to, stream);
    const heard = stream * Heard.Count;
    to.firstMonoNs = times.values[heard + Heard.FirstMonoNs]!;
    to.lastMonoNs = times.values[heard + Heard.LastMonoNs]!;
    to.firstRealNs = times.values[heard + Heard.FirstRealNs]!;
    to.lastRealNs = times.values[heard + Heard.LastRealNs]!;
    if (to.firstPacketAfterJoinNs !== null) {
      const { joinRealNs } = this.#sockets[to.socket]!;
      to.firstPacketAfterJoinNs = times.values[heard + Heard.FirstDataRealNs]! - joinRealNs;
    }
    to.jitterNs = timing.jitterNs(stream);
    to.jitterMaxNs = timing.jitterMaxNs(stream);
    (to.lossDetail as Rewritable<StreamSnapshot['lossDetail']>).origin = this.#originOf(stream);
    return isSame;
  }

  #rewriteCounted(to: Rewritable<StreamSnapshot>, stream: number): boolean {
    const { counters, marking, sequence } = this.#analyzers;
    let isSame = true;
    const c = stream * StreamCounter.Count;
    for (let column = 0; column < StreamCounter.Count; column++) {
      const value = counters.values[c + column]!;
      if (to.counters[column] === value) continue;
      to.counters[column] = value;
      isSame = false;
    }
    const pending = sequence.states.values[stream * Seq.Count + Seq.Pending]!;
    const hasTtl = marking.ttlMin[stream]! <= marking.ttlMax[stream]!;
    const ttlMin = hasTtl ? marking.ttlMin[stream]! : null;
    const ttlMax = hasTtl ? marking.ttlMax[stream]! : null;
    const tos = marking.onlyTos(stream);
    const ofTos = marking.onlyTosCount(stream);
    if (pending === to.pending && ttlMin === to.ttlMin && ttlMax === to.ttlMax && to.tosCounts.get(tos) === ofTos) {
      return isSame;
    }
    to.pending = pending;
    to.ttlMin = ttlMin;
    to.ttlMax = ttlMax;
    (to.tosCounts as Map<number, number>).set(tos, ofTos);
    return false;
  }

  #hasEnded(stream: number): boolean {
    const endedNs = this.#analyzers.sequence.states.values[stream * Seq.Count + Seq.EndedMonoNs]!;
    return endedNs === endedNs;
  }

  #originOf(stream: number): string {
    const table = this.#table;
    return table.originHigh(stream) === 0 ? String(table.originLow(stream)) : String(table.origin(stream));
  }
}
