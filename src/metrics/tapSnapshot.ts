import type { Histogram } from './histogram.js';

/**
 * `compared`; `only_first`, `only_second`: the other capture has nothing of it; `unnumbered`: which
 * datagrams are the same cannot be told; `no_room`: the stream table was full.
 */
export type TapState = 'compared' | 'only_first' | 'only_second' | 'unnumbered' | 'no_room';

/** What one tap saw of a stream. */
export interface TapCounts {
  /** Distinct numbers. */
  readonly received: number;
  /** Further copies. */
  readonly duplicated: number;
  /** Distinct numbers beyond what the other tap covered, before its first or behind its last: not compared. */
  readonly outside: number;
}

/** One stream at two taps, joined by sequence number. `analysis` makes it, `result` turns it into the document. */
export interface TapStreamSnapshot {
  readonly format: string;
  readonly group: string;
  readonly port: number;
  /** Flow and sender's run; `null` where the format has none. */
  readonly flow: string | null;
  readonly senderRun: string | null;
  /** Whether its numbers were compared, or why not. */
  readonly state: TapState;
  readonly first: TapCounts;
  readonly second: TapCounts;
  /** Numbers seen at both taps. */
  readonly matched: number;
  /** Numbers of the first tap that the second one, covering them, did not see. */
  readonly lost: number;
  /** Numbers of the second tap that the first one, covering them, did not see. */
  readonly onlySecond: number;
  /** Among `matched`: behind, at the second tap, one that the first tap saw after them (RFC 4737 section 3). */
  readonly reordered: number;
  readonly lossMap: readonly { readonly first: string; readonly count: number }[];
  readonly lossMapTruncated: boolean;
  /** Time at the second tap less time at the first, ns: contains the offset between both clocks. */
  readonly delay: Histogram;
  /** The same less its minimum: needs no synchronised clocks (the PDV of RFC 5481 section 4.2, between the taps). */
  readonly delayAboveMin: Histogram;
}

/** All streams of two captures. */
export interface TapSnapshot {
  readonly streams: readonly TapStreamSnapshot[];
  /** Datagrams that found no room in memory and are in no figure. */
  readonly overflowed: number;
}
