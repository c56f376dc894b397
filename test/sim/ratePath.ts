import type { StepObservation } from '../../src/control/rateJudgement.js';
import type { RateSearch, RateSearchResult, RateStep } from '../../src/control/rateSearch.js';
import { Random } from '../../src/core/random.js';

/** A token bucket with a queue before it, as tbf is: what does not fit the queue is dropped. */
export interface Bottleneck {
  readonly bitPerSecond: number;
  readonly burstOctets: number;
  readonly queueOctets: number;
}

export interface SimulatedReceiver {
  readonly name: string;
  /** On its own branch, behind that of all. */
  readonly branch?: Bottleneck;
  readonly loss?: number;
  /** Its program reads so many datagrams a second from a socket buffer of so many. */
  readonly host?: { readonly packetsPerSecond: number; readonly buffer: number };
  /** Its program discards this share. */
  readonly discards?: number;
  /** Added to each delay, exponentially distributed. */
  readonly jitterNs?: number;
  /** Reports that never come. */
  readonly reportLoss?: number;
}

export interface SimulatedPath {
  readonly seed: number;
  readonly octets: number;
  /** The sender's own queue: it is told what does not fit. */
  readonly senderQueue?: Bottleneck;
  /** Most datagrams a second that the sender manages. */
  readonly senderPacketsPerSecond?: number;
  readonly trunk?: Bottleneck;
  readonly receivers: readonly SimulatedReceiver[];
  /** From the end of a step until its reports are in. */
  readonly reportNs: number;
}

const PROPAGATION_NS = 200_000;

class Queue {
  readonly #octetsPerNs: number;
  readonly #burst: number;
  readonly #limit: number;
  #tokens: number;
  #atNs = 0;
  #waiting = 0;
  readonly #leaving: [ns: number, octets: number][] = [];
  #first = 0;

  constructor({ bitPerSecond, burstOctets, queueOctets }: Bottleneck) {
    this.#octetsPerNs = bitPerSecond / 8e9;
    this.#burst = burstOctets;
    this.#limit = queueOctets;
    this.#tokens = burstOctets;
  }

  /** When a datagram that comes at `ns` leaves; `null`: there is no room. */
  pass(ns: number, octets: number): number | null {
    while (this.#first < this.#leaving.length && this.#leaving[this.#first]![0] <= ns) {
      this.#waiting -= this.#leaving[this.#first++]![1];
    }
    if (this.#waiting + octets > this.#limit) return null;
    const from = Math.max(ns, this.#atNs);
    this.#tokens = Math.min(this.#burst, this.#tokens + (from - this.#atNs) * this.#octetsPerNs);
    const leaveNs = from + Math.max(0, (octets - this.#tokens) / this.#octetsPerNs);
    this.#tokens = Math.min(this.#burst, this.#tokens + (leaveNs - from) * this.#octetsPerNs) - octets;
    this.#atNs = leaveNs;
    this.#waiting += octets;
    this.#leaving.push([leaveNs, octets]);
    return leaveNs;
  }
}

/** One receiver's figures of a step. */
interface Counted {
  received: number;
  lostSocketBuffer: number;
  lostApplication: number;
  leastLateNs: number;
  leastReadNs: number;
}

class Host {
  readonly of: SimulatedReceiver;
  readonly #branch: Queue | null;
  readonly #socket: Queue | null;
  leastNs = Infinity;

  constructor(of: SimulatedReceiver) {
    this.of = of;
    this.#branch = of.branch === undefined ? null : new Queue(of.branch);
    // Datagrams are the octets of its socket.
    this.#socket =
      of.host === undefined
        ? null
        : new Queue({ bitPerSecond: 8 * of.host.packetsPerSecond, burstOctets: 1, queueOctets: of.host.buffer });
  }

  take(sentNs: number, ns: number, octets: number, random: Random, isLate: boolean, counted: Counted): void {
    const behind = this.#branch === null ? ns : this.#branch.pass(ns, octets);
    if (behind === null || random.unit() < (this.of.loss ?? 0)) return;
    const delayNs = behind - sentNs + (this.of.jitterNs === undefined ? 0 : random.exponential(this.of.jitterNs));
    this.leastNs = Math.min(this.leastNs, delayNs);
    if (isLate) counted.leastLateNs = Math.min(counted.leastLateNs, delayNs);
    const readNs = this.#socket === null ? behind : this.#socket.pass(behind, 1);
    if (readNs === null) {
      counted.lostSocketBuffer++;
      return;
    }
    if (isLate) counted.leastReadNs = Math.min(counted.leastReadNs, readNs - behind);
    if (random.unit() < (this.of.discards ?? 0)) counted.lostApplication++;
    else counted.received++;
  }
}

export class RateNetwork {
  readonly #path: SimulatedPath;
  readonly #random: Random;
  readonly #own: Queue | null;
  readonly #trunk: Queue | null;
  readonly #hosts: readonly Host[];
  #leastOwnNs = Infinity;
  nowNs = 0;

  constructor(path: SimulatedPath) {
    this.#path = path;
    this.#random = new Random(path.seed);
    this.#own = path.senderQueue === undefined ? null : new Queue(path.senderQueue);
    this.#trunk = path.trunk === undefined ? null : new Queue(path.trunk);
    this.#hosts = path.receivers.map((of) => new Host(of));
  }

  /** Sends a step, and the clock goes on by it. */
  send(step: RateStep): StepObservation {
    const { octets, senderPacketsPerSecond = Infinity } = this.#path;
    const packetsPerSecond = step.rateBitPerSecond / (8 * octets);
    const periodNs = 1e9 / packetsPerSecond;
    const counted = this.#hosts.map((): Counted => ({
      received: 0,
      lostSocketBuffer: 0,
      lostApplication: 0,
      leastLateNs: Infinity,
      leastReadNs: Infinity,
    }));
    let sent = 0;
    let notSent = 0;
    let leastOwnNs = Infinity;
    this.nowNs += step.waitNs;
    const due = Math.max(1, Math.round(step.durationNs / periodNs));
    for (let i = 0; i < due; i++) {
      const ns = this.nowNs + i * periodNs;
      const isLate = i >= 0.75 * due;
      const isManaged =
        Math.floor(((i + 1) * senderPacketsPerSecond) / packetsPerSecond) >
        Math.floor((i * senderPacketsPerSecond) / packetsPerSecond);
      const own =
        packetsPerSecond > senderPacketsPerSecond && !isManaged
          ? null
          : this.#own === null
            ? ns
            : this.#own.pass(ns, octets);
      if (own === null) {
        notSent++;
        continue;
      }
      sent++;
      this.#leastOwnNs = Math.min(this.#leastOwnNs, own - ns);
      if (isLate) leastOwnNs = Math.min(leastOwnNs, own - ns);
      const behind = this.#trunk === null ? own : this.#trunk.pass(own, octets);
      if (behind === null) continue;
      for (const [k, host] of this.#hosts.entries()) {
        host.take(ns, behind + PROPAGATION_NS, octets, this.#random, isLate, counted[k]!);
      }
    }
    this.nowNs += step.durationNs + step.settleNs;
    const reporting = this.#hosts.filter(({ of }) => this.#random.unit() >= (of.reportLoss ?? 0));
    return {
      step: step.index,
      sent,
      notSent,
      senderDelayRiseNs: leastOwnNs === Infinity ? null : leastOwnNs - this.#leastOwnNs,
      receivers: reporting.map((host) => {
        const { leastLateNs, leastReadNs, ...counts } = counted[this.#hosts.indexOf(host)]!;
        const delayRiseNs = leastLateNs === Infinity ? null : leastLateNs - host.leastNs;
        const readDelayNs = leastReadNs === Infinity ? null : leastReadNs;
        return { receiver: host.of.name, ...counts, delayRiseNs, readDelayNs };
      }),
    };
  }
}

/** Runs a search over a path to its end, with reports that come when they come. */
export function search(path: SimulatedPath, searcher: RateSearch): RateSearchResult {
  const network = new RateNetwork(path);
  const underWay: { readonly atNs: number; readonly observation: StepObservation }[] = [];
  for (let i = 0; i < 100_000; i++) {
    const next = searcher.next();
    if (next.kind === 'result') return next;
    const observation = network.send(next);
    // By then the pause behind a trial is over.
    underWay.push({ atNs: network.nowNs + (next.settleNs > 0 ? 0 : path.reportNs), observation });
    while (underWay.length > 0 && underWay[0]!.atNs <= network.nowNs) searcher.report(underWay.shift()!.observation);
  }
  throw new Error('the search has no end');
}
