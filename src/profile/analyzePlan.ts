/** Options of `analyze` to a complete plan. */
import { McastError } from '../core/errors.js';
import { checkInterval, fallbackOf, outputPlan, reorderWindow, type OutputPlan } from './makePlan.js';
import type { AnalyzePlan } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import type { Target } from './targets.js';
import { messageTimeZone } from './streamValues.js';

/** Throws McastError, all problems at once. `judged`: endpoints with limits of their own. */
export function planAnalyze(
  capture: string,
  given: GivenOptions,
  argv: readonly string[],
  judged: readonly Target[] = [],
): { plan: AnalyzePlan; output: OutputPlan } {
  const { values } = given;
  const problems: McastError[] = [];
  const against = values.against ?? null;
  if (capture === '-' && (against === '-' || values['leg-b']?.[0] === '-')) {
    problems.push(new McastError('ERR_USAGE', 'both captures cannot be standard input: give one of them a file'));
  }
  const [legB = null, ...more] = values['leg-b'] ?? [];
  if (more.length > 0) problems.push(new McastError('ERR_USAGE', '--leg-b is one capture, of the other line'));
  if (against !== null && legB !== null) {
    const message = '--against compares one line in two places, --leg-b joins two lines: give one of them';
    problems.push(new McastError('ERR_USAGE', message));
  }
  const window = reorderWindow(values);
  const plan: AnalyzePlan = {
    command: given.command,
    argv,
    capture,
    against,
    legB,
    mergeWindowNs: values['merge-window'] ?? fallbackOf('merge-window'),
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
    messageTimeZone: messageTimeZone(values),
  };
  const output = outputPlan(values, problems, judged);
  throwProblems(problems);
  return { plan, output };
}
