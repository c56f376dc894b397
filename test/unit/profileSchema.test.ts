import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { OPTION_NAMES, OPTIONS, type OptionRow } from '../../src/profile/options.js';
import { isProfileOption, readProfileFile } from '../../src/profile/profileFile.js';
import { profileJsonSchema } from '../../src/profile/profileJsonSchema.js';
import { ProfileSchema } from '../../src/profile/profileSchema.js';
import { shippedProfiles } from '../../src/runtime/profileFiles.js';

async function isRead(text: string): Promise<boolean> {
  return await readProfileFile(text, 'f').then(
    () => true,
    () => false,
  );
}

describe('the schema of a profile', () => {
  it.each(shippedProfiles())('describes the shipped one: %s', (name) => {
    const text = readFileSync(new URL(`../../profiles/${name}.yaml`, import.meta.url), 'utf8');
    expect(ProfileSchema.parse(parse(text))).toEqual(parse(text));
  });

  // Whatever is about the form of a file; what values mean is the reader's alone.
  it.each([
    'title: x',
    'title: [x]',
    'titel: x',
    'rate: 5M',
    'options: {dscp: ef, ttl: 3, loop: true}',
    'options: {dscpp: ef}',
    'options: {against: x}',
    'options: {profile: x}',
    'options: {inject: slow=1}',
    'options: {ttl: [1, 2]}',
    'options: {ttl: ~}',
    'options: {ttl: {value: 3, why: x}}',
    'options: {ttl: {value: 3, wy: x}}',
    'options: {ttl: {why: x}}',
    'options: [ttl]',
    'options: ~',
    'sender: {rate: 5M}',
    'sender: {once: yes}',
    'receiver: {once: yes}',
    'receiver: {rate: 5M}',
    'receiver: {max: loss_ratio=0}',
    'receiver: {max: [loss_ratio=0, {value: jitter_ns=1ms, why: x}]}',
    'receiver: {max: []}',
    'receiver: {max: [[loss_ratio=0]]}',
    'endpoints: probe://239.1.1.1',
    'endpoints: []',
    'endpoints: [probe://239.1.1.1, {endpoint: probe://239.1.1.2, name: x, dscp: ef, receiver: {max: loss_ratio=0}}]',
    'endpoints: {endpoint: {value: rtp://239.1.1.1, why: x}, leg-b: rtp://239.1.1.2, why: y}',
    'endpoints: {name: x}',
    'endpoints: {endpoint: probe://239.1.1.1, duration: 5s}',
    'endpoints: {endpoint: probe://239.1.1.1, receiver: {once: yes}}',
    'extends: iptv-hd',
    'extends: [iptv-hd]',
    '- a',
  ])('agrees with the reader: %s', async (text) => {
    expect(ProfileSchema.safeParse(parse(text)).success).toBe(await isRead(text));
  });

  it('has each option with what the table says of it', () => {
    const { $defs, $id } = profileJsonSchema() as { $defs: Record<string, { description: string }>; $id: string };
    expect($id).toBe('urn:mcastkit.profile:1');
    for (const name of OPTION_NAMES.filter((one) => isProfileOption(one, 'options'))) {
      const { help }: OptionRow = OPTIONS[name];
      expect($defs[name]?.description, name).toContain(help);
    }
  });
});
