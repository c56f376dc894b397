import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { Random } from '../../src/core/random.js';
import { InOrder, Release } from '../../src/repair/inOrder.js';
import { PacketStore, RECOVERED_LEG } from '../../src/repair/packetStore.js';

const OCTET = viewOf(new Uint8Array(1));

interface Lane {
  readonly store: PacketStore;
  readonly inOrder: InOrder;
}

function lane(holdNs: number, depthPackets: number, capacity = 64): Lane {
  const store = new PacketStore(capacity, 1);
  return { store, inOrder: new InOrder(store, { holdNs, depthPackets }) };
}

function put({ store }: Lane, sequence: number, timeNs = 0, leg = 0): void {
  store.put(sequence, OCTET, 0, 1, timeNs, leg);
}

/** All that is released at `nowNs`: a number, or a gap as text. */
function drain({ inOrder }: Lane, nowNs = 0): (number | string)[] {
  const out: (number | string)[] = [];
  for (;;) {
    const found = inOrder.next(nowNs);
    if (found === Release.Nothing) return out;
    if (found === Release.Packet) out.push(inOrder.sequence);
    else out.push(`${inOrder.sequence}+${inOrder.count}`);
  }
}

describe('release in order', () => {
  it('says nothing of an empty store', () => {
    expect(drain(lane(1e6, 10))).toEqual([]);
  });

  it.each([-3, 0, 65_530, 2 ** 32 - 3, 2 ** 45])('puts right what came in another order, from %d on', (first) => {
    const it = lane(1e6, 10);
    put(it, first);
    put(it, first + 2);
    expect(drain(it)).toEqual([first]);
    put(it, first + 3);
    put(it, first + 1);
    expect(drain(it)).toEqual([first + 1, first + 2, first + 3]);
    put(it, first + 4);
    expect(drain(it)).toEqual([first + 4]);
    expect(it.inOrder.released).toBe(5);
    expect(it.inOrder.nextSequence).toBe(first + 5);
    expect(it.inOrder.givenUp).toBe(0);
  });

  it('begins at the lowest number there, or where it is told', () => {
    const lowest = lane(1e6, 10);
    put(lowest, 5);
    put(lowest, 3);
    expect(drain(lowest)).toEqual([3]);
    const told = lane(1e6, 10);
    told.inOrder.begin(1);
    told.inOrder.begin(2);
    put(told, 3);
    expect(drain(told)).toEqual([]);
    expect(drain(told, 1e6)).toEqual(['1+2', 3]);
  });

  it('what comes from before the beginning is late', () => {
    const it = lane(1e6, 10);
    it.inOrder.begin(10);
    put(it, 9);
    expect(it.store.late).toBe(1);
    put(it, 10);
    expect(drain(it)).toEqual([10]);
  });

  it('gives up a number when the newest is the depth past it', () => {
    const it = lane(Infinity, 4);
    for (const n of [0, 3]) put(it, n);
    expect(drain(it)).toEqual([0]);
    put(it, 4);
    expect(drain(it)).toEqual([]);
    put(it, 5);
    // 1 is four behind, 2 only three.
    expect(drain(it)).toEqual(['1+1']);
    put(it, 6);
    expect(drain(it)).toEqual(['2+1', 3, 4, 5, 6]);
    expect(it.inOrder.givenUp).toBe(2);
  });

  it('gives up no more than the gap', () => {
    const it = lane(Infinity, 2);
    for (const n of [0, 2, 9]) put(it, n);
    expect(drain(it)).toEqual([0, '1+1', 2, '3+5']);
  });

  it('takes another depth while it runs', () => {
    const it = lane(Infinity, 4);
    for (const n of [0, 2]) put(it, n);
    expect(drain(it)).toEqual([0]);
    it.inOrder.depthPackets = 1;
    expect(drain(it)).toEqual(['1+1', 2]);
  });

  it('gives up a gap when what waits longest behind it has waited for the hold', () => {
    const it = lane(100, 50);
    put(it, 0, 0);
    put(it, 4, 10);
    put(it, 3, 20);
    expect(drain(it, 20)).toEqual([0]);
    expect(it.inOrder.dueMonoNs).toBe(110);
    expect(drain(it, 109)).toEqual([]);
    expect(drain(it, 110)).toEqual(['1+2', 3, 4]);
    expect(it.inOrder.dueMonoNs).toBe(Infinity);
  });

  it('does not take the time of what was in the slot before', () => {
    const it = lane(100, 50, 8);
    for (let n = 0; n < 8; n++) put(it, n, 0);
    drain(it);
    put(it, 8, 1000);
    put(it, 11, 1010);
    put(it, 12, 1020);
    expect(drain(it, 1020)).toEqual([8]);
    expect(it.inOrder.dueMonoNs).toBe(1110);
  });

  it('waits anew when part of the gap came', () => {
    const it = lane(100, 50);
    put(it, 0, 0);
    put(it, 3, 10);
    expect(drain(it, 10)).toEqual([0]);
    put(it, 1, 60);
    expect(drain(it, 60)).toEqual([1]);
    expect(it.inOrder.dueMonoNs).toBe(110);
    put(it, 7, 70);
    expect(drain(it, 110)).toEqual(['2+1', 3]);
    expect(it.inOrder.dueMonoNs).toBe(170);
    expect(drain(it, 170)).toEqual(['4+3', 7]);
  });

  it('does not release late and doubled ones again', () => {
    const it = lane(Infinity, 1);
    for (const n of [0, 2]) put(it, n);
    expect(drain(it)).toEqual([0, '1+1', 2]);
    for (const n of [1, 2, 0, 1]) put(it, n);
    expect(drain(it)).toEqual([]);
    expect([it.store.late, it.store.duplicates]).toEqual([1, 3]);
  });

  it('counts recovered ones', () => {
    const it = lane(Infinity, 9);
    put(it, 0);
    put(it, 1, 0, RECOVERED_LEG);
    expect(drain(it)).toEqual([0, 1]);
    expect([it.inOrder.released, it.inOrder.releasedRecovered]).toEqual([2, 1]);
  });

  it('gives up what the store no longer holds', () => {
    const it = lane(Infinity, 1000, 4);
    put(it, 0);
    expect(drain(it)).toEqual([0]);
    for (const n of [2, 3, 4, 5, 10]) put(it, n);
    expect(drain(it)).toEqual(['1+6']);
    expect(it.store.passed).toBe(4);
    it.inOrder.flush();
    expect(drain(it)).toEqual(['7+3', 10]);
    expect(it.inOrder.givenUp).toBe(9);
  });

  it('passes a jump over 2^45 numbers at once', () => {
    const it = lane(Infinity, 4, 8);
    put(it, 0);
    expect(drain(it)).toEqual([0]);
    put(it, 2 ** 45);
    expect(drain(it)).toEqual([`1+${2 ** 45 - 8}`, `${2 ** 45 - 7}+4`]);
  });

  it('releases the rest at the end', () => {
    const it = lane(Infinity, 50);
    for (const n of [0, 2, 5]) put(it, n);
    expect(drain(it)).toEqual([0]);
    it.inOrder.flush();
    expect(drain(it)).toEqual(['1+1', 2, '3+2', 5]);
    expect(drain(it)).toEqual([]);
  });

  it('whatever comes, every number is released once or given up once, in order', () => {
    const random = new Random(5);
    for (let run = 0; run < 300; run++) {
      const it = lane(50 + random.below(200), 1 + random.below(20), 16);
      const seen: number[] = [];
      const given: number[] = [];
      const first = random.below(5) - 4;
      const take = (nowNs: number): void => {
        for (const one of drain(it, nowNs)) {
          if (typeof one === 'number') seen.push(one);
          else {
            const [from, count] = one.split('+').map(Number);
            for (let i = 0; i < count!; i++) given.push(from! + i);
          }
        }
      };
      it.inOrder.begin(first);
      const put1 = new Set<number>();
      let nowNs = 0;
      let highest = first;
      for (let i = 0; i < 60; i++) {
        nowNs += random.below(20);
        const n = highest + random.below(8) - 4;
        if (n >= first && it.store.put(n, OCTET, 0, 1, nowNs, 0) === 0) put1.add(n);
        highest = Math.max(highest, n);
        if (random.below(3) > 0) take(nowNs);
      }
      it.inOrder.flush();
      take(nowNs);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      const end = it.store.newest + 1;
      expect([...seen, ...given].toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: end - first }, (_, i) => first + i),
      );
      expect(seen.length + it.store.passed).toBe(put1.size);
      expect([it.inOrder.released, it.inOrder.givenUp]).toEqual([seen.length, given.length]);
    }
  });
});
