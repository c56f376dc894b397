/** Receivers get what they joined, all of it, and nothing else, on one host with several interfaces, groups and sources. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { malformed, send, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const FAMILIES = [
  { name: 'IPv4', group: (last: number) => `239.192.7.${last}`, many: '239.192.8.1', plain: (text: string) => text },
  {
    name: 'IPv6',
    group: (last: number) => `[ff15::7:${last}]`,
    many: '[ff15::8:1]',
    plain: (text: string) => text.slice(1, -1),
  },
] as const;

const SOURCES = Array.from({ length: 12 }, (_, i) => i + 11);

/** One stream of so many datagrams reached the process, and nothing else did: markers apart, the socket's count. */
function expectOnly(result: RunResult, group: string, interfaceName: string, count: number): void {
  expect(result.streams.map((stream) => [stream.group, stream.interface, stream.metrics.packets_received])).toEqual([
    [group, interfaceName, count],
  ]);
  expect(result.sockets).toHaveLength(1);
  expect(result.sockets[0]!.datagrams).toBe(count + 8);
  expect(result.streams[0]!.metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0 });
  expect(malformed(result)).toBe(0);
}

describe.runIf(needs('netns'))('what is not meant for a receiver', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
    await lab.link('tx', 'e1', 'rx', 'e1', { ipv4: '10.77.2', ipv6: 'fd77:2' });
    const addresses = SOURCES.map(
      (last) => `ip -n tx address add 10.77.1.${last}/24 dev e0
        ip -n tx address add fd77:1::${last}/64 dev e0 nodad`,
    );
    await lab.shell(addresses.join('\n'));
  });
  afterAll(async () => lab?.close());

  const recv = (...args: string[]): ReturnType<typeof startReceiver> => startReceiver(args, { lab, host: 'rx' });
  const transmit = async (count: number, ...args: string[]): Promise<RunResult> => {
    const sent = await send(
      [...args, '--count', String(count), '--pps', '2000', '--size', '100', '--max-late', '20s'],
      {
        lab,
        host: 'tx',
      },
    );
    expect(sent.sender!.not_sent).toBe(0);
    return sent;
  };

  describe.each(FAMILIES)('$name', ({ name, group, many, plain }) => {
    it('is not seen: another group on the same port, joined by another process', async () => {
      const [first, second] = [group(1), group(2)];
      const receivers = await Promise.all([recv(`${first}:5001/iface=e0`), recv(`${second}:5001/iface=e0`)]);
      await Promise.all([
        transmit(300, `probe://${first}:5001/iface=e0`),
        transmit(400, `probe://${second}:5001/iface=e0`),
      ]);
      const [one, two] = await Promise.all(receivers.map(async (receiver) => receiver.stop()));
      expectOnly(one!, plain(first), 'e0', 300);
      expectOnly(two!, plain(second), 'e0', 400);
    });

    it('is not seen: the same group on another interface', async () => {
      const both = group(3);
      const receivers = await Promise.all([recv(`${both}:5001/iface=e0`), recv(`${both}:5001/iface=e1`)]);
      await Promise.all([
        transmit(300, `probe://${both}:5001/iface=e0`),
        transmit(400, `probe://${both}:5001/iface=e1`),
      ]);
      const [one, two] = await Promise.all(receivers.map(async (receiver) => receiver.stop()));
      expectOnly(one!, plain(both), 'e0', 300);
      expectOnly(two!, plain(both), 'e1', 400);
    });

    it('more groups than one socket may join are all joined and received', async () => {
      const receiver = await recv(`${many}+45:5001/iface=e0`);
      await transmit(20, `probe://${many}+45:5001/iface=e0`);
      const result = await receiver.stop();
      const groups = result.memberships.map((membership) => membership.group);
      expect(new Set(groups).size).toBe(45);
      for (const membership of result.memberships) {
        expect(membership).toMatchObject({ interface: 'e0', filter_mode: 'exclude', sources: [] });
      }
      expect(result.streams.map((stream) => stream.group).toSorted()).toEqual(groups.toSorted());
      for (const { metrics } of result.streams) {
        expect(metrics).toMatchObject({ packets_received: 20, packets_lost: 0, packets_duplicated: 0 });
      }
    });

    it('more sources than one socket may name are all joined and received, and no other', async () => {
      const [prefix, ssm] = name === 'IPv4' ? ['10.77.1.', '232.7.7.7'] : ['fd77:1::', '[ff35::8000:7]'];
      const sources = SOURCES.map((last) => prefix + last);
      const receiver = await recv(`${sources.join(',')}@${ssm}:5001/iface=e0`);
      const senders = [...sources, `${prefix}1`].map((source) => `probe://${source}@${ssm}:5001/iface=e0`);
      await transmit(50, ...senders);
      const result = await receiver.stop();
      expect(result.memberships.flatMap((membership) => membership.sources).toSorted()).toEqual(sources.toSorted());
      for (const membership of result.memberships) {
        expect(membership).toMatchObject({ group: plain(ssm), filter_mode: 'include' });
      }
      // The kernel's limits: 10 sources a socket in IPv4, 64 in IPv6.
      expect(result.memberships).toHaveLength(name === 'IPv4' ? 2 : 1);
      expect(result.streams.map(({ source }) => source).toSorted()).toEqual(sources.toSorted());
      for (const { metrics } of result.streams) {
        expect(metrics).toMatchObject({ packets_received: 50, packets_lost: 0, packets_duplicated: 0 });
      }
    });
  });
});
