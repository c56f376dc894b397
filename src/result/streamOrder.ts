import { BriefRows, type OrderedStreams } from './briefStreams.js';
import { Figure, orNothing } from './figures.js';
import { FigureTable } from './figureTable.js';
import type { Stream } from './modelStream.js';
import { type AlikeStreams, digestOf, type StreamDigest } from './streamDigest.js';

/** Most streams in detail unless told otherwise. */
export const DEFAULT_DETAIL = 256;

/** Where a stream stands among the others. */
interface Rank {
  readonly isMedia: boolean;
  readonly lossRatio: number;
  /** p99. */
  readonly delayNs: number;
  readonly position: number;
}

interface Told {
  readonly stream: StreamDigest;
  readonly row: number;
  readonly rank: Rank;
}

/**
 * Streams in the order of the document: media before what goes with it, and as they came while all fit into `detail`;
 * beyond that worst first (most loss, then most delay), and those behind the limit in brief. Told one after another, and
 * kept no further than that: of ten thousand it takes half the time.
 */
export class StreamOrder {
  readonly #detail: number;
  /** Those that may be in detail, and as many again before they are looked through. */
  #kept: Told[] = [];
  /** Of the last one of so many as are in detail; `null`: they are not that many yet. Whatever comes behind it is in brief. */
  #last: Rank | null = null;
  readonly #rows: BriefRows;
  readonly #ranks: Rank[] = [];
  #count = 0;

  /** `table`: their figures. */
  constructor(detail: number, table: FigureTable) {
    this.#detail = detail;
    this.#rows = new BriefRows(table);
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** `row`: of the table; `position`: where it comes among all streams. */
  add(stream: StreamDigest, row: number, position: number): void {
    this.#count++;
    const rank = rankOf(stream, position);
    const told = { stream, row, rank };
    if (this.#last !== null && worstFirst(this.#last, rank) < 0) {
      this.#addBrief(told);
      return;
    }
    this.#kept.push(told);
    if (this.#kept.length > 2 * this.#detail) this.#settle();
  }

  /** Whether media of which nothing is lost, and no delay known, is in brief from `position` on. */
  takesAlike(position: number): boolean {
    if (this.#kept.length > this.#detail) this.#settle();
    const last = this.#kept[this.#detail - 1];
    return last !== undefined && worstFirst(last.rank, alikeRank(position)) < 0;
  }

  /** Media, where {@link takesAlike}. `rows`: of the table, one for each. */
  addAlike(streams: AlikeStreams, rows: readonly number[]): void {
    this.#count += rows.length;
    this.#rows.addAlike(streams, rows);
    for (let i = 0; i < rows.length; i++) this.#ranks.push(alikeRank(streams.positions[i]!));
  }

  finish(): OrderedStreams {
    if (this.#count > this.#detail) this.#settle();
    else this.#kept.sort((a, b) => mediaFirst(a.rank, b.rank) || a.rank.position - b.rank.position);
    const order = this.#ranks.map((_, row) => row).sort((a, b) => worstFirst(this.#ranks[a]!, this.#ranks[b]!));
    return { streams: this.#kept.map(({ stream }) => stream.whole()), streams_brief: this.#rows.finish(order) };
  }

  #settle(): void {
    this.#kept.sort((a, b) => worstFirst(a.rank, b.rank));
    for (const told of this.#kept.splice(this.#detail)) this.#addBrief(told);
    this.#last = this.#kept.at(-1)?.rank ?? null;
  }

  #addBrief({ stream, row, rank }: Told): void {
    this.#rows.add(stream, row);
    this.#ranks.push(rank);
  }
}

/** Those of an array in that order. */
export function orderStreams(streams: readonly Stream[], detail: number): OrderedStreams {
  const table = new FigureTable();
  const order = new StreamOrder(detail, table);
  for (const [position, stream] of streams.entries()) {
    const digest = digestOf(stream);
    order.add(digest, table.add(digest.figures.values), position);
  }
  return order.finish();
}

function rankOf({ brief, figures, histograms }: StreamDigest, position: number): Rank {
  return {
    isMedia: brief.role === 'media',
    lossRatio: orNothing(figures.values[Figure.loss_ratio]!),
    delayNs: histograms?.one_way_delay_ns?.p99 ?? -Infinity,
    position,
  };
}

function alikeRank(position: number): Rank {
  return { isMedia: true, lossRatio: 0, delayNs: -Infinity, position };
}

function worstFirst(a: Rank, b: Rank): number {
  return mediaFirst(a, b) || b.lossRatio - a.lossRatio || b.delayNs - a.delayNs || a.position - b.position;
}

/** Reports and announcements may come before what they go with. */
function mediaFirst(a: Rank, b: Rank): number {
  return Number(b.isMedia) - Number(a.isMedia);
}
