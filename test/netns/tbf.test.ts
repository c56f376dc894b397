/** A sender faster than its own queueing discipline: what the queue refused was never sent, and no loss of the network. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send, startReceiver, sum } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const GROUPS = { IPv4: '239.192.5.1', IPv6: '[ff15::5:1]' } as const;

describe.runIf(needs('netns', 'tc', 'nft'))('behind a queue of 20 Mbit/s', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
    // Nothing but the sender's datagrams may reach the queue, which counts whatever it drops: the kernel repeats its
    // membership reports and solicits neighbours at times of its own.
    await lab.run('tx', 'nft', [
      'table inet quiet { chain out { type filter hook output priority 0; meta l4proto != udp drop; }; }',
    ]);
  });
  afterEach(async () => lab?.close());

  async function sndbufErrors(): Promise<number> {
    const [names, values] = (await lab.run('tx', 'cat', ['/proc/net/snmp'])).match(/^Udp: .*$/gm)!;
    const ipv4 = Number(values!.split(' ')[names!.split(' ').indexOf('SndbufErrors')]);
    const ipv6 = Number(/^Udp6SndbufErrors\s+(\d+)/m.exec(await lab.run('tx', 'cat', ['/proc/net/snmp6']))![1]);
    return ipv4 + ipv6;
  }

  it.each([
    { family: 'IPv4', offload: false },
    { family: 'IPv4', offload: true },
    { family: 'IPv6', offload: false },
    { family: 'IPv6', offload: true },
  ] as const)(
    'the sender knows what never left, and the receiver takes it for no loss: %j',
    async ({ family, offload }) => {
      // The burst must hold the largest super-packet (a sender that was held up makes them): tbf cuts a larger one
      // up, and calls it taken when one segment was.
      await lab.limitRate('tx', 'e0', 20_000_000, 70_000, 70_000);
      const endpoint = `probe://${GROUPS[family]}:5001/iface=e0`;
      const receiver = await startReceiver([endpoint, '--once'], { lab, host: 'rx' });
      const shape = offload ? ['--offload', 'on', '--quantum', '3ms'] : ['--offload', 'off'];
      // --force: no listening for other senders first, whose own reports would be in the queue too.
      const load = ['--rate', '30M', '--size', '1316', '--duration', '2s', '--force', '--no-feedback', ...shape];
      const sent = await send([endpoint, ...load], { lab, host: 'tx' });
      const sender = sent.sender!;
      const result = await receiver.result();

      const refused = await lab.refusedByQueue('tx', 'e0');
      expect(refused).toBeGreaterThan(offload ? 50 : 500);
      expect(await sndbufErrors()).toBe(refused);
      expect(sender.super_packets > 0).toBe(offload);
      const noBuffers = sender.not_sent_by_reason.no_buffers!;
      if (offload) expect(noBuffers).toBeGreaterThan(5 * refused);
      else expect(noBuffers + (8 - sender.markers_sent)).toBe(refused);
      expect(sender.sent + sender.not_sent!).toBe(sender.scheduled);
      expect(sent.health.reasons.map(({ code }) => code)).not.toContain('refused_sends');

      const { streams } = result;
      expect(streams).toHaveLength(1);
      expect(streams[0]!.ended).toBe(true);
      expect(sum(streams, 'packets_received')).toBe(sender.sent);
      expect(sum(streams, 'packets_lost')).toBe(0);
      expect(sum(streams, 'loss_network')).toBe(0);
      expect(sum(streams, 'never_sent')).toBe(sender.not_sent);
    },
  );

  it('two threads of the sender know it each of its own flows, and together what the host counted', async () => {
    await lab.limitRate('tx', 'e0', 20_000_000, 70_000, 70_000);
    const endpoint = `probe://${GROUPS.IPv4}:5001/iface=e0`;
    const receiver = await startReceiver([endpoint], { lab, host: 'rx' });
    const load = ['--rate', '30M', '--duration', '2s', '--force', '--no-feedback', '--offload', 'off'];
    const sent = await send([endpoint, ...load, '--flows', '4', '--threads', '2'], { lab, host: 'tx' });
    const { streams } = await receiver.stop();
    const sender = sent.sender!;
    const refused = await lab.refusedByQueue('tx', 'e0');
    expect(refused).toBeGreaterThan(500);
    expect(await sndbufErrors()).toBe(refused);
    expect(sender.not_sent_by_reason.no_buffers! + (4 * 8 - sender.markers_sent)).toBe(refused);
    expect(sender.sent + sender.not_sent!).toBe(sender.scheduled);
    expect(sent.health.reasons.map(({ code }) => code)).not.toContain('refused_sends');
    expect(streams.map(({ flow }) => flow).toSorted()).toEqual(['0', '1', '2', '3']);
    expect(sum(streams, 'packets_received')).toBe(sender.sent);
    expect(sum(streams, 'packets_lost')).toBe(0);
    expect(sum(streams, 'never_sent')).toBe(sender.not_sent);
  });

  it('the sender says when the queue drops parts of super-packets, which it cannot see', async () => {
    await lab.limitRate('tx', 'e0', 20_000_000, 20_000, 3000);
    const endpoint = `probe://${GROUPS.IPv4}:5001/iface=e0`;
    const receiver = await startReceiver([endpoint, '--once'], { lab, host: 'rx' });
    const load = ['--rate', '30M', '--duration', '1s', '--force', '--offload', 'on', '--quantum', '3ms'];
    const sent = await send([endpoint, ...load], { lab, host: 'tx' });
    const result = await receiver.result();
    const refused = await lab.refusedByQueue('tx', 'e0');
    expect(sent.evidence.host_counters['e0.qdisc_dropped']).toBe(refused);
    expect(refused).toBeGreaterThan(sent.sender!.not_sent_by_reason.no_buffers! / 128);
    const unseen = sent.sender!.sent - sum(result.streams, 'packets_received');
    expect(unseen).toBeGreaterThan(0);
    expect(sum(result.streams, 'loss_network')).toBe(unseen);
    expect(sent.health.verdict).toBe('degraded');
    expect(sent.health.reasons.map(({ code }) => code)).toContain('refused_sends');
  });
});
