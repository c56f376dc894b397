import { describe, expect, it } from 'vitest';
import { OpenGaps, Gap } from '../../src/analysis/openGaps.js';
import { ReceivedBits } from '../../src/analysis/receivedBits.js';
import { StreamFormat, StreamTable } from '../../src/analysis/streamTable.js';
import { Random } from '../../src/core/random.js';

describe('StreamTable', () => {
  it('finds every stream again, by all parts of its key', () => {
    const table = new StreamTable(5000);
    const random = new Random(1);
    const keys = new Map<string, number>();
    for (let k = 0; k < 3000; k++) {
      // Few values, so that parts of keys repeat; zeros and all ones among them.
      const [path, flow, run] = [
        1 + random.below(200),
        [0, 1, 0xffff_ffff, random.uint32()][random.below(4)]!,
        random.below(3),
      ];
      const format = random.below(2) === 0 ? StreamFormat.Plain : StreamFormat.Probe;
      const key = `${path} ${flow} ${run} ${format}`;
      expect(table.find(path, flow, run, format)).toBe(keys.get(key) ?? -1);
      if (!keys.has(key)) keys.set(key, table.add(path, flow, run, format, 0, 0, k));
    }
    expect(table.count).toBe(keys.size);
    for (const [key, stream] of keys) {
      const [path, flow, run, format] = key.split(' ').map(Number) as [number, number, number, number];
      expect(table.find(path, flow, run, format)).toBe(stream);
    }
  });

  it('puts what finds no room into one stream more, and counts it', () => {
    const table = new StreamTable(2);
    expect([1, 2].map((flow) => table.add(1, flow, 0, StreamFormat.Probe, 0, 0, 0))).toEqual([0, 1]);
    expect([3, 4].map((flow) => table.add(1, flow, 0, StreamFormat.Probe, 0, 0, 0))).toEqual([2, 2]);
    expect([table.others, table.count, table.overflows]).toEqual([2, 3, 2]);
    expect(table.find(1, 3, 0, StreamFormat.Probe)).toBe(-1);
  });

  it('takes a path that is not known for one without room, and still has room for the others', () => {
    const table = new StreamTable(2);
    expect(table.add(0, 1, 0, StreamFormat.Probe, 0, 0, 0)).toBe(table.others);
    expect([1, 2].map((flow) => table.add(1, flow, 0, StreamFormat.Probe, 0, 0, 0))).toEqual([1, 2]);
    expect(table.add(1, 3, 0, StreamFormat.Probe, 0, 0, 0)).toBe(table.others);
  });
});

describe('ReceivedBits', () => {
  it('is a set of the numbers in its window', () => {
    for (const [seed, from] of [0, -1000, 2 ** 31 - 70, 2 ** 32 - 70, 2 ** 52].entries()) {
      const random = new Random(seed);
      const size = 256;
      const bits = new ReceivedBits(size);
      const set = new Set<number>();
      bits.fill(from, from + size, false);
      for (let step = 0; step < 400; step++) {
        const a = from + random.below(size);
        const b = a + random.below(from + size - a + 1);
        const received = random.below(2) === 0;
        if (step % 3 === 0) {
          bits.fill(a, b, received);
          for (let n = a; n < b; n++)
            if (received) set.add(n);
            else set.delete(n);
        } else {
          bits.add(a);
          set.add(a);
        }
        expect(bits.has(b === from + size ? a : b)).toBe(set.has(b === from + size ? a : b));
        let next = a;
        while (next < b && set.has(next) !== received) next++;
        expect(bits.next(a, b, received)).toBe(next);
      }
    }
  });
});

describe('OpenGaps', () => {
  it('finds the gap of a number, next to one another too, while gaps come and go', () => {
    const random = new Random(3);
    const gaps = new OpenGaps();
    const list: [first: number, end: number][] = [];
    let high = 0;
    for (let step = 0; step < 600; step++) {
      if (list.length > 0 && random.below(3) === 0) {
        gaps.removeFirst();
        list.shift();
      } else if (list.length > 2 && random.below(6) === 0) {
        // One gap cut in two, in the middle.
        const i = 1 + random.below(list.length - 1);
        const [first, end] = list[i]!;
        const cut = first + Math.floor((end - first) / 2);
        const row = gaps.insert(i);
        gaps.rows[row + Gap.First] = first;
        gaps.rows[row + Gap.End] = cut;
        gaps.rows[gaps.row(i + 1) + Gap.First] = cut;
        list.splice(i, 1, [first, cut], [cut, end]);
      } else {
        const first = high + random.below(3);
        const end = first + 2 + random.below(5);
        const row = gaps.insert(gaps.count);
        gaps.rows[row + Gap.First] = first;
        gaps.rows[row + Gap.End] = end;
        list.push([first, end]);
        high = end;
      }
      expect(gaps.count).toBe(list.length);
      for (let n = Math.max(0, high - 40); n < high + 2; n++) {
        expect(gaps.find(n)).toBe(list.findIndex(([first, end]) => n >= first && n < end));
      }
    }
  });

  it('takes a gap in before all others', () => {
    const gaps = new OpenGaps();
    for (let i = 9; i >= 0; i--) {
      const row = gaps.insert(0);
      gaps.rows[row + Gap.First] = 10 * i;
      gaps.rows[row + Gap.End] = 10 * i + 5;
    }
    expect([0, 14, 15, 94].map((n) => gaps.find(n))).toEqual([0, 1, -1, 9]);
  });
});
