import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { FORMAT_NAMES, recogniseFormat } from '../../src/wire/recognise.js';
import type { FormatName } from '../../src/wire/recognise.js';
import { CODECS, codecOf } from '../../src/wire/registry.js';
import { fromHex } from '../vectors/hex.js';

const of = (octets: Uint8Array): FormatName => {
  // In the middle of octets that would complete almost anything.
  const bytes = new Uint8Array(octets.length + 64).fill(0x47);
  bytes.set(octets, 32);
  return recogniseFormat(bytes, 32, octets.length);
};
const ofHex = (hex: string): FormatName => of(fromHex(hex));
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

function transportStream(packets: number, third = '10'): string {
  return `4701ff${third} ${'00'.repeat(184)}`.repeat(packets);
}

function iperf(octets: number): Uint8Array {
  const datagram = new Uint8Array(octets);
  for (let i = 0; i < octets; i++) datagram[i] = 0x30 + (i % 10);
  // Its header: number, seconds, microseconds, and in 2.1.8 zeros up to octet 160.
  datagram.fill(0, 0, Math.min(160, octets));
  return datagram;
}

describe('recogniseFormat', () => {
  it('probe', () => {
    const octets = new Uint8Array(64);
    probeCodec.write(octets, 0, { ...(probeCodec.create() as ReturnType<typeof probeCodec.create>), flow: 3 });
    expect(of(octets)).toBe('probe');
    octets[19]! ^= 1;
    expect(of(octets)).toBe('unknown');
  });

  it('mpeg-ts', () => {
    expect(ofHex(transportStream(1))).toBe('mpeg-ts');
    expect(ofHex(transportStream(7))).toBe('mpeg-ts');
    // Adaptation field only, of 183 octets.
    expect(ofHex(`4701ff20 b7 ${'00'.repeat(183)}`)).toBe('mpeg-ts');
    expect(ofHex(`4701ff20 b6 ${'00'.repeat(183)}`)).toBe('unknown');
    expect(ofHex(`4701ff30 b7 ${'00'.repeat(183)}`)).toBe('unknown');
    // Reserved adaptation field control, error indicator, a lost sync octet, an octet too many.
    expect(ofHex(transportStream(7, '00'))).toBe('unknown');
    expect(ofHex(transportStream(7).replace('4701', '4781'))).toBe('unknown');
    expect(ofHex(transportStream(7).replace(/4701(?!.*4701)/, '4801'))).toBe('unknown');
    expect(ofHex(`${transportStream(1)} 00`)).toBe('unknown');
  });

  it('rtp, and rtp/mpeg-ts', () => {
    const header = '80 21 0001 00000002 00000003';
    expect(ofHex(`${header} ${transportStream(7)}`)).toBe('rtp/mpeg-ts');
    expect(ofHex(`${header} 00`)).toBe('rtp');
    expect(ofHex(`80 e0 0001 00000002 00000003 00`)).toBe('rtp');
    // Extension of one word, then a transport stream.
    expect(ofHex(`90 21 0001 00000002 00000003 bede 0001 00000000 ${transportStream(1)}`)).toBe('rtp/mpeg-ts');
    expect(ofHex(`90 21 0001 00000002 00000003 bede 0001 00000000`)).toBe('unknown');
    // No payload, version 1, padding, contributing source, RTCP sender report, reserved payload type.
    expect(ofHex(header)).toBe('unknown');
    for (const start of ['40 21', 'a0 21', '81 21', '80 c8', '80 48', '80 13']) {
      expect(ofHex(`${start} 0001 00000002 00000003 00000000`), start).toBe('unknown');
    }
  });

  it('moldudp64', () => {
    const session = ascii('SESSION001');
    expect(ofHex(`${session} 0000000000000001 0002 0003 616263 0000`)).toBe('moldudp64');
    expect(ofHex(`${ascii('A1        ')} 0000000000000001 0000`)).toBe('moldudp64');
    expect(ofHex(`${session} 0000000000000001 ffff`)).toBe('moldudp64');
    // A message too many, too few, a cut one, a session of spaces or with others inside, an impossible number.
    expect(ofHex(`${session} 0000000000000001 0002 0003 616263`)).toBe('unknown');
    expect(ofHex(`${session} 0000000000000001 0001 0003 616263 0000`)).toBe('unknown');
    expect(ofHex(`${session} 0000000000000001 0001 0003 6162`)).toBe('unknown');
    expect(ofHex(`${ascii('          ')} 0000000000000001 0000`)).toBe('unknown');
    expect(ofHex(`${ascii('A B       ')} 0000000000000001 0000`)).toBe('unknown');
    expect(ofHex(`${ascii(' AB       ')} 0000000000000001 0000`)).toBe('unknown');
    expect(ofHex(`${session} 8000000000000001 0000`)).toBe('unknown');
  });

  it('sap', () => {
    const sdp = ascii('v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\n');
    const typed = `${ascii('application/sdp')}00`;
    expect(ofHex(`20 00 1234 0a000001 ${sdp}`)).toBe('sap');
    expect(ofHex(`20 00 1234 0a000001 ${typed} ${sdp}`)).toBe('sap');
    expect(ofHex(`24 01 1234 0a000001 deadbeef ${typed} ${sdp}`)).toBe('sap');
    expect(ofHex(`30 00 1234 ${'fe80'.padEnd(32, '0')} ${sdp}`)).toBe('sap');
    // Encrypted, compressed, version 2, cut, another payload.
    for (const flags of ['22', '21', '40']) expect(ofHex(`${flags} 00 1234 0a000001 ${sdp}`)).toBe('unknown');
    expect(ofHex('20 00 1234 0a000001 763d')).toBe('unknown');
    expect(ofHex(`20 00 1234 0a000001 ${ascii('text/plain')}00 ${sdp}`)).toBe('unknown');
  });

  it('iperf 2', () => {
    expect(of(iperf(1470))).toBe('iperf');
    expect(of(iperf(176))).toBe('iperf');
    expect(of(iperf(160))).toBe('unknown');
    const changed = iperf(1470);
    changed[1460] = 0;
    expect(of(changed)).toBe('unknown');
  });

  it('reads nothing of an empty payload', () => {
    expect(of(new Uint8Array(0))).toBe('unknown');
  });

  it('takes random octets for unknown, but for the documented share that looks like RTP', () => {
    const random = new Random(2026);
    const found = Object.fromEntries(FORMAT_NAMES.map((name) => [name, 0]));
    const bytes = new Uint8Array(1500);
    for (let i = 0; i < 100_000; i++) {
      const length = random.below(1473);
      for (let at = 0; at < length + 4 && at < 1500; at += 4) {
        const word = random.uint32();
        bytes[at] = word;
        bytes[at + 1] = word >>> 8;
        bytes[at + 2] = word >>> 16;
        bytes[at + 3] = word >>> 24;
      }
      found[recogniseFormat(bytes, 0, length)]!++;
    }
    // 176 are expected; six standard deviations are 80.
    expect(Math.abs(found['rtp']! - 176)).toBeLessThan(80);
    expect(found['unknown']! + found['rtp']!).toBe(100_000);
  });
});

describe('registry', () => {
  it('has one codec per format, each of its own name', () => {
    expect(new Set(CODECS.map(({ format }) => format)).size).toBe(CODECS.length);
    for (const { format, codec } of CODECS) {
      expect(FORMAT_NAMES).toContain(format);
      expect(codecOf(format)).toBe(codec);
    }
    expect(codecOf('unknown')).toBeUndefined();
  });
});
