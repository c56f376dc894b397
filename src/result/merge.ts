import { HISTOGRAM_IDS, METRIC_IDS, METRICS } from '../metrics/catalog.js';
import { aggregateStreams } from './aggregate.js';
import { mergeMetrics } from './mergeMetrics.js';
import { everyStream } from './briefStreams.js';
import { orderStreams } from './streamOrder.js';
import { mergeBursts } from './buildBursts.js';
import { mergeArbitrations } from './buildArbitration.js';
import { mergeSummaries } from './histogramSummary.js';
import { mergeById } from './mergeById.js';
import { mergeSenders } from './mergeSender.js';
import type {
  Aggregate,
  ClockQuality,
  EventRecord,
  Evidence,
  Health,
  Receiver,
  RunResult,
  Stream,
  StreamHistograms,
} from './model.js';

const EVENTS = 1000;

/** All streams of all receivers as one: counters add, histograms merge by their buckets. `null` when nothing was reported. */
export function aggregateReceivers(receivers: readonly Receiver[]): Aggregate | null {
  return aggregateStreams(
    receivers.flatMap(({ result }) => (result === null ? [] : everyStream(result))),
    null,
  );
}

/**
 * One result from those of the threads that made one run: same host, same clock, same beginning.
 * Flows that were split over sender threads come together again. Limits are not carried over: they
 * are judged on the whole.
 */
export function mergeParts(parts: readonly RunResult[], detail: number): RunResult {
  const [first] = parts;
  if (first === undefined) throw new Error('mergeParts: no part');
  if (parts.length === 1) return first;
  const ofParts = parts.flatMap(everyStream);
  const streams = mergeById(ofParts, mergeStream);
  const senders = parts.map((part) => part.sender).filter((sender) => sender !== null);
  const offsets: number[] = [];
  let sockets = 0;
  for (const part of parts) {
    offsets.push(sockets);
    sockets += Math.max(-1, ...part.sockets.map((socket) => socket.index)) + 1;
  }
  const eventCounts: Record<string, number> = {};
  for (const part of parts) addCounts(eventCounts, part.event_counts);
  return {
    ...first,
    clock: mergeClocks(parts.map((part) => part.clock)),
    run: {
      ...first.run,
      start: parts.map((part) => part.run.start).reduce((a, b) => (b < a ? b : a)),
      end: parts.map((part) => part.run.end).reduce((a, b) => (b > a ? b : a)),
      duration_ns: Math.max(...parts.map((part) => part.run.duration_ns)),
      complete: parts.every((part) => part.run.complete),
    },
    memberships: parts.flatMap((part, i) =>
      part.memberships.map((membership) => Object.assign({}, membership, { socket: membership.socket + offsets[i]! })),
    ),
    sockets: parts.flatMap((part, i) =>
      part.sockets.map((socket) => Object.assign({}, socket, { index: socket.index + offsets[i]! })),
    ),
    ...orderStreams(streams, detail),
    streams_total: parts.reduce((sum, part) => sum + part.streams_total, 0) - (ofParts.length - streams.length),
    aggregate: mergeAggregates(parts, streams),
    arbitration: mergeArbitrations(
      parts.map((part) => part.arbitration),
      detail,
    ),
    outputs: parts.flatMap((part) => part.outputs),
    links: parts.flatMap((part) => part.links),
    sender: mergeSenders(senders, detail),
    health: mergeHealth(parts),
    limits: [],
    events: mergeEvents(parts),
    event_counts: eventCounts,
    evidence: {
      // Every part read the same counters of the host over the same time.
      host_counters: parts.reduce<Record<string, number>>((most, part) => {
        for (const [name, growth] of Object.entries(part.evidence.host_counters)) {
          most[name] = Math.max(most[name] ?? 0, growth);
        }
        return most;
      }, {}),
      processors: mergeProcessors(parts),
      threads: mergeThreads(parts),
      notes: [...new Set(parts.flatMap((part) => part.evidence.notes))],
    },
    receivers: parts.flatMap((part) => part.receivers),
  };
}

/** Every part read the same processors; the one that ran longest has the most of them. */
function mergeProcessors(parts: readonly RunResult[]): Evidence['processors'] {
  return parts.reduce<Evidence['processors']>((most, { evidence: { processors } }) => {
    return processors !== null && processors.time_ns > (most?.time_ns ?? -1) ? processors : most;
  }, null);
}

/** Every part saw all threads of its process, of which it calls its own one alone `measuring`. */
function mergeThreads(parts: readonly RunResult[]): Evidence['threads'] {
  const byId = new Map<number, Evidence['threads'][number]>();
  for (const thread of parts.flatMap(({ evidence }) => evidence.threads)) {
    const known = byId.get(thread.id);
    if (known === undefined || (known.role !== 'measuring' && thread.role === 'measuring')) byId.set(thread.id, thread);
  }
  return [...byId.values()].toSorted((a, b) => b.cpu_ns - a.cpu_ns);
}

function mergeStream(a: Stream, b: Stream): Stream {
  const { metrics, not_measured } = mergeMetrics([a, b]);
  for (const id of METRIC_IDS) {
    if (id === 'dscp_received' || METRICS[id].merge !== 'none') continue;
    if (a.metrics[id] === b.metrics[id]) metrics[id] = a.metrics[id];
  }
  const histograms = {} as StreamHistograms;
  for (const id of HISTOGRAM_IDS) {
    const delay = id === 'one_way_delay_ns' || id === 'pdv_ns';
    const both = [a.histograms?.[id] ?? null, b.histograms?.[id] ?? null];
    histograms[id] = mergeSummaries(both, delay ? metrics.loss_ratio : null);
  }
  const larger = (b.metrics.packets_received ?? 0) > (a.metrics.packets_received ?? 0) ? b : a;
  return {
    ...larger,
    start: earlier(a.start, b.start),
    end: later(a.end, b.end),
    start_ns:
      a.start_ns === null || b.start_ns === null ? (a.start_ns ?? b.start_ns) : Math.min(a.start_ns, b.start_ns),
    end_ns: a.end_ns === null || b.end_ns === null ? (a.end_ns ?? b.end_ns) : Math.max(a.end_ns, b.end_ns),
    ended: a.ended && b.ended,
    metrics,
    histograms: a.histograms === null && b.histograms === null ? null : histograms,
    bursts: mergeBursts([a.bursts, b.bursts]),
    ...NOT_MERGED,
    not_measured: { ...a.not_measured, ...b.not_measured, ...not_measured, ...inParts(a, b) },
    notes: [...new Set([...a.notes, ...b.notes, 'merged from parts: series and loss map are those of the larger one'])],
  };
}

/** What cannot be told from parts: each saw gaps where the other one had the datagrams. */
const NOT_MERGED = {
  transport: null,
  mdi: null,
  tr101290: null,
  fec: null,
  recovery: null,
  rtcp: null,
  after: null,
} as const;

const IN_PARTS_ALONE = 'peaks are those of one part of the run: both together may have been higher';

function inParts(a: Stream, b: Stream): Record<string, string> {
  const reasons: Record<string, string> = {};
  if (a.bursts !== null && b.bursts !== null) reasons['bursts'] = IN_PARTS_ALONE;
  for (const key of Object.keys(NOT_MERGED) as (keyof typeof NOT_MERGED)[]) {
    if (a[key] !== null || b[key] !== null)
      reasons[key] = 'the datagrams of the stream came in several parts of the run';
  }
  return reasons;
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || b === null ? (a ?? b) : a < b ? a : b;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || b === null ? (a ?? b) : a > b ? a : b;
}

/** Histograms of streams beyond the detail limit stand in the parts' aggregates only. */
function mergeAggregates(parts: readonly RunResult[], streams: readonly Stream[]): Aggregate | null {
  const whole = aggregateStreams(streams, null);
  if (whole === null) return null;
  for (const id of HISTOGRAM_IDS) {
    const lossRatio = id === 'one_way_delay_ns' || id === 'pdv_ns' ? whole.metrics.loss_ratio : null;
    whole.histograms[id] = mergeSummaries(
      parts.map((part) => part.aggregate?.histograms[id] ?? null),
      lossRatio,
    );
  }
  return whole;
}

function addCounts(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(from)) into[key] = (into[key] ?? 0) + count;
}

function mergeClocks(clocks: readonly ClockQuality[]): ClockQuality {
  const worst = (['user', 'kernel', 'hardware', 'capture'] as const).find((one) =>
    clocks.some((clock) => clock.receive_time === one),
  );
  const most = (of: (clock: ClockQuality) => number | null): number | null =>
    clocks.reduce<number | null>((max, clock) => {
      const value = of(clock);
      return value === null || (max !== null && max >= value) ? max : value;
    }, null);
  return {
    ...clocks[0]!,
    epoch_uncertainty_ns: Math.max(...clocks.map((clock) => clock.epoch_uncertainty_ns)),
    receive_time: worst ?? null,
    send_time: clocks.some((clock) => clock.send_time === 'due') ? 'due' : clocks[0]!.send_time,
    send_time_bound_ns: most((clock) => clock.send_time_bound_ns),
    // One clock, noticed by each part: the fullest record.
    steps: clocks.reduce((a, b) => (b.steps.length > a.steps.length ? b : a)).steps,
    offsets: clocks.flatMap((clock) => clock.offsets),
    shared_time_datagrams: clocks.reduce((sum, clock) => sum + clock.shared_time_datagrams, 0),
    user_time_datagrams: clocks.reduce((sum, clock) => sum + clock.user_time_datagrams, 0),
  };
}

function mergeHealth(all: readonly RunResult[]): Health {
  const parts = all.map((part) => part.health);
  // A sender has no socket at which datagrams could be dropped.
  const receivers = all.filter(({ run }) => run.role !== 'sender').map((part) => part.health);
  const sum = (of: (health: Health) => number): number => parts.reduce((total, health) => total + of(health), 0);
  const known = (of: (health: Health) => number | null): number | null =>
    receivers.length === 0 || receivers.some((health) => of(health) === null)
      ? null
      : receivers.reduce((total, health) => total + of(health)!, 0);
  const reasons = new Map(
    parts.flatMap((health) => health.reasons).map((reason) => [`${reason.code} ${reason.text}`, reason]),
  );
  return {
    verdict:
      (['invalid', 'degraded'] as const).find((one) => parts.some((health) => health.verdict === one)) ?? 'valid',
    reasons: [...reasons.values()],
    kernel_drops: known((health) => health.kernel_drops),
    kernel_drops_other: known((health) => health.kernel_drops_other),
    malformed: known((health) => health.malformed),
    stalls: sum((health) => health.stalls),
    cycles: sum((health) => health.cycles),
    cycle_max_ns: Math.max(...parts.map((health) => health.cycle_max_ns)),
    overslept_max_ns: Math.max(...parts.map((health) => health.overslept_max_ns)),
    identities_checked: sum((health) => health.identities_checked),
  };
}

function mergeEvents(parts: readonly RunResult[]): EventRecord[] {
  return parts
    .flatMap((part) => part.events)
    .toSorted((a, b) => a.at_ns - b.at_ns)
    .slice(0, EVENTS);
}
