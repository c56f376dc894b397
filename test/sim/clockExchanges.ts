import type { Random } from '../../src/core/random.js';

/** t1, t4 in A's clock; t2, t3 in B's. */
export type Times = readonly [t1: number, t2: number, t3: number, t4: number];

export interface ExchangePath {
  /** One-way delay of a datagram that leaves at `ns`, forward and back. */
  readonly forwardNs: (ns: number, random: Random) => number;
  readonly backNs: (ns: number, random: Random) => number;
  /** Share of exchanges of which a datagram is lost. */
  readonly loss: number;
}

export interface ExchangePlan {
  /** From 0, in A's clock. */
  readonly durationNs: number;
  readonly everyNs: number;
  /** How long B takes for its answer. */
  readonly answerNs: number;
}

const US = 1000;

/** Paths whose two directions differ, each by another cause; 0.1 to 1.1 ms of propagation. */
export const PATHS: Readonly<Record<string, (random: Random) => ExchangePath>> = {
  'queues on both ways': (random) => {
    const [forward, back] = [propagation(random), propagation(random)];
    const [busy, busyBack] = [random.unit() * 2000 * US, random.unit() * 2000 * US];
    return {
      forwardNs: (_, r) => forward + r.exponential(busy),
      backNs: (_, r) => back + r.exponential(busyBack),
      loss: 0,
    };
  },
  'one direction loaded, never empty': (random) => {
    const [forward, back] = [propagation(random), propagation(random)];
    return {
      forwardNs: (_, r) => forward + 3000 * US + r.exponential(5000 * US),
      backNs: (_, r) => back + r.exponential(10 * US),
      loss: 0,
    };
  },
  'exchanges lost in bursts': (random) => {
    const [forward, back] = [propagation(random), propagation(random)];
    return {
      forwardNs: (_, r) => forward + r.exponential(300 * US),
      backNs: (_, r) => back + r.exponential(300 * US),
      loss: 0.6,
    };
  },
  'a route that changes': (random) => {
    const delays = Array.from({ length: 4 }, () => propagation(random));
    const turnNs = random.unit() * 60e9;
    return {
      forwardNs: (ns, r) => delays[ns < turnNs ? 0 : 1]! + r.exponential(50 * US),
      backNs: (ns, r) => delays[ns < turnNs ? 2 : 3]! + r.exponential(50 * US),
      loss: 0.05,
    };
  },
  'load that comes and goes': (random) => {
    const [forward, back] = [propagation(random), propagation(random)];
    const periodNs = (5 + 20 * random.unit()) * 1e9;
    const load = (ns: number): number => (1 + Math.sin((2 * Math.PI * ns) / periodNs)) * 2000 * US;
    return {
      forwardNs: (ns, r) => forward + load(ns) + r.exponential(20 * US),
      backNs: (_, r) => back + r.exponential(20 * US),
      loss: 0.02,
    };
  },
  'all the way in one direction': (random) => ({
    forwardNs: (_, r) => propagation(random) * 1e-3 + r.exponential(10 * US),
    backNs: () => 0,
    loss: 0,
  }),
};

function propagation(random: Random): number {
  return (100 + 1000 * random.unit()) * US;
}

/** Exchanges in the order in which their answers come. `offsetNs`: B's clock minus A's when A's shows `ns`. */
export function exchangesOf(
  path: ExchangePath,
  plan: ExchangePlan,
  offsetNs: (ns: number) => number,
  random: Random,
): Times[] {
  const made: Times[] = [];
  for (let sentNs = 0; sentNs < plan.durationNs; sentNs += plan.everyNs) {
    const t1 = Math.round(sentNs + random.unit() * 0.1 * plan.everyNs);
    const received = t1 + path.forwardNs(t1, random);
    const answered = received + plan.answerNs;
    const t4 = answered + path.backNs(answered, random);
    if (random.unit() < path.loss) continue;
    made.push([t1, received + offsetNs(received), answered + offsetNs(answered), t4]);
  }
  return made.sort((a, b) => a[3] - b[3]);
}
