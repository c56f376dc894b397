/** A network that loses what its filter says, and counts that itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stream } from '../../src/result/model.js';
import { send, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** Bits from the UDP header on: 8 octets of it, then docs/protocols/probe.md. */
const FLAGS = '@th,104,8';
const SEQUENCE_LOW = '@th,256,32';
/** Neither start nor end marker. */
const IS_DATA = `${FLAGS} & 0x03 == 0`;

const GROUPS = { IPv4: '239.192.6.1', IPv6: '[ff15::6:1]' } as const;

describe.runIf(needs('netns', 'nft'))('a network that loses datagrams', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
  });
  afterAll(async () => lab?.close());

  /** Sends 2000 datagrams through a filter whose rule drops; returns the stream, and what the filter counted. */
  async function through(rule: string, family: keyof typeof GROUPS): Promise<{ stream: Stream; dropped: number }> {
    await lab.run('rx', 'nft', [
      `table netdev wire {
        counter lost { }
        chain in {
          type filter hook ingress device "e0" priority 0
          udp dport 5001 ${IS_DATA} ${rule} counter name lost drop
        }
      }`,
    ]);
    const endpoint = `probe://${GROUPS[family]}:5001/iface=e0`;
    const receiver = await startReceiver([endpoint, '--once'], { lab, host: 'rx' });
    const sent = await send([endpoint, '--count', '2000', '--pps', '2000', '--size', '200', '--max-late', '20s'], {
      lab,
      host: 'tx',
    });
    const result = await receiver.result();
    const counter = await lab.run('rx', 'nft', ['list', 'counter', 'netdev', 'wire', 'lost']);
    await lab.run('rx', 'nft', ['delete', 'table', 'netdev', 'wire']);
    expect(sent.sender!.sent).toBe(2000);
    expect(result.streams).toHaveLength(1);
    expect(result.health.kernel_drops).toBe(0);
    return { stream: result.streams[0]!, dropped: Number(/packets (\d+)/.exec(counter)![1]) };
  }

  describe.each(['IPv4', 'IPv6'] as const)('%s', (family) => {
    it('is measured to the number: those dropped are those of the loss map', async () => {
      // The first, a range, neighbours of it, and the last: only its marker tells of that.
      const { stream, dropped } = await through(`${SEQUENCE_LOW} { 0, 10, 20-29, 31, 1998-1999 }`, family);
      expect(dropped).toBe(15);
      expect(stream).toMatchObject({ ended: true, expected_from: 'start', loss_attribution: 'exact' });
      expect(stream.metrics).toMatchObject({
        packets_expected: 2000,
        packets_received: 1985,
        packets_lost: 15,
        loss_network: 15,
        loss_socket_buffer: 0,
        loss_application: 0,
        loss_periods: 5,
        loss_period_max: 10,
        never_sent: 0,
        packets_duplicated: 0,
        packets_reordered: 0,
      });
      expect(stream.loss_map!.map(({ first, count, cause }) => [first, count, cause])).toEqual([
        ['0', 1, 'network'],
        ['10', 1, 'network'],
        ['20', 10, 'network'],
        ['31', 1, 'network'],
        ['1998', 2, 'network'],
      ]);
    });

    it('is measured as regular as it is: every 20th', async () => {
      const { stream, dropped } = await through('numgen inc mod 20 == 7', family);
      expect(dropped).toBe(100);
      expect(stream.metrics).toMatchObject({
        loss_network: 100,
        packets_lost: 100,
        loss_ratio: 0.05,
        loss_periods: 100,
        loss_period_min: 1,
        loss_period_max: 1,
        loss_distance_min: 20,
        loss_distance_max: 20,
      });
      expect(stream.loss_map!.map(({ first }) => Number(first))).toEqual(
        Array.from({ length: 100 }, (_, i) => 7 + 20 * i),
      );
    });
  });
});
