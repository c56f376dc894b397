/** Options of `zap` to a complete plan. */
import { McastError } from '../core/errors.js';
import type { Scheme } from '../core/endpoint.js';
import { fallbackOf, outputPlan, type OutputPlan, type PlanContext } from './makePlan.js';
import type { CommonPlan, RunPlan, StreamAddress } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import { onlyCpu } from './threadPlan.js';
import { readTargets, streamAddresses } from './targets.js';

/** Channels that are joined one after the other. */
export interface ZapPlan extends RunPlan, Pick<CommonPlan, 'io' | 'cpu' | 'realtime' | 'timestamps'> {
  /** The channels. */
  readonly streams: readonly StreamAddress[];
  /** How often each is joined. */
  readonly cycles: number;
  /** How long a channel is watched at most. */
  readonly dwellNs: number;
  readonly receiveBufferOctets: number;
}

const CYCLES = 10;
const DWELL_NS = 2e9;
const SCHEMES: ReadonlySet<Scheme | null> = new Set<Scheme | null>([null, 'probe', 'udp', 'rtp']);
/** Each takes a socket of its own, and sockets are numbered with 16 bits in a run. */
const MOST_CHANGES = 50_000;

/** Throws McastError, all problems at once. The order of the channels is random where `seed` is not `null`. */
export function planZap(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: ZapPlan; output: OutputPlan } {
  const problems: McastError[] = [];
  const targets = readTargets(operands, given, context, problems);
  const { run } = targets;
  const streams = targets.list.flatMap((target) => {
    const { scheme, text } = target.endpoint;
    if (!SCHEMES.has(scheme)) {
      problems.push(new McastError('ERR_USAGE', `endpoint "${text}": channels are rtp://, udp:// or probe://`));
    }
    return streamAddresses({ ...target, legB: null }, scheme, run);
  });
  const cycles = run.cycles ?? CYCLES;
  if (streams.length * cycles > MOST_CHANGES) {
    const changes = `${streams.length} channels in ${cycles} cycles`;
    problems.push(new McastError('ERR_USAGE', `${changes} are too many changes for one run: at most ${MOST_CHANGES}`));
  }
  const plan: ZapPlan = {
    command: given.command,
    argv: context.argv,
    io: run.io ?? 'auto',
    cpu: onlyCpu(run, problems),
    realtime: run.realtime === true,
    timestamps: run.timestamps ?? 'auto',
    streams,
    cycles,
    dwellNs: run.dwell ?? DWELL_NS,
    receiveBufferOctets: fallbackOf('rcvbuf'),
    intervalNs: fallbackOf('interval'),
    omitNs: 0,
    seed: run.seed ?? null,
    name: run.name ?? null,
    labels: Object.fromEntries(run.label ?? []),
    inject: null,
  };
  const output = outputPlan(run, problems, targets.list);
  throwProblems(problems);
  return { plan, output };
}
