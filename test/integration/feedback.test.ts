/** A sender and receivers that report to it, as commands over loopback. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { runCommand, testFolder } from '../command.js';
import { until } from '../netns/lab.js';
import { freshGroup, startMcast, startReceiver } from '../mcast.js';

const QUIET = ['--quiet'];

function endpoint(scheme = 'probe'): string {
  return `${scheme}://${freshGroup()}:${20_000 + 2 * Math.floor(Math.random() * 10_000)}/iface=lo`;
}

function counts({ streams }: RunResult): unknown {
  return streams.map(({ group, flow, metrics }) => ({
    group,
    flow,
    received: metrics.packets_received,
    lost: metrics.packets_lost,
  }));
}

describe('feedback over loopback', { timeout: 60_000 }, () => {
  it('waits for receivers, and has the result of each as that receiver has it', async () => {
    const place = endpoint();
    const sender = startMcast(['send', place, '--await', '2', '--pps', '500', '--duration', '2s', '--json', ...QUIET]);
    const receivers = await Promise.all(
      ['one', 'two'].map((name) => startReceiver([place, '--once', '--name', name, ...QUIET])),
    );
    const sent = await sender.result();
    const results = await Promise.all(receivers.map((receiver) => receiver.result()));
    expect(sent.receivers.map(({ name }) => name).toSorted()).toEqual(['one', 'two']);
    for (const own of results) {
      const told = sent.receivers.find(({ name }) => name === own.run.name)!;
      expect(told.address).toBe('127.0.0.1');
      expect(counts(told.result!)).toEqual(counts(own));
      expect(told.result!.health).toEqual(own.health);
      expect(told.report).toMatchObject({
        state: 'done',
        streams: 1,
        received: own.streams[0]!.metrics.packets_received,
        lost: own.streams[0]!.metrics.packets_lost,
        octets: own.streams[0]!.metrics.octets_received,
      });
      expect(own.streams[0]!.metrics.packets_received).toBe(sent.sender!.sent);
      expect(own.clock.offsets[0]).toMatchObject({ sender: '127.0.0.1', run: sent.sender!.run, refused: 0 });
      expect(own.streams[0]!.delay_correction).toMatchObject({ basis: 'same_host', offset_ns: 0 });
    }
    expect(sent.sender!.feedback).toMatchObject({ receivers: 2, results: 2, results_refused: 0, foreign: 0, stale: 0 });
  });

  it('reports of each run of iperf by itself, with all of its flows', async () => {
    const place = endpoint('iperf');
    const receiver = await startReceiver([place, '--name', 'one', ...QUIET]);
    for (const flows of [1, 3]) {
      const words = ['--await', '1', '--pps', '300', '--count', '150', '--flows', String(flows)];
      const sent = await startMcast(['send', place, ...words, '--json', ...QUIET]).result();
      const [told] = sent.receivers;
      expect(told!.report).toMatchObject({ streams: flows, received: sent.sender!.sent, lost: 0 });
      expect(told!.result!.streams.map(({ source_port }) => source_port).toSorted()).toEqual(
        sent.sender!.streams.map(({ source_port }) => source_port).toSorted(),
      );
    }
    expect((await receiver.stop()).streams).toHaveLength(4);
  });

  it('judges the streams of receivers by its limits', async () => {
    const place = endpoint();
    const words = [
      '--await',
      '1',
      '--pps',
      '500',
      '--duration',
      '1s',
      '--impair',
      'loss=10%,seed=3',
      '--max',
      'packets_lost=0',
    ];
    const sender = startMcast(['send', place, ...words, '--json', ...QUIET]);
    const receiver = await startReceiver([place, '--once', '--name', 'lossy', ...QUIET]);
    // Status 3: a limit is exceeded.
    const sent = await sender.result(3);
    const { lost } = sent.sender!.impairment!;
    expect(lost).toBeGreaterThan(0);
    expect(sent.limits).toContainEqual(
      expect.objectContaining({ stream: expect.stringMatching(/^lossy: /), value: lost, ok: false }),
    );
    await receiver.result();
  });

  it('corrects the delay of a receiver whose clock is wrong, within what it says', async () => {
    const place = endpoint();
    const sender = startMcast(['send', place, '--await', '1', '--pps', '200', '--duration', '3s', '--json', ...QUIET]);
    const wrong = ['--inject', 'clock-offset=250ms,clock-drift=40'];
    const receiver = await startReceiver([place, '--once', ...wrong, ...QUIET]);
    await sender.result();
    const result = await receiver.result();
    const [offset] = result.clock.offsets;
    const [stream] = result.streams;
    // Both ends have one clock in truth: whatever the offset is said to be was injected.
    expect(Math.abs(offset!.offset_ns - 250e6)).toBeLessThanOrEqual(offset!.uncertainty_ns + 40e-6 * 5e9);
    const { basis, min_ns, uncertainty_ns } = stream!.delay_correction!;
    expect(basis).toBe('exchange');
    const rawMin = stream!.histograms!.one_way_delay_ns!.min!;
    expect(rawMin).toBeGreaterThan(250e6);
    // Over loopback a datagram takes some microseconds, and none less than nothing.
    expect(min_ns).toBeGreaterThanOrEqual(-uncertainty_ns);
    expect(min_ns).toBeLessThanOrEqual(uncertainty_ns + 1e6);
  });

  it('gives up when too few receivers come, and names those that did', async () => {
    const place = endpoint();
    const receiver = await startReceiver([place, '--duration', '6s', '--name', 'alone', '--allow-silence', ...QUIET]);
    const { status, stderr } = await runCommand(['send', place, '--await', '2', '--wait', '2s', ...QUIET]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('1 of 2 receivers came within 2.00 s: alone'),
    });
    await receiver.result();
  });

  it.each([
    ['the sender does not ask', ['--no-feedback'], []],
    ['the receiver is passive', [], ['--passive']],
    ['the receiver does not answer', [], ['--no-feedback']],
  ])('has no receivers when %s', async (_, sending, receiving) => {
    const place = endpoint();
    const receiver = await startReceiver([place, '--once', ...receiving, ...QUIET]);
    const sender = startMcast(['send', place, '--pps', '200', '--duration', '1s', ...sending, '--json', ...QUIET]);
    const sent = await sender.result();
    expect(sent.receivers).toEqual([]);
    expect((await receiver.result()).clock.offsets).toEqual([]);
  });

  it('heeds only who has the key', async () => {
    const folder = testFolder();
    const [right, other] = ['right', 'other'].map((name) => {
      const file = join(folder, name);
      writeFileSync(file, `${name}-0123456789abcdef\n`);
      return file;
    });
    const place = endpoint();
    const words = ['--pps', '200', '--duration', '3s', '--key-file', right!, '--json', ...QUIET];
    const receivers = await Promise.all([
      startReceiver([place, '--once', '--name', 'friend', '--key-file', right!, ...QUIET]),
      startReceiver([place, '--once', '--name', 'stranger', '--key-file', other!, ...QUIET]),
      startReceiver([place, '--once', '--name', 'nobody', ...QUIET]),
    ]);
    const sent = await startMcast(['send', place, ...words]).result();
    await Promise.all(receivers.map((receiver) => receiver.result()));
    expect(sent.receivers.map(({ name, result }) => ({ name, has: result !== null }))).toEqual([
      { name: 'friend', has: true },
    ]);
    // What others say is not even read; nothing of the secret is in the document.
    expect(sent.sender!.feedback!.foreign).toBeGreaterThan(0);
    expect(JSON.stringify(sent)).not.toContain('0123456789abcdef');
  });

  it('goes on whatever comes to its port', async () => {
    const place = endpoint();
    const sender = startMcast([
      'send',
      place,
      '--feedback=21977',
      '--pps',
      '500',
      '--count',
      '1500',
      '--max-late',
      '20s',
      '--json',
      ...QUIET,
    ]);
    const receiver = await startReceiver([place, '--once', '--name', 'honest', ...QUIET]);
    await until(() => sender.lines.some(({ type }) => type === 'start'), 'the sender to start');
    const socket = createSocket('udp4');
    const flood = setInterval(() => {
      for (let i = 0; i < 50; i++) {
        const octets = Buffer.alloc(8 + ((i * 37) % 900), i);
        octets[0] = 0x80;
        octets[1] = i % 2 === 0 ? 201 : i;
        octets.writeUInt16BE(1, 2);
        socket.send(octets, 21_977, '127.0.0.1');
      }
    }, 5);
    const junk = ['\n', 'GET / HTTP/1.0\r\n\r\n', 'mcastkit-result/1 00000000 00000000 5 -\nabcde', 'x'.repeat(2000)];
    for (const text of junk)
      connect(21_977, '127.0.0.1', function (this: import('node:net').Socket) {
        this.on('error', () => {});
        this.end(text);
      }).on('error', () => {});
    const sent = await sender.result();
    clearInterval(flood);
    socket.close();
    expect(sent.receivers.map(({ name, result }) => ({ name, has: result !== null }))).toEqual([
      { name: 'honest', has: true },
    ]);
    expect(sent.sender!.feedback!.foreign).toBeGreaterThan(100);
    expect(sent.sender!.feedback!.results_refused).toBe(junk.length);
    expect(sent.sender!.sent).toBe(1500);
    await receiver.result();
  });

  it('asks beside RTP too, on the port of its RTCP', async () => {
    const place = endpoint('rtp');
    const sender = startMcast(['send', place, '--await', '1', '--duration', '2s', '--json', ...QUIET]);
    const receiver = await startReceiver([place, '--once', ...QUIET]);
    const sent = await sender.result();
    const own = await receiver.result();
    const media = own.streams.find(({ role }) => role === 'media')!;
    expect(media.metrics.packets_received).toBe(sent.sender!.sent);
    const told = sent.receivers[0]!.result!.streams.find(({ role }) => role === 'media')!;
    expect(told.metrics.packets_received).toBe(media.metrics.packets_received);
    expect(media.rtcp).not.toBeNull();
  });

  it.each([
    ['rtp', 'rtp/mpeg-ts'],
    ['probe', 'probe'],
  ])('asks a single host as well: %s', async (scheme, format) => {
    const port = 20_000 + 10 * Math.floor(Math.random() * 2000);
    const place = `${scheme}://127.0.0.1:${port}`;
    const words = ['--await', '1', '--count', '300', '--impair', 'list=50-59', '--json', ...QUIET];
    const sender = startMcast(['send', place, '--unicast', ...words]);
    const receiver = await startReceiver([place, '--unicast', '--once', '--name', 'host', ...QUIET]);
    const sent = await sender.result();
    const own = await receiver.result();
    const [told] = sent.receivers;
    expect(sent.sender!.feedback).toMatchObject({ control_port: port + 1, receivers: 1, results: 1, foreign: 0 });
    const media = own.streams.filter(({ role }) => role === 'media');
    expect(media.map((stream) => [stream.format, stream.metrics.packets_lost])).toEqual([[format, 10]]);
    expect(told!.report).toMatchObject({
      state: 'done',
      streams: 1,
      received: media[0]!.metrics.packets_received,
      lost: 10,
    });
    expect(counts(told!.result!)).toEqual(counts(own));
    expect(own.clock.offsets[0]).toMatchObject({ sender: '127.0.0.1', run: sent.sender!.run });
  });

  it('asks every single host that it sends to', async () => {
    const port = 20_000 + 10 * Math.floor(Math.random() * 2000);
    const places = [`rtp://127.0.0.1:${port}`, `rtp://127.0.0.2:${port + 4000}`];
    const words = ['--unicast', '--await', '2', '--count', '200', '--json', ...QUIET];
    const sender = startMcast(['send', `${places[0]}/impair=list=20-24`, places[1]!, ...words]);
    const receivers = await Promise.all(
      places.map((place, i) => startReceiver([place, '--unicast', '--once', '--name', `host ${i}`, ...QUIET])),
    );
    const sent = await sender.result();
    const results = await Promise.all(receivers.map((receiver) => receiver.result()));
    const told = sent.receivers.toSorted((x, y) => (x.name < y.name ? -1 : 1));
    expect(told.map(({ name, report }) => [name, report!.received, report!.lost])).toEqual([
      ['host 0', 195, 5],
      ['host 1', 200, 0],
    ]);
    expect(told.map(({ result }) => counts(result!))).toEqual(results.map(counts));
  });

  it('says where it cannot ask a single host', async () => {
    const words = ['recv', 'rtp://127.0.0.1:5004', '--unicast', '--control-port', '5006'];
    const { status, stderr } = await runCommand(words);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/feedback on port 5006 of 127\.0\.0\.1: it is received/),
    ]);
  });

  it('asks for feeds only when told to', async () => {
    const place = endpoint('mold');
    const receiver = await startReceiver([place, '--once', '--feedback', '--name', 'trader', ...QUIET]);
    const sent = await startMcast([
      'send',
      place,
      '--feedback',
      '--await',
      '1',
      '--count',
      '2000',
      '--json',
      ...QUIET,
    ]).result();
    const own = await receiver.result();
    expect(sent.receivers.map(({ name }) => name)).toEqual(['trader']);
    expect(sent.receivers[0]!.report!.received).toBe(own.streams[0]!.metrics.messages_received);
  });

  it.each([
    [['--no-feedback', '--await', '2'], '--no-feedback and --feedback, --await or --control-port exclude each other'],
    [['--control-port', 'PORT'], 'is there; give --control-port'],
    [['--wait', '3s'], '--wait is how long --await waits'],
    [['--key-file', '/dev/null'], 'a secret has 16 to 4096 octets, this has 0'],
    [['--feedback=70000'], '"70000" is not a port'],
  ])('refuses %s', async (words, message) => {
    const place = endpoint();
    const port = /:(\d+)\//.exec(place)![1]!;
    const { status, stderr } = await runCommand(['send', place, ...words.map((word) => word.replace('PORT', port))]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) });
  });
});
