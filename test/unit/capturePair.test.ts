import { describe, expect, it } from 'vitest';
import { formatRealtime } from '../../src/core/time.js';
import { openCaptureOctets, type CaptureFile } from '../../src/io/captureFile.js';
import type { Path } from '../../src/io/datagram.js';
import { CapturePair } from '../../src/runtime/capturePair.js';
import { EPOCH, type Datagram } from '../interop/captures.js';
import { PATH, pcapOf } from '../probeCapture.js';

const US = 1e3;

interface Taken {
  readonly timeNs: number;
  readonly leg: 0 | 1 | null;
  readonly path: Path;
  readonly payload: Uint8Array;
  readonly captured: number;
}

async function opened(datagrams: readonly Datagram[], snapOctets = 65_535): Promise<CaptureFile> {
  const octets = pcapOf(datagrams, snapOctets) as Uint8Array<ArrayBuffer>;
  return openCaptureOctets('x.pcap', new Blob([octets]).stream());
}

/** All that a pair hands on, and the largest batch. */
async function taken(pair: CapturePair): Promise<{ all: Taken[]; batches: number }> {
  const all: Taken[] = [];
  let batches = 0;
  for await (const batch of pair) {
    batches++;
    expect(batch.readRealNs).toBe(batch.timeRealNs[batch.count - 1]);
    for (let i = 0; i < batch.count; i++) {
      const path = batch.path[i]!;
      const from = batch.offset[i]!;
      all.push({
        timeNs: batch.timeRealNs[i]!,
        leg: pair.legOf(path),
        path: pair.path(path),
        payload: batch.bytes.slice(from, from + batch.length[i]!),
        captured: pair.captured[i]!,
      });
      expect([batch.socket[i], batch.drops[i], batch.following[i]]).toEqual([0, 0, 0]);
    }
  }
  return { all, batches };
}

/** So many of a line, one each 10 us, each of a size and filling of its own. */
function line(path: Path, count: number, fromNs: number, octets: number): Datagram[] {
  return Array.from({ length: count }, (_, i) => ({
    path: { ...path, sourcePort: path.sourcePort + (i % 3) },
    timeNs: fromNs + i * 10 * US,
    tos: 0xb8,
    ttl: 9,
    payload: new Uint8Array(octets + (i % 7)).fill(i),
  }));
}

describe('two captures', () => {
  it('are read in the order of their stamps, over many batches, octet for octet', async () => {
    const a = line(PATH, 3000, 0, 1400);
    const b = line({ ...PATH, group: '239.1.1.2' }, 2500, 4 * US, 700);
    const pair = new CapturePair(await opened(a), await opened(b));
    const { all, batches } = await taken(pair);
    expect(batches).toBeGreaterThan(4);
    const wanted = [...a.map((one) => ({ ...one, leg: 0 })), ...b.map((one) => ({ ...one, leg: 1 }))];
    wanted.sort((x, y) => x.timeNs - y.timeNs);
    expect(all.map(({ timeNs, leg, payload }) => [timeNs, leg, payload.length, payload[0]])).toEqual(
      wanted.map(({ timeNs, leg, payload }) => [timeNs, leg, payload.length, payload[0]]),
    );
    expect(all.every(({ payload }) => payload.every((octet) => octet === payload[0]))).toBe(true);
    expect(new Set(all.map(({ path }) => `${path.group} ${path.sourcePort}`)).size).toBe(6);
  });

  it('count from the first frame of either, and the first comes first of what is stamped the same', async () => {
    const late = line(PATH, 3, 50 * US, 10);
    const early = line(PATH, 6, 10 * US, 10);
    const pair = new CapturePair(await opened(late), await opened(early));
    expect(formatRealtime(pair.epoch, -10 * US)).toBe(formatRealtime(EPOCH, 0));
    const { all } = await taken(pair);
    expect(all.map(({ timeNs, leg }) => [timeNs / US, leg])).toEqual([
      [0, 1],
      [10, 1],
      [20, 1],
      [30, 1],
      [40, 0],
      [40, 1],
      [50, 0],
      [50, 1],
      [60, 0],
    ]);
  });

  it('have paths of their own, also with the same addresses, and say what was kept', async () => {
    const pair = new CapturePair(await opened(line(PATH, 1, 0, 100)), await opened(line(PATH, 1, 5, 100), 28 + 60));
    const { all } = await taken(pair);
    expect(all.map(({ leg, captured, payload }) => [leg, captured, payload.length])).toEqual([
      [0, 100, 100],
      [1, 60, 100],
    ]);
    expect(all[0]!.path.interfaceIndex).not.toBe(all[1]!.path.interfaceIndex);
    // pcap names none.
    expect(all.map(({ path }) => pair.interfaceName(path.interfaceIndex))).toEqual([null, null]);
    expect([pair.legOf(0), pair.path(0).group]).toEqual([null, '']);
  });

  it('may be empty, one or both', async () => {
    const some = line(PATH, 2, 7, 10);
    const first = new CapturePair(await opened([]), await opened(some));
    expect(formatRealtime(first.epoch, -7)).toBe(formatRealtime(EPOCH, 0));
    expect((await taken(first)).all.map(({ leg, timeNs }) => [leg, timeNs])).toEqual([
      [1, 0],
      [1, 10 * US],
    ]);
    expect((await taken(new CapturePair(await opened(some), await opened([])))).all).toHaveLength(2);
    expect((await taken(new CapturePair(await opened([]), await opened([])))).batches).toBe(0);
  });

  it('are both let go of when reading ends early', async () => {
    let closed = 0;
    async function* inPieces(): AsyncGenerator<Uint8Array> {
      const octets = pcapOf(line(PATH, 3000, 0, 1400));
      try {
        for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536);
      } finally {
        closed++;
      }
    }
    const files = [await openCaptureOctets('a', inPieces()), await openCaptureOctets('b', inPieces())] as const;
    for await (const batch of new CapturePair(...files)) {
      expect([batch.count > 0, closed]).toEqual([true, 0]);
      break;
    }
    expect(closed).toBe(2);
  });
});
