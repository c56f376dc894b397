import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import {
  FrameStatus,
  LinkType,
  UdpLocation,
  locateUdp,
  putUdpChecksum,
  putUdpHeaders,
  udpHeadersOctets,
} from '../../src/wire/ip.js';
import { EXPECTED, FRAMES } from './frames.js';
import type { Frame } from './frames.js';
import { fromHex, toHex } from './hex.js';

const AT = 7;

/** The frame in the middle of octets that say something else. */
function placed(octets: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(octets.length + 2 * AT).fill(0xa5);
  bytes.set(octets, AT);
  return bytes;
}

function located(
  frame: Frame,
  length?: number,
): { readonly status: number; readonly out: UdpLocation; bytes: Uint8Array } {
  const octets = fromHex(frame.hex);
  const bytes = placed(octets);
  const out = new UdpLocation();
  return { status: locateUdp(bytes, AT, length ?? octets.length, frame.linkType, out), out, bytes };
}

function addressText(bytes: Uint8Array, at: number, family: 4 | 6): string {
  return toHex(bytes.subarray(at, at + (family === 4 ? 4 : 16)));
}

function raw(hex: string): number {
  const octets = fromHex(hex);
  return locateUdp(octets, 0, octets.length, LinkType.Raw, new UdpLocation());
}

describe('locateUdp', () => {
  for (const frame of FRAMES) {
    it(`${frame.name}: ${frame.status === FrameStatus.Udp ? 'finds the datagram' : 'says what it is'}`, () => {
      const { status, out, bytes } = located(frame);
      expect(status).toBe(frame.status);
      if (status !== FrameStatus.Udp) return;
      const six = frame.six === true;
      const payload = frame.payload ?? EXPECTED.payload;
      expect(out).toMatchObject({
        family: six ? 6 : 4,
        sourcePort: EXPECTED.sourcePort,
        destinationPort: EXPECTED.port,
        tos: EXPECTED.tos,
        ttl: EXPECTED.ttl,
        payloadOctets: payload.length / 2,
        capturedOctets: payload.length / 2,
        interfaceIndex: frame.interfaceIndex ?? 0,
      });
      expect(toHex(bytes.subarray(out.payloadAt, out.payloadAt + out.payloadOctets))).toBe(payload);
      expect(addressText(bytes, out.sourceAt, out.family)).toBe(six ? 'fe800000000000000000000000000001' : '0a000001');
      expect(addressText(bytes, out.destinationAt, out.family)).toBe(
        six ? 'ff150000000000000000000000000007' : 'ef010101',
      );
    });

    it(`${frame.name}: every shorter capture is cut, or keeps part of the payload`, () => {
      const octets = fromHex(frame.hex);
      for (let length = 0; length < octets.length; length++) {
        const { status, out } = located(frame, length);
        if (status === FrameStatus.Udp) {
          const captured = Math.min(out.payloadOctets, AT + length - out.payloadAt);
          expect([out.capturedOctets, out.payloadOctets]).toEqual([
            captured,
            (frame.payload ?? EXPECTED.payload).length / 2,
          ]);
          expect(captured).toBeGreaterThanOrEqual(0);
        } else {
          expect([FrameStatus.Cut, frame.status], `${length} octets`).toContain(status);
        }
      }
    });
  }

  it('refuses lengths that contradict each other', () => {
    const addresses = '0a000001 ef010101';
    // IPv4: header of 16 octets; total length within the headers; UDP length below 8; UDP longer than IP.
    expect(raw(`44 00 001f 0000 0000 05 11 0000 ${addresses} 1234 1389 000b 0000 000000`)).toBe(FrameStatus.Malformed);
    expect(raw(`45 00 001b 0000 0000 05 11 0000 ${addresses} 1234 1389 000b 0000 000000`)).toBe(FrameStatus.Malformed);
    expect(raw(`45 00 001f 0000 0000 05 11 0000 ${addresses} 1234 1389 0007 0000 000000`)).toBe(FrameStatus.Malformed);
    expect(raw(`45 00 001f 0000 0000 05 11 0000 ${addresses} 1234 1389 000c 0000 000000`)).toBe(FrameStatus.Malformed);
    // UDP length 0 though IP says its own.
    expect(raw(`45 00 001f 0000 0000 05 11 0000 ${addresses} 1234 1389 0000 0000 000000`)).toBe(FrameStatus.Malformed);
    expect(raw(`60000000 000b 11 05 ${'00'.repeat(32)} 1234 1389 0000 0000 000000`)).toBe(FrameStatus.Malformed);
    // IPv6: an extension header that reaches beyond the packet.
    expect(raw(`60000000 0010 00 05 ${'00'.repeat(32)} 11 01 ${'00'.repeat(14)}`)).toBe(FrameStatus.Malformed);
    expect(raw(`60000000 0008 00 05 ${'00'.repeat(32)} 11 01 ${'00'.repeat(14)}`)).toBe(FrameStatus.Malformed);
    // Version 5.
    expect(raw(`55 00 001f 0000 0000 05 11 0000 ${addresses} 1234 1389 000b 0000 000000`)).toBe(FrameStatus.Malformed);
  });

  it('takes lengths of 0, as seen before segmentation by the NIC, from the frame', () => {
    const out = new UdpLocation();
    const octets = fromHex('45 00 0000 0000 0000 05 11 0000 0a000001 ef010101 1234 1389 0000 0000 48692e');
    expect(locateUdp(octets, 0, octets.length, LinkType.Raw, out)).toBe(FrameStatus.Udp);
    expect(out.payloadOctets).toBe(3);
    const jumbogram = fromHex(`60000000 0000 11 05 ${'00'.repeat(32)} 1234 1389 0000 0000 48692e`);
    expect(locateUdp(jumbogram, 0, jumbogram.length, LinkType.Raw, out)).toBe(FrameStatus.Udp);
    expect(out.payloadOctets).toBe(3);
  });

  it('says which link layers it does not read', () => {
    expect(locateUdp(new Uint8Array(64), 0, 64, 105, new UdpLocation())).toBe(FrameStatus.UnknownLink);
  });
});

describe('putUdpHeaders', () => {
  it('writes IPv4 and UDP headers', () => {
    const bytes = new Uint8Array(40).fill(0xa5);
    bytes.set(fromHex('48692e'), 5 + 28);
    const octets = putUdpHeaders(
      bytes,
      5,
      Uint8Array.of(10, 0, 0, 1),
      0x1234,
      Uint8Array.of(239, 1, 1, 1),
      5001,
      0xb8,
      5,
      3,
    );
    expect(octets).toBe(udpHeadersOctets(4));
    expect(toHex(bytes)).toBe(
      toHex(
        fromHex(`
          a5a5a5a5a5
          45                # version 4, header of five words
          b8                # EF
          001f              # total length 31
          0000              # identification
          4000              # don't fragment
          05                # TTL
          11                # UDP
          7b13              # header checksum
          0a000001          # source
          ef010101          # destination
          1234              # source port
          1389              # destination port
          000b              # length 11
          0000              # no checksum
          48692e            # payload, untouched
          a5a5a5a5
        `),
      ),
    );
  });

  it('writes IPv6 and UDP headers, and the checksum that IPv6 wants', () => {
    const bytes = new Uint8Array(51).fill(0xa5);
    bytes.set(fromHex('48692e'), 48);
    const source = fromHex('fe800000000000000000000000000001');
    const group = fromHex('ff150000000000000000000000000007');
    expect(putUdpHeaders(bytes, 0, source, 0x1234, group, 5001, 0xb8, 5, 3)).toBe(udpHeadersOctets(6));
    putUdpChecksum(viewOf(bytes), 0);
    expect(toHex(bytes)).toBe(
      toHex(
        fromHex(`
          6b800000          # version 6, traffic class EF, flow label 0
          000b              # payload length 11
          11                # UDP
          05                # hop limit
          fe800000000000000000000000000001
          ff150000000000000000000000000007
          1234 1389 000b    # ports, length
          6613              # checksum
          48692e            # payload
        `),
      ),
    );
  });

  it('writes a checksum that comes out as 0 as all ones (RFC 768)', () => {
    const bytes = new Uint8Array(50);
    const address = new Uint8Array(16);
    putUdpHeaders(bytes, 0, address, 0, address, 0, 0, 0, 2);
    // The sum so far is twice the length and the protocol: what is missing to 0xffff goes into the payload.
    viewOf(bytes).setUint16(48, 0xffff - (10 + 10 + 17));
    putUdpChecksum(viewOf(bytes), 0);
    expect(viewOf(bytes).getUint16(46)).toBe(0xffff);
  });
});
