import { BriefRows, type OrderedStreams } from './briefStreams.js';
import type { Stream } from './modelStream.js';

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

/**
 * Streams in the order of the document: media before what goes with it, and as they came while all fit into `detail`;
 * beyond that worst first (most loss, then most delay), and those behind the limit in brief. Told one after another, and
 * kept whole no further than that: of ten thousand it takes half the time.
 */
export class StreamOrder {
  readonly #detail: number;
  /** Those that may be in detail, and as many again before they are looked through. */
  #kept: { readonly stream: Stream; readonly rank: Rank }[] = [];
  readonly #rows = new BriefRows();
  readonly #ranks: Rank[] = [];
  #count = 0;

  constructor(detail: number) {
    this.#detail = detail;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(stream: Stream): void {
    this.#kept.push({ stream, rank: rankOf(stream, this.#count++) });
    if (this.#kept.length > 2 * this.#detail) this.#settle();
  }

  finish(): OrderedStreams {
    if (this.#count > this.#detail) this.#settle();
    else this.#kept.sort((a, b) => mediaFirst(a.rank, b.rank) || a.rank.position - b.rank.position);
    const order = this.#ranks.map((_, row) => row).sort((a, b) => worstFirst(this.#ranks[a]!, this.#ranks[b]!));
    return { streams: this.#kept.map(({ stream }) => stream), streams_brief: this.#rows.finish(order) };
  }

  #settle(): void {
    this.#kept.sort((a, b) => worstFirst(a.rank, b.rank));
    for (const { stream, rank } of this.#kept.splice(this.#detail)) {
      this.#rows.add(stream);
      this.#ranks.push(rank);
    }
  }
}

/** Those of an array in that order. */
export function orderStreams(streams: readonly Stream[], detail: number): OrderedStreams {
  const order = new StreamOrder(detail);
  for (const stream of streams) order.add(stream);
  return order.finish();
}

function rankOf({ role, metrics, histograms }: Stream, position: number): Rank {
  return {
    isMedia: role === 'media',
    lossRatio: metrics.loss_ratio ?? 0,
    delayNs: histograms?.one_way_delay_ns?.p99 ?? -Infinity,
    position,
  };
}

function worstFirst(a: Rank, b: Rank): number {
  return mediaFirst(a, b) || b.lossRatio - a.lossRatio || b.delayNs - a.delayNs || a.position - b.position;
}

/** Reports and announcements may come before what they go with. */
function mediaFirst(a: Rank, b: Rank): number {
  return Number(b.isMedia) - Number(a.isMedia);
}
