/** The compliance suite, and what needs interfaces other than lo, on a host of a lab. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe.runIf(needs('netns', 'tc'))('sockets on a host with two links', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('here', 'there');
    await lab.link('here', 'e0', 'there', 'e0');
    await lab.link('here', 'e1', 'there', 'e1', { ipv4: null, ipv6: 'fd77:2' });
    // IPv6 multicast over lo: a plain route there rejects.
    await lab.run(null, 'ip', ['-n', 'here', '-6', 'route', 'add', 'local', 'ff00::/8', 'dev', 'lo', 'table', 'local']);
  });
  afterAll(async () => lab?.close());

  it.each(['test/netns/ioInside.test.ts', 'test/compliance'])('pass %s', { timeout: 120_000 }, async (files) => {
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--pool=forks', files];
    const inside = lab.spawn('here', process.execPath, vitest, { cwd: ROOT, env: { MCAST_LAB: 'inside' } });
    inside.endInput();
    const { status } = await inside.exited;
    const report = JSON.parse(inside.stdout.slice(inside.stdout.indexOf('{'))) as {
      readonly numPassedTests: number;
      readonly testResults: readonly {
        readonly message: string;
        readonly assertionResults: readonly {
          readonly fullName: string;
          readonly status: string;
          readonly failureMessages: readonly string[];
        }[];
      }[];
    };
    const failed = report.testResults.flatMap(({ message, assertionResults }) => [
      message,
      ...assertionResults
        .filter((result) => result.status === 'failed')
        .map((result) => `${result.fullName}: ${result.failureMessages.join('\n')}`),
    ]);
    expect(failed.filter((text) => text !== '').join('\n')).toBe('');
    expect(status).toBe(0);
    expect(report.numPassedTests).toBeGreaterThan(5);
  });
});
