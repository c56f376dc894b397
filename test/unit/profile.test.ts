import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { readCommandLine } from '../../src/cli/program.js';
import { loadProfile, profileOptions, withProfileOptions, type ProfileText } from '../../src/profile/profile.js';

/** Files by name. */
function opener(files: Readonly<Record<string, string>>) {
  return (name: string): ProfileText => {
    const text = files[name];
    if (text === undefined) throw new McastError('ERR_PROFILE', `no profile "${name}"`);
    return { text, source: name, id: name };
  };
}

/** What holds for `mcast <line>` with the profile `a` of these files: option, and its texts. */
async function held(files: Readonly<Record<string, string>>, line: string): Promise<Record<string, readonly string[]>> {
  const { given } = await readCommandLine(line.split(' '));
  const all = withProfileOptions(given, await loadProfile('a', opener(files)));
  return Object.fromEntries(all.written);
}

const SEND = 'send probe://239.1.1.1:5001';
const RECV = 'recv probe://239.1.1.1:5001';

describe('options of a profile', () => {
  it('are those that the command has: of both ends, and of its own', async () => {
    const a = 'options: {dscp: ef, rate: 5M, until-idle: 3s}\nsender: {size: 100}\nreceiver: {once: yes}';
    expect(await held({ a }, SEND)).toEqual({ rate: ['5M'], size: ['100'], dscp: ['ef'] });
    expect(await held({ a }, RECV)).toEqual({ dscp: ['ef'], once: ['yes'], 'until-idle': ['3s'] });
    expect(await held({ a }, 'check probe://239.1.1.1:5001')).toEqual({
      rate: ['5M'],
      size: ['100'],
      dscp: ['ef'],
    });
  });

  it('give way to the flag, the section to nothing farther, and the extending file goes before the extended', async () => {
    const a = 'extends: b\noptions: {ttl: 3}\nsender: {size: 200}';
    const b = 'options: {ttl: 2, dscp: af41}\nsender: {ttl: 4, size: 100, pps: 10}';
    expect(await held({ a, b }, `${SEND} --size 300`)).toEqual({
      pps: ['10'],
      size: ['300'],
      ttl: ['3'],
      dscp: ['af41'],
    });
  });

  it('have limits of their own beside those of the command line, unless these are on the same figure', async () => {
    const a = 'receiver: {max: [loss_ratio=1%, jitter_ns=1ms], expect: dscp_received==ef, label: [a=1, b=2]}';
    const line = `${RECV} --max loss_ratio=2% --min packets_received=5 --expect dscp_received!=cs0 --label b=3`;
    expect(await held({ a }, line)).toEqual({
      label: ['a=1', 'b=3'],
      max: ['jitter_ns=1ms', 'loss_ratio=2%'],
      min: ['packets_received=5'],
      expect: ['dscp_received!=cs0'],
    });
  });

  it('that are lists otherwise are replaced whole', async () => {
    const a = 'sender: {ffmpeg-output: [-a, -b]}';
    expect(await held({ a }, `${SEND} --ffmpeg-output=-c`)).toEqual({ 'ffmpeg-output': ['-c'] });
  });

  it.each<[string, string, string, Record<string, readonly string[]>]>([
    ['a rate instead of datagrams', 'sender: {pps: 5}', '--rate 1M', { rate: ['1M'] }],
    ['datagrams instead of a rate', 'sender: {rate: 1M}', '--pps 5', { pps: ['5'] }],
    ['a burst instead of a rate', 'sender: {rate: 1M}', '--pattern burst:5/1ms', { pattern: ['burst:5/1ms'] }],
    ['a rate instead of a burst', 'sender: {pattern: burst:5/1ms}', '--rate 1M', { rate: ['1M'] }],
    ['a rate beside a pattern', 'sender: {pattern: poisson}', '--rate 1M', { rate: ['1M'], pattern: ['poisson'] }],
    ['a DSCP instead of an octet', 'options: {tos: 184}', '--dscp ef', { dscp: ['ef'] }],
    ['a payload instead of an input', 'sender: {input: a.ts}', '--payload text:a', { payload: ['text:a'] }],
    ['a trace instead of messages a second', 'sender: {mps: 5}', '--arrivals trace:a', { arrivals: ['trace:a'] }],
    ['messages a second instead of a trace', 'sender: {arrivals: "trace:a"}', '--mps 5', { mps: ['5'] }],
  ])('do not contradict what is said instead: %s', async (_what, a, flags, expected) => {
    expect(await held({ a }, `${SEND} ${flags}`)).toEqual(expected);
    // A file that extends another one is to it as the command line is to a profile.
    const [name, value] = flags.slice(2).split(' ');
    expect(await held({ a: `extends: b\nsender: {${name}: "${value}"}`, b: a }, SEND)).toEqual(expected);
  });

  it('are taken away by null', async () => {
    const files = {
      a: 'extends: b\noptions: {dscp: null}\nsender: {max: ~}',
      b: 'options: {dscp: ef, ttl: 2}\nsender: {max: sender.sent=1}',
    };
    expect(await held(files, SEND)).toEqual({ ttl: ['2'] });
  });

  it('keep their reasons and their places', async () => {
    const profile = await loadProfile(
      'a',
      opener({ a: 'extends: b\noptions: {ttl: 3}', b: 'options:\n  dscp: {value: ef, why: fast}' }),
    );
    expect([...profileOptions(profile, 'recv')]).toEqual([
      ['ttl', [{ text: '3', why: null, at: 'a:2:16' }]],
      ['dscp', [{ text: 'ef', why: 'fast', at: 'b:2:17' }]],
    ]);
  });
});

async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  return await loadProfile('a', opener(files)).then(
    () => 'accepted',
    (error: McastError) => `${error.code} ${error.message}`,
  );
}

describe('extending', () => {
  it('takes title and endpoints from the nearest file that has them, and the description from none but its own', async () => {
    const files = {
      a: 'extends: b',
      b: 'extends: c\nabout: b is about',
      c: 'title: of c\nendpoints: probe://239.1.1.1:5001',
    };
    expect(await loadProfile('a', opener(files))).toMatchObject({
      name: 'a',
      title: 'of c',
      about: null,
      endpoints: [{ endpoint: { text: 'probe://239.1.1.1:5001' } }],
      files: [{ source: 'a' }, { source: 'b' }, { source: 'c' }],
    });
  });

  it('refuses circles, itself, too many, and what is not there, with the place', async () => {
    expect(await refusal({ a: 'extends: b', b: '\nextends: c', c: 'extends: b' })).toBe(
      'ERR_PROFILE c:1:10: extends: this is a circle: b extends c extends b',
    );
    expect(await refusal({ a: 'extends: a' })).toBe('ERR_PROFILE a:1:10: extends: this is a circle: a extends a');
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [i === 0 ? 'a' : `p${i}`, `extends: p${i + 1}`]),
    );
    expect(await refusal(many)).toContain('more than 8 profiles extend each other');
    expect(await refusal({ a: 'title: x\nextends: nope' })).toBe('ERR_PROFILE a:2:10: extends: no profile "nope"');
    expect(await refusal({ a: 'extends: b', b: 'titel: x' })).toContain('b:1:1: unknown key');
  });
});
