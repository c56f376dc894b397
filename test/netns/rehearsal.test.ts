/** What a fast run does before it begins must leave no trace on the host. */
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const DIST = pathToFileURL(path.resolve(import.meta.dirname, '../../dist')).href;

const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs';
  const { rehearse } = await import('${DIST}/runtime/rehearsal.js');
  const udp = () => {
    const [names, values] = readFileSync('/proc/net/snmp', 'utf8').split('\\n').filter((line) => line.startsWith('Udp:'));
    const at = (name) => Number(values.split(' ')[names.split(' ').indexOf(name)]);
    return { arrived: at('InDatagrams'), errors: at('InErrors') + at('RcvbufErrors') + at('SndbufErrors') + at('NoPorts') };
  };
  const multicast = () => readFileSync('/proc/net/igmp', 'utf8');
  const sockets = () => readFileSync('/proc/net/udp', 'utf8').trim().split('\\n').length;
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = { groups: multicast(), sockets: sockets(), descriptors: descriptors(), ...udp() };
  await rehearse('send', true);
  await rehearse('receive', true);
  const after = { groups: multicast(), sockets: sockets(), descriptors: descriptors(), ...udp() };
  console.log(JSON.stringify({ before, after }));
`;

describe.runIf(needs('netns'))('a rehearsal', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(async () => lab?.close());

  it('sends itself datagrams over loopback, loses none, joins nothing and leaves no socket', async () => {
    const { before, after } = JSON.parse(await lab.run(null, process.execPath, ['--input-type=module', '-e', PROGRAM]));
    expect(after.arrived).toBeGreaterThan(before.arrived + 100);
    const { arrived, ...others } = after;
    const { arrived: _, ...othersBefore } = before;
    expect(arrived).toBeGreaterThan(0);
    expect(others).toEqual(othersBefore);
  });

  it('does not take place where loopback is down, and says nothing of it', async () => {
    await lab.addHosts('dark');
    await lab.run('dark', 'ip', ['link', 'set', 'lo', 'down']);
    const { before, after } = JSON.parse(
      await lab.run('dark', process.execPath, ['--input-type=module', '-e', PROGRAM]),
    );
    expect(after).toEqual(before);
  });
});
