import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { RtcpType, checkRtcp, rtcpCodec, rtcpFault } from '../../src/wire/rtcp.js';
import type { RtcpCompound, RtcpPacket } from '../../src/wire/rtcp.js';
import type { XrBlock } from '../../src/wire/rtcpXr.js';
import { WireStatus } from '../../src/wire/status.js';
import { guarded, surrounded } from '../fuzz/guard.js';

const AT = 16;
const STATUSES: readonly number[] = Object.values(WireStatus);

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const text = fc.uint8Array({ maxLength: 255, size: 'small' });
const words = fc
  .array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 4 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const blocks = fc.array(
  fc.record({
    ssrc: u32,
    fractionLost: u8,
    cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
    extendedHighestSequence: u32,
    jitter: u32,
    lastSr: u32,
    delaySinceLastSr: u32,
  }),
  { maxLength: 31, size: '-1' },
);
const sr = fc.record({
  kind: fc.constant('sr'),
  ssrc: u32,
  ntp: u64,
  rtpTimestamp: u32,
  packetCount: u32,
  octetCount: u32,
  blocks,
  extension: words,
});
const rr = fc.record({ kind: fc.constant('rr'), ssrc: u32, blocks, extension: words });
const xrBlock: fc.Arbitrary<XrBlock> = fc.oneof(
  fc.record({
    kind: fc.constant('loss-rle'),
    ssrc: u32,
    reserved: fc.nat(15),
    thinning: fc.nat(15),
    beginSequence: u16,
    endSequence: u16,
    chunks: fc.array(fc.tuple(u16, u16), { maxLength: 4 }).map((pairs) => pairs.flat()),
  }),
  fc.record({ kind: fc.constant('reference-time'), reserved: u8, ntp: u64 }),
  fc.record({
    kind: fc.constant('dlrr'),
    reserved: u8,
    subBlocks: fc.array(fc.record({ ssrc: u32, lastRr: u32, delaySinceLastRr: u32 }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('statistics'),
    ssrc: u32,
    hasLoss: fc.boolean(),
    hasDuplicates: fc.boolean(),
    hasJitter: fc.boolean(),
    ttlKind: fc.nat(3),
    reserved: fc.nat(7),
    beginSequence: u16,
    endSequence: u16,
    lostPackets: u32,
    duplicatePackets: u32,
    minJitter: u32,
    maxJitter: u32,
    meanJitter: u32,
    devJitter: u32,
    minTtl: u8,
    maxTtl: u8,
    meanTtl: u8,
    devTtl: u8,
  }),
  fc.record({ kind: fc.constant('other'), type: fc.integer({ min: 7, max: 255 }), specific: u8, octets: words }),
);
const packet: fc.Arbitrary<RtcpPacket> = fc.oneof(
  sr,
  rr,
  fc.record({
    kind: fc.constant('sdes'),
    chunks: fc.array(
      fc.record({
        ssrc: u32,
        items: fc.array(fc.record({ type: fc.integer({ min: 1, max: 255 }), octets: text }), { maxLength: 4 }),
      }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    kind: fc.constant('bye'),
    ssrcs: fc.array(u32, { maxLength: 31 }),
    reason: fc.option(text),
  }),
  fc.record({
    kind: fc.constant('app'),
    subtype: fc.nat(31),
    ssrc: u32,
    name: fc.array(u8, { minLength: 4, maxLength: 4 }).map((codes) => String.fromCharCode(...codes)),
    data: words,
  }),
  fc.record({
    kind: fc.constant('xr'),
    ssrc: u32,
    reserved: fc.nat(31),
    blocks: fc.array(xrBlock, { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('other'),
    fault: fc.constant(WireStatus.Ok),
    type: fc.integer({ min: 208, max: 255 }),
    count: fc.nat(31),
    octets: words,
  }),
);
const compound: fc.Arbitrary<RtcpCompound> = fc
  .tuple(fc.oneof(sr, rr), fc.array(packet, { maxLength: 5 }), fc.nat(3))
  .map(([first, rest, padding]) => ({
    packets: [first, ...rest],
    // Padding stands in the last packet, never in the first.
    padding:
      padding === 0 || rest.length === 0
        ? new Uint8Array()
        : new Uint8Array(4 * padding).fill(0x5a).fill(4 * padding, 4 * padding - 1),
  }));

describe('RTCP', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(compound, fc.nat(9), (header, at) => {
        const octets = rtcpCodec.octets(header);
        const bytes = new Uint8Array(at + octets + 5).fill(0xa5);
        expect(rtcpCodec.write(bytes, at, header)).toBe(octets);
        expect([...bytes.subarray(at + octets)]).toEqual(Array(5).fill(0xa5));
        const out = rtcpCodec.create();
        expect(rtcpCodec.parse(bytes, at, octets, out)).toBe(WireStatus.Ok);
        expect(out).toEqual(header);
        expect(rtcpFault(out)).toBe(WireStatus.Ok);
      }),
    );
  });

  it('whatever comes is a status, read from within; and what parses is written back as it was', () => {
    const random = new Random(1);
    const valid = fc.sample(compound, { numRuns: 40, seed: 1 }).map((header) => {
      const bytes = new Uint8Array(rtcpCodec.octets(header));
      rtcpCodec.write(bytes, 0, header);
      return bytes;
    });
    let parsed = 0;
    let faulty = 0;
    for (let i = 0; i < 3000; i++) {
      const octets = i % 3 === 0 ? random3550(random) : mutated(random, valid[i % valid.length]!);
      const outcomes = [0x00, 0x81].map((poison) => {
        const bytes = surrounded(octets, poison);
        const out = rtcpCodec.create();
        const status = rtcpCodec.parse(guarded(bytes, AT, octets.length), AT, octets.length, out);
        expect(checkRtcp(bytes, AT, octets.length)).toBe(status);
        if (status !== WireStatus.Ok) return String(status);
        const written = new Uint8Array(rtcpCodec.octets(out)).fill(0xa5);
        expect(rtcpCodec.write(written, 0, out)).toBe(octets.length);
        expect(Buffer.compare(written, octets)).toBe(0);
        parsed++;
        if (rtcpFault(out) !== WireStatus.Ok) faulty++;
        return `0 ${rtcpCodec.describe(out)}`;
      });
      expect(STATUSES).toContain(Number.parseInt(outcomes[0]!, 10));
      expect(outcomes[1]).toBe(outcomes[0]);
      // A line, whatever the peer wrote.
      expect(outcomes[0]).toMatch(/^[^\p{Cc}]*$/u);
    }
    expect(parsed).toBeGreaterThan(1000);
    expect(faulty).toBeGreaterThan(100);
  });
});

/** A report, then a packet of random type and body. */
function random3550(random: Random): Uint8Array {
  const bodyWords = random.below(20);
  const octets = Uint8Array.from({ length: 12 + 4 * bodyWords }, () => random.below(4) * random.below(256));
  octets.set([0x80, 0xc9, 0, 1]);
  octets.set([0x80 | random.below(8), RtcpType.Sr + random.below(8), 0, bodyWords], 8);
  return octets;
}

/** A few octets changed, and sometimes cut or lengthened. */
function mutated(random: Random, octets: Uint8Array): Uint8Array {
  const length = random.below(8) === 0 ? random.below(octets.length + 20) : octets.length;
  const changed = new Uint8Array(length);
  changed.set(octets.subarray(0, length));
  if (length === 0) return changed;
  for (let i = random.below(4); i > 0; i--) changed[random.below(length)] = random.uint32();
  return changed;
}
