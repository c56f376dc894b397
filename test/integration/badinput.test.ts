/** What is wrong on the command line, in files and on this host: one line that says what to do, and a status. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand, type CommandOptions } from '../command.js';
import { freshGroup } from '../mcast.js';
import { needs } from '../require.js';

const folder = mkdtempSync(join(tmpdir(), 'mcast-bad-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PRESENT = needs('linux', 'dist');

/** Nothing of this may reach a network, whatever becomes of it. */
const PLACE = `${freshGroup()}:5001`;
const G = `probe://${PLACE}/iface=lo`;
const U = `udp://${PLACE}/iface=lo`;

/** Writes a file into the folder of the tests. */
function file(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

/** The command is refused, in one line on standard error that says what to do. */
async function refused(words: readonly string[], status: number, what: RegExp, options: CommandOptions = {}) {
  const ended = await runCommand(words, { cwd: folder, ...options });
  expect(ended.stderr, words.join(' ')).toMatch(what);
  expect(ended.stderr).toMatch(/^mcast: [^\n]+\n$/);
  expect(ended.stderr).not.toMatch(/\bat .*\.js:|node:internal|undefined|\[object/);
  // oxlint-disable-next-line no-control-regex -- none of them may reach a terminal
  expect(ended.stderr.trimEnd()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  expect([words, ended.status]).toEqual([words, status]);
  return ended;
}

type Case = readonly [words: readonly string[], what: RegExp];

function all(title: string, status: number, cases: readonly Case[]): void {
  describe.runIf(PRESENT)(title, { concurrent: true }, () => {
    it.each(cases.map(([words, what]) => [words.join(' '), words, what] as const))('%s', async (_name, words, what) => {
      const { stdout } = await refused(words, status, what);
      expect(stdout).toBe('');
    });
  });
}

all('commands and options', 2, [
  [['sned', G], /unknown command "sned"; did you mean send\?/],
  [['nonsense'], /unknown command "nonsense" \(send recv check .*\)\. See mcast -h\./],
  [['constructor'], /unknown command "constructor"/],
  [[G], /what is to be done with probe:.* Write mcast send probe:.* or mcast recv probe:/],
  [['--duration', '3'], /the command comes first: mcast <send\|recv/],
  [['send'], /send needs <endpoint\|line-up>\.\.\., as in: mcast send probe:/],
  [['check', G, G], /check takes one <endpoint>/],
  [['doctor', '10.0.0.1:5001'], /10\.0\.0\.1 is a single host.* mcast doctor looks at multicast groups/],
  [['doctor', 'srt://239.1.1.1:9000'], /is one of SRT\. mcast doctor looks at multicast groups/],
  [['doctor', `${PLACE}/unicast=yes`, '10.0.0.1/unicast=yes'], /groups and hosts cannot be mixed/],
  [['doctor', '--wait', '0'], /--wait: "0": must be above 0/],
  [['doctor', '--ttl', '300', G], /--ttl: 300 is out of range/],
  [['doctor', '--dscp', 'af41', G], /--dscp is no option of doctor/],
  [['doctor', 'nonsense'], /"nonsense" is not an address/],
  [['demo', 'now'], /demo takes no operand; "now" is one/],
  [['send', G, '--rtae', '5M'], /unknown option --rtae; did you mean --rate\? See mcast send -h\./],
  [['recv', G, '--rate', '5M'], /--rate is no option of recv, but of send, check, demo/],
  [['send', G, '--rate'], /--rate needs a value: --rate <bit\/s>/],
  [['send', G, '-Z'], /unknown option -Z/],
  [['recv', G, '--json='], /--json: a value is missing \(an unset shell variable\?\)/],
  [['recv', G, '--json', '--capture', '-'], /--json and --capture cannot both be stdout/],
  [['-s', '-u', '-B', PLACE.split(':')[0]!], /iperf's form; here it is: mcast recv iperf:\S+\n$/],
  [['-c', PLACE.split(':')[0]!, '-u', '-b', '5m', '-l', '1K'], /: mcast send iperf:\S+ -b 5m -l 1Ki\n$/],
]);

all('values', 2, [
  [
    ['send', G, '--dscp', '64'],
    /--dscp: DSCP 64 is out of range \(0\.\.63\); as a whole TOS octet .* --dscp cs2 or --tos 64/,
  ],
  [['send', G, '--ttl', '256'], /--ttl: 256 is out of range: 0\.\.255\. See mcast send -h\./],
  [['send', `${G}/ttl=300`], /endpoint ".*": ttl: 300 is out of range/],
  [['send', G, '--size', '70000'], /--size: 70000 is out of range: 1\.\.65507/],
  [['send', G.replace('probe:', 'iperf:'), '--size', '19'], /size 19: a datagram of iperf has 20 octets at least/],
  [['send', G, '--size', '20'], /size 20: a probe datagram has 52 octets at least/],
  [['send', G, '--rate', '10MB'], /--rate: "10MB" is in octets: a rate is in bit\/s, so write 80M/],
  [['send', G, '--rate', '0'], /--rate: "0": a rate is above 0/],
  [['send', G, '--rate', '5G'], /more than 1 Gbit\/s wants --force/],
  [['send', G, '--pps', '1', '--rate', '1M'], /rate and pps both set the rate: give one of them/],
  [['send', G, '--count', '1000000000'], /more than an hour: that wants --duration or --force/],
  [['send', G, '--impair', 'loss=200%'], /"200%" is above 1/],
  [['send', G, '--start-at', '2020-01-01T00:00:00Z'], /--start-at: that instant is over/],
  [['send', G, '--start-at', 'tomorrow'], /"tomorrow" is not an instant: write 2026-/],
  [['recv', G, '--duration', '5 sec'], /--duration: "5 sec" is not a time/],
  [['recv', G, '--expect', 'packets_lost'], /has no operator; the shell takes < and > for itself: quote it/],
  [['recv', G, '--max', 'packets_lst=0'], /"packets_lst" is no figure of a result; did you mean packets_lost/],
  [['recv', G, '--max', 'packets_lost'], /is not name=value: write --max packets_lost=<value>/],
  [['send', U, '--size', '3'], /ts-per-datagram sets the size/],
  [['send', U, '--payload', 'hex:xyz'], /is not hexadecimal: two digits an octet/],
  [['send', U, '--payload', 'text:hello', '--size', '3'], /the payload of 5 octets does not fit the size of 3/],
  [['send', G, '--df', '--fragment'], /--df forbids fragments, --fragment expects them/],
]);

all('endpoints', 2, [
  [['recv', 'probe://10.0.0.1:5001'], /10\.0\.0\.1 is a single host, not a multicast group\. Add --unicast/],
  [['send', 'probe://224.0.0.5:5001/iface=lo'], /224\.0\.0\.5 is in 224\.0\.0\.0\/24, which routing .* Use a group of/],
  [['send', 'probe://ff02::5/port=5001/iface=lo'], /ff02::5 is in ff02::\/16/],
  [['recv', 'probe://239.001.001.010:5001/iface=lo'], /leading zeros, .*; probably 239\.1\.1\.10/],
  [['recv', 'probe://0xef010101:5001/iface=lo'], /hexadecimal, .*; probably 239\.1\.1\.1/],
  [['recv', 'probe://239.1.1:5001/iface=lo'], /an IPv4 address of 3 parts/],
  [['recv', 'localhost:5001'], /names are not looked up/],
  [['recv', `${G}/ttl`], /\/ttl has no value \(cut by the shell\?\): write \/ttl=value/],
  [['recv', `probe://${PLACE}/iface=`], /\/iface= has no value \(an unset variable, or cut by the shell\)/],
  [['recv', `probe://${PLACE}?iface=lo`], /a shell may have cut this at an unquoted &/],
  [
    ['recv', G, 'dscp=af41'],
    /this is a parameter, cut off by a blank or the shell: write it behind the group as \/dscp=af41/,
  ],
  [['recv', `${G}/tll=4`], /unknown parameter "tll"; did you mean .*\/ttl/],
  [['recv', 'prob://239.1.1.1:5001/iface=lo'], /unknown scheme "prob"; did you mean probe\?/],
  [['recv', `probe://${PLACE}99/iface=lo`], /"500199" is not a port: 1\.\.65535/],
  [['recv', G, G], /is given twice, .*: one is enough/],
  [['recv', G, `probe://127.0.0.1@${PLACE}/iface=lo`], /given with and without a source/],
]);

describe.runIf(PRESENT)('this host', { concurrent: true }, () => {
  it('has no such interface: those that it has are listed', async () => {
    await refused(
      ['recv', `probe://${PLACE}/iface=nosuch0`],
      1,
      /no interface nosuch0; this host has lo \(127\.0\.0\.1/,
    );
    await refused(
      ['send', `probe://${PLACE}/iface=nosuch0`],
      1,
      /no interface nosuch0; this host has lo \(127\.0\.0\.1/,
    );
  });

  it('does not have the address to send from', async () => {
    await refused(
      ['send', `probe://198.51.100.1@${PLACE}/iface=lo`],
      1,
      /198\.51\.100\.1 is no address of this host, which has/,
    );
  });

  it('has another program on that port', async () => {
    const holder = createSocket('udp4');
    holder.bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    await refused(['recv', `probe://127.0.0.1:${port}`, '--unicast'], 1, /EADDRINUSE .*Choose another port/);
    holder.close();
  });

  it('does not let a sender have a CPU that it has not', async () => {
    await refused(['send', G, '--cpu', '4000', '--count', '1'], 2, /may not run on processor 4000/);
  });
});

describe.runIf(PRESENT)('files', { concurrent: true }, () => {
  const noise = Uint8Array.from({ length: 3000 }, (_, i) => (i * 167 + (i >>> 3)) & 255);

  it.each([
    ['recv', ['recv', 'none.csv']],
    ['recv', ['recv', './none']],
    ['payload', ['send', U, '--payload', 'none']],
    ['report', ['report', 'none']],
    ['dump', ['dump', 'none']],
    ['analyze', ['analyze', 'none']],
  ])('%s: that are not there', async (_name, words) => {
    await refused(words, 1, /none(\.csv)? cannot be read: no such file or directory \(ENOENT\)\. Check the path\./);
  });

  it('that are folders', async () => {
    mkdirSync(join(folder, 'dir.csv'));
    for (const words of [
      ['recv', 'dir.csv'],
      ['report', '.'],
      ['dump', '.'],
    ]) {
      await refused(words, 1, /cannot be read: illegal operation on a directory \(EISDIR\)\. Name a file\./);
    }
  });

  it('that are something else', async () => {
    file('noise', noise);
    await refused(['recv', 'noise'], 2, /noise: this is not text \(UTF-8\)/);
    await refused(['report', 'noise'], 1, /noise is neither JSON nor one JSON object per line: line 1/);
    await refused(['dump', 'noise'], 1, /noise is not a capture file/);
    await refused(['analyze', 'noise'], 1, /noise is not a capture file/);
    file('empty', '');
    await refused(['report', 'empty'], 1, /empty is empty/);
    await refused(['dump', 'empty'], 1, /empty is empty/);
    await refused(['recv', 'empty'], 2, /it holds no endpoint/);
  });

  it('results that are none, or broken', async () => {
    file('other.json', '{"a":1}');
    await refused(['report', 'other.json'], 1, /is JSON, but no result: "schema" should be "mcastkit\.result\/1"/);
    file('old.json', '{"schema":"mcastkit.result/99"}');
    await refused(['report', 'old.json'], 1, /of another version of mcastkit/);
    file('half.json', '{"schema":"mcastkit.result/1","run":{}}');
    await refused(['report', 'half.json'], 1, /is not a valid result: /);
    file('cut.ndjson', '{"type":"start","time":"x"}\n{"type":"interv');
    await refused(['report', 'cut.ndjson'], 1, /no result, only lines of type start: the run did not get to its end/);
    await refused(['report', '-'], 1, /standard input is empty/);
    await refused(['report', '-'], 1, /is not JSON/, { input: '\u001B[2J nonsense \u0007' });
  });

  it('line-ups: everything that is wrong at once, with its line', async () => {
    file('bad.csv', `name,endpoint\nA,${G}\nB,probe://239.1.1:5001/iface=lo\nC\n\n"D,x\n`);
    const { status, stdout, stderr } = await runCommand(['recv', 'bad.csv'], { cwd: folder });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mcast: bad\.csv:4: the endpoint is missing$/m);
    expect(stderr).toMatch(/^mcast: bad\.csv:6: a quote is not closed/m);
    expect(stderr).toMatch(/^mcast: bad\.csv:3: endpoint "probe:.*": 239\.1\.1 is an IPv4 address of 3 parts/m);
    expect(stderr.trimEnd().split('\n')).toHaveLength(4);
  });

  it.each([
    ['--json=/nonexistent/x', /\/nonexistent\/x cannot be written: no such file or directory \(ENOENT\)/],
    ['--capture=/nonexistent/x', /\/nonexistent\/x cannot be written: no such file or directory \(ENOENT\)/],
    ['--ready-file=/nonexistent/x', /\/nonexistent\/x cannot be written: no such file or directory \(ENOENT\)/],
    ['--capture=.', /\. cannot be written: illegal operation on a directory/],
    ['--json=/dev/full', /\/dev\/full cannot be written: no space left on device \(ENOSPC\)\. Make room there/],
    ['--capture=/dev/full', /\/dev\/full cannot be written: no space left on device \(ENOSPC\)\. Make room there/],
    ['--ready-file=/dev/full', /\/dev\/full cannot be written: no space left on device \(ENOSPC\)\. Make room there/],
  ])('that cannot be written end the run: %s', async (option, what) => {
    await refused(['recv', G, option], 1, what);
  });

  it('a sender ends as well', async () => {
    await refused(['send', G, '--json=/dev/full', '--duration', '1m'], 1, /\/dev\/full cannot be written/);
  });
});
