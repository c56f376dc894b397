import type { RecoveryOptions } from '../control/recoveryOptions.js';
import type { Nanos } from '../core/time.js';
import type { DatagramPort } from '../io/datagram.js';
import { FrameField, FrameKind, type SessionWords } from '../wire/framing.js';
import { MOLD_REQUEST_OCTETS, moldUdp64Framing, putMoldHeader } from '../wire/moldudp64.js';
import { WireStatus } from '../wire/status.js';
import type { Agent } from './agent.js';
import { ChannelRecovery } from './channelRecovery.js';

/** A server that is asked, through a port of its family. */
export interface RecoveryTarget {
  readonly address: string;
  readonly port: number;
  readonly through: DatagramPort;
}

/** How the feed of one endpoint is asked for. */
export interface FeedRecovery {
  readonly targets: readonly RecoveryTarget[];
  /** Number on the wire that a late joiner begins with; `null`: the first one heard. */
  readonly from: number | null;
  readonly options: RecoveryOptions;
}

export interface RecoveryAgentOptions {
  readonly ports: readonly DatagramPort[];
  /** By position of the endpoint; `null`: it is not asked for. */
  readonly feeds: readonly (FeedRecovery | null)[];
  /** It ends when all of these have. */
  readonly others: readonly Agent[];
}

/** Answers are looked for this often while there are requests under way. */
const LOOK_NS = 1e6;
/** Datagrams read of each port in one turn. */
const READS_PER_TURN = 256;
/** Feeds that are asked for at a time: a flood of sessions is not to take the memory. */
const MOST_CHANNELS = 64;
/** The longest payload of UDP over IPv4. */
const ANSWER_OCTETS = 65_507;
const TWO_32 = 4_294_967_296;

interface Asked {
  readonly channel: ChannelRecovery;
  readonly targets: readonly RecoveryTarget[];
}

/** Asks servers for messages that feeds have missed (MoldUDP64, Request Packet), and hands in what they answer. */
export class RecoveryAgent implements Agent {
  finished = false;
  /** What came to its ports and is no answer: not of the format, of no session that is asked for, or from somebody else. */
  malformed = 0;
  foreign = 0;
  /** Feeds that there was no room for. */
  refused = 0;
  readonly #options: RecoveryAgentOptions;
  readonly #addresses: ReadonlySet<string>;
  readonly #asked: Asked[] = [];
  readonly #answer = new Uint8Array(ANSWER_OCTETS);
  readonly #answerView = new DataView(this.#answer.buffer);
  readonly #request = new Uint8Array(MOLD_REQUEST_OCTETS);
  readonly #requestView = new DataView(this.#request.buffer);
  readonly #frame = new Uint32Array(FrameField.Count);
  /** When it looks for answers next. */
  readonly #lookNs = new Float64Array([Infinity]);

  constructor(options: RecoveryAgentOptions) {
    this.#options = options;
    const targets = options.feeds.flatMap((feed) => feed?.targets ?? []);
    this.#addresses = new Set(targets.map(({ address }) => address));
  }

  /** For a feed of the endpoint at `position`, whose number 0 is `origin`; `null`: it is not asked for. */
  channel(position: number, session: SessionWords, origin: bigint): ChannelRecovery | null {
    const feed = this.#options.feeds[position] ?? null;
    if (feed === null) return null;
    // The same session whose numbers begin anew: nothing of the old ones can be asked for any more.
    const older = this.#asked.findIndex(({ channel }) => isSame(channel.session, session));
    if (older >= 0) this.#asked.splice(older, 1)[0]!.channel.close();
    if (this.#asked.length === MOST_CHANNELS) {
      this.refused++;
      return null;
    }
    const { targets, from, options } = feed;
    const channel = new ChannelRecovery({ session, origin, from, recovery: options });
    this.#asked.push({ channel, targets });
    return channel;
  }

  doWork(nowMonoNs: Nanos): number {
    if (this.#options.others.every((agent) => agent.finished)) {
      this.finished = true;
      return 0;
    }
    const answers = nowMonoNs >= this.#lookNs[0]! ? this.#look(nowMonoNs) : 0;
    let isWaiting = false;
    for (let i = 0; i < this.#asked.length; i++) {
      const { channel } = this.#asked[i]!;
      if (answers > 0 || nowMonoNs >= channel.recovery.dueNs) this.#tend(this.#asked[i]!, nowMonoNs);
      isWaiting ||= channel.recovery.underWay > 0;
    }
    if (!isWaiting) this.#lookNs[0] = Infinity;
    else if (!(this.#lookNs[0]! > nowMonoNs && this.#lookNs[0]! < Infinity)) this.#lookNs[0] = nowMonoNs + LOOK_NS;
    return answers;
  }

  nextDueNs(): Nanos {
    let dueNs = this.#lookNs[0]!;
    for (const { channel } of this.#asked) dueNs = Math.min(dueNs, channel.recovery.dueNs);
    return dueNs;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}

  /** What was not as it should be, in words for the result. */
  get notes(): string[] {
    const notes: string[] = [];
    if (this.malformed > 0) notes.push(`datagrams at the ports of recovery that are no answer: ${this.malformed}`);
    if (this.foreign > 0) notes.push(`answers that nobody had asked for: ${this.foreign}`);
    if (this.refused > 0) notes.push(`feeds not asked for: ${this.refused}, beyond ${MOST_CHANNELS}`);
    return notes;
  }

  #tend({ channel, targets }: Asked, nowMonoNs: Nanos): void {
    const { recovery, session } = channel;
    channel.step(nowMonoNs);
    while (recovery.nextRequest()) {
      const { address, port, through } = targets[recovery.requestServer]!;
      const { requestCount } = recovery;
      putMoldHeader(this.#requestView, 0, session[0], session[1], session[2], channel.requestSequence, requestCount);
      if (!through.send(this.#request, MOLD_REQUEST_OCTETS, address, port)) channel.requestsNotSent++;
    }
  }

  #look(nowMonoNs: Nanos): number {
    const { ports } = this.#options;
    let answers = 0;
    this.#lookNs[0] = nowMonoNs + LOOK_NS;
    for (const port of ports) {
      let reads = 0;
      for (; reads < READS_PER_TURN; reads++) {
        const octets = port.receive(this.#answer);
        if (octets < 0) break;
        answers++;
        this.#onAnswer(octets, port.sourceAddress, nowMonoNs);
      }
      if (reads === READS_PER_TURN) this.#lookNs[0] = nowMonoNs;
    }
    return answers;
  }

  #onAnswer(octets: number, source: string, nowMonoNs: Nanos): void {
    const frame = this.#frame;
    const view = this.#answerView;
    if (moldUdp64Framing.read(view, 0, octets, frame) !== WireStatus.Ok) {
      this.malformed++;
      return;
    }
    const channel = this.#addresses.has(source) ? this.#channelOf(frame) : null;
    if (channel === null) {
      this.foreign++;
      return;
    }
    if (frame[FrameField.Kind] !== FrameKind.Data) return;
    const sequence = frame[FrameField.SequenceHigh]! * TWO_32 + frame[FrameField.SequenceLow]!;
    const from = frame[FrameField.BlocksAt]!;
    channel.onAnswer(this.#answer, view, from, octets, sequence, frame[FrameField.Span]!, nowMonoNs);
  }

  #channelOf(frame: Uint32Array): ChannelRecovery | null {
    for (let i = 0; i < this.#asked.length; i++) {
      const { channel } = this.#asked[i]!;
      const { session } = channel;
      if (frame[FrameField.Session0] !== session[0] || frame[FrameField.Session1] !== session[1]) continue;
      if (frame[FrameField.Session2] === session[2]) return channel;
    }
    return null;
  }
}

function isSame(a: SessionWords, b: SessionWords): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}
