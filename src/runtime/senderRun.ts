import { randomBytes } from 'node:crypto';
import { formatRealtime, type Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import { Histogram } from '../metrics/histogram.js';
import type { RunResult } from '../result/model.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch } from './evidence.js';
import { refuseForeignSender } from './foreignSender.js';
import { Housekeeping, nextUtcMultiple } from './housekeeping.js';
import { interfaceFacts } from './interfaceFacts.js';
import { freshLoopHealth, runLoop } from './loop.js';
import type { Judge, RunMessage } from './messages.js';
import type { SendPlan } from '../profile/plan.js';
import { SenderIntervals } from './senderIntervals.js';
import { senderResult } from './senderResult.js';
import { buildLane, openSinks, placeStreams, type PlacedStream } from './senderSetup.js';
import { prepareThread } from './thread.js';
import { TransmitStamps } from './transmitStamps.js';

/** From the first instruction to the first datagram: what building the lanes may take. */
const LEAD_NS = 10e6;
const SECOND_NS = 1e9;
/** Datagrams of one sendmmsg that share a reading of the clock, and what each of them takes: the spread of carried times. */
const STAMP_SPREAD_NS = 8 * 3e3;

/** Carries out a send plan on this thread: opens, sends to the end or until stopped, and gives the result. */
export async function runSender(
  io: Io,
  plan: SendPlan,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
): Promise<RunResult> {
  prepareThread(plan);
  const placed = await placeStreams(plan);
  if (!plan.force && !plan.unicast) await refuseForeignSender(io, placed);
  const sinks = await openSinks(io, plan, placed);
  try {
    const evidence = new EvidenceWatch();
    const startRealNs = io.clock.realNs();
    const startMonoNs = io.clock.monoNs();
    const runId = randomBytes(4).readUInt32BE();
    const firstNs = startMonoNs + Math.max(LEAD_NS, untilNs(plan.startAtUnixNs, io, startRealNs));
    const built = sinks.map((open) => buildLane(io, plan, open, runId, firstNs));
    const lanes = built.map(({ lane }) => lane);
    const streams = built.flatMap((one) => one.streams);
    const name = runId.toString(16).padStart(8, '0');
    const notes = [...new Set(sinks.flatMap(({ sink }) => sink.notes))];
    const watch = new ClockWatch(io.clock.epoch);
    const log = new EventLog(io.clock, startMonoNs, (event) => post({ type: 'event', event }));
    const transmitStamps = sinks.map(({ sink }) => new TransmitStamps(sink));
    const transmitDelay = plan.transmitTimestamps ? new Histogram() : null;
    const health = freshLoopHealth();
    let stopped = false;
    const intervals = new SenderIntervals(streams, startMonoNs);
    const collect = (): void => {
      if (transmitDelay !== null) for (const stamps of transmitStamps) stamps.take(transmitDelay);
    };
    const result = (complete: boolean): RunResult => {
      collect();
      return senderResult(io, plan, judge, {
        senderRun: name,
        streams,
        sinks: sinks.map(({ sink, placed: own }) => ({ sink, interfaceName: own[0]!.via.name })),
        quantumNs: Math.max(...built.map(({ quantumNs }) => quantumNs)),
        transmitDelay,
        sendTimeBoundNs: io.capabilities.departureStamp ? STAMP_SPREAD_NS : null,
        health,
        watch,
        log,
        interfaces: interfaceFacts(placed.map(({ via }) => via)),
        evidence: evidence.sofar(placed.map(({ via }) => via)),
        refusedSendsDisagree: evidence.refusedSendsDisagree(
          sinks.map(({ sink }) => sink),
          placed.map(({ via }) => via),
        ),
        facts: {
          runId: name,
          role: 'sender',
          endpoints: [...new Set(plan.streams.map(({ address }) => address.endpoint))],
          startMonoNs,
          endMonoNs: io.clock.monoNs(),
          startRealNs,
          endRealNs: io.clock.realNs(),
          complete,
          notes,
        },
      });
    };
    const housekeeping = new Housekeeping(
      [
        {
          firstMonoNs: startMonoNs + SECOND_NS,
          periodNs: SECOND_NS,
          run: (nowNs) => {
            collect();
            const step = watch.sample();
            if (step !== null)
              log.add('clock_step', nowNs, null, `realtime stepped by ${step.byNs / 1e6} ms`, { by_ns: step.byNs });
          },
        },
        {
          firstMonoNs: nextUtcMultiple(io.clock, plan.intervalNs),
          periodNs: plan.intervalNs,
          run: (nowNs) => {
            const senderRows = intervals.close(nowNs, io.capabilities.refusedSends);
            const span = intervals.lastSpan(startMonoNs);
            post({
              type: 'interval',
              time: formatRealtime(io.clock.epoch, io.clock.realNs()),
              ...span,
              rows: [],
              senderRows,
            });
          },
        },
      ],
      lanes,
    );
    post({
      type: 'ready',
      info: {
        runId: name,
        time: formatRealtime(io.clock.epoch, startRealNs),
        io: io.name,
        lines: placed.slice(0, 16).map(placedLine),
        interfaces: [...new Set(placed.map(({ via }) => via.name))],
        loopback: placed.every(({ via }) => via.loopback),
      },
    });
    await runLoop(
      io,
      [...lanes, housekeeping],
      {
        poll: (nowNs) => {
          const commands = control.take();
          if (commands === 0) return;
          if ((commands & Command.Snapshot) !== 0) post({ type: 'partial', result: result(true) });
          if ((commands & Command.Stop) === 0 || stopped) return;
          stopped = true;
          for (const lane of lanes) lane.stop(nowNs);
        },
      },
      health,
    );
    intervals.close(io.clock.monoNs(), io.capabilities.refusedSends);
    watch.sample();
    return result(!stopped || (plan.durationNs === null && plan.count === null));
  } finally {
    for (const { sink } of sinks) sink.close();
  }
}

/** ns from now to an absolute time; 0 when there is none or it has passed. */
function untilNs(unixNs: bigint | null, io: Io, nowRealNs: Nanos): Nanos {
  return unixNs === null ? 0 : Math.max(0, Number(unixNs - io.clock.epoch.realtimeNs) - nowRealNs);
}

function placedLine({ stream, via, reason, source }: PlacedStream): string {
  const { group, port } = stream.address;
  return `${group}:${port} by ${via.name}${source === null ? '' : ` from ${source}`} (${reason})`;
}
