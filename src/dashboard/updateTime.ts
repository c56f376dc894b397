/** Of the time between updates: how long before an interval that is expected one begins, and how far one may be moved. */
const LEAD_SHARE = 0.05;
const MOST_SHIFT_SHARE = 0.1;

/**
 * When the update after one that began at `beganMs` begins: `updateMs` later, moved a little towards the moment just before
 * an interval is told, so that each shows the newest. Left alone, updates and intervals drift past each other: now and then
 * one update has nothing to show, and the next two. `toldMs`: when an interval was told last; -Infinity: none was. All by
 * one clock.
 */
export function nextUpdateMs(beganMs: number, updateMs: number, toldMs: number): number {
  const dueMs = beganMs + updateMs;
  if (toldMs === -Infinity) return dueMs;
  const behindMs = dueMs - (toldMs - LEAD_SHARE * updateMs);
  // Behind the nearest such moment, or before it.
  const offMs = behindMs - Math.round(behindMs / updateMs) * updateMs;
  const mostMs = MOST_SHIFT_SHARE * updateMs;
  return dueMs - Math.max(-mostMs, Math.min(mostMs, offMs));
}
