/**
 * The whole program at a high rate allocates nothing per datagram. Decided so: a young generation of
 * 1 MiB has to be collected once for every megabyte that is allocated, and `--trace-gc` tells of each
 * collection when it was and of which thread. In four of the eight seconds of a run, behind those in
 * which code is still being compiled, more than a million datagrams pass. One number each that is an
 * object would be more than 16 collections; what the seconds themselves cost is one or two. These four
 * seconds also lie beyond 2^31 ns, from where on every time outside of arrays and fields is an object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup, startMcast, type Mcast } from '../mcast.js';

const NODE = ['--trace-gc', '--max-semi-space-size=1'];
const SECONDS = 8;
const FROM_MS = 3000;
const TO_MS = 7000;
const LOAD = ['--pps', '300000', '--size', '64', '--offload', 'on', '--max-late', '100ms', '--duration', `${SECONDS}s`];
const OBJECT_OCTETS = 16;

interface Collections {
  /** In the four seconds. */
  readonly count: number;
  /** In use after the last one before them, and after the last one of them, MB. */
  readonly heapBefore: number;
  readonly heapAfter: number;
}

/** Collections of the thread that measures: the one that is not the main thread. */
function collectionsOf(run: Mcast): Collections {
  const lines = [...run.stdout.matchAll(/^\[\d+:(0x[0-9a-f]+)\] +(\d+) ms: \S.*? -> ([0-9.]+) \(/gm)];
  // The main thread lives as long as the process, and prints last.
  const main = lines.at(-1)![1];
  const own = lines.filter((line) => line[1] !== main);
  const before = own.filter((line) => Number(line[2]) < FROM_MS);
  const during = own.filter((line) => Number(line[2]) >= FROM_MS && Number(line[2]) < TO_MS);
  // It does collect, and it is seen.
  expect(before.length).toBeGreaterThan(0);
  const heapBefore = Number(before.at(-1)![3]);
  return { count: during.length, heapBefore, heapAfter: Number(during.at(-1)?.[3] ?? heapBefore) };
}

describe('over a million datagrams', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcast-memory-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('leave neither the sender nor the receiver anything to collect', { timeout: 60_000 }, async () => {
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const quiet = ['--interval', '1h', '--quiet'];
    const receiver = startMcast(['recv', endpoint, ...quiet, '--offload', 'on'], {
      node: NODE,
      jsonFile: join(folder, 'receiver'),
    });
    await receiver.untilEvent('joined');
    const sender = startMcast(['send', endpoint, ...quiet, ...LOAD], { node: NODE, jsonFile: join(folder, 'sender') });
    const { sent } = (await sender.result()).sender!;
    const received = (await receiver.stop()).streams[0]!.metrics.packets_received!;
    for (const [name, run, all] of [
      ['sender', sender, sent],
      ['receiver', receiver, received],
    ] as const) {
      const datagrams = (all * (TO_MS - FROM_MS)) / (SECONDS * 1000);
      expect(datagrams, name).toBeGreaterThan(1_000_000);
      const { count, heapBefore, heapAfter } = collectionsOf(run);
      // Less than the smallest object for each of them; a busy machine loses some, and each gap costs a little.
      expect(count, name).toBeLessThan((datagrams * OBJECT_OCTETS) / 1e6);
      expect(heapAfter - heapBefore, name).toBeLessThan(1);
    }
  });
});
