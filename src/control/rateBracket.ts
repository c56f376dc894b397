/**
 * Between which rows of a rate table the highest one lies that holds: the search of RFC 2544 section 26.1, whose next
 * rate is chosen by what the failing trials delivered, and by halving where that misleads.
 *
 * A row holds or fails by the majority of its trials, so that one burst of loss does not decide; with as many on either
 * side it is tried again. The lowest row that fails bounds the search, even if a higher one held.
 */
import { ROWS_PER_DECADE, type RateTable } from './rateTable.js';

export interface BracketOptions {
  /** Row to begin with. */
  readonly startRow: number;
  /** Rows to go up by, or down, until something failed, or held. */
  readonly rampRows: number;
  /** Rows that the two ends may be apart at the end, 1 at least. */
  readonly resolutionRows: number;
  /** Trials in favour, all of full length, that the result needs; and trials against the lowest row that fails. */
  readonly confirmations: number;
  readonly refutations: number;
}

export interface BracketTrial {
  readonly row: number;
  /** Whether it is to confirm the result: of full length, where others may be shorter (RFC 2544 section 24). */
  readonly isFull: boolean;
}

/** An eighth of a row: what is measured of a limit that is a round number lies about it, and is to be the same row always. */
const ROUNDING = 10 ** (0.125 / ROWS_PER_DECADE);
/** Trials that may fail at what one before delivered. */
const HOPES = 3;

/** Trials of one row. */
class Votes {
  held = 0;
  failed = 0;
  heldFull = 0;
  failedFull = 0;

  /** Those in full length decide as soon as there are any. */
  get isFull(): boolean {
    return this.heldFull + this.failedFull > 0;
  }

  get against(): number {
    return this.isFull ? this.failedFull : this.failed;
  }

  /** Above 0: the row holds, below: it fails. */
  get balance(): number {
    return this.isFull ? this.heldFull - this.failedFull : this.held - this.failed;
  }
}

export class RateBracket {
  readonly #table: RateTable;
  readonly #options: BracketOptions;
  readonly #votes = new Map<number, Votes>();
  /** Row that failing trials let hope for, and the lowest of those. */
  #hopedRow = Infinity;
  #hopedFromRow = Infinity;
  /** How often such a row has failed since something held. */
  #hopesFailed = 0;
  /** Highest row that an overload let through; Infinity: there was none. */
  #overloadedRow = Infinity;
  /** Trials in a row that went the same way, those of one row taken as one: the stride doubles with each. */
  #repeats = 0;
  #lastHeld = false;
  #lastRow = -1;
  /** Short trials have proved to say nothing here. */
  #isFullOnly = false;

  constructor(table: RateTable, options: BracketOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Lowest row that fails; the length of the table: none does. */
  get failing(): number {
    let lowest = this.#table.length;
    for (const [row, { balance }] of this.#votes) if (balance < 0) lowest = Math.min(lowest, row);
    return lowest;
  }

  /** Highest row that holds below {@link failing}; -1: none does. */
  get holding(): number {
    const { failing } = this;
    let highest = -1;
    for (const [row, { balance }] of this.#votes) if (balance > 0 && row < failing) highest = Math.max(highest, row);
    return highest;
  }

  /** Below {@link failing}, where failing trials let hope for the limit; -1: nothing did. */
  get hoped(): number {
    return this.#hopedRow === Infinity ? -1 : Math.min(this.#hopedRow, this.failing - 1);
  }

  /** Whether as many trials as it takes speak for {@link holding} and against {@link failing}. */
  get isConfirmed(): boolean {
    return this.#isClosed && this.#unconfirmed === null;
  }

  /** A trial is over. `deliveredBitPerSecond`: what arrived, and so may be the limit if it failed; `null`: not known. */
  vote({ row, isFull }: BracketTrial, held: boolean, deliveredBitPerSecond: number | null): void {
    const votes = this.#votes.get(row) ?? new Votes();
    this.#votes.set(row, votes);
    if (isFull && !held && votes.held > votes.failed) this.#isFullOnly = true;
    if (isFull && held) votes.heldFull++;
    else if (isFull) votes.failedFull++;
    else if (held) votes.held++;
    else votes.failed++;
    if (held) this.#hopesFailed = 0;
    else if (row === this.#hopedRow) this.#hopesFailed++;
    if (held !== this.#lastHeld) this.#repeats = 0;
    else if (row !== this.#lastRow) this.#repeats++;
    this.#lastHeld = held;
    this.#lastRow = row;
    if (!held && deliveredBitPerSecond !== null && row <= this.#hopedFromRow) {
      this.#hopedFromRow = row;
      this.#hopedRow = this.#table.rowAtMost(deliveredBitPerSecond);
    }
  }

  /**
   * An overload went on for long enough to tell what gets through exactly: it speaks for the highest such row as what to
   * try, and as one trial against the rows above, unless one of them has held.
   */
  overloaded(row: number, deliveredBitPerSecond: number): void {
    this.#overloadedRow = this.#table.rowAtMost(deliveredBitPerSecond * ROUNDING);
    this.vote({ row, isFull: true }, false, this.#table.rate(Math.max(0, this.#overloadedRow)));
  }

  /** What to try next; `null`: the search is over. */
  next(): BracketTrial | null {
    const { holding, failing } = this;
    for (const [row, { balance, isFull }] of this.#votes) if (balance === 0 && row < failing) return { row, isFull };
    if (this.#isClosed) return this.#unconfirmed;
    return { row: this.#between(holding, failing), isFull: this.#isFullOnly };
  }

  /** Of a bracket that is narrow enough, the end that has too few trials. */
  get #unconfirmed(): BracketTrial | null {
    const { confirmations, refutations } = this.#options;
    const { holding, failing } = this;
    const above = this.#votes.get(failing);
    const overloads = holding <= this.#overloadedRow && failing > this.#overloadedRow ? 1 : 0;
    if (above !== undefined && above.against + overloads < refutations) return { row: failing, isFull: above.isFull };
    const enough = holding < 0 || this.#votes.get(holding)!.heldFull >= confirmations;
    return enough ? null : { row: holding, isFull: true };
  }

  get #isClosed(): boolean {
    const { holding, failing } = this;
    if (failing === this.#table.length) return holding === failing - 1;
    return holding < 0 ? failing === 0 : failing - holding <= this.#options.resolutionRows;
  }

  #between(holding: number, failing: number): number {
    const { startRow, rampRows, resolutionRows } = this.#options;
    const last = this.#table.length - 1;
    if (failing > last) return holding < 0 ? startRow : Math.min(last, holding + rampRows);
    const hoped = this.#hopedRow;
    // Where less is sent and as large a share is lost, nothing is to be hoped for.
    if (this.#hopesFailed < HOPES && hoped > holding && hoped < failing) return hoped;
    // On from there, further each time.
    const stride = resolutionRows * 2 ** Math.min(this.#repeats, 20);
    if (hoped <= holding) return Math.min(holding + stride, Math.max(holding + 1, (holding + failing) >> 1));
    if (holding < 0) return Math.max(0, failing - rampRows * 2 ** Math.min(this.#repeats, 20));
    return Math.max(failing - stride, Math.min(failing - 1, (holding + failing + 1) >> 1));
  }
}
