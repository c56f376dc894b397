/** Buckets of a log-linear histogram: which one a value falls into, and which values a bucket holds. */

/** Sub-buckets per octave: a value's bucket is at most 1/128 of it wide (0.8 %). */
const SUB_BITS = 7;
export const SUB = 1 << SUB_BITS;
/** Magnitudes up to 2^52 ns (52 days) are told apart; larger ones clamp. */
const OCTAVES = 52 - SUB_BITS;
const HALF = SUB * (OCTAVES + 1);

/** Largest magnitude that is recorded as itself. */
export const HISTOGRAM_MAX = 2 ** 52 - 1;
/** Lowest and highest index of `Histogram.buckets`. */
export const HISTOGRAM_INDEX_MIN = -HALF;
export const HISTOGRAM_INDEX_MAX = HALF - 1;

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);
/** Which of the words holds sign, exponent and the highest 20 bits of the fraction. */
export const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
export const FRACTION_SHIFT = 20 - SUB_BITS;
/** The bias of float64's exponent, less the octave below which every integer has a bucket of its own. */
export const EXPONENT_EXCESS = (1023 + SUB_BITS - 1) * SUB;

/** High words of the first magnitudes that share a bucket, and that are beyond the range. */
export const FIRST_SHARED = (1023 + SUB_BITS) << 20;
export const BEYOND_RANGE = (1023 + SUB_BITS + OCTAVES) << 20;

/** Smallest magnitude of a bucket and the bucket's width. */
function bucketFrom(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const octave = (bucket >> SUB_BITS) - 1;
  return (SUB + (bucket & (SUB - 1))) * 2 ** octave;
}

function bucketWidth(bucket: number): number {
  return bucket < 2 * SUB ? 1 : 2 ** ((bucket >> SUB_BITS) - 1);
}

function bucketMiddle(bucket: number): number {
  return bucketFrom(bucket) + Math.floor((bucketWidth(bucket) - 1) / 2);
}

/** The value in the middle of bucket `index`. */
export function middleOf(index: number): number {
  return index < 0 ? -bucketMiddle(-1 - index) : bucketMiddle(index);
}

/** Values of bucket `index` lie in `[from, to)`. */
export function boundsOf(index: number): { readonly from: number; readonly to: number } {
  if (index >= 0) return { from: bucketFrom(index), to: bucketFrom(index) + bucketWidth(index) };
  const bucket = -1 - index;
  return { from: 1 - bucketFrom(bucket) - bucketWidth(bucket), to: 1 - bucketFrom(bucket) };
}

/** Index of an integer within the range. */
export function indexOf(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < SUB) return value < 0 ? -1 - magnitude : magnitude;
  float[0] = value;
  const high = words[HIGH]!;
  return (((high & 0x7fff_ffff) >>> FRACTION_SHIFT) - EXPONENT_EXCESS) ^ (high >> 31);
}

/** The nearest value that is within the range. */
export function withinRange(value: number): number {
  return Math.max(-HISTOGRAM_MAX, Math.min(HISTOGRAM_MAX, value));
}
