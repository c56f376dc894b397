/** How the intervals of one line of the live view went: the newest ones, in bounded memory. */
import type { IntervalRow, SenderIntervalRow } from '../../result/interval.js';

/** Intervals that are remembered: more than a wide terminal shows. */
export const REMEMBERED = 240;

/** What an interval was like, the worse the greater. */
export const Outcome = {
  /** The stream was not there, or nothing is known. */
  None: 0,
  /** It was there, and nothing came. */
  Silent: 1,
  Sound: 2,
  Duplicate: 3,
  Reordered: 4,
  Late: 5,
  Lost: 6,
} as const;
export type OutcomeOf = (typeof Outcome)[keyof typeof Outcome];

/** Figures that a receiver has of a stream. */
export type ReceivedFigures = Omit<IntervalRow, 'stream' | 'name' | 'group' | 'port' | 'flow'>;

/** The worst of what happened. */
export function receivedOutcome(row: Partial<ReceivedFigures>): OutcomeOf {
  if (
    happened(row.packets_lost) ||
    happened(row.loss_network) ||
    happened(row.loss_socket_buffer) ||
    happened(row.loss_application) ||
    happened(row.loss_ratio)
  ) {
    return Outcome.Lost;
  }
  if (happened(row.packets_late)) return Outcome.Late;
  if (happened(row.packets_reordered)) return Outcome.Reordered;
  if (happened(row.packets_duplicated)) return Outcome.Duplicate;
  return happened(row.packets_received) ? Outcome.Sound : Outcome.Silent;
}

function happened(count: number | null | undefined): boolean {
  return (count ?? 0) > 0;
}

/** At a sender: what did not leave is lost. */
export function sentOutcome(row: SenderIntervalRow): OutcomeOf {
  if ((row.not_sent ?? 0) > 0) return Outcome.Lost;
  return row.sent > 0 ? Outcome.Sound : Outcome.Silent;
}

/** Two rings of {@link REMEMBERED} intervals, which are numbered by the caller, so that those of several lines agree. */
export class History {
  readonly #outcomes = new Uint8Array(REMEMBERED);
  readonly #rates = new Float32Array(REMEMBERED);

  /** Bit/s over interval number `interval`. Each interval is put once, none is left out. */
  put(interval: number, outcome: OutcomeOf, rate: number): void {
    this.#outcomes[interval % REMEMBERED] = outcome;
    this.#rates[interval % REMEMBERED] = rate;
  }

  /** Up to interval number `last`, oldest first; at most `count`. */
  outcomes(last: number, count: number): OutcomeOf[] {
    return newest(this.#outcomes, last, count) as OutcomeOf[];
  }

  rates(last: number, count: number): number[] {
    return newest(this.#rates, last, count);
  }

  copy(): History {
    const copy = new History();
    copy.#outcomes.set(this.#outcomes);
    copy.#rates.set(this.#rates);
    return copy;
  }
}

function newest(ring: Uint8Array | Float32Array, last: number, count: number): number[] {
  const length = Math.min(count, last + 1, REMEMBERED);
  return Array.from({ length }, (_, i) => ring[(last + 1 - length + i) % REMEMBERED]!);
}
