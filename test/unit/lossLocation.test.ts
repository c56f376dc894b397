import { describe, expect, it } from 'vitest';
import {
  LISTED_BRANCHES,
  LISTED_RANGES,
  locateLoss,
  type LostRange,
  type ReceiverLoss,
} from '../../src/control/lossLocation.js';

type Told = readonly [from: number, to: number, cause?: LostRange['cause']];

function receiver(
  ranges: readonly Told[],
  presence: readonly [number, number] = [0, 1000],
  isCut = false,
): ReceiverLoss {
  const [from, to] = presence;
  return { from, to, isCut, ranges: ranges.map(([a, b, cause = 'network']) => ({ from: a, to: b, cause })) };
}

const NONE = { numbers: 0, unsure: 0, ranges: [], isListCut: false };
const sure = (...ranges: [number, number][]): object => ({
  numbers: ranges.reduce((sum, [from, to]) => sum + to - from, 0),
  unsure: 0,
  ranges,
  isListCut: false,
});

describe('where losses were', () => {
  it('with all: near the sender; with some: in their branch; with one: its own', () => {
    const located = locateLoss([
      receiver([
        [10, 20],
        [100, 110],
        [300, 301],
      ]),
      receiver([
        [10, 20],
        [100, 105],
      ]),
      receiver([[15, 25]]),
    ]);
    expect(located.common).toEqual(sure([15, 20]));
    expect(located.branches).toEqual([{ receivers: [0, 1], ...sure([10, 15], [100, 105]) }]);
    expect(located.single).toEqual([sure([105, 110], [300, 301]), NONE, sure([20, 25])]);
    expect(located.alone).toEqual(NONE);
    expect(located.isComplete).toBe(true);
  });

  it('takes out what a host dropped itself: it had got there', () => {
    const located = locateLoss([
      receiver([[10, 20, 'socket_buffer']]),
      receiver([[10, 20]]),
      receiver([
        [12, 14, 'application'],
        [14, 20],
      ]),
    ]);
    expect(located.common).toEqual(NONE);
    expect(located.branches).toEqual([{ receivers: [1, 2], ...sure([14, 20]) }]);
    expect(located.single).toEqual([NONE, sure([10, 14]), NONE]);
    expect(located.hosts).toEqual([
      { socketBuffer: 10, application: 0, mixed: 0 },
      { socketBuffer: 0, application: 0, mixed: 0 },
      { socketBuffer: 0, application: 2, mixed: 0 },
    ]);
    expect(located.isComplete).toBe(true);
  });

  it('takes out what was never sent', () => {
    const ranges: Told[] = [[0, 100]];
    const located = locateLoss(
      [receiver(ranges), receiver(ranges)],
      [
        [40, 60],
        [20, 30],
        [25, 45],
      ],
    );
    expect(located.common).toEqual(sure([0, 20], [60, 100]));
  });

  it('asks of each number only who was there for it', () => {
    const located = locateLoss([
      receiver([[400, 410]]),
      receiver([[400, 410]], [0, 500]),
      // Joined at 405, so that 400 to 405 were lost by all that were there.
      receiver([[700, 710]], [405, 1000]),
      receiver([[950, 960]], [940, 940]),
    ]);
    expect(located.common).toEqual(sure([400, 405]));
    expect(located.branches).toEqual([{ receivers: [0, 1], ...sure([405, 410]) }]);
    expect(located.single[2]).toEqual(sure([700, 710]));
    expect(located.single[3]).toEqual(NONE);
  });

  it('cannot tell where, of a receiver that was alone', () => {
    expect(locateLoss([receiver([[1, 5]])]).alone).toEqual(sure([1, 5]));
    const located = locateLoss([
      receiver(
        [
          [1, 5],
          [20, 25],
        ],
        [0, 22],
      ),
      receiver([], [3, 21]),
    ]);
    expect(located.alone).toEqual(sure([1, 3], [21, 22]));
    expect(located.single[0]).toEqual(sure([3, 5], [20, 21]));
  });

  it('is a minimum where a list was cut, and says what else it may be', () => {
    const located = locateLoss([
      receiver([
        [10, 20],
        [500, 510],
      ]),
      receiver([
        [10, 20],
        [500, 505],
      ]),
      receiver([[10, 20]], [0, 1000], true),
    ]);
    expect(located.common).toEqual({
      numbers: 10,
      unsure: 5,
      ranges: [
        [10, 20],
        [500, 505],
      ],
      isListCut: false,
    });
    expect(located.single[0]).toMatchObject({ numbers: 0, unsure: 5 });
    expect(located.isComplete).toBe(false);
    // Nothing of it is unsure, and still something may be missing.
    expect(locateLoss([receiver([]), receiver([], [0, 1000], true)]).isComplete).toBe(false);
  });

  it('is unsure of ranges of which the network lost only some', () => {
    const located = locateLoss([receiver([[10, 20, 'mixed']]), receiver([[10, 15]])]);
    expect(located.common).toMatchObject({ numbers: 0, unsure: 5 });
    expect(located.single[0]).toMatchObject({ numbers: 0, unsure: 5 });
    expect(located.hosts[0]).toEqual({ socketBuffer: 0, application: 0, mixed: 10 });
    expect(located.isComplete).toBe(false);
  });

  it('takes of each receiver as many ranges as a loss map has', () => {
    const many = Array.from({ length: 1025 }, (_, i): Told => [2 * i, 2 * i + 1]);
    const located = locateLoss([receiver(many, [0, 3000]), receiver([[2040, 2050]], [0, 3000])]);
    // Of the longer list the first 1024 are taken, up to 2047.
    expect(located.single[0]!.numbers).toBe(1020);
    expect(located.common.numbers).toBe(4);
    expect(located.single[1]).toMatchObject({ numbers: 3, unsure: 0 });
    expect(located.alone).toMatchObject({ numbers: 0, unsure: 3 });
    expect(located.isComplete).toBe(false);
  });

  it('lists the largest branches, and of each the first ranges', () => {
    // Every pair of eight, each with another number of losses, and 100 ranges for the last.
    const lists = Array.from({ length: 9 }, (): Told[] => []);
    let at = 0;
    let size = 0;
    for (let a = 0; a < 8; a++) {
      for (let b = a + 1; b < 8; b++) {
        size++;
        for (const i of [a, b]) lists[i]!.push([at, at + size]);
        at += size + 1;
      }
    }
    for (let i = 0; i < 100; i++) for (const who of [0, 1, 2]) lists[who]!.push([at + 2 * i, at + 2 * i + 1]);
    const located = locateLoss(lists.map((ranges) => receiver(ranges, [0, 2000])));
    expect(located.branches.length).toBe(LISTED_BRANCHES);
    expect(located.branches[0]).toMatchObject({ receivers: [0, 1, 2], numbers: 100, isListCut: true });
    expect(located.branches[0]!.ranges.length).toBe(LISTED_RANGES);
    expect(located.branches.slice(1).map(({ numbers }) => numbers)).toEqual(
      Array.from({ length: 15 }, (_, i) => 28 - i),
    );
    expect(located.otherBranches).toEqual({ branches: 13, numbers: (13 * 14) / 2, unsure: 0 });
  });

  it('of no receiver is nowhere', () => {
    expect(locateLoss([])).toMatchObject({ common: NONE, branches: [], single: [], alone: NONE, isComplete: true });
  });
});
