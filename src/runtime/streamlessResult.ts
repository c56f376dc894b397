import type { Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { NetworkInterface } from '../io/interfaces.js';
import type { RunPlan, StreamAddress } from '../profile/plan.js';
import { assembleResult } from '../result/assemble.js';
import type { Membership, RunResult } from '../result/model.js';
import type { ClockWatch } from './clockWatch.js';
import { clockSection, runSection } from './document.js';
import type { EventLog } from './eventLog.js';
import type { EvidenceWatch } from './evidence.js';
import { interfaceFacts } from './interfaceFacts.js';
import type { LoopHealth } from './loop.js';
import type { Judge } from './messages.js';
import type { SocketTally } from './socketTally.js';
import { hostFacts, toolFacts } from './toolFacts.js';

/** A run that measures how groups come and go, and no streams. */
export interface StreamlessRun {
  readonly io: Io;
  readonly plan: RunPlan;
  readonly runId: string;
  readonly streams: readonly StreamAddress[];
  readonly startMonoNs: Nanos;
  readonly startRealNs: Nanos;
  readonly complete: boolean;
  readonly via: readonly NetworkInterface[];
  readonly watch: ClockWatch;
  readonly tally: SocketTally;
  /** Datagrams without a stamp of their own. */
  readonly unstamped: number;
  readonly memberships: readonly Membership[];
  readonly log: EventLog;
  readonly evidence: EvidenceWatch;
  readonly loop: LoopHealth;
  readonly judge: Judge;
}

/** Its document, as of now; of the sections that it may have its own one. */
export function streamlessResult(run: StreamlessRun, section: Partial<Pick<RunResult, 'bench' | 'zap'>>): RunResult {
  const { io, plan, startMonoNs, tally } = run;
  const notes = [...tally.notes];
  const facts = {
    runId: run.runId,
    role: 'receiver',
    endpoints: [...new Set(run.streams.map(({ endpoint }) => endpoint))],
    startMonoNs,
    endMonoNs: io.clock.monoNs(),
    startRealNs: run.startRealNs,
    endRealNs: io.clock.realNs(),
    complete: run.complete,
    notes,
  } as const;
  return assembleResult({
    tool: toolFacts(),
    host: hostFacts(interfaceFacts(run.via)),
    clock: clockSection(io, run.watch, startMonoNs, {
      receive_time: tally.timeSource,
      send_time: null,
      send_time_bound_ns: null,
      shared_time_datagrams: 0,
      user_time_datagrams: run.unstamped,
    }),
    // Nothing is told by intervals.
    run: { ...runSection(plan, io, facts), interval_ns: null },
    memberships: [...run.memberships],
    sockets: [],
    arbitration: null,
    sender: null,
    receivers: [],
    streams: [],
    others: null,
    ...section,
    events: run.log.events,
    eventCounts: run.log.counts,
    evidence: run.evidence.sofar(run.via),
    limits: run.judge.limits,
    judge: run.judge,
    health: {
      ...tally.health(io.capabilities.dropCounter),
      streamTableOverflow: 0,
      loop: run.loop,
      departures: [],
      injected: null,
      refusedSendsDisagree: null,
      notes,
    },
  });
}
