/** Where intervals begin and end in UTC, and how both clocks stand to each other. */
import { formatRealtime, type Clock, type Nanos } from '../core/time.js';

/**
 * The next whole multiple of `periodNs` in UTC after now, CLOCK_MONOTONIC since the epoch, ns: so that the
 * intervals of several hosts line up.
 */
export function nextUtcMultiple(clock: Clock, periodNs: Nanos): Nanos {
  const monoNs = clock.monoNs();
  const unixNs = clock.epoch.realtimeNs + BigInt(Math.round(monoNs + realMinusMonoNs(clock)));
  return monoNs + periodNs - Number(unixNs % BigInt(Math.round(periodNs)));
}

/** Readings of both clocks that lie so close together leave no doubt. */
const CLOSE_NS = 20e3;
/** What two readings of the clocks may disagree by. */
const READING_NS = 1e6;

/**
 * CLOCK_REALTIME minus CLOCK_MONOTONIC, both since the epoch, ns: 0 but for steps. Read again where this thread
 * was interrupted between the two.
 */
export function realMinusMonoNs(clock: Clock): Nanos {
  let best = 0;
  let bestSpanNs = Infinity;
  for (let tries = 0; tries < 5 && bestSpanNs > CLOSE_NS; tries++) {
    const beforeNs = clock.monoNs();
    const realNs = clock.realNs();
    const spanNs = clock.monoNs() - beforeNs;
    if (spanNs >= bestSpanNs) continue;
    bestSpanNs = spanNs;
    best = realNs - beforeNs - spanNs / 2;
  }
  return best;
}

/** An interval's end as RFC 3339: a boundary is named by the whole multiple of `periodNs` that it stands for. */
export function intervalTime(clock: Clock, endMonoNs: Nanos, periodNs: Nanos): string {
  const { epoch } = clock;
  const realNs = Math.round(endMonoNs + realMinusMonoNs(clock));
  const period = Math.round(periodNs);
  const over = Number((epoch.realtimeNs + BigInt(realNs)) % BigInt(period));
  const offNs = over > period / 2 ? over - period : over;
  return formatRealtime(epoch, Math.abs(offNs) <= Math.min(READING_NS, period / 4) ? realNs - offNs : realNs);
}
