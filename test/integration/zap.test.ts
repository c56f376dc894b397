/** Changes between real channels on loopback: `mcast zap` beside senders of the test card. */
import { describe, expect, it } from 'vitest';
import { renderText } from '../../src/report/text.js';
import { freshGroup, startMcast, type Mcast } from '../mcast.js';

/** Sends the test card until the test is over. */
async function channel(group: string): Promise<Mcast> {
  const sender = startMcast(['send', `rtp://${group}:5004/iface=lo`, '--max-late', '20s']);
  await sender.untilLine('interval');
  return sender;
}

describe('mcast zap', () => {
  it.each(['native', 'dgram'])('changes between test cards, through %s', async (io) => {
    const groups = [freshGroup(), freshGroup()];
    await Promise.all(groups.map((group) => channel(group)));
    const endpoints = groups.map((group) => `rtp://${group}:5004/iface=lo`);
    const zap = startMcast(['zap', ...endpoints, '--cycles', '3', '--dwell', '10s', '--io', io]);
    const result = await zap.result();
    expect(zap.lines.map(({ type }) => type)).toEqual(['start', ...Array.from({ length: 6 }, () => 'zap'), 'result']);
    expect(result.zap).toMatchObject({ attempts: 6, failures: 0, incomplete: 0 });
    for (const { endpoint, ...times } of result.zap!.channels) {
      expect(endpoints).toContain(endpoint);
      const packet = times.first_packet_ns!;
      const steps = [packet, times.first_pat_ns!, times.first_pmt_ns!, times.first_random_access_ns!];
      expect(steps.map(({ count }) => count)).toEqual([3, 3, 3, 3]);
      expect(packet.min).toBeGreaterThan(0);
      const means = steps.map(({ mean }) => mean!);
      expect(means).toEqual(means.toSorted((a, b) => a - b));
    }
    expect(result.memberships.map(({ group, interface: name }) => [group, name])).toEqual(
      groups.map((group) => [group, 'lo']),
    );
    expect(renderText(result)).toContain('6 channel changes, 2 channels in turn');
  });

  it('fails where nothing comes', async () => {
    const zap = startMcast(['zap', `rtp://${freshGroup()}:5004/iface=lo`, '--cycles', '2', '--dwell', '50ms']);
    expect((await zap.result(3)).zap).toMatchObject({ attempts: 2, failures: 2, first_packet_ns: null });
  });

  it('is cut short by a signal, with what it has', async () => {
    const zap = startMcast(['zap', `rtp://${freshGroup()}:5004/iface=lo`, '--cycles', '1000', '--dwell', '50ms']);
    await zap.untilLine('zap');
    zap.signal('SIGINT');
    const result = await zap.result(130);
    expect(result.run.complete).toBe(false);
    expect(result.zap!.attempts).toBeGreaterThan(0);
  });
});
