/** The last so many intervals of a stream: figures in columns, `NaN` where there is none. */
export class IntervalRing {
  readonly #columns: number;
  readonly #points: number;
  readonly #values: Float64Array;
  #first = 0;
  #length = 0;
  #startNs = 0;
  #endNs = 0;

  /** `points`: so many are kept, each with so many columns. */
  constructor(columns: number, points: number) {
    this.#columns = columns;
    this.#points = points;
    this.#values = new Float64Array(columns * points);
  }

  get length(): number {
    return this.#length;
  }

  /** Beginning of the first point, from the start of the run. */
  get startNs(): number {
    return this.#startNs;
  }

  /** End of the last point. */
  get endNs(): number {
    return this.#endNs;
  }

  /** Length of a point on average: the first and the last interval of a run may be shorter. */
  get stepNs(): number {
    return this.#length === 0 ? 0 : (this.#endNs - this.#startNs) / this.#length;
  }

  /** The interval `[startNs, endNs)`. Intervals in which the stream was not told are points without figures. */
  push(startNs: number, endNs: number, values: readonly (number | null)[]): void {
    if (this.#length > 0) {
      const missing = Math.min(this.#points, Math.round((startNs - this.#endNs) / (endNs - startNs)));
      const stepNs = (startNs - this.#endNs) / missing;
      for (let i = 0; i < missing; i++) this.#append(this.#endNs, this.#endNs + stepNs, null);
    }
    this.#append(startNs, endNs, values);
  }

  /** The last `most` of a figure, oldest first. */
  column(index: number, most = Infinity): (number | null)[] {
    const values: (number | null)[] = [];
    for (let i = Math.max(0, this.#length - most); i < this.#length; i++) {
      const value = this.#values[((this.#first + i) % this.#points) * this.#columns + index]!;
      values.push(Number.isNaN(value) ? null : value);
    }
    return values;
  }

  #append(startNs: number, endNs: number, values: readonly (number | null)[] | null): void {
    if (this.#length === 0) this.#startNs = startNs;
    if (this.#length === this.#points) {
      this.#startNs += this.stepNs;
      this.#first = (this.#first + 1) % this.#points;
    } else this.#length++;
    this.#endNs = endNs;
    const at = ((this.#first + this.#length - 1) % this.#points) * this.#columns;
    for (let i = 0; i < this.#columns; i++) this.#values[at + i] = values?.[i] ?? NaN;
  }
}
