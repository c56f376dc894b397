/** Captures through pipes: nothing is held that has been measured, and what a pipe's end cuts off is told. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { runCommand, testFolder } from '../command.js';
import { record } from '../interop/captures.js';
import { MCAST } from '../mcast.js';
import { PATH, pcapOf } from '../probeCapture.js';
import { feedOctets, short } from '../unit/feedDatagrams.js';
import { needs } from '../require.js';

const MS = 1e6;
const PCAP_HEAD = 24;

/** Two lines of 40 messages; the second lacks the 9th. */
const LINES = Array.from({ length: 40 }, (_, i) => i + 1).flatMap((number) =>
  [0, 1]
    .filter((leg) => leg === 0 || number !== 9)
    .map((leg) => ({
      path: { ...PATH, group: `239.1.${leg + 1}.1`, port: 26_400 },
      timeNs: number * MS + leg * 1000,
      tos: 0,
      ttl: 3,
      payload: feedOctets({ number, messages: short(1) }),
    })),
);
const ENDPOINTS = ['mold://239.1.1.1:26400', '--leg-b', 'mold://239.1.2.1:26400'];

function resultOf(stdout: string): RunResult {
  return (JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: RunResult }).result;
}

function analyze(input: Uint8Array): RunResult {
  const { stdout, status } = spawnSync(process.execPath, [MCAST, 'analyze', '-', ...ENDPOINTS, '--json'], {
    encoding: 'utf8',
    timeout: 25_000,
    input,
  });
  expect(status).toBe(0);
  return resultOf(stdout);
}

async function pcapngOf(datagrams: typeof LINES): Promise<Uint8Array> {
  const path = join(testFolder(), 'both.pcapng');
  await record(path, datagrams);
  return readFileSync(path);
}

describe('both lines through one pipe', () => {
  it('are measured as in a file: pcap and pcapng', async () => {
    for (const octets of [pcapOf(LINES), await pcapngOf(LINES)]) {
      const result = analyze(octets);
      expect(result.arbitration).toMatchObject({
        packets_expected: 40,
        both_lost: 0,
        legs: [
          { packets_received: 40, packets_lost: 0, first_arrivals: 40 },
          { packets_received: 39, packets_lost: 1, first_arrivals: 0 },
        ],
      });
      expect(result.health.reasons.map(({ code }) => code)).not.toContain('capture_damaged');
    }
  });

  it('end within a record where the pipe does', async () => {
    for (const octets of [pcapOf(LINES), await pcapngOf(LINES)]) {
      const result = analyze(octets.subarray(0, -5));
      expect(result.arbitration).toMatchObject({ packets_expected: 40, legs: [{ packets_received: 40 }, {}] });
      expect(result.health.reasons.map(({ code }) => code)).toContain('capture_damaged');
      expect(result.run.complete).toBe(true);
    }
  });
});

/** Datagrams of 1316 octets a millisecond apart, whose times go on from block to block. */
const BLOCK = 1000;
function* blocks(count: number): Generator<Uint8Array> {
  const payload = new Uint8Array(1316);
  const frames = Array.from({ length: BLOCK }, (_, i) => ({ path: PATH, timeNs: i * MS, tos: 0, ttl: 3, payload }));
  const octets = pcapOf(frames);
  const view = new DataView(octets.buffer, octets.byteOffset);
  const recordOctets = (octets.length - PCAP_HEAD) / BLOCK;
  for (let block = 0; block < count; block++) {
    yield block === 0 ? octets.slice() : octets.slice(PCAP_HEAD);
    // A block is a second.
    for (let at = PCAP_HEAD; at < octets.length; at += recordOctets) view.setUint32(at, view.getUint32(at) + 1);
  }
}

async function write({ stdin }: ChildProcessWithoutNullStreams, all: Iterable<Uint8Array>): Promise<void> {
  for (const octets of all) if (!stdin.write(octets)) await once(stdin, 'drain');
}

/** The most memory that a process ever had, octets. */
function peakOctets(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

describe.runIf(needs('linux'))('a pipe that goes on and on', () => {
  it('takes no more memory than one that was short', async () => {
    const child = spawn(process.execPath, [MCAST, 'analyze', '-', '--json']);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const all = blocks(160);
    const some = Array.from({ length: 40 }, () => all.next().value as Uint8Array);
    await write(child, some);
    const before = peakOctets(child.pid!);
    // 160 MB.
    await write(child, all);
    const after = peakOctets(child.pid!);
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(resultOf(stdout).streams.map(({ metrics }) => metrics.packets_received)).toEqual([160 * BLOCK]);
    expect(after - before).toBeLessThan(60e6);
  });
});

describe('a capture that is to be sent again', () => {
  it.each([
    ['to an endpoint', ['udp://239.1.1.1:5/iface=lo'], 1],
    ['as messages', ['mold://239.1.1.1:5/iface=lo'], 1],
    ['to its own groups', ['--keep-groups'], 2],
  ])('cannot come through a pipe: %s', (_what, words, status) => {
    const refused = spawnSync(process.execPath, [MCAST, 'send', ...words, '--input', '-'], {
      encoding: 'utf8',
      timeout: 25_000,
      input: pcapOf(LINES),
    });
    expect(refused.status).toBe(status);
    expect(refused.stderr).toMatch(/^mcast: .*read twice, first for its flows.* file/);
  });

  it('is no file of messages', async () => {
    const path = join(testFolder(), 'x.pcap');
    writeFileSync(path, pcapOf(LINES));
    const { status, stderr } = await runCommand(['send', 'mold://239.1.1.1:5/iface=lo', '--input', path]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/x\.pcap is a capture: a feed takes a file of messages/),
    ]);
  });
});
