import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { Arbiter, Leg, Verdict } from '../../src/repair/arbiter.js';

const { A, B } = Leg;
const WIDE = { windowPackets: 1024, windowNs: 1e9 };

function outcome({ onlyA, onlyB, both, neither, open }: Arbiter): Record<string, number> {
  return { onlyA, onlyB, both, neither, open };
}

describe('arbiter', () => {
  it.each([-3, 0, 2 ** 32 - 2, 2 ** 47])('takes the first copy of either leg, from number %d on', (first) => {
    const arbiter = new Arbiter(WIDE);
    expect(arbiter.offer(A, first, 1, 100)).toBe(Verdict.New);
    expect(arbiter.offer(B, first, 1, 130)).toBe(Verdict.Duplicate);
    expect(arbiter.offer(B, first + 1, 1, 140)).toBe(Verdict.New);
    expect(arbiter.offer(A, first + 1, 1, 150)).toBe(Verdict.Duplicate);
    expect(arbiter.offer(A, first + 2, 1, 160)).toBe(Verdict.New);
    expect(arbiter.offer(A, first + 2, 1, 170)).toBe(Verdict.Duplicate);
    expect(arbiter.offer(B, first + 4, 1, 180)).toBe(Verdict.New);
    expect(outcome(arbiter)).toEqual({ onlyA: 0, onlyB: 0, both: 0, neither: 0, open: 5 });
    arbiter.close();
    expect(outcome(arbiter)).toEqual({ onlyA: 1, onlyB: 1, both: 2, neither: 1, open: 0 });
    expect(arbiter.legs).toEqual([
      { received: 3, wins: 2, duplicates: 1, lost: 1, late: 0 },
      { received: 3, wins: 2, duplicates: 0, lost: 1, late: 0 },
    ]);
    expect([...arbiter.skewNs.subarray(0, arbiter.skews)]).toEqual([30, -10]);
  });

  it('takes what is new of a range', () => {
    const arbiter = new Arbiter(WIDE);
    expect(arbiter.offer(A, 0, 10, 0)).toBe(Verdict.New);
    expect(arbiter.offer(B, 5, 10, 0)).toBe(Verdict.PartlyNew);
    expect(arbiter.offer(B, 0, 5, 0)).toBe(Verdict.Duplicate);
    expect(arbiter.offer(A, 10, 5, 0)).toBe(Verdict.Duplicate);
    arbiter.close();
    expect(outcome(arbiter)).toEqual({ onlyA: 0, onlyB: 0, both: 15, neither: 0, open: 0 });
  });

  it('decides what the numbers pass', () => {
    const arbiter = new Arbiter({ windowPackets: 4, windowNs: 1e9 });
    arbiter.offer(A, 0, 1, 0);
    arbiter.offer(A, 4, 1, 0);
    expect(outcome(arbiter)).toEqual({ onlyA: 1, onlyB: 0, both: 0, neither: 0, open: 4 });
    expect(arbiter.offer(B, 0, 1, 0)).toBe(Verdict.Late);
    expect(arbiter.offer(B, 1, 1, 0)).toBe(Verdict.New);
    expect(arbiter.legs[B]).toEqual({ received: 1, wins: 1, duplicates: 0, lost: 1, late: 1 });
  });

  it('decides what time passes, also when nothing comes', () => {
    const arbiter = new Arbiter({ windowPackets: 64, windowNs: 100 });
    arbiter.offer(A, 0, 1, 10);
    arbiter.offer(A, 3, 1, 20);
    arbiter.advance(109);
    expect(arbiter.decided).toBe(0);
    arbiter.advance(110);
    expect(outcome(arbiter)).toEqual({ onlyA: 1, onlyB: 0, both: 0, neither: 0, open: 3 });
    expect(arbiter.offer(B, 1, 1, 119)).toBe(Verdict.New);
    // All three were reached at 20, whenever they came.
    expect(arbiter.offer(B, 2, 1, 120)).toBe(Verdict.Late);
    expect(outcome(arbiter)).toEqual({ onlyA: 2, onlyB: 1, both: 0, neither: 1, open: 0 });
  });

  it('time does not go backwards', () => {
    const arbiter = new Arbiter({ windowPackets: 64, windowNs: 100 });
    arbiter.offer(A, 0, 1, 1000);
    arbiter.offer(B, 1, 1, 900);
    arbiter.advance(1099);
    expect(arbiter.open).toBe(2);
    arbiter.advance(1100);
    expect(arbiter.open).toBe(0);
  });

  it('a range longer than the window is decided as it goes', () => {
    const arbiter = new Arbiter({ windowPackets: 4, windowNs: 1e9 });
    expect(arbiter.offer(A, 0, 100, 0)).toBe(Verdict.New);
    expect(outcome(arbiter)).toEqual({ onlyA: 96, onlyB: 0, both: 0, neither: 0, open: 4 });
    expect(arbiter.offer(B, 0, 100, 0)).toBe(Verdict.Late);
    expect(arbiter.legs[B]).toEqual({ received: 4, wins: 0, duplicates: 0, lost: 96, late: 96 });
  });

  it('a jump costs nothing, however far', () => {
    const arbiter = new Arbiter({ windowPackets: 4, windowNs: 1e9 });
    arbiter.offer(A, 0, 2, 0);
    expect(arbiter.offer(B, 2 ** 50, 1, 0)).toBe(Verdict.New);
    expect(outcome(arbiter)).toEqual({ onlyA: 2, onlyB: 0, both: 0, neither: 2 ** 50 - 5, open: 4 });
  });

  it('counts from where it is told', () => {
    const arbiter = new Arbiter(WIDE);
    arbiter.begin(10);
    arbiter.begin(0);
    expect(arbiter.offer(A, 8, 3, 0)).toBe(Verdict.PartlyNew);
    expect(arbiter.offer(A, 8, 2, 0)).toBe(Verdict.Late);
    arbiter.offer(A, 12, 1, 0);
    arbiter.close();
    expect(outcome(arbiter)).toEqual({ onlyA: 2, onlyB: 0, both: 0, neither: 1, open: 0 });
    expect(arbiter.legs[A].late).toBe(4);
  });

  it('what is announced and never comes was lost on both', () => {
    const arbiter = new Arbiter(WIDE);
    arbiter.announce(5, 0);
    expect(arbiter.open).toBe(0);
    arbiter.announce(7, 10);
    arbiter.announce(6, 10);
    expect(arbiter.open).toBe(2);
    expect(arbiter.offer(A, 6, 1, 20)).toBe(Verdict.New);
    arbiter.close();
    expect(outcome(arbiter)).toEqual({ onlyA: 1, onlyB: 0, both: 0, neither: 1, open: 0 });
  });

  it('hands skews over until they are taken', () => {
    const arbiter = new Arbiter({ ...WIDE, skewCapacity: 2 });
    for (let n = 0; n < 3; n++) {
      arbiter.offer(B, n, 1, 10 * n);
      arbiter.offer(A, n, 1, 10 * n + 3);
    }
    expect([arbiter.skews, arbiter.skewsDropped]).toEqual([2, 1]);
    expect([...arbiter.skewNs]).toEqual([-3, -3]);
    arbiter.skews = 0;
    arbiter.offer(A, 3, 1, 30);
    arbiter.offer(B, 3, 1, 35);
    expect([arbiter.skews, arbiter.skewNs[0]]).toEqual([1, 5]);
  });

  it('independent loss on both legs loses only the coincidences', () => {
    const random = new Random(77);
    const arbiter = new Arbiter({ windowPackets: 256, windowNs: 1e9 });
    let coincidences = 0;
    const taken = new Set<number>();
    const count = 20_000;
    for (let n = 0; n < count; n++) {
      const onA = n === 0 || n === count - 1 || random.unit() >= 0.05;
      const onB = random.unit() >= 0.05;
      if (!onA && !onB) coincidences++;
      if (onA && arbiter.offer(A, n, 1, 100 * n) === Verdict.New) taken.add(n);
      if (onB && arbiter.offer(B, n, 1, 100 * n + 40) === Verdict.New) taken.add(n);
    }
    arbiter.close();
    expect(coincidences).toBeGreaterThan(20);
    expect(arbiter.neither).toBe(coincidences);
    expect(taken.size).toBe(count - coincidences);
    expect(arbiter.decided).toBe(count);
    expect(arbiter.legs[A].lost).toBeGreaterThan(800);
  });

  it('has a window that is a power of two', () => {
    for (const windowPackets of [0, 3, 1.5, 2 ** 21]) {
      expect(() => new Arbiter({ windowPackets, windowNs: 1 })).toThrow('window');
    }
    for (const windowPackets of [1, 2, 2 ** 20]) {
      expect(new Arbiter({ windowPackets, windowNs: 1 }).windowPackets).toBe(windowPackets);
    }
  });
});
