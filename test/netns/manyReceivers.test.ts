/** Fifty receivers of one sender, each a program of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../src/result/read.js';
import { startMcast } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, until } from './lab.js';

const COMMAND = new URL('../../bin/mcast.js', import.meta.url).pathname;
const RECEIVERS = 50;
const DATAGRAMS = 400;

describe.runIf(needs('netns', 'dist'))('fifty receivers on one machine', { timeout: 340_000 }, () => {
  it('are all in the report of their sender, each with its own result', async () => {
    const lab = await openLab();
    try {
      await lab.addHosts('tx', 'rx');
      await lab.link('tx', 'e0', 'rx', 'e0');
      const endpoint = 'probe://239.192.7.3:5001/iface=e0';
      const waiting = ['--await', String(RECEIVERS), '--wait', '200s', '--max-late', '20s'];
      const load = ['--pps', '100', '--count', String(DATAGRAMS)];
      const sender = startMcast(['send', endpoint, ...waiting, ...load], { lab, host: 'tx' });
      const receivers = Array.from({ length: RECEIVERS }, (_, i) => {
        const document = join(lab.folder, `set-${i}.ndjson`);
        const words = ['recv', endpoint, '--once', '--quiet', '--name', `set-${i}`, `--json=${document}`];
        // Others of this machine go first: so many programs that start take it up for seconds.
        return { document, process: lab.spawn('rx', 'nice', ['-n', '19', process.execPath, COMMAND, ...words]) };
      });
      await sender.exited(250_000);
      for (const { process: receiver } of receivers) {
        await until(() => !receiver.running, 'the end of a receiver', 60_000);
        expect((await receiver.exited).status, receiver.describe()).toBe(0);
      }
      const own = await Promise.all(
        receivers.map(async ({ document }) => (await readResults(readFileSync(document, 'utf8'), document))[0]!),
      );
      const { receivers: reported, sender: sent } = await sender.result();
      expect(sent!.sent).toBe(DATAGRAMS);
      expect(reported.map(({ name }) => name).toSorted()).toEqual(
        Array.from({ length: RECEIVERS }, (_, i) => `set-${i}`).toSorted(),
      );
      const ownByName = new Map(own.map((result) => [result.run.name, result]));
      for (const { name, result } of reported) {
        const mine = ownByName.get(name)!;
        const figures = (of: typeof mine) =>
          of.streams.filter(({ role }) => role === 'media').map((one) => one.metrics);
        expect(result, name).not.toBeNull();
        expect(figures(result!), name).toEqual(figures(mine));
        expect(figures(mine), name).toMatchObject([{ packets_received: DATAGRAMS, packets_lost: 0 }]);
      }
    } finally {
      await lab.close();
    }
  });
});
