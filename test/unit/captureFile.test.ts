import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { openCapture, openCaptureOctets } from '../../src/io/captureFile.js';
import type { CaptureFile, CaptureFileOptions } from '../../src/io/captureFile.js';
import { EXPECTED, FRAMES } from '../vectors/frames.js';
import { fromHex, toHex } from '../vectors/hex.js';

/** A pcap file with nanoseconds of these frames, one millisecond apart from 1767225600.123456789 s on. */
function pcap(linkType: number, frames: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(24 + frames.reduce((sum, frame) => sum + 16 + frame.length, 0));
  const view = new DataView(octets.buffer);
  view.setUint32(0, 0xa1b2_3c4d);
  view.setUint16(4, 2);
  view.setUint32(20, linkType);
  let at = 24;
  for (const [i, frame] of frames.entries()) {
    view.setUint32(at, 1_767_225_600);
    view.setUint32(at + 4, 123_456_789 + i * 1_000_000);
    view.setUint32(at + 8, frame.length);
    view.setUint32(at + 12, frame.length);
    octets.set(frame, at + 16);
    at += 16 + frame.length;
  }
  return octets;
}

const frameNamed = (name: string): Uint8Array => fromHex(FRAMES.find((frame) => frame.name === name)!.hex);
const RAW_FOUR = frameNamed('raw, IPv4');
const RAW_SIX = frameNamed('raw, IPv6');
const FRAGMENT = frameNamed('IPv4, later fragment');
const IGMP = frameNamed('IPv4, IGMP');

async function* chunked(octets: Uint8Array, chunkOctets: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += chunkOctets) yield octets.subarray(at, at + chunkOctets);
}

const opened = (octets: Uint8Array, options?: CaptureFileOptions, chunkOctets = 4096): Promise<CaptureFile> =>
  openCaptureOctets('x.pcap', chunked(octets, chunkOctets), options);

async function datagrams(file: CaptureFile): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of file) {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.offset[i]!;
      const path = file.path(batch.path[i]!);
      const payload = toHex(batch.bytes.subarray(at, at + batch.length[i]!));
      found.push(`${batch.timeRealNs[i]} ${path.source} ${path.group} ${batch.tos[i]} ${batch.ttl[i]} ${payload}`);
      expect(batch.flags[i]).toBe(SlotFlag.TimeKernel);
      expect(batch.readRealNs).toBe(batch.readMonoNs);
    }
  }
  return found;
}

const MIXED = pcap(101, [RAW_FOUR, IGMP, RAW_SIX, FRAGMENT, RAW_FOUR]);
const MIXED_DATAGRAMS = [
  `0 ${EXPECTED.source4} ${EXPECTED.group4} 184 5 48692e`,
  `2000000 ${EXPECTED.source6} ${EXPECTED.group6} 184 5 48692e`,
  `4000000 ${EXPECTED.source4} ${EXPECTED.group4} 184 5 48692e`,
];

describe('CaptureFile', () => {
  it('hands over the datagrams with the times of the file, and counts the rest', async () => {
    for (const chunkOctets of [1, 17, 4096]) {
      const file = await opened(MIXED, {}, chunkOctets);
      expect(file.epoch.realtimeNs).toBe(1_767_225_600_123_456_789n);
      expect(await datagrams(file)).toEqual(MIXED_DATAGRAMS);
      expect(file.counts).toMatchObject({ frames: 5, datagrams: 3, notUdp: 1, fragments: 1, filtered: 0 });
      expect(file.fault).toBeNull();
    }
  });

  it('reads gzip, cut anywhere', async () => {
    const compressed = gzipSync(MIXED);
    for (const chunkOctets of [1, 64]) {
      expect(await datagrams(await opened(compressed, {}, chunkOctets))).toEqual(MIXED_DATAGRAMS);
    }
  });

  it('keeps what came before the end of a truncated file, and says so', async () => {
    const file = await opened(MIXED.slice(0, -1));
    expect(await datagrams(file)).toEqual(MIXED_DATAGRAMS.slice(0, 2));
    expect(file.fault).toMatch(/the file ends within a record/);
  });

  it('keeps what came before the end of truncated gzip, and says so', async () => {
    const many = pcap(
      101,
      Array.from({ length: 500 }, () => RAW_FOUR),
    );
    const compressed = gzipSync(many);
    const file = await opened(compressed.subarray(0, compressed.length - 4));
    expect((await datagrams(file)).length).toBe(500);
    expect(file.fault).toMatch(/compressed octets are damaged: unexpected end of file/);
  });

  it('stops at damage, with what came before', async () => {
    const damaged = MIXED.slice();
    new DataView(damaged.buffer).setUint32(24 + 16 + RAW_FOUR.length + 8, 0x7fff_ffff);
    const file = await opened(damaged);
    expect(await datagrams(file)).toEqual(MIXED_DATAGRAMS.slice(0, 1));
    expect(file.fault).toMatch(/a record of 2147483647 octets cannot be/);
  });

  it('asks once per path whether it is wanted', async () => {
    const asked: string[] = [];
    const file = await opened(MIXED, {
      accept: ({ group }) => {
        asked.push(group);
        return group === EXPECTED.group4;
      },
    });
    expect(await datagrams(file)).toEqual([MIXED_DATAGRAMS[0], MIXED_DATAGRAMS[2]]);
    expect(asked).toEqual([EXPECTED.group4, EXPECTED.group6]);
    expect(file.counts).toMatchObject({ datagrams: 2, filtered: 1 });
  });

  it('reads more datagrams than a batch holds, with one batch for all', async () => {
    const frames = Array.from({ length: 5000 }, () => RAW_FOUR);
    const file = await opened(pcap(101, frames), {}, 1024 * 1024);
    const batches = new Set<unknown>();
    let count = 0;
    for await (const batch of file) {
      batches.add(batch);
      count += batch.count;
      for (let i = 0; i < batch.count; i++) expect(batch.view.getUint8(batch.offset[i]!)).toBe(0x48);
    }
    expect([count, batches.size]).toEqual([5000, 1]);
  });

  it('reads datagrams of the largest size, again and again', async () => {
    const large = new Uint8Array(65_535).fill(0x5a);
    large.set(RAW_FOUR.subarray(0, 28));
    new DataView(large.buffer).setUint16(2, 65_535);
    new DataView(large.buffer).setUint16(24, 65_515);
    const file = await opened(
      pcap(
        101,
        Array.from({ length: 40 }, () => large),
      ),
    );
    let octets = 0;
    for await (const batch of file) for (let i = 0; i < batch.count; i++) octets += batch.length[i]!;
    expect(octets).toBe(40 * 65_507);
  });

  it('marks datagrams without a time, which take no part in time metrics', async () => {
    const raw = toHex(RAW_FOUR);
    const file = await opened(
      fromHex(`
        0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
        00000001 00000014 0065 0000 00000000 00000014
        00000003 00000030 0000001f ${raw} 00 00000030
      `),
    );
    const batch = (await file[Symbol.asyncIterator]().next()).value!;
    expect(batch.flags[0]).toBe(SlotFlag.TimeUser | SlotFlag.TimeShared);
    expect(file.counts.untimed).toBe(1);
  });

  it('counts times that go backwards', async () => {
    const octets = pcap(101, [RAW_FOUR, RAW_FOUR]);
    new DataView(octets.buffer).setUint32(24 + 16 + RAW_FOUR.length, 1_767_225_599);
    const file = await opened(octets);
    expect((await datagrams(file))[1]).toMatch(/^-999000000 /);
    expect(file.counts.backwards).toBe(1);
  });

  it('of a file without frames is empty', async () => {
    const file = await opened(MIXED.slice(0, 24));
    expect(await datagrams(file)).toEqual([]);
    expect([file.fault, file.epoch.realtimeNs]).toEqual([null, 0n]);
  });

  it('closes its input when the reader stops early', async () => {
    let isClosed = false;
    async function* input(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield MIXED;
      } finally {
        isClosed = true;
      }
    }
    for await (const batch of await openCaptureOctets('x', input())) {
      expect(batch.count).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
  });

  it('refuses what cannot be read in one line that says what to do', async () => {
    await expect(openCapture('/nonexistent/x.pcap')).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: '/nonexistent/x.pcap cannot be read: no such file or directory (ENOENT)',
    });
    await expect(opened(fromHex('00112233445566'))).rejects.toMatchObject({
      code: 'ERR_FILE_FORMAT',
      message: 'x.pcap is not a capture file',
    });
    await expect(opened(new Uint8Array(0))).rejects.toMatchObject({ message: 'x.pcap is empty' });
    await expect(opened(gzipSync(MIXED).subarray(0, 12))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });
});
