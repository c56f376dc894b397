/** Every kind of end against every other, on loopback: families, unicast, any payload, and both implementations. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { freshGroup, send, startReceiver, type Mcast } from '../mcast.js';

function freshPort(): number {
  return randomInt(20_000, 30_000);
}

async function pair(receiver: Mcast, load: readonly string[]): Promise<[RunResult, RunResult]> {
  const sent = await send(load);
  return [sent, await receiver.stop()];
}

describe('unicast, where it is said to be meant', () => {
  it.each(['127.0.0.1', '[::1]'])('works as multicast does: %s', async (host) => {
    const endpoint = `probe://${host}:${freshPort()}`;
    const load = [endpoint, '--unicast', '--count', '500', '--pps', '1000', '--max-late', '20s'];
    const [sent, received] = await pair(await startReceiver([endpoint, '--unicast']), [
      ...load,
      '--impair',
      'loss=2%,dup=1%,reorder=1%',
    ]);
    const done = sent.sender!.impairment!;
    expect(received.streams).toHaveLength(1);
    expect(received.streams[0]).toMatchObject({ group: host.replaceAll(/[[\]]/g, ''), local: true, ended: true });
    expect(received.streams[0]!.metrics).toMatchObject({
      packets_expected: 500,
      packets_lost: done.lost,
      packets_duplicated: done.duplicated,
      packets_reordered: done.reordered,
      ttl_min: 1,
      ttl_max: 1,
    });
    expect(received.memberships).toMatchObject([{ evidence: 'unicast: nothing to join', filter_mode: null }]);
  });
});

describe('one source of a group', () => {
  it('is loopback itself on loopback, and another one is not heard', async () => {
    const group = freshGroup().replace(/^239/, '232');
    const [own, other] = [`probe://127.0.0.1@${group}:5001/iface=lo`, `probe://127.0.0.2@${group}:5001/iface=lo`];
    const deaf = await startReceiver([other, '--allow-silence']);
    const load = [`probe://${group}:5001/iface=lo`, '--count', '200', '--pps', '1000', '--max-late', '20s'];
    const [, received] = await pair(await startReceiver([own]), load);
    expect(received.streams).toMatchObject([{ source: '127.0.0.1', metrics: { packets_received: 200 } }]);
    expect((await deaf.stop()).sockets[0]!.datagrams).toBe(0);
  });
});

describe('any payload', () => {
  it.each(['--payload=text:hello', '--payload=hex:0a0b0c'])(
    'is counted, and what it does not tell is null: %s',
    async (payload) => {
      const endpoint = `udp://${freshGroup()}:5001/iface=lo`;
      const load = [endpoint, payload, '--count', '300', '--pps', '1000', '--max-late', '20s', '--dscp', 'ef'];
      const [sent, received] = await pair(await startReceiver([endpoint]), load);
      expect(sent.sender).toMatchObject({ sent: 300, not_sent: 0, markers_sent: 0 });
      expect(received.streams).toHaveLength(1);
      const stream = received.streams[0]!;
      expect(stream).toMatchObject({ unit: 'none', expected_from: null, loss_attribution: null, send_time: null });
      expect(stream.metrics).toMatchObject({
        packets_received: 300,
        octets_received: sent.sender!.octets_sent,
        packets_expected: null,
        packets_lost: null,
        packets_duplicated: null,
        packets_reordered: null,
        loss_ratio: null,
        loss_network: null,
        loss_socket_buffer: null,
        loss_application: null,
        never_sent: null,
        dscp_received: { '46': 300 },
        dscp_sent: null,
        hops_min: null,
      });
      expect(stream.histograms!.one_way_delay_ns).toBeNull();
      expect(stream.histograms!.interarrival_ns!.count).toBe(299);
      expect(stream.not_measured['packets_lost']).toMatch(/numbers nothing/);
    },
  );

  it('is recognised where it is one of ours: an endpoint without a scheme measures probe datagrams', async () => {
    const group = freshGroup();
    const receiver = await startReceiver([`${group}:5001/iface=lo`]);
    const load = [`probe://${group}:5001/iface=lo`, '--count', '300', '--pps', '1000', '--max-late', '20s'];
    const [, received] = await pair(receiver, load);
    expect(received.streams.map(({ format }) => format)).toEqual(['probe']);
    expect(received.streams[0]!.metrics).toMatchObject({ packets_received: 300, packets_lost: 0 });
  });

  it('is named where it is not what was demanded', async () => {
    const group = freshGroup();
    const receiver = await startReceiver([`probe://${group}:5001/iface=lo`, '--allow-silence']);
    const ts = `--payload=hex:${`47001010${'00'.repeat(184)}`.repeat(2)}`;
    const load = [`udp://${group}:5001/iface=lo`, ts, '--count', '20', '--pps', '1000', '--max-late', '20s'];
    const [, received] = await pair(receiver, load);
    expect(received.streams).toEqual([]);
    expect(received.sockets[0]!.malformed).toEqual({ bad_magic: 20 });
    const text = `${group}:5001 carries mpeg-ts, not probe`;
    const told = received.events.filter(({ event }) => event === 'first_packet');
    expect(told).toMatchObject([{ stream: null, text, detail: { format: 'mpeg-ts', demanded: 'probe' } }]);
    expect(received.health.reasons.map((reason) => reason.text)).toContain(text);
  });
});

describe('the two implementations', () => {
  it.each([
    ['native', 'dgram'],
    ['dgram', 'native'],
    ['dgram', 'dgram'],
  ])('count the same, and what one cannot know is null: %s sends, %s receives', async (sending, receiving) => {
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const receiver = await startReceiver([endpoint, '--io', receiving]);
    const load = [endpoint, '--io', sending, '--count', '1000', '--pps', '1000', '--size', '200'];
    const [sent, received] = await pair(receiver, [...load, '--impair', 'loss=2%,dup=2%,reorder=1%,corrupt=1%']);
    const { sender } = sent;
    const done = sender!.impairment!;
    expect(sent.run.io.implementation).toBe(sending);
    expect(received.run.io.implementation).toBe(receiving);
    expect(received.streams).toHaveLength(1);
    const { metrics, histograms, not_measured: reasons } = received.streams[0]!;
    expect(metrics).toMatchObject({
      packets_lost: done.lost,
      packets_duplicated: done.duplicated,
      packets_reordered: done.reordered,
      packets_expected: 1000 - sender!.not_sent_by_reason.skipped,
      never_sent: sender!.not_sent_by_reason.skipped,
    });

    expect(received.streams[0]).toMatchObject({ source: '127.0.0.1', local: true });

    // What the kernel refused and what it dropped, only native code is told.
    const hidden = sending === 'dgram' ? null : 0;
    expect(sender!.not_sent_by_reason.no_buffers).toBe(hidden);
    if (sending === 'dgram') expect(sender!.not_sent).toBeNull();
    else expect(sender!.not_sent).toBe(sender!.not_sent_by_reason.skipped);

    const sees = receiving === 'native';
    expect(received.clock.receive_time).toBe(sees ? 'kernel' : 'user');
    expect(received.health.kernel_drops).toBe(sees ? 0 : null);
    expect(received.sockets[0]!.kernel_drops).toBe(sees ? 0 : null);
    expect(metrics).toMatchObject({
      loss_network: sees ? done.lost : null,
      loss_socket_buffer: sees ? 0 : null,
      ttl_min: sees ? 1 : null,
      ttl_max: sees ? 1 : null,
      hops_min: sees ? 0 : null,
    });
    expect(received.streams[0]!.loss_attribution).toBe(sees ? 'exact' : null);
    expect(metrics.dscp_received === null).toBe(!sees);
    expect(histograms!.wakeup_delay_ns === null).toBe(!sees);
    expect(received.memberships[0]!.filter_mode).toBe(sees ? 'exclude' : null);
    if (sees) return;
    for (const name of ['loss_network', 'loss_socket_buffer', 'ttl_min', 'dscp_received', 'wakeup_delay_ns']) {
      expect(reasons[name]).toMatch(/\S/);
    }
  });
});

describe('two legs and FEC together', () => {
  it('are sent and merged, with the protection beside the first leg', async () => {
    const [a, b] = [freshGroup(), freshGroup()].map((group) => `rtp://${group}:5004/iface=lo`);
    const receiver = await startReceiver([a!, '--leg-b', b!]);
    const sent = await send([`${a!}/impair=loss=2%`, '--leg-b', b!, '--fec', '5x5', '--count', '200']);
    expect(sent.sender!.streams.map(({ leg, format }) => [leg, format])).toEqual([
      ['a', 'rtp/mpeg-ts'],
      ['a', 'rtp/smpte-2022-1'],
      ['a', 'rtp/smpte-2022-1'],
      ['b', 'rtp/mpeg-ts'],
    ]);
    const received = await receiver.stop();
    expect(received.arbitration).toMatchObject({ both_lost: 0, remaining_lost: 0 });
  });
});
