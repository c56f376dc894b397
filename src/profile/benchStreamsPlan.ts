/** Options of the benchmarks that measure streams to the plan of a receiver. */
import { McastError } from '../core/errors.js';
import { planReceive, type OutputPlan, type PlanContext } from './makePlan.js';
import type { ReceivePlan } from './plan.js';
import type { GivenOptions } from './readOptions.js';

const DURATION_NS = 10e9;
const WAIT_NS = 10e9;
const NOT_THEIRS = ['cycles', 'background', 'dwell', 'settle'] as const;

/** Throws McastError, all problems at once. `operands`: the test, and behind it where. */
export function planBenchStreams(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: ReceivePlan; output: OutputPlan } {
  const wrong = NOT_THEIRS.filter((name) => given.values[name] !== undefined);
  if (wrong.length > 0) {
    throw new McastError('ERR_USAGE', `--${wrong[0]} is not for bench ${operands[0]}: it is as long as --duration`);
  }
  // What a receiver tells its sender, and hears of its clock, is the same.
  const { plan, output } = planReceive(operands.slice(1), { ...given, command: 'recv' }, context);
  return {
    plan: {
      ...plan,
      command: given.command,
      durationNs: plan.durationNs ?? DURATION_NS,
      waitNs: plan.waitNs ?? WAIT_NS,
      once: true,
    },
    output,
  };
}
