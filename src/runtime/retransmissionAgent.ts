import { Retransmission, type OctetBucket } from '../control/retransmission.js';
import { copyOctets } from '../core/bytes.js';
import type { MessageMemory } from '../core/messageMemory.js';
import type { Nanos } from '../core/time.js';
import type { DatagramPort } from '../io/datagram.js';
import { type FeedFraming, FrameField, FrameKind, type SessionWords } from '../wire/framing.js';
import {
  checkMoldRequest,
  MOLD_REQUEST_OCTETS,
  moldCount,
  moldSequence,
  moldSession0,
  moldSession1,
  moldSession2,
} from '../wire/moldudp64.js';
import { WireStatus } from '../wire/status.js';
import type { Agent } from './agent.js';

/** Requests are looked for this often. */
export const LOOK_NS = 1e6;
/** Read in one turn, and datagrams sent from which on the others wait for the next: about 100 us, which a schedule bears. */
const REQUESTS_PER_TURN = 64;
const ANSWERS_PER_TURN = 32;
/** A tenth of a gigabit link for one host that has missed something, and what a turn of each millisecond gives away at most. */
const PER_CLIENT: OctetBucket = { octetPerSecond: 100e6 / 8, burstOctets: 256 << 10 };
const OVERALL: OctetBucket = { octetPerSecond: 300e6 / 8, burstOctets: 1 << 20 };
/** Hosts whose rates are remembered. */
const CLIENTS = 1024;
const TWO_32 = 4_294_967_296;
const TWO_21 = 2_097_152;

export interface RetransmissionAgentOptions {
  readonly port: DatagramPort;
  readonly memory: MessageMemory;
  readonly framing: FeedFraming;
  readonly session: SessionWords;
  /** Number of the feed's first message. */
  readonly firstSequence: number;
  /** UDP payload of the largest answer. */
  readonly payloadOctets: number;
  /** How long it goes on answering when all of `others` have finished. */
  readonly lingerNs: Nanos;
  readonly others: readonly Agent[];
}

/**
 * Answers requests for messages of one feed (MoldUDP64, Request Packet) with ordinary downstream packets, by unicast to
 * whoever asked. A host is one client, however many ports it asks from.
 */
export class RetransmissionAgent implements Agent {
  finished = false;
  readonly retransmission: Retransmission;
  /** Datagrams that are no request, and requests for another session. */
  malformed = 0;
  foreign = 0;
  /** Answers that the system did not take. */
  notSent = 0;
  readonly #options: RetransmissionAgentOptions;
  readonly #request = new Uint8Array(MOLD_REQUEST_OCTETS + 1);
  readonly #requestView = new DataView(this.#request.buffer);
  readonly #answer: Uint8Array;
  readonly #answerView: DataView;
  readonly #frame = new Uint32Array(FrameField.Count);
  /** When it looks next, and when it ends. */
  readonly #times = new Float64Array([-Infinity, Infinity]);
  #clientAddress = '';
  readonly #client = new Float64Array(1);

  constructor(options: RetransmissionAgentOptions) {
    this.#options = options;
    const { framing, payloadOctets, session, memory, firstSequence } = options;
    this.retransmission = new Retransmission(memory, {
      firstSequence,
      datagramOctets: payloadOctets,
      headerOctets: framing.headerOctets,
      messageHeaderOctets: framing.blockHeaderOctets,
      answersPerRequest: ANSWERS_PER_TURN,
      messagesPerAnswer: framing.maxMessages,
      clients: CLIENTS,
      perClient: PER_CLIENT,
      overall: OVERALL,
    });
    this.#answer = new Uint8Array(payloadOctets);
    this.#answerView = new DataView(this.#answer.buffer);
    for (let i = 0; i < session.length; i++) this.#frame[FrameField.Session0 + i] = session[i]!;
  }

  doWork(nowMonoNs: Nanos): number {
    const times = this.#times;
    const { others, lingerNs } = this.#options;
    if (times[Time.End] === Infinity && others.every((agent) => agent.finished)) {
      times[Time.End] = nowMonoNs + lingerNs;
    }
    if (nowMonoNs >= times[Time.End]!) {
      this.finished = true;
      return 0;
    }
    if (nowMonoNs < times[Time.Look]!) return 0;
    times[Time.Look] = nowMonoNs + LOOK_NS;
    return this.#look(nowMonoNs);
  }

  nextDueNs(): Nanos {
    return Math.min(this.#times[Time.Look]!, this.#times[Time.End]!);
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  /** Messages sent that its memory never had: it could not be written any more. */
  get notKept(): number {
    const { next, end } = this.#options.memory;
    return next - end;
  }

  /** The others are stopped; who has heard them end may still ask. */
  stop(): void {}

  #look(nowMonoNs: Nanos): number {
    const { port } = this.#options;
    let answers = 0;
    let requests = 0;
    while (requests < REQUESTS_PER_TURN && answers < ANSWERS_PER_TURN) {
      const octets = port.receive(this.#request);
      if (octets < 0) break;
      requests++;
      answers += this.#onRequest(octets, nowMonoNs);
    }
    return requests;
  }

  /** Returns how many answers it was worth. */
  #onRequest(octets: number, nowMonoNs: Nanos): number {
    const view = this.#requestView;
    if (checkMoldRequest(view, 0, octets) !== WireStatus.Ok) {
      this.malformed++;
      return 0;
    }
    const { session, port } = this.#options;
    if (moldSession0(view, 0) !== session[0] || moldSession1(view, 0) !== session[1]) return this.#onForeign();
    if (moldSession2(view, 0) !== session[2]) return this.#onForeign();
    if (port.sourceAddress !== this.#clientAddress) {
      this.#clientAddress = port.sourceAddress;
      this.#client[0] = numberOf(port.sourceAddress);
    }
    const { retransmission } = this;
    const answers = retransmission.request(this.#client[0]!, moldSequence(view, 0), moldCount(view, 0), nowMonoNs);
    for (let i = 0; i < answers; i++) {
      this.#send(retransmission.answerSequence[i]!, retransmission.answerCount[i]!);
    }
    return answers;
  }

  #onForeign(): number {
    this.foreign++;
    return 0;
  }

  #send(sequence: number, count: number): void {
    const { port, memory, framing } = this.#options;
    const view = this.#answerView;
    const frame = this.#frame;
    let at = framing.headerOctets;
    for (let n = sequence; n < sequence + count; n++) {
      const octets = memory.lengthOf(n);
      // A file that cannot be read any more: what was gathered before is answered by nobody.
      if (!(at + framing.blockHeaderOctets + octets <= view.byteLength)) {
        this.notSent++;
        return;
      }
      const from = memory.offsetOf(n);
      framing.writeBlockHeader(view, at, octets, octets === 0 ? 0 : memory.view.getUint8(from));
      copyOctets(memory.view, from, octets, view, at + framing.blockHeaderOctets);
      at += framing.blockHeaderOctets + octets;
    }
    const high = Math.floor(sequence / TWO_32);
    frame[FrameField.Kind] = FrameKind.Data;
    frame[FrameField.SequenceHigh] = high;
    frame[FrameField.SequenceLow] = sequence - high * TWO_32;
    frame[FrameField.Span] = count;
    frame[FrameField.Messages] = count;
    framing.writeHeader(view, 0, at, frame);
    if (!port.send(this.#answer, at, port.sourceAddress, port.sourcePort)) this.notSent++;
  }
}

const Time = { Look: 0, End: 1 } as const;

/** A number that stands for an address: two hashes (FNV-1a, 32 bits, of other beginnings) make 53 bits. */
function numberOf(address: string): number {
  let first = 0x811c_9dc5;
  let second = 0x1234_5678;
  for (let i = 0; i < address.length; i++) {
    const octet = address.charCodeAt(i);
    first = Math.imul(first ^ octet, 0x0100_0193);
    second = Math.imul(second ^ octet, 0x0100_0193);
  }
  return (first >>> 0) * TWO_21 + (second >>> 11);
}
