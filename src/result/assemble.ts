import { whole } from '../core/steps.js';
import type { HistogramId } from '../metrics/catalog.js';
import type { Histogram } from '../metrics/histogram.js';
import { aggregateInSteps } from './aggregate.js';
import { DEFAULT_DETAIL, orderStreams } from './build.js';
import { judgeHealth, type HealthFacts } from './health.js';
import { judgeLimits, type JudgeOptions } from './judge.js';
import type { Limit } from './limits.js';
import type { EventRecord, LimitResult, RunResult, Stream } from './model.js';
import { RESULT_SCHEMA } from './version.js';

const EVENTS = 1000;

/** Everything that a run knows at its end (or so far). */
export interface RunFacts extends Pick<
  RunResult,
  'tool' | 'host' | 'clock' | 'run' | 'memberships' | 'sockets' | 'arbitration' | 'sender' | 'evidence' | 'receivers'
> {
  /** As `buildStream` made them. */
  readonly streams: readonly Stream[];
  /** What streams without histograms of their own recorded in common. */
  readonly others: Readonly<Partial<Record<HistogramId, Histogram>>> | null;
  /** Most streams in detail. */
  readonly detail?: number;
  readonly taps?: RunResult['taps'];
  readonly capacity?: RunResult['capacity'];
  readonly bench?: RunResult['bench'];
  readonly zap?: RunResult['zap'];
  /** As `buildOutputs` made them. */
  readonly outputs?: RunResult['outputs'];
  readonly health: HealthFacts;
  readonly events: readonly EventRecord[];
  readonly eventCounts: Readonly<Record<string, number>>;
  readonly limits?: readonly Limit[];
  readonly judge?: JudgeOptions;
  /** What was judged of every interval. */
  readonly eachLimits?: readonly LimitResult[];
}

/** The document. Health and limits are judged here, over all streams, before any detail is left out. */
export function assembleResult(facts: RunFacts): RunResult {
  return whole(assembleInSteps(facts));
}

/** The same, yielding between its parts. */
export function* assembleInSteps(facts: RunFacts): Generator<void, RunResult> {
  const { streams } = facts;
  const aggregate = yield* aggregateInSteps(streams, facts.others);
  yield;
  const health = judgeHealth(facts.health, streams, facts.sender, facts.clock, facts.arbitration, facts.evidence);
  yield;
  const result = {
    schema: RESULT_SCHEMA,
    tool: facts.tool,
    host: facts.host,
    clock: facts.clock,
    run: facts.run,
    memberships: facts.memberships,
    sockets: facts.sockets,
    streams: [...streams],
    streams_brief: null,
    streams_total: streams.length,
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
  const limits = [...judgeLimits(result, facts.limits ?? [], facts.judge), ...(facts.eachLimits ?? [])];
  return { ...result, ...orderStreams(streams, facts.detail ?? DEFAULT_DETAIL), limits };
}
