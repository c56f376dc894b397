import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRealtime, formatUnixNs, unixNsOf } from '../../src/core/time.js';

const SECOND = 1_000_000_000n;

/** In whole numbers of any size, and by the platform's own calendar. */
function oracle(absoluteNs: bigint): string {
  const ms = Number(absoluteNs / 1_000_000n);
  const belowMs = String(absoluteNs % 1_000_000n).padStart(6, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${belowMs}Z`;
}

test('an instant of any epoch, before it or behind it, is written to the nanosecond', () => {
  const near = fc.constantFrom(-1, 0, 1, 999_999_999, 1_000_000_000, -1_000_000_000, -999_999_999);
  const far = fc.integer({ min: -8_000_000_000_000_000, max: 8_000_000_000_000_000 });
  const epochs = fc.bigInt({ min: 10_000_000n * SECOND, max: 4_000_000_000n * SECOND });
  fc.assert(
    fc.property(epochs, fc.array(fc.oneof(near, far), { minLength: 1, maxLength: 8 }), (realtimeNs, times) => {
      const epoch = { realtimeNs, monotonicNs: 0n, uncertaintyNs: 0 };
      for (const time of times) {
        const absoluteNs = realtimeNs + BigInt(time);
        expect(formatRealtime(epoch, time)).toBe(oracle(absoluteNs));
        expect(formatUnixNs(absoluteNs)).toBe(oracle(absoluteNs));
        expect(unixNsOf(formatRealtime(epoch, time))).toBe(absoluteNs);
      }
    }),
    { numRuns: 500 },
  );
});
