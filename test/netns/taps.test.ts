/** Two taps with a network between them that loses what its filter says: `mcast analyze --against`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startMcast, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** Bits from the UDP header on: 8 octets of it, then docs/protocols/probe.md. */
const SEQUENCE_LOW = '@th,256,32';
/** Neither start nor end marker. */
const IS_DATA = '@th,104,8 & 0x03 == 0';

const GROUPS = { IPv4: '239.192.7.1', IPv6: '[ff15::7:1]' } as const;

describe.runIf(needs('netns', 'nft', 'capture'))('taps on both sides of a bridge', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'mid', 'rx');
    await lab.link('tx', 'e0', 'mid', 'e0');
    await lab.link('mid', 'e1', 'rx', 'e0');
    await lab.shell(`
      ip -n mid address flush dev e0
      ip -n mid address flush dev e1
      ip -n mid link add br0 type bridge mcast_snooping 0
      ip -n mid link set e0 master br0
      ip -n mid link set e1 master br0
      ip -n mid link set br0 up`);
    // Behind the first tap, before the second.
    await lab.run('mid', 'nft', [
      `table netdev wire {
        counter lost { }
        chain in {
          type filter hook ingress device "e0" priority 0
          udp dport 5001 ${IS_DATA} ${SEQUENCE_LOW} { 10, 20-29, 31 } counter name lost drop
        }
      }`,
    ]);
  });
  afterAll(async () => lab?.close());

  it.each(['IPv4', 'IPv6'] as const)('tell what it lost, and how long the rest took: %s', async (family) => {
    const endpoint = `probe://${GROUPS[family]}:5001/iface=e0`;
    const receiver = await startReceiver([endpoint, '--once'], { lab, host: 'rx' });
    const edge = await lab.capture('tx', 'e0', 'udp port 5001');
    const core = await lab.capture('rx', 'e0', 'udp port 5001');
    // Each datagram by itself: a super-packet is one frame to a tap.
    const load = ['--count', '500', '--pps', '1000', '--size', '200', '--offload', 'off', '--max-late', '20s'];
    const sent = await send([endpoint, ...load], { lab, host: 'tx' });
    const received = await receiver.result();
    expect(sent.sender!.sent).toBe(500);
    // With three start markers and five end markers.
    await edge.untilCount(508);
    await core.untilCount(508 - 12);
    await edge.stop();
    await core.stop();

    const result = await startMcast(['analyze', edge.path, '--against', core.path]).result();
    expect(result.taps).toMatchObject({
      streams_compared: 1,
      packets_matched: 488,
      packets_lost: 12,
      packets_only_second: 0,
      packets_reordered: 0,
      packets_uncounted: 0,
      first: { packets_received: 500, packets_duplicated: 0, packets_outside: 0, fault: null },
      second: { packets_received: 488, packets_duplicated: 0, packets_outside: 0, fault: null },
    });
    const [stream] = result.taps!.streams;
    expect(stream!.loss_map).toEqual([
      { first: '10', count: 1 },
      { first: '20', count: 10 },
      { first: '31', count: 1 },
    ]);
    expect(received.streams[0]!.loss_map!.map(({ first, count }) => ({ first, count }))).toEqual(stream!.loss_map);
    // One clock for both taps, and the second is behind the first.
    expect(result.taps!.delay_ns!.min).toBeGreaterThan(0);
    expect(result.taps!.delay_above_min_ns).toMatchObject({ count: 488, min: 0 });
    const { delay_ns: delay, delay_above_min_ns: above } = result.taps!;
    expect(above!.max).toBe(delay!.max! - delay!.min!);
  });
});
