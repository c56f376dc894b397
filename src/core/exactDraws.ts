/**
 * Logarithm and exponential without `Math`: those may differ in the last place between engines. Here are only sums,
 * products and comparisons, which IEEE 754 rounds in one way, so that a seed gives the same times on every machine.
 * Results go into an array: a number that a call returns may cost an object.
 */
import type { Random } from './random.js';

/** Uniform in (0, 1), 32 bits. */
export function uniform32(random: Random): number {
  return (random.int32() + 2_147_483_648.5) / 4_294_967_296;
}

/**
 * Writes into `out[0]` what is exponentially distributed with mean 1, to 32 bits (J. von Neumann, "Various techniques used in connection with random
 * digits", 1951): of uniform numbers that fall and fall, the run is of odd length with probability e^-first. Else
 * another run is tried, one further.
 */
export function drawExponential(random: Random, out: Float64Array): void {
  for (let whole = 0; ; whole++) {
    const first = random.int32();
    let last = first;
    let isOdd = true;
    for (let next = random.int32(); next < last; next = random.int32()) {
      last = next;
      isOdd = !isOdd;
    }
    if (isOdd) {
      out[0] = whole + (first + 2_147_483_648.5) / 4_294_967_296;
      return;
    }
  }
}

/** 1 / k!, of which 18 are enough for 53 bits below ln 2. */
const RECIPROCAL_FACTORIALS = reciprocalFactorials(18);
/** 2^-n, down to the smallest number. */
const HALVES = halves(1075);

function reciprocalFactorials(count: number): Float64Array {
  const out = new Float64Array(count);
  let factorial = 1;
  for (let k = 0; k < count; k++) {
    out[k] = 1 / factorial;
    factorial *= k + 1;
  }
  return out;
}

function halves(count: number): Float64Array {
  const out = new Float64Array(count);
  let power = 1;
  for (let n = 0; n < count; n++) {
    out[n] = power;
    power /= 2;
  }
  return out;
}

/** Replaces x of 0 or more in `inout[0]` by e^-x, to (1 + x) x 10^-15 of it. */
export function expMinus(inout: Float64Array): void {
  const x = inout[0]!;
  const whole = Math.floor(x * Math.LOG2E);
  if (whole >= HALVES.length) {
    inout[0] = 0;
    return;
  }
  const rest = x - whole * Math.LN2;
  let sum = 0;
  for (let k = RECIPROCAL_FACTORIALS.length - 1; k >= 0; k--) sum = RECIPROCAL_FACTORIALS[k]! - rest * sum;
  inout[0] = sum * HALVES[whole]!;
}
