/** The profiles that come with the package: complete, explained, planned alike by both ends, and apart from each other. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CommandName } from '../../src/profile/options.js';
import { planCapacity } from '../../src/profile/capacityPlan.js';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { loadProfile, senderCommand } from '../../src/profile/profile.js';
import { PROFILE_SECTIONS, type ProfileOptions } from '../../src/profile/profileParts.js';
import { profileLine } from '../../src/cli/profileLine.js';
import { profileList, profileText } from '../../src/cli/profileText.js';
import { sendLoads, withPlannedRate } from '../../src/profile/sendLoads.js';
import { formatRate } from '../../src/core/format.js';
import { fold } from '../../src/report/fold.js';
import { styleOf } from '../../src/report/style.js';
import { planContext } from '../../src/runtime/planContext.js';
import { openProfile, shippedProfiles } from '../../src/runtime/profileFiles.js';
import { withProfile } from '../../src/runtime/withProfile.js';

const NAMES = [
  'capacity-1g',
  'capacity-search',
  'iot-telemetry-10k',
  'iptv-100-channels',
  'iptv-hd',
  'iptv-sd',
  'iptv-uhd',
  'market-data-itch-ab',
  'market-data-open-burst',
  'qos-two-classes',
  'st2022-7-pair',
];

async function asked(name: string, command: CommandName) {
  return await withProfile([], { command, values: { profile: name }, written: new Map() }, planContext([]));
}

async function sent(name: string) {
  const { operands, given, context } = await asked(name, 'send');
  return planSend(operands, given, context);
}

async function received(name: string) {
  const { operands, given, context } = await asked(name, 'recv');
  return planReceive(operands, given, context);
}

it('are these', () => {
  expect(shippedProfiles()).toEqual(NAMES);
});

function explained(options: ProfileOptions): void {
  for (const [option, values] of options) {
    for (const { why, text } of values) expect(why?.length ?? 0, `${option} ${text}`).toBeGreaterThan(15);
  }
}

const place = ({ group, port }: { group: string; port: number }): string => `${group} ${port}`;

describe.each(NAMES)('%s', (name) => {
  it('says what it is, and why each of its values is what it is', async () => {
    const profile = await loadProfile(name, openProfile);
    expect(profile.title, 'title').toMatch(/^[a-z]/);
    expect(profile.title!.length).toBeLessThan(41);
    expect(profile.about!.length, 'about').toBeGreaterThan(80);
    for (const file of profile.files) for (const section of PROFILE_SECTIONS) explained(file.sections[section]);
    for (const { endpoint, sections } of profile.endpoints!) {
      expect(endpoint.why?.length ?? 0, endpoint.text).toBeGreaterThan(15);
      for (const section of PROFILE_SECTIONS) explained(sections[section]);
    }
  });

  it('is planned without a problem at both ends, for the same groups, marked and judged', async () => {
    const send = await sent(name);
    const receive = await received(name);
    const groupsSent = send.plan.streams.flatMap(({ address, legB }) => [
      address,
      ...(legB === null ? [] : [legB.address]),
    ]);
    const media = receive.plan.streams.filter((_, i) => receive.plan.places[i]!.role === 'media');
    expect(groupsSent.map(place).toSorted()).toEqual(media.map(place).toSorted());
    // The receiver knows the marking that it is to expect.
    const sentDscps = new Set(send.plan.streams.map(({ tos }) => tos >>> 2));
    const expected = new Set(receive.plan.sentMarks.map(({ dscp }) => dscp));
    expect(expected).toEqual(sentDscps);
    expect(receive.output.limits.length).toBeGreaterThan(0);
    // TTL stays 1: who wants more says so.
    expect(send.plan.streams.every(({ ttl }) => ttl === 1)).toBe(true);
    expect(send.plan.streams.every(({ address }) => address.group.startsWith('239.255.'))).toBe(true);
  });

  it('cites RFC 4594 for its DSCP', async () => {
    const profile = await loadProfile(name, openProfile);
    const marks = [
      ...profile.files.flatMap(({ sections }) => sections.options.get('dscp') ?? []),
      ...profile.endpoints!.flatMap(({ sections }) => sections.options.get('dscp') ?? []),
    ];
    expect(marks.length).toBeGreaterThan(0);
    for (const { why } of marks) expect(why).toMatch(/RFC 4594 section \d/);
  });

  it('shows its values with their reasons, and the bandwidth that the plan makes', async () => {
    const profile = await loadProfile(name, openProfile);
    const { streams } = (await sent(name)).plan;
    const text = profileText({ profile, streams }, styleOf(false));
    expect(text.startsWith(`${profileLine(profile)}\n`)).toBe(true);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    const words = text.replaceAll(/\s+/g, ' ');
    for (const file of profile.files) {
      for (const values of file.sections.options.values()) {
        for (const { why } of values) expect(words).toContain(why!.replaceAll(/\s+/g, ' '));
      }
    }
    const loads = streams.flatMap((stream) => sendLoads(withPlannedRate(stream)!));
    const payload = loads.reduce((sum, load) => sum + load.packetsPerSecond * load.sizeOctets * 8, 0);
    expect(words).toContain(`${formatRate(payload)} of UDP payload`);
    expect(words).toContain(`mcast ${senderCommand(profile)} --profile ${name} mcast recv --profile ${name}`);
    // No figure of it is written by hand.
    const file = readFileSync(new URL(`../../profiles/${name}.yaml`, import.meta.url), 'utf8');
    expect(file).not.toContain(formatRate(payload));
    expect(profileList([{ profile, streams }])).toBe(
      `${name}  ${formatRate(payload).padStart(14)}  ${profile.title}\n`,
    );
    expect(fold(profileLine(profile)).split('\n').length).toBeLessThan(3);
  });
});

it('have groups of their own, also in the low 23 bits that Ethernet sees (RFC 1112 section 6.4)', async () => {
  const owners = new Map<string, string>();
  for (const name of NAMES) {
    for (const { address, legB } of (await sent(name)).plan.streams) {
      for (const { group } of [address, ...(legB === null ? [] : [legB.address])]) {
        const octets = group.split('.').map(Number);
        const ethernet = [octets[1]! & 0x7f, octets[2], octets[3]].join('.');
        expect(owners.get(ethernet), `${group} of ${name}`).toBeUndefined();
        owners.set(ethernet, name);
      }
    }
  }
});

async function send(words: readonly string[], values: object = {}) {
  const given = { command: 'send', values, written: new Map() } as const;
  const all = await withProfile(words, given, planContext([]));
  return { ...all, plan: planSend(all.operands, all.given, all.context).plan };
}

describe('a search', () => {
  it('is shown and listed by the rate that it goes up to, and is planned', async () => {
    const profile = await loadProfile('capacity-search', openProfile);
    expect(senderCommand(profile)).toBe('capacity');
    const { operands, given, context } = await asked('capacity-search', 'capacity');
    const { plan } = planCapacity(operands, given, context);
    expect(plan).toMatchObject({ method: 'continuous', sizes: [256, 1316], highestBitPerSecond: 1e9 });
    const planned = { profile, streams: plan.send.streams, highestBitPerSecond: plan.highestBitPerSecond };
    expect(profileText(planned, styleOf(false))).toContain('up to 1.00 Gbit/s of Ethernet frames, step by step');
    expect(profileList([planned])).toContain('  to 1.00 Gbit/s  ');
  });

  it('is no other shipped one', async () => {
    for (const name of NAMES.filter((one) => one !== 'capacity-search')) {
      expect(senderCommand(await loadProfile(name, openProfile)), name).toBe('send');
    }
  });
});

describe('in place of an endpoint, and beside some', () => {
  it('a name stands for its endpoints and its options', async () => {
    const { plan, profile } = await send(['qos-two-classes', 'probe://239.9.9.9:5001']);
    expect(profile!.name).toBe('qos-two-classes');
    expect(plan.streams.map(({ address, tos }) => [address.name, address.group, tos >>> 2])).toEqual([
      ['voice', '239.255.21.1', 46],
      ['bulk', '239.255.21.2', 0],
      [null, '239.9.9.9', 0],
    ]);
    expect(plan.durationNs).toBe(30e9);
  });

  it('the flag leaves the endpoints of the command line alone', async () => {
    const { plan } = await send(['rtp://239.9.9.9:5004'], { profile: 'iptv-hd' });
    expect(plan.streams.map(({ address, tos }) => [address.group, tos >>> 2])).toEqual([['239.9.9.9', 24]]);
  });

  it('limits of an endpoint are for the receiver, and for its streams alone', async () => {
    expect((await sent('qos-two-classes')).output.limits).toEqual([]);
    const { output } = await received('qos-two-classes');
    expect(output.limits.map(({ expression, places }) => [expression, places!.map(({ group }) => group)])).toEqual([
      ['loss_ratio <= 0.1%', ['239.255.21.1']],
      ['pdv_ns.p999 <= 50ms', ['239.255.21.1']],
      ['dscp_received == ef', ['239.255.21.1']],
      ['dscp_received == cs0', ['239.255.21.2']],
    ]);
  });

  it.each<[string, readonly string[], object, string]>([
    ['two', ['iptv-hd', 'iptv-sd'], {}, '"iptv-hd" and "iptv-sd" are profiles: one holds for a run'],
    ['two, one by the flag', ['iptv-sd'], { profile: 'iptv-hd' }, 'are profiles: one holds for a run'],
    ['nearly a name', ['iptv-hdd'], {}, 'no profile "iptv-hdd"; did you mean iptv-hd'],
    ['no name', [], { profile: 'nope' }, 'no profile "nope" (capacity-1g'],
    ['no file', [], { profile: './nope.yaml' }, 'nope.yaml cannot be read'],
    ['a folder', [], { profile: '/' }, 'illegal operation on a directory'],
  ])('refused: %s', async (_what, words, values, message) => {
    await expect(send(words, values)).rejects.toThrow(message);
  });
});
