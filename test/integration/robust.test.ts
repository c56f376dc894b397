/** Receivers among strangers, restarts and sudden ends. All on loopback. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { freshGroup, malformed, send, startMcast, startReceiver, sum } from '../mcast.js';
import { sendNoise } from './noise.js';

const DATAGRAMS = 50_000;

function endpoint(): string {
  return `probe://${freshGroup()}:5001/iface=lo`;
}

describe('random datagrams', () => {
  it('are counted by what is wrong with them, to the last one, beside an intact stream', async () => {
    const seed = randomInt(2 ** 32);
    const to = endpoint();
    const receiver = await startReceiver([to, '--label', `seed=${seed}`]);
    const [faults, sent] = await Promise.all([
      sendNoise(to.slice(8).split(':')[0]!, 5001, DATAGRAMS, seed),
      send([to, '--pps', '500', '--duration', '2s', '--size', '100']),
    ]);
    const result = await receiver.stop();
    expect(result.health.kernel_drops).toBe(0);
    const [socket] = result.sockets;
    expect(socket!.malformed).toEqual(faults);
    expect(Object.keys(faults).toSorted()).toEqual([
      'bad_check',
      'bad_length',
      'bad_magic',
      'bad_reserved',
      'bad_version',
      'too_short',
      'unknown_type',
    ]);
    expect(malformed(result)).toBe(DATAGRAMS);
    const { sender } = sent;
    expect(socket!.datagrams).toBe(DATAGRAMS + sender!.sent + sender!.markers_sent);
    expect(result.streams).toHaveLength(1);
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: sender!.sent, packets_lost: 0 });
  });

  it('are a stream of their own to a receiver of any payload, the empty ones included', async () => {
    const to = freshGroup();
    const receiver = await startReceiver([`udp://${to}:5001/iface=lo`]);
    await sendNoise(to, 5001, 5000, randomInt(2 ** 32));
    const result = await receiver.stop();
    expect(result.sockets[0]!.datagrams).toBe(5000);
    expect(result.streams).toHaveLength(1);
    expect(result.streams[0]!.metrics).toMatchObject({
      packets_received: 5000,
      packets_expected: null,
      packets_lost: null,
      packets_duplicated: null,
      packets_reordered: null,
      loss_network: null,
      never_sent: null,
    });
  });
});

describe('a receiver', () => {
  it('has a new entry for each run of a sender, and calls the second a restart', async () => {
    const to = endpoint();
    const receiver = await startReceiver([to]);
    const load = [to, '--count', '200', '--pps', '1000', '--source-port', String(randomInt(20_000, 30_000))];
    const first = await send(load);
    // The second run is another one, not a flow that goes on: it lasts until that is decided.
    const second = await send([...load.slice(0, 1), '--count', '1500', ...load.slice(3)]);
    await receiver.untilEvent('restart');
    const result = await receiver.stop();
    expect(result.streams_total).toBe(2);
    const runs = result.streams.map((stream) => [stream.sender_run, stream.metrics.packets_received, stream.ended]);
    expect(runs.toSorted((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      [first.sender!.run, first.sender!.sent, true],
      [second.sender!.run, second.sender!.sent, true],
    ]);
    const [restart] = receiver.events('restart');
    expect(restart!.stream).toContain(second.sender!.run);
    expect(restart!.detail['before']).toContain(first.sender!.run);
    expect(result.event_counts['foreign_sender']).toBeUndefined();
    expect(sum(result.streams, 'packets_lost')).toBe(0);
  });

  it('keeps two senders of one flow id apart, and names the second', async () => {
    const to = endpoint();
    const receiver = await startReceiver([to]);
    const older = startMcast(['send', to, '--pps', '1000', '--duration', '60s', '--impair', 'loss=2%']);
    await receiver.untilEvent('first_packet');
    const newer = await send([to, '--pps', '1000', '--duration', '1s', '--impair', 'loss=4%,dup=1%']);
    await receiver.untilEvent('foreign_sender');
    older.signal('SIGINT');
    const both = [await older.result(130), newer];
    const result = await receiver.stop();
    expect(result.streams).toHaveLength(2);
    for (const { sender } of both) {
      const stream = result.streams.find(({ sender_run }) => sender_run === sender!.run)!;
      expect(stream).toMatchObject({ flow: '0', ended: true });
      expect(stream.metrics).toMatchObject({
        packets_lost: sender!.impairment!.lost,
        packets_duplicated: sender!.impairment!.duplicated,
      });
    }
    expect(result.event_counts).toMatchObject({ foreign_sender: 1 });
    expect(receiver.events('foreign_sender')[0]!.stream).toContain(newer.sender!.run);
  });

  it('that joins late expects from the first number on, and says how long that took', async () => {
    const to = endpoint();
    const sender = startMcast(['send', to, '--pps', '1000', '--duration', '60s']);
    await sender.untilLine('interval');
    const receiver = await startReceiver([to, '--count', '500']);
    const result = await receiver.result();
    sender.signal('SIGINT');
    const sent = await sender.result(130);
    expect(sent.run.complete).toBe(false);
    const stream = result.streams[0]!;
    expect(stream).toMatchObject({ expected_from: 'first', ended: false });
    expect(stream.metrics).toMatchObject({ packets_received: 500, packets_expected: 500, packets_lost: 0 });
    expect(stream.metrics.first_packet_after_join_ns).toBeGreaterThan(0);
  });

  it('that is stopped before the end has lost nothing: complete without an end of its own, cut short with one', async () => {
    const to = endpoint();
    const free = await startReceiver([to]);
    const bounded = await startReceiver([to, '--duration', '60s']);
    const sender = startMcast(['send', to, '--pps', '1000', '--duration', '60s']);
    await Promise.all([free.untilEvent('first_packet'), bounded.untilEvent('first_packet')]);
    await free.untilLine('interval');
    const whole = await free.stop();
    bounded.signal('SIGTERM');
    const cut = await bounded.result(143);
    sender.signal('SIGINT');
    await sender.result(130);
    expect([whole.run.complete, cut.run.complete]).toEqual([true, false]);
    for (const { streams } of [whole, cut]) {
      expect(streams).toHaveLength(1);
      expect(streams[0]).toMatchObject({ ended: false, expected_from: 'start' });
      expect(streams[0]!.metrics.packets_received).toBeGreaterThan(0);
      expect(streams[0]!.metrics.packets_lost).toBe(0);
    }
  });

  it('tells when a sender falls silent without an end', async () => {
    const to = endpoint();
    const receiver = await startReceiver([to]);
    const sender = startMcast(['send', to, '--pps', '1000', '--duration', '60s']);
    await receiver.untilEvent('first_packet');
    sender.signal('SIGKILL');
    expect(await sender.exited()).toEqual({ status: null, signal: 'SIGKILL' });
    await receiver.untilEvent('silence');
    const result = await receiver.stop();
    const silence = result.events.find(({ event }) => event === 'silence');
    expect(silence!.stream).toBe(result.streams[0]!.id);
    expect(silence!.detail['silent_ns']).toBeGreaterThanOrEqual(2e9);
    expect(result.streams[0]).toMatchObject({ ended: false });
    expect(result.streams[0]!.metrics.packets_lost).toBe(0);
    expect(result.event_counts['stream_end']).toBeUndefined();
  });

  it('that got nothing says so, looks for the reason, and ends with 3', async () => {
    const receiver = await startReceiver([endpoint(), '--duration', '2.5s']);
    const result = await receiver.result(3);
    expect(result.streams).toEqual([]);
    const silence = result.events.find(({ event }) => event === 'silence');
    expect(silence!.text).toMatch(/^joined, nothing arrived for [\d.]+ s: ./);
    expect(result.limits).toMatchObject([{ expression: 'packets_received > 0', ok: false }]);
  });
});
