/** Options of `bench` to a complete plan. */
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { BENCH_TESTS, type BenchTest } from './benchOptions.js';
import { fallbackOf, outputPlan, type OutputPlan, type PlanContext } from './makePlan.js';
import type { CommonPlan, RunPlan, StreamAddress } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import type { OptionName, OptionValues } from './options.js';
import { onlyCpu } from './threadPlan.js';
import { readTargets, streamAddresses, type Targets } from './targets.js';

/** Groups that are joined and left. */
export interface BenchPlan extends RunPlan, Pick<CommonPlan, 'io' | 'cpu' | 'realtime' | 'timestamps'> {
  readonly test: BenchTest;
  readonly streams: readonly StreamAddress[];
  /** Received beside it, in a second half. */
  readonly background: readonly StreamAddress[];
  readonly cycles: number;
  /** How long a first or a last datagram is waited for at most. */
  readonly dwellNs: number;
  /** So long without a datagram, and a group has ended. */
  readonly settleNs: number;
  readonly receiveBufferOctets: number;
}

const CYCLES = 100;
const DWELL_NS = 5e9;
/** Each takes sockets of its own, and sockets are numbered with 16 bits in a run. */
const MOST_CYCLES = 25_000;
const SCHEMES: ReadonlySet<Scheme | null> = new Set<Scheme | null>([
  null,
  'probe',
  'udp',
  'rtp',
  'iperf',
  'mold',
  'mdp',
  'xdp',
]);
const HINT = 'See mcast bench -h.';

/** The test that the first operand names. Throws ERR_USAGE. */
export function benchTest(operands: readonly string[]): BenchTest {
  const [word] = operands;
  const test = BENCH_TESTS.find((one) => one === word);
  if (test !== undefined) return test;
  const what =
    word === undefined ? 'a benchmark is missing' : `"${word}" is no benchmark${didYouMean(word, BENCH_TESTS)}`;
  throw usage(`${what}: ${BENCH_TESTS.join(', ')}`);
}

/** Of tests that join and leave by themselves. Throws McastError, all problems at once. `operands`: the test, and behind it where. */
export function planBench(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: BenchPlan; output: OutputPlan } {
  const test = benchTest(operands);
  const problems: McastError[] = [];
  const targets = readTargets(operands.slice(1), given, context, problems);
  const { run } = targets;
  const streams = addresses(targets, problems);
  const background = readTargets(run.background ?? [], { ...given, values: own(given.values) }, context, problems);
  const beside = addresses(background, problems);
  const isOfOne = test === 'join' || test === 'leave';
  if (isOfOne && streams.length > 1) problems.push(usage(`bench ${test} is of one group, not of ${streams.length}`));
  if (beside.some(({ group }) => streams.some((stream) => stream.group === group))) {
    problems.push(usage('--background: the group that is joined and left cannot be its own background'));
  }
  if (!isOfOne && beside.length > 0) problems.push(usage('--background is for bench join and bench leave'));
  if (!isOfOne && run.cycles !== undefined) problems.push(usage('--cycles is for bench join and bench leave'));
  const cycles = run.cycles ?? CYCLES;
  if (cycles > MOST_CYCLES) problems.push(usage(`--cycles: at most ${MOST_CYCLES} in one run`));
  const plan: BenchPlan = {
    command: given.command,
    argv: context.argv,
    io: run.io ?? 'auto',
    cpu: onlyCpu(run, problems),
    realtime: run.realtime === true,
    timestamps: run.timestamps ?? 'auto',
    test,
    streams,
    background: beside,
    cycles,
    dwellNs: run.dwell ?? DWELL_NS,
    settleNs: run.settle ?? fallbackOf('settle'),
    receiveBufferOctets: fallbackOf('rcvbuf'),
    intervalNs: fallbackOf('interval'),
    omitNs: 0,
    seed: null,
    name: run.name ?? null,
    labels: Object.fromEntries(run.label ?? []),
    inject: null,
  };
  const output = outputPlan(run, problems, targets.list);
  throwProblems(problems);
  return { plan, output };
}

/** Of a second endpoint: what the first one's flags say of it too. */
const SHARED = ['iface', 'ipv6'] as const satisfies readonly OptionName[];

function own(values: OptionValues): OptionValues {
  return Object.fromEntries(SHARED.map((name) => [name, values[name]]));
}

function addresses({ list, run }: Targets, problems: McastError[]): StreamAddress[] {
  return list.flatMap((target) => {
    const { scheme, text } = target.endpoint;
    if (!SCHEMES.has(scheme)) problems.push(usage(`endpoint "${text}": groups are joined, as udp:// or probe://`));
    if (target.own.iface === 'all' || run.iface === 'all') {
      problems.push(usage(`endpoint "${text}": name one interface, or none`));
    }
    return streamAddresses({ ...target, legB: null }, scheme, run);
  });
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message, { hint: HINT });
}
