import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIST, needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** Joins, says so, and at a line of input prints the reasons for the silence so far. */
const RECEIVER = `
  import { once } from 'node:events';
  const { openDgramIo } = await import('${DIST}/io/dgram.js');
  const { listInterfaces } = await import('${DIST}/io/interfaces.js');
  const { readHostEvidence } = await import('${DIST}/io/hostEvidence.js');
  const { silenceReasons } = await import('${DIST}/diagnosis/silence.js');
  const { gatherSilence } = await import('${DIST}/runtime/silenceWatch.js');
  const [interfaceName, group, port, ...sources] = process.argv.slice(1);
  const iface = listInterfaces().find(({ name }) => name === interfaceName);
  const address = { family: group.includes(':') ? 6 : 4, group, port: Number(port), sources, unicast: false, interfaceName };
  const io = openDgramIo();
  const source = await io.openSource({
    ...address, interfaceIndex: iface.index, receiveBufferOctets: 0, timestamps: 'user', busyPollUs: 0,
  });
  const before = readHostEvidence();
  console.log('joined', iface.index, iface.mtuOctets, iface.carrier);
  await once(process.stdin, 'data');
  console.log('reason: ' + silenceReasons(gatherSilence(address, source, before)).join('\\nreason: '));
  process.exit();`;

const SENDER = `
  import dgram from 'node:dgram';
  const [group, iface] = process.argv.slice(1);
  const socket = dgram.createSocket(group.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, () => {
    socket.setMulticastInterface(iface);
    let left = 40;
    for (let i = 0; i < 40; i++) socket.send('x', 5001, group, () => --left === 0 && socket.close());
  });`;

describe.runIf(needs('netns', 'dist'))('the reasons for a silence, found by looking', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
    await lab.link('tx', 'e1', 'rx', 'e1', { ipv4: '10.77.2', ipv6: 'fd77:2' });
    await set('all/rp_filter', 0);
    await set('e0/rp_filter', 0);
    await set('e1/rp_filter', 0);
  });
  afterAll(async () => lab?.close());

  async function set(name: string, value: number): Promise<void> {
    await lab.run('rx', 'sh', ['-c', `echo ${value} > /proc/sys/net/ipv4/conf/${name}`]);
  }

  async function reasons(joined: readonly string[], sent: readonly string[] | null): Promise<string[]> {
    const receiver = lab.spawn('rx', process.execPath, ['--input-type=module', '-e', RECEIVER, ...joined]);
    await receiver.untilOutput(/^joined \d+ 1500 true/m);
    if (sent !== null) await lab.run('tx', process.execPath, ['--input-type=module', '-e', SENDER, ...sent]);
    receiver.write('now\n');
    await receiver.untilOutput(/^reason: /m);
    expect(await receiver.exited).toEqual({ status: 0, signal: null });
    return [...receiver.stdout.matchAll(/^reason: (.*)$/gm)].map((match) => match[1]!);
  }

  it.each<[string, readonly string[], readonly string[], RegExp]>([
    [
      'another source',
      ['e0', '232.1.1.1', '5001', '10.77.1.99'],
      ['232.1.1.1', '10.77.1.1'],
      /4\d datagrams came that no membership here wants: make sure that 10.77.1.99 sends/,
    ],
    [
      'another group',
      ['e0', '239.1.1.2', '5001'],
      ['239.1.1.1', '10.77.1.1'],
      /4\d datagrams came that no membership here wants/,
    ],
    [
      'another port',
      ['e0', '239.1.1.1', '5002'],
      ['239.1.1.1', '10.77.1.1'],
      /40 datagrams of a joined group came for another port/,
    ],
    [
      'another source in IPv6',
      ['e0', 'ff3e::8000:1', '5001', 'fd77:1::99'],
      ['ff3e::8000:1', '::%e0'],
      /4\d datagrams of the group came from another source than fd77:1::99/,
    ],
    [
      'another port in IPv6',
      ['e0', 'ff1e::1', '5002'],
      ['ff1e::1', '::%e0'],
      /40 datagrams of a joined group came for another port/,
    ],
  ])('%s', async (_name, joined, sent, pattern) => {
    expect((await reasons(joined, sent))[0]).toMatch(pattern);
  });

  it('another interface', async () => {
    const found = (await reasons(['e0', '239.1.1.1', '5001'], ['239.1.1.1', '10.77.2.1'])).join('\n');
    // Whatever else came in at e0 meanwhile (a membership report of the peer) decides which of the two is told.
    expect(found).toMatch(/e1 4\d packets: is the stream there|no membership here wants.*comes in at e0/);
  });

  it('the reverse path filter', async () => {
    await lab.shell('ip -n rx route del 10.77.1.0/24 dev e0; ip -n rx route add 10.77.1.0/24 dev e1');
    await set('e0/rp_filter', 1);
    try {
      const [found] = await reasons(['e0', '239.1.1.1', '5001'], ['239.1.1.1', '10.77.1.1']);
      expect(found).toMatch(/reverse path filter dropped 40 datagrams: the route to the sender does not lead to e0/);
    } finally {
      await set('e0/rp_filter', 0);
      await lab.shell('ip -n rx route del 10.77.1.0/24 dev e1; ip -n rx route add 10.77.1.0/24 dev e0');
    }
  });

  it('a host that may only speak IGMPv2', async () => {
    await set('e0/force_igmp_version', 2);
    try {
      const [found] = await reasons(['e0', '232.1.1.1', '5001', '10.77.1.1'], null);
      expect(found).toMatch(
        /e0 is forced to IGMPv2.*10\.77\.1\.1@232\.1\.1\.1: sysctl -w net\.ipv4\.conf\.e0\.force_igmp_version=0/,
      );
    } finally {
      await set('e0/force_igmp_version', 0);
    }
  });

  it('nobody who sends', async () => {
    const found = await reasons(['e1', '239.1.1.7', '5001'], null);
    expect(found.join('\n')).toMatch(/nobody sends to 239.1.1.7:5001 on the network of e1/);
    expect(found).toHaveLength(3);
  });

  describe.runIf(needs('nft'))('with nftables', () => {
    it('a firewall of this host', async () => {
      await lab.run('rx', 'nft', [
        'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c udp dport 5001 drop',
      ]);
      try {
        const [found] = await reasons(['e0', '239.1.1.1', '5001'], ['239.1.1.1', '10.77.1.1']);
        expect(found).toMatch(/a firewall of this host dropped 40 datagrams/);
      } finally {
        await lab.run('rx', 'nft', ['delete table inet t']);
      }
    });
  });
});
