/** Options of `analyze` to a complete plan. */
import { McastError } from '../core/errors.js';
import { checkInterval, fallbackOf, outputPlan, reorderWindow, type OutputPlan } from './makePlan.js';
import type { AnalyzePlan } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';

/** Throws McastError, all problems at once. */
export function planAnalyze(
  capture: string,
  given: GivenOptions,
  argv: readonly string[],
): { plan: AnalyzePlan; output: OutputPlan } {
  const { values } = given;
  const problems: McastError[] = [];
  const against = values.against ?? null;
  if (capture === '-' && against === '-') {
    problems.push(new McastError('ERR_USAGE', 'both captures cannot be standard input: give one of them a file'));
  }
  const window = reorderWindow(values);
  const plan: AnalyzePlan = {
    command: given.command,
    argv,
    capture,
    against,
    unicast: values.unicast === true,
    intervalNs: checkInterval(values, problems),
    omitNs: values.omit ?? 0,
    seed: null,
    name: values.name ?? null,
    labels: Object.fromEntries(values.label ?? []),
    inject: null,
    reorderWindowNs: window.ns,
    reorderWindowPackets: window.packets,
    maxStreams: values['max-streams'] ?? fallbackOf('max-streams'),
    detail: values.detail ?? fallbackOf('detail'),
    drain: values.drain ?? null,
  };
  const output = outputPlan(values, problems);
  throwProblems(problems);
  return { plan, output };
}
