import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { CaptureRecord, CaptureStatus } from '../../src/wire/capture.js';
import type { CaptureReader } from '../../src/wire/capture.js';
import { FrameStatus, LinkType, UdpLocation, locateUdp } from '../../src/wire/ip.js';
import {
  checkIperf,
  iperfHasSettings,
  iperfIsWide,
  iperfNumberHigh,
  iperfNumberLow,
  iperfTos,
} from '../../src/wire/iperf.js';
import { PcapReader } from '../../src/wire/pcap.js';
import { PcapngReader } from '../../src/wire/pcapng.js';
import { interfaceBlock, packetBlockOctets, putPacketBlock, sectionHeaderBlock } from '../../src/wire/pcapngWrite.js';
import { PROBE_HEADER_OCTETS, checkProbe } from '../../src/wire/probe.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { recogniseFormat } from '../../src/wire/recognise.js';
import { CODECS } from '../../src/wire/registry.js';
import { rtpCodec } from '../../src/wire/rtp.js';
import { checkSmpteFec } from '../../src/wire/smpteFec.js';
import { WireStatus } from '../../src/wire/status.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { MDP3_VECTORS, MOLD_VECTORS, XDP_VECTORS } from '../vectors/feedFrames.js';
import type { FeedVector } from '../vectors/feedFrames.js';
import { FRAMES } from '../vectors/frames.js';
import { fromHex, toHex } from '../vectors/hex.js';
import { guarded, guardedView, surrounded } from './guard.js';

const AT = 16;
const STATUSES: readonly number[] = Object.values(WireStatus);
const FRAME_STATUSES: readonly number[] = Object.values(FrameStatus);

function randomOctets(random: Random, longest: number): Uint8Array {
  return Uint8Array.from({ length: random.below(longest + 1) }, () => random.uint32());
}

/** A few octets changed, and sometimes cut or lengthened. */
function mutated(random: Random, octets: Uint8Array): Uint8Array {
  const length = random.below(4) === 0 ? random.below(octets.length + 20) : octets.length;
  const changed = new Uint8Array(length);
  changed.set(octets.subarray(0, length));
  if (length === 0) return changed;
  for (let i = random.below(4); i > 0; i--) changed[random.below(length)] = random.uint32();
  return changed;
}

const validProbes: Uint8Array[] = [64, 52, 1316].map((octets) => {
  const bytes = new Uint8Array(octets);
  probeCodec.write(bytes, 0, { ...probeCodec.create(), runId: octets, sequence: 5n, total: 6n });
  return bytes;
});
const validRtp: Uint8Array[] = [
  { csrcs: [], extension: null, paddingOctets: 0 },
  { csrcs: [1, 2], extension: { profile: 0xbede, octets: fromHex('10aa0000') }, paddingOctets: 0 },
  { csrcs: [], extension: { profile: 0x1000, octets: fromHex('0101aa00') }, paddingOctets: 4 },
].map((part) => {
  const bytes = new Uint8Array(60).fill(4);
  rtpCodec.write(bytes, 0, { ...rtpCodec.create(), payloadType: 33, sequence: 7, ssrc: 9, ...part });
  return bytes;
});
const stream = makeTransportStream({ seconds: 0.2, rateBitPerSecond: 1_000_000 });
/** Datagrams of seven packets (tables, and the first picture with its PCR), of one and of three. */
const validTransportStreams = [
  [0, 7],
  [2, 3],
  [40, 43],
].map(([from, to]) => stream.slice(188 * from!, 188 * to!));
const sdp = Buffer.from('v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=x\r\n').toString('hex');
const validSap = [
  `20 00 1234 0a000001 ${sdp}`,
  // IPv6, two words of authentication, "application/sdp".
  `30 02 ffff 20010db8000000000000000000000001 2000aabbccddeeff 6170706c69636174696f6e2f73647000 ${sdp}`,
  // A deletion: "o=- 1 1 IN IP4 10.0.0.1".
  '24 00 0001 0a000001 6f3d2d2031203120494e204950342031302e302e302e310d0a',
  // R, encrypted and compressed.
  '2b 00 1234 0a000001 789c0102',
].map(fromHex);
const block = '89abcdef ff ffffff 0001ffff 00000123 b7052000 00054000';
const validRtcp = [
  // SR of one block, SDES with a CNAME.
  `81 c8 000c 01020304 ed003780 80000000 fedcba98 ffffffff 80000001 ${block} 81 ca 0003 01020304 01 05 6140622e63 00`,
  // Empty RR, BYE with a reason, APP.
  '80 c9 0001 01020304 81 cb 0002 00000005 03 656e64 9f cc 0003 00000007 74657374 00112233',
  // RR of two blocks with an extension, XR with a reference time, an unknown type with padding.
  `82 c9 000e 01020304 ${block} ${block} cafe0001 80 cf 0004 01020304 04 00 0002 ed003780 80000000` +
    ' a1 cd 0003 00000007 a1b2c3d4 00000008',
].map(fromHex);
const validFec = [
  // Columns of 5, every 10th; a row of 20 with flags and marker combined; payload.
  '80 60 0102 fedcba98 00000000 fffe 0524 a1 000000 80000001 00 0a 05 00 aabbcc',
  'b1 ff ffff 00000001 89abcdef 0000 ffff 80 000000 00000000 40 01 14 00 0102',
].map(fromHex);

const settings = `00000001 00001389 0000012c 00000000 ffffffec 00000000 00000000 0010 0000 00020001 00080003 0000 00b8 000f4240 00000000 00000000`;
const validIperf = [
  // With settings; a final one; without them; of 32 bits, and a final one of those.
  `00000001 6b0813a1 00070c74 00000000 48010098 ${settings}`,
  `ffffffa9 6b0813a1 000a2a54 ffffffff 680100d8 ${settings}${'00'.repeat(84)}30313233`,
  '00000002 6b0813a3 000d2913 00000000 08000000 0102',
  '00000002 6b0813a2 000c50de 00000000',
  'fffffffe 6b0813a2 000c50de',
].map(fromHex);
const validIperfReports = [
  `${'00'.repeat(16)} 88000000 ${'00000001 fffffffe'.repeat(13)} 00000003`,
  `${'00'.repeat(16)} c0000000 ${'00'.repeat(108)} 0102`,
].map(fromHex);

const ofFeed = (vectors: readonly FeedVector[]): Uint8Array[] => vectors.map(({ hex }) => fromHex(hex));

/** Of every registered codec, by its name. */
const VALID = new Map<string, readonly Uint8Array[]>([
  ['probe', validProbes],
  ['mpeg-ts', validTransportStreams],
  ['rtp', validRtp],
  ['smpte-2022-1', validFec],
  ['rtcp', validRtcp],
  ['sap', validSap],
  ['iperf', validIperf],
  ['iperf/report', validIperfReports],
  ['moldudp64', ofFeed(MOLD_VECTORS)],
  [
    'moldudp64/request',
    ['53455353303120202020 0000000500000006 0102', '41414141414141414141 0000000000000001 ffff'].map(fromHex),
  ],
  ['mdp3', ofFeed(MDP3_VECTORS)],
  ['xdp', ofFeed(XDP_VECTORS)],
]);
const frames = FRAMES.map(({ hex, linkType }) => ({ octets: fromHex(hex), linkType }));

describe('codecs', () => {
  for (const codec of new Set(CODECS.map((row) => row.codec))) {
    const valid = VALID.get(codec.name)!;

    it(`${codec.name}: its samples are valid`, () => {
      expect(valid.map((octets) => codec.check(octets, 0, octets.length))).toEqual(valid.map(() => WireStatus.Ok));
    });

    it(`${codec.name}: whatever comes is a status, and what stands around it does not matter`, () => {
      const random = new Random(1);
      for (let i = 0; i < 5000; i++) {
        const octets = i % 2 === 0 ? randomOctets(random, 80) : mutated(random, valid[(i >> 1) % valid.length]!);
        const outcomes = [0x00, 0xff, 0x4d].map((poison) => {
          const bytes = surrounded(octets, poison);
          const out = codec.create();
          const status = codec.parse(bytes, AT, octets.length, out);
          expect(codec.check(bytes, AT, octets.length)).toBe(status);
          return `${status} ${status === WireStatus.Ok ? codec.describe(out) : ''}`;
        });
        expect(STATUSES).toContain(Number.parseInt(outcomes[0]!, 10));
        expect(new Set(outcomes).size).toBe(1);
        const bytes = guarded(surrounded(octets, 0x4d), AT, octets.length);
        expect(codec.check(bytes, AT, octets.length)).toBe(Number.parseInt(outcomes[0]!, 10));
        // Alone in its buffer: a view that reads beyond it would throw.
        codec.parse(octets, 0, octets.length, codec.create());
      }
    });

    it(`${codec.name}: what parses is written back as it was`, () => {
      const random = new Random(2);
      let parsed = 0;
      for (let i = 0; i < 3000; i++) {
        const octets = mutated(random, valid[i % valid.length]!);
        const header = codec.create();
        // As if transport packets went on before and behind it.
        if (codec.parse(surrounded(octets, 0x47), AT, octets.length, header) !== WireStatus.Ok) continue;
        parsed++;
        const written = new Uint8Array(codec.octets(header)).fill(0xa5);
        expect(codec.write(written, 0, header)).toBe(written.length);
        expect(toHex(written)).toBe(toHex(octets.subarray(0, written.length)));
      }
      expect(parsed).toBeGreaterThan(500);
    });
  }
});

describe('probe', () => {
  it('reads nothing outside of its datagram', () => {
    const random = new Random(3);
    for (let i = 0; i < 10_000; i++) {
      const octets = i % 2 === 0 ? randomOctets(random, 80) : mutated(random, validProbes[i % validProbes.length]!);
      const view = guardedView(surrounded(octets, 0x4d), AT, octets.length);
      expect(STATUSES).toContain(checkProbe(view, AT, octets.length));
    }
  });

  it('notices every change of two bits', () => {
    const random = new Random(8);
    const octets = validProbes[0]!.slice(0, PROBE_HEADER_OCTETS);
    const out = { ...probeCodec.create(), runId: random.uint32(), flow: random.uint32(), notSent: random.uint32() };
    probeCodec.write(octets, 0, { ...out, sequence: 0x1234_5678_9abc_def0n, total: 0x0fed_cba9_8765_4321n });
    const view = new DataView(octets.buffer);
    const bits = Array.from({ length: 44 * 8 }, (_, bit) => (bit < 28 * 8 ? bit : bit + 64));
    let missed = 0;
    for (const [i, first] of bits.entries()) {
      octets[first >> 3]! ^= 0x80 >> (first & 7);
      for (const second of bits.slice(i + 1)) {
        octets[second >> 3]! ^= 0x80 >> (second & 7);
        if (checkProbe(view, 0, PROBE_HEADER_OCTETS) === WireStatus.Ok) missed++;
        octets[second >> 3]! ^= 0x80 >> (second & 7);
      }
      octets[first >> 3]! ^= 0x80 >> (first & 7);
    }
    expect(missed).toBe(0);
    expect(checkProbe(view, 0, PROBE_HEADER_OCTETS)).toBe(WireStatus.Ok);
  });

  it('never takes a changed header for intact', () => {
    const random = new Random(4);
    let changed = 0;
    for (let i = 0; i < 50_000; i++) {
      const octets = validProbes[0]!.slice(0, PROBE_HEADER_OCTETS);
      for (let n = 1 + random.below(6); n > 0; n--) {
        // Anywhere but in the send time, which the check does not cover.
        const at = random.below(44);
        octets[at < 28 ? at : at + 8]! ^= 1 + random.below(255);
      }
      if (octets.every((octet, at) => octet === validProbes[0]![at])) continue;
      changed++;
      expect(checkProbe(new DataView(octets.buffer), 0, octets.length)).not.toBe(WireStatus.Ok);
    }
    expect(changed).toBeGreaterThan(49_000);
  });
});

describe('iperf', () => {
  it('reads nothing outside of its datagram', () => {
    const random = new Random(10);
    for (let i = 0; i < 10_000; i++) {
      const octets =
        i % 2 === 0 ? randomOctets(random, 80) : mutated(random, validIperf[(i >> 1) % validIperf.length]!);
      const view = guardedView(surrounded(octets, 0xff), AT, octets.length);
      const status = checkIperf(view, AT, octets.length);
      expect(STATUSES).toContain(status);
      iperfHasSettings(view, AT, octets.length);
      iperfTos(view, AT, octets.length);
      if (status !== WireStatus.Ok) continue;
      const isWide = iperfIsWide(view, AT, octets.length);
      for (const part of [iperfNumberHigh(view, AT, isWide), iperfNumberLow(view, AT, isWide)]) {
        expect(part).toBe(part >>> 0);
      }
    }
  });
});

describe('smpte-2022-1', () => {
  it('reads nothing outside of its datagram', () => {
    const random = new Random(9);
    for (let i = 0; i < 5000; i++) {
      const octets = i % 2 === 0 ? randomOctets(random, 40) : mutated(random, validFec[(i >> 1) % validFec.length]!);
      const view = guardedView(surrounded(octets, 0x4d), AT, octets.length);
      expect(STATUSES).toContain(checkSmpteFec(view, AT, octets.length));
    }
  });
});

describe('recogniseFormat', () => {
  it('reads nothing outside of its datagram', () => {
    const random = new Random(5);
    const starts = [
      ...['47011110', '80210001', '90210001000000020000000300000001', '20001234', '4d434b50', '30313233'].map(fromHex),
      ...[...VALID.values()].flat(),
      // An origin line that the datagram cuts or random octets go on with.
      fromHex('24000001 0a000001 6f3d2d2031203120494e'),
    ];
    for (let i = 0; i < 10_000; i++) {
      const start = starts[random.below(starts.length)]!;
      const octets = i % 3 === 0 ? mutated(random, start) : randomOctets(random, 400);
      if (i % 3 !== 0) octets.set(start.subarray(0, octets.length));
      const formats = [0x00, 0x47].map((poison) =>
        recogniseFormat(guarded(surrounded(octets, poison), AT, octets.length), AT, octets.length),
      );
      expect(formats[0]).toBe(formats[1]);
    }
  });
});

describe('locateUdp', () => {
  it('reads nothing outside of the frame, and points nowhere outside', () => {
    const random = new Random(6);
    const linkTypes = Object.values(LinkType);
    const out = new UdpLocation();
    let found = 0;
    for (let i = 0; i < 15_000; i++) {
      const frame = frames[i % frames.length]!;
      const isRandom = i % 4 === 0;
      const octets = isRandom ? randomOctets(random, 120) : mutated(random, frame.octets);
      const linkType = isRandom ? linkTypes[i % linkTypes.length]! : frame.linkType;
      const bytes = guarded(surrounded(octets, 0x45), AT, octets.length);
      const status = locateUdp(bytes, AT, octets.length, linkType, out);
      expect(FRAME_STATUSES).toContain(status);
      if (status !== FrameStatus.Udp) continue;
      found++;
      expect(out.capturedOctets).toBeLessThanOrEqual(out.payloadOctets);
      expect(out.payloadOctets).toBeLessThanOrEqual(65_527);
      expect(out.sourceAt).toBeGreaterThanOrEqual(AT);
      expect(out.payloadAt + out.capturedOctets).toBeLessThanOrEqual(AT + octets.length);
    }
    expect(found).toBeGreaterThan(2000);
  });
});

function pcapngFile(): Uint8Array {
  const parts = [sectionHeaderBlock('a', 'b'), interfaceBlock(LinkType.Raw, 'c', 'd')];
  for (const { octets } of frames) {
    const block = new Uint8Array(packetBlockOctets(octets.length, 0));
    block.set(octets, 28);
    putPacketBlock(new DataView(block.buffer), 0, 0, octets.length, octets.length, null);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

function pcapFile(): Uint8Array {
  const header = fromHex('a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065');
  const records = frames.map(({ octets }) => {
    const record = Buffer.alloc(16 + octets.length);
    record.writeUInt32BE(octets.length, 8);
    record.writeUInt32BE(octets.length, 12);
    record.set(octets, 16);
    return record;
  });
  return Buffer.concat([header, ...records]);
}

/** Reads a file in random chunks to its end; returns how many records it had. */
function readAll(reader: CaptureReader, file: Uint8Array, random: Random): number {
  const record = new CaptureRecord();
  let records = 0;
  for (let at = 0; at < file.length;) {
    const octets = 1 + random.below(400);
    reader.push(file.subarray(at, at + octets));
    at += octets;
    for (;;) {
      const status = reader.next(record);
      if (status !== CaptureStatus.Record) {
        if (status === CaptureStatus.Fault) expect(reader.fault).not.toBeNull();
        break;
      }
      records++;
      expect(record.capturedOctets).toBeGreaterThanOrEqual(0);
      expect(record.at + record.capturedOctets).toBeLessThanOrEqual(record.bytes.length);
      locateUdp(record.bytes, record.at, record.capturedOctets, record.linkType, new UdpLocation());
    }
  }
  reader.finish();
  return records;
}

describe('capture files', () => {
  const kinds = [
    ['pcap', pcapFile(), (): CaptureReader => new PcapReader()],
    ['pcapng', pcapngFile(), (): CaptureReader => new PcapngReader()],
  ] as const;

  for (const [name, file, reader] of kinds) {
    it(`${name}: damage is told, never thrown, and ends`, () => {
      const random = new Random(7);
      expect(readAll(reader(), file, random)).toBe(frames.length);
      let whole = 0;
      for (let i = 0; i < 1000; i++) if (readAll(reader(), mutated(random, file), random) === frames.length) whole++;
      expect(whole).toBeGreaterThan(100);
      for (let i = 0; i < 1000; i++) {
        const noise = randomOctets(random, 300);
        // A right beginning, so that more than the magic number is tried.
        noise.set(file.subarray(0, Math.min(noise.length, random.below(200))));
        readAll(reader(), noise, random);
      }
    });
  }
});
