import { describe, expect, it } from 'vitest';
import { firewallRules } from '../../src/diagnosis/firewallRules.js';
import { parseIptablesRuleset } from '../../src/diagnosis/iptablesRuleset.js';
import { listedRulesets } from '../../src/diagnosis/listedRulesets.js';
import { parseNftRuleset } from '../../src/diagnosis/nftRuleset.js';
import { isFinding } from '../../src/diagnosis/outcome.js';
import { judgePacket, type Ruleset, type SamplePacket } from '../../src/diagnosis/packetFilter.js';
import { healthyHost, healthyPlace, sure, wanted } from './doctorFixture.js';

const DATAGRAM: SamplePacket = {
  family: 4,
  direction: 'in',
  interfaceName: 'eth0',
  source: '10.0.0.9',
  destination: '239.1.1.1',
  protocol: 17,
  destinationPort: 5001,
  messageType: null,
  ttl: null,
  connection: 'new',
};
const QUERY: SamplePacket = {
  ...DATAGRAM,
  source: null,
  destination: '224.0.0.1',
  protocol: 2,
  destinationPort: null,
  messageType: 0x11,
  ttl: 1,
};
const MLD: SamplePacket = {
  ...QUERY,
  family: 6,
  destination: 'ff02::1',
  protocol: 58,
  messageType: 130,
  connection: 'untracked',
};

type Json = unknown;

/** `left` as nft writes it: `ip daddr`, `meta l4proto`, `ct state`. */
function match(field: string, right: Json, op = '=='): Json {
  const [protocol, name] = field.split(' ');
  const left =
    protocol === 'meta'
      ? { meta: { key: name } }
      : protocol === 'ct'
        ? { ct: { key: name } }
        : { payload: { protocol, field: name } };
  return { match: { op, left, right } };
}

const DROP = { drop: null };
const ACCEPT = { accept: null };

interface Chain {
  readonly name?: string;
  readonly hook?: string;
  readonly policy?: string;
  readonly dev?: string;
  readonly rules: readonly (readonly Json[])[];
}

function nft(chains: readonly Chain[], family = 'inet', further: readonly Json[] = []): Ruleset {
  const objects: Json[] = [{ metainfo: { version: '1.0.6' } }, { table: { family, name: 't' } }, ...further];
  for (const { name = 'c', hook = 'input', policy = 'accept', dev, rules } of chains) {
    const base = hook === '' ? {} : { type: 'filter', hook, prio: 0, policy };
    objects.push({ chain: { family, table: 't', name, ...base, ...(dev === undefined ? {} : { dev }) } });
    for (const expr of rules) objects.push({ rule: { family, table: 't', chain: name, expr } });
  }
  return parseNftRuleset(JSON.stringify({ nftables: objects }))!;
}

function outcome(rules: readonly (readonly Json[])[], packet = DATAGRAM, policy = 'accept'): string {
  return judgePacket(nft([{ rules, policy }]), packet).outcome;
}

function concat(fields: readonly string[], rows: readonly (readonly Json[])[]): Json {
  const parts = fields.map((field) => ({ payload: { protocol: field.split(' ')[0], field: field.split(' ')[1] } }));
  const right = { set: rows.map((row) => ({ concat: row })) };
  return { match: { op: '==', left: { concat: parts }, right } };
}

/** Packets of an interface go to the chain `zone`. */
function zoneOf(name: string): Json {
  return {
    vmap: { key: { meta: { key: 'iifname' } }, data: { set: [[name, { goto: { target: 'zone' } }]] } },
  };
}

function told(
  ruleset: Ruleset,
  group = wanted(),
): { id: string; severity: string; text: string; remedy: string | null }[] {
  const place = healthyPlace({ groups: [group], family: group.group.includes(':') ? 6 : 4 });
  return [...firewallRules(place, healthyHost({ packetFilter: sure(ruleset) }))].filter(isFinding);
}

describe('rules of nftables', () => {
  it.each<[string, readonly Json[], string]>([
    ['of a group', [match('ip daddr', '239.1.1.1'), DROP], 'drop'],
    ['of another group', [match('ip daddr', '239.1.1.2'), DROP], 'pass'],
    ['of a network', [match('ip daddr', { prefix: { addr: '239.0.0.0', len: 8 } }), DROP], 'drop'],
    ['of a range', [match('ip daddr', { range: ['239.1.0.0', '239.1.0.255'] }), DROP], 'pass'],
    ['of anything but a network', [match('ip daddr', { prefix: { addr: '224.0.0.0', len: 24 } }, '!='), DROP], 'drop'],
    ['of ports', [match('udp dport', { set: [53, { range: [5000, 5010] }] }), DROP], 'drop'],
    ['of ports above', [match('udp dport', 5001, '>'), DROP], 'pass'],
    ['of ports from', [match('udp dport', 5001, '>='), DROP], 'drop'],
    ['of TCP', [match('tcp dport', 5001), DROP], 'pass'],
    ['of IPv6', [match('ip6 daddr', { prefix: { addr: 'ff00::', len: 8 } }), DROP], 'pass'],
    ['of protocols', [match('meta l4proto', { set: ['tcp', 'udp'] }), DROP], 'drop'],
    ['of an interface', [match('meta iifname', 'eth1'), DROP], 'pass'],
    ['of interfaces', [match('meta iifname', 'eth*'), DROP], 'drop'],
    ['of where it leaves', [match('meta oifname', 'eth0'), DROP], 'pass'],
    ['of multicast', [match('meta pkttype', 'multicast'), DROP], 'drop'],
    ['of what is known already', [match('ct state', ['established', 'related'], 'in'), DROP], 'pass'],
    [
      'of the other source',
      [match('ip saddr', { set: ['10.0.0.1', { prefix: { addr: '10.1.0.0', len: 16 } }] }), DROP],
      'pass',
    ],
    ['of a source', [match('ip saddr', { elem: { val: '10.0.0.9', comment: 'x' } }), DROP], 'drop'],
    ['of what is not known', [match('meta mark', 7), DROP], 'perhaps'],
    ['of what is not known, and something else', [match('meta mark', 7), match('udp dport', 1), DROP], 'pass'],
    ['of a limit', [{ limit: { rate: 10, per: 'second' } }, DROP], 'perhaps'],
    ['that refuses', [{ reject: null }], 'drop'],
    ['that counts only', [{ counter: { packets: 4, bytes: 9 } }], 'pass'],
    ['of groups and ports together', [concat(['ip daddr', 'udp dport'], [['239.1.1.1', 5001]]), DROP], 'drop'],
    [
      'of other groups and ports',
      [
        concat(
          ['ip daddr', 'udp dport'],
          [
            ['239.1.1.1', 5002],
            ['239.1.1.2', 5001],
          ],
        ),
        DROP,
      ],
      'pass',
    ],
  ])('%s', (_name, rule, expected) => {
    expect(outcome([rule])).toBe(expected);
  });

  it('before others decide', () => {
    expect(outcome([[match('udp dport', 5001), ACCEPT], [DROP]])).toBe('pass');
    expect(outcome([[match('udp dport', 5002), ACCEPT], [DROP]])).toBe('drop');
    expect(outcome([[match('meta mark', 1), ACCEPT], [DROP]])).toBe('perhaps');
    expect(outcome([[{ return: null }], [DROP]])).toBe('pass');
    expect(outcome([[{ return: null }]], DATAGRAM, 'drop')).toBe('drop');
    expect(outcome([[match('meta mark', 1), { return: null }]], DATAGRAM, 'drop')).toBe('perhaps');
    expect(outcome([], DATAGRAM, 'drop')).toBe('drop');
    expect(outcome([[match('udp dport', 5001), ACCEPT]], DATAGRAM, 'drop')).toBe('pass');
  });

  it('in chains of their own, by jumps, and by maps', () => {
    const zone: Chain = { name: 'zone', hook: '', rules: [[match('udp dport', 5001), ACCEPT], [DROP]] };
    const by = (statement: Json): string => {
      const ruleset = nft([{ name: 'base', rules: [[statement]] }, zone]);
      const [wantedPort, other] = [DATAGRAM, { ...DATAGRAM, destinationPort: 9 }].map((one) =>
        judgePacket(ruleset, one),
      );
      return `${wantedPort!.outcome} ${other!.outcome}`;
    };
    expect(by({ jump: { target: 'zone' } })).toBe('pass drop');
    expect(by({ goto: { target: 'zone' } })).toBe('pass drop');
    expect(by({ jump: { target: 'nowhere' } })).toBe('pass pass');
    expect(by(zoneOf('eth0'))).toBe('pass drop');
    expect(by(zoneOf('eth1'))).toBe('pass pass');
    const round = nft([{ name: 'base', rules: [[{ jump: { target: 'base' } }]] }]);
    expect(judgePacket(round, DATAGRAM).outcome).toBe('pass');
  });

  it('of sets by their names, of hooks, families and devices', () => {
    const set = { set: { family: 'inet', table: 't', name: 'g', elem: [{ prefix: { addr: '239.1.0.0', len: 16 } }] } };
    expect(judgePacket(nft([{ rules: [[match('ip daddr', '@g'), DROP]] }], 'inet', [set]), DATAGRAM).outcome).toBe(
      'drop',
    );
    const everything = [[DROP]];
    expect(judgePacket(nft([{ hook: 'output', rules: everything }]), DATAGRAM).outcome).toBe('pass');
    expect(judgePacket(nft([{ hook: 'output', rules: everything }]), { ...DATAGRAM, direction: 'out' }).outcome).toBe(
      'drop',
    );
    expect(judgePacket(nft([{ hook: 'forward', rules: everything }]), DATAGRAM).outcome).toBe('pass');
    expect(judgePacket(nft([{ rules: everything }], 'ip6'), DATAGRAM).outcome).toBe('pass');
    expect(judgePacket(nft([{ rules: everything }], 'bridge'), DATAGRAM).outcome).toBe('pass');
    const ingress = (dev?: string): string =>
      judgePacket(
        nft([{ hook: 'ingress', ...(dev === undefined ? {} : { dev }), rules: everything }], 'netdev'),
        DATAGRAM,
      ).outcome;
    expect([ingress('eth0'), ingress('eth1'), ingress()]).toEqual(['drop', 'pass', 'perhaps']);
  });

  it('of IGMP and MLD', () => {
    expect(outcome([[match('ip protocol', 'igmp'), DROP]], QUERY)).toBe('drop');
    expect(outcome([[match('igmp type', 'membership-query'), DROP]], QUERY)).toBe('drop');
    expect(outcome([[match('igmp type', 'leave-group'), DROP]], QUERY)).toBe('pass');
    expect(outcome([[match('ip ttl', 5, '<'), DROP]], QUERY)).toBe('drop');
    expect(outcome([[match('icmpv6 type', 'mld-listener-query'), DROP]], MLD)).toBe('drop');
    expect(outcome([[match('icmpv6 type', { set: ['echo-request'] }), DROP]], MLD)).toBe('perhaps');
    expect(outcome([[match('meta l4proto', 'ipv6-icmp'), ACCEPT]], MLD, 'drop')).toBe('pass');
    expect(outcome([[match('ct state', 'new'), DROP]], MLD)).toBe('pass');
    // Before the ICMPv6 of MLD there is a hop-by-hop header.
    expect(outcome([[match('ip6 nexthdr', 'ipv6-icmp'), ACCEPT]], MLD, 'drop')).toBe('drop');
  });

  it('are told as nft writes them, with what they have counted', () => {
    const verdict = judgePacket(
      nft([
        {
          rules: [
            [
              match('ip daddr', { prefix: { addr: '239.0.0.0', len: 8 } }),
              { counter: { packets: 12, bytes: 1 } },
              DROP,
            ],
          ],
        },
      ]),
      DATAGRAM,
    );
    expect(verdict).toEqual({
      outcome: 'drop',
      table: 'nft inet t',
      chain: 'c',
      rule: 'ip daddr 239.0.0.0/8 drop',
      packets: 12,
    });
  });

  it('whatever it is handed, does not throw', () => {
    for (const text of ['', 'nonsense', 'null', '[]', '{}', '{"nftables":3}', '{"nftables":{"__proto__":1}}']) {
      expect(parseNftRuleset(text)).toBeNull();
    }
    const odd = [
      null,
      1,
      'x',
      [],
      { chain: null },
      { chain: {} },
      { rule: {} },
      { rule: { family: 'inet', table: 't', chain: 'c' } },
      { chain: { family: 'constructor', table: 't', name: 'c', hook: 'input' } },
      { chain: { family: 'inet', table: 't', name: 'c', hook: 'input', policy: 'accept' } },
      ...[
        null,
        1,
        [],
        {},
        { match: null },
        { match: {} },
        { match: { op: '<', left: [], right: {} } },
        { vmap: {} },
        { vmap: { data: '@x' } },
        { jump: {} },
        { match: { op: '==', left: { concat: [1, null] }, right: { set: [{ concat: [1] }, 3] } } },
        { match: { op: '==', left: { meta: { key: 'constructor' } }, right: { set: null } } },
        { drop: null },
      ].map((expr) => ({ rule: { family: 'inet', table: 't', chain: 'c', expr: [expr] } })),
    ];
    const ruleset = parseNftRuleset(JSON.stringify({ nftables: odd }))!;
    expect(['perhaps', 'drop']).toContain(judgePacket(ruleset, DATAGRAM).outcome);
  });
});

const SAVED = `# Generated by iptables-save v1.8.9 (nf_tables) on Wed Nov 25 10:00:00 2026
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -j DROP
COMMIT
*filter
:INPUT DROP [10:600]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:services - [0:0]
[5:300] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[0:0] -A INPUT -i lo -j ACCEPT
[0:0] -A INPUT -p igmp -m comment --comment "let the \\"switch\\" ask" -j ACCEPT
[0:0] -A INPUT -j services
[7:420] -A INPUT -d 239.9.0.0/16 -p udp -m udp --dport 5000:5010 -j REJECT --reject-with icmp-port-unreachable
[0:0] -A services -p udp -m multiport --dports 5001,6001 -j ACCEPT
[0:0] -A services ! -s 10.0.0.0/8 -j LOG --log-prefix "not ours"
[0:0] -A services -p tcp -m tcp --dport 22 -j ACCEPT
[0:0] -A services -m recent --rcheck --name x -j ACCEPT
COMMIT
`;

/** What a rule that drops by the type of the address makes of a packet. */
function outcomeOf(type: string, packet: SamplePacket): string {
  const text = `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m addrtype --dst-type ${type} -j DROP\n`;
  return judgePacket(parseIptablesRuleset(text, 4), packet).outcome;
}

describe('rules of iptables', () => {
  const ruleset = parseIptablesRuleset(SAVED, 4);

  it('accept and drop in their order', () => {
    expect(judgePacket(ruleset, DATAGRAM).outcome).toBe('pass');
    expect(judgePacket(ruleset, QUERY).outcome).toBe('pass');
    // The match "recent" cannot be told, and it might accept.
    expect(judgePacket(ruleset, { ...DATAGRAM, destinationPort: 7 })).toMatchObject({
      outcome: 'perhaps',
      rule: 'policy drop',
    });
    const sure = parseIptablesRuleset(SAVED.replace(/^.*recent.*$/m, ''), 4);
    expect(judgePacket(sure, { ...DATAGRAM, destinationPort: 7 })).toMatchObject({ outcome: 'drop', chain: 'INPUT' });
    expect(judgePacket(sure, { ...DATAGRAM, destination: '239.9.1.1', destinationPort: 5005 })).toMatchObject({
      outcome: 'drop',
      table: 'iptables filter',
      packets: 7,
    });
  });

  it('know the types of addresses', () => {
    expect([outcomeOf('MULTICAST', DATAGRAM), outcomeOf('LOCAL', DATAGRAM)]).toEqual(['drop', 'pass']);
    expect(outcomeOf('LOCAL', { ...DATAGRAM, destination: '10.0.0.1' })).toBe('perhaps');
  });

  it('are of their own version', () => {
    expect(judgePacket(ruleset, { ...MLD }).outcome).toBe('pass');
    const six = parseIptablesRuleset(
      '*filter\n:INPUT DROP [0:0]\n-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 130 -j ACCEPT\nCOMMIT\n',
      6,
    );
    expect(judgePacket(six, MLD).outcome).toBe('pass');
    expect(judgePacket(six, { ...MLD, messageType: 131 }).outcome).toBe('drop');
  });

  it('of another form are passed over', () => {
    expect(parseIptablesRuleset('', 4)).toEqual([]);
    expect(parseIptablesRuleset('-A INPUT -j DROP\n*filter\n-A NONE -j DROP\n:INPUT\nrubbish', 4)).toMatchObject([
      { chains: [] },
    ]);
  });
});

/** Tables that are read. */
function names(...texts: readonly (readonly [program: string, text: string])[]): string[] | null {
  return listedRulesets(texts.map(([program, text]) => ({ program, text })))?.map(({ name }) => name) ?? null;
}

function chainOf(table: string): Json {
  return { chain: { family: 'ip', table, name: 'INPUT', hook: 'input', prio: 0 } };
}

describe('rules that several programs list', () => {
  const NFT = JSON.stringify({ nftables: [chainOf('filter'), chainOf('own')] });
  const IN_NFTABLES = SAVED;
  const OLDER = '# Generated by iptables-save v1.8.9 on Wed\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n';

  it('are read once, by the program that understands them', () => {
    expect(names(['nft', NFT])).toEqual(['nft ip filter', 'nft ip own']);
    expect(names(['nft', NFT], ['iptables-save', IN_NFTABLES])).toEqual(['nft ip own', 'iptables filter']);
    // The older tables are others, whatever they are called.
    expect(names(['nft', NFT], ['iptables-save', OLDER], ['iptables-legacy-save', OLDER])).toEqual([
      'nft ip filter',
      'nft ip own',
      'iptables filter',
    ]);
    expect(names(['iptables-save', IN_NFTABLES], ['iptables-legacy-save', OLDER])).toEqual([
      'iptables filter',
      'iptables-legacy filter',
    ]);
    expect(names(['iptables-save', ''], ['ip6tables-legacy-save', OLDER])).toEqual(['ip6tables-legacy filter']);
  });

  it('are not known where nft does not write JSON', () => {
    expect(names(['nft', 'table ip filter'])).toBe(null);
    expect(names(['nft', 'table ip filter'], ['iptables-save', ''])).toEqual([]);
  });
});

describe('what is found of them', () => {
  it('what drops, in which direction, and the command that lets it pass', () => {
    const ruleset = nft([
      { name: 'in', rules: [[match('ip protocol', 'igmp'), DROP]] },
      { name: 'out', hook: 'output', rules: [[match('udp dport', 5001), DROP]] },
    ]);
    expect(told(ruleset)).toMatchObject([
      { id: 'firewall-membership', severity: 'broken', remedy: 'nft insert rule inet t in ip protocol igmp accept' },
      {
        id: 'firewall-group',
        severity: 'broken',
        text: expect.stringContaining('drops what this host sends to 239.1.1.1 port 5001'),
        remedy: 'nft insert rule inet t out ip daddr 239.1.1.1 udp dport 5001 accept',
      },
    ]);
    const closed = parseIptablesRuleset('*filter\n:INPUT DROP [0:0]\nCOMMIT\n', 4);
    expect(told(closed).map(({ remedy }) => remedy)).toEqual([
      'iptables -t filter -I INPUT -p igmp -j ACCEPT',
      'iptables -t filter -I INPUT -d 239.1.1.1 -p udp --dport 5001 -j ACCEPT',
    ]);
  });

  it('what may drop is a note, and without a group a closed host is a warning', () => {
    expect(told(nft([{ rules: [[match('meta mark', 1), DROP]] }]))).toMatchObject([
      { id: 'firewall-membership', severity: 'note' },
      { id: 'firewall-group', severity: 'note', text: expect.stringContaining('cannot be told') },
    ]);
    const closed = nft([{ policy: 'drop', rules: [[match('meta l4proto', 'igmp'), ACCEPT]] }]);
    const place = healthyPlace({ groups: [] });
    const general = [...firewallRules(place, healthyHost({ packetFilter: sure(closed) }))].filter(isFinding);
    expect(general).toMatchObject([
      { id: 'firewall-membership', severity: 'ok' },
      { id: 'firewall-group', severity: 'warning' },
    ]);
  });
});
