/** `mcast analyze` as a user runs it: against the receiver's own figures, from files and pipes, with its statuses. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HISTOGRAM_IDS, METRIC_IDS } from '../../src/metrics/catalog.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { freshGroup, MCAST, send, startMcast, startReceiver } from '../mcast.js';
import { endMarker, PATH, pcapOf, probe, startMarker } from '../probeCapture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcast-analyze-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Figures that need the socket or the host itself. */
const LIVE_ONLY = new Set([
  'loss_network',
  'loss_socket_buffer',
  'first_packet_after_join_ns',
  'wakeup_delay_ns',
  'user_time_datagrams',
]);

/** What a capture must tell as the receiver did. */
function figuresOf(stream: Stream): object {
  const metrics = METRIC_IDS.filter((id) => !LIVE_ONLY.has(id)).map((id) => [id, stream.metrics[id]]);
  const histograms = HISTOGRAM_IDS.filter((id) => !LIVE_ONLY.has(id)).map((id) => {
    const { conditional: _, ...summary } = stream.histograms![id] ?? { conditional: [] };
    return [id, summary];
  });
  const { flow, sender_run, format, group, port, ended, expected_from, start, end } = stream;
  return {
    metrics: Object.fromEntries(metrics),
    histograms: Object.fromEntries(histograms),
    loss: stream.loss_map!.map(({ first, count }) => [first, count]),
    flow,
    sender_run,
    format,
    group,
    port,
    ended,
    expected_from,
    start,
    end,
  };
}

function byFlow(streams: readonly Stream[]): Map<string, object> {
  return new Map(streams.map((stream) => [`${stream.group} ${stream.flow}`, figuresOf(stream)]));
}

async function received(impair: string, path: string): Promise<RunResult> {
  const endpoint = `probe://${freshGroup()}+2:5001/iface=lo`;
  const receiver = await startReceiver([endpoint, '--once', '--capture', path]);
  await send([endpoint, '--pps', '1000', '--size', '200', '--count', '1500', '--flows', '2', '--impair', impair]);
  return receiver.result();
}

function status(
  args: readonly string[],
  input?: Uint8Array,
): { status: number | null; stderr: string; stdout: string } {
  const {
    status: code,
    stderr,
    stdout,
  } = spawnSync(process.execPath, [MCAST, 'analyze', ...args], {
    encoding: 'utf8',
    timeout: 25_000,
    ...(input === undefined ? {} : { input }),
  });
  return { status: code, stderr, stdout };
}

const GOOD = [startMarker(0, 0), probe(0, 1e6), probe(1, 2e6), probe(2, 3e6), endMarker(3, 4e6)];
const LOSSY = [startMarker(0, 0), probe(0, 1e6), probe(2, 3e6), endMarker(3, 4e6)];

function file(name: string, octets: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

describe('mcast analyze', () => {
  it('finds in a receiver’s capture what the receiver measured, figure by figure', async () => {
    const path = join(folder, 'live.pcapng');
    const live = await received('loss=3%,dup=2%,reorder=2%,seed=11', path);
    const analysed = await startMcast(['analyze', path]).result();
    expect(live.streams).toHaveLength(4);
    expect(byFlow(analysed.streams)).toEqual(byFlow(live.streams));
    expect(analysed.streams.every(({ metrics }) => metrics.packets_lost! > 0)).toBe(true);
    expect(analysed.clock.receive_time).toBe('capture');
    expect(analysed.streams.every(({ interface: name }) => name === 'lo')).toBe(true);
  });

  it('compares what was sent with what came, number by number', async () => {
    const path = join(folder, 'whole.pcapng');
    const whole = await received('delay=0ms,seed=1', path);
    expect(whole.aggregate!.metrics.packets_lost).toBe(0);
    const octets = readFileSync(path);
    const other = join(folder, 'other.pcapng');
    writeFileSync(other, octets);
    const { taps } = await startMcast(['analyze', path, '--against', other, '--max', 'taps.packets_lost=0']).result();
    expect(taps).toMatchObject({
      streams_compared: 4,
      packets_matched: whole.aggregate!.metrics.packets_received,
      packets_lost: 0,
      packets_reordered: 0,
      delay_ns: { min: 0, max: 0 },
    });
  });

  it('reads standard input, and ends when it does', async () => {
    const analysed = status(['-', '--json'], pcapOf(GOOD));
    expect(analysed.status).toBe(0);
    const lines = analysed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; run_id: string });
    expect([lines[0]!.type, lines.at(-1)!.type]).toEqual(['start', 'result']);
    expect(new Set(lines.map(({ run_id }) => run_id)).size).toBe(1);
  });

  it('measures what a stopped pipe had brought', async () => {
    const child = spawn(process.execPath, [MCAST, 'analyze', '-', '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const started = once(child.stdout, 'data');
    child.stdin.on('error', () => {});
    child.stdin.write(pcapOf(GOOD));
    await started;
    child.kill('SIGINT');
    // Its writer lives on and never closes it.
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: RunResult };
    expect(last.result.streams[0]!.metrics.packets_received).toBe(3);
    expect(last.result.run.complete).toBe(true);
  });

  it('says by its status how it went', () => {
    const good = file('good.pcap', pcapOf(GOOD));
    const lossy = file('lossy.pcap', pcapOf(LOSSY));
    expect(status([good, '--max', 'packets_lost=0', '-q']).status).toBe(0);
    expect(status([lossy, '--max', 'packets_lost=0', '-q']).status).toBe(3);
    expect(status([lossy, '--max', 'packets_lost=1', '-q']).status).toBe(0);
    expect(status([good, '--against', lossy, '--max', 'taps.packets_lost=0', '-q']).status).toBe(3);
    expect(status([good, '--against', good, '--max', 'taps.packets_lost=0', '-q']).status).toBe(0);
    const empty = file('empty.pcap', pcapOf([]));
    expect(status([empty, '-q']).status).toBe(3);
    expect(status([empty, '-q', '--allow-silence']).status).toBe(0);
    const hosts = file('hosts.pcap', pcapOf([probe(0, 0, 0, { path: { ...PATH, group: '10.1.1.1' } })]));
    expect(status([hosts, '-q']).status).toBe(3);
    expect(status([hosts, '-q', '--unicast']).status).toBe(0);
  });

  it.each([
    ['a file that is not there', ['/nonexistent/x.pcap'], 1, /nonexistent/],
    ['a folder', ['/'], 1, /EISDIR/],
    ['what is no capture', [MCAST], 1, /is not a capture file/],
    ['two captures from one standard input', ['-', '--against', '-'], 2, /standard input/],
    ['a limit that does not exist', ['x.pcap', '--max', 'taps.nothing=1'], 2, /taps\.nothing/],
    ['no operand', [], 2, /analyze needs/],
  ] as [string, string[], number, RegExp][])('refuses %s in one line', (_, args, code, pattern) => {
    const refused = status(args);
    expect(refused.status).toBe(code);
    expect(refused.stderr).toMatch(pattern);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.stdout).toBe('');
  });
});
