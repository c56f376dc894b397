/** Sub-buckets per octave: a value's bucket is at most 1/128 of it wide (0.8 %). */
const SUB_BITS = 7;
const SUB = 1 << SUB_BITS;
/** Magnitudes up to 2^44 ns (4.9 hours) are told apart; larger ones clamp. */
const OCTAVES = 44 - SUB_BITS;
const HALF = SUB * (OCTAVES + 1);

/** Largest magnitude that is recorded as itself. */
export const HISTOGRAM_MAX = 2 ** 44 - 1;

function bucketOf(magnitude: number): number {
  if (magnitude < SUB) return magnitude;
  // Split so that all shifts stay within 32 bits.
  const high = Math.floor(magnitude / 4096);
  const octave = high === 0 ? 31 - Math.clz32(magnitude) - SUB_BITS : 31 - Math.clz32(high) + 12 - SUB_BITS;
  return octave * SUB + Math.floor(magnitude / 2 ** octave);
}

/** Smallest magnitude of a bucket and the bucket's width. */
function bucketFrom(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const octave = (bucket >> SUB_BITS) - 1;
  return (SUB + (bucket & (SUB - 1))) * 2 ** octave;
}

function bucketWidth(bucket: number): number {
  return bucket < 2 * SUB ? 1 : 2 ** ((bucket >> SUB_BITS) - 1);
}

/** Parameters that a reader of sparse buckets needs. */
export const HISTOGRAM_PARAMETERS = { kind: 'log-linear', sub_buckets_per_octave: SUB, max: HISTOGRAM_MAX } as const;

/**
 * Log-linear histogram over signed integers (one-way delay between unsynchronised clocks is
 * negative). `record` never throws and never allocates after the first negative value: what is out
 * of range clamps and is counted. Minimum, maximum and sum are exact; percentiles are within 0.8 %.
 */
export class Histogram {
  count = 0;
  /** Values beyond the range, recorded as the nearest that fits. */
  clamped = 0;
  #min = Infinity;
  #max = -Infinity;
  #sum = 0;
  readonly #positive = new Float64Array(HALF);
  /** Magnitudes of negative values; made when the first one comes. */
  #negative: Float64Array | null = null;

  /** `value`: ns, rounded to an integer. NaN is counted as clamped and otherwise ignored. */
  record(value: number): void {
    let magnitude = Math.round(value < 0 ? -value : value);
    if (!(magnitude <= HISTOGRAM_MAX)) {
      this.clamped++;
      if (magnitude !== magnitude) return;
      magnitude = HISTOGRAM_MAX;
    }
    const kept = value < 0 ? -magnitude : magnitude;
    this.count++;
    this.#sum += kept;
    if (kept < this.#min) this.#min = kept;
    if (kept > this.#max) this.#max = kept;
    if (kept < 0) (this.#negative ??= new Float64Array(HALF))[bucketOf(magnitude)]!++;
    else this.#positive[bucketOf(magnitude)]!++;
  }

  /** `null` when nothing was recorded, as are {@link max}, {@link mean} and {@link percentile}. */
  get min(): number | null {
    return this.count === 0 ? null : this.#min;
  }

  get max(): number | null {
    return this.count === 0 ? null : this.#max;
  }

  get mean(): number | null {
    return this.count === 0 ? null : this.#sum / this.count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Smallest recorded value (to bucket precision) that at least `fraction` (0..1) of all do not exceed. */
  percentile(fraction: number): number | null {
    if (this.count === 0) return null;
    // Guards against 0.99 * 100 = 99.00000000000001 asking for one more.
    const rank = Math.min(this.count, Math.max(1, Math.ceil(fraction * this.count - 1e-9 * this.count)));
    if (rank === this.count) return this.#max;
    let seen = 0;
    if (this.#negative !== null) {
      for (let i = HALF - 1; i > 0; i--) {
        seen += this.#negative[i]!;
        if (seen >= rank) return this.#within(-(bucketFrom(i) + (bucketWidth(i) - 1) / 2));
      }
    }
    for (let i = 0; i < HALF; i++) {
      seen += this.#positive[i]!;
      if (seen >= rank) return this.#within(bucketFrom(i) + (bucketWidth(i) - 1) / 2);
    }
    return this.#max;
  }

  #within(value: number): number {
    return Math.min(this.#max, Math.max(this.#min, Math.floor(value)));
  }

  add(other: Histogram): void {
    this.count += other.count;
    this.clamped += other.clamped;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    for (let i = 0; i < HALF; i++) this.#positive[i]! += other.#positive[i]!;
    if (other.#negative !== null) {
      const negative = (this.#negative ??= new Float64Array(HALF));
      for (let i = 0; i < HALF; i++) negative[i]! += other.#negative[i]!;
    }
  }

  clear(): void {
    this.count = 0;
    this.clamped = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
    this.#positive.fill(0);
    this.#negative?.fill(0);
  }

  /** An equal one that changes no more with this one. */
  copy(): Histogram {
    const twin = new Histogram();
    twin.add(this);
    return twin;
  }

  /** `[index, count]` of every bucket in use; negative values have index `-1 - bucket`. */
  buckets(): [index: number, count: number][] {
    const used: [number, number][] = [];
    if (this.#negative !== null) {
      for (let i = HALF - 1; i >= 0; i--) if (this.#negative[i]! > 0) used.push([-1 - i, this.#negative[i]!]);
    }
    for (let i = 0; i < HALF; i++) if (this.#positive[i]! > 0) used.push([i, this.#positive[i]!]);
    return used;
  }

  /** The histogram whose {@link buckets} and exact figures these are. */
  static from(
    buckets: readonly (readonly [number, number])[],
    exact: {
      readonly min: number | null;
      readonly max: number | null;
      readonly mean: number | null;
      readonly clamped: number;
    },
  ): Histogram {
    const made = new Histogram();
    for (const [index, count] of buckets) {
      made.count += count;
      if (index < 0) (made.#negative ??= new Float64Array(HALF))[-1 - index]! += count;
      else made.#positive[index]! += count;
    }
    made.clamped = exact.clamped;
    made.#min = exact.min ?? Infinity;
    made.#max = exact.max ?? -Infinity;
    made.#sum = (exact.mean ?? 0) * made.count;
    return made;
  }

  /** Values of bucket `index` lie in `[from, to)`. */
  static bounds(index: number): { readonly from: number; readonly to: number } {
    if (index >= 0) return { from: bucketFrom(index), to: bucketFrom(index) + bucketWidth(index) };
    const bucket = -1 - index;
    return { from: 1 - bucketFrom(bucket) - bucketWidth(bucket), to: 1 - bucketFrom(bucket) };
  }
}
