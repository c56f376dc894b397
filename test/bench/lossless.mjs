import { watched } from './quiet.mjs';

/** How many failures in quiet, and how many tries at most, say that a rate does not hold. */
const FAILURES = 2;
const TRIES = 5;

/** One success holds. A failure counts if no processor was taken away meanwhile: others use this machine too. */
async function holdsAt(isHeld, rate) {
  let failures = 0;
  for (let made = 0; made < TRIES && failures < FAILURES; made++) {
    const { value, isQuiet } = await watched(() => isHeld(rate));
    if (value) return true;
    if (isQuiet) failures++;
  }
  return false;
}

/** Bisection from `first` on for the highest rate of which `isHeld` says yes; 0: none does down to `least`. */
export async function highestHeld(isHeld, { first, least, precision }) {
  let holds = 0;
  let fails = Infinity;
  let rate = first;
  while (fails === Infinity || fails - holds > precision * fails) {
    if (await holdsAt(isHeld, rate)) holds = rate;
    else fails = rate;
    if (fails === Infinity) rate = holds * 1.25;
    else rate = holds === 0 ? fails * 0.7 : (holds + fails) / 2;
    if (rate < least) return 0;
  }
  return holds;
}
