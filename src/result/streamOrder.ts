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
  /** Of those in brief, as they were told. */
  readonly #ranks = new Ranks();
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
    this.#ranks.addAlike(streams.positions);
  }

  finish(): OrderedStreams {
    if (this.#count > this.#detail) this.#settle();
    else this.#kept.sort((a, b) => mediaFirst(a.rank, b.rank) || a.rank.position - b.rank.position);
    const streams = this.#kept.map(({ stream }) => stream.whole());
    return { streams, streams_brief: this.#rows.finish(this.#ranks.order()) };
  }

  #settle(): void {
    this.#kept.sort((a, b) => worstFirst(a.rank, b.rank));
    for (const told of this.#kept.splice(this.#detail)) this.#addBrief(told);
    this.#last = this.#kept.at(-1)?.rank ?? null;
  }

  #addBrief({ stream, row, rank }: Told): void {
    this.#rows.add(stream, row);
    this.#ranks.add(rank);
  }
}

/** Ranks as they were told, and the order that they make: as a rule that of telling, and then none of them is an object. */
class Ranks {
  /** Lots of those that were told at once: the rank of the first, and the positions of all. */
  readonly #lots: { readonly first: Rank; readonly positions: readonly number[] }[] = [];
  #last: Rank | null = null;
  #inOrder = true;

  add(rank: Rank): void {
    this.#addLot(rank, [rank.position], rank);
  }

  /** `positions`: ascending. */
  addAlike(positions: readonly number[]): void {
    this.#addLot(alikeRank(positions[0]!), positions, alikeRank(positions.at(-1)!));
  }

  #addLot(first: Rank, positions: readonly number[], last: Rank): void {
    if (this.#last !== null && worstFirst(this.#last, first) > 0) this.#inOrder = false;
    this.#lots.push({ first, positions });
    this.#last = last;
  }

  /** Worst first; by their places as they were told. */
  order(): number[] {
    if (this.#inOrder) {
      const count = this.#lots.reduce((sum, { positions }) => sum + positions.length, 0);
      return Array.from({ length: count }, (_, place) => place);
    }
    const ranks = this.#lots.flatMap(({ first, positions }) => positions.map((position) => ({ ...first, position })));
    return ranks.map((_, place) => place).sort((a, b) => worstFirst(ranks[a]!, ranks[b]!));
  }
}

/** Those of an array in that order. */
export function orderStreams(streams: readonly Stream[], detail: number): OrderedStreams {
  const table = new FigureTable();
  const order = new StreamOrder(detail, table);
  for (const [position, stream] of streams.entries()) {
    const digest = digestOf(stream);
    order.add(digest, table.add(digest.figures), position);
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
