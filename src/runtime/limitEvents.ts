import type { Nanos } from '../core/time.js';
import type { EachLimit } from '../result/eachLimits.js';
import { IntervalJudge } from '../result/intervalJudge.js';
import type { EventLog } from './eventLog.js';

/** A judge of every interval that tells when a stream first exceeds a limit. `startMonoNs`: `run.start`. */
export function intervalJudge(
  limits: readonly EachLimit[],
  intervalNs: Nanos,
  log: EventLog,
  startMonoNs: Nanos,
): IntervalJudge {
  return new IntervalJudge(limits, intervalNs, ({ limit, stream, interval }) => {
    const { start_ns: startNs, end_ns: endNs, value } = interval;
    const seconds = ((endNs - startNs) / 1e9).toFixed(1);
    const text = `${limit.expression} exceeded: ${value} in the ${seconds} s from ${(startNs / 1e9).toFixed(1)} s on`;
    const detail = { expression: limit.expression, value, limit: limit.value };
    log.add('limit', startMonoNs + endNs, stream, text, detail);
  });
}
