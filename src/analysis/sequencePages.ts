/** Numbers of one page. */
export const PAGE_NUMBERS = 4096;

/** What {@link SequencePages} keeps of consecutive numbers. */
export interface SequencePage {
  /** The number of position 0. */
  readonly first: number;
  /** By position; meaning and initial value are the user's. */
  readonly time: Float64Array;
  readonly rank: Uint32Array;
  readonly marks: Uint8Array;
}

/** Pages that may still be made, shared by everything that is to fit one bound of memory. */
export interface PageBudget {
  pages: number;
}

/**
 * A time, a rank and marks for each sequence number, of which only the neighbourhoods that occur cost
 * memory: a number from nowhere costs one page. Numbers are integers below 2^53, negative ones included.
 */
export class SequencePages {
  readonly #budget: PageBudget;
  readonly #pages = new Map<number, SequencePage>();
  #last: SequencePage | null = null;

  constructor(budget: PageBudget) {
    this.#budget = budget;
  }

  /** The page of a number, made when it is new; `null`: the memory allowed is used up. */
  pageOf(number: number): SequencePage | null {
    const last = this.#last;
    if (last !== null && number >= last.first && number < last.first + PAGE_NUMBERS) return last;
    const index = Math.floor(number / PAGE_NUMBERS);
    let page = this.#pages.get(index);
    if (page === undefined) {
      if (this.#budget.pages <= 0) return null;
      this.#budget.pages--;
      page = {
        first: index * PAGE_NUMBERS,
        time: new Float64Array(PAGE_NUMBERS),
        rank: new Uint32Array(PAGE_NUMBERS),
        marks: new Uint8Array(PAGE_NUMBERS),
      };
      this.#pages.set(index, page);
    }
    this.#last = page;
    return page;
  }

  /** All pages in order of their numbers. */
  inOrder(): SequencePage[] {
    return [...this.#pages.values()].toSorted((a, b) => a.first - b.first);
  }
}
