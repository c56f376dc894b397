import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { readProfileFile } from '../../src/profile/profileFile.js';
import type { ProfileFile } from '../../src/profile/profileParts.js';

const read = (text: string): Promise<ProfileFile> => readProfileFile(text, 'f.yaml');

/** What is wrong with a text, a line each. */
async function problems(text: string): Promise<string[]> {
  try {
    await read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_PROFILE');
    return (error as McastError).message.split('\n');
  }
  return [];
}

const GOOD = `
title: a channel
about: >-
  What it
  stands for.
extends: iptv-hd
endpoints:
  - rtp://239.1.1.1:5004/iface=lo
  - endpoint: {value: rtp://239.1.1.2:5004, why: the second}
    name: Two
    leg-b: rtp://239.2.1.2:5004
    dscp: af41
    receiver:
      max: [loss_ratio=0, jitter_ns=1ms]
  - channels.csv
options:
  ttl: 0x10
  dscp: {value: CS3, why: broadcast}
  iface: "eth0"
sender:
  loop: yes
  mux-rate: ~
  seed: 1_0
receiver:
  max:
    - loss_ratio=1%
    - value: jitter_ns=500us
      why: because
  expect: dscp_received==cs3
  once: true
`.replace('1_0', '10');

describe('a file of a profile', () => {
  it('has all that it says, as it was written, with its place and its reason', async () => {
    const file = await read(GOOD);
    expect(file).toMatchObject({ source: 'f.yaml', title: 'a channel', about: 'What it stands for.' });
    expect(file.extends).toEqual({ text: 'iptv-hd', why: null, at: 'f.yaml:6:10' });
    expect([...file.sections.options]).toEqual([
      ['ttl', [{ text: '0x10', why: null, at: 'f.yaml:17:8' }]],
      ['dscp', [{ text: 'CS3', why: 'broadcast', at: 'f.yaml:18:17' }]],
      ['iface', [{ text: 'eth0', why: null, at: 'f.yaml:19:10' }]],
    ]);
    expect(file.sections.sender.get('loop')).toMatchObject([{ text: 'yes' }]);
    expect(file.sections.sender.get('mux-rate')).toEqual([]);
    expect(file.sections.receiver.get('max')).toMatchObject([
      { text: 'loss_ratio=1%', why: null },
      { text: 'jitter_ns=500us', why: 'because' },
    ]);
    expect(file.sections.receiver.get('expect')).toMatchObject([{ text: 'dscp_received==cs3' }]);
  });

  it('has endpoints with what each alone has, and line-ups in place of some', async () => {
    const { endpoints } = await read(GOOD);
    expect(endpoints!.map(({ endpoint, name, legB }) => [endpoint.text, endpoint.why, name, legB])).toEqual([
      ['rtp://239.1.1.1:5004/iface=lo', null, null, null],
      ['rtp://239.1.1.2:5004', 'the second', 'Two', 'rtp://239.2.1.2:5004'],
      ['channels.csv', null, null, null],
    ]);
    const { sections } = endpoints![1]!;
    expect([...sections.options.keys()]).toEqual(['dscp']);
    expect(sections.receiver.get('max')!.map(({ text }) => text)).toEqual(['loss_ratio=0', 'jitter_ns=1ms']);
  });

  it('may be one endpoint, or nothing but a title', async () => {
    expect((await read('endpoints: probe://239.1.1.1:5001')).endpoints).toHaveLength(1);
    expect((await read('endpoints: {endpoint: probe://239.1.1.1:5001, name: x}')).endpoints).toHaveLength(1);
    expect(await read('title: x')).toMatchObject({ endpoints: null, extends: null });
    expect((await read('title: x\noptions:\nsender: {}')).sections.options.size).toBe(0);
    expect((await read('\uFEFFtitle: x')).title).toBe('x');
    expect((await read('# a comment\r\ntitle: x # another\r\n')).title).toBe('x');
  });

  it.each<[string, string, string[]]>([
    ['an unknown key', 'titel: x', ['f.yaml:1:1: unknown key "titel"; did you mean title?']],
    ['an option on top', 'rate: 5M', ['f.yaml:1:1: unknown key "rate"; rate is an option: write it below options']],
    ['an unknown option', 'options:\n  dscpp: ef', ['f.yaml:2:3: unknown option "dscpp"; did you mean dscp?']],
    ['an underscore', 'options:\n  max_each: a=1', ['f.yaml:2:3: unknown option "max_each"; did you mean max-each?']],
    [
      'an option of others',
      'options: {against: x}',
      ['f.yaml:1:11: against is no option of send, recv or capacity, but of analyze'],
    ],
    [
      'an option of the other end',
      'sender:\n  once: yes',
      ['f.yaml:2:3: once is no option of send or capacity, but of recv'],
    ],
    [
      'an option of the sender',
      'receiver:\n  rate: 3M',
      ['f.yaml:2:3: rate is no option of recv, but of send, check, demo'],
    ],
    ['a knob of tests', 'options: {inject: slow=1}', ['f.yaml:1:11: inject is for tests: give it on the command line']],
    ['a profile', 'options:\n  profile: x', ['f.yaml:2:3: a profile takes over another one with extends']],
    ['a value that none is', 'options:\n  dscp: cs9', ['f.yaml:2:9: dscp: "cs9" is not a DSCP']],
    ['no value', 'sender:\n  loop:', ['f.yaml:2:8: loop: a value is missing']],
    ['several values', 'options:\n  ttl: [1, 2]', ['f.yaml:2:8: ttl: one value is all it takes']],
    ['a list in a list', 'receiver:\n  max: [[a]]', ['f.yaml:2:9: max: a value is no list']],
    ['an empty list', 'receiver:\n  max: []', ['f.yaml:2:3: max: a value is missing; null takes away']],
    [
      'a map that no value is',
      'options: {ttl: {val: 3}}',
      ['f.yaml:1:16: ttl: its value is missing', 'f.yaml:1:17: ttl: unknown key "val"; did you mean value?'],
    ],
    ['a reason that is none', 'options: {ttl: {value: 3, why: [a]}}', ['f.yaml:1:32: why is text']],
    [
      'a limit',
      'receiver:\n  max: los_ratio=1%',
      ['f.yaml:2:8: max: "los_ratio" is no figure of a result; did you mean loss_ratio?'],
    ],
    [
      'a limit on intervals',
      'receiver:\n  min-each: loss_periods=1',
      ['f.yaml:2:13: min-each loss_periods: this is not told per interval'],
    ],
    [
      'an endpoint',
      'endpoints:\n- rtp://239.1.1.1:99999',
      ['f.yaml:2:3: endpoint "rtp://239.1.1.1:99999": "99999" is not a port'],
    ],
    ['a parameter', 'endpoints: rtp://239.1.1.1/ttl=300', ['f.yaml:1:12: endpoint: 300 is out of range: 0..255']],
    ['a second leg', 'endpoints: {endpoint: rtp://239.1.1.1, leg-b: rtp://x}', ['f.yaml:1:47: endpoint "rtp://x"']],
    ['no endpoint', 'endpoints: [{name: x}]', ['f.yaml:1:13: endpoints: the endpoint is missing']],
    ['no endpoints', 'endpoints: []', ['f.yaml:1:12: endpoints: none is there']],
    [
      "what is the run's",
      'endpoints: [{endpoint: rtp://239.1.1.1, duration: 5s}]',
      ['f.yaml:1:41: duration holds for the whole run: write it below options'],
    ],
    [
      'an announced session',
      'endpoints: sap://News',
      ['f.yaml:1:12: sap://News: announced sessions are named on the command line'],
    ],
    [
      'a name for a line-up',
      'endpoints: {endpoint: c.csv, name: x}',
      ['f.yaml:1:23: "c.csv" is a line-up, whose lines say their names'],
    ],
    ['a key twice', 'options:\n  ttl: 3\n  ttl: 4', ['f.yaml:3:3: this key is there twice: say it once']],
    ['a tab', 'options:\n\tttl: 3', ['f.yaml:2:1: a tab cannot indent: YAML takes blanks']],
    [
      'an anchor',
      'options: &a {ttl: 3}\nsender: *a',
      ['f.yaml:1:13: &a: anchors are not read in a profile', 'f.yaml:2:9: *a: aliases are not read in a profile'],
    ],
    ['a merge', 'options:\n  <<: 3', ['f.yaml:2:3: unknown option "<<"']],
    ['a tag', 'options: {ttl: !!int 3}', ['f.yaml:1:22: tags are not read in a profile']],
    ['another document', 'title: a\n---\ntitle: b', ['f.yaml:2:1: another document begins here: a profile is one']],
    ['two on a line', 'title: a: b', ['f.yaml:1:8: a value with ": " in it wants quotes']],
    ['an open quote', 'title: "a', ['Missing closing "quote']],
    ['a control character', 'title: a\u001b[31m', ['f.yaml:1:9: a control character: a profile is plain text']],
    ['a key of several words', '? [a]\n: b', ['f.yaml:1:3: a key is one word']],
    ['nothing', '', ['f.yaml: this is no profile: write keys as title, about']],
    ['a list', '- a', ['f.yaml:1:1: this is no profile']],
    ['words', 'rtp://239.1.1.1:5004', ['f.yaml:1:1: this is no profile']],
    ['an option that is no map', 'options: [ttl]', ['f.yaml:1:10: options holds options, a line each']],
  ])('is refused for %s', async (_what, text, expected) => {
    const found = await problems(text);
    expect(found).toHaveLength(expected.length);
    for (const [i, line] of expected.entries()) expect(found[i]).toContain(line);
  });

  it('tells all of its problems at once, in their order', async () => {
    const text = 'titel: x\nendpoints:\n- rtp://x\noptions:\n  ttl: 999\n  dscpp: ef\nreceiver:\n  max: a\n  wait: 1x';
    expect((await problems(text)).map((line) => line.split(':').slice(1, 3).join(':'))).toEqual([
      '1:1',
      '3:3',
      '5:8',
      '6:3',
      '8:8',
      '9:9',
    ]);
  });

  it.each([
    ['lists', '['.repeat(200_000)],
    ['maps', 'a: {'.repeat(50_000)],
    ['sequences', '- '.repeat(100_000)],
    ['keys', '? '.repeat(100_000)],
  ])('has no depth that would end the process: %s', async (_what, text) => {
    expect((await problems(text))[0]).toContain('more than 32 lists and maps within each other');
  });

  it('does not tell a thousand problems', async () => {
    const found = await problems(`title: ${'"a" '.repeat(1000)}`);
    expect(found.length).toBeLessThan(25);
    expect(found.at(-1)).toMatch(/and \d+ more/);
  });
});
