/** RTP to two single hosts behind a bridge: the sender's report has both, and what the network took from one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const HOSTS = ['tx', 'fine', 'torn'] as const;
/** Sequence number of RTP (RFC 3550 section 5.1): bits from the UDP header on. */
const SEQUENCE = '@th,80,16';

describe.runIf(needs('netns', 'nft'))('single hosts behind a bridge', { timeout: 60_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('sw', ...HOSTS);
    const none = { ipv4: null, ipv6: null, multicastRoute: false } as const;
    for (const host of HOSTS) await lab.link('sw', `p-${host}`, host, 'e0', none);
    await lab.run('sw', 'sh', [
      '-ec',
      `ip link add name br0 type bridge
       ip link set br0 up
       ${HOSTS.map((host) => `ip link set p-${host} master br0`).join('\n')}`,
    ]);
    for (const [i, host] of HOSTS.entries())
      await lab.run(host, 'ip', ['addr', 'add', `10.9.2.${i + 1}/24`, 'dev', 'e0']);
    // One in 256 of them.
    await lab.run('torn', 'nft', [
      `table netdev wire { chain in { type filter hook ingress device "e0" priority 0; udp dport 5004 ${SEQUENCE} & 0x00ff == 7 drop; }; }`,
    ]);
  });
  afterAll(async () => lab?.close());

  it('report to who feeds them RTP', async () => {
    const places = ['rtp://10.9.2.2:5004', 'rtp://10.9.2.3:5004'];
    const receivers = await Promise.all(
      places.map((place, i) =>
        startReceiver([place, '--unicast', '--once', '--name', HOSTS[i + 1]!], { lab, host: HOSTS[i + 1]! }),
      ),
    );
    const words = ['--unicast', '--await', '2', '--count', '1024'];
    const sent = await send([...places, ...words], { lab, host: 'tx' });
    const results = await Promise.all(receivers.map((receiver) => receiver.result()));
    for (const own of results) {
      const told = sent.receivers.find(({ name }) => name === own.run.name)!;
      const media = own.streams.find(({ role }) => role === 'media')!;
      const lost = own.run.name === 'torn' ? 4 : 0;
      expect([media.metrics.packets_received, media.metrics.loss_network]).toEqual([1024 - lost, lost]);
      expect(told.report).toMatchObject({ state: 'done', received: 1024 - lost, loss_network: lost });
      expect(told.result!.streams.map(({ metrics }) => metrics.packets_received)).toEqual(
        own.streams.map(({ metrics }) => metrics.packets_received),
      );
    }
    expect(sent.sender!.feedback).toMatchObject({ control_port: 5005, receivers: 2, results: 2 });
  });
});
