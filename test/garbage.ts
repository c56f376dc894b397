/** What work leaves on the heap, and how much it may. */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * The engine compiles in another thread, and until it is done its own code and boxed numbers are allocated: on a loaded
 * machine five attempts without a pause were all over before.
 */
const ATTEMPTS = 8;
const PAUSE_MS = 25;

/**
 * What a million datagrams may leave on the heap. The V8 of Node 24 keeps 5 to 8 octets per datagram where that of 20
 * and 22 keeps less than 1 (compiled code, and numbers of calls it does not inline): there the bound is that of
 * one smallest object, 16 octets, for three datagrams of four.
 */
const OLDER_V8 = Number(process.versions.node.split('.')[0]) < 24;
const OCTETS_ALLOWED_BY_NEWER = 12_000_000;
const COLLECTIONS_ALLOWED = OLDER_V8 ? 0 : 2;

async function garbageOf(work: () => void): Promise<{ octets: number; collections: number }> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  collectGarbage();
  await new Promise((resolve) => setImmediate(resolve));
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  work();
  const octets = process.memoryUsage().heapUsed - before;
  // Entries are delivered in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return { octets, collections };
}

/**
 * That `work`, warmed up before, leaves less than `octets` and needs no more than `collections` garbage collections, in
 * one of several attempts: what allocates does so in each.
 */
export async function expectNoGarbage(work: () => void, octets: number, collections = 0): Promise<void> {
  const allowed = OLDER_V8 ? octets : Math.max(octets, OCTETS_ALLOWED_BY_NEWER);
  for (let attempt = 1; ; attempt++) {
    const left = await garbageOf(work);
    if (attempt < ATTEMPTS && (left.octets >= allowed || left.collections > COLLECTIONS_ALLOWED + collections)) {
      await setTimeout(attempt * PAUSE_MS);
      continue;
    }
    expect(left.octets).toBeLessThan(allowed);
    expect(left.collections).toBeLessThanOrEqual(COLLECTIONS_ALLOWED + collections);
    return;
  }
}
