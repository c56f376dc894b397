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

/** Halvings of an interval: from 500 ppm to less than 1 ns in 2^53. */
const HALVINGS = 60;

export function offsetBand(windows: OffsetWindows, atNs: number, limits: OffsetBandLimits): OffsetBand {
  const lines = new Lines(windows, atNs, limits.wander);
  // The room between the bounds is concave in the slope: where it is greatest is where its own slope turns.
  const slope = halve(-limits.slope, limits.slope, (x) => lines.at(x).roomRises);
  const { ceiling, floor } = lines.at(slope);
  const middle = (ceiling + floor) / 2;
  if (ceiling < floor) {
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
  readonly #windows: OffsetWindows;
  readonly #atNs: number;
  readonly #wander: number;

  constructor(windows: OffsetWindows, atNs: number, wander: number) {
    this.#windows = windows;
    this.#atNs = atNs;
    this.#wander = wander;
  }

  get room(): number {
    return this.ceiling - this.floor;
  }

  /** This object, for `slope`. */
  at(slope: number): this {
    const { upper, upperAtNs, lower, lowerAtNs, length } = this.#windows;
    let ceiling = Infinity;
    let ceilingDistance = 0;
    let floor = -Infinity;
    let floorDistance = 0;
    for (let i = 0; i < length; i++) {
      const above = upperAtNs[i]! - this.#atNs;
      const most = upper[i]! + (this.#wander / 2) * above * above - slope * above;
      if (most < ceiling) {
        ceiling = most;
        ceilingDistance = above;
      }
      const below = lowerAtNs[i]! - this.#atNs;
      const least = lower[i]! - (this.#wander / 2) * below * below - slope * below;
      if (least > floor) {
        floor = least;
        floorDistance = below;
      }
    }
    this.ceiling = ceiling;
    this.floor = floor;
    this.ceilingRises = ceilingDistance < 0;
    this.floorRises = floorDistance < 0;
    this.roomRises = floorDistance > ceilingDistance;
    return this;
  }
}
