/** What a sender tells of its transport streams: the session description, and its announcement on the network. */
import { SendBatch } from '../core/batch.js';
import { firstAddress } from '../io/interfaces.js';
import type { DatagramSink, Io } from '../io/datagram.js';
import type { Nanos } from '../core/time.js';
import { MergedFeed } from '../feed/mergedFeed.js';
import { Pacer } from '../pacing/pacer.js';
import type { SendPlan } from '../profile/plan.js';
import { SAP_PORT, SAP_TTL } from '../wire/sapGroups.js';
import type { Agent } from './agent.js';
import { SEND_TIME_ID } from './mediaFeed.js';
import { SapFeed } from './sapFeed.js';
import { SenderLane } from './senderLane.js';
import type { SenderStreamState } from './senderResult.js';
import type { PlacedStream } from './placedStream.js';
import { SenderStats, SentCounter } from './senderStats.js';
import {
  announcements,
  announcerOf,
  describeSender,
  type SentPlace,
  type SentSession,
  type SentStream,
} from './sessionDescription.js';
import { toolFacts } from './toolFacts.js';

/** Announcements are never given up for being late. */
const MAX_LATE_NS = 60e9;
const SLOTS = 4;

/** A transport stream as it leaves, with what its description says. */
interface Described {
  readonly placed: PlacedStream;
  readonly sent: SentStream;
}

export class SenderSession {
  readonly #described: readonly Described[];
  readonly #session: SentSession;

  /** `states` in the order of `placed`, RTCP left out. `cname`: the sender's name in RTCP. */
  constructor(
    plan: SendPlan,
    placed: readonly PlacedStream[],
    states: readonly SenderStreamState[],
    cname: string,
    unixNs: bigint,
  ) {
    const media = placed.filter(({ role, leg, stream }) => role === 'media' && leg !== 'b' && stream.media !== null);
    const legB = placed.filter(({ leg }) => leg === 'b');
    this.#described = media.map((one) => ({
      placed: one,
      sent: sentStream(
        one,
        legB.find(({ position }) => position === one.position),
        states.find(({ position, role, leg }) => position === one.position && role === 'media' && leg !== 'b')!,
        cname,
      ),
    }));
    const first = media[0];
    this.#session = {
      name: plan.name ?? 'mcastkit',
      address: first === undefined ? '127.0.0.1' : originOf(first),
      unixNs,
      tool: `mcastkit ${toolFacts().version}`,
    };
  }

  /** SDP of all streams; `null`: none is a transport stream. */
  description(): string | null {
    if (this.#described.length === 0) return null;
    return describeSender(
      this.#session,
      this.#described.map(({ sent }) => sent),
    );
  }

  /** Opens what announces the streams on the interfaces that they leave by. */
  async announce(io: Io, plan: SendPlan, startMonoNs: Nanos): Promise<Announcing> {
    const byPath = new Map<string, Described[]>();
    for (const one of this.#described) {
      const { stream, via } = one.placed;
      const key = `${stream.address.family} ${via.index}`;
      byPath.set(key, [...(byPath.get(key) ?? []), one]);
    }
    const lanes: SenderLane[] = [];
    const sinks: DatagramSink[] = [];
    for (const described of byPath.values()) {
      const { stream, via, source } = described[0]!.placed;
      const { family } = stream.address;
      const session = { ...this.#session, address: originOf(described[0]!.placed) };
      const told = announcements(
        session,
        described.map(({ sent }) => sent),
      );
      if (told.length === 0) continue;
      const sink = await io.openSink({
        family,
        destinations: told.map(({ sapGroup }) => ({
          address: sapGroup,
          port: SAP_PORT,
          interfaceIndex: via.index,
          source,
          ttl: SAP_TTL,
          tos: 0,
        })),
        interfaceName: via.name,
        source,
        sourcePort: 0,
        loopback: plan.loopback,
        sendBufferOctets: 0,
        stampFormat: 'unix-ns',
        transmitTimestamps: false,
        dontFragment: false,
      });
      sinks.push(sink);
      const announcers = told.map((one) => announcerOf(one, session.address, startMonoNs));
      const feeds = announcers.map(
        (announcer, index) =>
          new SapFeed({ announcer, destination: index, flowBase: index, others: told[index]!.others }),
      );
      const largest = Math.max(...announcers.map(({ octets }) => octets));
      lanes.push(
        new SenderLane({
          feed: feeds.length === 1 ? feeds[0]! : new MergedFeed(feeds),
          batch: new SendBatch(SLOTS, SLOTS * largest),
          pacer: new Pacer({ quantumNs: 0, spinNs: 0, maxLateNs: MAX_LATE_NS, mostPerCall: SLOTS, unpaced: false }),
          sink,
          clock: io.clock,
          counter: new SentCounter(new Uint16Array(feeds.length), [new SenderStats()]),
          segments: 1,
          maxLateNs: MAX_LATE_NS,
        }),
      );
    }
    return new Announcing(lanes, sinks);
  }
}

/** Announces until the media have ended, and then takes it back. */
export class Announcing implements Agent {
  readonly sinks: readonly DatagramSink[];
  readonly #lanes: readonly SenderLane[];
  #media: readonly Agent[] = [];
  #stopped = false;

  constructor(lanes: readonly SenderLane[], sinks: readonly DatagramSink[]) {
    this.#lanes = lanes;
    this.sinks = sinks;
  }

  /** What it lasts as long as. */
  follow(media: readonly Agent[]): void {
    this.#media = media;
  }

  get finished(): boolean {
    return this.#lanes.every(({ finished }) => finished);
  }

  doWork(nowMonoNs: Nanos): number {
    if (!this.#stopped && this.#media.every(({ finished }) => finished)) this.stop(nowMonoNs);
    let handled = 0;
    for (const lane of this.#lanes) if (!lane.finished) handled += lane.doWork(nowMonoNs);
    return handled;
  }

  nextDueNs(): Nanos {
    let dueNs = Infinity;
    for (const lane of this.#lanes) if (!lane.finished) dueNs = Math.min(dueNs, lane.nextDueNs());
    return dueNs;
  }

  gatherNs(): Nanos {
    return 0;
  }

  stop(nowMonoNs: Nanos): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const lane of this.#lanes) lane.stop(nowMonoNs);
  }
}

function sentStream(
  placed: PlacedStream,
  legB: PlacedStream | undefined,
  state: SenderStreamState,
  cname: string,
): SentStream {
  const media = placed.stream.media!;
  const isRtp = media.rtp !== null;
  return {
    scheme: isRtp ? 'rtp' : 'udp',
    place: sentPlace(placed),
    name: placed.stream.address.name,
    ssrc: state.ssrc,
    cname: isRtp ? cname : null,
    sendTimeId: media.rtp?.sendTime === true ? SEND_TIME_ID : null,
    legB: legB === undefined ? null : sentPlace(legB),
    fec: media.fec,
    packetsPerSecond: placed.stream.packetsPerSecond,
  };
}

/** Receivers join a source where the group is one for that, or where the endpoint names it. */
function sentPlace({ stream, source }: PlacedStream): SentPlace {
  const { group, port, sources } = stream.address;
  const isSpecific = sources.length > 0 || /^232\.|^ff3/i.test(group);
  return { group, port, ttl: stream.ttl, source: isSpecific ? source : null };
}

function originOf({ source, via, stream }: PlacedStream): string {
  return source ?? firstAddress(via, stream.address.family) ?? (stream.address.family === 6 ? '::1' : '127.0.0.1');
}
