/** The clip that comes with the package: small, and an endless stream without a seam. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { SendBatch } from '../../src/core/batch.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { TESTCARD_BIT_PER_SECOND, TESTCARD_MOST_BIT_PER_SECOND } from '../../src/feed/testcard.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { stuffedPackets, stuffTransportStream } from '../../src/feed/tsStuffing.js';
import { NULL_PID, TS_PACKET_OCTETS, tsPid } from '../../src/wire/mpegts.js';

const CLIP = new Uint8Array(readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url)));
const PASS_NS = 8e9;

function feedOf(passes: number, startOctet = 0, clip = CLIP): TsFeed {
  return new TsFeed({
    source: new MemorySource(clip, { loop: true, startOctet }),
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
    expect((CLIP.length * 8) / (PASS_NS / 1e9)).toBe(TESTCARD_BIT_PER_SECOND);
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

function filled(bitPerSecond: number): Uint8Array<ArrayBuffer> {
  const packets = stuffedPackets(CLIP.length / TS_PACKET_OCTETS, TESTCARD_BIT_PER_SECOND, bitPerSecond);
  const to: Uint8Array<ArrayBuffer> = new Uint8Array(packets * TS_PACKET_OCTETS).fill(0xa5);
  stuffTransportStream(CLIP, TESTCARD_BIT_PER_SECOND, to);
  return to;
}

/** Its packets but those that only fill. */
function content(clip: Uint8Array): Uint8Array[] {
  return Array.from({ length: clip.length / TS_PACKET_OCTETS }, (_, k) =>
    clip.subarray(k * TS_PACKET_OCTETS, (k + 1) * TS_PACKET_OCTETS),
  ).filter((packet) => tsPid(packet, 0) !== NULL_PID);
}

describe('the test card, filled up to a rate', () => {
  it.each([1_504_000, 2_000_000, 2_500_000, 10_000_000])(
    'has %i bit/s, raises no indicator over two passes, and its clock is exact',
    (bitPerSecond) => {
      const { indicators, services, pcr, mdi } = analysed(feedOf(2, 0, filled(bitPerSecond))).snapshot();
      expect(indicators.filter(({ count }) => count > 0).map(({ id, count }) => `${id} ${count}`)).toEqual([]);
      expect(services).toMatchObject([{ name: 'Test card' }]);
      expect(pcr).toHaveLength(1);
      expect(pcr[0]!.discontinuities).toBe(0);
      expect(pcr[0]!.rateBitPerSecond / bitPerSecond).toBeCloseTo(1, 4);
      expect(Math.max(-pcr[0]!.accuracyMinNs, pcr[0]!.accuracyMaxNs)).toBeLessThan(100);
      expect(mdi!.erroredSeconds).toBe(0);
    },
  );

  it('has the packets of the clip in their order, their clocks aside', () => {
    const before = content(CLIP);
    const after = content(filled(5_000_000));
    expect(after).toHaveLength(before.length);
    const differing = before.filter((was, k) => {
      const is = after[k]!;
      // Octets 6 to 11 of a packet with a PCR are that (ISO/IEC 13818-1 section 2.4.3.5).
      const hasClock = (was[3]! & 0x20) !== 0 && was[4]! > 0 && (was[5]! & 0x10) !== 0;
      const [head, tail] = hasClock ? [6, 12] : [0, 0];
      return (
        Buffer.compare(is.subarray(tail), was.subarray(tail)) !== 0 ||
        Buffer.compare(is.subarray(0, head), was.subarray(0, head)) !== 0
      );
    });
    expect(differing).toEqual([]);
  });

  it('is the clip itself at its own rate, and no longer than memory may be', () => {
    expect(Buffer.compare(filled(TESTCARD_BIT_PER_SECOND), CLIP)).toBe(0);
    expect(Buffer.compare(filled(1), CLIP)).toBe(0);
    const packets = stuffedPackets(8000, TESTCARD_BIT_PER_SECOND, TESTCARD_MOST_BIT_PER_SECOND);
    expect(packets * TS_PACKET_OCTETS).toBeLessThan(64 << 20);
  });
});
