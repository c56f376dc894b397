/** Load both ways between two hosts: each end's document has what the other one sent, and the other one's report. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMcast } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

describe.runIf(needs('netns', 'dist'))('load both ways between hosts', { timeout: 60_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('west', 'east');
    await lab.link('west', 'e0', 'east', 'e0');
  });
  afterAll(async () => lab?.close());

  it.each([
    ['groups', 'probe://239.192.7.1:5001/iface=e0', 'probe://239.192.7.2:5001/iface=e0', []],
    ['hosts', 'probe://10.77.1.2:5001', 'probe://10.77.1.1:5001', ['--unicast']],
  ])('agrees at both ends: %s', async (_, eastward, westward, options) => {
    const words = ['--count', '2000', '--pps', '1000', '--await', '1', '--max-late', '20s', '--quiet', ...options];
    const west = startMcast(['send', eastward, '--both', westward, '--name', 'west', ...words], { lab, host: 'west' });
    const east = startMcast(['send', westward, '--both', eastward, '--name', 'east', ...words], { lab, host: 'east' });
    const [a, b] = await Promise.all([west.result(), east.result()]);
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(here.streams).toHaveLength(1);
      expect(here.streams[0]).toMatchObject({ local: false, sender_run: there.sender!.run });
      expect(here.streams[0]!.metrics).toMatchObject({ packets_received: 2000, packets_lost: 0 });
      expect(there.receivers.map(({ name }) => name)).toEqual([here.run.name]);
      expect(there.receivers[0]!.result!.streams[0]!.metrics).toEqual(here.streams[0]!.metrics);
    }
  });
});
