/** Opens what the feedback of a run needs, at either end. */
import os from 'node:os';
import type { Measurement } from '../analysis/measurement.js';
import { Heed } from '../control/feedbackTable.js';
import { McastError } from '../core/errors.js';
import { u32be } from '../core/bytes.js';
import { formatHostPort } from '../core/format.js';
import { bitPerSecondAt } from '../core/layers.js';
import type { Nanos } from '../core/time.js';
import { firstAddress } from '../io/interfaces.js';
import type { DatagramPort, DatagramSink, Io } from '../io/datagram.js';
import type { ReceiveFeedbackPlan, ReceivePlan, SendPlan } from '../profile/plan.js';
import type { Feedback } from '../result/model.js';
import type { FeedbackPlace } from '../wire/feedback.js';
import type { Agent } from './agent.js';
import { EverySink } from './everySink.js';
import type { FeedbackPeer } from './feedbackPeer.js';
import { FeedbackProof } from './feedbackProof.js';
import { FeedbackReceiver, mapped } from './feedbackReceiver.js';
import { FeedbackSender } from './feedbackSender.js';
import type { Inject } from './inject.js';
import type { RtcpReceiver } from './rtcpReceiver.js';
import { openSources, type OpenSource } from './receiverSetup.js';
import type { PlacedStream } from './placedStream.js';

/** RFC 3550 section 6.2 gives RTCP a twentieth; however slow or fast the data are, reports get so much. */
const REPORT_SHARE = 0.05;
const LEAST_REPORT_RATE = 64e3;
const MOST_REPORT_RATE = 10e6;
/** Announcements are few and small. */
const CONTROL_BUFFER_OCTETS = 256 << 10;

export interface OpenFeedbackSender {
  readonly agent: FeedbackSender;
  /** Where reports and results come, and a line about it. */
  readonly address: string;
  readonly port: number;
  readonly line: string;
  close(): void;
}

/** `null`: the plan wants none. Rejects with McastError, ERR_PORT_IN_USE for a port that was asked for. */
export async function openFeedbackSender(
  io: Io,
  plan: SendPlan,
  placed: readonly PlacedStream[],
  runId: number,
  cname: string,
): Promise<OpenFeedbackSender | null> {
  const { feedback } = plan;
  const first = placed[0];
  if (feedback === null || first === undefined) return null;
  const { family, group } = first.stream.address;
  const { via } = first;
  const address = first.source ?? firstAddress(via, family);
  if (address === null) {
    if (feedback.receivers === 0) return null;
    const message = `${via.name} has no IPv${family} address that receivers could answer to`;
    throw new McastError('ERR_SOURCE_ADDRESS', message, { hint: 'Name another interface with --iface.' });
  }
  // The port for answers is of one address: who is reached by another interface cannot be asked.
  const isNear = ({ group: host }: { readonly group: string }): boolean =>
    placed.some(({ stream, via: by }) => stream.address.group === host && by.index === via.index);
  const asked = [{ group, port: feedback.controlPort }, ...feedback.hosts.filter(isNear)];
  let port: DatagramPort | null = null;
  let sink: DatagramSink;
  try {
    port = await io.openPort({ family, address, port: feedback.port, interfaceIndex: via.index, stamps: true });
    sink = await io.openSink({
      family,
      destinations: asked.map((one) => ({
        address: one.group,
        port: one.port,
        interfaceIndex: via.index,
        source: address,
        ttl: first.stream.ttl,
        tos: 0,
      })),
      interfaceName: via.name,
      source: address,
      sourcePort: 0,
      loopback: plan.loopback,
      sendBufferOctets: 0,
      stampFormat: 'unix-ns',
      transmitTimestamps: false,
      dontFragment: false,
    });
  } catch (error) {
    port?.close();
    throw error;
  }
  const opened = port;
  const agent = new FeedbackSender({
    clock: io.clock,
    port: opened,
    sink: asked.length === 1 ? sink : new EverySink(sink, asked.length),
    proof: new FeedbackProof(plan.feedbackKey),
    runId,
    cname,
    name: plan.name ?? os.hostname(),
    places: placesOf(placed),
    isSender: (first.stream.media?.rtp ?? null) === null,
    reportIntervalNs: feedback.reportIntervalNs,
    reportBitPerSecond: reportRate(placed),
    startMonoNs: io.clock.monoNs(),
  });
  return {
    agent,
    address,
    port: opened.port,
    line: `asks receivers for reports at ${formatHostPort(address, opened.port)}, announced on port ${feedback.controlPort}`,
    close: () => {
      opened.close();
      sink.close();
    },
  };
}

/** What came of it, for the document; results are counted where they come. */
export function feedbackSection({ agent, address, port }: OpenFeedbackSender, controlPort: number): Feedback {
  const { table } = agent;
  return {
    address,
    port,
    control_port: controlPort,
    announcements: agent.announced,
    receivers: table.size,
    results: 0,
    results_refused: 0,
    foreign: agent.foreign,
    stale: table.refused[Heed.Stale]!,
    flooded: table.refused[Heed.Flood]!,
    not_taken: table.refused[Heed.Full]!,
  };
}

/** Consecutive groups of one port are one place. */
function placesOf(placed: readonly PlacedStream[]): FeedbackPlace[] {
  const places: { address: Uint8Array; port: number; groups: number }[] = [];
  let previous: Uint8Array | null = null;
  for (const { stream, role, share } of placed) {
    if (role !== 'media' || share.index > 0) continue;
    const address = mapped(stream.address.group);
    if (address === null) continue;
    const last = places.at(-1);
    const follows = previous !== null && isNext(previous, address) && last?.port === stream.address.port;
    if (follows && last !== undefined) last.groups++;
    else places.push({ address, port: stream.address.port, groups: 1 });
    previous = address;
  }
  return places;
}

function isNext(before: Uint8Array, address: Uint8Array): boolean {
  return (
    before.subarray(0, 12).every((octet, i) => octet === address[i]) && u32be(address, 12) === u32be(before, 12) + 1
  );
}

function reportRate(placed: readonly PlacedStream[]): number {
  let bitPerSecond = 0;
  for (const { stream } of placed) {
    const { packetsPerSecond, sizeOctets, address } = stream;
    bitPerSecond += bitPerSecondAt(packetsPerSecond, sizeOctets, address.family, 'ip');
  }
  return Math.max(LEAST_REPORT_RATE, Math.min(MOST_REPORT_RATE, bitPerSecond * REPORT_SHARE));
}

export interface OpenFeedbackReceiver {
  readonly sources: readonly OpenSource[];
  readonly ports: ReadonlyMap<4 | 6, DatagramPort>;
  close(): void;
}

/** Joins what announcements come on; `null`: the plan wants none. */
export async function openFeedbackReceiver(
  io: Io,
  plan: ReceivePlan,
  inUse: readonly OpenSource[],
): Promise<OpenFeedbackReceiver | null> {
  const { feedback } = plan;
  if (feedback === null) return null;
  const sources = feedback.places.length === 0 ? [] : await openSources(io, sourcesPlan(plan, feedback));
  const ports = new Map<4 | 6, DatagramPort>();
  const close = (): void => {
    for (const { source } of sources) source.close();
    for (const port of ports.values()) port.close();
  };
  try {
    const onRtcp = inUse.filter(({ address: { group } }) => feedback.onRtcp.some((other) => other.group === group));
    for (const { address, via } of [...sources, ...onRtcp]) {
      if (ports.has(address.family)) continue;
      const interfaceIndex = (inUse.find((one) => one.address.family === address.family) ?? { via }).via.index;
      const spec = { family: address.family, address: null, port: 0, interfaceIndex, stamps: true } as const;
      ports.set(address.family, await io.openPort(spec));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { sources, ports, close };
}

function sourcesPlan(plan: ReceivePlan, { places }: ReceiveFeedbackPlan): Parameters<typeof openSources>[1] {
  return {
    streams: places,
    places: places.map((_, position) => ({ role: 'control', leg: 0, position, hasLegs: false }) as const),
    expectedRates: places.map(() => null),
    unicast: plan.unicast,
    receiveBufferOctets: CONTROL_BUFFER_OCTETS,
    timestamps: 'user',
    busyPollUs: 0,
    force: plan.force,
  };
}

export interface FeedbackReceiverContext {
  readonly io: Io;
  readonly plan: ReceivePlan;
  readonly measurement: Measurement;
  readonly isMedia: (stream: number) => boolean;
  /** Hands on what comes to its sockets. */
  readonly rtcp: RtcpReceiver;
  readonly inject: Inject | null;
  readonly cname: string;
  readonly deliver: (to: FeedbackPeer) => void;
  readonly others: readonly Agent[];
}

export function feedbackReceiver(open: OpenFeedbackReceiver, context: FeedbackReceiverContext): FeedbackReceiver {
  const { io, plan, measurement, isMedia, rtcp, inject, cname, deliver, others } = context;
  const receiver = new FeedbackReceiver({
    io,
    sources: open.sources.map(({ source }) => source),
    ports: open.ports,
    measurement,
    isMedia,
    proof: new FeedbackProof(plan.feedbackKey),
    name: plan.name ?? os.hostname(),
    cname,
    seed: plan.seed,
    reorderWindowNs: plan.reorderWindowNs,
    clockErrorNs: (): Nanos => (inject === null ? 0 : inject.clockErrorNs(io.clock.monoNs())),
    deliver,
    others,
  });
  if (plan.feedback!.onRtcp.length > 0) rtcp.tap = receiver;
  return receiver;
}
