/** SRT over loopback: our addon and srt-live-transmit, each at either end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import type * as Srt from '../../src/io/srt.js';
import { until } from '../netns/lab.js';
import { DIST, needs } from '../require.js';

/** 3800 messages of seven packets. */
const OCTETS = 3800 * 1316;
const PASSPHRASE = 'correct horse battery';
const ready = needs('linux', 'dist', 'srt-addon');
const { openSrt, parseSrtUrl } = ready
  ? ((await import(join(DIST, 'io/srt.js'))) as typeof Srt)
  : ({} as unknown as typeof Srt);

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** A link of ours, what happened to it, and its end of the ring. */
class Link {
  readonly opened: Srt.OpenSrt;
  readonly events: readonly Srt.SrtEvent[];
  readonly #ring: ByteRing;
  readonly #pieces: Uint8Array[] = [];
  #octets = 0;

  private constructor(opened: Srt.OpenSrt, events: readonly Srt.SrtEvent[]) {
    this.opened = opened;
    this.events = events;
    this.#ring = new ByteRing(opened.ring);
  }

  static async open(text: string, opening: Srt.SrtOpening): Promise<Link> {
    const events: Srt.SrtEvent[] = [];
    const opened = await openSrt(parseSrtUrl(text), { ...opening, onEvent: (event) => events.push(event) });
    onTestFinished(async () => {
      await opened.stop().catch(() => {});
    });
    return new Link(opened, events);
  }

  get connected(): boolean {
    return this.events.at(-1)?.type === 'connected';
  }

  /** Some 80 Mbit/s, as the ring takes it. */
  async write(octets: Uint8Array): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; at < octets.length;) {
      const piece = octets.subarray(at, at + 9999);
      const claim = performance.now() - startMs < at / 10_000 ? -1 : this.#ring.claim(piece.length);
      if (claim < 0) {
        await sleep(1);
        continue;
      }
      this.#ring.bytes.set(piece, claim);
      this.#ring.publish(piece.length);
      at += piece.length;
    }
  }

  end(): void {
    this.#ring.close();
  }

  /** What has arrived so far. */
  read(): Buffer {
    const into = new Uint8Array(65_536);
    for (let octets = this.#ring.read(into); octets > 0; octets = this.#ring.read(into)) {
      this.#pieces.push(into.slice(0, octets));
      this.#octets += octets;
    }
    return Buffer.concat(this.#pieces);
  }

  async readUntil(octets: number): Promise<Buffer> {
    await until(
      () => {
        this.read();
        return this.#octets >= octets;
      },
      `${octets} octets; ${this.#octets} came, ${JSON.stringify([this.events, this.opened.counters()])}`,
    );
    return this.read();
  }
}

/** The other program, and what it wrote. */
class LiveTransmit {
  readonly child: ChildProcess;
  readonly #pieces: Buffer[] = [];
  stderr = '';

  constructor(from: string, to: string) {
    this.child = spawn('srt-live-transmit', ['-chunk:1316', from, to], { stdio: 'pipe' });
    this.child.stdout!.on('data', (octets: Buffer) => this.#pieces.push(octets));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdin!.on('error', () => {});
    onTestFinished(() => {
      this.child.kill('SIGKILL');
    });
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  async write(octets: Uint8Array): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; at < octets.length; at += 13_160) {
      while (performance.now() - startMs < at / 10_000) await sleep(1);
      this.child.stdin!.write(octets.subarray(at, at + 13_160));
    }
  }
}

/** Octets as those of a stream: whole packets of 188, each beginning with 0x47. */
function packets(octets: number): Buffer {
  const made = randomBytes(octets);
  for (let at = 0; at < octets; at += 188) made[at] = 0x47;
  return made;
}

function url(port: number, mode: string, passphrase: string | null = PASSPHRASE): string {
  return `srt://127.0.0.1:${port}?mode=${mode}&latency=200${passphrase === null ? '' : `&passphrase=${passphrase}`}`;
}

/** Equality of long octets without a report of their length. */
function same(got: Uint8Array, sent: Uint8Array): void {
  expect(got.length).toBe(sent.length);
  expect(Buffer.compare(got, sent)).toBe(0);
}

describe.runIf(ready)('SRT', () => {
  describe.runIf(needs('srt-live-transmit'))('with srt-live-transmit', () => {
    it.each([
      ['caller', 'listener'],
      ['listener', 'caller'],
    ])('sends as %s what a %s receives, to the octet', async (ours, theirs) => {
      const port = await freePort();
      const peer = new LiveTransmit(url(port, theirs), 'file://con');
      const link = await Link.open(url(port, ours), { direction: 'send' });
      const sent = packets(OCTETS);
      await link.write(sent);
      link.end();
      const counters = await link.opened.ended;
      await until(() => peer.stdout.length === OCTETS, 'all is written by srt-live-transmit');
      same(peer.stdout, sent);
      expect(counters).toMatchObject({
        state: 'ended',
        connections: 1,
        lostConnections: 0,
        octetsSent: OCTETS,
        octetsDiscarded: 0,
        octetsReceived: 0,
        packetsDroppedSending: 0,
        peerLatencyMs: 200,
      });
      // More where the writer was late, and what was there left without the rest.
      expect(counters.messagesSent).toBeGreaterThanOrEqual(3800);
      expect(counters.packetsSent! - counters.packetsRetransmitted!).toBe(counters.messagesSent);
      expect(counters.rttMs).toBeGreaterThan(0);
    });

    it.each([
      ['caller', 'listener'],
      ['listener', 'caller'],
    ])('receives as %s what a %s sends, to the octet', async (ours, theirs) => {
      const port = await freePort();
      const link = await Link.open(url(port, ours), { direction: 'receive', ringOctets: 2 ** 20 });
      const peer = new LiveTransmit('file://con', url(port, theirs));
      await until(() => link.connected, 'a connection');
      const sent = packets(OCTETS);
      await Promise.all([peer.write(sent), link.readUntil(OCTETS)]);
      const counters = await link.opened.stop();
      same(link.read(), sent);
      expect(counters).toMatchObject({
        state: 'ended',
        messagesReceived: 3800,
        octetsReceived: OCTETS,
        packetsDroppedReceiving: 0,
        packetsUndecrypted: 0,
        latencyMs: 200,
      });
    });

    it('is refused by it for a wrong passphrase and for none', async () => {
      const port = await freePort();
      const peer = new LiveTransmit(url(port, 'listener'), 'file://con');
      await until(() => peer.stderr.includes('Media path'), 'it runs');
      const wrong = await Link.open(url(port, 'caller', 'something else'), { direction: 'send' });
      await expect(wrong.opened.ended).rejects.toMatchObject({
        code: 'ERR_SOCKET',
        message: `SRT: 127.0.0.1:${port} refused the connection: wrong passphrase`,
      });
      const none = await Link.open(url(port, 'caller', null), { direction: 'send' });
      await expect(none.opened.ended).rejects.toMatchObject({
        message: `SRT: 127.0.0.1:${port} refused the connection: the peer wants a passphrase, none is given here`,
      });
      expect(none.opened.counters()).toMatchObject({ state: 'ended', connections: 0, failedAttempts: 1 });
    });
  });

  describe.runIf(needs('srt-live-transmit'))('through srt-live-transmit, where the addon is missing', () => {
    const implementation = 'srt-live-transmit';

    it('sends and receives the same octets', async () => {
      const port = await freePort();
      const to = await Link.open(url(port, 'listener'), { direction: 'receive', implementation });
      const from = await Link.open(url(port, 'caller'), { direction: 'send', implementation });
      // The last message is not full: the program would keep it, so it is filled up.
      const sent = packets(500 * 1316 + 2 * 188);
      await from.write(sent);
      from.end();
      expect(await from.opened.ended).toMatchObject({ state: 'ended', octetsSent: sent.length, packetsSent: null });
      await until(() => to.events.some(({ type }) => type === 'lost'), 'the end of the connection');
      const got = await to.readUntil(501 * 1316);
      same(got.subarray(0, sent.length), sent);
      for (let at = sent.length; at < got.length; at += 188) expect(got.readUInt32BE(at)).toBe(0x471fff10);
      expect(await to.opened.stop()).toMatchObject({ state: 'ended', connections: 1, octetsReceived: 501 * 1316 });
      expect(new ByteRing(to.opened.ring).read(new Uint8Array(1))).toBe(-1);
    });

    it('says that a passphrase is wrong, and never which', async () => {
      const port = await freePort();
      const to = await Link.open(url(port, 'listener'), { direction: 'receive', implementation });
      const from = await Link.open(url(port, 'caller', 'something else'), { direction: 'send', implementation });
      await expect(from.opened.ended).rejects.toThrow(/refused the connection: wrong passphrase$/);
      await until(() => to.events.some(({ type }) => type === 'refused'), 'the listener knows');
      expect(JSON.stringify([to.events, from.events])).not.toMatch(/something else|correct horse/);
    });

    it('does not hand over a passphrase that was kept in a file', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mcast-srt-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, 'secret'), `${PASSPHRASE}\n`);
      const text = `srt://127.0.0.1:9/passphrase-file=${folder}/secret`;
      await expect(Link.open(text, { direction: 'send', implementation })).rejects.toMatchObject({
        code: 'ERR_UNSUPPORTED',
        message: 'srt-live-transmit would show the passphrase in the list of processes',
      });
    });
  });

  describe('between two of ours', () => {
    it('carries all, whole packets in each message, and the rest at the end', async () => {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), 'mcast-srt-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, 'secret'), `${PASSPHRASE}\r\nand a note`);
      const to = await Link.open(`${url(port, 'listener', null)}&passphrase-file=${folder}/secret`, {
        direction: 'receive',
      });
      const from = await Link.open(url(port, 'caller'), { direction: 'send' });
      const sent = Buffer.concat([packets(1000 * 1316 + 3 * 188), randomBytes(100)]);
      await from.write(sent.subarray(0, 1000 * 1316 + 2 * 188 + 50));
      // Two packets and a part of a third: the two go without the others.
      await to.readUntil(1000 * 1316 + 2 * 188);
      expect(to.read().length).toBe(1000 * 1316 + 2 * 188);
      await from.write(sent.subarray(1000 * 1316 + 2 * 188 + 50));
      from.end();
      expect(await from.opened.ended).toMatchObject({ octetsSent: sent.length });
      same(await to.readUntil(sent.length), sent);
      await to.opened.stop();
      expect(new ByteRing(to.opened.ring).read(new Uint8Array(1))).toBe(-1);
      expect(to.opened.description).not.toContain(PASSPHRASE);
    });

    it('holds what a slow reader has not read', async () => {
      const port = await freePort();
      const to = await Link.open(url(port, 'listener', null), { direction: 'receive', ringOctets: 65_536 });
      const from = await Link.open(url(port, 'caller', null), { direction: 'send' });
      const sent = packets(200 * 1316);
      await from.write(sent);
      from.end();
      await from.opened.ended;
      await until(() => to.opened.counters().ringFull > 0, 'the ring is full');
      same(await to.readUntil(sent.length), sent);
    });

    it('calls until somebody listens, goes on with the next one, and discards what nobody heard', async () => {
      const port = await freePort();
      const from = await Link.open(`${url(port, 'caller', null)}&conntimeo=500`, { direction: 'send' });
      await until(() => from.events.some(({ type }) => type === 'refused'), 'an attempt has failed');
      const first = packets(100 * 1316);
      await from.write(first);
      const one = await Link.open(url(port, 'listener', null), { direction: 'receive' });
      // Sent before anybody was there: the ring has held it.
      same(await one.readUntil(first.length), first);
      await one.opened.stop();
      await until(() => from.events.some(({ type }) => type === 'lost'), 'the sender knows');
      const unheard = packets(50 * 1316);
      await from.write(unheard);
      await until(() => from.opened.counters().octetsDiscarded === unheard.length, 'it is discarded');
      const two = await Link.open(url(port, 'listener', null), { direction: 'receive' });
      await until(() => from.connected, 'the second connection');
      const second = packets(100 * 1316);
      await from.write(second);
      same(await two.readUntil(second.length), second);
      const counters = await from.opened.stop();
      expect(counters).toMatchObject({
        connections: 2,
        lostConnections: 1,
        octetsSent: first.length + second.length,
        octetsDiscarded: unheard.length,
      });
      // The library's counts are of both connections.
      expect(counters.packetsSent! - counters.packetsRetransmitted!).toBe(counters.messagesSent);
      expect(counters.failedAttempts).toBeGreaterThan(0);
    });

    it('as listener lets in one at a time, then the next, and counts those with a wrong passphrase', async () => {
      const port = await freePort();
      const to = await Link.open(url(port, 'listener'), { direction: 'receive' });
      await until(() => to.events.some(({ type }) => type === 'listening'), 'it listens');
      const wrong = await Link.open(url(port, 'caller', 'something else'), { direction: 'send' });
      await expect(wrong.opened.ended).rejects.toThrow('wrong passphrase');
      await until(() => to.events.some(({ type }) => type === 'refused'), 'the listener knows');
      const one = await Link.open(url(port, 'caller'), { direction: 'send' });
      await until(() => to.connected, 'the first');
      const two = await Link.open(url(port, 'caller'), { direction: 'send' });
      await until(() => two.events.some(({ type }) => type === 'refused'), 'the second is turned away');
      const first = packets(70 * 1316);
      const second = packets(90 * 1316);
      await two.write(second);
      await one.write(first);
      one.end();
      await one.opened.ended;
      same(await to.readUntil(first.length + second.length), Buffer.concat([first, second]));
      const counters = await to.opened.stop();
      expect(counters).toMatchObject({ connections: 2, lostConnections: 1 });
      expect(counters.refusedPeers).toBeGreaterThan(0);
      expect(counters.turnedAwayPeers).toBeGreaterThan(0);
    });

    it('meets in the middle', async () => {
      const port = await freePort();
      // Both have the same port in rendezvous mode, so they need two addresses.
      const text = (own: number, peer: number): string =>
        `srt://127.0.0.${peer}:${port}/mode=rendezvous/adapter=127.0.0.${own}/passphrase=${PASSPHRASE}`;
      const to = await Link.open(text(1, 2), { direction: 'receive' });
      const from = await Link.open(text(2, 1), { direction: 'send' });
      const sent = packets(50 * 1316);
      await from.write(sent);
      same(await to.readUntil(sent.length), sent);
    });

    it.each([
      ['::1', '[::1]', '[::1]'],
      ['any address of IPv6', '[::]', '[::1]'],
      ['IPv4 under any of IPv6', '[::]', '127.0.0.1'],
      ['any address of IPv4', '', '127.0.0.1'],
    ])('over %s', async (_, own, peer) => {
      const port = await freePort();
      const to = await Link.open(`srt://${own}:${port}/mode=listener`, { direction: 'receive' });
      const from = await Link.open(`srt://${peer}:${port}`, { direction: 'send' });
      const sent = packets(10 * 1316);
      await from.write(sent);
      same(await to.readUntil(sent.length), sent);
      expect(from.events).toContainEqual({ type: 'connected', peer: `${peer}:${port}` });
      expect(JSON.stringify(to.events)).toMatch(/"connected","peer":"\[?[0-9a-f.:]+\]?:[0-9]+"/);
    });

    it('says that a port is taken, and that an address is not of this host', async () => {
      const port = await freePort();
      const socket = createSocket('udp4');
      onTestFinished(() => void socket.close());
      await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
      const taken = await Link.open(url(port, 'listener'), { direction: 'receive' });
      await expect(taken.opened.ended).rejects.toMatchObject({
        code: 'ERR_PORT_IN_USE',
        message: `SRT: 127.0.0.1:${port} is in use by another program`,
      });
      const foreign = await Link.open(`srt://192.0.2.1:${port}/mode=listener`, { direction: 'receive' });
      await expect(foreign.opened.ended).rejects.toMatchObject({ code: 'ERR_SOURCE_ADDRESS' });
    });

    it('stops in every state, and no process is held up by it', async () => {
      const port = await freePort();
      const texts = [url(port, 'listener'), url(port, 'caller'), url(await freePort(), 'caller')];
      const links = await Promise.all(
        texts.map(async (text, i) => Link.open(text, { direction: i === 0 ? 'receive' : 'send' })),
      );
      await until(() => links[0]!.connected && links[1]!.connected, 'two are connected, the third calls');
      for (const link of links) {
        expect(await link.opened.stop()).toMatchObject({ state: 'ended' });
        expect(await link.opened.stop()).toMatchObject({ state: 'ended' });
      }
    });
  });
});
