import { Recovery } from '../../src/control/recovery.js';
import type { RecoveryOptions } from '../../src/control/recoveryOptions.js';
import { Retransmission, type RetransmissionOptions } from '../../src/control/retransmission.js';
import { viewOf } from '../../src/core/bytes.js';
import { Random } from '../../src/core/random.js';
import { MessageStore } from '../../src/repair/messageStore.js';
import { RecoveryWitness } from '../oracle/recovery.js';

export interface RepairLineOptions {
  readonly seed: number;
  /** Datagrams of 1 .. 5 messages, `spacingNs` apart. */
  readonly datagrams: number;
  readonly spacingNs: number;
  /** Share of datagrams lost on a line, in bursts. */
  readonly loss: number;
  readonly burst: number;
  /** A second line of the same, by so much later; `null`: there is none. */
  readonly otherLineNs: number | null;
  /** Share of requests, and of answers, that are lost. */
  readonly pathLoss: number;
  /** Each way. */
  readonly pathNs: number;
  readonly pathJitterNs: number;
  /** How many of the servers do not answer, from the first on. */
  readonly serversDown: number;
  readonly storeMessages: number;
  readonly server: RetransmissionOptions;
  readonly client: RecoveryOptions;
  /** When the client begins to listen; it wants everything from the first message on. */
  readonly joinNs: number;
  /** Datagram with which the sender begins a new session; Infinity: never. */
  readonly restartAt: number;
}

/** One request that left the client. */
export interface SentRequest {
  readonly nowNs: number;
  readonly sequence: number;
  readonly count: number;
  readonly server: number;
}

export interface RepairTruth {
  readonly recovery: Recovery;
  readonly servers: readonly Retransmission[];
  /** By session: numbers sent, delivered, found lost on all lines, and given up. */
  readonly sent: readonly number[];
  readonly delivered: readonly Set<number>[];
  readonly gaps: readonly Set<number>[];
  readonly lost: readonly Set<number>[];
  /** Numbers given up although the store had them still. */
  readonly neglected: readonly number[];
  readonly requests: readonly SentRequest[];
  readonly mostPending: number;
  readonly mostUnderWay: number;
  /** When nothing was left to come. */
  readonly endNs: number;
}

interface Event {
  readonly atNs: number;
  readonly run: () => void;
}

/** Octets by which a message is known. */
function message(session: number, n: number): Uint8Array {
  return Uint8Array.from({ length: (n * 7 + session) % 60 }, (_, i) => n * 13 + i + session);
}

class Line {
  readonly #events: Event[] = [];
  nowNs = 0;

  at(atNs: number, run: () => void): void {
    const place = this.#events.findLastIndex((event) => event.atNs <= atNs) + 1;
    this.#events.splice(place, 0, { atNs, run });
  }

  /** Lets time pass up to `untilNs`. */
  run(untilNs: number): void {
    while (this.#events.length > 0 && this.#events[0]!.atNs <= untilNs) {
      const { atNs, run } = this.#events.shift()!;
      this.nowNs = atNs;
      run();
    }
    this.nowNs = untilNs;
  }

  get nextNs(): number {
    return this.#events[0]?.atNs ?? Infinity;
  }
}

/** A sender with its store, one or two lossy lines, a lossy path to its servers, and a client, from one seed. */
export function simulateRepair(options: RepairLineOptions): RepairTruth {
  const random = new Random(options.seed);
  const pathRandom = new Random(options.seed, 1);
  const line = new Line();
  const recovery = new Recovery(options.client);
  const witness = new RecoveryWitness(recovery, options.client);
  const sent: number[] = [];
  const delivered: Set<number>[] = [];
  const gaps: Set<number>[] = [];
  const lost: Set<number>[] = [];
  const neglected: number[] = [];
  const requests: SentRequest[] = [];
  let store = new MessageStore(options.storeMessages, 2 ** 17);
  let servers: Retransmission[] = [];
  const allServers: Retransmission[] = [];
  let session = -1;
  let mostPending = 0;
  let mostUnderWay = 0;

  const restart = (): void => {
    session++;
    store = new MessageStore(options.storeMessages, 2 ** 17);
    servers = Array.from({ length: options.client.servers }, () => new Retransmission(store, options.server));
    allServers.push(...servers);
    sent.push(0);
    delivered.push(new Set());
    gaps.push(new Set());
    lost.push(new Set());
  };

  // The client.
  let heard = -1;
  let expected = NaN;
  const take = (of: number, from: number, to: number, atNs: number, isAnswer: boolean): void => {
    if (of < heard || atNs < options.joinNs) return;
    if (of > heard) {
      if (heard >= 0) {
        const { unrecovered } = recovery;
        witness.reset();
        for (let i = 0; i < unrecovered.length; i++) {
          if (unrecovered.session[i] !== heard) continue;
          for (let n = unrecovered.from[i]!; n < unrecovered.to[i]!; n++) lost[heard]!.add(n);
        }
      }
      heard = of;
      witness.join(1);
      for (let n = 1; n < from; n++) gaps[of]!.add(n);
      expected = from;
    }
    if (from > expected) {
      for (let n = expected; n < from; n++) gaps[of]!.add(n);
      witness.miss(expected, from, atNs);
    }
    for (let n = Math.max(from, expected); n < to; n++) delivered[of]!.add(n);
    const fresh = witness.arrive(from, to, atNs, isAnswer);
    for (const n of fresh) {
      if (delivered[of]!.has(n)) throw new Error(`${n} came before`);
      delivered[of]!.add(n);
    }
    expected = Math.max(expected, to);
  };
  const step = (): void => {
    witness.givenUp.length = 0;
    for (const [sequence, count, server] of witness.step(line.nowNs)) {
      requests.push({ nowNs: line.nowNs, sequence, count, server });
      carryRequest(heard, sequence, count, server);
    }
    for (const n of witness.givenUp) if (heard === session && store.has(n)) neglected.push(n);
    mostPending = Math.max(mostPending, recovery.pendingRanges);
    mostUnderWay = Math.max(mostUnderWay, recovery.underWay);
  };

  // The path to the servers and back.
  const onPath = (run: () => void): void => {
    if (pathRandom.unit() < options.pathLoss) return;
    line.at(line.nowNs + options.pathNs + pathRandom.below(options.pathJitterNs + 1), run);
  };
  const carryRequest = (of: number, sequence: number, count: number, server: number): void => {
    if (server < options.serversDown) return;
    onPath(() => {
      if (of !== session) return;
      const decided = servers[server]!;
      const made = decided.request(7, sequence, count, line.nowNs);
      for (let i = 0; i < made; i++) {
        const from = decided.answerSequence[i]!;
        const to = from + decided.answerCount[i]!;
        for (let n = from; n < to; n++) {
          const octets = new Uint8Array(store.view.buffer, store.offsetOf(n), store.lengthOf(n));
          if (Buffer.compare(octets, message(of, n)) !== 0) throw new Error(`message ${n} is another`);
        }
        onPath(() => take(of, from, to, line.nowNs, true));
      }
    });
  };

  // The sender and its lines.
  const inBurst = [false, false];
  const send = (): void => {
    const count = 1 + random.below(5);
    let from = NaN;
    for (let i = 0; i < count; i++) {
      const octets = message(session, store.next);
      const n = store.put(viewOf(octets), 0, octets.length);
      if (i === 0) from = n;
    }
    sent[session] = store.end - 1;
    const of = session;
    for (const [leg, lateNs] of [0, options.otherLineNs].entries()) {
      if (lateNs === null) continue;
      inBurst[leg] = random.unit() < (inBurst[leg]! ? 1 - 1 / options.burst : options.loss / options.burst);
      if (!inBurst[leg]) line.at(line.nowNs + lateNs, () => take(of, from, from + count, line.nowNs, false));
    }
  };

  restart();
  for (let i = 0; i < options.datagrams; i++) {
    line.at(i * options.spacingNs, () => {
      if (i === options.restartAt) restart();
      send();
    });
  }
  // Heartbeats tell the end.
  const endNs = options.datagrams * options.spacingNs + (options.otherLineNs ?? 0);
  line.at(endNs, () => take(session, sent[session]! + 1, sent[session]! + 1, line.nowNs, false));

  for (let turns = 0; line.nextNs < Infinity || recovery.dueNs < Infinity; turns++) {
    if (turns > 200_000) throw new Error('no end');
    line.run(Math.max(line.nowNs, Math.min(line.nextNs, recovery.dueNs)));
    step();
  }
  for (const n of witness.lost) lost[session]!.add(n);
  return {
    recovery,
    servers: allServers,
    sent,
    delivered,
    gaps,
    lost,
    neglected,
    requests,
    mostPending,
    mostUnderWay,
    endNs: line.nowNs,
  };
}
