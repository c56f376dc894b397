/**
 * Slow and obvious transcriptions of what the analysis computes, over one stream's datagrams in order of
 * arrival. Sets, sorting and O(n^2) loops; nothing is shared with the product.
 */

export interface Heard {
  readonly kind: 'data' | 'start' | 'end' | 'heartbeat';
  /** Of data its number; else the number that is next. */
  readonly number: number;
  readonly monoNs: number;
  /** Carried time, same clock as `monoNs` but for an offset. */
  readonly sentNs: number;
  readonly notSent: number;
}

export type Verdict = 'none' | 'new' | 'duplicate' | 'late';

export interface SequenceFigures {
  readonly verdicts: Verdict[];
  readonly expected: number;
  readonly received: number;
  readonly duplicated: number;
  readonly late: number;
  readonly lost: number[];
  readonly pending: number;
}

/**
 * RFC 7680 with a waiting time, RFC 5560: what each datagram is, and which numbers are lost once the
 * stream is over. `windowPackets` and `windowNs` are the reorder window. Never-sent numbers are among
 * `lost`: which of several missing ones they are is not known.
 *
 * What came is remembered for `windowPackets` numbers, and as long as no gap has opened since.
 */
export function sequenceOracle(heard: readonly Heard[], windowNs: number, windowPackets: number): SequenceFigures {
  const verdicts: Verdict[] = [];
  const received = new Set<number>();
  const lost = new Set<number>();
  const missingSince = new Map<number, number>();
  let base = NaN;
  let next = NaN;
  let lastJumpTo = NaN;
  let beganNs = NaN;
  let startHeard = false;
  let duplicated = 0;
  let late = 0;

  const declare = (monoNs: number): void => {
    for (const [number, sinceNs] of missingSince) {
      if (sinceNs + windowNs > monoNs && number >= next - windowPackets) continue;
      missingSince.delete(number);
      lost.add(number);
    }
  };
  const heardUpTo = (number: number, monoNs: number): void => {
    if (number > next) {
      for (let n = next; n < number; n++) missingSince.set(n, monoNs);
      lastJumpTo = number;
      next = number;
    }
  };

  for (const { kind, number, monoNs } of heard) {
    declare(monoNs);
    if (!(next === next)) {
      base = number;
      next = number;
      lastJumpTo = number;
      beganNs = monoNs;
      startHeard = kind === 'start';
    }
    if (kind === 'start') {
      const counts = !startHeard && monoNs < beganNs + windowNs && number <= base && next - number <= windowPackets;
      if (counts) {
        for (let n = number; n < base; n++) missingSince.set(n, beganNs);
        base = number;
        startHeard = true;
      }
      verdicts.push('none');
    } else if (kind !== 'data') {
      heardUpTo(number, monoNs);
      verdicts.push('none');
    } else {
      const isRemembered = number >= next - windowPackets || number >= lastJumpTo;
      if (number < base) {
        late++;
        verdicts.push('late');
      } else if (received.has(number) && isRemembered) {
        duplicated++;
        verdicts.push('duplicate');
      } else if (lost.has(number) || !isRemembered) {
        late++;
        verdicts.push('late');
      } else {
        heardUpTo(number, monoNs);
        next = Math.max(next, number + 1);
        missingSince.delete(number);
        received.add(number);
        verdicts.push('new');
      }
    }
    declare(-Infinity);
  }
  const pending = missingSince.size;
  for (const number of missingSince.keys()) lost.add(number);
  return {
    verdicts,
    expected: next === next ? next - base : 0,
    received: received.size,
    duplicated,
    late,
    lost: [...lost].sort((a, b) => a - b),
    pending,
  };
}

/** RFC 4737 section 3.3: numbers below NextExp at their arrival, of first copies in order of arrival. */
export function reorderedOracle(numbers: readonly number[]): boolean[] {
  let nextExpected = -Infinity;
  return numbers.map((number) => {
    if (number >= nextExpected) {
      nextExpected = number + 1;
      return false;
    }
    return true;
  });
}

/** RFC 4737 section 4.2.2: i - j, j the earliest arrival with a greater number; of each reordered one. */
export function extentsOracle(numbers: readonly number[]): number[] {
  const extents: number[] = [];
  const reordered = reorderedOracle(numbers);
  for (const [i, number] of numbers.entries()) {
    if (!reordered[i]) continue;
    const j = numbers.findIndex((earlier, at) => at < i && earlier > number);
    extents.push(i - j);
  }
  return extents;
}

/** RFC 3357 section 4.2: lengths of the runs of consecutive lost numbers (ascending). */
export function lossPeriodsOracle(lost: readonly number[]): number[] {
  const lengths: number[] = [];
  for (const [i, number] of lost.entries()) {
    if (i > 0 && lost[i - 1] === number - 1) lengths[lengths.length - 1]!++;
    else lengths.push(1);
  }
  return lengths;
}

/** RFC 3357 section 4.1: differences of successive lost numbers (ascending). */
export function lossDistancesOracle(lost: readonly number[]): number[] {
  return lost.slice(1).map((number, i) => number - lost[i]!);
}

/** RFC 3550 A.8 in floating point: transit is arrival minus carried time, in order of arrival. */
export function jitterOracle(transitsNs: readonly number[]): number {
  let jitter = NaN;
  for (let i = 1; i < transitsNs.length; i++) {
    const d = Math.abs(transitsNs[i]! - transitsNs[i - 1]!);
    jitter = Number.isNaN(jitter) ? d / 16 : jitter + (d - jitter) / 16;
  }
  return jitter;
}

/** RFC 3393, pairs of datagrams of which one ends where the other begins: each when its second member comes, if both are within `reach` of the highest then. */
export function ipdvOracle(
  timed: readonly { readonly number: number; readonly span?: number; readonly transitNs: number }[],
  reach: number,
): number[] {
  const variations: number[] = [];
  const lastOf = ({ number, span = 1 }: (typeof timed)[number]): number => number + span - 1;
  for (const [i, one] of timed.entries()) {
    const before = timed.slice(0, i);
    const highest = Math.max(...before.map(lastOf), -Infinity);
    const isAhead = !(one.number <= highest);
    for (const other of before) {
      const isBefore = lastOf(other) + 1 === one.number;
      const isAfter = lastOf(one) + 1 === other.number;
      // The number at which they meet is near enough to the highest; what goes on from the highest always is.
      const met = isBefore ? lastOf(other) : other.number;
      if (!isAhead && met <= highest - reach) continue;
      // Who falls behind as a whole has no neighbours any more.
      if (lastOf(one) <= highest - reach) continue;
      if (isBefore) variations.push(one.transitNs - other.transitNs);
      if (isAfter) variations.push(other.transitNs - one.transitNs);
    }
  }
  return variations;
}

/** The value that at least `fraction` of all do not exceed. */
export function percentileOracle(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]!;
}
