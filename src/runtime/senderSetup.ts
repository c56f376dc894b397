import { randomInt } from 'node:crypto';
import { SendBatch } from '../core/batch.js';
import { octetsAtLayer } from '../core/layers.js';
import { splitNs, type Nanos } from '../core/time.js';
import { MergedFeed, type FlowFeed } from '../feed/mergedFeed.js';
import { PayloadFeed } from '../feed/payloadFeed.js';
import { PayloadSlots } from '../feed/payloadSlots.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import type { DatagramSink, Destination, Io } from '../io/datagram.js';
import { firstAddress, listInterfaces, type NetworkInterface } from '../io/interfaces.js';
import { resolveInterface, sourceAddress, withoutZone } from '../io/resolveInterface.js';
import { Pacer } from '../pacing/pacer.js';
import { chooseQuantumNs, segmentsFor } from '../pacing/quantum.js';
import { impairedFeed } from './impairedFeed.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import { SenderLane } from './senderLane.js';
import type { SenderStreamState } from './senderResult.js';
import { SenderStats, SentCounter } from './senderStats.js';

/** A stream with the interface that it leaves by. */
export interface PlacedStream {
  readonly stream: SendStream;
  readonly via: NetworkInterface;
  /** Why this interface. */
  readonly reason: string;
  /** Local address to bind to and send from; `null`: the kernel's choice for the interface. */
  readonly source: string | null;
}

/** Everything that leaves through one socket. */
export interface OpenSink {
  readonly sink: DatagramSink;
  readonly placed: readonly PlacedStream[];
  readonly segments: number;
}

/** What is filled at once stays in the processor's cache until it is sent; four of the largest super-packets. */
const SLAB_OCTETS = 256 << 10;
const SLOTS_MAX = 1024;
/** From its wake-up to the spin a loop takes so long: it is woken so much earlier, and then spins for what was asked. */
const READY_NS = 20e3;
/** Offload pays above this rate of one stream; below it, each datagram has a stamp of its own. */
const OFFLOAD_PACKETS_PER_SECOND = 100_000;

export async function placeStreams(plan: SendPlan): Promise<PlacedStream[]> {
  const interfaces = listInterfaces();
  const placed: PlacedStream[] = [];
  for (const stream of plan.streams) {
    const { family, group, iface, sources } = stream.address;
    const wanted = sources[0] ?? null;
    // A source alone says where to send from.
    const { interface: via, reason } = await resolveInterface(iface ?? wanted, family, group, interfaces);
    // The kernel never chooses loopback's own IPv4 address: on lo it would be that of some other interface, or 0.0.0.0.
    const fallback = via.loopback && family === 4 && !plan.unicast ? firstAddress(via, family) : null;
    const source = wanted === null ? fallback : sourceAddress(wanted, family, via, interfaces);
    placed.push({ stream, via, reason, source: source === null ? null : withoutZone(source, via) });
  }
  return placed;
}

/** One socket for all streams of one family, interface, local address and port; each has its own TTL and DSCP. */
export async function openSinks(io: Io, plan: SendPlan, placed: readonly PlacedStream[]): Promise<OpenSink[]> {
  const groups = new Map<string, PlacedStream[]>();
  for (const one of placed) {
    const { address, sourcePort } = one.stream;
    const key = [address.family, one.via.index, one.source, sourcePort].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const sinks: OpenSink[] = [];
  for (const group of groups.values()) {
    const first = group[0]!;
    const sink = await io.openSink({
      family: first.stream.address.family,
      destinations: group.map(destinationOf),
      interfaceName: first.via.name,
      source: first.source,
      sourcePort: first.stream.sourcePort,
      loopback: plan.loopback,
      sendBufferOctets: plan.sendBufferOctets,
      stampFormat: 'unix-ns',
      transmitTimestamps: plan.transmitTimestamps,
      dontFragment: plan.dontFragment,
    });
    sinks.push({ sink, placed: group, segments: segmentsOf(io, plan, group) });
  }
  return sinks;
}

function destinationOf({ stream, via, source }: PlacedStream): Destination {
  return {
    address: stream.address.group,
    port: stream.address.port,
    interfaceIndex: via.index,
    source,
    ttl: stream.ttl,
    tos: stream.tos,
  };
}

/** Most datagrams of a super-packet; 1: each leaves by itself. */
function segmentsOf(io: Io, plan: SendPlan, group: readonly PlacedStream[]): number {
  const smallest = Math.min(...group.map(({ stream }) => stream.sizeOctets));
  const mtu = Math.min(...group.map(({ via }) => via.mtuOctets ?? 1500));
  const largest = Math.max(...group.map(({ stream }) => stream.sizeOctets));
  const octets = octetsAtLayer(largest, group[0]!.stream.address.family, 'ip');
  if (!io.capabilities.offload || plan.offload === 'off' || octets > mtu) return 1;
  const perSecond = totalPacketsPerSecond(group.map(({ stream }) => stream));
  if (plan.offload === 'auto' && perSecond <= OFFLOAD_PACKETS_PER_SECOND) return 1;
  return segmentsFor(smallest);
}

export function totalPacketsPerSecond(streams: readonly SendStream[]): number {
  let perSecond = 0;
  for (const { pattern, packetsPerSecond } of streams) {
    perSecond += pattern.kind === 'burst' ? (pattern.datagrams * 1e9) / pattern.periodNs : packetsPerSecond;
  }
  return perSecond;
}

/** A paced lane over an open sink, and the states of its streams. */
export interface BuiltLane {
  readonly lane: SenderLane;
  readonly quantumNs: Nanos;
  readonly streams: readonly SenderStreamState[];
}

export function buildLane(io: Io, plan: SendPlan, open: OpenSink, runId: number, startMonoNs: Nanos): BuiltLane {
  const streams = open.placed.map(({ stream }) => stream);
  const perSecond = totalPacketsPerSecond(streams);
  const smallest = Math.min(...streams.map((stream) => stream.sizeOctets));
  const quantumNs = plan.quantumNs ?? chooseQuantumNs(perSecond, smallest, open.segments);
  const payloadSlots = new PayloadSlots();
  const feeds: FlowFeed[] = [];
  const states: SenderStreamState[] = [];
  const stats: SenderStats[] = [];
  const streamOf = new Uint16Array(streams.reduce((flows, stream) => flows + stream.flows, 0));
  let flowBase = 0;
  for (const [index, placed] of open.placed.entries()) {
    const { stream } = placed;
    const paced = {
      packetsPerSecond: stream.packetsPerSecond,
      pattern: stream.pattern,
      count: plan.count,
      durationNs: plan.durationNs,
      startMonoNs,
      seed: plan.seed + index,
      sizeOctets: stream.sizeOctets,
      destination: index,
      flowBase,
      // An impaired feed fills a batch of its own.
      payloadSlots: stream.impair === null ? payloadSlots : new PayloadSlots(),
    };
    const feed =
      stream.payload === null
        ? new ProbeFeed({
            ...paced,
            flows: stream.flows,
            runId,
            tos: stream.tos,
            ttl: stream.ttl,
            sendTime: io.capabilities.departureStamp ? 'departure' : 'due',
            unixAtMonoZero: splitNs(io.clock.epoch.realtimeNs),
            superPackets: open.segments > 1,
          })
        : new PayloadFeed({ ...paced, payload: stream.payload });
    const seed = stream.impair === null ? 0 : (stream.impair.seed ?? randomInt(2 ** 32));
    const impaired =
      stream.impair === null
        ? null
        : impairedFeed(feed, stream.impair, seed, stream.sizeOctets, totalPacketsPerSecond([stream]), payloadSlots);
    feeds.push(impaired?.feed ?? feed);
    streamOf.fill(index, flowBase, flowBase + stream.flows);
    flowBase += stream.flows;
    stats.push(new SenderStats());
    states.push({
      id: `${stream.address.family === 6 ? `[${stream.address.group}]` : stream.address.group}:${stream.address.port}/${placed.via.name}`,
      plan: stream,
      interfaceName: placed.via.name,
      source: placed.source,
      sink: open.sink,
      feed,
      stats: stats[index]!,
      impairment: impaired === null ? null : { done: impaired.done, seed },
    });
  }
  const largest = Math.max(...streams.map((stream) => stream.sizeOctets));
  const slots = Math.max(16, Math.min(SLOTS_MAX, Math.floor(SLAB_OCTETS / largest)));
  const unpaced = perSecond === Infinity;
  const lane = new SenderLane({
    feed: feeds.length === 1 ? feeds[0]! : new MergedFeed(feeds),
    batch: new SendBatch(slots, slots * largest),
    pacer: new Pacer({
      quantumNs,
      spinNs: plan.spinNs === 0 ? 0 : plan.spinNs + READY_NS,
      maxLateNs: plan.maxLateNs,
      mostPerCall: slots,
      unpaced,
    }),
    sink: open.sink,
    clock: io.clock,
    counter: new SentCounter(streamOf, stats),
    segments: open.segments,
    maxLateNs: plan.maxLateNs,
  });
  return { lane, quantumNs, streams: states };
}
