/** Profiles as they are used: each shipped one with one command for either end, and files of one's own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shippedProfiles } from '../../src/runtime/profileFiles.js';
import { runCommand, testFolder } from '../command.js';
import { freshGroup, startMcast, startReceiver, sum } from '../mcast.js';

/** As text is folded for people. */
const unfolded = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe.each(shippedProfiles())('%s', (name) => {
  it('runs with one command at each end, and says beforehand what it loads the network with', async () => {
    const shown = unfolded((await runCommand(['profiles', 'show', name])).stdout);
    const isSearch = shown.includes(`mcast capacity --profile ${name}`);
    // Of ten thousand sources the markers before the first report take 6 s.
    const seconds = name === 'iot-telemetry-10k' ? 10 : 3;
    const end = isSearch ? ['--until-idle', '3s'] : ['--duration', `${seconds}s`];
    const receiver = await startReceiver(['--profile', name, '--iface', 'lo', '--wait', '20s', ...end]);
    // What a busy machine makes of a limit, or of a search, is not the question.
    const sender = isSearch
      ? startMcast(['capacity', '--profile', name, '--iface', 'lo', '--sizes', '1316', '--highest-rate', '2M'])
      : startMcast(['send', '--profile', name, '--iface', 'lo', '--duration', '2s', '--max-late', '20s']);
    const sent = await sender.result(0, 3, 4);
    const received = await receiver.result(0, 3, 4);
    expect(sent.sender!.sent).toBeGreaterThan(0);
    expect(sent.capacity === null).toBe(!isSearch);
    const media = received.streams.filter(({ role }) => role === 'media');
    expect(sum(media, 'packets_received')).toBeGreaterThan(0);
    // Every limit was judged: none is on a figure that such a run does not have.
    const unjudged = received.limits.filter(({ value, intervals }) => value === null && intervals === undefined);
    expect(unjudged.map(({ expression, reason }) => `${expression}: ${reason}`)).toEqual([]);
    expect(received.limits.length).toBeGreaterThan(1);

    const start = unfolded(sender.stderr);
    expect(start).toContain(`profile ${name}: `);
    expect(start).toContain(`mcast recv --profile ${name} --iface lo`);
    expect(unfolded(receiver.stderr)).toContain(`profile ${name}: `);
    if (isSearch) return;
    const bandwidth = /It sends (.*? UDP payload)/.exec(shown)![1]!;
    expect(start).toContain(bandwidth);
    expect(start.indexOf(bandwidth)).toBeLessThan(start.indexOf('to 239.255.'));
  }, 60_000);
});

describe('a profile of one’s own', () => {
  it('extends a shipped one, and the command line goes before both', async () => {
    const folder = testFolder();
    const path = join(folder, 'mine.yaml');
    const group = freshGroup();
    const endpoint = `endpoint: probe://${group}:5001, name: mine, receiver: {max: packets_lost=3}`;
    writeFileSync(
      path,
      `extends: iot-telemetry-10k\nendpoints: {${endpoint}}\nsender: {pps: 500, flows: 1, count: 400}\n`,
    );
    const receiver = await startReceiver([path, '--iface', 'lo']);
    const sender = startMcast(['send', path, '--iface', 'lo', '--size', '200', '--max-late', '20s', '--dscp', 'af21']);
    await sender.result();
    const result = await receiver.result();
    expect(result.streams).toHaveLength(1);
    expect(result.streams[0]).toMatchObject({
      name: 'mine',
      group,
      metrics: {
        packets_received: 400,
        octets_received: 400 * 200,
        dscp_received: { 18: expect.any(Number) as number },
      },
    });
    expect(result.limits.map(({ expression }) => expression)).toEqual([
      'aggregate.metrics.loss_ratio <= 0.1%',
      'aggregate.metrics.loss_socket_buffer <= 0',
      'aggregate.histograms.ipdv_ns.p999 <= 100ms',
      'packets_lost <= 3',
      'packets_received > 0',
    ]);
    expect(unfolded(sender.stderr)).toContain(`mcast recv ${path} --iface lo --dscp af21`);
  });

  it('counts what it extends from its own folder', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'base.yaml'), 'title: of the base\nendpoints: probe://239.1.1.1:5001\n');
    writeFileSync(join(folder, 'mine.yml'), 'extends: ./base.yaml\noptions: {ttl: {value: 3, why: far away}}\n');
    const { stdout, status } = await runCommand(['profiles', 'show', join(folder, 'mine.yml')], { cwd: '/' });
    expect(status).toBe(0);
    expect(stdout).toContain('of the base');
    expect(stdout).toMatch(/--ttl 3 +far away/);
    expect(stdout).toContain(`which extends ${join(folder, 'base.yaml')}`);
  });

  it('comes from standard input, too', async () => {
    const input = 'endpoints: probe://239.1.1.1:5001\nsender: {rate: 3M}\n';
    const { stdout } = await runCommand(['profiles', 'show', '-'], { input });
    expect(stdout).toContain('3.00 Mbit/s of UDP payload');
  });

  it('has all that is wrong with it told at once, and nothing is sent', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'bad.yaml'), 'titel: x\noptions:\n  dscp: cs9\nsender:\n  once: yes\n');
    for (const words of [
      ['send', '--profile', 'bad.yaml'],
      ['recv', 'bad.yaml'],
      ['profiles', 'show', 'bad.yaml'],
    ]) {
      const { status, stdout, stderr } = await runCommand(words, { cwd: folder });
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr.split('\n').map((line) => line.split(': ')[1])).toEqual([
        'bad.yaml:1:1',
        'bad.yaml:3:9',
        'bad.yaml:5:3',
        undefined,
        undefined,
      ]);
    }
  });

  it.each<[string, (folder: string) => void, number, RegExp]>([
    ['a folder', () => {}, 1, /illegal operation on a directory \(EISDIR\)\. Name a file/],
    ['too large', (path) => writeFileSync(path, `# ${'x'.repeat(300_000)}`), 1, /is too large: at most 0\.25 MiB/],
    ['no text', (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0])), 2, /this is not text \(UTF-8\)/],
    ['empty', (path) => writeFileSync(path, ''), 2, /this is no profile: write keys as title/],
    ['a bomb of aliases', (path) => writeFileSync(path, bomb()), 2, /aliases are not read in a profile/],
    ['a bomb of depth', (path) => writeFileSync(path, '['.repeat(100_000)), 2, /more than 32 lists and maps/],
  ])('is refused: %s', async (what, write, status, message) => {
    const folder = testFolder();
    const path = what === 'a folder' ? folder : join(folder, 'x.yaml');
    write(path);
    const ended = await runCommand(['recv', '--profile', path]);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});

/** Each line nine times the one before. */
function bomb(): string {
  const names = [...'abcdefghi'];
  const line = (name: string, i: number): string =>
    `${name}: &${name} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*${names[i - 1]!}`)).join(', ')}]`;
  return `${names.map(line).join('\n')}\n`;
}

describe('mcast profiles', () => {
  it('lists them all, a line each, with what they send', async () => {
    const { stdout, status } = await runCommand(['profiles']);
    expect(status).toBe(0);
    const lines = stdout.split('\n\n')[0]!.split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(shippedProfiles());
    for (const line of lines) {
      expect(line).toMatch(/ \d[\d.]+ [kMG]?bit\/s {2}[a-z]/);
      expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it.each<[string[], RegExp]>([
    [['show'], /which profile is to be shown\? Write mcast profiles show <name>/],
    [['show', 'iptvhd'], /no profile "iptvhd"; did you mean iptv-hd/],
    [['iptv-hd', 'iptv-sd'], /"iptv-sd" is one too many/],
  ])('answers %j', async (words, message) => {
    const { status, stderr } = await runCommand(['profiles', ...words]);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});
