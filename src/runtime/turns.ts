import type { Clock } from '../core/time.js';

/** Of many streams there is much to tell at once: what is sent and received goes on in between. */
const TURN_NS = 0.2e6;

/** Does as much of the work, which yields where it may be interrupted, as one turn may take; whether there is more. */
export function workOn(work: Iterator<void, void>, clock: Clock): boolean {
  const untilNs = clock.monoNs() + TURN_NS;
  do {
    if (work.next().done === true) return false;
  } while (clock.monoNs() < untilNs);
  return true;
}
