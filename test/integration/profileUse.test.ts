/** `--profile` where nothing is sent. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { runCommand, startCommand, testFolder } from '../command.js';
import { freshGroup } from '../mcast.js';
import { endMarker, pcapOf, probe, startMarker } from '../probeCapture.js';
import { needs } from '../require.js';

const expressions = (text: string): string[] =>
  (JSON.parse(text) as { result: RunResult }).result.limits.map(({ expression, ok }) => `${expression} ${ok}`);

describe.runIf(needs('linux', 'dist'))('--profile', () => {
  it('judges a capture, and a result of it', async () => {
    const folder = testFolder();
    const [profile, capture, saved] = ['own.yaml', 'a.pcap', 'a.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      profile,
      `title: ours
endpoints: {endpoint: 'probe://239.1.1.1:5001', receiver: {min: packets_received=9}}
receiver: {max: loss_ratio=1%}
`,
    );
    const kept = [0, 1, 3].map((sequence) => probe(sequence, 1e6 * (sequence + 1)));
    writeFileSync(capture, pcapOf([startMarker(0, 0), ...kept, endMarker(4, 9e6)]));
    const judged = ['loss_ratio <= 1% false', 'packets_received >= 9 false'];
    const something = 'packets_received > 0 true';
    const analyzed = await runCommand(['analyze', capture, '--profile', profile, '--json']);
    const [last] = analyzed.stdout.trim().split('\n').slice(-1);
    expect([analyzed.status, expressions(last!)]).toEqual([3, [...judged, something]]);
    expect(analyzed.stderr).toContain(`profile ${profile}: ours`);
    expect((await runCommand(['analyze', capture, '--report', saved, '--quiet'])).status).toBe(0);
    const reported = await runCommand(['report', saved, '--profile', profile, '--json']);
    expect([reported.status, expressions(reported.stdout)]).toEqual([3, [...judged, something]]);
  });

  it('names the channels of zap, and what bench measures', async () => {
    const profile = join(testFolder(), 'own.yaml');
    writeFileSync(profile, `title: ours\nendpoints: probe://${freshGroup()}+2:5001\noptions: {iface: lo}\n`);
    const sender = startCommand(['send', '--profile', profile, '--pps', '500', '--duration', '1m']);
    await sender.untilOutput(/profile .*: ours/);
    const zap = await runCommand(['zap', '--profile', profile, '--cycles', '2', '--dwell', '300ms']);
    expect([zap.status, zap.stdout], zap.stderr).toEqual([0, expect.stringContaining('4 channel changes, 2 channels')]);
    const bench = await runCommand(['bench', 'forwarding', profile, '--duration', '500ms']);
    expect([bench.status, bench.stdout], bench.stderr).toEqual([0, expect.stringContaining('forwarding of 2 groups')]);
    for (const { stdout } of [zap, bench]) expect(stdout).toContain(`profile ${profile}: ours`);
    // Of several streams an event says which one it is of.
    expect(bench.stdout).toMatch(/first datagram of probe from [^(]+\(239\.\S+:5001\)/);
    expect(bench.stdout).toMatch(/^mcast bench forwarding probe:/m);
    sender.signal('SIGINT');
    await sender.exited;
  });

  it('without a test of bench says which there are', async () => {
    const { status, stderr } = await runCommand(['bench', '--profile', 'iptv-hd']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('a benchmark is missing: join, leave, groups')]);
  });
});
