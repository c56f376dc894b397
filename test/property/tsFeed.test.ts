import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../src/core/byteSource.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { collect, type Sent } from '../sim/collect.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { PiecesSource } from '../ts/tsSources.js';
import { counterBreaks, walk } from '../ts/tsWalk.js';

const STREAM = makeTransportStream({
  rateBitPerSecond: 1_504_000,
  seconds: 0.2,
  programs: [{ videoBitPerSecond: 4e5 }],
});

interface Shape {
  readonly before: number;
  readonly behind: number;
  /** Octets of junk in front of these packets; -1: none. */
  readonly junkAt: number;
  readonly truncated: number;
  readonly loop: boolean;
  readonly start: number;
  readonly tsPerDatagram: number;
  readonly rate: number | null;
  readonly leastPackets: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  before: fc.constantFrom(0, 4),
  behind: fc.constantFrom(0, 0, 16),
  junkAt: fc.integer({ min: -1, max: 199 }),
  truncated: fc.integer({ min: 0, max: 187 }),
  loop: fc.boolean(),
  start: fc.double({ min: 0, max: 1, noNaN: true }),
  tsPerDatagram: fc.integer({ min: 1, max: 7 }),
  rate: fc.constantFrom(null, 1_000_000),
  leastPackets: fc.constantFrom(64, 256),
});

/** The stream as the shape says: behind time codes or before parity, with junk and a cut. */
function octetsOf({ before, behind, junkAt, truncated }: Shape): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let packet = 0; packet * 188 < STREAM.length; packet++) {
    if (packet === junkAt) parts.push(new Uint8Array(77));
    parts.push(new Uint8Array(before === 4 ? 4 : 0), STREAM.subarray(packet * 188, packet * 188 + 188));
    parts.push(new Uint8Array(before === 4 ? 0 : behind));
  }
  const octets = new Uint8Array(Buffer.concat(parts));
  return octets.subarray(0, octets.length - truncated);
}

function sentOf(source: ByteSource, shape: Shape): { sent: Sent[]; told: unknown } {
  const feed = new TsFeed({
    source,
    pcrPid: null,
    muxRateBitPerSecond: shape.rate,
    tsPerDatagram: shape.tsPerDatagram,
    rtp: { ssrc: 1, firstSequence: 0, firstTimestamp: 0, sendTime: null },
    count: 300,
    durationNs: null,
    startMonoNs: 1e9,
    destination: 0,
    window: { leastPackets: shape.leastPackets, mostPackets: 256 },
  });
  const sent = collect(feed);
  const told = {
    packets: feed.packets,
    passes: feed.passes,
    discontinuities: feed.discontinuities,
    status: feed.status,
    pcrPid: feed.pcrPid,
    scheduled: feed.scheduled,
  };
  return { sent, told };
}

describe('whatever the pieces that a source is read in', () => {
  test('the same datagrams are due at the same times', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
        (shape, sizes) => {
          const octets = octetsOf(shape);
          const options = { loop: shape.loop, startOctet: Math.floor(shape.start * octets.length * 0.999) };
          const whole = sentOf(new MemorySource(octets, options), shape);
          const pieces = sentOf(new PiecesSource(new MemorySource(octets, options), sizes), shape);
          expect(pieces.told).toEqual(whole.told);
          expect(pieces.sent.map(({ dueNs }) => dueNs)).toEqual(whole.sent.map(({ dueNs }) => dueNs));
          const joined = [pieces, whole].map(({ sent }) => Buffer.concat(sent.map(({ octets: one }) => one)));
          expect(joined[0]!.equals(joined[1]!)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('time never goes back, and counters never break where the source is whole', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const octets = octetsOf({ ...shape, junkAt: -1, truncated: 0 });
        const startOctet = Math.floor(shape.start * octets.length * 0.999);
        const { sent } = sentOf(new MemorySource(octets, { loop: true, startOctet }), shape);
        expect(sent).toHaveLength(300);
        expect(sent.every(({ dueNs }, i) => i === 0 || dueNs >= sent[i - 1]!.dueNs)).toBe(true);
        expect(counterBreaks(walk(Buffer.concat(sent.map(({ octets: one }) => one.subarray(12)))))).toEqual([]);
        // 1 ms a packet, wherever it began.
        const lastNs = sent.at(-1)!.dueNs - sent[0]!.dueNs;
        expect(Math.abs(lastNs - 299 * shape.tsPerDatagram * 1e6)).toBeLessThan(2000);
      }),
      { numRuns: 30 },
    );
  });
});

test('random octets in and around packets never throw', () => {
  fc.assert(
    fc.property(
      shapes,
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
        maxLength: 200,
      }),
      fc.uint8Array({ maxLength: 600 }),
      (shape, changes, noise) => {
        const octets = new Uint8Array(Buffer.concat([noise, octetsOf(shape)]));
        for (const [place, octet] of changes) octets[Math.floor(place * (octets.length - 1))] = octet;
        const { sent } = sentOf(new MemorySource(octets, { loop: shape.loop }), shape);
        expect(sent.every(({ octets: one }) => (one.length - 12) % 188 === 0 && one[12] === 0x47)).toBe(true);
        expect(sent.every(({ dueNs }, i) => i === 0 || dueNs >= sent[i - 1]!.dueNs)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
