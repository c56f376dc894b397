import { describe, expect, it } from 'vitest';
import { CHECK_IDS } from '../../src/diagnosis/checks.js';
import { examine, verdictOf } from '../../src/diagnosis/examine.js';
import { unknown } from '../../src/diagnosis/fact.js';
import type { HostFacts, PlaceFacts, QuerierFacts } from '../../src/diagnosis/facts.js';
import { ETH0, examined, healthyHost, healthyPlace, routes, sure, THERE, troubles, wanted } from './doctorFixture.js';

const SSM = wanted({ group: '232.1.1.1', sources: ['10.0.0.9'], ttl: 4 });
const FAR = wanted({ group: '232.1.1.1', sources: ['10.9.9.9'] });
const FAR_ROUTE = routes({ '10.9.9.9': { interfaceName: 'eth0', gateway: '10.0.0.1' } });
const SIX = wanted({ group: 'ff15::8000:1' });

function querier(change: Partial<QuerierFacts>): Pick<PlaceFacts, 'querier'> {
  return {
    querier: sure({ listenedNs: 3e9, queriers: [], hearsAll: true, asked: '239.255.9.9', answeredNs: null, ...change }),
  };
}

describe('a host on which nothing is wrong', () => {
  it.each([
    ['any source', {}],
    ['a source', { groups: [SSM] }],
    ['IPv6', { family: 6, groups: [SIX] }],
    ['no group', { groups: [] }],
  ] satisfies [string, Partial<PlaceFacts>][])('has no trouble and no note: %s', (_name, place) => {
    const { findings, notChecked } = examined(place);
    expect(findings.filter(({ severity }) => severity !== 'ok')).toEqual([]);
    expect(notChecked).toEqual([]);
    expect(verdictOf(findings)).toBe('ok');
    expect(CHECK_IDS).toEqual(expect.arrayContaining(findings.map(({ id }) => id)));
  });

  it('has a line for each check, in the order of the list', () => {
    const ids = examined({ groups: [SSM] }).findings.map(({ id }) => id);
    // Only a receiver that hears nothing looks for its membership and at what arrived.
    const told = CHECK_IDS.filter((id) => id !== 'membership' && id !== 'arrivals');
    expect(ids).toEqual(told);
  });
});

/** What is changed, and the one trouble that is to be found. */
const TROUBLES: readonly [string, Partial<PlaceFacts>, Partial<HostFacts>, RegExp][] = [
  ['the interface has gone', { interface: null }, {}, /^interface-up broken: the interface eth0 has gone/],
  ['it is down', { interface: { ...ETH0, up: false } }, {}, /^interface-up broken: eth0 is down/],
  ['it has no carrier', { interface: { ...ETH0, carrier: false } }, {}, /^interface-carrier broken/],
  ['it lacks MULTICAST', { interface: { ...ETH0, multicast: false } }, {}, /^interface-multicast broken/],
  [
    'it has no address',
    { interface: { ...ETH0, addresses: [] } },
    {},
    /^interface-address warning: .* no IPv4 address/,
  ],
  [
    'IPv6 is off',
    { family: 6, groups: [SIX], ipv6Enabled: sure(false) },
    {},
    /^interface-address broken: IPv6 is off on eth0$/,
  ],
  [
    'its MTU is too small for IPv6',
    {
      family: 6,
      groups: [{ ...SIX, sizeOctets: 100 }],
      ipv6Enabled: sure(false),
      interface: { ...ETH0, mtuOctets: 1200 },
    },
    {},
    /^interface-address broken: .* MTU of 1200 is below the 1280/,
  ],
  [
    'it is part of a bridge',
    { master: sure({ name: 'br0', kind: 'bridge' }) },
    {},
    /^interface-port broken: eth0 is a part of the bridge br0/,
  ],
  [
    'only loopback is there',
    { interface: { ...ETH0, loopback: true } },
    {},
    /^interface-up warning: .*nothing leaves this host/,
  ],
  [
    'no route',
    { routes: routes({ '239.1.1.1': { interfaceName: null, gateway: null } }) },
    {},
    /^route broken: no route leads to 239\.1\.1\.1/,
  ],
  [
    'a route by unicast',
    { routesHere: routes({ '239.1.1.1': { interfaceName: 'eth0', gateway: '10.0.0.1' } }) },
    {},
    /^route broken: .* names a router/,
  ],
  [
    'the strict filter',
    {
      groups: [{ ...FAR, ttl: 9 }],
      reversePathFilter: sure({ own: 0, all: 1 }),
      sourceRoutes: routes({ '10.9.9.9': { interfaceName: 'eth1', gateway: null } }),
    },
    {},
    /^reverse-path broken: .* drops what 10\.9\.9\.9 sends: the route to it leads to eth1/,
  ],
  [
    'the loose filter, without any route',
    {
      groups: [{ ...FAR, ttl: 9 }],
      reversePathFilter: sure({ own: 2, all: 1 }),
      sourceRoutes: routes({ '10.9.9.9': { interfaceName: null, gateway: null } }),
    },
    {},
    /^reverse-path broken: .*is missing/,
  ],
  [
    'what the filter counted',
    {
      reversePathFilter: sure({ own: 1, all: 0 }),
      growth: sure({ counters: { ip_reverse_path_filter: 7 }, interfaces: new Map() }),
    },
    {},
    /^reverse-path broken: the reverse path filter dropped 7 datagrams/,
  ],
  ['no joins', { membershipLimit: sure(0) }, {}, /^membership-limit broken: no socket may join/],
  [
    'more groups than a socket takes',
    { groups: [1, 2, 3].map((n) => wanted({ group: `239.1.1.${n}` })), membershipLimit: sure(2) },
    {},
    /^membership-limit warning: 3 groups are wanted, and one socket may join 2/,
  ],
  ['no sources', { groups: [SSM], sourceLimit: sure(0) }, {}, /^source-limit broken/],
  [
    'more sources than a socket takes',
    { groups: [{ ...SSM, sources: ['10.0.0.8', '10.0.0.9'] }], sourceLimit: sure(1) },
    {},
    /^source-limit warning: 2 sources/,
  ],
  [
    'IGMPv2 that was forced',
    { groups: [SSM], forcedVersion: sure({ own: 2, all: 0 }) },
    {},
    /^membership-version broken: eth0 is forced to IGMPv2, .* 10\.0\.0\.9@232\.1\.1\.1/,
  ],
  [
    'MLDv1 that was forced everywhere',
    {
      family: 6,
      groups: [wanted({ group: 'ff3e::8000:1', sources: ['fd00::9'] })],
      forcedVersion: sure({ own: 0, all: 1 }),
    },
    {},
    /^membership-version broken: eth0 is forced to MLDv1/,
  ],
  [
    'IGMPv2 of a querier',
    { groups: [SSM], protocol: sure('IGMPv2') },
    {},
    /^membership-version broken: an IGMPv2 querier holds eth0/,
  ],
  [
    'IGMPv2, and nobody knows for which groups',
    { groups: [], protocol: sure('IGMPv2') },
    {},
    /^membership-version warning/,
  ],
  [
    'a querier that does not answer',
    querier({}),
    {},
    /^querier warning: no IGMP querier on eth0 asked after 239\.255\.9\.9/,
  ],
  [
    'none within the interval of queries',
    querier({ listenedNs: 136e9 }),
    {},
    /^querier broken: no IGMP querier on eth0 within .* 260 s/,
  ],
  [
    'two queriers',
    querier({ queriers: ['10.0.0.1', '10.0.0.3'].map((address) => ({ address, version: 3, intervalSeconds: 125 })) }),
    {},
    /^querier warning: 2 hosts ask on eth0: 10\.0\.0\.1, 10\.0\.0\.3/,
  ],
  ['a TTL of 0', { groups: [wanted({ ttl: 0 })] }, {}, /^ttl broken: with a TTL of 0/],
  [
    'a TTL that ends at a router',
    { groups: [{ ...FAR, ttl: 1 }], sourceRoutes: FAR_ROUTE },
    {},
    /^ttl broken: 232\.1\.1\.1: 10\.9\.9\.9 is behind a router/,
  ],
  [
    'a small MTU',
    { interface: { ...ETH0, mtuOctets: 1300 } },
    {},
    /^mtu warning: datagrams of 1316 octets \(239\.1\.1\.1:5001\) do not fit .* 1300: .* --size 1272/,
  ],
  [
    'a small buffer',
    { buffer: sure({ askedOctets: 65_536, grantedOctets: 65_536, mostOctets: 212_992 }) },
    {},
    /^receive-buffer warning: a receive buffer holds 28 datagrams of 1316 octets: 14\.7 ms at 20\.0 Mbit\/s/,
  ],
  [
    'a group without its source',
    { groups: [wanted({ group: '232.1.1.1' })] },
    {},
    /^address-range warning: 232\.1\.1\.1 is source-specific, and no source/,
  ],
  [
    'a group of the control block',
    { groups: [wanted({ group: '224.0.0.77' })] },
    {},
    /^address-range warning: 224\.0\.0\.77 is of the local control block/,
  ],
  [
    'two groups of one Ethernet address',
    { groups: [wanted({ group: '239.1.1.1' }), wanted({ group: '238.129.1.1' }), wanted({ group: '239.1.1.2' })] },
    {},
    /^address-(overlap|range) warning: (239\.1\.1\.1, 238\.129\.1\.1 share|238\.129\.1\.1 is reserved)/,
  ],
  [
    'a group that is flooded',
    { groups: [wanted({ group: '239.128.0.5' })] },
    {},
    /^address-overlap warning: of 239\.128\.0\.5 the Ethernet address is that of a control group/,
  ],
  [
    'a group that every host of IPv6 hears',
    { family: 6, groups: [wanted({ group: 'ff15::1' })] },
    {},
    /^address-overlap warning: of ff15::1 the Ethernet address is that of a control group/,
  ],
  [
    'what does not come back',
    { selfTests: sure([{ group: '239.1.1.1', port: 5001, ttl: 0, sent: 5, received: 0, refusal: null }]) },
    {},
    /^self-test broken: none of 5 datagrams to 239\.1\.1\.1:5001 came back/,
  ],
  [
    'what comes back in part',
    { selfTests: sure([{ group: '239.1.1.1', port: 5001, ttl: 0, sent: 5, received: 3, refusal: null }]) },
    {},
    /^self-test warning: 2 of 5 datagrams/,
  ],
  [
    'what the system refuses',
    {
      selfTests: sure([
        {
          group: '239.1.1.1',
          port: 5001,
          ttl: 0,
          sent: 0,
          received: 0,
          refusal: { code: 'ERR_PORT_IN_USE', message: 'port 5001 is in use', hint: 'Choose another port.' },
        },
      ]),
    },
    {},
    /^self-test broken: 239\.1\.1\.1:5001 on eth0: port 5001 is in use/,
  ],
  [
    'wrong checksums',
    { growth: sure({ counters: { udp_in_csum_errors: 3 }, interfaces: new Map() }) },
    {},
    /^arrivals warning: 3 datagrams came with a wrong UDP checksum/,
  ],
  [
    'an interface that drops',
    { growth: sure({ counters: {}, interfaces: new Map([['eth0', { rxPackets: 9, rxErrors: 1, rxDropped: 4 }]]) }) },
    {},
    /^arrivals warning: eth0 dropped 5 datagrams/,
  ],
  ['WSL', {}, { environment: sure({ container: null, wsl: 2, cloud: null }) }, /^environment warning: this is WSL 2/],
  [
    'a cloud',
    {},
    { environment: sure({ container: null, wsl: null, cloud: 'Amazon EC2' }) },
    /^environment warning: .* Amazon EC2/,
  ],
];

describe('one thing that is broken', () => {
  it.each(TROUBLES)('is named, and nothing else: %s', (_name, place, host, pattern) => {
    const found = troubles(examined(place, host));
    expect(found).toEqual(found.map(() => expect.stringMatching(pattern)));
    expect(found.length).toBeGreaterThan(0);
    if (!pattern.source.includes('|')) expect(found).toHaveLength(1);
  });

  it('comes with what was seen and with what would mend it', () => {
    const { findings } = examined({ groups: [SSM], forcedVersion: sure({ own: 2, all: 0 }) });
    expect(findings[0]).toEqual({
      id: 'membership-version',
      severity: 'broken',
      interface: 'eth0',
      family: 4,
      text: expect.any(String),
      evidence: [{ from: 'test', value: 'eth0 2, all 0' }],
      remedy: 'sysctl -w net.ipv4.conf.eth0.force_igmp_version=0',
    });
    expect(verdictOf(findings)).toBe('broken');
  });
});

describe('what is worth a note', () => {
  it.each<[string, Partial<PlaceFacts>, Partial<HostFacts>, RegExp]>([
    [
      'a named interface without a route',
      { isNamed: true, routes: routes({ '239.1.1.1': { interfaceName: null, gateway: null } }) },
      {},
      /^route note: no route leads to 239\.1\.1\.1: only a program that is told eth0/,
    ],
    [
      'a route elsewhere',
      { isNamed: true, routes: routes({ '239.1.1.1': { interfaceName: 'eth1', gateway: null } }) },
      {},
      /^route note: the route to 239\.1\.1\.1 leads to eth1/,
    ],
    ['a strict filter', { reversePathFilter: sure({ own: 1, all: 0 }) }, {}, /^reverse-path note: .* is strict/],
    ['IGMPv2 for groups of any source', { protocol: sure('IGMPv2') }, {}, /^membership-version note/],
    [
      'a source behind a router, and no TTL',
      { groups: [FAR], sourceRoutes: FAR_ROUTE },
      {},
      /^ttl note: 232\.1\.1\.1: 10\.9\.9\.9 is behind a router, and senders begin with a TTL of 1/,
    ],
    ['a TTL of 1', { groups: [wanted({ ttl: 1 })] }, {}, /^ttl note: a TTL of 1 takes 239\.1\.1\.1 no further/],
    [
      'a buffer that is less than asked for',
      { buffer: sure({ askedOctets: 67_108_864, grantedOctets: 425_984, mostOctets: 212_992 }) },
      {},
      /^receive-buffer note: .* 184 datagrams of 1316 octets: 96\.9 ms .*less than asked for/,
    ],
    [
      'a short time in which no querier was heard',
      querier({ asked: null, listenedNs: 2e9 }),
      {},
      /^querier note: no IGMP querier was heard .* says little/,
    ],
    [
      'that it could not be told',
      querier({ asked: null, hearsAll: false }),
      {},
      /^querier note: whether an IGMP querier is there could not be told/,
    ],
    [
      'a clock that runs free',
      {},
      { clock: sure({ synchronised: false, maximumErrorNs: 16e9 }) },
      /^clock note: .* not synchronised/,
    ],
    [
      'a clock that is far off',
      {},
      { clock: sure({ synchronised: true, maximumErrorNs: 5e8 }) },
      /^clock note: .* 500 ms off/,
    ],
    [
      'sleepy processors',
      {},
      { processors: sure({ governors: ['powersave', 'powersave'], stealSinceBoot: 0, stealNow: 0 }) },
      /^cpu note: 2 of 2 processors have the governor powersave/,
    ],
    [
      'a hypervisor that takes its share',
      {},
      { processors: sure({ governors: [], stealSinceBoot: 0.001, stealNow: 0.2 }) },
      /^cpu note: the hypervisor keeps back 20\.0 %/,
    ],
    [
      'a container',
      {},
      { environment: sure({ container: 'docker', wsl: null, cloud: null }) },
      /^environment note: .*docker/,
    ],
    [
      'no stamps of the kernel',
      {
        stamps: sure({
          receiveSoftware: false,
          receiveHardware: false,
          transmitSoftware: false,
          hardwareAll: false,
          clock: -1,
        }),
      },
      {},
      /^timestamps note/,
    ],
  ])('%s', (_name, place, host, pattern) => {
    const examination = examined(place, host);
    expect(troubles(examination)).toEqual([]);
    expect(troubles(examination, 'note')).toEqual([expect.stringMatching(pattern)]);
  });
});

describe('what is not known', () => {
  it('is told with its reason, and taken for no trouble', () => {
    const nothing = unknown('it is hidden', true);
    const place: Partial<PlaceFacts> = {
      groups: [{ ...FAR, ttl: 9 }],
      master: nothing,
      reversePathFilter: nothing,
      membershipLimit: nothing,
      sourceLimit: nothing,
      forcedVersion: nothing,
      protocol: nothing,
      querier: nothing,
      members: nothing,
      selfTests: nothing,
      buffer: nothing,
      stamps: nothing,
      growth: nothing,
      routes: new Map([['232.1.1.1', nothing]]),
      routesHere: new Map([['232.1.1.1', nothing]]),
      sourceRoutes: new Map([['10.9.9.9', nothing]]),
      interface: { ...ETH0, carrier: null, multicast: null, mtuOctets: null },
    };
    const host = { packetFilter: nothing, clock: nothing, processors: nothing, environment: nothing };
    const { findings, notChecked } = examined(place, host);
    expect(findings.filter(({ severity }) => severity === 'broken' || severity === 'warning')).toEqual([]);
    const ids = new Set(notChecked.map(({ id }) => id));
    for (const id of ['route', 'reverse-path', 'querier', 'members', 'firewall-group', 'self-test', 'clock', 'mtu']) {
      expect(ids).toContain(id);
    }
    expect(notChecked.find(({ id }) => id === 'querier')).toEqual({
      id: 'querier',
      interface: 'eth0',
      family: 4,
      reason: 'it is hidden',
      wants_root: true,
    });
  });

  it('does not blame the reverse path filter for a route that could not be asked', () => {
    const { notChecked } = examined({
      groups: [{ ...FAR, ttl: 9 }],
      reversePathFilter: sure({ own: 1, all: 0 }),
      sourceRoutes: new Map([['10.9.9.9', unknown('-')]]),
    });
    expect(notChecked.map(({ id }) => id)).toEqual(['reverse-path']);
  });
});

describe('several places', () => {
  it('are told apart, and what they share is said once', () => {
    const small = sure({ askedOctets: 65_536, grantedOctets: 65_536, mostOctets: 212_992 });
    const { findings } = examine(healthyHost(), [
      healthyPlace({ buffer: small }),
      healthyPlace({ family: 6, groups: [SIX], buffer: small, forcedVersion: sure({ own: 0, all: 1 }) }),
    ]);
    const buffer = findings.filter(({ id }) => id === 'receive-buffer');
    expect(buffer).toMatchObject([{ severity: 'warning', interface: 'eth0', family: null }]);
    expect(findings.filter(({ id, severity }) => id === 'membership-version' && severity === 'note')).toMatchObject([
      { interface: 'eth0', family: 6 },
    ]);
  });

  it('of a group of which no route is asked, nothing is said', () => {
    expect(troubles(examined({ routes: new Map(), routesHere: routes({ '239.1.1.1': THERE }) }))).toEqual([]);
  });
});

describe('many groups', () => {
  it('share what they share in a few lines', () => {
    const pairs = Array.from({ length: 100 }, (_, i) => [`239.1.1.${i}`, `239.129.1.${i}`]).flat();
    const flooded = Array.from({ length: 100 }, (_, i) => `239.0.0.${i}`);
    const groups = [...pairs, ...flooded].map((group) => wanted({ group }));
    const found = troubles(examined({ groups, membershipLimit: sure(1000) }));
    expect(found).toHaveLength(6);
    expect(found[4]).toMatch(/96 further Ethernet addresses are shared/);
    expect(found[5]).toMatch(
      /of 239\.0\.0\.0, 239\.0\.0\.1, 239\.0\.0\.2 and 97 more the Ethernet address is that of a control/,
    );
  });
});

describe('what follows from something else', () => {
  it('is not told beside it', () => {
    const broken = [{ group: '239.1.1.1', port: 5001, ttl: 0, sent: 5, received: 0, refusal: null }];
    const found = troubles(examined({ membershipLimit: sure(0), selfTests: sure(broken), ...querier({}) }));
    expect(found).toEqual([expect.stringMatching(/^membership-limit/)]);
  });
});
