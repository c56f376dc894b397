/** Three receivers behind one bridge: the sender's single report says what each got, and where the rest was lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** As in nftloss.test.ts: bits from the UDP header on. */
const IS_DATA = '@th,104,8 & 0x03 == 0';
const SEQUENCE_LOW = '@th,256,32';
const HOSTS = ['tx', 'fine', 'slow', 'torn'] as const;

const PLACES = { IPv4: '239.192.6.9', IPv6: '[ff15::6:9]' } as const;

describe.runIf(needs('netns', 'nft'))('receivers behind a bridge', { timeout: 60_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('sw', ...HOSTS);
    const none = { ipv4: null, ipv6: null, multicastRoute: false } as const;
    for (const host of HOSTS) await lab.link('sw', `p-${host}`, host, 'e0', none);
    await lab.run('sw', 'sh', [
      '-ec',
      `ip link add name br0 type bridge mcast_snooping 0
       ip link set br0 up
       ${HOSTS.map((host) => `ip link set p-${host} master br0`).join('\n')}`,
    ]);
    for (const [i, host] of HOSTS.entries()) {
      await lab.run(host, 'sh', [
        '-ec',
        `ip addr add 10.9.1.${i + 1}/24 dev e0
         ip addr add fd09::${i + 1}/64 dev e0 nodad
         ip route add 224.0.0.0/4 dev e0`,
      ]);
    }
    await lose('sw', 'p-tx', `${SEQUENCE_LOW} { 100-104, 700 }`);
    await lose('torn', 'e0', `${SEQUENCE_LOW} { 300, 900-902 }`);
  });
  afterAll(async () => lab?.close());

  async function lose(host: string, device: string, rule: string): Promise<void> {
    await lab.run(host, 'nft', [
      `table netdev wire { chain in { type filter hook ingress device "${device}" priority 0; udp dport 5001 ${IS_DATA} ${rule} drop; }; }`,
    ]);
  }

  it.each(['IPv4', 'IPv6'] as const)('tells of each what it got and where the rest was lost, %s', async (family) => {
    const endpoint = `probe://${PLACES[family]}:5001/iface=e0`;
    // A slow program with a small buffer drops at its socket.
    const slow = ['--inject', 'slow=3000', '--rcvbuf', '30000', '--offload', 'off'];
    const receivers = await Promise.all(
      HOSTS.slice(1).map((host) =>
        startReceiver([endpoint, '--once', '--name', host, ...(host === 'slow' ? slow : [])], { lab, host }),
      ),
    );
    const words = ['--await', '3', '--count', '2000', '--pps', '1000', '--size', '200', '--max-late', '20s'];
    const sent = await send([endpoint, ...words], { lab, host: 'tx' });
    expect(sent.sender!.sent).toBe(2000);
    const results = await Promise.all(receivers.map((receiver) => receiver.result()));
    for (const own of results) {
      const told = sent.receivers.find(({ name }) => name === own.run.name)!;
      expect(told.result!.streams[0]!.metrics).toEqual(own.streams[0]!.metrics);
    }
    const dropped = results.find(({ run }) => run.name === 'slow')!.streams[0]!.metrics.loss_socket_buffer!;
    expect(dropped).toBeGreaterThan(0);
    const location = sent.sender!.loss_location!;
    expect(location.receivers).toBe(3);
    // What the slow one dropped itself cannot be told from what never came to it, where both lie side by side.
    expect(location.common.lost + location.common.unsure).toBeLessThanOrEqual(6);
    const others = location.branches.filter(({ receivers: names }) => names.join() === 'fine,torn');
    const near = [location.common, ...others].reduce((sum, { lost, unsure }) => sum + lost + unsure, 0);
    expect(near).toBe(6);
    expect(location.single.find(({ receiver }) => receiver === 'torn')).toEqual({
      receiver: 'torn',
      lost: 4,
      unsure: 0,
    });
    const host = location.hosts.find(({ receiver }) => receiver === 'slow')!;
    expect(host.socket_buffer + host.mixed).toBeGreaterThan(0);
    expect(host.application).toBe(0);
  });
});
