/** The clip that comes with the package: small, and an endless stream without a seam. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { SendBatch } from '../../src/core/batch.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { TS_PACKET_OCTETS } from '../../src/wire/mpegts.js';

const CLIP = new Uint8Array(readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url)));
const PASS_NS = 8e9;

function feedOf(passes: number, startOctet = 0): TsFeed {
  return new TsFeed({
    source: new MemorySource(CLIP, { loop: true, startOctet }),
    pcrPid: null,
    muxRateBitPerSecond: null,
    rtp: null,
    count: null,
    durationNs: passes * PASS_NS,
    startMonoNs: 0,
    destination: 0,
  });
}

/** What a receiver without delay makes of it. */
function analysed(feed: TsFeed): TsAnalyzer {
  const analyzer = new TsAnalyzer();
  const batch = new SendBatch(64, 64 * 7 * TS_PACKET_OCTETS);
  for (let untilNs = 0; feed.nextDueNs() !== Infinity; untilNs = feed.nextDueNs()) {
    batch.count = 0;
    feed.fill(batch, untilNs);
    for (let i = 0; i < batch.count; i++) {
      analyzer.onPayload(batch.bytes, batch.offset[i]!, batch.length[i]!, batch.dueMonoNs[i]!, 0);
    }
  }
  return analyzer;
}

describe('the test card', () => {
  it('is under 2 MB, of whole packets, at 1.504 Mbit/s', () => {
    expect(CLIP.length).toBeLessThan(2e6);
    expect(CLIP.length % TS_PACKET_OCTETS).toBe(0);
    expect((CLIP.length * 8) / (PASS_NS / 1e9)).toBe(1_504_000);
  });

  it.each([0, 1234 * TS_PACKET_OCTETS])('raises no indicator over ten passes, begun at octet %i', (startOctet) => {
    const { indicators, packets, services, pcr, mdi } = analysed(feedOf(10, startOctet)).snapshot();
    expect(indicators.filter(({ count }) => count > 0).map(({ id, count }) => `${id} ${count}`)).toEqual([]);
    // Whole datagrams: 11,429 of them are due.
    expect(packets).toBe(80_003);
    expect(services).toMatchObject([
      {
        name: 'Test card',
        provider: 'mcastkit',
        streams: [
          { kind: 'video', name: 'H.264' },
          { kind: 'audio', name: 'AAC (ADTS)' },
        ],
      },
    ]);
    // Exact to the tick over all seams.
    expect(pcr).toHaveLength(1);
    expect(pcr[0]!.discontinuities).toBe(0);
    expect(Math.max(-pcr[0]!.accuracyMinNs, pcr[0]!.accuracyMaxNs)).toBeLessThan(38);
    expect(mdi!.erroredSeconds).toBe(0);
  });
});
