/** Names of receivers under which each is found again. */
import type { Receiver } from './model.js';

/** Receivers of one name, as several on one host, get what tells them apart behind it: their SSRC, or else their run. */
export function distinctlyNamed(receivers: readonly Receiver[]): Receiver[] {
  const times = new Map<string, number>();
  for (const { name } of receivers) times.set(name, (times.get(name) ?? 0) + 1);
  return receivers.map((one) => {
    const mark = one.report?.ssrc ?? one.result?.run.id;
    return times.get(one.name)! > 1 && mark !== undefined ? { ...one, name: `${one.name} (${mark})` } : one;
  });
}
