/** `mcast doctor` in networks that are broken on purpose, one way each: it names what is broken, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport, Finding } from '../../src/result/modelDoctor.js';
import { MCAST } from '../mcast.js';
import { AS_NOBODY, needs } from '../require.js';
import { openLab, until, type Lab } from './lab.js';

/** What depends on the machine that the test runs on. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['environment']);
const FOUR = '239.1.1.1:5001';
const SIX = 'ff15::8000:1/port=5001/iface=e0';

interface Diagnosis {
  readonly status: number | null;
  readonly report: DoctorReport;
  readonly text: string;
  /** Ids of what is broken or warned of. */
  readonly troubles: readonly string[];
}

function isTrouble({ severity, id }: Finding): boolean {
  return (severity === 'broken' || severity === 'warning') && !OF_THE_MACHINE.has(id);
}

describe.runIf(needs('netns', 'dist'))('mcast doctor', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    // Two hosts at a switch that snoops and asks; a second line between them, and a router behind the other one.
    await lab.addHosts('here', 'there', 'switch');
    await lab.shell(`
      ip -n switch link add br0 type bridge mcast_snooping 1 mcast_igmp_version 3 mcast_mld_version 2
      for host in here there; do
        ip link add e0 netns $host type veth peer name to-$host netns switch
        ip -n switch link set to-$host master br0
        ip -n switch link set to-$host up
        ip -n $host link set e0 up
      done
      ip -n switch link set br0 up
      ip -n switch link set br0 type bridge mcast_querier 1
      ip -n here address add 10.77.1.1/24 dev e0
      ip -n there address add 10.77.1.2/24 dev e0
      ip -n here address add fd77:1::1/64 dev e0 nodad
      ip -n there address add fd77:1::2/64 dev e0 nodad
      ip -n here route add 224.0.0.0/4 dev e0`);
    await lab.link('here', 'e1', 'there', 'e1', { ipv4: '10.77.2', ipv6: 'fd77:2', multicastRoute: false });
    await set('rp_filter', 0);
    await until(async () => {
      const shown = await lab.run(null, 'ip', ['-n', 'here', 'address', 'show', 'dev', 'e0']);
      return shown.includes('inet6 fe80') && !shown.includes('tentative');
    }, 'e0 can be used');
  });
  afterAll(async () => lab?.close());

  /** Of `e0` and of "all"; the greater one is in force. */
  async function set(name: string, value: number, family: 4 | 6 = 4): Promise<void> {
    const folder = `/proc/sys/net/ipv${family}/conf`;
    await lab.run('here', 'sh', ['-ec', `echo 0 > ${folder}/all/${name}; echo ${value} > ${folder}/e0/${name}`]);
  }

  async function limitMemberships(most: number): Promise<void> {
    await lab.run('here', 'sh', ['-c', `echo ${most} > /proc/sys/net/ipv4/igmp_max_memberships`]);
  }

  async function withRules<T>(rules: readonly string[], run: () => Promise<T>): Promise<T> {
    const chains = ['input', 'output'].map(
      (hook) => `add chain inet t ${hook} { type filter hook ${hook} priority 0; }`,
    );
    await lab.run('here', 'nft', [`add table inet t; ${chains.join('; ')}; ${rules.join('; ')}`]);
    try {
      return await run();
    } finally {
      await lab.run('here', 'nft', ['delete table inet t']);
    }
  }

  /** `rules`: of `iptables` or `ip6tables`, without their variant. */
  async function withTables<T>(variant: 'nft' | 'legacy', rules: readonly string[], run: () => Promise<T>): Promise<T> {
    const commands = rules.map((rule) => rule.replace('tables', `tables-${variant}`));
    await lab.run('here', 'sh', ['-ec', commands.join('\n')]);
    try {
      return await run();
    } finally {
      const undo = ['filter', 'raw'].flatMap((table) =>
        ['iptables', 'ip6tables'].flatMap((program) => {
          const call = `${program}-${variant} -t ${table}`;
          return [`${call} -F; ${call} -X`, `${call} -P OUTPUT ACCEPT`];
        }),
      );
      await lab.run('here', 'sh', ['-ec', `${undo.join('; ')}; iptables-${variant} -P INPUT ACCEPT`]);
    }
  }

  async function doctor(words: readonly string[], before: readonly string[] = [], host = 'here'): Promise<Diagnosis> {
    const command = [...before, process.execPath, MCAST, 'doctor', ...words, '--json'];
    const child = lab.spawn(host, command[0]!, command.slice(1));
    child.endInput();
    const { status } = await child.exited;
    const line = child.stdout.trim().split('\n').at(-1)!;
    expect(line, child.describe()).toMatch(/^\{"type":"result"/);
    const { result: report } = JSON.parse(line) as { result: DoctorReport };
    const troubles = [...new Set(report.findings.filter(isTrouble).map(({ id }) => id))];
    return { status, report, text: child.stderr, troubles };
  }

  /** The one trouble that is to be found, and what is said of it. */
  async function found(
    words: readonly string[],
    id: string,
    pattern: RegExp,
    before: readonly string[] = [],
    host = 'here',
  ): Promise<Finding> {
    const { report, troubles, status, text } = await doctor(words, before, host);
    expect(troubles, text).toEqual([id]);
    const finding = report.findings.find(isTrouble)!;
    expect(finding.text).toMatch(pattern);
    expect(status).toBe(finding.severity === 'broken' ? 3 : 0);
    return finding;
  }

  describe('where nothing is broken', () => {
    it.each([
      ['no group', ['--iface', 'e0']],
      ['any source', [FOUR]],
      ['a source', ['10.77.1.2@232.1.1.1:5001/ttl=4']],
      ['IPv6', [SIX]],
      ['IPv6 with a source', ['fd77:1::2@ff3e::8000:1/port=5001/iface=e0']],
      ['both, and many', ['239.1.1.1+12:5001', SIX]],
      ['the other end, its own sender', ['10.77.1.1@239.1.1.1:5001/iface=e0/ttl=1']],
    ])('finds nothing: %s', async (_name, words) => {
      const { report, troubles, status, text } = await doctor(words);
      expect(troubles, text).toEqual([]);
      expect([status, report.verdict, report.complete]).toEqual([0, 'ok', true]);
      const ok = report.findings.filter(({ severity }) => severity === 'ok').map(({ id }) => id);
      expect(ok).toEqual(expect.arrayContaining(['interface-up', 'querier', 'self-test']));
    });

    it('tells who asks, in which version', async () => {
      const { report } = await doctor([FOUR]);
      const querier = report.findings.find(({ id }) => id === 'querier');
      expect(querier?.text).toMatch(/a switch asks in IGMPv3, from 0\.0\.0\.0.* after 239\.255\.\d+\.\d+ was left/);
      const six = await doctor([SIX]);
      expect(six.report.findings.find(({ id }) => id === 'querier')?.text).toMatch(/the querier fe80::.* speaks MLDv2/);
    });

    it.runIf(needs('setpriv') && process.getuid?.() === 0)('without root, and says what root would add', async () => {
      const { report, troubles, text, status } = await doctor([FOUR, SIX], AS_NOBODY);
      expect(troubles, text).toEqual([]);
      expect(status).toBe(0);
      const querier = report.findings.filter(({ id }) => id === 'querier').map((one) => one.text);
      expect(querier).toEqual([
        expect.stringMatching(/a querier speaks IGMPv3, and asked .* was left/),
        expect.stringMatching(/a querier speaks MLD, and asked .* was left/),
      ]);
      const wanting = report.not_checked.filter((one) => one.wants_root).map(({ id }) => id);
      expect(wanting).toEqual(expect.arrayContaining(['members', 'firewall-membership', 'firewall-group']));
      expect(text).toContain('root (sudo) would add: ');
    });

    it('hears others, and which groups they are in', async () => {
      const words = [MCAST, 'doctor', '--iface', 'e1', '--wait', '20s', '--json'];
      const listening = lab.spawn('here', process.execPath, words);
      await listening.untilOutput(/^listening on e1/m);
      const receiver = lab.spawn('there', process.execPath, [MCAST, 'recv', 'probe://239.7.7.7:5001/iface=e1']);
      await receiver.untilOutput(/joined/);
      receiver.signal('SIGINT');
      await receiver.exited;
      // What is cut short tells what it has.
      listening.signal('SIGINT');
      expect(await listening.exited).toEqual({ status: 130, signal: null });
      const { result } = JSON.parse(listening.stdout.trim().split('\n').at(-1)!) as { result: DoctorReport };
      expect(result.complete).toBe(false);
      const members = result.findings.find(({ id }) => id === 'members');
      expect(members?.text).toBe('1 other member told of 1 group: 10.77.2.2 in 239.7.7.7');
    });
  });

  it('an interface that is down, has no carrier, or no MULTICAST flag', async () => {
    await lab.shell('ip -n here link set e0 down');
    try {
      const down = await found([`${FOUR}/iface=e0`], 'interface-up', /^e0 is down$/);
      expect(down.remedy).toBe('ip link set e0 up');
    } finally {
      await lab.shell('ip -n here link set e0 up; ip -n here route add 224.0.0.0/4 dev e0');
      await lab.shell('ip -n here address add fd77:1::1/64 dev e0 nodad');
    }
    await lab.shell('ip -n switch link set to-here down');
    try {
      await found([`${FOUR}/iface=e0`], 'interface-carrier', /no carrier/);
    } finally {
      await lab.shell('ip -n switch link set to-here up');
    }
    await lab.shell('ip -n here link set e0 multicast off');
    try {
      await found([`${FOUR}/iface=e0`], 'interface-multicast', /lacks the MULTICAST flag/);
    } finally {
      await lab.shell('ip -n here link set e0 multicast on');
    }
  });

  it('a port of a bridge', async () => {
    await lab.shell('ip -n here link add br9 type bridge; ip -n here link set e1 master br9');
    try {
      const port = await found(
        [`${FOUR}/iface=e1`, '--wait', '300ms'],
        'interface-port',
        /e1 is a part of the bridge br9/,
      );
      expect(port.remedy).toBe('--iface br9');
    } finally {
      await lab.shell('ip -n here link del br9');
    }
  });

  it('no route', async () => {
    await lab.shell('ip -n here route del 224.0.0.0/4 dev e0');
    try {
      const route = await found([FOUR], 'route', /no route leads to 239\.1\.1\.1/);
      expect(route.remedy).toBe('ip route add 224.0.0.0/4 dev e0');
      // Whoever names the interface needs none.
      expect((await doctor([`${FOUR}/iface=e0`])).troubles).toEqual([]);
    } finally {
      await lab.shell('ip -n here route add 224.0.0.0/4 dev e0');
    }
  });

  it('a route that leads to a router', async () => {
    await lab.shell('ip -n here route add 239.1.0.0/16 via 10.77.1.2');
    try {
      await found([FOUR], 'route', /names a router: .* by unicast/);
    } finally {
      await lab.shell('ip -n here route del 239.1.0.0/16 via 10.77.1.2');
    }
  });

  it('the reverse path filter', async () => {
    await lab.shell('ip -n here route add 10.88.0.0/24 via 10.77.2.2 dev e1');
    await set('rp_filter', 1);
    try {
      const filter = await found(
        ['10.88.0.5@239.1.1.1:5001/iface=e0/ttl=9'],
        'reverse-path',
        /drops what 10\.88\.0\.5 sends.*leads to e1/,
      );
      expect(filter.remedy).toBe('sysctl -w net.ipv4.conf.e0.rp_filter=2');
      expect(filter.evidence).toEqual(
        expect.arrayContaining([expect.objectContaining({ value: 'e0 1, all 0: strict' })]),
      );
      await set('rp_filter', 2);
      expect((await doctor(['10.88.0.5@239.1.1.1:5001/iface=e0/ttl=9'])).troubles).toEqual([]);
      await found(['10.99.0.5@239.1.1.1:5001/iface=e0/ttl=9'], 'reverse-path', /10\.99\.0\.5.*is missing/);
    } finally {
      await set('rp_filter', 0);
      await lab.shell('ip -n here route del 10.88.0.0/24');
    }
  });

  it('no querier at a switch that snoops', async () => {
    await lab.shell('ip -n switch link set br0 type bridge mcast_querier 0');
    try {
      await found([FOUR], 'querier', /no IGMP querier on e0 asked after 239\.255/);
      await found([SIX], 'querier', /no MLD querier on e0 asked after ff15::/);
    } finally {
      await lab.shell('ip -n switch link set br0 type bridge mcast_querier 1');
    }
  });

  it('IGMPv2 and MLDv1 that were forced', async () => {
    await set('force_igmp_version', 2);
    await set('force_mld_version', 1, 6);
    try {
      const four = await found(
        ['10.77.1.2@232.1.1.1:5001/ttl=4', '--wait', '300ms'],
        'membership-version',
        /e0 is forced to IGMPv2/,
      );
      expect(four.remedy).toBe('sysctl -w net.ipv4.conf.e0.force_igmp_version=0');
      await found(
        ['fd77:1::2@ff3e::8000:1/port=5001/iface=e0', '--wait', '300ms'],
        'membership-version',
        /e0 is forced to MLDv1/,
      );
      // Without a source it does no harm.
      expect((await doctor([FOUR, '--wait', '300ms'])).troubles).toEqual([]);
    } finally {
      await set('force_igmp_version', 0);
      await set('force_mld_version', 0, 6);
    }
  });

  it('a querier that speaks IGMPv2 and MLDv1', async () => {
    await lab.addHosts('old');
    await lab.shell(`
      ip -n switch link add br1 type bridge mcast_snooping 1 mcast_igmp_version 2 mcast_mld_version 1
      ip link add e0 netns old type veth peer name to-old netns switch
      ip -n switch link set to-old master br1
      ip -n switch link set to-old up
      ip -n switch link set br1 up
      ip -n old address add 10.77.5.1/24 dev e0
      ip -n old address add fd77:5::1/64 dev e0 nodad
      ip -n old link set e0 up
      ip -n switch link set br1 type bridge mcast_querier 1`);
    await until(
      async () => /e0 .* V2/.test(await lab.run('old', 'cat', ['/proc/net/igmp'])),
      'the host follows its querier',
    );
    const [four, six] = ['10.77.5.9@232.1.1.1:5001/ttl=4/iface=e0', 'fd77:5::9@ff3e::8000:1/port=5001/iface=e0'];
    await found([four], 'membership-version', /an IGMPv2 querier holds e0 in that version/, [], 'old');
    const { report } = await doctor([six, '--wait', '2s'], [], 'old');
    // Whether the first query of MLDv1 was heard before the host could, the kernel does not tell.
    const version = report.findings.find(({ id }) => id === 'membership-version');
    expect(version?.text).toMatch(/an MLDv1 querier holds e0|e0 speaks MLDv2/);
    expect((await doctor([FOUR], [], 'old')).report.findings.find(({ id }) => id === 'querier')?.text).toMatch(
      /IGMPv2/,
    );
  });

  it('a limit of memberships', async () => {
    await limitMemberships(5);
    try {
      const few = await found(
        ['239.1.1.1+6:5001'],
        'membership-limit',
        /6 groups are wanted, and one socket may join 5/,
      );
      expect(few.remedy).toBe('sysctl -w net.ipv4.igmp_max_memberships=20');
      expect((await doctor(['239.1.1.1+5:5001'])).troubles).toEqual([]);
      await limitMemberships(0);
      await found([FOUR, '--wait', '300ms'], 'membership-limit', /no socket may join/);
    } finally {
      await limitMemberships(20);
    }
    const sources = Array.from({ length: 11 }, (_, i) => `10.77.1.${i + 20}`).join(',');
    await found([`${sources}@232.1.1.1:5001/ttl=4`], 'source-limit', /11 sources of one group .* 10/);
  });

  it('a TTL that ends at the router before this host', async () => {
    await lab.shell('ip -n here route add 10.88.0.0/24 via 10.77.1.2');
    try {
      await found(['10.88.0.5@239.1.1.1:5001/ttl=1'], 'ttl', /10\.88\.0\.5 is behind a router, and with a TTL of 1/);
      expect((await doctor(['10.88.0.5@239.1.1.1:5001/ttl=2'])).troubles).toEqual([]);
      await lab.shell('ip -n here -6 route add fd88::/64 via fd77:1::2');
      await found(['fd88::5@ff3e::8000:1/port=5001/iface=e0/ttl=1'], 'ttl', /fd88::5 is behind a router/);
    } finally {
      await lab.shell('ip -n here route del 10.88.0.0/24; ip -n here -6 route del fd88::/64 || true');
    }
  });

  it('a small MTU, and one that IPv6 does not bear', async () => {
    await lab.shell('ip -n here link set e0 mtu 1280');
    try {
      await found([FOUR], 'mtu', /datagrams of 1316 octets .* do not fit the MTU of e0, 1280.*--size 1252/);
      expect((await doctor([FOUR, '--size', '1252'])).troubles).toEqual([]);
      await found([SIX], 'mtu', /--size 1232/);
      await lab.shell('ip -n here link set e0 mtu 1200');
      await found([`${SIX}/size=100`, '--wait', '300ms'], 'interface-address', /IPv6 is off on e0: its MTU of 1200/);
    } finally {
      await lab.shell('ip -n here link set e0 mtu 1500; ip -n here address add fd77:1::1/64 dev e0 nodad');
    }
  });

  it('a small receive buffer', async () => {
    await found(
      [`${FOUR}/rate=20M`, '--rcvbuf', '64Ki'],
      'receive-buffer',
      /holds 28 datagrams of 1316 octets: 14\.7 ms at 20\.0 Mbit\/s/,
    );
    expect((await doctor([`${FOUR}/rate=200k`, '--rcvbuf', '64Ki'])).troubles).toEqual([]);
  });

  it('groups that share an Ethernet address, and ranges that are not for this', async () => {
    await found(
      ['239.1.1.1:5001', '239.129.1.1:5001'],
      'address-overlap',
      /239\.1\.1\.1, 239\.129\.1\.1 share .*01:00:5e:01:01:01/,
    );
    await found(['232.1.1.1:5001'], 'address-range', /232\.1\.1\.1 is source-specific, and no source is named/);
    await found(['ff11::8000:1/port=5001/iface=e0'], 'address-range', /interface-local scope/);
  });

  describe.runIf(needs('nft'))('a firewall that drops', () => {
    it('the questions of queriers, or the reports', async () => {
      await withRules(['add rule inet t input ip protocol igmp counter drop'], async () => {
        const igmp = await found([FOUR], 'firewall-membership', /drops the questions of IGMP queriers/);
        expect(igmp.remedy).toBe('nft insert rule inet t input ip protocol igmp accept');
        expect(igmp.evidence[0]).toMatchObject({
          from: 'nft inet t, chain input',
          value: /^ip protocol igmp drop \(\d+ packets/,
        });
      });
      await withRules(['add rule inet t output ip daddr 224.0.0.22 drop'], async () => {
        await found([FOUR], 'firewall-membership', /drops its IGMP reports/);
      });
      await withRules(['add rule inet t input icmpv6 type mld-listener-query drop'], async () => {
        await found([SIX], 'firewall-membership', /drops the questions of MLD queriers/);
      });
    });

    it('the group', async () => {
      await withRules(['add rule inet t input ip daddr 239.0.0.0/8 udp dport 5000-5010 drop'], async () => {
        await found([FOUR], 'firewall-group', /drops what comes to 239\.1\.1\.1 port 5001/);
        expect((await doctor(['239.1.1.1:6001'])).troubles).toEqual([]);
      });
      await withRules(['add rule inet t input udp dport 5001 reject'], async () => {
        await found([SIX], 'firewall-group', /drops what comes to ff15::8000:1 port 5001/);
      });
      await withRules(['add rule inet t output udp dport 5001 drop'], async () => {
        await found([FOUR], 'firewall-group', /drops what this host sends to 239\.1\.1\.1/);
      });
    });

    it.runIf(needs('setpriv') && process.getuid?.() === 0)(
      'the group, found without root by the self-test',
      async () => {
        await withRules(['add rule inet t input ip daddr 239.1.1.1 drop'], async () => {
          await found([FOUR], 'self-test', /none of 5 datagrams to 239\.1\.1\.1:5001 came back through e0/, AS_NOBODY);
        });
      },
    );

    it('nothing that matters', async () => {
      const rules = [
        'add rule inet t input ct state established,related accept',
        'add rule inet t input tcp dport 22 drop',
        'add rule inet t input ip saddr 10.9.9.9 drop',
        'add rule inet t input udp dport 9999 drop',
        'add rule inet t input ip protocol igmp accept',
      ];
      await withRules(rules, async () => {
        expect((await doctor([FOUR])).troubles).toEqual([]);
      });
    });
  });

  describe.runIf(needs('iptables-nft', 'ip6tables-nft', 'iptables-legacy'))('rules of iptables that drop', () => {
    const MLD_QUERY = '-p icmpv6 -m icmp6 --icmpv6-type 130';

    describe.each([
      ['nft', 'iptables'],
      ['legacy', 'iptables-legacy'],
    ] as const)('in the tables of %s', (variant, program) => {
      it('the questions of queriers, with what heals it', async () => {
        await withTables(variant, ['iptables -A INPUT -p igmp -j DROP'], async () => {
          const igmp = await found([FOUR], 'firewall-membership', /drops the questions of IGMP queriers/);
          expect(igmp.evidence[0]).toMatchObject({
            from: `${program} filter, chain INPUT`,
            value: /^-p igmp -j DROP \(\d+ packets/,
          });
          expect(igmp.remedy).toBe(`${program} -t filter -I INPUT -p igmp -j ACCEPT`);
          await lab.run('here', 'sh', ['-ec', igmp.remedy!]);
          expect((await doctor([FOUR])).troubles).toEqual([]);
        });
      });

      it('the reports, and MLD', async () => {
        await withTables(variant, ['iptables -A OUTPUT -d 224.0.0.22 -j DROP'], async () => {
          await found([FOUR], 'firewall-membership', /drops its IGMP reports/);
        });
        await withTables(variant, [`ip6tables -A INPUT ${MLD_QUERY} -j DROP`], async () => {
          await found([SIX], 'firewall-membership', /drops the questions of MLD queriers/);
        });
      });

      it('the group, in a chain of its own', async () => {
        const own = [
          'iptables -N mine',
          'iptables -A INPUT -i e0 -m comment --comment "not for us" -j mine',
          'iptables -A mine -d 239.0.0.0/8 -p udp -m multiport --dports 5000:5010,6001 -j REJECT',
        ];
        await withTables(variant, own, async () => {
          const group = await found([FOUR], 'firewall-group', /drops what comes to 239\.1\.1\.1 port 5001/);
          expect(group.evidence[0]!.from).toBe(`${program} filter, chain mine`);
          expect((await doctor(['239.1.1.1:7001'])).troubles).toEqual([]);
        });
      });

      it('the group, before it is routed, and all groups', async () => {
        await withTables(variant, ['iptables -t raw -A PREROUTING -d 239.1.1.1 -j DROP'], async () => {
          const group = await found([FOUR], 'firewall-group', /drops what comes to 239\.1\.1\.1 port 5001/);
          expect(group.remedy).toMatch(/^\S+ -t raw -I PREROUTING -d 239\.1\.1\.1 /);
        });
        await withTables(variant, ['iptables -A INPUT -m addrtype --dst-type MULTICAST -p udp -j DROP'], async () => {
          await found([FOUR], 'firewall-group', /drops what comes to 239\.1\.1\.1/);
        });
      });
    });

    it.each(['nft', 'legacy'] as const)('nothing that matters, by %s', async (variant) => {
      const rules = [
        'iptables -A INPUT -p igmp -j ACCEPT',
        'iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
        'iptables -A INPUT -m addrtype --dst-type LOCAL -p udp -j DROP',
        'iptables -A INPUT -d 239.0.0.0/8 -m udp -p udp --dport 5000: -j ACCEPT',
        'iptables -A INPUT -p tcp --dport 22 -j REJECT',
        'iptables -P INPUT DROP',
      ];
      await withTables(variant, rules, async () => {
        const { troubles, text, report } = await doctor([FOUR]);
        expect(troubles, text).toEqual([]);
        expect(report.findings.filter(({ severity, id }) => severity === 'note' && id.startsWith('firewall'))).toEqual(
          [],
        );
      });
    });
  });
});
