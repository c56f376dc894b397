/** Moments of a capture, as nanoseconds behind its first frame. */
import type { Nanos } from '../core/time.js';
import { McastError } from '../core/errors.js';
import { zoneOffsetNs } from '../core/zone.js';
import type { CaptureMoment, ReplayPlan } from './plan.js';

const DAY_NS = 86_400_000_000_000n;

export interface CaptureBounds {
  /** Datagrams of `[fromNs, toNs)` are sent, ns behind the first frame. */
  readonly fromNs: Nanos;
  readonly toNs: Nanos;
}

/** `startUnixNs`: of the capture's first frame. Throws ERR_USAGE: nothing is between them. */
export function captureBounds(plan: Pick<ReplayPlan, 'from' | 'to' | 'zone'>, startUnixNs: bigint): CaptureBounds {
  const from = plan.from === null ? null : momentUnixNs(plan.from, plan.zone, startUnixNs, startUnixNs);
  const behind = from === null || from < startUnixNs ? startUnixNs : from;
  const to = plan.to === null ? null : momentUnixNs(plan.to, plan.zone, startUnixNs, behind);
  if (from !== null && to !== null && to <= from) {
    throw new McastError(
      'ERR_USAGE',
      `--to is ${to === from ? 'the same as' : 'before'} --from: nothing is between them`,
    );
  }
  return {
    fromNs: from === null ? -Infinity : Number(from - startUnixNs),
    toNs: to === null ? Infinity : Number(to - startUnixNs),
  };
}

/** A time of day is the first one at `behindUnixNs` or later. */
function momentUnixNs(moment: CaptureMoment, zone: string, startUnixNs: bigint, behindUnixNs: bigint): bigint {
  if ('unixNs' in moment) return moment.unixNs;
  if ('afterNs' in moment) return startUnixNs + BigInt(moment.afterNs);
  const local = behindUnixNs + zoneOffsetNs(zone, behindUnixNs);
  const midnight = local - (local % DAY_NS);
  const today = fromLocal(midnight + BigInt(moment.sinceMidnightNs), zone);
  return today >= behindUnixNs ? today : fromLocal(midnight + DAY_NS + BigInt(moment.sinceMidnightNs), zone);
}

/** The instant at which clocks of the zone show so much since 1970; where they leave it out, the instant before or behind. */
function fromLocal(localNs: bigint, zone: string): bigint {
  // The offset of a guess that is off by the offset itself may be that of the other side of a change.
  const guess = localNs - zoneOffsetNs(zone, localNs);
  return localNs - zoneOffsetNs(zone, guess);
}
