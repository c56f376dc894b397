import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIST, needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** Sends one datagram to each destination of a socket, twice, in turn; arguments: family, then address,interface,ttl. */
const SENDER = `
  const { openDgramIo } = await import('${DIST}/io/dgram.js');
  const { listInterfaces } = await import('${DIST}/io/interfaces.js');
  const { SendBatch } = await import('${DIST}/core/batch.js');
  const [family, ...texts] = process.argv.slice(1);
  const destinations = texts.map((text) => {
    const [address, name, ttl] = text.split(',');
    const interfaceIndex = listInterfaces().find((iface) => iface.name === name).index;
    return { address, port: 5001, interfaceIndex, source: null, ttl: Number(ttl), tos: 0 };
  });
  const io = openDgramIo();
  const sink = await io.openSink({
    family: Number(family), destinations, interfaceName: 'e0', source: null, sourcePort: 6001, loopback: false,
    sendBufferOctets: 0, stampFormat: 'unix-ns', transmitTimestamps: false, dontFragment: false,
  });
  const count = 2 * destinations.length;
  const batch = new SendBatch(count, 64);
  batch.length.fill(20);
  for (let i = 0; i < count; i++) batch.destination[i] = i % destinations.length;
  if (sink.send(batch, 0, count, 1) !== count) throw new Error('would block');
  await io.wait(io.clock.monoNs() + 1e6, 0);
  console.log('sent', sink.counters[0]);
  io.close();`;

const RESOLVE = `
  const { resolveInterface } = await import('${DIST}/io/resolveInterface.js');
  const [family, group, text] = process.argv.slice(1);
  try {
    const chosen = await resolveInterface(text ?? null, Number(family), group);
    console.log(chosen.interface.name + ': ' + chosen.reason);
  } catch (error) {
    console.log(error.code + ': ' + error.message);
  }`;

describe.runIf(needs('netns', 'dist'))('a host with two interfaces', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx', 'alone');
    await lab.link('tx', 'e0', 'rx', 'e0', { multicastRoute: false });
    await lab.link('tx', 'e1', 'rx', 'e1', { ipv4: '10.77.2', ipv6: 'fd77:2', multicastRoute: false });
  });
  afterAll(async () => lab?.close());

  async function node(host: string, code: string, ...args: readonly string[]): Promise<string> {
    return (await lab.run(host, process.execPath, ['--input-type=module', '-e', code, ...args])).trim();
  }

  it('takes the interface to which the kernel routes the group, whichever way it is told', async () => {
    expect(await node('tx', RESOLVE, '4', '239.1.1.1')).toMatch(
      /^ERR_NO_ROUTE: no route leads to 239.1.1.1; this host has e0 \(10.77.1.1, .*e1 \(10.77.2.1/,
    );
    await lab.shell('ip -n tx route add 239.0.0.0/8 dev e1; ip -n tx route add 239.9.0.0/16 dev e0');
    expect(await node('tx', RESOLVE, '4', '239.1.1.1')).toBe('e1: the route to 239.1.1.1 leads there');
    expect(await node('tx', RESOLVE, '4', '239.9.1.1')).toBe('e0: the route to 239.9.1.1 leads there');
    // A rule with a table of its own: /proc/net/route does not show it.
    await lab.shell('ip -n tx route add 239.0.0.0/8 dev e0 table 7; ip -n tx rule add to 239.3.0.0/16 table 7');
    expect(await node('tx', RESOLVE, '4', '239.3.1.1')).toBe('e0: the route to 239.3.1.1 leads there');
    await lab.shell('ip -n tx route add 239.7.0.0/16 dev lo');
    expect(await node('tx', RESOLVE, '4', '239.7.1.1')).toBe(
      'lo: the route to 239.7.1.1 leads there; nothing leaves this host',
    );
    await lab.shell('ip -n tx -6 route add ff15::/16 dev e1 table local metric 1');
    expect(await node('tx', RESOLVE, '6', 'ff15::1')).toBe('e1: the route to ff15::1 leads there');
    expect(await node('tx', RESOLVE, '6', 'ff12::1')).toMatch(
      /^ERR_INTERFACE: ff12::1 is link-local and needs one of e0/,
    );
    expect(await node('tx', RESOLVE, '4', '239.1.1.1', '10.77.1.1')).toBe('e0: asked for by its address 10.77.1.1');
  });

  it('takes an interface without an address where the route leads there', async () => {
    await lab.shell(
      'ip -n alone link add e7 type veth peer name e8; ip -n alone link set e7 up; ip -n alone link set e8 up',
    );
    expect(await node('alone', RESOLVE, '4', '239.1.1.1')).toMatch(/^ERR_NO_ROUTE/);
    await lab.shell('ip -n alone address add 10.9.9.9/32 dev e7; ip -n alone route add 224.0.0.0/4 dev e8');
    expect(await node('alone', RESOLVE, '4', '239.1.1.1')).toBe('e8: the route to 239.1.1.1 leads there');
  });

  it('uses loopback only when nothing else is up, and says so', async () => {
    await lab.shell('ip netns add bare; ip -n bare link set lo up');
    for (const [family, group] of [
      ['4', '239.1.1.1'],
      ['6', 'ff15::1'],
      ['6', 'ff12::1'],
    ] as const) {
      expect(await node('bare', RESOLVE, family, group)).toBe('lo: no other interface is up; nothing leaves this host');
    }
  });

  describe.runIf(needs('capture'))('seen on the wire', () => {
    it.each([
      ['4', '239.1.1.1,e0,1', '239.1.1.2,e1,9', '239.1.1.3,e0,64'],
      ['6', 'ff15::1,e0,1', 'ff12::2,e1,9', 'ff15::3,e0,64'],
    ])('sends to each destination through its interface with its TTL: IPv%s', async (family, ...texts) => {
      const captures = {
        e0: await lab.capture('rx', 'e0', 'udp and dst port 5001'),
        e1: await lab.capture('rx', 'e1', 'udp and dst port 5001'),
      };
      expect(await node('tx', SENDER, family, ...texts)).toBe('sent 6');
      await captures.e0.untilCount(4);
      await captures.e1.untilCount(2);
      for (const name of ['e0', 'e1'] as const) {
        await captures[name].stop();
        const seen = (await captures[name].text('-v', '-t')).replaceAll(/\n\s+/g, ' ').trim().split('\n');
        const expected = texts.map((text) => text.split(',')).filter((fields) => fields[1] === name);
        expect(seen).toHaveLength(2 * expected.length);
        for (const [i, line] of seen.entries()) {
          const [address, , ttl] = expected[i % expected.length]!;
          expect(line).toContain(`.6001 > ${address}.5001`);
          expect(line).toMatch(family === '4' ? `ttl ${ttl},` : `hlim ${ttl},`);
        }
      }
    });
  });
});
