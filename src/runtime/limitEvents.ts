import type { Nanos } from '../core/time.js';
import type { EachLimit } from '../result/eachLimits.js';
import { IntervalJudge, type FirstExceeded } from '../result/intervalJudge.js';
import type { EventRecord } from '../result/model.js';
import type { EventLog } from './eventLog.js';

/** A judge of every interval that tells when a stream first exceeds a limit. `startMonoNs`: `run.start`. */
export function intervalJudge(
  limits: readonly EachLimit[],
  intervalNs: Nanos,
  log: EventLog,
  startMonoNs: Nanos,
): IntervalJudge {
  return new IntervalJudge(limits, intervalNs, (found) => {
    const { text, detail } = limitEvent(found);
    log.add('limit', startMonoNs + found.interval.end_ns, found.stream, text, detail);
  });
}

/** What an event says of it. */
export function limitEvent({ limit, interval }: FirstExceeded): Pick<EventRecord, 'text' | 'detail'> {
  const { start_ns: startNs, end_ns: endNs, value } = interval;
  const seconds = ((endNs - startNs) / 1e9).toFixed(1);
  return {
    text: `${limit.expression} exceeded: ${value} in the ${seconds} s from ${(startNs / 1e9).toFixed(1)} s on`,
    detail: { expression: limit.expression, value, limit: limit.value },
  };
}
