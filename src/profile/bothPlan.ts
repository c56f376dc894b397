/** A sender that receives what the other end sends meanwhile (`--both`): load both ways at once. */
import { McastError } from '../core/errors.js';
import { COMPANION_OFFSETS } from './receiveStreams.js';
import { planReceive, planSend, type OutputPlan } from './makePlan.js';
import type { OptionName, OptionValues } from './options.js';
import type { ReceivePlan, SendPlan } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import type { PlanContext } from './targets.js';

export interface BothPlan {
  readonly send: SendPlan;
  readonly receive: ReceivePlan;
  /** For what both say together. */
  readonly output: OutputPlan;
}

/**
 * Flags of a sender that hold for what it receives, too. Marks do not: what the other end sets is said by the endpoint
 * (`--both probe://239.1.1.2:5001/ttl=4`), as everything that receivers alone have.
 */
const OF_RECEIVER = [
  'iface',
  'groups',
  'unicast',
  'ipv6',
  'wait',
  'start-at',
  'interval',
  'name',
  'label',
  'seed',
  'feedback',
  'no-feedback',
  'control-port',
  'key-file',
  'timestamps',
  'offload',
  'cpu',
  'realtime',
  'io',
  'force',
  'inject',
] as const satisfies readonly OptionName[];

/** `both`: the endpoints of `--both`. Throws McastError, all problems at once. */
export function planBoth(
  operands: readonly string[],
  given: GivenOptions,
  both: readonly string[],
  context: PlanContext,
): BothPlan {
  const problems: McastError[] = [];
  if (operands.length === 0) {
    problems.push(usage('--both wants an endpoint that is sent: without one the other end cannot be told what comes'));
  }
  const sent = collect(problems, () => planSend(operands, { ...given, values: senderValues(given.values) }, context));
  const received = collect(problems, () => planReceive(both, receiverOptions(given), context));
  if (sent === null || received === null || problems.length > 0) {
    throwProblems(problems);
    throw new Error('a plan that failed without a problem');
  }
  const { plan: send } = sent;
  // It ends with what it hears, and not before it has sent all.
  const receive: ReceivePlan = { ...received.plan, command: send.command, once: true };
  const taken = placeInCommon(send, receive);
  if (taken !== null) throw usage(taken);
  const { limits, eachLimits } = received.output;
  const output: OutputPlan = {
    ...sent.output,
    // Those of the endpoints that are received.
    limits: [...sent.output.limits, ...limits],
    eachLimits: [...sent.output.eachLimits, ...eachLimits],
  };
  return { send, receive, output };
}

/** `--wait` is for the first datagram of the other end; with `--await` for its receiver as well. */
function senderValues(values: OptionValues): OptionValues {
  const left = new Set<string>(values.await === undefined ? ['both', 'wait'] : ['both']);
  return Object.fromEntries(Object.entries(values).filter(([name]) => !left.has(name)));
}

function receiverOptions(given: GivenOptions): GivenOptions {
  const { values, written } = given;
  const own: Record<string, unknown> = {};
  for (const name of OF_RECEIVER) if (values[name] !== undefined) own[name] = values[name];
  // The port is one of this end.
  if (values.feedback !== undefined) own['feedback'] = 0;
  return { command: 'recv', values: own, written };
}

/** What goes one way must not be on the ports of the other; `null`: nothing is. */
function placeInCommon(send: SendPlan, receive: ReceivePlan): string | null {
  const sent = new Map<string, string>();
  for (const { address, media, legB } of send.streams) {
    for (const leg of legB === null ? [address] : [address, legB.address]) {
      sent.set(placeKey(leg), 'is what is sent');
      if (media === null || media.rtp === null) continue;
      for (const offset of COMPANION_OFFSETS) {
        sent.set(placeKey({ ...leg, port: leg.port + offset }), 'goes with the RTP that is sent');
      }
    }
  }
  const first = send.streams[0]!.address;
  if (send.feedback !== null) {
    const announced = placeKey({ ...first, port: send.feedback.controlPort });
    if (!sent.has(announced)) sent.set(announced, 'is where this sender announces itself');
  }
  for (const address of [...receive.streams, ...(receive.feedback?.places ?? [])]) {
    const why = sent.get(placeKey(address));
    if (why === undefined) continue;
    return `--both ${address.endpoint}: ${address.group} port ${address.port} ${why}; give the other way another group`;
  }
  return null;
}

function placeKey({ group, port }: { readonly group: string; readonly port: number }): string {
  return `${group} ${port}`;
}

function collect<T>(problems: McastError[], plan: () => T): T | null {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    problems.push(error);
    return null;
  }
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
