/**
 * Which offsets between two clocks the bounds of all windows leave possible at a moment. The offset is taken for a
 * straight line through that moment whose slope, the drift, wanders: `distance` away it may have left the line by
 * `wander * distance^2 / 2`. Of all lines that keep every bound, the band holds those that are lowest and highest.
 *
 * This is the fit through the window minima with an exact statement of what it leaves open, where least squares would
 * have an error that depends on how delays are distributed.
 */
import type { OffsetWindows } from './offsetWindows.js';

export interface OffsetBandLimits {
  /** Most that one clock gains on the other, ns per ns. */
  readonly slope: number;
  /** How fast the slope may change, per ns. */
  readonly wander: number;
}

/** Offsets in ns from the origin of the windows. */
export interface OffsetBand {
  /** Of the line that is farthest from all bounds. */
  readonly middle: number;
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
  /** By how much the bounds contradict each other: no line keeps them all, the best one misses some by this. */
  readonly misfit: number;
}

/** Halvings of an interval of slopes: from 1000 ppm to what moves a line by less than 1 ns in 100 days. */
const HALVINGS = 45;
/** Bounds that just touch each other do so but for rounding. */
const ROUNDING_NS = 1e-4;

export function offsetBand(windows: OffsetWindows, atNs: number, limits: OffsetBandLimits): OffsetBand {
  const lines = new Lines(windows, atNs, limits.wander);
  // The room between the bounds is concave in the slope: where it is greatest is where its own slope turns.
  const slope = halve(-limits.slope, limits.slope, (x) => lines.at(x).roomRises);
  const { ceiling, floor, room } = lines.at(slope);
  const middle = (ceiling + floor) / 2;
  if (room < 0) {
    const misfit = (floor - ceiling) / 2;
    return { middle, slope, low: middle, high: middle, slopeLow: slope, slopeHigh: slope, misfit };
  }
  const isTight = (x: number): boolean => lines.at(x).room < 0;
  const slopeLow = isTight(-limits.slope) ? halve(-limits.slope, slope, isTight) : -limits.slope;
  const slopeHigh = isTight(limits.slope) ? halve(slope, limits.slope, (x) => !isTight(x)) : limits.slope;
  const lowest = halve(slopeLow, slopeHigh, (x) => !lines.at(x).floorRises);
  const highest = halve(slopeLow, slopeHigh, (x) => lines.at(x).ceilingRises);
  const low = lines.at(lowest).floor;
  return { middle, slope, low, high: lines.at(highest).ceiling, slopeLow, slopeHigh, misfit: 0 };
}

/** Where, in `[from, to]`, `goesOn` ends. */
function halve(from: number, to: number, goesOn: (x: number) => boolean): number {
  let low = from;
  let high = to;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (goesOn(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Of all lines of a slope, how high (`ceiling`) and how low (`floor`) they may pass at the moment. */
class Lines {
  ceiling = 0;
  floor = 0;
  /** Whether a little more slope moves them up. */
  ceilingRises = false;
  floorRises = false;
  roomRises = false;
  readonly #count: number;
  /** By window: bounds, loosened by how far they are from the moment, and that distance. */
  readonly #most: Float64Array;
  readonly #mostFromNs: Float64Array;
  readonly #least: Float64Array;
  readonly #leastFromNs: Float64Array;

  constructor(windows: OffsetWindows, atNs: number, wander: number) {
    const { upper, upperAtNs, lower, lowerAtNs, length } = windows;
    this.#count = length;
    this.#mostFromNs = upperAtNs.slice(0, length).map((ns) => ns - atNs);
    this.#most = this.#mostFromNs.map((ns, i) => upper[i]! + (wander / 2) * ns * ns);
    this.#leastFromNs = lowerAtNs.slice(0, length).map((ns) => ns - atNs);
    this.#least = this.#leastFromNs.map((ns, i) => lower[i]! - (wander / 2) * ns * ns);
  }

  get room(): number {
    return this.ceiling - this.floor + ROUNDING_NS;
  }

  /** This object, for `slope`. */
  at(slope: number): this {
    const most = this.#most;
    const mostFromNs = this.#mostFromNs;
    const least = this.#least;
    const leastFromNs = this.#leastFromNs;
    let ceiling = Infinity;
    let ceilingFromNs = 0;
    let floor = -Infinity;
    let floorFromNs = 0;
    for (let i = 0; i < this.#count; i++) {
      const high = most[i]! - slope * mostFromNs[i]!;
      if (high < ceiling) {
        ceiling = high;
        ceilingFromNs = mostFromNs[i]!;
      }
      const low = least[i]! - slope * leastFromNs[i]!;
      if (low > floor) {
        floor = low;
        floorFromNs = leastFromNs[i]!;
      }
    }
    this.ceiling = ceiling;
    this.floor = floor;
    this.ceilingRises = ceilingFromNs < 0;
    this.floorRises = floorFromNs < 0;
    this.roomRises = floorFromNs > ceilingFromNs;
    return this;
  }
}
