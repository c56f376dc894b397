import type { Nanos } from '../core/time.js';
import { malformedDatagrams, malformedText } from './malformed.js';
import type { Arbitration, ClockQuality, Evidence, Health, HealthReason, Sender, SocketReport } from './model.js';
import type { StreamHealth } from './streamHealth.js';

/** What the verdict is made from, besides the figures themselves. */
export interface HealthFacts {
  /** Datagrams dropped at this run's receive sockets; `null`: no drop counter. */
  readonly kernelDrops: number | null;
  /** Datagrams longer than the slot: MSG_TRUNC. */
  readonly truncated: number;
  /** Datagrams that lost control messages: MSG_CTRUNC. */
  readonly controlTruncated: number;
  /** Datagrams that found no room in the stream table, in the path table, in a ring between threads. */
  readonly streamTableOverflow: number;
  readonly pathTableOverflow: number;
  readonly ringOverflow: number;
  readonly loop: {
    readonly cycles: number;
    readonly stalls: number;
    readonly maxCycleNs: Nanos;
    readonly maxOversleptNs: Nanos;
  };
  /** How well each paced stream kept its schedule. */
  readonly departures: readonly Departures[];
  /** `--inject`, as it was written; `null`: nothing was injected. */
  readonly injected: string | null;
  /** What the sender counted as refused and the host's own counters disagree, in words; `null`: they agree, or cannot be compared. */
  readonly refusedSendsDisagree: string | null;
  /** What only this kind of run can tell of itself. */
  readonly also?: readonly HealthReason[];
  /** What is missing or limited, in words: notes never change the verdict. */
  readonly notes: readonly string[];
}

export interface Departures {
  readonly stream: string;
  readonly p99Ns: Nanos;
  /** Nominal distance of two departures; `null`: unpaced, there is no schedule to be late against. */
  readonly periodNs: Nanos | null;
  /** Datagrams due within so long leave together by intent. */
  readonly quantumNs: Nanos;
}

/** Of a run that reads a file: no sockets, no loop, no schedule. */
export const OFFLINE_HEALTH: Omit<HealthFacts, 'notes'> = {
  kernelDrops: null,
  truncated: 0,
  controlTruncated: 0,
  streamTableOverflow: 0,
  pathTableOverflow: 0,
  ringOverflow: 0,
  loop: { cycles: 0, stalls: 0, maxCycleNs: 0, maxOversleptNs: 0 },
  departures: [],
  injected: null,
  refusedSendsDisagree: null,
};

const DEPARTURE_ERROR_NS = 1e6;
/** A thread in real time that sleeps now and then waits for a tenth of that (measured). */
const STARVED = 0.02;

const SEVERITIES: readonly HealthReason['severity'][] = ['invalid', 'degraded', 'note'];

/**
 * The instrument's judgement of itself. `invalid`: a count or a time may be wrong. `degraded`: the
 * figures are right, their precision is worse than promised. Loss in the network changes nothing.
 */
export function judgeHealth(
  facts: HealthFacts,
  streams: StreamHealth,
  sender: Sender | null,
  clock: ClockQuality,
  arbitration: Arbitration | null = null,
  evidence: Evidence | null = null,
  sockets: readonly SocketReport[] = [],
): Health {
  const reasons: HealthReason[] = [];
  const identities = streams.identities.finish(sender, facts.kernelDrops, arbitration);
  addInvalid(reasons, facts, streams, clock, identities.broken);
  addDegraded(reasons, facts, streams, clock);
  addNotes(reasons, facts, streams, clock, malformedText(sockets));
  if (evidence !== null && reasons.some(({ code }) => isLateness(code))) addProcessors(reasons, evidence);
  reasons.push(...(facts.also ?? []));
  reasons.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return {
    verdict: reasons.some((r) => r.severity === 'invalid')
      ? 'invalid'
      : reasons.some((r) => r.severity === 'degraded')
        ? 'degraded'
        : 'valid',
    reasons,
    kernel_drops: facts.kernelDrops,
    kernel_drops_other:
      facts.kernelDrops === null ? null : Math.max(0, facts.kernelDrops - streams.identities.socketBufferLost),
    malformed: malformedDatagrams(sockets),
    stalls: facts.loop.stalls,
    cycles: facts.loop.cycles,
    cycle_max_ns: facts.loop.maxCycleNs,
    overslept_max_ns: facts.loop.maxOversleptNs,
    identities_checked: identities.checked,
  };
}

function addInvalid(
  reasons: HealthReason[],
  facts: HealthFacts,
  streams: StreamHealth,
  clock: ClockQuality,
  broken: readonly string[],
): void {
  const add = (code: string, text: string): void => void reasons.push({ code, severity: 'invalid', text });
  for (const text of broken) add('identity_broken', `a sum does not add up, which is a fault of this program: ${text}`);
  if (facts.truncated > 0) add('truncated', `${facts.truncated} datagrams were longer than their slot`);
  if (facts.controlTruncated > 0) {
    add('control_message_lost', `${facts.controlTruncated} datagrams came without all their control messages`);
  }
  if (facts.streamTableOverflow > 0) {
    add(
      'stream_table_full',
      `${facts.streamTableOverflow} datagrams found no room in the stream table: raise --max-streams`,
    );
  }
  if (facts.pathTableOverflow > 0) {
    add('path_table_full', `${facts.pathTableOverflow} datagrams found no room in the table of sources`);
  }
  if (facts.ringOverflow > 0) add('ring_full', `${facts.ringOverflow} datagrams found no room between two threads`);
  if (clock.steps.length > 0 && streams.timed > 0) {
    const largest = clock.steps.reduce((a, b) => (Math.abs(b.by_ns) > Math.abs(a.by_ns) ? b : a));
    add(
      'clock_step',
      `the realtime clock stepped ${clock.steps.length} times during the run (largest ${largest.by_ns / 1e6} ms): one-way delay is wrong by that`,
    );
  }
}

function addDegraded(reasons: HealthReason[], facts: HealthFacts, streams: StreamHealth, clock: ClockQuality): void {
  const add = (code: string, text: string): void => void reasons.push({ code, severity: 'degraded', text });
  if (facts.injected !== null) add('injected', `faults were injected on purpose: ${facts.injected}`);
  if (facts.loop.stalls > 0) {
    const longestNs = Math.max(facts.loop.maxCycleNs, facts.loop.maxOversleptNs);
    const often = facts.loop.stalls === 1 ? 'once' : `${facts.loop.stalls} times`;
    add('stall', `this program was held up ${often}, at most ${(longestNs / 1e6).toFixed(1)} ms`);
  }
  const late = facts.departures.filter((of) => of.p99Ns > departureLimitNs(of));
  if (late.length > 0) {
    const worst = late.reduce((a, b) => (b.p99Ns > a.p99Ns ? b : a));
    add(
      'departure_error',
      `departure error p99 is ${us(worst.p99Ns)} us (limit ${us(departureLimitNs(worst))} us) at ${worst.stream}` +
        (late.length > 1 ? ` and ${late.length - 1} more` : ''),
    );
  }
  if ((facts.kernelDrops ?? 0) > 0) addAttribution(streams, facts.kernelDrops!, add);
  if (clock.shared_time_datagrams > 0) {
    add(
      'shared_time',
      clock.receive_time === 'capture'
        ? `${clock.shared_time_datagrams} datagrams have no time of their own in the capture and enter no time metric`
        : `${clock.shared_time_datagrams} datagrams share a receive stamp (UDP_GRO) and enter no time metric`,
    );
  }
  if (clock.user_time_datagrams > 0 && (clock.receive_time === 'kernel' || clock.receive_time === 'hardware')) {
    add(
      'stamp_missing',
      `${clock.user_time_datagrams} datagrams came without a ${clock.receive_time} stamp: the time of reading stands in`,
    );
  }
  if (facts.refusedSendsDisagree !== null) add('refused_sends', facts.refusedSendsDisagree);
}

function isLateness(code: string): boolean {
  return code === 'stall' || code === 'departure_error';
}

/** What is late may be so because there was no processor. */
function addProcessors(reasons: HealthReason[], { processors, threads }: Evidence): void {
  const parts: string[] = [];
  if (processors !== null && processors.stolen_ns > 0) {
    parts.push(`a hypervisor took away ${percent(processors.stolen_ns / processors.time_ns)} of the processors' time`);
  }
  for (const { role, cpu_ns: cpuNs, waiting_ns: waitingNs, realtime } of threads) {
    if (role !== 'measuring' || waitingNs === 0) continue;
    parts.push(
      `the measuring thread, which worked for ${seconds(cpuNs)} s, was ready for ${seconds(waitingNs)} s more and had no processor${remedy(realtime, waitingNs / cpuNs)}`,
    );
  }
  if (parts.length > 0) reasons.push({ code: 'processors', severity: 'note', text: parts.join('; ') });
}

/** `waiting`: ratio of the time that a thread was kept waiting to the time that it worked. */
function remedy(realtime: boolean, waiting: number): string {
  if (!realtime) return ' (--realtime lets it go first)';
  return waiting < STARVED ? '' : ' (in real time the kernel lets one that never sleeps wait for 50 ms of each second)';
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

function seconds(ns: Nanos): string {
  return (ns / 1e9).toFixed(3);
}

function addAttribution(
  { inexact: kinds, identities }: StreamHealth,
  kernelDrops: number,
  add: (code: string, text: string) => void,
): void {
  const attributed = identities.socketBufferLost;
  for (const kind of ['shared', 'bounded'] as const) {
    const inexact = kinds[kind];
    if (inexact === 0) continue;
    add(
      `attribution_${kind}`,
      kind === 'shared'
        ? `${inexact} streams share a socket that dropped datagrams: the split between them is an estimate`
        : `${inexact} streams: the kernel counts dropped super-packets, so that the split of loss by cause is a bound`,
    );
  }
  if (attributed < kernelDrops) {
    add(
      'kernel_drops_other',
      `${kernelDrops - attributed} dropped datagrams are no counted loss of a stream: duplicates, markers, foreign ones, or of a format that numbers nothing`,
    );
  }
}

/** A millisecond or a quarter of the period, whichever is less, on top of what the quantum allows by intent. */
export function departureLimitNs({ periodNs, quantumNs }: Departures): Nanos {
  return periodNs === null ? Infinity : quantumNs + Math.min(DEPARTURE_ERROR_NS, periodNs / 4);
}

function us(ns: Nanos): string {
  return (ns / 1e3).toFixed(1);
}

function addNotes(
  reasons: HealthReason[],
  facts: HealthFacts,
  streams: StreamHealth,
  clock: ClockQuality,
  malformed: string | null,
): void {
  const add = (code: string, text: string): void => void reasons.push({ code, severity: 'note', text });
  if (malformed !== null) add('malformed', malformed);
  const { local, count } = streams;
  if (local > 0) {
    add(
      'local',
      local === count
        ? 'everything came from this host itself: these copies never left it'
        : `${local} of ${count} streams come from this host itself: these copies never left it`,
    );
  }
  if (streams.timedAfar > 0) {
    const state = clock.synchronisation.state;
    add(
      'clock_offset',
      `one-way delay contains the offset between the clocks of both hosts (this one: ${state === 'unknown' ? 'synchronisation unknown' : state})`,
    );
  }
  if (streams.due > 0) {
    add('due_time', "the carried send time is the due time: one-way delay contains the sender's departure error");
  }
  for (const text of facts.notes) add('capability', text);
}
