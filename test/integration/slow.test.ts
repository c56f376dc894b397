/** A receiver that is slower than its stream: where the datagrams went, against the kernel's own counters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult, Sender } from '../../src/result/model.js';
import { openLab, type Lab } from '../netns/lab.js';
import { send, startReceiver, sum } from '../mcast.js';
import { needs } from '../require.js';

const GROUP = '239.192.55.1';
const SENT = 8000;
const CALM = 4000;

interface Outcome {
  readonly sender: Sender;
  readonly received: RunResult;
  /** The socket's drops in /proc/net/udp, and growth of the host's RcvbufErrors. */
  readonly socketDrops: number;
  readonly hostDrops: number;
}

function checkTotals({ sender, received, socketDrops, hostDrops }: Outcome): void {
  expect(hostDrops).toBe(socketDrops);
  expect(received.sockets[0]!.kernel_drops).toBe(socketDrops);
  expect(received.health.kernel_drops).toBe(socketDrops);
  expect(socketDrops).toBeGreaterThan(0);
  expect(sender.not_sent).toBe(0);
  expect(sender.impairment!.lost).toBe(CALM);
  const { streams } = received;
  expect(sum(streams, 'packets_expected')).toBe(SENT);
  expect(sum(streams, 'packets_lost')).toBe(SENT - sum(streams, 'packets_received'));
  expect(sum(streams, 'loss_network') + sum(streams, 'loss_socket_buffer') + sum(streams, 'loss_application')).toBe(
    sum(streams, 'packets_lost'),
  );
  expect(sum(streams, 'loss_application')).toBe(0);
  // Told live only in part, counted in full.
  expect(received.event_counts['gap']).toBe(sum(streams, 'loss_periods'));
  // Slowed down on purpose: never valid.
  expect(received.health.verdict).toBe('degraded');
  expect(received.run.injected).toMatch(/^slow=/);
}

// In a namespace the host's counters count nobody else's datagrams.
describe.runIf(needs('netns'))('a receiver that is too slow', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(async () => lab?.close());

  async function rcvbufErrors(): Promise<number> {
    const [names, values] = (await lab.run(null, 'cat', ['/proc/net/snmp'])).match(/^Udp: .*$/gm)!;
    return Number(values!.split(' ')[names!.split(' ').indexOf('RcvbufErrors')]);
  }

  async function dropsOfSocket(port: number): Promise<number> {
    const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
    const line = (await lab.run(null, 'cat', ['/proc/net/udp']))
      .split('\n')
      .find((row) => row.includes(`:${hexPort} `));
    return Number(line!.trim().split(/\s+/).at(-1));
  }

  /** The last `CALM` datagrams are lost on purpose: meanwhile the receiver catches up, so that it hears the end. */
  async function run(port: number, receive: readonly string[], transmit: readonly string[]): Promise<Outcome> {
    const endpoint = `probe://${GROUP}:${port}/iface=lo`;
    const before = await rcvbufErrors();
    const receiver = await startReceiver([endpoint, ...receive], { lab });
    const flows = transmit.includes('--flows') ? 2 : 1;
    const lost = `list=${(SENT - CALM) / flows}-${SENT / flows}`;
    const sent = await send(
      [endpoint, '--count', String(SENT), '--size', '200', '--max-late', '20s', '--impair', lost, ...transmit],
      { lab },
    );
    await receiver.untilEvent('stream_end', flows);
    const [socketDrops, after] = [await dropsOfSocket(port), await rcvbufErrors()];
    return { sender: sent.sender!, received: await receiver.stop(), socketDrops, hostDrops: after - before };
  }

  it('lost what its socket buffer dropped, to the datagram', async () => {
    const slow = ['--inject', 'slow=400', '--rcvbuf', '100k', '--offload', 'off'];
    const outcome = await run(5101, slow, ['--pps', '5000']);
    checkTotals(outcome);
    const { received, socketDrops } = outcome;
    expect(received.streams).toHaveLength(1);
    expect(received.streams[0]).toMatchObject({ ended: true, loss_attribution: 'exact' });
    // Dropped markers are no lost datagrams.
    const dropped = socketDrops - received.health.kernel_drops_other!;
    expect(received.streams[0]!.metrics).toMatchObject({
      loss_network: CALM,
      loss_socket_buffer: dropped,
      packets_lost: CALM + dropped,
    });
    expect(received.health.kernel_drops_other).toBeLessThan(10);
  });

  it('splits what two streams of one socket lost: the total exactly, between them by estimate', async () => {
    const slow = ['--inject', 'slow=400', '--rcvbuf', '100k', '--offload', 'off'];
    const outcome = await run(5102, slow, ['--pps', '5000', '--flows', '2']);
    checkTotals(outcome);
    const { streams, health } = outcome.received;
    expect(streams.map(({ flow }) => flow).sort()).toEqual(['0', '1']);
    for (const stream of streams) expect(stream).toMatchObject({ ended: true, loss_attribution: 'shared' });
    expect(sum(streams, 'loss_socket_buffer')).toBe(outcome.socketDrops - health.kernel_drops_other!);
    expect(sum(streams, 'loss_network')).toBe(CALM);
    expect(health.reasons.map(({ code }) => code)).toContain('attribution_shared');
  });

  it('bounds the split with receive offload, where the kernel counts super-packets', async () => {
    const slow = ['--inject', 'slow=150', '--rcvbuf', '300k', '--offload', 'on'];
    const outcome = await run(5103, slow, ['--pps', '20000', '--quantum', '2ms', '--offload', 'on']);
    checkTotals(outcome);
    expect(outcome.sender.super_packets).toBeGreaterThan(0);
    const stream = outcome.received.streams[0]!;
    expect(stream).toMatchObject({ ended: true, loss_attribution: 'bounded', super_packets: true });
    const { loss_network, loss_socket_buffer, packets_lost } = stream.metrics;
    // Each drop was a super-packet.
    expect(outcome.socketDrops).toBeLessThan(packets_lost! - CALM);
    expect(loss_network).toBeLessThanOrEqual(CALM);
    expect(loss_socket_buffer).toBeGreaterThanOrEqual(packets_lost! - CALM);
    expect(loss_socket_buffer).toBeLessThanOrEqual(128 * outcome.socketDrops);
    expect(outcome.received.health.reasons.map(({ code }) => code)).toContain('attribution_bounded');
  });
});
