import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { emptyRing } from '../../src/io/emptyRing.js';
import { openRingFile } from '../../src/io/ringFile.js';

function ringOf(...octets: readonly number[]): ByteRing {
  const ring = new ByteRing(ByteRing.allocate(16, 16));
  put(ring, ...octets);
  return ring;
}

function put(ring: ByteRing, ...octets: readonly number[]): void {
  ring.bytes.set(octets, ring.claim(octets.length));
  ring.publish(octets.length);
}

describe('a ring', () => {
  it('is emptied in order, while it is filled and when it has been closed', async () => {
    const ring = ringOf(1, 2, 3);
    const taken: number[][] = [];
    const emptied = emptyRing(ring, async (octets) => {
      taken.push([...octets]);
      // Only when these have been taken are there more.
      if (taken.length === 1) setImmediate(() => put(ring, 4, 5));
      if (taken.length === 2) setImmediate(() => ring.close());
    });
    await emptied;
    expect(taken).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('waits for whoever takes the octets, and ends with what he throws', async () => {
    const ring = ringOf(1);
    let isTaking = false;
    let turns = 0;
    const emptied = emptyRing(ring, async () => {
      expect(isTaking).toBe(false);
      isTaking = true;
      if (turns === 0) put(ring, 2);
      await new Promise((resolve) => setImmediate(resolve));
      isTaking = false;
      if (++turns === 2) throw new Error('no more');
    });
    await expect(emptied).rejects.toThrow('no more');
    expect(turns).toBe(2);
  });

  it('is left as it is when it is given up', async () => {
    const ring = ringOf(1, 2);
    let goesOn = true;
    await emptyRing(
      ring,
      async () => {
        put(ring, 3);
        goesOn = false;
      },
      () => goesOn,
    );
    expect(ring.readable()).toBe(1);
  });
});

describe('a file behind a ring', () => {
  it('holds exactly what was written into the ring', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcast-ring-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'a.ts');
    const ring = ringOf(1, 2, 3);
    const { finished } = await openRingFile(path, ring.shared);
    expect(existsSync(path)).toBe(true);
    put(ring, 4);
    ring.close();
    await finished;
    expect([...readFileSync(path)]).toEqual([1, 2, 3, 4]);
  });

  it('that cannot be opened or written is ERR_FILE', async () => {
    await expect(openRingFile('/nonexistent/a.ts', ringOf().shared)).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: '/nonexistent/a.ts cannot be written: no such file or directory (ENOENT)',
    });
    const { finished } = await openRingFile('/dev/full', ringOf(1).shared);
    await expect(finished).rejects.toMatchObject({
      message: '/dev/full cannot be written: no space left on device (ENOSPC)',
    });
  });
});
