import { printable } from '../../core/printable.js';
import { History, Outcome, type OutcomeOf } from './history.js';

/** Lines that are kept; of further streams only the sums are. */
const MOST_LINES = 1000;

export type CountName =
  | 'received'
  | 'lost'
  | 'network'
  | 'socketBuffer'
  | 'application'
  | 'neverSent'
  | 'duplicated'
  | 'reordered'
  | 'late'
  | 'sent'
  | 'notSent';
/** Since the beginning; what was not measured is missing. */
export type Counts = { [Name in CountName]?: number };

/** How a table reads its rows. */
export interface RowKind<Row> {
  countsOf(row: Partial<Row>): { readonly [Name in CountName]?: number | null | undefined };
  rateOf(row: Partial<Row>): number;
  outcomeOf(row: Partial<Row>): OutcomeOf;
}

/** An interval's figures and what they are of. */
export interface LiveRow<Row> {
  readonly id: string;
  /** May be hostile. */
  readonly label: string;
  readonly port: number | null;
  readonly figures: Row;
}

/** What one stream or receiver did. */
export class LiveLine<Row> {
  readonly id: string;
  label = '';
  readonly port: number | null;
  /** Of the last interval; `null`: it had none. */
  figures: Row | null = null;
  /** Number of the last interval with figures. */
  heard = -1;
  /** It is over. */
  ended = false;
  readonly counts: Counts;
  readonly history: History;

  constructor(id: string, port: number | null, counts: Counts = {}, history = new History()) {
    this.id = id;
    this.port = port;
    this.counts = counts;
    this.history = history;
  }

  copy(): LiveLine<Row> {
    const copy = new LiveLine<Row>(this.id, this.port, { ...this.counts }, this.history.copy());
    copy.label = this.label;
    copy.figures = this.figures;
    copy.heard = this.heard;
    copy.ended = this.ended;
    return copy;
  }
}

/** Several streams or receivers as one. */
export class Together<Row> {
  readonly #kind: RowKind<Row>;
  readonly counts: Counts = {};
  /** The worst that happened to any in an interval. */
  history = new History();
  /** Bit/s in the last interval. */
  rate = 0;
  #worst: OutcomeOf = Outcome.None;

  constructor(kind: RowKind<Row>) {
    this.#kind = kind;
  }

  /** Nothing was ever counted. */
  get isEmpty(): boolean {
    return Object.keys(this.counts).length === 0;
  }

  open(): void {
    this.rate = 0;
    this.#worst = Outcome.None;
  }

  add(figures: Partial<Row>): void {
    this.rate += this.#kind.rateOf(figures);
    addTo(this.counts, this.#kind.countsOf(figures));
    this.#worst = Math.max(this.#worst, this.#kind.outcomeOf(figures)) as OutcomeOf;
  }

  close(interval: number): void {
    this.history.put(interval, this.#worst, this.rate);
  }

  copy(): Together<Row> {
    const copy = new Together(this.#kind);
    Object.assign(copy.counts, this.counts);
    copy.history = this.history.copy();
    copy.rate = this.rate;
    return copy;
  }
}

/** Lines of one kind, and all of them together. Figures of rows are kept as they are; counts are their sums. */
export class LiveTable<Row> {
  readonly #kind: RowKind<Row>;
  readonly #lines = new Map<string, LiveLine<Row>>();
  /** Intervals so far. */
  #intervals = 0;
  all: Together<Row>;
  /** What was counted of streams while they had no line. */
  others: Together<Row>;
  /** Streams of the last interval that have no line. */
  unlisted = 0;
  /** Of the last interval: with those that are silent or over, as far as it does not tell of some together. */
  streams = 0;
  /** Lines that may be had for others in this interval, the best of them last; `null`: not looked for yet. */
  #givingWay: LiveLine<Row>[] | null = null;

  constructor(kind: RowKind<Row>) {
    this.#kind = kind;
    this.all = new Together(kind);
    this.others = new Together(kind);
  }

  get lines(): Iterable<LiveLine<Row>> {
    return this.#lines.values();
  }

  get size(): number {
    return this.#lines.size;
  }

  /** Number of the last interval; -1: there was none. */
  get last(): number {
    return this.#intervals - 1;
  }

  /** The rows of the next interval. `others`: the streams that have no row, together; `null`: those are silent or over. */
  add(rows: readonly LiveRow<Row>[], others: (Partial<Row> & { readonly streams: number }) | null = null): void {
    const interval = this.#intervals++;
    for (const line of this.#lines.values()) line.figures = null;
    this.unlisted = others?.streams ?? 0;
    this.#givingWay = null;
    this.all.open();
    this.others.open();
    for (const { id, label, port, figures } of rows) {
      this.all.add(figures);
      const line = this.#lines.get(id) ?? this.#open(id, port, interval);
      if (line === null) {
        this.unlisted++;
        this.others.add(figures);
        continue;
      }
      line.figures = figures;
      line.heard = interval;
      line.label = printable(label);
      addTo(line.counts, this.#kind.countsOf(figures));
      line.history.put(interval, this.#kind.outcomeOf(figures), this.#kind.rateOf(figures));
    }
    if (others !== null) {
      this.all.add(others);
      this.others.add(others);
    }
    this.all.close(interval);
    this.others.close(interval);
    this.streams = this.unlisted;
    for (const line of this.#lines.values()) {
      if (line.figures !== null || others === null) this.streams++;
      if (line.figures !== null) continue;
      line.history.put(interval, line.ended || others !== null ? Outcome.None : Outcome.Silent, 0);
    }
  }

  end(id: string): void {
    const line = this.#lines.get(id);
    if (line !== undefined) line.ended = true;
  }

  copy(): LiveTable<Row> {
    const copy = new LiveTable(this.#kind);
    for (const [id, line] of this.#lines) copy.#lines.set(id, line.copy());
    copy.#intervals = this.#intervals;
    copy.all = this.all.copy();
    copy.others = this.others.copy();
    copy.unlisted = this.unlisted;
    copy.streams = this.streams;
    return copy;
  }

  /** A new line; `null`: there is no room, and all that have lines are going on. */
  #open(id: string, port: number | null, interval: number): LiveLine<Row> | null {
    if (this.#lines.size >= MOST_LINES) {
      this.#givingWay ??= givingWay([...this.#lines.values()], interval);
      let over = this.#givingWay.pop();
      while (over?.heard === interval) over = this.#givingWay.pop();
      if (over === undefined) return null;
      this.#lines.delete(over.id);
      addTo(this.others.counts, over.counts);
    }
    const line = new LiveLine<Row>(id, port);
    this.#lines.set(id, line);
    return line;
  }
}

/** Those that are over, and before them those that were not heard in the interval before. */
function givingWay<Row>(lines: readonly LiveLine<Row>[], interval: number): LiveLine<Row>[] {
  const ended = lines.filter((line) => line.ended);
  const silent = lines.filter((line) => !line.ended && line.heard < interval - 1);
  return [...silent.toReversed(), ...ended.toReversed()];
}

function addTo(counts: Counts, more: { readonly [Name in CountName]?: number | null | undefined }): void {
  for (const [name, count] of Object.entries(more)) {
    if (count !== null && count !== undefined) counts[name as CountName] = (counts[name as CountName] ?? 0) + count;
  }
}
