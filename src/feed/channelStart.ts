import type { Nanos } from '../core/time.js';

/** Channels begin so far apart: a hundred first datagrams at once hold up whoever receives them, and no headend starts so. */
const APART_NS = 5e6;

/**
 * How long after the first channel of a run the one at `position` begins. Channels of one clip are due at the same
 * instants unless a fraction of a datagram's time lies between them: whole times of a datagram make up the distance, and
 * an equal share of one the phase. `packetsPerSecond`: of this channel; 0 or infinite: not known.
 */
export function channelStartNs(position: number, channels: number, packetsPerSecond: number): Nanos {
  const periodNs = 1e9 / packetsPerSecond;
  if (periodNs === 0 || periodNs === Infinity) return position * APART_NS;
  const whole = Math.round((position * APART_NS) / periodNs);
  return Math.round((whole + position / channels) * periodNs);
}
