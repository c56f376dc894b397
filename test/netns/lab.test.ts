import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../require.js';
import { openLab, until, type Lab } from './lab.js';

const RECEIVER = `
  import dgram from 'node:dgram';
  const [group, iface] = process.argv.slice(1);
  const socket = dgram.createSocket({ type: group.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  socket.on('message', (message, from) => console.log('got', message.toString(), 'from', from.address));
  socket.bind(5001, group, () => { socket.addMembership(group, iface); console.log('joined'); });`;

const SENDER = `
  import dgram from 'node:dgram';
  const [group, iface, count] = process.argv.slice(1);
  const socket = dgram.createSocket(group.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, () => {
    socket.setMulticastInterface(iface);
    let left = Number(count);
    for (let i = 0; i < Number(count); i++) socket.send('number ' + i, 5001, group, () => --left === 0 && socket.close());
  });`;

function script(code: string, ...args: readonly string[]): string[] {
  return ['--input-type=module', '-e', code, ...args];
}

describe.runIf(needs('netns'))('two hosts joined by a veth pair', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
  });
  afterAll(async () => lab?.close());

  it.each([
    ['239.7.7.7', '10.77.1.1', '10.77.1.2'],
    ['ff1e::7', '::%e0', '::%e0'],
  ])('carry multicast from one to the other: %s', async (group, from, to) => {
    const receiver = lab.spawn('rx', process.execPath, script(RECEIVER, group, to));
    await receiver.untilOutput(/joined/);
    await lab.run('tx', process.execPath, script(SENDER, group, from, '3'));
    await receiver.untilOutput(/got number 2 from/);
    expect(receiver.stdout.match(/got number \d/g)).toEqual(['got number 0', 'got number 1', 'got number 2']);
    receiver.signal('SIGTERM');
    expect(await receiver.exited).toEqual({ status: null, signal: 'SIGTERM' });
  });

  it('see nothing of the machine outside', async () => {
    const links = await lab.run('rx', 'ip', ['-o', 'link']);
    expect([...links.matchAll(/^\d+: ([\w]+)/gm)].map((match) => match[1])).toEqual(['lo', 'e0']);
    await expect(lab.run('rx', 'ip', ['route', 'get', '192.0.2.1'])).rejects.toThrow(/unreachable/);
  });

  it('report a program that fails, with what it wrote', async () => {
    await expect(lab.run('rx', 'sh', ['-c', 'echo reason >&2; exit 3'])).rejects.toThrow(/ended with 3[^]*reason/);
    const short = lab.spawn('rx', 'true');
    await expect(short.untilOutput(/never/)).rejects.toThrow(/ended before it wrote/);
  });

  describe.runIf(needs('capture', 'tc'))('with a capture and a limited rate', () => {
    it('show what was on the wire, and what the queue refused', async () => {
      await lab.limitRate('tx', 'e0', 1_000_000, 3000);
      const capture = await lab.capture('rx', 'e0', 'udp and dst host 239.7.7.8');
      await lab.run('tx', process.execPath, script(SENDER, '239.7.7.8', '10.77.1.1', '400'));
      const udp = (await lab.run('tx', 'cat', ['/proc/net/snmp'])).match(/^Udp: \d.*$/m)![0].split(' ');
      const refused = Number(udp[6]);
      expect(refused).toBeGreaterThan(0);
      expect(await lab.refusedByQueue('tx', 'e0')).toBeGreaterThanOrEqual(refused);
      await capture.untilCount(400 - refused);
      await capture.stop();
      expect(capture.count).toBe(400 - refused);
      const text = await capture.text('-v');
      expect(text).toMatch(/ttl 1\b/);
      expect(text.match(/10\.77\.1\.1\.\d+ > 239\.7\.7\.8\.5001/g)).toHaveLength(400 - refused);
    });
  });
});

describe.runIf(needs('netns'))('a lab', () => {
  it('takes everything that runs in it along when it closes', async () => {
    const lab = await openLab();
    await lab.addHosts('only');
    const sleeper = lab.spawn('only', 'sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done']);
    await sleeper.untilOutput(/up/);
    await lab.close();
    expect(await sleeper.exited).not.toEqual({ status: 0, signal: null });
    expect(existsSync(lab.folder)).toBe(false);
  });

  it('is private: two at once may use the same names', async () => {
    await using one = await openLab();
    await using two = await openLab();
    await one.addHosts('host');
    await two.addHosts('host');
    expect((await one.run(null, 'ip', ['netns'])).trim().split(/\s/)[0]).toBe('host');
  });
});

describe('until', () => {
  it('fails with what did not come about', async () => {
    await expect(until(() => false, 'rain', 30)).rejects.toThrow(/rain/);
  });
});
