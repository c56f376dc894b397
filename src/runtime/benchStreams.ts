import type { ReceivePlan } from '../profile/plan.js';
import { buildClasses, buildForwarding } from '../result/buildBenchStreams.js';
import { judgeAgain } from '../result/judge.js';
import type { Bench, RunResult } from '../result/model.js';
import type { Judge } from './messages.js';
import { startReceiver, type Run, type RunListener } from './run.js';

/** Measures streams as a receiver does, and tells of them as of a benchmark. */
export function startBenchStreams(
  test: 'forwarding' | 'classes',
  plan: ReceivePlan,
  judge: Judge,
  listener: RunListener = () => {},
): Run {
  const benched = (result: RunResult): RunResult => withBench(test, result, judge);
  const run = startReceiver(plan, judge, (message) =>
    listener(message.type === 'partial' ? { ...message, result: benched(message.result) } : message),
  );
  const finished = run.finished.then(benched);
  finished.catch(() => {});
  return { ...run, finished };
}

/** The result with its section, judged by that too. */
export function withBench(test: 'forwarding' | 'classes', result: RunResult, judge: Judge): RunResult {
  const none = { delays: null, groups: null, forwarding: null, classes: null };
  const bench: Bench =
    test === 'forwarding'
      ? { ...none, test, forwarding: buildForwarding(result) }
      : { ...none, test, classes: buildClasses(result) };
  const whole = { ...result, bench };
  return { ...whole, limits: judgeAgain(whole, judge.limits, judge) };
}
