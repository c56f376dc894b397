import { describe, expect, it } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import type { RecoveryOptions } from '../../src/control/recoveryOptions.js';
import { Retransmission, type RetransmissionOptions } from '../../src/control/retransmission.js';
import { Random } from '../../src/core/random.js';
import { MessageStore } from '../../src/repair/messageStore.js';
import { RecoveryWitness } from '../oracle/recovery.js';
import { simulateRepair, type RepairLineOptions, type RepairTruth, type SentRequest } from './repairLine.js';

const MS = 1e6;
const SEEDS = 201;

const SERVER: RetransmissionOptions = {
  firstSequence: 1,
  datagramOctets: 400,
  headerOctets: 20,
  messageHeaderOctets: 2,
  answersPerRequest: 4,
  messagesPerAnswer: 65_535,
  clients: 4,
  perClient: { octetPerSecond: 5e4, burstOctets: 1000 },
  overall: { octetPerSecond: 2e6, burstOctets: 8000 },
};

const CLIENT: RecoveryOptions = {
  ranges: 4096,
  listed: 4096,
  delayNs: 3 * MS,
  timeoutNs: 30 * MS,
  longestTimeoutNs: 120 * MS,
  restNs: 8 * MS,
  // So many that a lossy path never makes it give up what is there.
  tries: 40,
  servers: 1,
  outstandingRequests: 4,
  requestMessages: 50,
};

/** One of many shapes, by seed. */
function shape(seed: number): RepairLineOptions {
  const random = new Random(seed, 2);
  return {
    seed,
    datagrams: 300,
    spacingNs: 0.5 * MS,
    loss: [0.01, 0.1, 0.3][seed % 3]!,
    burst: 1 + random.below(8),
    otherLineNs: seed % 4 === 3 ? 2 * MS : null,
    pathLoss: [0, 0.1, 0.3][random.below(3)]!,
    pathNs: [0.1 * MS, 2 * MS][random.below(2)]!,
    pathJitterNs: [0, 3 * MS][random.below(2)]!,
    serversDown: 0,
    storeMessages: [64, 256, 4096][random.below(3)]!,
    server: SERVER,
    client: CLIENT,
    joinNs: seed % 5 === 4 ? 60 * MS : 0,
    restartAt: seed % 7 === 6 ? 170 : Infinity,
  };
}

/** Each number of a session is delivered, given up, or was sent before anybody listened; those given up are listed. */
function expectAccounted(truth: RepairTruth): void {
  const { recovery, sent, delivered, lost, gaps } = truth;
  for (const [session, numbers] of sent.entries()) {
    for (const n of lost[session]!) if (delivered[session]!.has(n)) throw new Error(`${n} is given up and came`);
    for (const n of gaps[session]!) {
      if (!lost[session]!.has(n) && !delivered[session]!.has(n)) throw new Error(`${n} is forgotten`);
    }
    const known = delivered[session]!.size + lost[session]!.size;
    // A new session ends what the old one had still to tell.
    if (session === sent.length - 1) expect(known).toBe(numbers);
    else expect(known).toBeLessThanOrEqual(numbers);
    expect(listedOf(recovery, session)).toEqual(RecoveryWitness.ranges(lost[session]!));
  }
  expect(recovery.stillMissing).toBe(0);
}

function listedOf({ unrecovered }: Recovery, session: number): [number, number][] {
  const numbers: number[] = [];
  for (let i = 0; i < unrecovered.length; i++) {
    if (unrecovered.session[i] !== session) continue;
    for (let n = unrecovered.from[i]!; n < unrecovered.to[i]!; n++) numbers.push(n);
  }
  expect(new Set(numbers).size).toBe(numbers.length);
  return RecoveryWitness.ranges(numbers);
}

describe('recovery over a lossy line and a lossy path', () => {
  it('brings everything that the store still has, and lists the rest', () => {
    let recovered = 0;
    let forgotten = 0;
    let refused = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const options = shape(seed);
      const truth = simulateRepair(options);
      expectAccounted(truth);
      expect([seed, truth.neglected]).toEqual([seed, []]);
      // A store that holds all loses nothing but what a restart cuts off.
      if (options.storeMessages === 4096) expect(truth.lost.at(-1)!.size).toBe(0);
      expect(truth.mostPending).toBeLessThanOrEqual(CLIENT.ranges);
      recovered += truth.recovery.recovered;
      forgotten += truth.recovery.unrecovered.numbers;
      for (const { refusedByClientRate, shortenedByRate } of truth.servers)
        refused += refusedByClientRate + shortenedByRate;
    }
    // There was something to overcome.
    expect(refused).toBeGreaterThan(100);
    expect(recovered).toBeGreaterThan(10_000);
    expect(forgotten).toBeGreaterThan(1000);
  });

  it('asks for nothing that the other line brings in time', () => {
    let came = 0;
    for (let seed = 0; seed < 20; seed++) {
      const options = { ...shape(seed), otherLineNs: 2 * MS, restartAt: Infinity, joinNs: 0, loss: 0.1 };
      const { recovery, requests } = simulateRepair(options);
      came += recovery.came;
      const slow = simulateRepair({ ...options, otherLineNs: null });
      expect(requests.length).toBeLessThan(slow.requests.length);
    }
    expect(came).toBeGreaterThan(500);
  });

  it('lists exactly all gaps when no server answers, after all tries and their time-outs', () => {
    for (let seed = 0; seed < SEEDS; seed += 4) {
      const client = { ...CLIENT, tries: 4, outstandingRequests: 1000, requestMessages: 1000, servers: 1 + (seed % 3) };
      const options = { ...shape(seed), serversDown: client.servers, otherLineNs: null, client };
      const truth = simulateRepair(options);
      expectAccounted(truth);
      for (const [session, gaps] of truth.gaps.entries()) {
        expect(RecoveryWitness.ranges(truth.lost[session]!)).toEqual(RecoveryWitness.ranges(gaps));
      }
      const { recovery, requests } = truth;
      expect([recovery.recovered, recovery.came, recovery.closedGaps]).toEqual([0, 0, 0]);
      if (options.restartAt < Infinity) continue;
      // Each when the time of the one before is over, of the next server, and none more often than it may.
      const bySequence = new Map<number, SentRequest[]>();
      for (const one of requests) bySequence.set(one.sequence, [...(bySequence.get(one.sequence) ?? []), one]);
      const firstNs = requests[0]?.nowNs;
      for (const asked of bySequence.values()) {
        expect(asked.length).toBeLessThanOrEqual(4);
        // What was missed at once with the first has all its tries before they are taken as down.
        const all = [0, 1, 2, 3].map((k) => k % client.servers);
        if (asked[0]!.nowNs === firstNs) expect(asked.map(({ server }) => server)).toEqual(all);
        for (let k = 1; k < asked.length; k++) {
          const rounds = Math.floor((k - 1) / client.servers);
          const timeoutNs = Math.min(CLIENT.longestTimeoutNs, CLIENT.timeoutNs * 2 ** rounds);
          expect(asked[k]!.nowNs - asked[k - 1]!.nowNs).toBeGreaterThanOrEqual(timeoutNs);
        }
      }
      expect(recovery).toMatchObject({ requests: requests.length, shortAnswers: 0 });
      expect(recovery.retries).toBe(requests.length - bySequence.size);
    }
  });

  it('is over one round of tries after the end when no server answers, however many gaps there are', () => {
    const ends: number[] = [];
    const asked: number[] = [];
    for (const datagrams of [100, 1000, 4000]) {
      const client = { ...CLIENT, tries: 4, timeoutNs: 100 * MS, longestTimeoutNs: 400 * MS };
      const options = { ...shape(1), datagrams, serversDown: 1, otherLineNs: null, client, restartAt: Infinity };
      const truth = simulateRepair(options);
      expectAccounted(truth);
      expect(truth.recovery.recovered).toBe(0);
      // 100 + 200 + 400 + 400 ms after the delay of what the end showed to be missing.
      ends.push(truth.endNs - datagrams * options.spacingNs);
      asked.push(truth.requests.length);
    }
    for (const endNs of ends) expect(endNs).toBeLessThanOrEqual(1103 * MS);
    // Now and then one asks when they are taken as down: twenty requests in that time, and one each 400 ms.
    expect(asked[2]! - asked[1]!).toBeLessThan(10);
  });

  it('goes to the server that answers when another one is down', () => {
    for (let seed = 0; seed < SEEDS; seed += 5) {
      const options = { ...shape(seed), storeMessages: 4096, pathLoss: 0, restartAt: Infinity };
      const truth = simulateRepair({ ...options, serversDown: 1, client: { ...CLIENT, servers: 2 } });
      expectAccounted(truth);
      expect(truth.lost[0]!.size).toBe(0);
    }
  });

  it('gives a late joiner what is there still, and loses nothing of the line for what is not', () => {
    let kept = 0;
    for (let seed = 0; seed < 10; seed++) {
      const options = { ...shape(seed), datagrams: 1500, loss: 0.05, burst: 2, pathLoss: 0.02, pathJitterNs: 0 };
      const server = { ...SERVER, perClient: SERVER.overall, answersPerRequest: 32 };
      const small = {
        ...options,
        server,
        storeMessages: 1024,
        joinNs: 500 * MS,
        restartAt: Infinity,
        otherLineNs: null,
      };
      const truth = simulateRepair(small);
      expectAccounted(truth);
      let first = 1;
      while (truth.gaps[0]!.has(first)) first++;
      const lost = [...truth.lost[0]!];
      expect(lost.filter((n) => n > first)).toEqual([]);
      // Of the history the store has 1024, which are gone after 0.17 s: six halvings of 30 ms each.
      kept += first - 1 - lost.length;
    }
    expect(kept).toBeGreaterThan(500);
  });

  it('never has more under way than it may, and gives up what finds no room', () => {
    for (let seed = 0; seed < SEEDS; seed += 4) {
      const client = { ...CLIENT, ranges: 8, outstandingRequests: 2 };
      const truth = simulateRepair({ ...shape(seed), client });
      expectAccounted(truth);
      expect(truth.mostPending).toBeLessThanOrEqual(8);
      // What is given up is gone from the store, or found no room.
      expect(truth.neglected.length).toBeLessThanOrEqual(truth.recovery.withoutRoom);
    }
  });
});

describe('a flood', () => {
  it('of requests is answered within rates, from tables that do not grow', () => {
    const random = new Random(3);
    const store = new MessageStore(1024, 2 ** 17);
    const octets = new DataView(new ArrayBuffer(40));
    const server = new Retransmission(store, SERVER);
    let sentOctets = 0;
    for (let i = 0; i < 50_000; i++) {
      if (i % 10 === 0) store.put(octets, 0, random.below(41));
      const sequence = random.unit() < 0.5 ? store.next - random.below(2000) : random.below(2 ** 53);
      const made = server.request(random.below(2 ** 48), sequence, random.below(65_536), i * 20_000);
      if (made > SERVER.answersPerRequest) throw new Error(`${made} answers`);
      for (let k = 0; k < made; k++) {
        const from = server.answerSequence[k]!;
        let datagram = SERVER.headerOctets;
        for (let n = from; n < from + server.answerCount[k]!; n++) {
          if (!store.has(n)) throw new Error(`${n} is not there`);
          datagram += SERVER.messageHeaderOctets + store.lengthOf(n);
        }
        if (datagram > SERVER.datagramOctets) throw new Error(`a datagram of ${datagram} octets`);
        sentOctets += datagram;
      }
    }
    expect(server.clients).toBe(SERVER.clients);
    expect(sentOctets).toBeLessThanOrEqual(8000 + 2e6);
    expect(sentOctets).toBeGreaterThan(1.9e6);
    expect(server.refusedByOverallRate).toBeGreaterThan(10_000);
  });

  it('of gaps is bounded in ranges and in its list', () => {
    const recovery = new Recovery({ ...CLIENT, ranges: 100, listed: 50 });
    for (let n = 0; n < 100_000; n += 2) {
      recovery.missing(n, n + 1, n * 1000);
      recovery.step(n * 1000);
      while (recovery.nextRequest());
      if (recovery.underWay > CLIENT.outstandingRequests) throw new Error(`${recovery.underWay} under way`);
      if (recovery.pendingRanges > 100) throw new Error(`${recovery.pendingRanges} ranges`);
    }
    expect(recovery.unrecovered.length).toBe(50);
    const { missed, stillMissing, unrecovered } = recovery;
    expect(missed).toBe(50_000);
    expect(stillMissing).toBe(100);
    expect(unrecovered.numbers).toBe(49_900);
    expect(unrecovered.unlisted).toBe(49_900 - 50);
  });
});
