import { indexOf } from './histogramBuckets.js';

/** So many values of a histogram are kept as they came: they spread over hundreds of cells, as a rule. */
export const FEW_VALUES = 64;

const INDEXES = new Int32Array(FEW_VALUES);

/** Indexes of the buckets that `values[0 .. count)` fall into, ascending: memory of all calls. */
export function sortedIndexes(values: Float64Array, count: number): Int32Array {
  for (let i = 0; i < count; i++) INDEXES[i] = indexOf(values[i]!);
  return INDEXES.subarray(0, count).sort();
}

/** `[index, count]` of every bucket, of {@link sortedIndexes}. */
export function bucketsOf(indexes: Int32Array): [index: number, count: number][] {
  const used: [number, number][] = [];
  for (let from = 0, to = 0; from < indexes.length; from = to) {
    const index = indexes[from]!;
    while (to < indexes.length && indexes[to] === index) to++;
    used.push([index, to - from]);
  }
  return used;
}
