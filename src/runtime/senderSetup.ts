import { randomInt } from 'node:crypto';
import { SendBatch } from '../core/batch.js';
import { formatHostPort } from '../core/format.js';
import { bitPerSecondAt, octetsAtLayer } from '../core/layers.js';
import { splitNs, type Nanos } from '../core/time.js';
import { FEC_HEADER_OCTETS } from '../profile/fecStreams.js';
import { fecFeed, type FecFeed } from './fecFeed.js';
import { channelStartNs } from '../feed/channelStart.js';
import { DealtFlows } from '../feed/dealtFlows.js';
import { MergedFeed, type FlowFeed } from '../feed/mergedFeed.js';
import { PayloadSlots } from '../feed/payloadSlots.js';
import { ReplayFlow, type ReplayFeed } from '../feed/replayFeed.js';
import type { DatagramSink, Destination, Io } from '../io/datagram.js';
import { Pacer } from '../pacing/pacer.js';
import { chooseQuantumNs, segmentsFor } from '../pacing/quantum.js';
import { datagramFeed } from './datagramFeed.js';
import { impairedFeed } from './impairedFeed.js';
import { inputName, type SentInput } from './inputReport.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import { isIperf } from '../profile/streamValues.js';
import { legFeed, mediaFeed, type MediaFeed, type SplitMedia } from './mediaFeed.js';
import { socketKey, stampFormatOf, type PlacedStream } from './placedStream.js';
import { replayFeed } from './replaySetup.js';
import { ReportedMedia } from './reportedMedia.js';
import { RtcpFeed } from './rtcpFeed.js';
import { SenderLane } from './senderLane.js';
import type { SenderStreamState } from './senderResult.js';
import { SenderStats, SentCounter } from './senderStats.js';
import { sequencedFeed, type Remembered, type SequencedFeed, type SplitFeeds } from './sequencedFeed.js';
import type { SharedOctets } from './sharedInput.js';

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
/**
 * A processor that sleeps wakes late, often by more than 50 us: at low rates the spin is longer, for at most this share of
 * the time. Beside other lanes it is short, because they wait for it.
 */
const SPIN_SHARE = 0.2;
const SHORTEST_SPIN_NS = 50e3;
const LONGEST_SPIN_NS = 500e3;
/** Many channels at once: to the half millisecond each, and not one processor for the waiting between them. */
const MANY_PACKETS_PER_SECOND = 5_000;
const MEDIA_QUANTUM_NS = 500e3;
/** Offload pays above this rate of one stream; below it, each datagram has a stamp of its own. */
const OFFLOAD_PACKETS_PER_SECOND = 100_000;

/**
 * One socket for all streams of one family, interface, local address, port, form of send time and number of a flow; each has
 * its own TTL and DSCP.
 */
export async function openSinks(io: Io, plan: SendPlan, placed: readonly PlacedStream[]): Promise<OpenSink[]> {
  const groups = new Map<string, PlacedStream[]>();
  for (const one of placed) {
    const key = socketKey(one);
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
      stampFormat: stampFormatOf(first),
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
  // Those of a super-packet are of one size.
  if (group.some(({ stream }) => stream.replay !== null || stream.sizes !== null)) return 1;
  if (!maySegment(io, plan, largest, group[0]!.stream.address.family, mtu)) return 1;
  const perSecond = totalPacketsPerSecond(group.map(({ stream }) => stream));
  if (plan.offload === 'auto' && perSecond <= OFFLOAD_PACKETS_PER_SECOND) return 1;
  return segmentsFor(smallest);
}

/** Whether datagrams of so many octets may leave as super-packets at all: not those that IP would have to fragment. */
export function maySegment(io: Io, { offload }: SendPlan, octets: number, family: 4 | 6, mtuOctets: number): boolean {
  return io.capabilities.offload && offload !== 'off' && octetsAtLayer(octets, family, 'ip') <= mtuOctets;
}

export function totalPacketsPerSecond(streams: readonly SendStream[]): number {
  return streams.reduce((sum, { packetsPerSecond }) => sum + packetsPerSecond, 0);
}

/** Of several flows each has its source, as receivers name them. */
function streamId({ stream, via, source, share }: PlacedStream, { sourcePort }: DatagramSink): string {
  const place = formatHostPort(stream.address.group, stream.address.port);
  return share.of === 1 ? `${place}/${via.name}` : `${place}/${formatHostPort(source ?? '*', sourcePort)}/${via.name}`;
}

function flowNames({ stream, deal, whole }: PlacedStream, media: MediaFeed | null): string[] {
  const { payload, replay, feed } = stream;
  if (media !== null) return media.ssrc === null ? [] : [`0x${media.ssrc.toString(16).padStart(8, '0')}`];
  if (payload !== null || replay !== null || feed !== null || isIperf(stream)) return [];
  const { own, first, of } = new DealtFlows(whole.flows, deal);
  return Array.from({ length: own }, (_, flow) => String(first + flow * of));
}

function sentInput(
  { stream, input, leg }: PlacedStream,
  media: MediaFeed | null,
  replay: ReplayFeed | null,
  sequenced: SequencedFeed | null,
): SentInput | null {
  if (stream.feed?.input.kind === 'itch' && sequenced !== null && sequenced.file !== null) {
    return { name: inputName(stream.feed.input.source), file: sequenced.file, packer: sequenced.origin.packer };
  }
  if (replay !== null && input?.kind === 'replay') return { name: stream.replay!.name, replay, capture: input.capture };
  return media === null || leg === 'b' ? null : { name: inputName(stream.media!.input), feed: media.origin };
}

/** By position in the plan, what feeds both legs of a stream. */
export interface SharedLegs {
  readonly media: Map<number, SplitMedia>;
  readonly feeds: SplitFeeds;
  /** What is known of feeds whose messages may be asked for again. */
  readonly remembered: ReadonlyMap<number, Remembered>;
}

/** A paced lane over an open sink, and the states of its streams. */
export interface BuiltLane {
  readonly lane: SenderLane;
  readonly quantumNs: Nanos;
  readonly streams: readonly SenderStreamState[];
}

/**
 * `legs` are shared by all lanes of a run, as is `cname`, the
 * sender's name in RTCP. `isAlone`: no other lane has media or probes.
 */
export function buildLane(
  io: Io,
  plan: SendPlan,
  open: OpenSink,
  runId: number,
  startMonoNs: Nanos,
  legs: SharedLegs,
  cname: string,
  isAlone: boolean,
): BuiltLane {
  const streams = open.placed.map(({ stream }) => stream);
  const perSecond = totalPacketsPerSecond(streams);
  const smallest = Math.min(...streams.map((stream) => stream.sizeOctets));
  const isMedia = streams.every(({ media }) => media !== null) && perSecond > MANY_PACKETS_PER_SECOND;
  const quantumNs =
    plan.quantumNs ??
    (isMedia ? MEDIA_QUANTUM_NS : chooseQuantumNs(perSecond, smallest, open.segments, streams.length));
  const spinNs = plan.spinNs ?? (isAlone ? chooseSpinNs(perSecond) : SHORTEST_SPIN_NS);
  const payloadSlots = new PayloadSlots();
  const feeds: FlowFeed[] = [];
  const states: SenderStreamState[] = [];
  const stats: SenderStats[] = [];
  const streamOf = new Uint16Array(streams.reduce((flows, stream) => flows + stream.flows, 0));
  let flowBase = 0;
  let fec: FecFeed | null = null;
  let fecFrom = 0;
  let media: MediaFeed | null = null;
  let reported: ReportedMedia | null = null;
  let replay: ReplayFeed | null = null;
  const { family } = streams[0]!.address;
  const unixAtMonoZero = splitNs(io.clock.epoch.realtimeNs);
  for (const [index, placed] of open.placed.entries()) {
    const { stream, whole } = placed;
    streamOf.fill(index, flowBase, flowBase + stream.flows);
    const paced = {
      packetsPerSecond: whole.packetsPerSecond,
      pattern: stream.pattern,
      count: plan.count,
      durationNs: plan.durationNs,
      startMonoNs:
        startMonoNs +
        (stream.media === null ? 0 : channelStartNs(placed.position, plan.streams.length, stream.packetsPerSecond)),
      seed: plan.seed + placed.order,
      sizeOctets: stream.sizeOctets,
      sizes: stream.sizes,
      destination: index,
      flowBase,
      // An impaired feed fills a batch of its own.
      payloadSlots: stream.impair === null ? payloadSlots : new PayloadSlots(),
    };
    flowBase += stream.flows;
    const id = streamId(placed, open.sink);
    stats.push(new SenderStats());
    const common = {
      id,
      leg: placed.leg,
      position: placed.position,
      ssrc: null as number | null,
      plan: stream,
      interfaceName: placed.via.name,
      source: placed.source,
      sink: open.sink,
    };
    if (placed.role === 'fec') {
      const counts = fec!.counts[index - fecFrom - 1]!;
      const own = { role: 'fec', feed: counts, input: null, flowNames: [], impairment: null } as const;
      states.push({ ...common, ...own, stats: stats[index]! });
      continue;
    }
    if (placed.role === 'control') {
      feeds.push(
        new RtcpFeed({
          media: reported!,
          ssrc: reported!.ssrc,
          cname,
          rateBitPerSecond: bitPerSecondAt(streams[fecFrom]!.packetsPerSecond, stream.sizeOctets, family, 'ip'),
          family,
          unixAtMonoZeroNs: io.clock.epoch.realtimeNs,
          startMonoNs: paced.startMonoNs,
          seed: paced.seed,
          destination: index,
          flowBase: paced.flowBase,
          payloadSlots,
        }),
      );
      continue;
    }
    const { input } = placed;
    if (input?.kind === 'replay' && input.flow > 0) {
      const own = { role: 'media', feed: new ReplayFlow(replay!, input.flow), input: null, flowNames: [] } as const;
      states.push({ ...common, ...own, stats: stats[index]!, impairment: null });
      continue;
    }
    replay = input?.kind === 'replay' ? replayFeed(input, paced) : null;
    media =
      stream.media === null
        ? null
        : placed.leg === null
          ? mediaFeed(stream.media, input as SharedOctets, paced)
          : legFeed(legs.media, placed.position, stream.media, input as SharedOctets, paced);
    fecFrom = index;
    const sequenced =
      stream.feed === null
        ? null
        : sequencedFeed(
            stream.feed,
            placed.input as SharedOctets | null,
            { ...paced, unixAtMonoZero },
            placed.position,
            legs.feeds,
            legs.remembered.get(placed.position) ?? null,
          );
    const own =
      media !== null
        ? media.feed
        : replay !== null
          ? replay
          : sequenced !== null
            ? sequenced.feed
            : datagramFeed(whole, {
                ...paced,
                share: placed.share,
                deal: placed.deal,
                runId,
                sendTime: io.capabilities.departureStamp ? 'departure' : 'due',
                unixAtMonoZero,
                superPackets: open.segments > 1,
              });
    fec = media === null || (stream.media?.fec ?? null) === null ? null : fecFeed(media.feed, stream, index);
    const feed = fec ?? own;
    const seed = stream.impair === null ? 0 : (stream.impair.seed ?? randomInt(2 ** 32));
    const largestOctets = stream.sizeOctets + (fec === null ? 0 : FEC_HEADER_OCTETS);
    const impaired =
      stream.impair === null
        ? null
        : impairedFeed(feed, stream.impair, seed, largestOctets, totalPacketsPerSecond([stream]), payloadSlots);
    feeds.push(impaired?.feed ?? feed);
    if (media !== null && media.ssrc !== null) reported = new ReportedMedia(media, feeds.at(-1)!);
    states.push({
      ...common,
      ssrc: media?.ssrc ?? null,
      role: 'media',
      feed: replay === null ? own : new ReplayFlow(replay, 0),
      input: sentInput(placed, media, replay, sequenced),
      stats: stats[index]!,
      flowNames: flowNames(placed, media),
      impairment: impaired === null ? null : { done: impaired.done, seed },
    });
  }
  const largest = Math.max(...streams.map((stream) => stream.sizeOctets));
  const slots = Math.max(16, Math.min(SLOTS_MAX, Math.floor(SLAB_OCTETS / largest)));
  const unpaced = perSecond === Infinity;
  const lane = new SenderLane({
    feed: feeds.length === 1 ? feeds[0]! : new MergedFeed(feeds, open.segments > 1),
    batch: new SendBatch(slots, slots * largest),
    pacer: new Pacer({
      quantumNs,
      spinNs: spinNs === 0 ? 0 : spinNs + READY_NS,
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

function chooseSpinNs(packetsPerSecond: number): Nanos {
  return Math.min(LONGEST_SPIN_NS, Math.max(SHORTEST_SPIN_NS, (SPIN_SHARE * 1e9) / packetsPerSecond));
}
