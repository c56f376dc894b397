/** Options of `capacity` to a complete plan. */
import { McastError } from '../core/errors.js';
import { PROBE_HEADER_OCTETS } from '../wire/probe.js';
import { fallbackOf, planSend, type OutputPlan, type PlanContext } from './makePlan.js';
import { OPTIONS } from './options.js';
import type { RunPlan, SendPlan } from './plan.js';
import type { GivenOptions } from './readOptions.js';

/** How the highest rate that receivers get is searched. */
export interface CapacityPlan extends RunPlan, Pick<SendPlan, 'io' | 'cpu' | 'timestamps' | 'feedbackKey'> {
  /** What is sent, and where; its rate is that of the steps. */
  readonly send: SendPlan;
  readonly method: 'continuous' | 'binary';
  readonly maxLossShare: number;
  /** `null`: all that are there when it begins. */
  readonly quorum: number | null;
  /** UDP payload, octets: a search for each. */
  readonly sizes: readonly number[];
  /** Bit/s of Ethernet frames. `null`: the link's speed. */
  readonly lowestBitPerSecond: number;
  readonly highestBitPerSecond: number | null;
  /** Of one search. */
  readonly limitNs: number;
}

/** What a search may take. One left alone is done in 10 s; behind a deep queue, or held up, it needs the rest to be sure. */
const LIMIT_NS = { continuous: 14.5e9, binary: 57e9 } as const;
/** Reports of receivers. */
const REPORT_INTERVAL_NS = 40e6;
const SAFE_BIT_PER_SECOND = 1e9;

/** Throws McastError, all problems at once. */
export function planCapacity(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: CapacityPlan; output: OutputPlan } {
  const { values } = given;
  const { plan: planned, output } = planSend(operands, given, context);
  const [stream] = planned.streams;
  const problems: string[] = [];
  if (stream === undefined || planned.streams.length > 1 || stream.address.scheme !== 'probe') {
    problems.push('capacity is searched with one probe:// endpoint of one group');
  }
  const method = values.method ?? 'continuous';
  const lowestBitPerSecond = values['lowest-rate'] ?? OPTIONS['lowest-rate'].read(OPTIONS['lowest-rate'].fallback!);
  const highestBitPerSecond = values['highest-rate'] ?? null;
  if (highestBitPerSecond !== null && highestBitPerSecond <= lowestBitPerSecond) {
    problems.push('--highest-rate is not above --lowest-rate');
  }
  if (highestBitPerSecond !== null && highestBitPerSecond > SAFE_BIT_PER_SECOND && !planned.force) {
    problems.push('more than 1 Gbit/s wants --force');
  }
  const receivers = values.await ?? 1;
  const sizes = values.sizes ?? OPTIONS.sizes.read(OPTIONS.sizes.fallback!);
  if (values.quorum !== undefined && values.quorum > receivers) {
    problems.push(`--quorum ${values.quorum} of --await ${receivers} receivers`);
  }
  if (sizes.some((octets) => octets < PROBE_HEADER_OCTETS)) {
    problems.push(`--sizes: a probe datagram has at least ${PROBE_HEADER_OCTETS} octets`);
  }
  if (planned.feedback === null) problems.push('there is no port for feedback: give --control-port');
  if (problems.length > 0) throw new McastError('ERR_USAGE', problems.join('\n'));
  const { command, argv, intervalNs, omitNs, seed, name, labels, inject, io, cpu, timestamps, feedbackKey } = planned;
  const plan: CapacityPlan = {
    command,
    argv,
    intervalNs,
    omitNs,
    seed,
    name,
    labels,
    inject,
    io,
    cpu,
    timestamps,
    feedbackKey,
    send: {
      ...planned,
      durationNs: null,
      // A step that leaves the host late would be a lower rate that looks like a higher one.
      maxLateNs: fallbackOf('max-late'),
      offload: values.offload ?? 'auto',
      feedback: { ...planned.feedback!, receivers, reportIntervalNs: REPORT_INTERVAL_NS },
    },
    method,
    maxLossShare: values.loss ?? 0,
    quorum: values.quorum ?? null,
    sizes,
    lowestBitPerSecond,
    highestBitPerSecond,
    limitNs: LIMIT_NS[method],
  };
  return { plan, output };
}
