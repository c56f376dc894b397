import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Of all processors' time, what a hypervisor may take away during a run that counts. */
const QUIET_SHARE = 0.003;
/** USER_HZ: the unit of /proc/stat, proc(5). */
const TICK_MS = 10;

/**
 * Repeats a measurement until one ran while (almost) no processor was taken away: `tries` times at most, then the
 * least disturbed counts. To be used for all subjects alike.
 * @returns {Promise<{ value: any, stolenShare: number, setAside: number }>} `setAside`: runs that do not count.
 */
export async function quietly(measure, tries = 5) {
  let best = null;
  for (let made = 1; made <= tries; made++) {
    const run = await watched(measure);
    if (best === null || run.stolenShare < best.stolenShare) best = run;
    if (run.isQuiet || made === tries) return { ...best, setAside: made - 1 };
  }
}

/** The measurement, and which share of the processors' time was stolen meanwhile. */
export async function watched(measure) {
  const stolenBefore = stolenTicks();
  const beganMs = performance.now();
  const value = await measure();
  const possibleMs = (performance.now() - beganMs) * cpus().length;
  const stolenShare = ((stolenTicks() - stolenBefore) * TICK_MS) / possibleMs;
  return { value, stolenShare, isQuiet: stolenShare <= QUIET_SHARE };
}

function stolenTicks() {
  const [, ...ticks] = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].trim().split(/\s+/u);
  return Number(ticks[7] ?? 0);
}
