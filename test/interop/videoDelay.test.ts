/** One-way delay of RTP and of probes, which carry their send times in other forms, over one path in one run. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stream } from '../../src/result/model.js';
import { freshGroup, startMcast, startReceiver } from '../mcast.js';
import type { Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import { makeClip, openVideoLab, PORT } from './videoLab.js';

/** Octets of a datagram of ours: RTP with its extension, and seven packets. Probes are as long. */
const SIZE = 28 + 1316;
const HEADERS = 14 + 20 + 8;
/** Of the media: 8 Mbit/s in packets of seven. */
const MEDIA_PPS = 8e6 / 8 / 1316;
const PROBE_PPS = 500;
const SECONDS = 4;

describe.runIf(needs('netns', 'ffmpeg', 'dist'))('one-way delay of video', { timeout: 60_000 }, () => {
  let lab: Lab;
  let clip: string;
  beforeAll(async () => {
    lab = await openVideoLab();
    clip = makeClip(lab.folder, 'h264', SECONDS);
  }, 60_000);
  afterAll(async () => lab?.close());

  it('is what probes between its packets have', async () => {
    // More is sent than leaves: both wait in one queue, which grows all the while, whatever else the machine does. It
    // grows to 80 ms, of which each socket's send buffer holds its part.
    const offered = (MEDIA_PPS + PROBE_PPS) * (SIZE + HEADERS) * 8;
    await lab.limitRate('tx', 'e0', Math.round(offered * 0.98), 16 << 20);
    const media = `rtp://${freshGroup()}:${PORT}/iface=e0`;
    const probe = `probe://${freshGroup()}:5001/iface=e0`;
    const receiver = await startReceiver([media, probe, '--once'], { lab, host: 'rx' });
    const probes = `${probe}/pps=${PROBE_PPS}/size=${SIZE}`;
    const words = ['send', `${media}/input=${clip}`, probes, '--duration', `${SECONDS}s`, '--max-late', '20s'];
    await startMcast(words, { lab, host: 'tx' }).result();
    const { streams } = await receiver.result();
    const [rtp, probed] = ['rtp/mpeg-ts', 'probe'].map((format) => delayOf(streams, format));
    expect(rtp!.p50).toBeGreaterThan(0);
    // One clock, and datagrams of both alternate in the queue.
    for (const figure of ['p50', 'p90', 'max'] as const) {
      const ratio = rtp![figure]! / probed![figure]!;
      expect({ figure, ratio: Math.abs(ratio - 1) < 0.1 ? 1 : ratio }).toEqual({ figure, ratio: 1 });
    }
  });
});

function delayOf(streams: readonly Stream[], format: string) {
  const stream = streams.find((one) => one.format === format && one.role === 'media')!;
  // What a full queue refuses at the end has no delay.
  expect(stream.send_time).toBe('departure');
  const delay = stream.histograms!.one_way_delay_ns!;
  expect(delay.count).toBe(stream.metrics.packets_received);
  return delay;
}
