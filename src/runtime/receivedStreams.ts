import { Figure, orNothing } from '../result/figures.js';
import type { Limit } from '../result/limits.js';
import type { Stream } from '../result/model.js';
import { StreamStamps } from '../result/stamps.js';
import type { AlikeStreams, StreamDigest } from '../result/streamDigest.js';
import { placeText } from '../result/streamJudge.js';
import { StreamTally } from '../result/streamTally.js';

/** What names a stream that is one leg of two. */
export type LegStream = Pick<Stream, 'id' | 'name' | 'unit'>;

/** All streams that a receiver or an analysis has, told one after another, and what it says of sockets, clock and legs from them. */
export class ReceivedStreams {
  readonly tally: StreamTally;
  readonly stamps = new StreamStamps();
  /** Ids of those whose sender said that it was the end, as they were told. */
  readonly #toldEnded: (() => readonly string[])[] = [];
  #ended: Set<string> | null = null;
  /** Whether datagrams may be missing of one of them, or nobody knows. */
  mayLack = false;
  /** By index. */
  readonly #legStreams = new Map<number, LegStream>();
  readonly #packetsPerSecond = new Map<string, number>();

  constructor(limits: readonly Limit[], detail: number) {
    this.tally = new StreamTally(limits, detail);
  }

  get count(): number {
    return this.tally.order.count;
  }

  /** `index`: of the measurement. */
  add(index: number, stream: StreamDigest): void {
    const { id, name, unit, ended, leg } = stream.brief;
    const { values } = stream.figures;
    this.tally.add(stream, index);
    this.stamps.add(stream);
    if (ended) this.#toldEnded.push(() => [id]);
    if (values[Figure.packets_lost] !== 0) this.mayLack = true;
    if (leg !== null) this.#legStreams.set(index, { id, name, unit });
    this.#addRate(stream.brief, orNothing(values[Figure.rate_packets_per_second]!));
  }

  /** Where the tally takes them; by their indexes. */
  addAlike(streams: AlikeStreams): void {
    const { brief, positions, own } = streams;
    const { name, unit, ended, leg } = brief;
    this.tally.addAlike(streams);
    this.stamps.addAlike(streams);
    if (ended) this.#toldEnded.push(() => positions.map((_, i) => own.id(i)));
    if (leg !== null) {
      for (const [i, position] of positions.entries()) this.#legStreams.set(position, { id: own.id(i), name, unit });
    }
    this.#addRate(brief, streams.packetsPerSecond);
  }

  #addRate(stream: Parameters<typeof placeText>[0], packetsPerSecond: number): void {
    const place = placeText(stream);
    this.#packetsPerSecond.set(place, (this.#packetsPerSecond.get(place) ?? 0) + packetsPerSecond);
  }

  /** Whether its sender said that it was the end. To be asked once all are told: few runs ask, and then often. */
  hasEnded(id: string): boolean {
    this.#ended ??= new Set(this.#toldEnded.flatMap((ids) => ids()));
    return this.#ended.has(id);
  }

  /** A leg by its index; `null`: there is no such stream. */
  leg(index: number): LegStream | null {
    return this.#legStreams.get(index) ?? null;
  }

  /** Datagrams/s of all streams at a group and port. */
  packetsPerSecond(place: Parameters<typeof placeText>[0]): number {
    return this.#packetsPerSecond.get(placeText(place)) ?? 0;
  }
}
