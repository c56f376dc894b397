import { describe, expect, it } from 'vitest';
import { locateLoss, type LostRange, type ReceiverLoss } from '../../src/control/lossLocation.js';
import { Random } from '../../src/core/random.js';

const NUMBERS = 20_000;
const RECEIVERS = 40;
/** Eight switches of five receivers, under two routers. */
const SWITCH = 5;
const ROUTER = 20;

type Place = { readonly kind: 'trunk' | 'router' | 'switch' | 'port' | 'socket' | 'refused'; readonly at: number };

/** Every number is dropped in one place at most, so that where it was is known exactly. */
function dropOf(random: Random): Place | null {
  if (random.unit() > 0.05) return null;
  const kind = (['trunk', 'router', 'switch', 'port', 'socket', 'refused'] as const)[random.below(6)]!;
  const places = {
    trunk: 1,
    router: RECEIVERS / ROUTER,
    switch: RECEIVERS / SWITCH,
    port: RECEIVERS,
    socket: RECEIVERS,
    refused: 1,
  };
  return { kind, at: random.below(places[kind]) };
}

function hits({ kind, at }: Place, receiver: number): boolean {
  if (kind === 'router') return Math.floor(receiver / ROUTER) === at;
  if (kind === 'switch') return Math.floor(receiver / SWITCH) === at;
  return kind === 'trunk' || kind === 'refused' || receiver === at;
}

describe('losses in a tree', () => {
  it.each([1, 2, 3])('are found where they were, among receivers that come and go (seed %d)', (seed) => {
    const random = new Random(seed);
    const drops = Array.from({ length: NUMBERS }, () => dropOf(random));
    const presence = Array.from({ length: RECEIVERS }, (_, i): [number, number] => {
      return i % 7 === 3 ? [random.below(NUMBERS / 2), NUMBERS - random.below(NUMBERS / 2)] : [0, NUMBERS];
    });
    const receivers = presence.map(([from, to], receiver): ReceiverLoss => {
      const ranges: LostRange[] = [];
      for (let n = from; n < to; n++) {
        const drop = drops[n]!;
        // A receiver that knows of refused numbers does not call them lost, but one that missed the word does.
        if (drop === null || !hits(drop, receiver) || (drop.kind === 'refused' && receiver % 2 === 0)) continue;
        ranges.push({ from: n, to: n + 1, cause: drop.kind === 'socket' ? 'socket_buffer' : 'network' });
      }
      return { from, to, ranges, isCut: false };
    });
    const refused = drops.flatMap((drop, n): [number, number][] => (drop?.kind === 'refused' ? [[n, n + 1]] : []));
    const located = locateLoss(receivers, refused);

    const isThere = (receiver: number, n: number): boolean => presence[receiver]![0] <= n && n < presence[receiver]![1];
    const numbersOf = (kind: Place['kind'], at: number): number =>
      drops.filter(
        (drop, n) =>
          drop?.kind === kind &&
          drop.at === at &&
          Array.from({ length: RECEIVERS }, (_, i) => i).some((i) => hits(drop, i) && isThere(i, n)),
      ).length;
    expect(located.common.numbers).toBe(numbersOf('trunk', 0));
    expect(located.alone.numbers).toBe(0);
    expect(located.isComplete).toBe(true);
    for (let i = 0; i < RECEIVERS; i++) {
      expect(located.single[i]!.numbers).toBe(numbersOf('port', i));
      expect(located.hosts[i]).toEqual({ socketBuffer: numbersOf('socket', i), application: 0, mixed: 0 });
    }
    // A branch is named by those of it that were there.
    const inBranches = new Map<number, number>();
    for (const { receivers: those, numbers } of located.branches) {
      const isRouter = those.some((i) => Math.floor(i / SWITCH) !== Math.floor(those[0]! / SWITCH));
      const key = isRouter ? 1000 + Math.floor(those[0]! / ROUTER) : Math.floor(those[0]! / SWITCH);
      inBranches.set(key, (inBranches.get(key) ?? 0) + numbers);
    }
    expect(located.otherBranches.branches + located.branches.length).toBeGreaterThanOrEqual(10);
    for (let i = 0; i < RECEIVERS / ROUTER; i++) {
      expect(inBranches.get(1000 + i) ?? 0).toBeLessThanOrEqual(numbersOf('router', i));
    }
    const total = located.branches.reduce((sum, { numbers }) => sum + numbers, 0) + located.otherBranches.numbers;
    let expected = 0;
    for (let i = 0; i < RECEIVERS / ROUTER; i++) expected += numbersOf('router', i);
    for (let i = 0; i < RECEIVERS / SWITCH; i++) expected += numbersOf('switch', i);
    expect(total).toBe(expected);
  });
});
