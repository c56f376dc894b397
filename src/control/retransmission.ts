/**
 * What a server answers to requests for messages that its clients missed (MoldUDP64, Request Packet): decided from
 * numbers alone, within bounds of its own, whoever asks for however much.
 */
import type { Nanos } from '../core/time.js';

const NS_PER_SECOND = 1e9;

/** What is there to answer with: `oldest .. end` (the end excluded); `next` is the number of the next message sent. */
export interface AnswerableMessages {
  readonly oldest: number;
  readonly end: number;
  readonly next: number;
  /** Octets of a message that is there. */
  lengthOf(sequence: number): number;
}

/** A bucket of octets that fills at a rate up to a burst. */
export interface OctetBucket {
  readonly octetPerSecond: number;
  /** At least a whole datagram. */
  readonly burstOctets: number;
}

export interface RetransmissionOptions {
  /** Number of the first message of all. */
  readonly firstSequence: number;
  /** Longest UDP payload of an answer. */
  readonly datagramOctets: number;
  /** Of the format, in front of the messages of a datagram. */
  readonly headerOctets: number;
  /** Of the format, in front of each message. */
  readonly messageHeaderOctets: number;
  /** Most datagrams that answer one request, 1 .. 65535. */
  readonly answersPerRequest: number;
  /** Most messages in a datagram, 1 .. 65535. */
  readonly messagesPerAnswer: number;
  /** Clients remembered, 1 .. 65535; of further ones the least recently seen is forgotten, and would begin with a full bucket. */
  readonly clients: number;
  /** UDP payload octets of answers to each client, and to all. */
  readonly perClient: OctetBucket;
  readonly overall: OctetBucket;
}

/** Positions in the array of exact figures. */
const OVERALL_OCTETS = 0;
const OVERALL_NS = 1;
const MESSAGES = 2;
const UNAVAILABLE = 3;

/**
 * Decides answers. A request is answered from its first number that is still there, in datagrams that are filled as far
 * as whole messages go, up to `answersPerRequest` of them; the client asks again for what is left. An answer leaves only
 * when the client's bucket and that of all hold a whole datagram, and takes what it has: so what is refused costs no
 * look at any message, and a flood costs the line no more than its rate.
 *
 * Forged senders can make it forget clients and begin with full buckets; the bucket of all bounds that too.
 */
export class Retransmission {
  /** Well-formed ones. */
  requests = 0;
  /** Requests with at least one answer, and the datagrams of those. */
  answered = 0;
  answers = 0;
  /** Requests that got nothing because a bucket was empty, by whose. */
  refusedByClientRate = 0;
  refusedByOverallRate = 0;
  /** Requests that got less than they would have, because of either; and that were for more than one answer holds. */
  shortenedByRate = 0;
  shortenedByLength = 0;
  /** Requests for what was not sent yet, for what is before the first message of all, or for nothing. */
  outOfRange = 0;
  /** Clients forgotten for others. */
  forgotten = 0;
  /** The latest request's answers: first number and count of each. Valid until the next {@link request}. */
  readonly answerSequence: Float64Array;
  readonly answerCount: Uint16Array;

  readonly #messages: AnswerableMessages;
  readonly #options: RetransmissionOptions;
  readonly #room: number;
  /** By client: who, octets in its bucket, and when it was last filled. NaN: nobody. */
  readonly #client: Float64Array;
  readonly #octets: Float64Array;
  readonly #filledNs: Float64Array;
  readonly #exact: Float64Array;
  /** Of the answer made last, without its header. */
  #octetsTaken = 0;

  constructor(messages: AnswerableMessages, options: RetransmissionOptions) {
    const { datagramOctets, headerOctets, messageHeaderOctets, perClient, overall } = options;
    this.#room = datagramOctets - headerOctets;
    if (!(this.#room > messageHeaderOctets)) throw new Error(`answers of ${datagramOctets} octets`);
    for (const { octetPerSecond, burstOctets } of [perClient, overall]) {
      if (!(octetPerSecond > 0 && burstOctets >= datagramOctets)) throw new Error(`a bucket of ${burstOctets} octets`);
    }
    const { clients, answersPerRequest, messagesPerAnswer } = options;
    for (const count of [clients, answersPerRequest, messagesPerAnswer]) {
      if (!(Number.isInteger(count) && count >= 1 && count <= 0xffff)) throw new Error(`a bound of ${count}`);
    }
    this.#messages = messages;
    this.#options = options;
    this.answerSequence = new Float64Array(options.answersPerRequest);
    this.answerCount = new Uint16Array(options.answersPerRequest);
    this.#client = new Float64Array(options.clients).fill(NaN);
    this.#octets = new Float64Array(options.clients);
    this.#filledNs = new Float64Array(options.clients).fill(-Infinity);
    this.#exact = new Float64Array([overall.burstOctets, -Infinity, 0, 0]);
  }

  /** Messages in answers. */
  get messages(): number {
    return this.#exact[MESSAGES]!;
  }

  /** Messages asked for that are gone, were never kept, or fit into no datagram. */
  get unavailable(): number {
    return this.#exact[UNAVAILABLE]!;
  }

  /** Clients remembered: all that asked, whether or not they got an answer. */
  get clients(): number {
    let known = 0;
    for (const client of this.#client) if (client === client) known++;
    return known;
  }

  /**
   * `client` (any number that names where answers go) asks for `count` messages from `sequence` on. Returns how many
   * answers {@link answerSequence} and {@link answerCount} hold. `nowNs` never goes back. Hot.
   */
  request(client: number, sequence: number, count: number, nowNs: Nanos): number {
    this.requests++;
    const { oldest, end: kept, next } = this.#messages;
    const { firstSequence } = this.#options;
    if (!(count > 0 && sequence >= firstSequence && sequence < next)) this.outOfRange++;
    // What there is of those is answered all the same: who joins late may not know the first number.
    const first = Math.max(sequence, firstSequence);
    const asked = Math.min(next, sequence + count);
    if (!(first < asked)) return this.#noteOnly(client, nowNs);
    const from = Math.max(first, oldest);
    const to = Math.min(asked, kept);
    if (from >= to) {
      this.#exact[UNAVAILABLE]! += asked - first;
      return this.#noteOnly(client, nowNs);
    }
    this.#exact[UNAVAILABLE]! += from - first + (asked - to);
    return this.#answer(this.#bucketOf(client, nowNs), from, to, nowNs);
  }

  #answer(bucket: number, from: number, to: number, nowNs: Nanos): number {
    const { datagramOctets, headerOctets, answersPerRequest } = this.#options;
    this.#fillOverall(nowNs);
    const octets = this.#octets;
    const exact = this.#exact;
    let made = 0;
    let n = from;
    while (made < answersPerRequest && n < to) {
      if (!(octets[bucket]! >= datagramOctets)) {
        if (made === 0) this.refusedByClientRate++;
        else this.shortenedByRate++;
        break;
      }
      if (!(exact[OVERALL_OCTETS]! >= datagramOctets)) {
        if (made === 0) this.refusedByOverallRate++;
        else this.shortenedByRate++;
        break;
      }
      n = this.#skipUnfit(n, to);
      if (n === to) break;
      const end = this.#endOfAnswer(n, to);
      const taken = headerOctets + this.#octetsTaken;
      octets[bucket]! -= taken;
      exact[OVERALL_OCTETS]! -= taken;
      this.answerSequence[made] = n;
      this.answerCount[made] = end - n;
      exact[MESSAGES]! += end - n;
      made++;
      n = end;
    }
    if (made === answersPerRequest && n < to) this.shortenedByLength++;
    if (made > 0) this.answered++;
    this.answers += made;
    return made;
  }

  /** The first message of `n .. to` that a datagram has room for; those before it never went into one. */
  #skipUnfit(n: number, to: number): number {
    const largest = this.#room - this.#options.messageHeaderOctets;
    while (n < to && this.#messages.lengthOf(n) > largest) {
      this.#exact[UNAVAILABLE]!++;
      n++;
    }
    return n;
  }

  /** Where the datagram that begins with message `n`, which fits, is full. */
  #endOfAnswer(n: number, to: number): number {
    const { messageHeaderOctets, messagesPerAnswer } = this.#options;
    const most = Math.min(to, n + messagesPerAnswer);
    let octets = 0;
    while (n < most) {
      const more = octets + messageHeaderOctets + this.#messages.lengthOf(n);
      if (more > this.#room) break;
      octets = more;
      n++;
    }
    this.#octetsTaken = octets;
    return n;
  }

  #fillOverall(nowNs: Nanos): void {
    const { octetPerSecond, burstOctets } = this.#options.overall;
    const exact = this.#exact;
    const grown = exact[OVERALL_OCTETS]! + ((nowNs - exact[OVERALL_NS]!) * octetPerSecond) / NS_PER_SECOND;
    exact[OVERALL_OCTETS] = Math.min(burstOctets, grown);
    exact[OVERALL_NS] = nowNs;
  }

  /** A client that gets no answer is remembered where there is room for it; nobody is forgotten for it. Returns 0. */
  #noteOnly(client: number, nowNs: Nanos): number {
    const known = this.#client;
    for (let i = 0; i < known.length && known[i] !== client; i++) {
      if (known[i] === known[i]) continue;
      this.#bucketOf(client, nowNs);
      break;
    }
    return 0;
  }

  /** Where the client's bucket stands, filled up to now; the least recently seen client gives way to a new one. */
  #bucketOf(client: number, nowNs: Nanos): number {
    const { octetPerSecond, burstOctets } = this.#options.perClient;
    const known = this.#client;
    const filledNs = this.#filledNs;
    let oldest = 0;
    for (let i = 0; i < known.length; i++) {
      if (known[i] === client) {
        const grown = this.#octets[i]! + ((nowNs - filledNs[i]!) * octetPerSecond) / NS_PER_SECOND;
        this.#octets[i] = Math.min(burstOctets, grown);
        filledNs[i] = nowNs;
        return i;
      }
      if (filledNs[i]! < filledNs[oldest]!) oldest = i;
    }
    if (filledNs[oldest]! > -Infinity) this.forgotten++;
    known[oldest] = client;
    this.#octets[oldest] = burstOctets;
    filledNs[oldest] = nowNs;
    return oldest;
  }
}
