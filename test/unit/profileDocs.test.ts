import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { loadProfile, type ProfileText } from '../../src/profile/profile.js';
import { PROFILE_KEYS } from '../../src/profile/profileParts.js';
import { joinProfile } from '../../src/runtime/joinProfile.js';
import { planContext } from '../../src/runtime/planContext.js';
import { openProfile, shippedProfiles } from '../../src/runtime/profileFiles.js';

const page = readFileSync(new URL('../../docs/profiles.md', import.meta.url), 'utf8');

/** First cells of the rows of a table, as code. */
function firstCells(heading: string): string[] {
  const rows = page
    .slice(page.indexOf(`| ${heading} |`))
    .split('\n\n')[0]!
    .split('\n')
    .slice(2);
  return rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

it('the page has every shipped profile and every key of a file', () => {
  expect(firstCells('profile').toSorted()).toEqual(shippedProfiles());
  expect(firstCells('key').toSorted()).toEqual([...PROFILE_KEYS].toSorted());
});

it('the file on the page is read, extends what it says, and is planned at both ends', async () => {
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const open = (name: string, from: string | null): ProfileText =>
    name === 'studio.yaml' ? { text: text!, source: name, id: name } : openProfile(name, from);
  const profile = await loadProfile('studio.yaml', open);
  expect(profile.files).toHaveLength(2);
  const asked = (command: 'send' | 'recv') =>
    joinProfile(profile, [], { command, values: {}, written: new Map() }, planContext([]));
  const sent = asked('send');
  const { streams } = planSend(sent.operands, sent.given, sent.context).plan;
  expect(streams).toMatchObject([
    {
      address: { name: 'Camera 1', iface: 'eth0' },
      ttl: 16,
      tos: 34 << 2,
      media: { loop: true, muxRateBitPerSecond: null },
    },
  ]);
  const received = asked('recv');
  const { plan, output } = planReceive(received.operands, received.given, received.context);
  expect(plan.mergeWindowNs).toBe(10e6);
  const limits = output.limits.map(({ expression }) => expression);
  expect(limits).toContain('arbitration.skew_ns.max <= 10ms');
  expect(limits).toContain('arbitration.both_lost <= 0');
  expect(limits).not.toContain('arbitration.skew_ns.max <= 50ms');
  expect(output.eachLimits).toMatchObject([{ expression: 'each rate_bit_per_second >= 9M' }]);
});
