/** A capture of IPv6 datagrams is sent again over sockets, to another group. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startMcast, startReceiver } from '../mcast.js';
import { needs } from '../require.js';
import { openLab } from './lab.js';

const PORT = 26_400;
const MESSAGES = 3000;

describe.runIf(needs('netns', 'dist'))('a capture of IPv6', { timeout: 90_000 }, () => {
  it('is sent again, every message of it, to the group that it is mapped to', async () => {
    const lab = await openLab();
    try {
      await lab.addHosts('tx', 'rx');
      await lab.link('tx', 'e0', 'rx', 'e0');
      const recorded = join(lab.folder, 'day.pcapng');
      const endpoint = (group: string): string => `mold://${group}/port=${PORT}/iface=e0`;
      const recording = await startReceiver([endpoint('ff15::77'), '--once', '--capture', recorded], {
        lab,
        host: 'rx',
      });
      const first = ['send', endpoint('ff15::77'), '--mps', '3000', '--duration', '1', '--max-late', '20s'];
      const sent = await startMcast(first, { lab, host: 'tx' }).result();
      const [original] = (await recording.result()).streams;
      expect(original!.metrics.packets_received).toBe(sent.sender!.sent);
      const again = await startReceiver([endpoint('ff15::78'), '--once'], { lab, host: 'rx' });
      const words = ['send', '--input', recorded, '--map', 'ff15::77=ff15::78', '--iface', 'e0', '--max-late', '20s'];
      const replayed = await startMcast(words, { lab, host: 'tx' }).result();
      const [copy] = (await again.result()).streams;
      expect(replayed.sender!.not_sent).toBe(0);
      expect(copy).toMatchObject({ group: 'ff15::78', port: PORT, format: 'moldudp64' });
      for (const id of ['messages_received', 'packets_received', 'octets_received'] as const) {
        expect(copy!.metrics[id], id).toBe(original!.metrics[id]);
      }
      expect(copy!.metrics.messages_lost).toBe(0);
      expect(copy!.metrics.messages_received).toBeGreaterThanOrEqual(MESSAGES);
    } finally {
      await lab.close();
    }
  });
});
