/** What the command says where the network, its routes or its permissions are not as it needs them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf, resultOf } from '../command.js';
import { MCAST } from '../mcast.js';
import { needs, programPath } from '../require.js';
import { openLab, type Lab } from './lab.js';

const READY = needs('netns', 'dist');

/** One of the groups of the test of fragments. */
function endpoint(port: number, name: string): string {
  return `probe://239.1.2.5:${port}/iface=${name}`;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe.runIf(READY)('the command in a network', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('here', 'there', 'alone');
    await lab.link('here', 'e0', 'there', 'e1');
  });
  afterAll(() => lab.close());

  async function run(host: string, words: readonly string[], before: readonly string[] = []): Promise<Ended> {
    const [program, ...args] = [...before, process.execPath, MCAST, ...words] as [string, ...string[]];
    const child = lab.spawn(host, program, args);
    child.endInput();
    const { status } = await child.exited;
    return { status, stdout: child.stdout, stderr: child.stderr };
  }

  async function refused(host: string, words: readonly string[], what: RegExp, before: readonly string[] = []) {
    const { status, stderr } = await run(host, words, before);
    expect(stderr).toMatch(what);
    expect(stderr).toMatch(/^mcast: [^\n]+\n$/);
    expect([words, status]).toEqual([words, 1]);
  }

  it('refuses a group that another sender uses, names it, and shares it with --force', async () => {
    const used = 'probe://239.1.2.3:5001/iface=e0';
    const foreign = lab.spawn('there', process.execPath, [
      MCAST,
      'send',
      'probe://239.1.2.3:5001/iface=e1',
      '--duration',
      '5m',
    ]);
    await foreign.untilOutput(/^time /m);
    await refused(
      'here',
      ['send', used, '--count', '1'],
      /10\.77\.1\.2 port \d+ already sends to 239\.1\.2\.3:5001.* --force/,
    );
    const others = await Promise.all([
      run('here', ['send', used, '--count', '1', '--force']),
      run('here', ['send', 'probe://239.1.2.4:5001/iface=e0', '--count', '1']),
      // Where the other one asks its receivers for reports.
      run('here', ['send', 'probe://239.1.2.3:5002/iface=e0', '--count', '1', '--control-port', '5010']),
    ]);
    expect(others.map(({ status }) => status)).toEqual([0, 0, 0]);
    foreign.signal('SIGINT');
    await foreign.exited;
  });

  it('says what to do without an interface, without a route, and with one that is down', async () => {
    await lab.shell('ip -n alone link add d0 type veth peer name d1; ip -n alone address add 10.9.9.1/24 dev d0');
    await refused(
      'alone',
      ['recv', 'probe://239.1.1.1:5001/iface=d0'],
      /interface d0 is down\. Switch it on \(ip link set d0 up\)/,
    );
    await lab.shell('ip -n alone link set lo down');
    await refused(
      'alone',
      ['recv', 'probe://239.1.1.1:5001'],
      /no interface is up; this host has .*ip link set <interface> up/,
    );
    await lab.shell('for name in lo d0 d1; do ip -n alone link set $name up; done');
    await refused('alone', ['send', 'probe://239.1.1.1:5001'], /ip route add 224\.0\.0\.0\/4 dev|--iface/);
    await refused('alone', ['send', 'probe://10.8.8.8:5001', '--unicast'], /route/);
    await refused(
      'alone',
      ['send', 'probe://ff15::1/port=5001/iface=lo'],
      /network is unreachable.* ip -6 route replace local ff00::\/8 dev lo table local\.$/m,
    );
    await lab.shell('ip -n alone -6 route replace local ff00::/8 dev lo table local');
    const { status, stdout } = await run('alone', ['check', '-6', 'probe://auto/iface=lo']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^ok: probe:\/\/ff15::/)]);
  });

  it.runIf(needs('setpriv') && process.getuid?.() === 0)('asks for a privilege by its name', async () => {
    const nobody = [programPath('setpriv')!, '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    for (const words of [
      ['recv', 'probe://239.1.1.1:80/iface=lo'],
      ['recv', 'probe://127.0.0.1:80', '--unicast'],
      ['send', 'probe://239.1.1.1:5001/iface=lo', '--source-port', '80'],
    ]) {
      await refused(
        'here',
        words,
        /EACCES \(permission denied\)\. Use a port above 1023, or grant CAP_NET_BIND_SERVICE\./,
        nobody,
      );
    }
    const { status } = await run('here', ['check', 'probe://auto/iface=lo'], nobody);
    expect(status).toBe(0);
  });

  it('warns of datagrams above the MTU, sends them in fragments, and never as super-packets', async () => {
    const receiver = lab.spawn('there', process.execPath, [MCAST, 'recv', endpoint(5001, 'e1'), '--once', '--json']);
    await receiver.untilOutput(/"joined"/);
    const words = ['--count', '20', '--pps', '200', '--offload', 'on', '--max-late', '10s'];
    const large = await run('here', ['send', endpoint(5001, 'e0'), ...words, '--size', '1473']);
    expect(large.stdout.replaceAll(/\n {2}/g, ' ')).toContain(
      'warning: datagrams of 1473 octets to 239.1.2.5:5001 do not fit the MTU of e0, 1500: each leaves in fragments (--fragment if that is meant); the largest that fits is --size 1472',
    );
    await receiver.exited;
    const received = resultOf(linesOf(receiver.stdout));
    expect(received.aggregate!.metrics).toMatchObject({
      packets_received: 20,
      packets_lost: 0,
      octets_received: 20 * 1473,
    });
    const [meant, fits, refusedByKernel] = await Promise.all([
      run('here', ['send', endpoint(5002, 'e0'), ...words, '--size', '1473', '--fragment']),
      run('here', ['send', endpoint(5003, 'e0'), ...words, '--size', '1472']),
      run('here', ['send', endpoint(5004, 'e0'), ...words, '--size', '1473', '--df', '--json']),
    ]);
    for (const { stdout } of [meant, fits]) expect(stdout).not.toMatch(/warning/);
    expect(resultOf(linesOf(refusedByKernel.stdout))).toMatchObject({
      sender: { sent: 0, not_sent: 20, super_packets: 0 },
    });
  });
});
