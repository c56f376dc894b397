/** The native receive path under a kernel that leaves control messages out, or sends ones that no machine here can. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import type { NativeAddon } from '../../src/io/addon.js';
import type { DatagramSource, Io, ReceiveSocketSpec } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { LITTLE_ENDIAN } from '../../src/io/linux/sockopt.js';
import { openNativeIo } from '../../src/io/native.js';
import { needs } from '../require.js';
import { collect, destination, freshPort, numbered, receiveSpec, sendAll, sendSpec } from './harness.js';

/** As in `fakeKernel.c`. */
const Fault = {
  None: 0,
  NoControl: 1,
  ControlTruncated: 2,
  HardwareOnly: 3,
  HardwareAndKernel: 4,
  StampOfZero: 5,
  SegmentOfZero: 6,
  SegmentsOfTen: 7,
  Drops: 8,
  UnknownFamily: 9,
  SegmentsOfOne: 10,
} as const;

const NATIVE = fileURLToPath(new URL('../../src/native', import.meta.url));
const FAKE = fileURLToPath(new URL('fakeKernel.c', import.meta.url));
const require = createRequire(import.meta.url);
const headers = (require('node-api-headers') as { include_dir: string }).include_dir;

/** The calls of the addon, to be replaced one by one. */
function callsOf(addon: NativeAddon): NativeAddon {
  return Object.fromEntries(Object.entries(addon)) as unknown as NativeAddon;
}

describe.runIf(needs('linux', 'cc'))('a kernel that', () => {
  let folder: string;
  let addon: NativeAddon;
  let io: Io;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcast-fake-'));
    const sources = readdirSync(NATIVE).filter((name) => name.endsWith('.c'));
    const output = join(folder, 'fake.node');
    const flags = ['-shared', '-fPIC', '-O1', '-std=gnu11', '-Drecvmmsg=fake_recvmmsg', `-I${headers}`, '-o', output];
    execFileSync('cc', [...flags, ...sources.map((name) => join(NATIVE, name)), FAKE]);
    addon = require(output) as NativeAddon;
  }, 60_000);
  afterEach(() => io.close());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function arrivals(
    faults: readonly (readonly [fault: number, argument?: number])[],
    batch = new ReceiveBatch(16),
    change: Partial<ReceiveSocketSpec> = {},
    offload = false,
    octets = 95,
  ): Promise<{ source: DatagramSource; batch: ReceiveBatch }> {
    const port = freshPort();
    const source = await io.openSource(receiveSpec(port, change));
    if (offload) source.enableOffload();
    const sink = await io.openSink(sendSpec([destination(port, { ttl: 5, tos: 0x28 })]));
    const sent = numbered(faults.length, octets);
    for (const [slot, [fault, argument = 0]] of faults.entries()) {
      sent.bytes[sent.offset[slot]!] = fault;
      sent.view.setUint32(sent.offset[slot]! + 4, argument, LITTLE_ENDIAN);
    }
    await sendAll(io, sink, sent);
    await collect(io, source, 1, () => {}, batch);
    return { source, batch };
  }

  it('sends no control message: the datagram has nothing of its neighbours', async () => {
    io = openNativeIo(undefined, addon);
    const { batch } = await arrivals([[Fault.None], [Fault.NoControl], [Fault.None]]);
    expect([...batch.flags.subarray(0, 3)]).toEqual([
      SlotFlag.TimeKernel,
      SlotFlag.TimeUser | SlotFlag.NoTos | SlotFlag.NoTtl,
      SlotFlag.TimeKernel,
    ]);
    expect([...batch.tos.subarray(0, 3)]).toEqual([0x28, 0, 0x28]);
    expect([...batch.ttl.subarray(0, 3)]).toEqual([5, 0, 5]);
    expect(batch.timeRealNs[1]).toBe(batch.readRealNs);
    expect(batch.timeRealNs[2]).toBeLessThan(batch.readRealNs);
    const path = io.path(batch.path[1]!);
    // Those it is bound to.
    expect(path).toEqual(io.path(batch.path[0]!));
  });

  it('had no room for control messages: it is said and counted', async () => {
    io = openNativeIo(undefined, addon);
    const { source, batch } = await arrivals([[Fault.ControlTruncated], [Fault.None]]);
    expect(batch.flags[0]).toBe(SlotFlag.ControlTruncated | SlotFlag.TimeUser | SlotFlag.NoTos | SlotFlag.NoTtl);
    expect(batch.flags[1]).toBe(SlotFlag.TimeKernel);
    expect(source.counters[SocketCounter.ControlTruncated]).toBe(1);
  });

  it('sends empty stamps: the time is that of reading', async () => {
    io = openNativeIo(undefined, addon);
    const { batch } = await arrivals([[Fault.StampOfZero]]);
    expect(batch.flags[0]).toBe(SlotFlag.TimeUser);
    expect(batch.timeRealNs[0]).toBe(batch.readRealNs);
  });

  it('sends hardware stamps unasked: the kernel stamp is used', async () => {
    io = openNativeIo(undefined, addon);
    const { batch } = await arrivals([[Fault.HardwareAndKernel], [Fault.HardwareOnly]]);
    expect([...batch.flags.subarray(0, 2)]).toEqual([SlotFlag.TimeKernel, SlotFlag.TimeUser]);
  });

  it('sends hardware stamps of a clock that keeps TAI: its whole seconds are taken off', async () => {
    const calls = callsOf(addon);
    // The interface stamps all that it receives; the offset of its clock is given where it would be read.
    calls.interfaceControl = (_fd, _request, _name, octets) => {
      octets[8] = 1;
      return 0;
    };
    const { receiverOpen } = calls;
    calls.receiverOpen = (loop, fd, index, port, hardware, _seconds, ...rest) =>
      receiverOpen(loop, fd, index, port, hardware, 37, ...rest);
    io = openNativeIo(undefined, calls);
    const faults = [[Fault.HardwareAndKernel], [Fault.HardwareOnly], [Fault.None]] as const;
    const { source, batch } = await arrivals(faults, undefined, { timestamps: 'hardware' });
    expect(source.timeSource).toBe('hardware');
    expect(source.notes.join()).toMatch(/hardware clock of lo cannot be read: its stamps do not serve one-way delay/);
    expect([...batch.flags.subarray(0, 3)]).toEqual([
      SlotFlag.TimeHardware,
      SlotFlag.TimeHardware,
      SlotFlag.TimeKernel,
    ]);
    const age = batch.readRealNs - batch.timeRealNs[0]!;
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(10e9);
    expect(batch.timeRealNs[1]).toBeGreaterThanOrEqual(batch.timeRealNs[0]!);
  });

  it('sends hardware stamps of a clock that nobody can read: without a demand they are not used', async () => {
    const calls = callsOf(addon);
    calls.interfaceControl = (_fd, _request, _name, octets) => {
      octets[8] = 1;
      return 0;
    };
    io = openNativeIo(undefined, calls);
    const { source, batch } = await arrivals([[Fault.HardwareAndKernel]]);
    expect(source.timeSource).toBe('kernel');
    expect(source.notes.join()).toMatch(/kernel stamps are used/);
    expect(batch.flags[0]).toBe(SlotFlag.TimeKernel);
  });

  it('coalesces: segments and their last, shorter one', async () => {
    io = openNativeIo(undefined, addon);
    const { source, batch } = await arrivals([[Fault.SegmentsOfTen]], new ReceiveBatch(1, 128), {}, true);
    expect(batch.count).toBe(10);
    expect([...batch.length.subarray(0, 10)]).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
    expect([...batch.offset.subarray(0, 10)]).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect([...batch.following.subarray(0, 10)]).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(source.counters[SocketCounter.Datagrams]).toBe(10);
    expect(source.counters[SocketCounter.Octets]).toBe(95);
  });

  it('coalesces more than there are slots: what is left is truncated and counted', async () => {
    io = openNativeIo(undefined, addon);
    const faults = [[Fault.SegmentsOfOne], [Fault.None]] as const;
    const { source, batch } = await arrivals(faults, new ReceiveBatch(2, 256), {}, true, 200);
    expect(batch.count).toBe(129);
    expect(batch.flags[127]).toBe(SlotFlag.TimeKernel | SlotFlag.TimeShared | SlotFlag.Truncated);
    expect(batch.length[128]).toBe(200);
    expect(batch.flags[128]).toBe(SlotFlag.TimeKernel);
    expect(source.counters[SocketCounter.Truncated]).toBe(1);
  });

  it('tells a segment size of nothing: one datagram', async () => {
    io = openNativeIo(undefined, addon);
    const { batch } = await arrivals([[Fault.SegmentOfZero]], new ReceiveBatch(1, 128), {}, true);
    expect([batch.count, batch.length[0]]).toEqual([1, 95]);
  });

  it('wraps its drop counter: the total goes on', async () => {
    io = openNativeIo(undefined, addon);
    const { source, batch } = await arrivals([
      [Fault.Drops, 0x7fff_ffff],
      [Fault.Drops, 0xffff_fffe],
      [Fault.None],
      [Fault.Drops, 3],
      [Fault.Drops, 2],
    ]);
    expect([...batch.drops.subarray(0, 5)]).toEqual([0x7fff_ffff, 0xffff_fffe, 0xffff_fffe, 3, 2]);
    expect(source.counters[SocketCounter.KernelDrops]).toBe(2 ** 32 + 3);
  });

  it('gives an address of a family that is none: a path of its own', async () => {
    io = openNativeIo(undefined, addon);
    const { batch } = await arrivals([[Fault.UnknownFamily], [Fault.None]]);
    expect(io.path(batch.path[0]!).source).toBe('::');
    expect(io.path(batch.path[1]!).source).toBe('127.0.0.1');
  });

  it('has more paths than the table: the others are number 0, and counted', async () => {
    const calls = callsOf(addon);
    const { loopOpen } = calls;
    calls.loopOpen = (real, mono, ready, clock) => loopOpen(real, mono, ready, clock, 3);
    io = openNativeIo(undefined, calls);
    const port = freshPort();
    const source = await io.openSource(receiveSpec(port));
    const batch = new ReceiveBatch(8);
    for (let host = 1; host <= 4; host++) {
      const sink = await io.openSink(sendSpec([destination(port, { source: `127.0.0.${host}` })]));
      await sendAll(io, sink, numbered(1, 64));
    }
    await collect(io, source, 1, () => {}, batch);
    expect([...batch.path.subarray(0, 4)]).toEqual([1, 2, 0, 0]);
    expect(source.counters[SocketCounter.PathOverflow]).toBe(2);
    expect(io.pathCount).toBe(3);
  });
});
