import { LARGEST_BURSTS } from '../metrics/burstFigures.js';
import type { BurstSnapshot } from '../metrics/burstSnapshot.js';

/** Columns of a burst. */
export const Burst = {
  /** First and last arrival. NaN: there is no burst. */
  StartNs: 0,
  EndNs: 1,
  Octets: 2,
  Datagrams: 3,
  Count: 4,
} as const;

/**
 * The largest positions of one window that do not overlap. Positions come in order of time. One is held; a heavier one
 * that overlaps it takes its place, and one that does not is held next. So the heaviest of all is always among them. Of
 * those that were held until the next, the {@link LARGEST_BURSTS} with most octets are kept, of equal ones the earliest.
 */
export class LargestBursts {
  /** The one that is held; whoever finds a position writes it here. Its row, because a number as argument may cost an object. */
  readonly held = new Float64Array(Burst.Count);
  /** Octets of the smallest that is kept once there are {@link LARGEST_BURSTS}: what is no larger is not kept any more. -1: anything is. */
  readonly floor = new Float64Array(1);
  readonly #kept = new Float64Array(LARGEST_BURSTS * Burst.Count);

  constructor() {
    this.clear();
  }

  clear(): void {
    none(this.held);
    this.#kept.fill(NaN);
    this.floor[0] = -1;
  }

  /** The held one is overlapped by no further position. */
  keep(): void {
    put(this.#kept, this.held);
    this.floor[0] = floorOf(this.#kept);
  }

  /** Largest first, of equal ones the earliest. */
  snapshot(): BurstSnapshot[] {
    const rows = this.#kept.slice();
    put(rows, this.held);
    const bursts: BurstSnapshot[] = [];
    for (let at = 0; at < rows.length; at += Burst.Count) {
      const startMonoNs = rows[at + Burst.StartNs]!;
      if (startMonoNs !== startMonoNs) continue;
      const durationNs = rows[at + Burst.EndNs]! - startMonoNs;
      bursts.push({
        startMonoNs,
        durationNs,
        octets: rows[at + Burst.Octets]!,
        datagrams: rows[at + Burst.Datagrams]!,
      });
    }
    return bursts.toSorted((a, b) => b.octets - a.octets || a.startMonoNs - b.startMonoNs);
  }
}

function none(row: Float64Array): void {
  row.fill(NaN);
  // Any position is heavier.
  row[Burst.Octets] = -1;
}

function floorOf(rows: Float64Array): number {
  let floor = Infinity;
  for (let at = 0; at < rows.length; at += Burst.Count) {
    const octets = rows[at + Burst.Octets]!;
    if (octets !== octets) return -1;
    if (octets < floor) floor = octets;
  }
  return floor;
}

/** Into a free row, or that of the smallest when it is larger; of equal smallest ones the latest goes. */
function put(rows: Float64Array, burst: Float64Array): void {
  const octets = burst[Burst.Octets]!;
  let smallest = -1;
  for (let at = 0; at < rows.length; at += Burst.Count) {
    if (rows[at + Burst.StartNs] !== rows[at + Burst.StartNs]) {
      smallest = at;
      break;
    }
    const less = smallest < 0 ? -1 : rows[at + Burst.Octets]! - rows[smallest + Burst.Octets]!;
    if (less < 0 || (less === 0 && rows[at + Burst.EndNs]! > rows[smallest + Burst.EndNs]!)) smallest = at;
  }
  if (rows[smallest + Burst.Octets]! >= octets) return;
  for (let column = 0; column < Burst.Count; column++) rows[smallest + column] = burst[column]!;
}
