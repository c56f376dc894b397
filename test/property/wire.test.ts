import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureRecord, CaptureStatus } from '../../src/wire/capture.js';
import { FrameStatus, LinkType, UdpLocation, locateUdp, putUdpChecksum, putUdpHeaders } from '../../src/wire/ip.js';
import { PcapngReader } from '../../src/wire/pcapng.js';
import {
  PACKET_BLOCK_HEAD_OCTETS,
  PACKET_BLOCK_TIME_AT,
  interfaceBlock,
  packetBlockOctets,
  putPacketBlock,
  sectionHeaderBlock,
} from '../../src/wire/pcapngWrite.js';
import { IperfFlag, putIperf, putIperfSendTime } from '../../src/wire/iperf.js';
import { iperfCodec, type IperfHeader, type IperfSettings } from '../../src/wire/iperfCodec.js';
import { type IperfReport, iperfReportCodec } from '../../src/wire/iperfReport.js';
import {
  PROBE_HEADER_OCTETS,
  checkProbe,
  patchProbeNotSent,
  probeConstantCheck,
  putProbe,
  putProbeSendTime,
} from '../../src/wire/probe.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import type { ProbeHeader } from '../../src/wire/probeCodec.js';
import { WireStatus } from '../../src/wire/status.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const probeHeader: fc.Arbitrary<ProbeHeader> = fc.record({
  // Start and end in one are not valid.
  flags: fc.integer({ min: 0, max: 15 }).filter((flags) => (flags & 3) !== 3),
  tos: u8,
  ttl: u8,
  runId: u32,
  flow: u32,
  sequence: u64,
  sendTimeNs: u64,
  total: u64,
  notSent: u32,
});
const iperfSettings: fc.Arbitrary<IperfSettings> = fc.record({
  threads: u32,
  port: u32,
  sizeOctets: u32,
  windowOrRate: u32,
  amount: i32,
  type: u32,
  length: u32,
  tests: u16,
  lowerFlags: u16,
  versionUpper: u32,
  versionLower: u32,
  reserved: u16,
  tos: u16,
  rateLower: u32,
  rateUpper: u32,
  writePrefetch: u32,
});
const microseconds = fc.integer({ min: 0, max: 999_999 });
/** What is wide has the flag, and settings have theirs. */
const iperfHeader: fc.Arbitrary<IperfHeader> = fc.oneof(
  fc
    .record({ number: fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }), seconds: u32, microseconds })
    .map((header) => ({
      ...header,
      flags: null,
      settings: null,
    })),
  fc
    .record({ number: i64, seconds: u32, microseconds, flags: u32, settings: fc.option(iperfSettings) })
    .filter(({ number, seconds }) => number !== 0n || seconds !== 0)
    .map((header) => ({
      ...header,
      flags:
        (((header.flags | IperfFlag.Wide) & ~IperfFlag.Extended) |
          (header.settings === null ? 0 : IperfFlag.Extended)) >>>
        0,
    })),
);
const used = (octets: number): Uint8Array => new Uint8Array(octets).fill(0xa5);

/** The check as docs/protocols/probe.md states it, slowly. */
function documentedCheck(octets: Uint8Array): number {
  const view = new DataView(octets.buffer, octets.byteOffset);
  let sum = 0x243f_6a88n;
  for (let i = 0n; i < 12n; i++) {
    if (i === 7n || i === 8n) continue;
    const multiplier = (((i + 1n) * 0x9e37_79b9n) % 2n ** 32n) | 1n;
    const word = BigInt(view.getUint32(Number(i) * 4));
    sum += (word ^ (word >> 16n)) * multiplier;
  }
  return Number(sum % 2n ** 32n);
}

describe('iperf', () => {
  it('reads back what it wrote, and writes nothing else', () => {
    fc.assert(
      fc.property(iperfHeader, fc.nat(9), (header, at) => {
        const octets = iperfCodec.octets(header);
        const bytes = used(at + octets + 5);
        expect(iperfCodec.write(bytes, at, header)).toBe(octets);
        const out = iperfCodec.create();
        expect(iperfCodec.parse(bytes, at, octets, out)).toBe(WireStatus.Ok);
        expect(out).toEqual(header);
        expect([bytes.slice(0, at), bytes.subarray(at + octets)]).toEqual([used(at), used(5)]);
      }),
    );
  });

  it('hot and cold forms write the same octets', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), u32, microseconds, (number, seconds, micro) => {
        const cold = used(20);
        const flags = IperfFlag.Wide;
        iperfCodec.write(cold, 0, { number: BigInt(number), seconds, microseconds: micro, flags, settings: null });
        const hot = used(20);
        const view = new DataView(hot.buffer);
        putIperf(view, 0, number);
        putIperfSendTime(view, 0, seconds, micro);
        view.setUint32(16, flags);
        expect(hot).toEqual(cold);
      }),
    );
  });

  it('so of reports', () => {
    const report: fc.Arbitrary<IperfReport> = fc.record({
      flags: fc.constantFrom(0x8000_0000, 0x8800_0000, 0xc800_0000),
      octets: u64,
      seconds: u32,
      microseconds: u32,
      lost: u64,
      outOfOrder: u64,
      datagrams: u64,
      jitterSeconds: u32,
      jitterMicroseconds: u32,
      transit: fc.array(i32, { minLength: 15, maxLength: 15 }),
    });
    fc.assert(
      fc.property(report, fc.nat(9), (written, at) => {
        const bytes = used(at + 128 + 5);
        expect(iperfReportCodec.write(bytes, at, written)).toBe(128);
        const out = iperfReportCodec.create();
        expect(iperfReportCodec.parse(bytes, at, 128, out)).toBe(WireStatus.Ok);
        expect(out).toEqual(written);
        expect(bytes.subarray(at + 128)).toEqual(used(5));
      }),
    );
  });
});

describe('probe', () => {
  it('reads back what it wrote, with the documented check', () => {
    fc.assert(
      fc.property(probeHeader, fc.nat(9), (header, at) => {
        const bytes = used(at + PROBE_HEADER_OCTETS + 5);
        probeCodec.write(bytes, at, header);
        const out = probeCodec.create();
        expect(probeCodec.parse(bytes, at, PROBE_HEADER_OCTETS, out)).toBe(WireStatus.Ok);
        expect(out).toEqual(header);
        const octets = bytes.slice(at, at + PROBE_HEADER_OCTETS);
        expect(new DataView(octets.buffer).getUint32(48)).toBe(documentedCheck(octets));
        expect(bytes.subarray(at + PROBE_HEADER_OCTETS)).toEqual(used(5));
      }),
    );
  });

  it('hot and cold forms write the same octets', () => {
    fc.assert(
      fc.property(probeHeader, fc.maxSafeInteger(), (header, total) => {
        const cold = used(PROBE_HEADER_OCTETS);
        probeCodec.write(cold, 0, { ...header, total: BigInt(Math.abs(total)) });
        const hot = used(PROBE_HEADER_OCTETS);
        const view = new DataView(hot.buffer);
        const { flags, tos, ttl, runId, flow, sequence, sendTimeNs, notSent } = header;
        const high = Number(sequence >> 32n);
        const low = Number(sequence & 0xffff_ffffn);
        const constant = probeConstantCheck(flags, tos, ttl, runId, flow);
        putProbe(view, 0, constant, flags, tos, ttl, runId, flow, high, low, Math.abs(total), notSent);
        putProbeSendTime(view, 0, Number(sendTimeNs >> 32n), Number(sendTimeNs & 0xffff_ffffn));
        expect(hot).toEqual(cold);
      }),
    );
  });

  it('a corrected header is as if written so', () => {
    fc.assert(
      fc.property(probeHeader, fc.integer({ min: 0, max: 2 ** 31 }), (header, datagrams) => {
        const patched = used(PROBE_HEADER_OCTETS);
        probeCodec.write(patched, 0, header);
        patchProbeNotSent(new DataView(patched.buffer), 0, datagrams);
        const written = used(PROBE_HEADER_OCTETS);
        probeCodec.write(written, 0, {
          ...header,
          total: BigInt.asUintN(64, header.total - BigInt(datagrams)),
          notSent: (header.notSent + datagrams) % 2 ** 32,
        });
        expect(patched).toEqual(written);
      }),
    );
  });

  it('any change confined to one word but the send time is noticed', () => {
    const word = fc.integer({ min: 0, max: 12 }).filter((index) => index !== 7 && index !== 8);
    fc.assert(
      fc.property(probeHeader, word, u32, (header, index, value) => {
        const bytes = used(PROBE_HEADER_OCTETS);
        probeCodec.write(bytes, 0, header);
        const view = new DataView(bytes.buffer);
        fc.pre(view.getUint32(index * 4) !== value);
        view.setUint32(index * 4, value);
        expect(checkProbe(view, 0, PROBE_HEADER_OCTETS)).not.toBe(WireStatus.Ok);
      }),
      { numRuns: 2000 },
    );
  });
});

function address(octets: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: octets, maxLength: octets });
}

describe('IP and UDP headers', () => {
  const addresses = fc.oneof(fc.tuple(address(4), address(4)), fc.tuple(address(16), address(16)));

  it('are found again, with right checksums', () => {
    fc.assert(
      fc.property(
        addresses,
        u16,
        u16,
        u8,
        u8,
        fc.uint8Array({ maxLength: 70 }),
        ([source, group], sourcePort, port, tos, ttl, payload) => {
          const bytes = used(160);
          const at = 3;
          const headers = putUdpHeaders(bytes, at, source, sourcePort, group, port, tos, ttl, payload.length);
          bytes.set(payload, at + headers);
          putUdpChecksum(new DataView(bytes.buffer), at);
          const out = new UdpLocation();
          expect(locateUdp(bytes, at, headers + payload.length, LinkType.Raw, out)).toBe(FrameStatus.Udp);
          expect(out).toMatchObject({
            family: source.length === 4 ? 4 : 6,
            sourcePort,
            destinationPort: port,
            tos,
            ttl,
            payloadAt: at + headers,
            payloadOctets: payload.length,
            capturedOctets: payload.length,
          });
          expect(bytes.subarray(out.sourceAt, out.sourceAt + source.length)).toEqual(source);
          expect(bytes.subarray(out.destinationAt, out.destinationAt + group.length)).toEqual(group);
          // A packet with its checksum in place sums up to all ones (RFC 1071).
          if (source.length === 4) expect(onesSum(bytes.subarray(at, at + 20))).toBe(0xffff);
          const pseudo = [...source, ...group, 0, 17, 0, payload.length + 8];
          const udp = bytes.subarray(at + headers - 8, at + headers + payload.length);
          expect(onesSum(Uint8Array.from([...pseudo, ...udp]))).toBe(0xffff);
        },
      ),
    );
  });
});

function onesSum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) sum += octets[i]! * 256 + (octets[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65_536);
  return sum;
}

describe('pcapng', () => {
  it('reads back what it wrote, in chunks of any size', () => {
    const packet = fc.record({ octets: fc.uint8Array({ maxLength: 40 }), timeNs: u64, more: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), fc.integer({ min: 1, max: 200 }), (packets, chunkOctets) => {
        const parts = [sectionHeaderBlock('a', ''), interfaceBlock(LinkType.Raw, 'b', 'c')];
        for (const { octets, timeNs, more } of packets) {
          const block = used(packetBlockOctets(octets.length, 0));
          const view = new DataView(block.buffer);
          block.set(octets, PACKET_BLOCK_HEAD_OCTETS);
          putPacketBlock(view, 0, 0, octets.length, octets.length + more, null);
          view.setBigUint64(PACKET_BLOCK_TIME_AT, timeNs);
          parts.push(block);
        }
        const file = Buffer.concat(parts);
        const reader = new PcapngReader();
        const record = new CaptureRecord();
        const found: unknown[] = [];
        for (let at = 0; at < file.length; at += chunkOctets) {
          reader.push(file.subarray(at, at + chunkOctets));
          while (reader.next(record) === CaptureStatus.Record) {
            found.push({
              octets: record.bytes.slice(record.at, record.at + record.capturedOctets),
              timeNs: BigInt(record.seconds) * 1_000_000_000n + BigInt(record.nanoseconds),
              more: record.originalOctets - record.capturedOctets,
            });
          }
        }
        expect(reader.finish()).toBeNull();
        expect(found).toEqual(packets);
      }),
    );
  });
});
