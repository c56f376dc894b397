import { assembleInSteps } from '../result/assemble.js';
import { buildSenderInSteps, type SenderStreamFacts } from '../result/buildSender.js';
import { DEFAULT_DETAIL } from '../result/streamOrder.js';
import { StreamTally } from '../result/streamTally.js';
import type { Departures } from '../result/health.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import type { Feedback, Host, Impairment, Receiver, RunResult, SocketReport } from '../result/model.js';
import { SocketCounter, type DatagramSink, type Io } from '../io/datagram.js';
import { Histogram } from '../metrics/histogram.js';
import type { Evidenced } from './evidence.js';
import type { ClockWatch } from './clockWatch.js';
import { clockSection, runSection, type RunFacts } from './document.js';
import type { EventLog } from './eventLog.js';
import type { LoopHealth } from './loop.js';
import type { Judge } from './messages.js';
import { formatFlowRates, formatPattern } from '../profile/patternValues.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import { isIperf } from '../profile/streamValues.js';
import { inputReport, type SentInput } from './inputReport.js';
import { framingOfScheme } from '../wire/framings.js';
import { recoverySums } from './recoveryServers.js';
import type { RetransmissionAgent } from './retransmissionAgent.js';
import { SenderCounter, type SenderStats } from './senderStats.js';
import { hostFacts, toolFacts } from './toolFacts.js';

/** One sending stream: what was asked for, where it leaves, and what became of it. */
export interface SenderStreamState {
  readonly id: string;
  readonly leg: 'a' | 'b' | null;
  /** In the plan; of both legs and of what protects them the same. */
  readonly position: number;
  /** `null`: no RTP. */
  readonly ssrc: number | null;
  readonly plan: SendStream;
  readonly interfaceName: string;
  readonly source: string | null;
  readonly sink: DatagramSink;
  readonly feed: { readonly scheduled: number; readonly notSent: number };
  /** What its transport stream is made of; `null`: it is none, or another stream has the same. */
  readonly input: SentInput | null;
  readonly role: 'media' | 'fec';
  readonly stats: SenderStats;
  /** Numbers of its flows, or its SSRC; none where the format has neither. */
  readonly flowNames: readonly string[];
  /** What `--impair` did, with its seed; `null` without it. */
  readonly impairment: { readonly done: () => Impairment; readonly seed: number } | null;
}

export interface SenderRunState {
  readonly senderRun: string;
  readonly streams: readonly SenderStreamState[];
  readonly sinks: readonly { readonly sink: DatagramSink; readonly interfaceName: string }[];
  readonly quantumNs: number;
  /** Kernel transmit stamp minus departure; `null`: not asked for. */
  readonly transmitDelay: Histogram | null;
  /** Of the limits on every interval. */
  readonly each: IntervalJudge;
  /** Who answers requests. */
  readonly answering: readonly RetransmissionAgent[];
  /** `null`: receivers are asked for nothing. */
  readonly feedback: Feedback | null;
  readonly receivers: Receiver[];
  readonly sendTimeBoundNs: number | null;
  readonly health: LoopHealth;
  readonly watch: ClockWatch;
  readonly log: EventLog;
  readonly interfaces: Host['interfaces'];
  readonly evidence: () => Generator<void, Evidenced>;
  readonly facts: RunFacts;
}

/** The result of now. Yields between streams. */
export function* senderResult(io: Io, plan: SendPlan, judge: Judge, state: SenderRunState): Generator<void, RunResult> {
  const { facts } = state;
  const streams: SenderStreamFacts[] = [];
  for (const stream of state.streams) {
    streams.push(streamFacts(stream));
    yield;
  }
  const sum = (counter: number): number => state.sinks.reduce((total, { sink }) => total + sink.counters[counter]!, 0);
  const sender = yield* buildSenderInSteps({
    run: state.senderRun,
    streams,
    detail: DEFAULT_DETAIL,
    seesRefusals: io.capabilities.refusedSends,
    transmitDelay: state.transmitDelay,
    quantumNs: state.quantumNs,
    maxLateNs: plan.maxLateNs,
    spinShare: sum(SocketCounter.SpinNs) / (facts.endMonoNs - facts.startMonoNs),
    systemCalls: sum(SocketCounter.SystemCalls),
    superPackets: sum(SocketCounter.SuperPackets),
    transmitStampsMissing: sum(SocketCounter.TransmitStampsMissing),
    icmpErrors: sum(SocketCounter.IcmpErrors),
    recovery: recoverySums(state.answering),
    feedback: state.feedback,
    inputs: state.streams.flatMap(({ id, input }) => (input === null ? [] : [inputReport(id, input)])),
  });
  const clock = clockSection(io, state.watch, facts.startMonoNs, {
    receive_time: null,
    send_time: sendTime(
      state.streams.map((stream) => stream.plan),
      io.capabilities.departureStamp,
    ),
    send_time_bound_ns: state.sendTimeBoundNs,
    shared_time_datagrams: 0,
    user_time_datagrams: 0,
  });
  const { evidence, refusedSendsDisagree } = yield* state.evidence();
  return yield* assembleInSteps({
    tool: toolFacts(),
    host: hostFacts(state.interfaces),
    clock,
    run: runSection(plan, io, facts),
    memberships: [],
    sockets: state.sinks.map(({ sink, interfaceName }, index) => socketReport(sink, interfaceName, index)),
    arbitration: null,
    sender,
    receivers: state.receivers,
    streams: new StreamTally(judge.limits),
    others: null,
    events: state.log.events,
    eventCounts: state.log.counts,
    evidence,
    eachLimits: state.each.results(() => true, facts.endMonoNs - facts.startMonoNs),
    // Silence is judged at receivers.
    judge: { allowSilence: true },
    health: {
      kernelDrops: null,
      truncated: 0,
      controlTruncated: 0,
      streamTableOverflow: 0,
      pathTableOverflow: 0,
      ringOverflow: 0,
      loop: state.health,
      departures: state.streams.flatMap((stream, i) => departures(stream, streams[i]!, state.quantumNs)),
      injected: plan.inject === null ? null : plan.inject.text,
      refusedSendsDisagree,
      notes: facts.notes,
    },
  });
}

/** What the datagrams carry: `departure` where all that carry any carry that; `null`: none does. */
function sendTime(streams: readonly SendStream[], writesDepartures: boolean): 'departure' | 'due' | null {
  const carried = streams.map(sendTimeOf).filter((kind) => kind !== null);
  if (carried.length === 0) return null;
  return writesDepartures && carried.every((kind) => kind === 'departure') ? 'departure' : 'due';
}

function sendTimeOf({ payload, media, replay, feed }: SendStream): 'departure' | 'due' | null {
  if (payload !== null || replay !== null || media?.rtp?.sendTime === false) return null;
  if (feed === null) return 'departure';
  if (framingOfScheme(feed.scheme)!.carriesSendTime) return 'due';
  if (feed.stampNs === Infinity) return feed.messageTimeZone === null ? null : 'due';
  return feed.hasLegs ? 'due' : 'departure';
}

function streamFacts(stream: SenderStreamState): SenderStreamFacts {
  const { address, media, replay, feed, pattern } = stream.plan;
  const c = stream.stats.counters;
  const refused = c[SenderCounter.NoBuffers]! + c[SenderCounter.TooLate]! + c[SenderCounter.Failed]!;
  const departureError = stream.stats.departureError.copy();
  departureError.add(stream.stats.intervalDepartureError);
  return {
    id: stream.id,
    name: address.name,
    leg: stream.leg,
    format: stream.role === 'fec' ? 'rtp/smpte-2022-1' : formatOf(stream.plan),
    group: address.group,
    port: address.port,
    source: stream.source,
    sourcePort: stream.sink.sourcePort,
    interfaceName: stream.interfaceName,
    flows: stream.flowNames,
    ttl: stream.plan.ttl,
    tos: stream.plan.tos,
    sizeOctets: replay === null && stream.plan.sizes === null ? stream.plan.sizeOctets : null,
    pattern:
      media !== null
        ? 'pcr'
        : feed !== null
          ? feed.arrivals.kind
          : replay !== null
            ? 'capture'
            : formatPattern(pattern),
    flowRates: formatOf(stream.plan) === 'probe' ? formatFlowRates(stream.plan.flowRates) : null,
    scheduled: stream.feed.scheduled,
    sent: c[SenderCounter.Sent]!,
    noBuffers: c[SenderCounter.NoBuffers]!,
    tooLate: c[SenderCounter.TooLate]!,
    failed: c[SenderCounter.Failed]!,
    skipped: stream.feed.notSent - refused,
    markersSent: c[SenderCounter.Markers]!,
    octetsSent: c[SenderCounter.Octets]!,
    firstMonoNs: stream.stats.firstMonoNs,
    lastMonoNs: stream.stats.lastMonoNs,
    departureError,
    impairment: stream.impairment === null ? null : stream.impairment.done(),
    impairmentSeed: stream.impairment === null ? null : stream.impairment.seed,
  };
}

/** As a receiver names it. */
function formatOf(stream: SendStream): string {
  const { payload, media, replay, feed } = stream;
  if (feed !== null) return framingOfScheme(feed.scheme)!.format;
  if (media !== null) return media.rtp === null ? 'mpeg-ts' : 'rtp/mpeg-ts';
  if (isIperf(stream)) return 'iperf';
  return payload === null && replay === null ? 'probe' : 'udp';
}

function departures(stream: SenderStreamState, { departureError }: SenderStreamFacts, quantumNs: number): Departures[] {
  const p99Ns = departureError.percentile(0.99);
  if (p99Ns === null) return [];
  const { packetsPerSecond } = stream.plan;
  const periodNs = packetsPerSecond === Infinity ? null : 1e9 / packetsPerSecond;
  return [{ stream: stream.id, p99Ns, periodNs, quantumNs }];
}

function socketReport(sink: DatagramSink, interfaceName: string, index: number): SocketReport {
  const c = sink.counters;
  return {
    index,
    direction: 'send',
    group: null,
    port: sink.sourcePort,
    interface: interfaceName,
    receive_time: null,
    buffer_octets: null,
    buffer_datagrams: null,
    buffer_ns: null,
    datagrams: c[SocketCounter.Datagrams]!,
    octets: c[SocketCounter.Octets]!,
    system_calls: c[SocketCounter.SystemCalls]!,
    kernel_drops: null,
    truncated: 0,
    control_truncated: 0,
    malformed: {},
    demanded: null,
    instead: null,
    icmp_errors: c[SocketCounter.IcmpErrors]!,
  };
}
