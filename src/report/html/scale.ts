/** Where values lie on an axis, and which of them are written beside it. */
import { formatCount, formatTimeOfDay, UTC } from '../../core/format.js';

/** A written value; `at`: 0..1 along the axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Scale {
  /** 0..1 along the axis. */
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
  readonly isLogarithmic: boolean;
}

export type Format = (value: number) => string;

/** Beyond this ratio of the largest to the smallest value a straight axis shows the largest alone. */
const STRAIGHT_RATIO = 40;
const STEPS = [1, 2, 2.5, 5, 10];

/** For values up to `max` from 0, or from `min` where that is negative. */
export function straightScale(min: number, max: number, format: Format): Scale {
  const from = min < 0 ? -niceAbove(-min) : 0;
  const to = max > 0 ? niceAbove(max) : from < 0 ? 0 : 1;
  return between(from, to, [from, from < 0 && to > 0 ? 0 : (from + to) / 2, to], format);
}

/** For counts: there are no halves of them. */
export function countScale(max: number): Scale {
  const to = niceAbove(Math.max(1, max));
  const half = Number.isInteger(to / 2) ? [to / 2] : [];
  return between(0, Math.ceil(to), [0, ...half, Math.ceil(to)], formatCount);
}

/** Powers of ten around values above 0. */
export function logarithmicScale(min: number, max: number, format: Format): Scale {
  const low = Math.floor(Math.log10(min) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(max) - 1e-9));
  const ticks: Tick[] = [];
  const every = Math.ceil((high - low) / 4);
  for (let power = low; power <= high; power += every) {
    ticks.push({ at: (power - low) / (high - low), label: format(10 ** power) });
  }
  return {
    at: (value) => clamped((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)),
    ticks,
    isLogarithmic: true,
  };
}

/** Logarithmic where the values are so far apart that the smaller ones could not be seen. */
export function scaleFor(min: number, max: number, format: Format): Scale {
  return min > 0 && max / min > STRAIGHT_RATIO ? logarithmicScale(min, max, format) : straightScale(min, max, format);
}

/** An axis from one value to another, with ticks at round ones between them. */
export function spanScale(from: number, to: number, format: Format): Scale {
  const step = niceAbove((to - from) / 5);
  const ticks: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) ticks.push(value);
  return between(from, to, ticks, format);
}

function between(from: number, to: number, ticks: readonly number[], format: Format): Scale {
  const at = (value: number): number => clamped((value - from) / (to - from));
  return { at, ticks: ticks.map((value) => ({ at: at(value), label: format(value) })), isLogarithmic: false };
}

function clamped(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = STEPS.find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between ticks of time. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms * 1e6),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672].map((hours) => hours * HOUR),
];
const TIME_TICKS = 7;
/** From this length on times of day are written, before it the time since the start of the run. */
export const TIME_OF_DAY_FROM_NS = 10 * MINUTE;

/** Ticks of `fromNs`..`toNs`, since `startUnixMs`, the start of the run. Times of day are UTC. */
export function timeTicks(fromNs: number, toNs: number, startUnixMs: number): Tick[] {
  const lengthNs = toNs - fromNs;
  const step = TIME_STEPS.find((one) => lengthNs / one <= TIME_TICKS) ?? lengthNs;
  const isTimeOfDay = lengthNs >= TIME_OF_DAY_FROM_NS;
  // Whole hours are whole hours of the day.
  const shiftNs = isTimeOfDay ? (startUnixMs * 1e6) % (24 * HOUR) : 0;
  const ticks: Tick[] = [];
  for (let ns = Math.ceil((fromNs + shiftNs) / step) * step - shiftNs; ns <= toNs; ns += step) {
    const label = isTimeOfDay ? timeOfDay(startUnixMs + Math.round(ns / 1e6)) : sinceStart(ns);
    ticks.push({ at: (ns - fromNs) / lengthNs, label });
  }
  return ticks;
}

function timeOfDay(unixMs: number): string {
  return formatTimeOfDay(new Date(unixMs).toISOString(), UTC).slice(0, 5);
}

function sinceStart(ns: number): string {
  if (ns === 0) return '0';
  if (Math.abs(ns) >= 2 * MINUTE) return `${Number((ns / MINUTE).toFixed(1))} min`;
  return Math.abs(ns) >= SECOND ? `${Number((ns / SECOND).toFixed(1))} s` : `${Math.round(ns / 1e6)} ms`;
}
