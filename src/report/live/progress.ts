/** How far a run with an end has come. */
import { formatCount, formatDuration, unixMsOf } from '../../core/format.js';
import type { LiveState } from './liveState.js';

export interface Progress {
  /** 0..1. */
  readonly share: number;
  /** `3.00 s of 10.0 s`. */
  readonly text: string;
}

/** By the bound that is nearest; `null`: there is none, or what it counts from has not come. */
export function progressOf(state: LiveState): Progress | null {
  const bounds = [byDuration(state), byEnd(state), byCount(state)].filter((progress) => progress !== null);
  return bounds.toSorted((a, b) => b.share - a.share)[0] ?? null;
}

function byDuration({ bounds, endNs, firstNs, time }: LiveState): Progress | null {
  if (bounds.durationNs === null || time === null) return null;
  const fromNs = bounds.fromFirst ? firstNs : 0;
  return fromNs === null ? null : ofTime(endNs - fromNs, bounds.durationNs);
}

function byEnd({ bounds, endNs, time }: LiveState): Progress | null {
  if (bounds.endAtUnixMs === null || time === null) return null;
  return ofTime(endNs, endNs + (bounds.endAtUnixMs - unixMsOf(time)) * 1e6);
}

function ofTime(ns: number, ofNs: number): Progress {
  return { share: limited(ns / ofNs), text: `${formatDuration(ns)} of ${formatDuration(ofNs)}` };
}

function byCount({ bounds, sent, received }: LiveState): Progress | null {
  if (bounds.count === null) return null;
  const count = sent.all.counts.sent ?? received.all.counts.received;
  if (count === undefined) return null;
  const all = bounds.count * (bounds.countsEach ? sent.size + sent.unlisted : 1);
  return { share: limited(count / all), text: `${formatCount(count)} of ${formatCount(all)}` };
}

/** The last interval may end a little behind the end. */
function limited(share: number): number {
  return Math.min(1, Math.max(0, share));
}
