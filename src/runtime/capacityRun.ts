import { randomBytes } from 'node:crypto';
import { BinaryRateSearch } from '../control/binaryRateSearch.js';
import { ContinuousRateSearch } from '../control/continuousRateSearch.js';
import type { RateSearch, RateSearchOptions, RateStep } from '../control/rateSearch.js';
import type { ReceiverObservation } from '../control/rateJudgement.js';
import { formatRate, formatRatio } from '../core/format.js';
import { formatRealtime, realToMonoNs, type Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import { readQdiscs } from '../io/linux/qdisc.js';
import { segmentsFor } from '../pacing/quantum.js';
import type { CapacityPlan } from '../profile/capacityPlan.js';
import { assembleResult } from '../result/assemble.js';
import { buildCapacitySearch } from '../result/buildCapacity.js';
import { buildSender } from '../result/buildSender.js';
import type { CapacitySearch, RunResult } from '../result/model.js';
import { awaitReceivers } from './awaitReceivers.js';
import { CapacityAgent, nameOf, type CapacitySending, type CapacityTotals } from './capacityAgent.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { clockSection, runSection } from './document.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch } from './evidence.js';
import { feedbackSection, openFeedbackSender, type OpenFeedbackSender } from './feedbackSetup.js';
import { refuseForeignSender } from './foreignSender.js';
import { interfaceFacts } from './interfaceFacts.js';
import { freshLoopHealth, runLoop } from './loop.js';
import type { Judge, RunMessage } from './messages.js';
import { placedLines } from './placedLines.js';
import { reportedReceivers } from './receiverReports.js';
import { shortTermCname } from './rtcpIdentity.js';
import { placedLine } from './placedLine.js';
import { placeStreams } from './placedStream.js';
import { maySegment, openSinks } from './senderSetup.js';
import { prepareThread } from './thread.js';
import { hostFacts, toolFacts } from './toolFacts.js';
import { warmUpFast } from './warmSender.js';

/** Where the link tells no speed, and more than this nobody sends by accident. */
const SAFE_BIT_PER_SECOND = 1e9;
/** Fewer wake-ups than with the protocol's 50 ms, and steps long enough to be told apart. */
const INTERVAL_NS = 100e6;

/** Searches the highest rate that receivers get, on this thread, and gives the result. */
export async function runCapacity(
  io: Io,
  plan: CapacityPlan,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
): Promise<RunResult> {
  prepareThread(plan.send);
  const [first] = await placeStreams(plan.send, [null]);
  const { stream, via } = first!;
  const { family } = stream.address;
  if (!plan.send.force && !plan.send.unicast) await refuseForeignSender(io, [first!]);
  const highest = plan.highestBitPerSecond ?? Math.min(SAFE_BIT_PER_SECOND, (via.linkMbitPerSecond ?? Infinity) * 1e6);
  const [open] = await openSinks(io, plan.send, [first!]);
  const { sink } = open!;
  const runId = randomBytes(4).readUInt32BE();
  const name = runId.toString(16).padStart(8, '0');
  let opened: OpenFeedbackSender | null = null;
  try {
    const asking = await openFeedbackSender(io, plan.send, [first!], runId, shortTermCname());
    if (asking === null) throw new Error('a capacity plan without feedback');
    opened = asking;
    post({ type: 'collect', address: asking.address, port: asking.port, run: name });
    warmUpFast();
    const startMonoNs = io.clock.monoNs();
    const startRealNs = startMonoNs - realToMonoNs(io.clock);
    post({
      type: 'ready',
      info: {
        runId: name,
        time: formatRealtime(io.clock.epoch, startRealNs),
        io: io.name,
        lines: [
          ...placedLines([first!], placedLine),
          asking.line,
          `at most ${formatRate(highest)} of Ethernet frames, ${plan.method}`,
        ],
        interfaces: [via.name],
        warnings: [],
        loopback: via.loopback,
        sdp: null,
      },
    });
    const { feedback } = plan.send;
    await awaitReceivers(io, feedback!, asking.agent, control);
    const receivers = [...asking.agent.table.receivers()].filter(({ reports }) => reports > 0).map(nameOf);
    post({ type: 'said', text: `receivers: ${receivers.join(', ')}` });
    const evidence = new EvidenceWatch();
    const watch = new ClockWatch(io.clock.epoch);
    const log = new EventLog(io.clock, startMonoNs, (event) => post({ type: 'event', event }));
    const health = freshLoopHealth();
    const totals: CapacityTotals = {
      scheduled: 0,
      notSent: 0,
      noBuffers: 0,
      tooLate: 0,
      failed: 0,
      octets: 0,
      disturbed: 0,
    };
    const sending: CapacitySending = {
      io,
      sink,
      runId,
      tos: stream.tos,
      ttl: stream.ttl,
      family,
      segmentsFor: (sizeOctets) =>
        maySegment(io, plan.send, sizeOctets, family, via.mtuOctets ?? 1500) ? segmentsFor(sizeOctets) : 1,
      announcesSuperPackets: plan.send.offload === 'on',
      maxLateNs: plan.send.maxLateNs,
      seed: plan.send.seed,
      backlogOctets: () => readQdiscs()?.get(via.index)?.backlogOctets ?? null,
    };
    const searches: CapacitySearch[] = [];
    const quorum = Math.min(plan.quorum ?? receivers.length, receivers.length);
    let stopped = receivers.length === 0;
    const result = (complete: boolean): RunResult => {
      const endMonoNs = io.clock.monoNs();
      const facts = {
        runId: name,
        role: 'sender',
        endpoints: [stream.address.endpoint],
        startMonoNs,
        endMonoNs,
        startRealNs,
        endRealNs: io.clock.realNs(),
        complete,
        notes: [
          ...sink.notes,
          ...(totals.disturbed === 0 ? [] : [`${totals.disturbed} steps were held up by this host and not judged`]),
        ],
      } as const;
      const sender = buildSender({
        run: name,
        streams: [],
        detail: 0,
        seesRefusals: io.capabilities.refusedSends,
        transmitDelay: null,
        quantumNs: 0,
        maxLateNs: sending.maxLateNs,
        spinShare: null,
        systemCalls: 0,
        superPackets: 0,
        transmitStampsMissing: 0,
        icmpErrors: 0,
        recovery: null,
        feedback: feedbackSection(asking, feedback!.controlPort),
        inputs: [],
      });
      return assembleResult({
        tool: toolFacts(),
        host: hostFacts(interfaceFacts([via])),
        clock: clockSection(io, watch, startMonoNs, {
          receive_time: null,
          send_time: null,
          send_time_bound_ns: null,
          shared_time_datagrams: 0,
          user_time_datagrams: 0,
        }),
        run: { ...runSection(plan, io, facts), interval_ns: null },
        memberships: [],
        sockets: [],
        arbitration: null,
        sender: {
          ...sender,
          scheduled: totals.scheduled,
          sent: totals.scheduled - totals.notSent,
          not_sent: totals.notSent,
          not_sent_by_reason: {
            no_buffers: totals.noBuffers,
            too_late: totals.tooLate,
            failed: totals.failed,
            skipped: totals.notSent - totals.noBuffers - totals.tooLate - totals.failed,
          },
          octets_sent: totals.octets,
        },
        receivers: reportedReceivers(asking.agent.table, endMonoNs),
        streams: [],
        others: null,
        capacity: {
          method: plan.method,
          max_loss_ratio: plan.maxLossShare,
          receivers,
          quorum,
          highest_bit_per_second: highest,
          searches,
        },
        events: log.events,
        eventCounts: log.counts,
        evidence: evidence.sofar([via]),
        limits: judge.limits,
        judge: { allowSilence: true },
        health: {
          kernelDrops: null,
          truncated: 0,
          controlTruncated: 0,
          streamTableOverflow: 0,
          pathTableOverflow: 0,
          ringOverflow: 0,
          loop: health,
          departures: [],
          injected: null,
          refusedSendsDisagree: null,
          notes: facts.notes,
        },
      });
    };
    const poll = (agent: { stop(nowNs: Nanos): void }): { poll: (nowNs: Nanos) => void } => ({
      poll: (nowNs) => {
        const commands = control.take();
        if ((commands & (Command.Snapshot | Command.Outline)) !== 0) post({ type: 'partial', result: result(false) });
        if ((commands & Command.Stop) === 0) return;
        stopped = true;
        agent.stop(nowNs);
      },
    });
    let flow = 0;
    for (const sizeOctets of plan.sizes) {
      if (stopped) break;
      const search = searchOf(plan, receivers, quorum, highest);
      const told = (step: RateStep, sent: number, notSent: number, seen: readonly ReceiverObservation[]): void => {
        if (plan.method === 'binary' || step.index % 10 === 0)
          post({ type: 'said', text: stepText(step, sent, notSent, seen) });
      };
      if (plan.sizes.length > 1) post({ type: 'said', text: `datagrams of ${sizeOctets} octets` });
      const agent = new CapacityAgent(sending, search, asking.agent.table, sizeOctets, flow, totals, told);
      // The feedback outlasts every search.
      await runLoop(io, [new Searching(agent, asking.agent)], poll(agent), health);
      flow = agent.nextFlow;
      if (agent.result !== null) searches.push(buildCapacitySearch(agent.result, sizeOctets, family));
    }
    asking.agent.follow([], () => totals);
    await runLoop(io, [asking.agent], poll(asking.agent), health);
    watch.sample();
    return result(!stopped);
  } finally {
    sink.close();
    opened?.close();
  }
}

/** A search, with the feedback that tells it what came of its steps. */
class Searching {
  readonly #agent: CapacityAgent;
  readonly #feedback: { doWork(nowMonoNs: Nanos): number; nextDueNs(): Nanos };

  constructor(agent: CapacityAgent, feedback: { doWork(nowMonoNs: Nanos): number; nextDueNs(): Nanos }) {
    this.#agent = agent;
    this.#feedback = feedback;
  }

  get finished(): boolean {
    return this.#agent.finished;
  }

  doWork(nowMonoNs: Nanos): number {
    return this.#feedback.doWork(nowMonoNs) + this.#agent.doWork(nowMonoNs);
  }

  nextDueNs(): Nanos {
    return Math.min(this.#agent.nextDueNs(), this.#feedback.nextDueNs());
  }

  gatherNs(): Nanos {
    return 0;
  }

  stop(nowMonoNs: Nanos): void {
    this.#agent.stop(nowMonoNs);
  }
}

function searchOf(plan: CapacityPlan, receivers: readonly string[], quorum: number, highest: number): RateSearch {
  const options: RateSearchOptions = {
    lowestBitPerSecond: Math.min(plan.lowestBitPerSecond, highest / 2),
    highestBitPerSecond: highest,
    receivers,
    quorum,
    maxLossShare: plan.maxLossShare,
    limitNs: plan.limitNs,
  };
  return plan.method === 'binary'
    ? new BinaryRateSearch(options)
    : new ContinuousRateSearch({ ...options, intervalNs: INTERVAL_NS });
}

function stepText(
  { rateBitPerSecond }: RateStep,
  sent: number,
  notSent: number,
  receivers: readonly ReceiverObservation[],
): string {
  const least = Math.min(...receivers.map(({ received }) => received));
  const lost =
    receivers.length === 0 ? 'no reports' : `lost ${formatRatio(sent === 0 ? 0 : Math.max(0, 1 - least / sent))}`;
  const refused = notSent === 0 ? '' : `, not sent ${formatRatio(notSent / (sent + notSent))}`;
  return `${formatRate(rateBitPerSecond)}: ${lost}${refused}`;
}
