/** `mcast analyze` of transport streams as a user runs it: against the receiver's own figures, and of files with faults. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult, Stream } from '../../src/result/model.js';
import { freshGroup, MCAST, send, startMcast, startReceiver } from '../mcast.js';
import {
  addUnreferenced,
  blankPacket,
  corruptCrc,
  corruptSync,
  type Damaged,
  jumpPcr,
  offsetPcr,
  packetsOf,
  removePackets,
  removePcrs,
  removePts,
  scramble,
  setTransportError,
  withTableId,
} from '../ts/faults.js';
import { makeTransportStream, packetsBetween } from '../ts/synthetic.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcast-transport-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const RATE = 4_000_000;
const PACKET = 188;
const PMT = 0x1000;
const SDT = 0x11;
const VIDEO = 0x100;
const AUDIO = 0x101;
const clean = makeTransportStream({ rateBitPerSecond: RATE, seconds: 3 });
const between = (fromMs: number, toMs: number): { from: number; to: number } => packetsBetween(RATE, fromMs, toMs);

function file(name: string, octets: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

interface Analysed {
  readonly status: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

function analyze(args: readonly string[], input?: Uint8Array): Analysed {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MCAST, 'analyze', ...args], {
    encoding: 'utf8',
    timeout: 25_000,
    ...(input === undefined ? {} : { input }),
  });
  return { status, stderr, stdout };
}

function resultIn(stdout: string): RunResult {
  const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as { readonly result: RunResult };
  return last.result;
}

/** Indicators that were raised, and how often; the sums per priority are not among them. */
function raised({ tr101290 }: Stream): Record<string, number> {
  const entries = Object.entries(tr101290!).filter(([id, count]) => !/^p\d$/u.test(id) && (count ?? 0) > 0);
  return Object.fromEntries(entries) as Record<string, number>;
}

/** What a capture must tell as the receiver did: no time that counts from the join, or goes on behind the last packet. */
function figuresOf({ streams }: RunResult): object {
  return Object.fromEntries(
    streams.map((stream) => {
      const { role, format, metrics, transport, mdi, tr101290, fec, after, rtcp, loss_map: map } = stream;
      const { packets_received, packets_expected, packets_lost, packets_pending, octets_received } = metrics;
      const figures = {
        role,
        format,
        metrics: { packets_received, packets_expected, packets_lost, packets_pending, octets_received },
        lost: map!.map(({ first, count }) => [first, count]),
        mdi,
        tr101290,
        fec,
        after: after?.metrics,
        reports: rtcp === null ? null : [rtcp.reports, rtcp.packets_total, rtcp.packets_behind, rtcp.bye],
      };
      return [`${stream.port} ${stream.flow}`, transport === null ? figures : { ...figures, ...contentOf(transport) }];
    }),
  );
}

function contentOf(transport: NonNullable<Stream['transport']>): object {
  const { packets, null_packets, stray_octets, lost_datagrams, continuity_errors, services, pids, pcr } = transport;
  const table = pids.map((one) => [one.pid, one.name, one.packets, one.continuity_errors, one.pcrs, one.pts_count]);
  const counts = { packets, null_packets, stray_octets, lost_datagrams, continuity_errors };
  const clocks = pcr.map((one) => [one.pid, one.pcrs, one.interval_ns, one.accuracy_ns, one.jitter_ns]);
  return { counts, names: services.map(({ name }) => name), table, clocks };
}

async function pair(send_: readonly string[]): Promise<{ live: RunResult; analysed: RunResult }> {
  const path = join(folder, `live${send_.length}.pcapng`);
  const endpoint = `rtp://${freshGroup()}:5004/iface=lo`;
  const receiver = await startReceiver([endpoint, '--once', '--capture', path]);
  // Announcements of feedback would be one more stream beside RTCP.
  await send([endpoint, '--duration', '3s', '--no-feedback', '--impair', 'loss=2%,seed=5', ...send_]);
  return { live: await receiver.result(), analysed: await startMcast(['analyze', path]).result() };
}

describe('a receiver’s capture of a transport stream', () => {
  it('tells content, loss and repair as the receiver did, figure by figure', async () => {
    const { live, analysed } = await pair(['--fec', '10x5']);
    expect(live.streams).toHaveLength(4);
    const media = analysed.streams.find(({ role }) => role === 'media')!;
    expect(media.metrics.packets_lost).toBeGreaterThan(0);
    expect(media.fec!.packets_recovered).toBeGreaterThan(0);
    expect(figuresOf(analysed)).toEqual(figuresOf(live));
  });

  it('tells what nothing repaired', async () => {
    const { live, analysed } = await pair([]);
    const media = analysed.streams.find(({ role }) => role === 'media')!;
    expect(media.after).toBeNull();
    expect(media.transport!.lost_datagrams).toBe(media.metrics.packets_lost);
    expect(media.transport!.lost_datagrams).toBeGreaterThan(0);
    expect(figuresOf(analysed)).toEqual(figuresOf(live));
  });
});

describe('a file of a transport stream', () => {
  /** As many packets of the PID from `ms` on that its counter does not show it. */
  function sixteen(pid: number, ms: number): { from: number; to: number } {
    const packets = packetsOf(clean, pid, between(ms, 3000));
    return { from: packets[0]!, to: packets[15]! + 1 };
  }
  const plain = packetsOf(clean, VIDEO, between(1000, 3000)).find((index) => {
    const at = index * PACKET;
    return (clean[at + 1]! & 0x40) === 0 && (clean[at + 3]! & 0x30) === 0x10;
  })!;

  it.each([
    ['none', () => ({ stream: clean, touched: 0 }), {}],
    ['ts_sync_loss', () => corruptSync(clean, 2000, 2), { ts_sync_loss: 1, sync_byte_error: 2 }],
    ['sync_byte_error', () => corruptSync(clean, plain), { sync_byte_error: 1 }],
    ['pat_error', () => removePackets(clean, 0, sixteen(0, 400)), { pat_error: 2 }],
    ['continuity_count_error', () => blankPacket(clean, plain), { continuity_count_error: 1 }],
    ['pmt_error', () => removePackets(clean, PMT, sixteen(PMT, 400)), { pmt_error: 2 }],
    ['transport_error', () => setTransportError(clean, plain), { transport_error: 1 }],
    ['crc_error', () => corruptCrc(clean, SDT, 1), { crc_error: 1 }],
    ['pcr_repetition_error', () => removePcrs(clean, VIDEO, between(1000, 1060)), { pcr_repetition_error: 1 }],
    [
      'pcr_discontinuity_indicator_error',
      () => jumpPcr(clean, VIDEO, 3000, 5_400_000, false),
      { pcr_discontinuity_indicator_error: 1 },
    ],
    ['pcr_accuracy_error', () => offsetPcr(clean, VIDEO, 80, 14), { pcr_accuracy_error: 1 }],
    ['pts_error', () => removePts(clean, VIDEO, between(1000, 1800)), { pts_error: 1 }],
    ['cat_error', () => scramble(clean, AUDIO, between(1000, 2300)), { cat_error: 2 }],
    ['unreferenced_pid', () => addUnreferenced(clean, 0x321, 1500, between(500, 3000)), { unreferenced_pid: 1 }],
    ['sdt_error', () => withTableId(clean, SDT, 1, 0x50), { sdt_error: 1 }],
  ] as [string, () => Damaged, Record<string, number>][])(
    'with one fault raises %s alone',
    (name, damaged, expected) => {
      const path = file(`${name}.ts`, damaged().stream);
      const { status, stdout, stderr } = analyze([path, '--json', '-q', '--max', 'tr101290.p1=0']);
      expect(stderr).toBe('');
      const [stream] = resultIn(stdout).streams;
      expect(raised(stream!)).toEqual(expected);
      expect(status).toBe(stream!.tr101290!['p1'] === 0 ? 0 : 3);
    },
  );

  it('comes through standard input as well, and is told in text', () => {
    const { status, stdout } = analyze(['-', '--utc'], clean);
    expect(status).toBe(0);
    expect(stdout).toContain('standard input: a transport stream, by its program clock');
    expect(stdout).toContain('standard input, mpeg-ts\n  transport     1 service, 6 PIDs, 7,979 packets');
    expect(stdout).toContain('TR 101 290    priority 1: none, priority 2: none, priority 3: none');
  });

  it('is told as far as it came when it is stopped', async () => {
    const child = spawn(process.execPath, [MCAST, 'analyze', '-', '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const started = once(child.stdout, 'data');
    child.stdin.on('error', () => {});
    child.stdin.write(clean);
    await started;
    child.kill('SIGINT');
    // Its writer lives on and never closes it.
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    const result = resultIn(stdout);
    expect(result.run.complete).toBe(true);
    expect(result.streams[0]!.transport!.packets).toBe(clean.length / PACKET);
  });

  it.each([
    [
      'what is neither',
      () => [file('text.ts', new TextEncoder().encode('GNU GENERAL PUBLIC LICENSE\n'.repeat(100)))],
      1,
      /text\.ts is not a capture file nor a transport stream\./,
    ],
    ['an empty file', () => [file('empty.ts', new Uint8Array())], 1, /empty\.ts is empty\./],
    [
      'two to be compared',
      () => [file('one.ts', clean), '--against', file('two.ts', clean)],
      1,
      /one\.ts is a transport stream: --against compares captures$/m,
    ],
  ] as [string, () => string[], number, RegExp][])('refuses %s in one line', (_, args, code, pattern) => {
    const refused = analyze(args());
    expect(refused.stderr).toMatch(pattern);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect([refused.status, refused.stdout]).toEqual([code, '']);
  });
});
