import { expect, test } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import { expectNoGarbage } from '../garbage.js';

test('what comes in order leaves nothing on the heap, whether or not something is missing', async () => {
  const recovery = new Recovery({
    ranges: 64,
    listed: 8,
    delayNs: 5e6,
    timeoutNs: 100e6,
    longestTimeoutNs: 400e6,
    restNs: 10e6,
    tries: 3,
    servers: 1,
    outstandingRequests: 2,
    requestMessages: 100,
  });
  const next = new Float64Array([2 ** 33]);
  const work = (): void => {
    for (let i = 0; i < 200_000; i++) {
      const n = next[0]!;
      recovery.arrived(n, n + 5, n);
      recovery.step(n);
      recovery.nextRequest();
      next[0] = n + 5;
    }
  };
  work();
  await expectNoGarbage(work, 400_000);
  recovery.missing(10, 20, Number.MAX_SAFE_INTEGER);
  work();
  await expectNoGarbage(work, 400_000);
  expect(recovery.stillMissing).toBe(10);
});
