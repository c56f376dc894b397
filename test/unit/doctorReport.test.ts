import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { CHECKS } from '../../src/diagnosis/checks.js';
import { verdictOf } from '../../src/diagnosis/examine.js';
import { planDoctor, type DoctorPlan } from '../../src/profile/doctorPlan.js';
import { doctorText } from '../../src/report/doctorText.js';
import { DoctorReportSchema, type DoctorReport, type Finding } from '../../src/result/modelDoctor.js';
import { doctorJsonSchema } from '../../src/result/jsonSchema.js';
import { examined, sure, wanted } from './doctorFixture.js';

function report(change: Partial<DoctorReport> = {}): DoctorReport {
  const { findings, notChecked } = examined({
    groups: [wanted({ group: '232.1.1.1', sources: ['10.0.0.9'], ttl: 4 })],
    forcedVersion: sure({ own: 2, all: 0 }),
  });
  const all = change.findings ?? [...findings];
  return {
    schema: 'mcastkit.doctor/1',
    complete: true,
    verdict: verdictOf(all),
    host: 'here',
    system: 'Linux 6.18',
    start: '2026-11-26T12:00:00.000000000Z',
    end: '2026-11-26T12:00:01.000000000Z',
    places: [
      {
        interface: 'eth0',
        family: 4,
        reason: 'asked for by name',
        groups: ['10.0.0.9@232.1.1.1:5001'],
        groups_total: 1,
      },
    ],
    listened_ns: 3e8,
    is_root: false,
    findings: all,
    not_checked: [...notChecked],
    ...change,
  };
}

const NOTE: Finding = {
  id: 'clock',
  severity: 'note',
  interface: null,
  family: null,
  text: 'the clock is not synchronised',
  evidence: [{ from: 'adjtimex', value: 'no' }],
  remedy: 'chronyd',
};

describe('the report as text', () => {
  it('is worst first, with what was seen and what to try, then what is fine', () => {
    expect(doctorText(report())).toBe(
      `eth0, IPv4 (asked for by name): 10.0.0.9@232.1.1.1:5001
BROKEN   membership-version: eth0 is forced to IGMPv2, in which no source can be
         asked for: the network knows nothing of a join of 10.0.0.9@232.1.1.1
         seen: test: eth0 2, all 0
         try:  sysctl -w net.ipv4.conf.eth0.force_igmp_version=0
ok       route: the route to 232.1.1.1 leads to eth0
ok       querier: the querier 10.0.0.1 speaks IGMPv3, every 125 s, and asked
         12.0 ms after 239.255.9.9 was left
ok       members: no other member told of itself (a switch that snoops keeps
         their reports from this host)
fine: interface-up, interface-carrier, interface-multicast, interface-address,
  interface-port, reverse-path, membership-limit, source-limit, ttl, mtu,
  receive-buffer, firewall-membership, firewall-group, address-range,
  address-overlap, self-test, timestamps, clock, cpu, environment
1 thing would break multicast here`,
    );
  });

  it('says where, of several places, what was not checked, and once what root would add', () => {
    const missing = { interface: 'eth0', family: 4, reason: 'nft: not permitted', wants_root: true } as const;
    const text = doctorText(
      report({
        complete: false,
        findings: [{ ...NOTE, id: 'mtu', severity: 'warning', interface: 'eth1', family: 6 }, NOTE],
        places: [4, 6].map((family) => ({
          interface: 'eth1',
          family: family as 4 | 6,
          reason: 'x',
          groups: ['a', 'b', 'c', 'd', 'e'],
          groups_total: 70,
        })),
        not_checked: [
          { ...missing, id: 'firewall-group' },
          { ...missing, id: 'firewall-membership' },
          { ...missing, id: 'firewall-group', family: 6 },
          { ...missing, id: 'mtu', reason: 'no file', wants_root: false },
        ],
      }),
    );
    expect(text).toBe(`eth1, IPv4 (x): a, b, c, d and 66 more
eth1, IPv6 (x): a, b, c, d and 66 more
warning  mtu (eth1, IPv6): the clock is not synchronised
         seen: adjtimex: no
         try:  chronyd
note     clock: the clock is not synchronised
         try:  chronyd
not checked: firewall-group, firewall-membership (nft: not permitted)
not checked: mtu (no file)
root (sudo) would add: rules that drop the group; rules that drop IGMP or MLD
nothing is broken here; 1 warning; it was cut short`);
    expect(doctorText(report({ is_root: true, not_checked: [{ ...missing, id: 'members' }] }))).not.toContain(
      'root (sudo)',
    );
  });

  it('is coloured on a terminal, and nothing that was read can steer one', () => {
    const hostile = report({ findings: [{ ...NOTE, severity: 'broken', text: 'a\u001B[2Jb', remedy: 'c\rd' }] });
    expect(doctorText(hostile, { color: true })).toContain('\u001B[31mBROKEN');
    // oxlint-disable-next-line no-control-regex -- there is to be none but those of colours
    expect(doctorText(hostile, { color: true })).not.toMatch(/\u001B(?!\[\d+m)|\r/);
    expect(doctorText(hostile)).toContain('a\uFFFD[2Jb');
  });

  it('has no line that is wider than a terminal', () => {
    for (const line of doctorText(report()).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('the document', () => {
  it('is what its schema says', () => {
    expect(DoctorReportSchema.parse(report())).toEqual(report());
    expect(doctorJsonSchema()).toMatchObject({ $id: 'urn:mcastkit.doctor:1', title: 'mcastkit.doctor/1' });
  });
});

describe('docs/doctor.md', () => {
  const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');

  it('has every check with what it looks at, in their order, and no other', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, id, what]) => [id, what]);
    const documented = rows.filter(([id]) => Object.hasOwn(CHECKS, id!) || id!.includes('-'));
    expect(documented).toEqual(Object.entries(CHECKS));
  });

  it('has every field of the document', () => {
    const fields = page.slice(page.indexOf('## As JSON'));
    for (const name of Object.keys(DoctorReportSchema.shape)) expect(fields).toContain(`\`${name}\``);
    for (const name of ['id', 'severity', 'text', 'evidence', 'remedy', 'reason', 'wants_root'])
      expect(fields).toContain(`\`${name}\``);
  });
});

async function planned(...words: readonly string[]): Promise<DoctorPlan> {
  const { given, operands } = await readCommandLine(['doctor', ...words]);
  const files = { readWhole: () => new Uint8Array(), isFile: () => false };
  return planDoctor(operands, given, { argv: words, nowUnixNs: 0n, random: () => 1, files }).plan;
}

describe('the plan', () => {
  it('needs no endpoint', async () => {
    expect(await planned()).toEqual({
      groups: [],
      iface: null,
      ipv6Only: false,
      listenNs: null,
      receiveBufferOctets: 67_108_864,
    });
    expect(await planned('-6', '--iface', 'eth0', '--wait', '135s', '--rcvbuf', '1Mi')).toEqual({
      groups: [],
      iface: 'eth0',
      ipv6Only: true,
      listenNs: 135e9,
      receiveBufferOctets: 1_048_576,
    });
  });

  it('takes what an endpoint says before what a flag says', async () => {
    const { groups } = await planned(
      '10.0.0.1@232.1.1.1+2:5001/ttl=4/iface=eth1',
      '239.1.1.1',
      '--ttl',
      '9',
      '--size',
      '100',
      '--iface',
      'eth0',
    );
    expect(
      groups.map(({ address, ttl, sizeOctets }) => [address.group, address.sources, address.iface, ttl, sizeOctets]),
    ).toEqual([
      ['232.1.1.1', ['10.0.0.1'], 'eth1', 4, 100],
      ['232.1.1.2', ['10.0.0.1'], 'eth1', 4, 100],
      ['239.1.1.1', [], 'eth0', 9, 100],
    ]);
  });

  it.each([
    ['probe://239.1.1.1:5001', 1316, null],
    ['rtp://239.1.1.1:5004', 1328, null],
    ['rtp://239.1.1.1:5004/ts-per-datagram=1', 200, null],
    ['mold://239.1.1.1:26400', 1472, null],
    ['mold://239.1.1.1:26400/mtu=9000', 8972, null],
    ['mold://ff15::8000:1/port=26400', 1452, null],
    ['probe://239.1.1.1:5001/size=1000/rate=8M', 1000, 1000],
    ['probe://239.1.1.1:5001/pps=50', 1316, 50],
    ['probe://239.1.1.1:5001/rate=max', 1316, null],
  ])('knows size and rate: %s', async (endpoint, size, perSecond) => {
    const [group] = (await planned(endpoint)).groups;
    expect([group!.sizeOctets, group!.packetsPerSecond]).toEqual([size, perSecond]);
  });

  it.each([
    [['10.0.0.1'], /single host/],
    [['239.1.1.1/unicast=yes', '10.0.0.1/unicast=yes'], /groups and hosts cannot be mixed/],
    [['10.0.0.1/unicast=yes'], /"10\.0\.0\.1\/unicast=yes" is a single host/],
    [['srt://239.1.1.1:9000'], /is one of SRT/],
    [['--wait', '0'], /above 0/],
  ])('refuses %s', async (words, pattern) => {
    const error: unknown = await planned(...words).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).message).toMatch(pattern);
    expect((error as McastError).exitStatus).toBe(2);
  });
});
