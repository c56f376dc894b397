/** Two hosts on one wire, and tcpdump between them: memberships, marks and times as they really were. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, until, type Lab } from './lab.js';

const IGMP = 'igmp';
/** MLD has a hop-by-hop header before ICMPv6, for which "icmp6" does not look. */
const MLD = 'ip6[6] = 0 and ip6[40] = 58';

const FAMILIES = [
  {
    name: 'IPv4',
    filter: IGMP,
    source: '10.77.1.1',
    asm: '239.192.4.1',
    ssm: '232.1.1.7',
    protocol: 'IGMPv3',
    kernelGroups: '/proc/net/igmp',
    kernelFilter: '/proc/net/mcfilter',
    /** As the kernel's file writes it, and the source. */
    hex: { ssm: '0xe8010107', source: '0x0a4d0101', asm: '0104C0EF' },
  },
  {
    name: 'IPv6',
    filter: MLD,
    source: 'fd77:1::1',
    asm: 'ff15::4:1',
    ssm: 'ff35::8000:7',
    // The kernel does not tell it.
    protocol: null,
    kernelGroups: '/proc/net/igmp6',
    kernelFilter: '/proc/net/mcfilter6',
    hex: {
      ssm: 'ff350000000000000000000080000007',
      source: 'fd770001000000000000000000000001',
      asm: 'ff150000000000000000000000040001',
    },
  },
] as const;

function group(text: string): string {
  return text.includes(':') ? `[${text}]` : text;
}

describe.runIf(needs('netns', 'capture'))('on the wire between two hosts', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
  });
  afterAll(async () => lab?.close());

  const onTx = (): { lab: Lab; host: string } => ({ lab, host: 'tx' });
  const onRx = (): { lab: Lab; host: string } => ({ lab, host: 'rx' });

  describe.each(FAMILIES)('$name', ({ name, filter, source, asm, ssm, protocol, kernelGroups, kernelFilter, hex }) => {
    /** What was reported of `gaddr`, record by record, as `allow { 10.77.1.1 }`. */
    async function reported(endpoint: string, gaddr: string, whileJoined: () => Promise<void>): Promise<string[]> {
      const capture = await lab.capture('tx', 'e0', filter);
      const receiver = await startReceiver([endpoint, '--allow-silence'], onRx());
      const records = async (): Promise<string[]> =>
        [...(await capture.text('-vv')).matchAll(/\[gaddr (\S+) ([^\]]+)\]/g)]
          .filter((match) => match[1] === gaddr)
          .map((match) => match[2]!.trim());
      await until(async () => (await records()).length > 0, `a report of ${gaddr}`);
      await whileJoined();
      const result = await receiver.stop();
      expect(result.memberships).toHaveLength(1);
      const isSpecific = gaddr === ssm;
      expect(result.memberships[0]).toMatchObject({
        group: gaddr,
        interface: 'e0',
        filter_mode: isSpecific ? 'include' : 'exclude',
        sources: isSpecific ? [source] : [],
        protocol,
      });
      await until(async () => (await records()).some((record) => /block|to_in/.test(record)), `the leave of ${gaddr}`);
      await capture.stop();
      // Each report is repeated.
      return [...new Set(await records())];
    }

    it('a source-specific join allows the source, its end blocks it', async () => {
      const records = await reported(`${source}@${group(ssm)}:5001/iface=e0`, ssm, async () => {
        const kernel = (await lab.run('rx', 'cat', [kernelFilter]))
          .split('\n')
          .filter((line) => line.includes(hex.ssm));
        expect(kernel).toHaveLength(1);
        // Included by two sockets, that of the data and that of announcements of feedback; excluded by none.
        expect(kernel[0]!.trim().split(/\s+/).slice(1)).toEqual(['e0', hex.ssm, hex.source, '2', '0']);
      });
      expect(records).toEqual([`allow { ${source} }`, `block { ${source} }`]);
    });

    it('an any-source join excludes nothing, its end includes nothing', async () => {
      const records = await reported(`${group(asm)}:5001/iface=e0`, asm, async () => {
        expect(await lab.run('rx', 'cat', [kernelGroups])).toContain(hex.asm);
        expect(await lab.run('rx', 'cat', [kernelFilter])).not.toContain(hex.asm);
      });
      expect(records).toEqual(['to_ex { }', 'to_in { }']);
    });

    it.each([
      { marks: ['--dscp', 'af41', '--ttl', '7'], tos: 0x88, ttl: 7 },
      { marks: ['--tos', '0xb9', '--ttl', '64'], tos: 0xb9, ttl: 64 },
      { marks: [], tos: 0, ttl: 1 },
    ])('datagrams are marked as asked for, and the receiver says so: $marks', async ({ marks, tos, ttl }) => {
      const endpoint = `probe://${source}@${group(ssm)}:5002/iface=e0`;
      const capture = await lab.capture('rx', 'e0', 'udp and dst port 5002');
      const receiver = await startReceiver([endpoint], onRx());
      const sent = await send([endpoint, '--count', '50', '--pps', '1000', '--max-late', '20s', ...marks], onTx());
      const result = await receiver.stop();
      const datagrams = 50 + sent.sender!.markers_sent;
      await capture.untilCount(datagrams);
      await capture.stop();
      const text = await capture.text('-v');
      const onWire =
        name === 'IPv4' ? /\(tos 0x([0-9a-f]+).*?, ttl (\d+),/g : /\((?:class 0x([0-9a-f]+), )?.*?hlim (\d+),/g;
      const seen = [...text.matchAll(onWire)].map((match) => [Number.parseInt(match[1] ?? '0', 16), Number(match[2])]);
      expect(seen).toEqual(Array.from({ length: datagrams }, () => [tos, ttl]));

      expect(sent.sender!.not_sent).toBe(0);
      expect(result.streams).toHaveLength(1);
      const stream = result.streams[0]!;
      expect(stream).toMatchObject({ source, interface: 'e0', local: false });
      expect(stream.metrics).toMatchObject({
        packets_received: 50,
        packets_lost: 0,
        dscp_received: { [String(tos >> 2)]: datagrams },
        dscp_sent: tos >> 2,
        ttl_min: ttl,
        ttl_max: ttl,
        ttl_sent: ttl,
        hops_min: 0,
        hops_max: 0,
        ecn_ce_received: 0,
      });
      // One host's clock under both: the delay is what it is.
      expect(result.clock.receive_time).toBe('kernel');
      const delay = stream.histograms!.one_way_delay_ns!;
      expect(delay.count).toBe(50);
      expect(delay.min).toBeGreaterThan(0);
      expect(delay.max).toBeLessThan(1e9);
    });
  });

  describe.runIf(needs('nft'))('and a router that changes marks', () => {
    it('the receiver tells the hops, what arrived for what was sent, and that it changed', async () => {
      await lab.run('rx', 'nft', [
        `table netdev marks {
          chain in {
            type filter hook ingress device "e0" priority 0
            udp dport 5003 ip dscp set cs1 ip ttl set 4
          }
        }`,
      ]);
      const endpoint = 'probe://239.192.4.3:5003/iface=e0/ttl=7/dscp=af41';
      const receiver = await startReceiver([endpoint], onRx());
      const sent = await send([endpoint, '--count', '20', '--pps', '1000', '--max-late', '20s'], onTx());
      const result = await receiver.stop();
      await lab.run('rx', 'nft', ['delete table netdev marks']);
      expect(result.streams[0]!.metrics).toMatchObject({
        packets_lost: 0,
        dscp_sent: 34,
        dscp_received: { '8': 20 + sent.sender!.markers_sent },
        ttl_sent: 7,
        ttl_min: 4,
        hops_min: 3,
        hops_max: 3,
      });
      const changed = result.events.filter(({ event }) => event === 'dscp_changed');
      expect(changed.map(({ text }) => text)).toEqual(['marked af41, arrived cs1']);
    });
  });
});
