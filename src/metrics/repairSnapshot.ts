import type { Histogram } from './histogram.js';

/** What forward error correction did for a stream (SMPTE ST 2022-1). */
export interface FecSnapshot {
  /** Matrix as its packets say; 0: none came. */
  readonly columns: number;
  readonly rows: number;
  /** Row protection came too. */
  readonly hasRows: boolean;
  /** FEC packets heard. */
  readonly heard: number;
  /** Of those: no FEC packets, about packets out of reach, or contradicting the media. */
  readonly malformed: number;
  readonly outOfWindow: number;
  readonly inconsistent: number;
  /** Media packets recovered. */
  readonly recovered: number;
}

/** What was missing of a feed, asked for, and given up (MoldUDP64, Request Packet); numbers are messages. */
export interface RecoverySnapshot {
  readonly missed: number;
  readonly came: number;
  readonly recovered: number;
  readonly unrecovered: number;
  /** Not decided yet. */
  readonly pending: number;
  readonly closedGaps: number;
  readonly tornGaps: number;
  readonly requests: number;
  readonly retries: number;
  readonly timeouts: number;
  readonly shortAnswers: number;
  readonly requestsNotSent: number;
  readonly answers: number;
  /** By closed gap of which answers brought some. */
  readonly recoveryNs: Histogram;
  /** Given up, first and last number on the wire. */
  readonly ranges: readonly (readonly [first: bigint, last: bigint])[];
  /** Given up beyond those. */
  readonly unlisted: number;
}

/** What one leg of two brought; numbers of the common sequence. */
export interface LegSnapshot {
  /** First copies on this leg. */
  readonly received: number;
  /** Of those, the ones that came before the other leg's. */
  readonly wins: number;
  readonly duplicates: number;
  /** Not heard on this leg while the other had it. */
  readonly lost: number;
  readonly late: number;
}

/** Arbitration of two legs (SMPTE ST 2022-7; A and B lines). */
export interface ArbitrationSnapshot {
  readonly legs: readonly [LegSnapshot, LegSnapshot];
  /** Decided numbers by where they were heard. */
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
  readonly neither: number;
  /** Not decided yet. */
  readonly open: number;
  /** Arrival on leg B minus arrival on leg A of what both brought, ns. */
  readonly skewNs: Histogram;
  readonly skewsDropped: number;
}

/** What became of a stream's datagrams behind its measurement, in order of their numbers. */
export interface RepairSnapshot {
  /** Numbers from the first released to the last released or given up. */
  readonly expected: number;
  /** Released, recovered ones included. */
  readonly released: number;
  /** Given up: neither received in time nor recovered. */
  readonly givenUp: number;
  /** Came behind a gap that was given up. */
  readonly late: number;
  readonly octets: number;
  readonly fec: FecSnapshot | null;
  readonly arbitration: ArbitrationSnapshot | null;
  /** `null`: what is missing is not asked for. */
  readonly recovery: RecoverySnapshot | null;
}

/** What became of an output of a received stream. */
export interface OutputSnapshot {
  /** As the operator named it. */
  readonly name: string;
  readonly datagrams: number;
  readonly octets: number;
  /** Datagrams that a slow or failed output did not take. */
  readonly dropped: number;
  /** Why it ended early; `null`: it did not. */
  readonly failure: string | null;
  /** That is a fault. */
  readonly failed: boolean;
}
