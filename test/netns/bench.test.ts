/** Benchmarks through a bridge that snoops and has a querier: what a receiver finds is what the bridge was set to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { MCAST, startMcast, sum, type Mcast } from '../mcast.js';
import { AS_NOBODY, needs } from '../require.js';
import { openLab, until, type Lab } from './lab.js';

const MS = 1e6;
const IPV4 = '239.192.7.1';
const IPV6 = 'ff1e::7:1';
const BESIDE = '239.192.8.1';

const place = (group: string): string => `probe://${group.includes(':') ? `[${group}]` : group}:5001/iface=e0`;

const range = (groups: number): string => `probe://239.192.9.1+${groups}:5003/iface=e0`;

interface CapturedLeave {
  /** Questions for the group behind the report. */
  queries: number;
  /** From the first report that leaves to the last datagram. */
  networkNs: number;
}

/** Every leave of the group as tcpdump tells it (`-v -tt`, two lines for each packet). */
function leavesIn(text: string): CapturedLeave[] {
  const left: CapturedLeave[] = [];
  let leftNs: number | null = null;
  for (const [, seconds, nanoseconds, packet] of text.matchAll(/^(\d+)\.(\d{9}) (IP .*\n.*)$/gmu)) {
    // Ten years in ns are more than a number holds: of the seconds the last six digits will do.
    const atNs = Number(seconds!.slice(-6)) * 1e9 + Number(nanoseconds);
    const record = packet!.includes('igmp v3 report') ? packet!.split(`gaddr ${IPV4} `)[1] : undefined;
    const current = left.at(-1);
    if (record?.startsWith('to_ex')) leftNs = null;
    else if (record?.startsWith('to_in') && leftNs === null) {
      leftNs = atNs;
      left.push({ queries: 0, networkNs: 0 });
    } else if (leftNs === null) continue;
    else if (packet!.includes(`> ${IPV4}: igmp query`)) current!.queries++;
    else if (packet!.includes('UDP')) current!.networkNs = atNs - leftNs;
  }
  return left;
}

/** A hundred cycles take longer than other runs. */
async function untilOver(run: Mcast): Promise<void> {
  await until(() => run.lines.at(-1)?.type === 'result', `the end of ${run.stderr}`, 200_000);
}

describe.runIf(needs('netns', 'dist'))('benchmarks through a snooping bridge', { timeout: 240_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'sw', 'rx');
    const none = { ipv4: null, ipv6: null, multicastRoute: false } as const;
    await lab.link('sw', 'p-tx', 'tx', 'e0', none);
    await lab.link('sw', 'p-rx', 'rx', 'e0', none);
    await lab.run('sw', 'sh', [
      '-ec',
      `ip link add name br0 type bridge mcast_snooping 1 mcast_igmp_version 3 mcast_mld_version 2 \
         mcast_query_interval 200 mcast_query_response_interval 100 mcast_membership_interval 500 \
         mcast_last_member_interval 10 mcast_last_member_count 2 mcast_startup_query_interval 100
       ip addr add 10.9.2.100/24 dev br0
       ip link set p-tx master br0
       ip link set p-rx master br0
       ip link set br0 up
       ip link set br0 type bridge mcast_querier 1`,
    ]);
    for (const [i, host] of ['tx', 'rx'].entries()) {
      await lab.run(host, 'sh', [
        '-ec',
        `ip addr add 10.9.2.${i + 1}/24 dev e0; ip addr add fd77:9::${i + 1}/64 dev e0 nodad; ip route add 224.0.0.0/4 dev e0`,
      ]);
    }
  });
  afterAll(async () => lab?.close());

  const mdb = async (): Promise<string> => lab.run('sw', 'bridge', ['mdb', 'show']);

  async function fastLeave(isOn: boolean): Promise<void> {
    await lab.run('sw', 'sh', ['-c', `echo ${isOn ? 1 : 0} > /sys/class/net/p-rx/brport/multicast_fast_leave`]);
  }

  const snoop = async (on: number): Promise<string> =>
    lab.run('sw', 'ip', ['link', 'set', 'br0', 'type', 'bridge', 'mcast_snooping', String(on)]);
  const setLimit = async (memberships: number): Promise<string> =>
    lab.run('rx', 'sh', ['-c', `echo ${memberships} > /proc/sys/net/ipv4/igmp_max_memberships`]);
  const tableSize = async (groups: number): Promise<string> =>
    lab.run('sw', 'ip', ['link', 'set', 'br0', 'type', 'bridge', 'mcast_snooping', '1', 'mcast_hash_max', `${groups}`]);
  const bench = (...words: string[]): Mcast => startMcast(['bench', ...words, '--quiet'], { lab, host: 'rx' });

  async function sender(...words: string[]): Promise<Mcast> {
    const options = ['--pps', '200', '--size', '200', '--duration', '10m', '--no-feedback', '--force'];
    const started = startMcast(['send', ...words, ...options], { lab, host: 'tx' });
    await started.untilLine('interval');
    return started;
  }

  it.each([
    ['IGMPv3', IPV4],
    ['MLDv2', IPV6],
  ])('finds the delays of a hundred joins and leaves (%s)', async (_, group) => {
    await sender(place(group));
    await fastLeave(true);
    const run = bench('leave', place(group), '--cycles', '100', '--settle', '60ms');
    await untilOver(run);
    const { bench: found, health, memberships } = await run.result(0);
    const { attempts, join, leave, spacing_ns } = found!.delays!;
    expect(attempts).toBe(100);
    expect(memberships.map((one) => one.group)).toEqual([group]);
    expect(join).toMatchObject({ timeouts: 0, unpruned: 0, delay_ns: { count: 100 }, network_ns: { count: 100 } });
    expect(leave).toMatchObject({ timeouts: 0, why_not: null, delay_ns: { count: 100 }, network_ns: { count: 100 } });
    expect(spacing_ns).toBeGreaterThan(0);
    // With fast leave the bridge asks nobody, which alone would take it 200 ms.
    expect(leave.network_ns!.p50! / MS).toBeLessThan(150);
    expect(join.delay_ns!.p50!).toBeGreaterThan(join.network_ns!.p50!);
    expect(health.verdict).not.toBe('invalid');
  });

  it.runIf(needs('capture'))('finds that a bridge asks twice before it stops, beside background load too', async () => {
    await sender(place(IPV4), `probe://${BESIDE}+4:5002/iface=e0`);
    await fastLeave(false);
    const capture = await lab.capture('rx', 'e0', `igmp or ( udp port 5001 and dst ${IPV4} )`);
    const run = bench(
      'leave',
      place(IPV4),
      '--cycles',
      '3',
      // Longer than the bridge waits for answers: a sender that falls silent in that time has not ended the group.
      '--settle',
      '400ms',
      '--background',
      `udp://${BESIDE}+4:5002`,
    );
    const { delays } = (await run.result(0)).bench!;
    await capture.stop();
    const { loaded } = delays!;
    for (const { leave, join } of [delays!, loaded!]) {
      expect(join).toMatchObject({ timeouts: 0, unpruned: 0, delay_ns: { count: 3 } });
      expect(leave.network_ns!.count).toBe(3);
    }
    expect(loaded!.datagrams).toBeGreaterThan(100);
    expect(loaded!.endpoints).toEqual([`udp://${BESIDE}+4:5002`]);
    expect(await mdb()).not.toContain(IPV4);
    // The packets themselves say how long each leave took, however late the sender was.
    const left = leavesIn(await capture.text('-v', '-tt', '--time-stamp-precision=nano'));
    expect(left).toHaveLength(6);
    // And more where the host repeats its report in that time.
    for (const { queries } of left) expect(queries).toBeGreaterThanOrEqual(2);
    const rows = run.lines.filter((line) => line.type === 'bench');
    expect(rows.map(({ loaded: isLoaded }) => isLoaded)).toEqual([false, false, false, true, true, true]);
    for (const [i, { leave_ns, leave_report_ns }] of rows.entries()) {
      expect(Math.abs(leave_ns! - leave_report_ns! - left[i]!.networkNs)).toBeLessThan(MS);
    }
  });

  it('joins a source that is the eleventh, by a second socket', async () => {
    await sender(`probe://10.9.2.1@232.1.7.1:5001/iface=e0`);
    const sources = Array.from({ length: 10 }, (_, i) => `10.9.2.${50 + i}`);
    const endpoint = `probe://${[...sources, '10.9.2.1'].join(',')}@232.1.7.1:5001/iface=e0`;
    const result = await bench('leave', endpoint, '--cycles', '3', '--settle', '100ms').result(0);
    expect(result.memberships.map((one) => one.sources.length)).toEqual([10, 1]);
    expect(result.bench!.delays!.join).toMatchObject({ timeouts: 0, unpruned: 0, network_ns: { count: 3 } });
    expect(result.bench!.delays!.leave).toMatchObject({ timeouts: 0, delay_ns: { count: 3 } });
  });

  it('says that a group is not held back, where the bridge does not snoop', async () => {
    await sender(place(IPV4));
    await snoop(0);
    try {
      const { bench: found } = await bench('join', place(IPV4), '--cycles', '2', '--dwell', '400ms').result(3);
      expect(found!.delays!.join).toMatchObject({ unpruned: 2, delay_ns: null });
      expect(found!.delays!.leave).toMatchObject({ timeouts: 2, delay_ns: null, why_not: 'the group went on coming' });
    } finally {
      await snoop(1);
    }
  });

  it('joins the twenty-first group and the twenty-fifth, by more sockets', async () => {
    await sender(range(25));
    const { bench: found, memberships } = await bench('groups', range(25)).result(0);
    expect(found!.groups).toMatchObject({ capacity: 25, failed: null, silent: 0, flooded_at: null, sees_floods: true });
    expect(found!.groups!.join_ns).toMatchObject({ count: 25 });
    expect(memberships).toHaveLength(25);
  });

  it('says which limit of this host was reached', async () => {
    await sender(range(25));
    const limited = lab.spawn('rx', 'sh', [
      '-c',
      `ulimit -n 40; exec ${process.execPath} ${MCAST} bench groups ${range(25)} --json --quiet`,
    ]);
    expect((await limited.exited).status).toBe(0);
    const { result } = JSON.parse(limited.stdout.trim().split('\n').at(-1)!) as { result: RunResult };
    const { capacity, failed } = result.bench!.groups!;
    expect(capacity).toBeGreaterThan(0);
    expect(failed).toMatchObject({ number: capacity + 1, obstacle: 'host_limit', membership: null });
    expect(failed!.reason).toMatch(/EMFILE .*ulimit -n/u);
    await setLimit(0);
    try {
      const none = (await bench('groups', range(3)).result(3)).bench!.groups!;
      expect(none).toMatchObject({ capacity: 0, failed: { number: 1, obstacle: 'host_limit' } });
      expect(none.failed!.reason).toMatch(/ENOBUFS .*igmp_max_memberships/u);
    } finally {
      await setLimit(20);
    }
  });

  it.runIf(needs('nft'))('says whether a group is kept back by this host or by the network', async () => {
    await sender(range(12));
    await lab.run('rx', 'nft', ['add table inet t; add chain inet t c { type filter hook input priority 0; }']);
    await lab.run('rx', 'nft', [`add rule inet t c ip daddr 239.192.9.4 drop`]);
    const filtered = await bench('groups', range(12), '--dwell', '1s').result(0);
    await lab.run('rx', 'nft', ['delete table inet t']);
    expect(filtered.bench!.groups).toMatchObject({
      capacity: 3,
      failed: { group: '239.192.9.4', number: 4, obstacle: 'host_filter', seen_on_interface: true },
    });
    // Room for five groups, of which each keeps its own as long as it goes on.
    await lab.run('sw', 'nft', [
      `add table bridge t; add set bridge t room { type ipv4_addr; size 5; flags dynamic, timeout; };
       add chain bridge t c { type filter hook postrouting priority 0; };
       add rule bridge t c oifname "p-rx" ip daddr 239.192.9.0/24 update @room { ip daddr timeout 1s } accept;
       add rule bridge t c oifname "p-rx" ip daddr 239.192.9.0/24 drop`,
    ]);
    const full = await bench('groups', range(12), '--dwell', '2s').result(0);
    await lab.run('sw', 'nft', ['delete table bridge t']);
    expect(full.bench!.groups).toMatchObject({
      capacity: 5,
      silent: 0,
      failed: { number: 6, obstacle: 'network_limit', seen_on_interface: false, came_after_leave: true },
    });
    const absent = await bench('groups', `probe://239.192.9.11+4:5003/iface=e0`, '--dwell', '500ms').result(0);
    expect(absent.bench!.groups).toMatchObject({
      capacity: 2,
      failed: { group: '239.192.9.13', obstacle: 'absent', seen_on_interface: false, came_after_leave: false },
    });
    expect(absent.bench!.groups!.failed!.membership).toMatch(/^exclude/u);
  });

  it('tells a bridge that floods when its table is full', async () => {
    await sender(range(25));
    await tableSize(16);
    try {
      const { bench: found } = await bench('groups', range(25)).result(0);
      expect(found!.groups).toMatchObject({ capacity: 25, failed: null });
      expect(found!.groups!.flooded_at).toBeGreaterThan(0);
      expect(found!.groups!.flooded_at).toBeLessThanOrEqual(17);
    } finally {
      await tableSize(4096);
    }
  });

  it('forwards many groups, and names those of which nothing came', async () => {
    const run = bench('forwarding', range(32), '--duration', '2s');
    await run.untilEvent('joined');
    await sender(range(30));
    const { bench: found, streams } = await run.result(3);
    const { groups, silent, lossy, loss_ratio, packets_received, worst } = found!.forwarding!;
    expect({ groups, silent, lossy, loss_ratio }).toEqual({ groups: 32, silent: 2, lossy: 0, loss_ratio: 0 });
    expect(packets_received).toBe(sum(streams, 'packets_received'));
    expect(worst.slice(0, 3).map((one) => [one.group, one.streams])).toEqual([
      ['239.192.9.31', 0],
      ['239.192.9.32', 0],
      ['239.192.9.1', 1],
    ]);
  });

  it.runIf(needs('nft'))('tells classes apart: what is lost of one, and what is marked anew', async () => {
    await lab.run('sw', 'nft', [
      `add table bridge t; add chain bridge t c { type filter hook postrouting priority 0; };
       add rule bridge t c oifname "p-rx" ip dscp cs1 numgen inc mod 10 0 drop;
       add rule bridge t c oifname "p-rx" ip dscp af41 ip dscp set cs0`,
    ]);
    const places = [10, 20, 30].map((last) => `probe://239.192.9.${last}:5004/iface=e0`);
    const run = bench('classes', ...places);
    await run.untilEvent('joined');
    const marked = places.map((one, i) => `${one}/dscp=${['ef', 'af41', 'cs1'][i]}/pps=${[200, 100, 50][i]}`);
    const options = ['--size', '200', '--count', '200', '--max-late', '20s', '--force', '--no-feedback'];
    const sent = startMcast(['send', ...marked, ...options], { lab, host: 'tx' });
    await sent.result();
    const { classes } = (await run.result(0)).bench!;
    await lab.run('sw', 'nft', ['delete table bridge t']);
    expect(classes!.classes_total).toBe(3);
    const [ef, af41, cs1] = classes!.classes;
    expect(ef).toMatchObject({
      name: 'ef',
      dscp: 46,
      from: 'sent',
      packets_lost: 0,
      packets_received: 200,
      remarked: 0,
    });
    expect(af41).toMatchObject({ name: 'af41', packets_lost: 0 });
    expect(af41!.remarked).toBeGreaterThanOrEqual(200);
    expect(Object.keys(af41!.dscp_received!)).toEqual(['0']);
    // One in ten, markers included.
    expect(cs1!.packets_lost).toBeGreaterThanOrEqual(19);
    expect(cs1!.packets_lost).toBeLessThanOrEqual(21);
    expect(cs1!.loss_network).toBe(cs1!.packets_lost);
    expect(ef!.rate_bit_per_second! / cs1!.rate_bit_per_second!).toBeGreaterThan(2);
    for (const { one_way_delay_ns, jitter_ns } of [ef!, af41!, cs1!]) {
      expect(one_way_delay_ns!.count).toBeGreaterThan(100);
      expect(jitter_ns).toBeGreaterThan(0);
    }
  });

  it('leaves to other programs what they have joined', async () => {
    const other = startMcast(['recv', place(IPV4), '--allow-silence'], { lab, host: 'rx' });
    await other.untilEvent('joined');
    const refused = bench('join', place(IPV4));
    expect((await refused.exited()).status).toBe(2);
    expect(refused.stderr).toMatch(/another program on this host is a member of 239\.192\.7\.1 on e0/u);
    await other.stop();
  });

  it.runIf(needs('setpriv') && process.getuid?.() === 0)(
    'has no leave delays without the right to see packets',
    async () => {
      await sender(place(IPV4));
      const words = ['bench', 'leave', place(IPV4), '--cycles', '2', '--dwell', '500ms', '--json', '--quiet'];
      const run = lab.spawn('rx', AS_NOBODY[0]!, [...AS_NOBODY.slice(1), process.execPath, MCAST, ...words]);
      expect((await run.exited).status).toBe(3);
      const { result } = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as { result: RunResult };
      const { join, leave } = result.bench!.delays!;
      expect(join).toMatchObject({ timeouts: 0, delay_ns: { count: 2 }, report_ns: null });
      expect(leave).toMatchObject({ delay_ns: null, why_not: expect.stringContaining('CAP_NET_RAW') });
    },
  );
});
