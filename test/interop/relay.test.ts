/** `mcast relay` between SRT and a group: srt-live-transmit and ffmpeg at the other end, and a path that loses packets. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runCommand, testFolder } from '../command.js';
import { freshGroup, LocalProcess, startMcast, startReceiver, sum, type Mcast } from '../mcast.js';
import { openLab, until, type Lab } from '../netns/lab.js';
import { needs } from '../require.js';

const TESTCARD_PATH = fileURLToPath(new URL('../../assets/testcard.mpegts', import.meta.url));
const TESTCARD = readFileSync(TESTCARD_PATH);
const DATAGRAM_OCTETS = 1316;
/** Of the test card, some 1.5 Mbit/s: what is written a second. */
const OCTETS_PER_SECOND = 188_000;
/** 3.5 s. */
const DATAGRAMS = 500;
const SENT = TESTCARD.subarray(0, DATAGRAMS * DATAGRAM_OCTETS);
/** At both ends of what SRT carries at the live end: before sending began, and behind the last clock value. */
const CUT_OCTETS = 400_000;

/** No other test's, so that it is found wherever it should not be. */
function freshPassphrase(): string {
  return `horse ${randomInt(1e9, 1e10)}`;
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** A program at the other end of the link; killed with the test at the latest. */
class Peer extends LocalProcess {
  readonly #write: (octets: Uint8Array) => void;

  constructor(program: string, words: readonly string[]) {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    super(child, program);
    child.stdin.on('error', () => {});
    this.#write = (octets) => void child.stdin.write(octets);
    onTestFinished(async () => {
      if (this.running) this.signal('SIGKILL');
      await this.exited;
    });
  }

  /** At the pace of a live source. */
  async writeLive(octets: Uint8Array): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; at < octets.length; at += DATAGRAM_OCTETS) {
      while (((performance.now() - startMs) / 1000) * OCTETS_PER_SECOND < at) await sleep(2);
      this.#write(octets.subarray(at, at + DATAGRAM_OCTETS));
    }
  }
}

/** What it writes to its standard output goes to the file `into`. */
function liveTransmit(from: string, to: string, into = '/dev/null'): Peer {
  return new Peer('sh', ['-c', 'exec srt-live-transmit -chunk:1316 "$0" "$1" > "$2"', from, to, into]);
}

function srtUrl(port: number, mode: string, passphrase: string): string {
  return `srt://127.0.0.1:${port}?mode=${mode}&latency=200&passphrase=${passphrase}`;
}

/** A file that grows, once it holds so much. */
async function fileOf(path: string, octets: number): Promise<Buffer> {
  const size = (): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  await until(() => size() >= octets, `${octets} octets in ${path}`);
  return readFileSync(path);
}

/** `part` is one piece of `whole`, from near its beginning. */
function expectPieceOf(whole: Buffer, part: Buffer): void {
  const at = whole.indexOf(part.subarray(0, 100 * 188));
  expect(at).toBeGreaterThanOrEqual(0);
  expect(at % 188).toBe(0);
  expect(at).toBeLessThan(CUT_OCTETS);
  expect(Buffer.compare(part, whole.subarray(at, at + part.length))).toBe(0);
}

/** Waits until a relay has told its operator something. */
async function untilSaid(relay: Mcast, what: RegExp): Promise<void> {
  await until(() => what.test(relay.stderr.replaceAll(/\s+/g, ' ')), `${String(what)} in ${relay.stderr}`);
}

/** Waits until the link of a relay from SRT has brought so much, as its results so far say. */
async function untilBrought(relay: Mcast, octets: number): Promise<void> {
  const brought = (): number => {
    const partial = relay.lines.findLast(({ type }) => type === 'partial');
    return partial !== undefined && 'result' in partial ? partial.result.links[0]!.octets_received : 0;
  };
  const ask = async (): Promise<boolean> => {
    relay.signal('SIGUSR1');
    await sleep(100);
    return brought() === octets;
  };
  await until(ask, `${octets} octets by SRT`);
}

function expectSecret(secret: string, ...processes: readonly Mcast[]): void {
  for (const { stdout, stderr } of processes) expect(stdout + stderr).not.toContain(secret);
}

const ready = needs('linux', 'dist', 'srt-addon', 'srt-live-transmit');

describe.runIf(ready)('a relay from SRT', () => {
  it('sends what srt-live-transmit brings, to the octet, and tells what the link did', async () => {
    const [port, secret, group] = [await freePort(), freshPassphrase(), freshGroup()];
    const saved = join(testFolder(), 'got.ts');
    const receiver = await startReceiver([`rtp://${group}:5004/iface=lo`, '--save', saved]);
    const from = `srt://127.0.0.1:${port}/mode=listener/latency=200ms/passphrase=${secret}`;
    const relay = startMcast(['relay', from, `rtp://${group}:5004/iface=lo`, '--max-late', '20s']);
    await untilSaid(relay, /passphrase=\*\*\*: waiting for a peer/);
    const peer = liveTransmit('file://con', srtUrl(port, 'caller', secret));
    await peer.writeLive(SENT);
    await untilBrought(relay, SENT.length);
    expectPieceOf(TESTCARD, await fileOf(saved, SENT.length - CUT_OCTETS));
    const result = await relay.stop();
    const received = await receiver.stop();
    expect(
      sum(
        received.streams.filter(({ role }) => role === 'media'),
        'packets_lost',
      ),
    ).toBe(0);
    // It was sent until it was stopped: that is all that was asked.
    expect(result.run).toMatchObject({ command: 'relay', complete: true });
    expect(result.links).toEqual([
      expect.objectContaining({
        name: `srt://127.0.0.1:${port}/mode=listener/latency=200ms/passphrase=***`,
        direction: 'receive',
        implementation: 'libsrt',
        state: 'ended',
        connections: 1,
        octets_received: SENT.length,
        messages_received: DATAGRAMS,
        packets_dropped_receiving: 0,
        latency_ns: 200e6,
      }),
    ]);
    expectSecret(secret, relay, receiver);
  });

  it.runIf(needs('ffmpeg'))('sends what ffmpeg brings, and protects it', async () => {
    const [port, secret, group] = [await freePort(), freshPassphrase(), freshGroup()];
    const receiver = await startReceiver([`rtp://${group}:5004/iface=lo`]);
    const from = `srt://127.0.0.1:${port}/mode=listener/passphrase=${secret}`;
    const relay = startMcast(['relay', from, `rtp://${group}:5004/iface=lo`, '--fec', '10x5', '--max-late', '20s']);
    await untilSaid(relay, /waiting for a peer/);
    const input = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', TESTCARD_PATH, '-c', 'copy', '-f', 'mpegts'];
    // Its own parameter is in microseconds.
    void new Peer('ffmpeg', ['-nostdin', ...input, `srt://127.0.0.1:${port}?passphrase=${secret}&latency=200000`]);
    await receiver.untilEvent('first_packet');
    const intervals = (): number => receiver.lines.filter(({ type }) => type === 'interval').length;
    const before = intervals();
    await until(() => intervals() >= before + 3, 'three intervals of the stream');
    const result = await relay.stop();
    const received = await receiver.stop();
    const media = received.streams.filter(({ role }) => role === 'media');
    expect(sum(media, 'packets_lost')).toBe(0);
    expect(media[0]!.transport!.services[0]!.streams.map(({ kind }) => kind)).toContain('video');
    expect(media[0]!.fec).toMatchObject({ columns: 10, rows: 5 });
    expect(result.links).toMatchObject([{ connections: 1, packets_dropped_receiving: 0, refused_peers: 0 }]);
    expectSecret(secret, relay, receiver);
  });
});

describe.runIf(ready)('a relay to SRT', () => {
  it('brings srt-live-transmit what a group sends, to the octet', async () => {
    const [port, secret, group] = [await freePort(), freshPassphrase(), freshGroup()];
    const got = join(testFolder(), 'got.ts');
    const listener = liveTransmit(srtUrl(port, 'listener', secret), 'file://con', got);
    const to = `srt://127.0.0.1:${port}/latency=200ms/passphrase=${secret}`;
    const relay = startMcast(['relay', `rtp://${group}:5004/iface=lo`, to]);
    await relay.untilEvent('joined');
    await untilSaid(relay, /connected to 127\.0\.0\.1/);
    const sender = startMcast(['send', `rtp://${group}:5004/iface=lo`, '--count', `${DATAGRAMS}`, '--max-late', '20s']);
    await sender.result();
    await relay.untilEvent('stream_end');
    const result = await relay.stop();
    // What it wrote last is written when it ends.
    expect(listener.running).toBe(true);
    listener.signal('SIGTERM');
    await listener.exited;
    expect(Buffer.compare(readFileSync(got), SENT)).toBe(0);
    expect(result.run).toMatchObject({ command: 'relay', complete: true });
    expect(result.outputs).toMatchObject([{ datagrams: DATAGRAMS, octets: SENT.length, dropped: 0, failure: null }]);
    expect(result.links).toMatchObject([
      { direction: 'send', state: 'ended', connections: 1, octets_sent: SENT.length, packets_dropped_sending: 0 },
    ]);
    // Not in what it forwards to, either, as the options in force have it.
    expect(JSON.stringify(result.run.options)).toContain('passphrase=***');
    expectSecret(secret, relay);
  });
});

describe.runIf(ready)('a passphrase', () => {
  it.each(['from', 'to'])('that is wrong ends a relay %s SRT with status 1, and is not told', async (end) => {
    const [port, secret, group] = [await freePort(), freshPassphrase(), freshGroup()];
    const peer = liveTransmit(srtUrl(port, 'listener', freshPassphrase()), 'file://con');
    await peer.untilOutput(/Media path/);
    const srt = `srt://127.0.0.1:${port}/passphrase=${secret}`;
    const rtp = `rtp://${group}:5004/iface=lo`;
    const { status, stdout, stderr } = await runCommand(['relay', ...(end === 'from' ? [srt, rtp] : [rtp, srt])]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^mcast: .*127\.0\.0\.1:\d+ refused the connection: wrong passphrase\. .+\n$/);
    expect(stdout + stderr).not.toContain(secret);
  });

  it('that is too short, or stands where it cannot be read, is not told', async () => {
    const short = await runCommand([
      'relay',
      'srt://127.0.0.1:9/passphrase=a-b-c-d-e',
      'rtp://239.1.1.1:5004/iface=lo',
    ]);
    expect(short).toMatchObject({ status: 2, stdout: '' });
    const nested = 'rtp://239.1.1.1:5004/iface=lo/input=srt://127.0.0.1:9/passphrase=a-b-c-d-e-f';
    const unread = await runCommand(['send', nested]);
    expect(unread).toMatchObject({ status: 2, stdout: '' });
    for (const { stderr } of [short, unread]) expect(stderr).toMatch(/^(?!.*a-b-c).*passphrase=\*\*\*/);
  });

  it('in a file is in no list of processes', async () => {
    const [port, secret, group] = [await freePort(), freshPassphrase(), freshGroup()];
    const path = join(testFolder(), 'secret');
    writeFileSync(path, `${secret}\n`);
    const to = startMcast(['relay', `rtp://${group}:5004/iface=lo`, `srt://127.0.0.1:${port}/passphrase-file=${path}`]);
    const other = `rtp://${freshGroup()}:5004/iface=lo`;
    const from = startMcast(['relay', `srt://127.0.0.1:${port}/mode=listener/passphrase-file=${path}`, other]);
    await Promise.all([untilSaid(to, /connected to/), untilSaid(from, /connected to/)]);
    expect(commandLines().some((line) => line.includes(`passphrase-file=${path}`))).toBe(true);
    expect(commandLines().filter((line) => line.includes(secret))).toEqual([]);
    expectSecret(secret, to, from);
  });
});

/** Of all processes of this host, as anybody sees them. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // It has ended.
        return '';
      }
    });
}

describe.runIf(needs('netns', 'nft', 'dist', 'srt-addon'))('two relays over a path that loses 2 %', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
    for (const host of ['tx', 'rx']) {
      await lab.run(host, 'nft', [
        `table netdev wire {
          chain in {
            type filter hook ingress device "e0" priority 0
            udp length > 60 numgen random mod 100 < 2 drop
          }
        }`,
      ]);
    }
  });
  afterAll(async () => lab?.close());

  it('bring a group from one network to another, to the octet', async () => {
    const secret = freshPassphrase();
    const saved = join(lab.folder, 'got.ts');
    const on = (host: string) => ({ lab, host });
    const near = 'rtp://239.1.1.1:5004/iface=lo';
    const far = 'rtp://239.2.2.2:5004/iface=lo';
    const receiver = await startReceiver([far, '--save', saved], on('rx'));
    const listener = `srt://:9000/latency=1s/passphrase=${secret}`;
    const into = startMcast(['relay', listener, far, '--max-late', '20s'], on('rx'));
    await untilSaid(into, /waiting for a peer/);
    const caller = `srt://10.77.1.2:9000/latency=1s/passphrase=${secret}`;
    const outOf = startMcast(['relay', near, caller], on('tx'));
    await untilSaid(outOf, /connected to 10\.77\.1\.2/);
    await outOf.untilEvent('joined');
    await startMcast(['send', near, '--count', `${2 * DATAGRAMS}`, '--max-late', '20s'], on('tx')).result();
    await untilBrought(into, 2 * SENT.length);
    expectPieceOf(TESTCARD, await fileOf(saved, 2 * SENT.length - CUT_OCTETS));
    const [sent] = (await outOf.stop()).links;
    const [got] = (await into.stop()).links;
    const received = await receiver.stop();
    expect(
      sum(
        received.streams.filter(({ role }) => role === 'media'),
        'packets_lost',
      ),
    ).toBe(0);
    expect(sent).toMatchObject({ connections: 1, octets_sent: 2 * SENT.length, packets_dropped_sending: 0 });
    expect(sent!.packets_retransmitted).toBeGreaterThan(0);
    expect(got).toMatchObject({ connections: 1, octets_received: 2 * SENT.length, packets_dropped_receiving: 0 });
    expect(got!.packets_lost_receiving).toBeGreaterThan(0);
    expectSecret(secret, into, outOf, receiver);
  });
});
