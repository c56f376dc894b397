import { describe, expect, it } from 'vitest';
import { blankPlace } from '../../src/diagnosis/blankPlace.js';
import { known, unknown, type Fact } from '../../src/diagnosis/fact.js';
import type { PlaceFacts, WantedGroup } from '../../src/diagnosis/facts.js';
import { silenceReasons } from '../../src/diagnosis/silence.js';
import type { HostCounter, HostEvidence } from '../../src/io/hostEvidence.js';
import { composeEvidence } from '../../src/io/hostEvidence.js';
import type { NetworkInterface } from '../../src/io/interfaces.js';
import { MemoryIo } from '../../src/io/memory.js';
import { gatherSilence } from '../../src/runtime/silenceWatch.js';

const ETH0: NetworkInterface = {
  index: 2,
  name: 'eth0',
  addresses: [{ family: 4, address: '10.0.0.2', prefixBits: 24 }],
  up: true,
  carrier: true,
  multicast: true,
  loopback: false,
  mtuOctets: 1500,
  linkMbitPerSecond: null,
};

/** Growth: what is not named did not grow. */
function growth(
  counters: Partial<Record<HostCounter, number | null>> = {},
  rxPackets: Readonly<Record<string, number>> = { eth0: 0 },
  rxDropped = 0,
): Fact<HostEvidence> {
  const nothing = composeEvidence({ snmp: '', snmp6: '', netstat: '', softnet: '', dev: '' }).counters;
  const zero = Object.fromEntries(Object.keys(nothing).map((name) => [name, 0])) as Record<HostCounter, number>;
  const interfaces = Object.entries(rxPackets).map(
    ([name, packets]) => [name, { rxPackets: packets, rxErrors: 0, rxDropped, txPackets: 0, txDropped: 0 }] as const,
  );
  return known({ counters: { ...zero, ...counters }, interfaces: new Map(interfaces) }, 'test');
}

type Change = Partial<PlaceFacts> & Partial<Pick<WantedGroup, 'group' | 'sources'>>;

function facts({ group = '239.1.1.1', sources = [], ...change }: Change = {}): PlaceFacts {
  return blankPlace({
    family: 4,
    groups: [{ group, port: 5001, sources, ttl: null, sizeOctets: 1, packetsPerSecond: null }],
    interfaceName: 'eth0',
    interface: ETH0,
    master: known(null, 'test'),
    joined: known(true, 'test'),
    protocol: known('IGMPv3', 'test'),
    forcedVersion: known({ own: 0, all: 0 }, 'test'),
    reversePathFilter: known({ own: 0, all: 0 }, 'test'),
    growth: growth(),
    ...change,
  });
}

const STRICT = { reversePathFilter: known({ own: 1, all: 0 }, 'test') };

function first(change: Change): string {
  return silenceReasons(facts(change))[0]!;
}

describe('silenceReasons', () => {
  it('tells three, and what lies beyond this host when nothing is wrong here', () => {
    const reasons = silenceReasons(facts());
    expect(reasons).toHaveLength(3);
    expect(reasons[0]).toContain('nobody sends to 239.1.1.1:5001');
    expect(reasons[0]).toContain('received nothing at all');
    expect(reasons[1]).toContain('TTL');
    expect(reasons[2]).toContain('IGMP querier');
    const six = silenceReasons(facts({ family: 6, group: 'ff15::8000:1' }));
    expect(six[0]).toContain('[ff15::8000:1]:5001');
    expect(six[2]).toContain('MLD querier');
    expect(silenceReasons(facts({ sources: ['10.0.0.1'] }))[0]).toContain('10.0.0.1 does not send');
  });

  it.each<[string, Change, RegExp]>([
    ['the interface has gone', { interface: null }, /eth0 has gone/],
    ['it is down', { interface: { ...ETH0, up: false, carrier: null } }, /ip link set eth0 up/],
    ['there is no cable', { interface: { ...ETH0, carrier: false } }, /no carrier/],
    ['it has no multicast', { interface: { ...ETH0, multicast: false } }, /MULTICAST flag/],
    ['the membership has gone', { joined: known(false, 'test') }, /lost its membership of 239.1.1.1/],
    [
      'IGMPv2 cannot ask for a source',
      { sources: ['10.0.0.1'], protocol: known('IGMPv2', 'test') },
      /an IGMPv2 querier holds eth0 in that version/,
    ],
    [
      'nor can MLDv1',
      {
        family: 6,
        group: 'ff3e::8000:1',
        sources: ['fd00::1'],
        forcedVersion: known({ own: 0, all: 1 }, 'test'),
      },
      /eth0 is forced to MLDv1.*fd00::1@ff3e::8000:1.*net.ipv6.conf.all.force_mld_version=0/,
    ],
    ['the buffer was too small', { socketDrops: 1 }, /buffer dropped 1 datagram: larger with --rcvbuf/],
    [
      'the reverse path filter',
      { ...STRICT, growth: growth({ ip_in_receives: 50, ip_reverse_path_filter: 50 }, { eth0: 50 }) },
      /filter dropped 50 datagrams: .*rp_filter=2/,
    ],
    ['checksums', { growth: growth({ udp_in_csum_errors: 4 }) }, /4 datagrams came with a wrong UDP checksum/],
    [
      'lost fragments',
      { growth: growth({ ip_in_receives: 50, ip_in_mcast_pkts: 50, ip_reasm_reqds: 50 }, { eth0: 50 }) },
      /50 fragments came, but no whole datagram/,
    ],
    [
      'a firewall',
      { growth: growth({ ip_in_receives: 50, ip_in_mcast_pkts: 50 }, { eth0: 50 }) },
      /firewall of this host dropped 50/,
    ],
    ['the driver', { growth: growth({}, { eth0: 9 }, 7) }, /eth0 dropped 7 datagrams: ethtool/],
    [
      'another port',
      {
        growth: growth(
          { ip_in_receives: 50, ip_in_delivers: 50, ip_in_mcast_pkts: 50, udp_ignored_multi: 50 },
          { eth0: 50 },
        ),
      },
      /50 datagrams of a joined group came for another port.*5001/,
    ],
    [
      'another source',
      { sources: ['10.0.0.9'], growth: growth({ ip_in_receives: 50 }, { eth0: 50 }) },
      /50 datagrams came that no membership here wants: make sure that 10.0.0.9 sends to 239.1.1.1/,
    ],
    [
      'another source in IPv6',
      {
        family: 6,
        group: 'ff3e::8000:1',
        sources: ['fd00::9'],
        growth: growth({ ip6_in_receives: 50, ip6_in_mcast_pkts: 50, ip6_in_discards: 50 }, { eth0: 50 }),
      },
      /50 datagrams of the group came from another source than fd00::9/,
    ],
    [
      'another group',
      { growth: growth({ ip_in_receives: 60, ip_in_delivers: 10 }, { eth0: 60 }) },
      /50 datagrams came that no membership here wants: make sure that it is sent to 239.1.1.1/,
    ],
    [
      'another group in IPv6',
      {
        family: 6,
        group: 'ff15::1',
        growth: growth({ ip6_in_receives: 60, ip6_in_delivers: 10 }, { eth0: 60 }),
      },
      /50 datagrams came that no membership/,
    ],
    [
      'another interface',
      { growth: growth({}, { eth0: 0, eth1: 3, eth2: 400 }) },
      /eth0 received nothing at all, eth2 400 packets: is the stream there \(--iface eth2\)/,
    ],
    [
      'a strict filter whose counter cannot be read',
      { ...STRICT, growth: growth({ ip_reverse_path_filter: null }) },
      /filter of eth0 is strict/,
    ],
    [
      'loopback',
      {
        interfaceName: 'lo',
        interface: { ...ETH0, name: 'lo', loopback: true, multicast: false },
        growth: growth({}, { lo: 0, eth0: 9 }),
      },
      /no sender of this host sends to 239.1.1.1:5001 on lo.*--iface lo/,
    ],
    [
      'unicast to another port',
      { unicast: true, group: '10.0.0.1', growth: growth({ udp_no_ports: 3 }, { eth0: 3 }) },
      /3 datagrams came for ports that nobody has open/,
    ],
  ])('puts first what was seen: %s', (_name, change, pattern) => {
    expect(first(change)).toMatch(pattern);
  });

  it('takes nothing for a reason that is none', () => {
    const busy = growth(
      // A host with other traffic: all of it delivered or forwarded, fragments put together.
      { ip_in_receives: 500, ip_in_delivers: 300, ip_forwarded: 200, ip_in_mcast_pkts: 20, udp_no_ports: 4 },
      { eth0: 500, eth1: 900 },
    );
    expect(first({ growth: busy, ...STRICT })).toMatch(/nobody sends/);
    expect(
      first({ growth: growth({ ip_in_receives: 90, ip_in_delivers: 30, ip_reasm_reqds: 90, ip_reasm_oks: 30 }) }),
    ).toMatch(/nobody sends/);
    expect(first({ sources: ['10.0.0.1'], protocol: known('IGMPv3', 'test') })).toMatch(/does not send/);
    expect(first({ protocol: known('IGMPv2', 'test') })).toMatch(/nobody sends/);
    expect(first({ joined: unknown('-'), protocol: unknown('-'), reversePathFilter: unknown('-') })).toMatch(
      /nobody sends/,
    );
    const unicast = silenceReasons(facts({ unicast: true, group: '10.0.0.1' }));
    expect(unicast.join()).not.toMatch(/TTL|snooping|membership/);
    const unreadable = composeEvidence({ snmp: null, snmp6: null, netstat: null, softnet: null, dev: null });
    expect(silenceReasons(facts({ growth: known(unreadable, 'test') }))[0]).toMatch(
      /nobody sends to 239.1.1.1:5001 on the network/,
    );
  });
});

describe('gatherSilence', () => {
  it('looks at this host', () => {
    const io = new MemoryIo();
    const address = {
      family: 4 as const,
      group: '239.7.7.7',
      port: 5001,
      sources: [],
      unicast: false,
      interfaceName: 'lo',
    };
    const source = io.openSource({
      ...address,
      interfaceIndex: 1,
      receiveBufferOctets: 0,
      timestamps: 'auto',
      busyPollUs: 0,
    });
    const before = composeEvidence({ snmp: null, snmp6: null, netstat: null, softnet: null, dev: null });
    const seen = gatherSilence(address, source, before);
    expect(seen).toMatchObject({ family: 4, interfaceName: 'lo', unicast: false, socketDrops: 0 });
    expect(seen.groups[0]).toMatchObject({ group: '239.7.7.7', port: 5001, sources: [] });
    if (process.platform !== 'linux') return;
    // The memory link joins nothing in the kernel, and before the kernel's counters nothing was read.
    expect([seen.interface?.loopback, seen.joined]).toMatchObject([true, { known: true, value: false }]);
    expect(seen.growth).toMatchObject({ known: true, value: { counters: { ip_in_receives: null } } });
    expect(gatherSilence({ ...address, interfaceName: 'none9' }, source, before).interface).toBeNull();
  });
});
