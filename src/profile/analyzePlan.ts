/** Options of `analyze` to a complete plan. */
import { McastError } from '../core/errors.js';
import { checkInterval, fallbackOf, outputPlan, reorderWindow, type OutputPlan } from './makePlan.js';
import type { AnalyzePlan } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import { receiveStreams } from './receiveStreams.js';
import { messageTimeZone } from './streamValues.js';
import { refuseUnusedByReceiver } from './schemeOptions.js';
import { isUnicast, readTargets, saidOf, type PlanContext, type Target, type Targets } from './targets.js';
import { refuseTwins } from './twins.js';

/**
 * The capture, and endpoints behind it when not all of it is to be measured. Throws McastError, all problems at once.
 * `judged`: endpoints with limits of their own, beside those.
 */
export function planAnalyze(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
  judged: readonly Target[] = [],
): { plan: AnalyzePlan; output: OutputPlan } {
  const [capture, ...endpoints] = operands;
  if (capture === undefined)
    throw new McastError('ERR_USAGE', 'a capture is missing: name a file, or - for standard input');
  const problems: McastError[] = [];
  const wrong = (message: string): void => void problems.push(new McastError('ERR_USAGE', message));
  const targets: Targets =
    endpoints.length === 0
      ? { list: [], run: given.values, said: saidOf(given) }
      : readTargets(endpoints, withoutCaptures(given, context, wrong), context, problems);
  const values = targets.run;
  refuseUnusedByReceiver(targets, problems);
  const received = receiveStreams(targets, problems);
  // A capture does not tell on which interface a receiver would have listened.
  const streams = received.streams.map((stream) => ({ ...stream, iface: null }));
  const { places } = received;
  refuseTwins(streams, 'one is enough', problems);
  const against = values.against ?? null;
  const legB = endpoints.length === 0 ? secondCapture(values['leg-b'] ?? [], wrong) : null;
  if (capture === '-' && (against === '-' || legB === '-')) {
    wrong('both captures cannot be standard input: give one of them a file');
  }
  if (against !== null && (legB !== null || places.some(({ hasLegs }) => hasLegs))) {
    wrong('--against compares one line in two places, --leg-b joins two lines: give one of them');
  }
  const window = reorderWindow(values);
  const plan: AnalyzePlan = {
    command: given.command,
    argv: context.argv,
    capture,
    against,
    legB,
    mergeWindowNs: values['merge-window'] ?? fallbackOf('merge-window'),
    streams,
    places,
    unicast: values.unicast === true || isUnicast(targets),
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
  const output = outputPlan(values, problems, [...judged, ...targets.list]);
  throwProblems(problems);
  return { plan, output };
}

/** The one of the other line. */
function secondCapture(paths: readonly string[], wrong: (message: string) => void): string | null {
  const [path = null, ...more] = paths;
  if (more.length > 0) wrong('--leg-b is one capture, of the other line');
  if (path?.includes('://') === true) {
    wrong(`--leg-b "${path}" is line B of an endpoint: write that of line A behind the capture`);
  }
  return path;
}

/** Beside endpoints `--leg-b` is an endpoint too. */
function withoutCaptures(given: GivenOptions, { files }: PlanContext, wrong: (message: string) => void): GivenOptions {
  const legs = given.values['leg-b'] ?? [];
  const file = legs.find((leg) => leg === '-' || files.isFile(leg));
  if (file === undefined) return given;
  wrong(`--leg-b "${file}" is a capture: beside endpoints it is the endpoint of line B in the same capture`);
  const { 'leg-b': _, ...values } = given.values;
  return { ...given, values };
}
