import { whole } from '../core/steps.js';
import type { SharedHistograms } from './aggregate.js';
import { judgeHealth, type HealthFacts } from './health.js';
import { judgeLimits, type JudgeOptions } from './judge.js';
import type { Limit } from './limits.js';
import type { EventRecord, LimitResult, RunResult, Stream } from './model.js';
import { digestOf } from './streamDigest.js';
import { StreamTally } from './streamTally.js';
import { RESULT_SCHEMA } from './version.js';

const EVENTS = 1000;

/** Everything that a run knows at its end (or so far). */
export interface RunFacts extends Pick<
  RunResult,
  'tool' | 'host' | 'clock' | 'run' | 'memberships' | 'sockets' | 'arbitration' | 'sender' | 'evidence' | 'receivers'
> {
  /** As `digestStream` made them. */
  readonly streams: StreamTally;
  /** What streams without histograms of their own recorded in common. */
  readonly others: SharedHistograms;
  readonly taps?: RunResult['taps'];
  readonly capacity?: RunResult['capacity'];
  readonly bench?: RunResult['bench'];
  readonly zap?: RunResult['zap'];
  /** As `buildOutputs` made them. */
  readonly outputs?: RunResult['outputs'];
  readonly health: HealthFacts;
  readonly events: readonly EventRecord[];
  readonly eventCounts: Readonly<Record<string, number>>;
  readonly judge?: JudgeOptions;
  /** What was judged of every interval. */
  readonly eachLimits?: readonly LimitResult[];
}

/** The same of a run whose streams are few, and known all at once. */
export interface WholeFacts extends Omit<RunFacts, 'streams'> {
  readonly streams: readonly Stream[];
  readonly limits?: readonly Limit[];
  /** Most streams in detail. */
  readonly detail?: number;
}

/** The document, at once. */
export function assembleResult({ streams, limits, detail, ...facts }: WholeFacts): RunResult {
  const tally = new StreamTally(limits, detail);
  for (const [position, stream] of streams.entries()) tally.add(digestOf(stream), position);
  return whole(assembleInSteps({ ...facts, streams: tally }));
}

/** The document, yielding between its parts. */
export function* assembleInSteps(facts: RunFacts): Generator<void, RunResult> {
  const { streams } = facts;
  const aggregate = yield* streams.aggregate.inSteps(facts.others);
  yield;
  const health = judgeHealth(
    facts.health,
    streams.health,
    facts.sender,
    facts.clock,
    facts.arbitration,
    facts.evidence,
    facts.sockets,
  );
  yield;
  const result = {
    schema: RESULT_SCHEMA,
    tool: facts.tool,
    host: facts.host,
    clock: facts.clock,
    run: facts.run,
    memberships: facts.memberships,
    sockets: facts.sockets,
    ...streams.order.finish(),
    streams_total: streams.order.count,
    aggregate,
    arbitration: facts.arbitration,
    outputs: [...(facts.outputs ?? [])],
    links: [],
    taps: facts.taps ?? null,
    capacity: facts.capacity ?? null,
    bench: facts.bench ?? null,
    zap: facts.zap ?? null,
    sender: facts.sender,
    health,
    events: facts.events.slice(0, EVENTS),
    event_counts: { ...facts.eventCounts },
    evidence: facts.evidence,
    receivers: facts.receivers,
  } satisfies Omit<RunResult, 'limits'>;
  yield;
  const limits = judgeLimits(result, streams.limits, facts.judge, streams.judge);
  return { ...result, limits: [...limits, ...(facts.eachLimits ?? [])] };
}
