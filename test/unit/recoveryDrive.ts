import type { Recovery } from '../../src/control/recovery.js';

/** Requests that are due at `nowMs`: first number and count. */
export function requestsDue(recovery: Recovery, nowMs: number): [number, number][] {
  const made: [number, number][] = [];
  recovery.step(nowMs * 1e6);
  while (recovery.nextRequest()) made.push([recovery.requestSequence, recovery.requestCount]);
  return made;
}

/** Ranges that were given up. */
export function listed({ unrecovered }: Recovery): [number, number][] {
  return Array.from({ length: unrecovered.length }, (_, i) => [unrecovered.from[i]!, unrecovered.to[i]!]);
}
