import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueHeap } from '../../src/impair/dueHeap.js';

test('entries leave by due time, those of one time as they were placed, moved ones as if placed anew', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('place' as const), entry: fc.nat(31), dueNs: fc.nat(20) }),
    fc.record({ kind: fc.constant('remove' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DueHeap(32);
      let model: { entry: number; dueNs: number }[] = [];
      for (const one of steps) {
        if (one.kind === 'place') {
          model = model.filter(({ entry }) => entry !== one.entry);
          const at = model.findIndex(({ dueNs }) => dueNs > one.dueNs);
          model.splice(at < 0 ? model.length : at, 0, { entry: one.entry, dueNs: one.dueNs });
          heap.place(one.entry, one.dueNs);
        } else if (model.length > 0) {
          const gone = model.shift()!;
          expect(heap.first).toBe(gone.entry);
          heap.removeFirst();
          expect(heap.has(gone.entry)).toBe(false);
        }
        expect(heap.count).toBe(model.length);
        expect(heap.firstNs).toBe(model[0]?.dueNs ?? Infinity);
        for (const { entry, dueNs } of model) expect([heap.has(entry), heap.dueNs[entry]]).toEqual([true, dueNs]);
      }
    }),
  );
});
