import { describe, expect, it } from 'vitest';
import { storeOf } from '../../src/runtime/recoveryServers.js';

describe('a store of so many octets', () => {
  const CASES = [65_536, 500_000, 1_000_000, 1 << 20].flatMap((octets) =>
    [16, 19, 33, 50, 200].map((length) => [octets, length] as const),
  );

  it.each(CASES)('of %i keeps as many of the newest messages of %i octets', (octets, length) => {
    const store = storeOf(octets, 1);
    const message = new DataView(new ArrayBuffer(length));
    for (let i = 0; i < (3 * octets) / length; i++) store.put(message, 0, length);
    const kept = (store.end - store.oldest) * length;
    expect(kept).toBeLessThanOrEqual(octets);
    // But for what a lap leaves free at its end.
    expect(kept).toBeGreaterThan(octets - 2 * length);
  });
});
