import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import { ByteRing } from '../../src/core/byteRing.js';
import { openCapture } from '../../src/io/captureFile.js';
import { CaptureWriter, captureQueue, openCaptureSink } from '../../src/io/captureWriter.js';
import type { Path } from '../../src/io/datagram.js';
import { EPOCH, inFolder } from '../interop/captures.js';

const PATH: Path = { source: '10.0.0.1', sourcePort: 4000, group: '239.1.1.1', port: 5001, interfaceIndex: 2 };

function filledBatch(datagrams: number, octets: number): ReceiveBatch {
  const batch = new ReceiveBatch(1, datagrams, datagrams * octets);
  batch.count = datagrams;
  for (let i = 0; i < datagrams; i++) {
    batch.offset[i] = i * octets;
    batch.length[i] = octets;
    batch.bytes.fill(i, i * octets, (i + 1) * octets);
    batch.timeRealNs[i] = i * 1000;
    batch.path[i] = 1;
    batch.tos[i] = i;
    batch.ttl[i] = 64;
    batch.flags[i] = SlotFlag.TimeKernel;
  }
  return batch;
}

const writerTo = (queue: SharedArrayBuffer, path: (index: number) => Path = () => PATH): CaptureWriter =>
  new CaptureWriter(queue, EPOCH, path, () => 'eth0');

describe('CaptureWriter', () => {
  it('drops whole datagrams when nobody empties the queue, counts them, and the file is sound', async () => {
    await inFolder(async (folder) => {
      const queue = captureQueue();
      const writer = writerTo(queue);
      const batch = filledBatch(64, 1316);
      for (let i = 0; i < 200; i++) writer.write(batch, 0, batch.count);
      expect(writer.written + writer.dropped).toBe(200 * 64);
      expect(writer.dropped).toBeGreaterThan(0);
      writer.close();
      const path = join(folder, 'x.pcapng');
      const sink = await openCaptureSink(path, queue);
      await sink.finished;
      const file = await openCapture(path);
      let datagrams = 0;
      for await (const read of file) datagrams += read.count;
      expect(datagrams).toBe(writer.written);
      expect(file.fault).toBeNull();
    });
  });

  it('keeps up while the queue is emptied', async () => {
    await inFolder(async (folder) => {
      const queue = captureQueue();
      const path = join(folder, 'x.pcapng');
      const sink = await openCaptureSink(path, queue);
      const writer = writerTo(queue);
      const batch = filledBatch(64, 1316);
      // Three times the queue's size, in steps that leave the sink its turns.
      for (let i = 0; i < 300; i++) {
        writer.write(batch, 0, batch.count);
        while (isHalfFull(queue)) await new Promise((resolve) => setImmediate(resolve));
      }
      writer.close();
      await sink.finished;
      expect([writer.written, writer.dropped]).toEqual([300 * 64, 0]);
      let datagrams = 0;
      for await (const read of await openCapture(path)) {
        for (let i = 0; i < read.count; i++) {
          expect([read.tos[i], read.timeRealNs[i]]).toEqual([datagrams % 64, (datagrams % 64) * 1000]);
          expect(read.view.getUint8(read.offset[i]! + 1315)).toBe(datagrams % 64);
          datagrams++;
        }
      }
      expect(datagrams).toBe(300 * 64);
    });
  });

  it('drops datagrams of a path without addresses, and writes those after it', () => {
    const queue = captureQueue();
    const unknown: Path = { source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 };
    const writer = writerTo(queue, (index) => (index === 0 ? unknown : PATH));
    const batch = filledBatch(3, 8);
    batch.path[1] = 0;
    writer.write(batch, 0, 3);
    writer.write(batch, 1, 2);
    expect([writer.written, writer.dropped]).toEqual([2, 2]);
  });

  it('says what the system refused', async () => {
    await expect(openCaptureSink('/nonexistent/x.pcapng', captureQueue())).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: '/nonexistent/x.pcapng cannot be written: no such file or directory (ENOENT)',
    });
    const queue = captureQueue();
    const sink = await openCaptureSink('/dev/full', queue);
    writerTo(queue).close();
    await expect(sink.finished).rejects.toMatchObject({
      message: '/dev/full cannot be written: no space left on device (ENOSPC)',
    });
  });

  it('begins with the block that names the program', async () => {
    await inFolder(async (folder) => {
      const queue = captureQueue();
      writerTo(queue).close();
      const path = join(folder, 'x.pcapng');
      await (
        await openCaptureSink(path, queue)
      ).finished;
      const octets = readFileSync(path);
      expect(octets.subarray(0, 4).toString('hex')).toBe('0a0d0d0a');
      expect(octets.toString('latin1')).toContain('header fields rebuilt');
    });
  });
});

/** Whether the queue has no room for half of what it holds. */
function isHalfFull(queue: SharedArrayBuffer): boolean {
  const ring = new ByteRing(queue);
  return ring.claim(ring.capacity / 2) < 0;
}
