import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { FORMAT_NAMES } from '../../src/wire/formatNames.js';
import type { FormatName } from '../../src/wire/formatNames.js';
import { recogniseFormat } from '../../src/wire/recognise.js';
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
  datagram.set(fromHex('00000001 6b0813a1 00070c74'));
  return datagram;
}

/** An FEC packet of SMPTE ST 2022-1 with octets 24 to 27 as `kind`. */
const fec = (kind: string, first = '80 60', zeros = '000000'): string =>
  `${first} 0001 00000002 00000000 fffe 0524 a1 ${zeros} 00000000 ${kind} ${'47'.repeat(1316)}`;

const deletion = (payload: string, flags = '24'): FormatName => ofHex(`${flags} 00 1234 0a000001 ${ascii(payload)}`);

/** Of the 65,536 values of two octets of a datagram, how many leave its format as it is. */
function accepted(hex: string, first: number, second: number): number {
  const octets = fromHex(hex);
  const format = recogniseFormat(octets, 0, octets.length);
  let count = 0;
  for (let value = 0; value < 65_536; value++) {
    octets[first] = value >> 8;
    octets[second] = value & 0xff;
    if (recogniseFormat(octets, 0, octets.length) === format) count++;
  }
  return count;
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

  it('rtcp', () => {
    expect(ofHex('80 c9 0001 00000001')).toBe('rtcp');
    expect(ofHex(`80 c8 0006 ${'00000001'.repeat(6)} 81 cb 0001 00000001`)).toBe('rtcp');
    // What the bodies hold is told by who reads them.
    expect(ofHex('80 c8 0001 00000001')).toBe('rtcp');
    // Another packet first (RFC 5506 would allow it), one that is cut, octets left over, another version behind it.
    expect(ofHex('81 cb 0001 00000001')).toBe('unknown');
    expect(ofHex('80 c9 0002 00000001')).toBe('unknown');
    expect(ofHex('80 c9 0001 00000001 80cb')).toBe('unknown');
    expect(ofHex('80 c9 0001 00000001 40 cb 0000')).toBe('unknown');
    // The packet types next to the two reports.
    expect(ofHex('80 c7 0001 00000001')).toBe('unknown');
    expect(ofHex('80 ca 0001 00000001')).toBe('unknown');
  });

  it('rtp/smpte-2022-1', () => {
    // Columns of 5, every 10th; a row of 20; the limits of both.
    for (const kind of ['00 0a 05 00', '40 01 14 00', '00 01 04 00', '00 05 14 00', '00 14 05 00', '40 01 04 00']) {
      expect(ofHex(fec(kind)), kind).toBe('rtp/smpte-2022-1');
    }
    // Flags and marker are those of the media packets, combined: what RTP would not be taken with.
    expect(ofHex(fec('00 0a 05 00', 'bf ff'))).toBe('rtp/smpte-2022-1');
    expect(ofHex(fec('00 0a 05 00').slice(0, -2 * 1316))).toBe('rtp/smpte-2022-1');
    // Shapes that no sender may use; N; another code; bits of SNBase that are always 0: RTP at most.
    const others = ['00 0a 03 00', '00 15 04 00', '00 04 15 00', '00 14 06 00', '40 01 03 00', '40 02 04 00'];
    for (const kind of [...others, '40 01 15 00', '80 0a 05 00', '08 0a 05 00', '00 0a 05 01']) {
      expect(ofHex(fec(kind)), kind).toBe('rtp');
    }
    expect(ofHex(fec('00 0a 05 00', '80 60', '000001'))).toBe('rtp');
    expect(ofHex(fec('00 0a 05 00', '80 21'))).toBe('rtp');
    expect(ofHex(fec('00 0a 05 00', 'bf ff', '000001'))).toBe('unknown');
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

  it('moldudp64/request', () => {
    const session = ascii('SESSION001');
    expect(ofHex(`${session} 0000000000000001 0001`)).toBe('moldudp64/request');
    expect(ofHex(`${session} 0000000000000001 fffe`)).toBe('moldudp64/request');
    expect(ofHex(`${ascii('A B       ')} 0000000000000001 0001`)).toBe('unknown');
    expect(ofHex(`${session} 8000000000000001 0001`)).toBe('unknown');
    expect(ofHex(`${session} 0000000000000001 0001 00`)).toBe('unknown');
  });

  it('mdp3', () => {
    const time = '15cd55f551728618';
    const message = '0b00 0100 2000 0100 0900 41';
    expect(ofHex(`01000000 ${time} ${message}`)).toBe('mdp3');
    expect(ofHex(`01000000 ${time} ${message} 0b00 0100 4100 4b4d 0000 41`)).toBe('mdp3');
    expect(ofHex(`01000000 ${time} 0a00 0000 0c00 0100 0900`)).toBe('mdp3');
    // A number that begins as RTP does.
    expect(ofHex(`80000000 ${time} ${message}`)).toBe('mdp3');
    expect(ofHex(`80210000 ${time} ${message}`)).toBe('mdp3');
    // No message, another schema, behind a right one too, octets left over, a root that is too long.
    expect(ofHex(`01000000 ${time}`)).toBe('unknown');
    expect(ofHex(`01000000 ${time} 0b00 0100 2000 0200 0900 41`)).toBe('unknown');
    expect(ofHex(`01000000 ${time} ${message} 0b00 0100 2000 0200 0900 41`)).toBe('unknown');
    expect(ofHex(`01000000 ${time} ${message} 00`)).toBe('unknown');
    expect(ofHex(`01000000 ${time} 0b00 0200 2000 0100 0900 41`)).toBe('unknown');
    // The first and the last nanosecond of its time, and those next to them.
    const times: readonly (readonly [string, FormatName])[] = [
      ['ffffffffffffff0f', 'unknown'],
      ['0000000000000010', 'mdp3'],
      ['ffffffffffffff1f', 'mdp3'],
      ['0000000000000020', 'unknown'],
    ];
    for (const [sent, format] of times) expect(ofHex(`01000000 ${sent} ${message}`), sent).toBe(format);
  });

  it('xdp', () => {
    const time = '00b95569 15cd5b07';
    expect(ofHex(`1000 01 00 02000000 ${time}`)).toBe('xdp');
    expect(ofHex(`1800 0b 02 02000000 ${time} 0400 6400 0400 6400`)).toBe('xdp');
    // Of 128 octets, which begin as RTP does.
    expect(ofHex(`8000 0b 01 02000000 ${time} 7000 6400 ${'00'.repeat(108)}`)).toBe('xdp');
    // Of another size, flag and time; messages that do not add up.
    expect(ofHex(`1100 01 00 02000000 ${time}`)).toBe('unknown');
    expect(ofHex(`1000 02 00 02000000 ${time}`)).toBe('unknown');
    expect(ofHex(`1000 01 00 02000000 00b95569 00ca9a3b`)).toBe('unknown');
    expect(ofHex(`1800 0b 02 02000000 ${time} 0400 6400 0500 6400`)).toBe('unknown');
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

  it('sap: the deletion of a session, by its origin line', () => {
    const origin = 'o=- 1 1 IN IP4 10.0.0.1';
    for (const end of ['', '\n', '\r\n']) expect(deletion(origin + end)).toBe('sap');
    expect(deletion(`application/sdp\0${origin}\r\n`)).toBe('sap');
    expect(deletion('o=\xe9 1 1 IN IP6 ::1')).toBe('sap');
    expect(deletion('v=0\r\n')).toBe('sap');
    // An announcement is no deletion, and an encrypted or compressed one says nothing.
    for (const flags of ['20', '26', '25', '2c', '44']) expect(deletion(origin, flags), flags).toBe('unknown');
    for (const changed of [
      'o=',
      'o=\n',
      's=- 1 1 IN IP4 10.0.0.1',
      'o=- 1 1 IN IP4',
      'o=- 1 1 IN IP4 10.0.0.1 ',
      'o=- 1 1 IN IP4 10.0.0.1 2',
      'o=- 1  IN IP4 10.0.0.1',
      'o= - 1 1 IN IP4 10.0.0.1',
      'o=- 1 1 XX IP4 10.0.0.1',
      'o=- 1 1 INN IP4 10.0.0.1',
      'o=- 1 IN 1 IP4 10.0.0.1',
      'o=-\t1 1 IN IP4 10.0.0.1',
      `${origin}\r`,
      `${origin}\n\n`,
      `${origin}\r\ns=x`,
    ]) {
      expect(deletion(changed), JSON.stringify(changed)).toBe('unknown');
    }
  });

  it('iperf 2', () => {
    expect(of(iperf(1470))).toBe('iperf');
    expect(of(iperf(176))).toBe('iperf');
    expect(of(iperf(160))).toBe('unknown');
    const changed = iperf(1470);
    changed[1460] = 0;
    expect(of(changed)).toBe('unknown');
    // Seconds, microseconds and a count: iperf 3 with --repeating-payload.
    const iperf3 = iperf(1470);
    iperf3.set(fromHex('6b0813a1 00070c74 00000001'));
    expect(of(iperf3)).toBe('unknown');
  });

  it('iperf 2 by the settings of its client, from 76 octets on', () => {
    const settings = `${'00000001'.repeat(5)} 00000000 00000000 00000000 00020001 00080003 00000000 000f4240 00000000 00000000`;
    const header = (flags: string): string => `00000001 6b0813a1 00070c74 00000000 ${flags} ${settings}`;
    expect(ofHex(header('48010098'))).toBe('iperf');
    expect(ofHex(header('680100d8'))).toBe('iperf');
    expect(ofHex(header('48010098').slice(0, -2))).toBe('unknown');
    // Without 64 bits, without its length, with one that is too short.
    for (const flags of ['40010098', '48000098', '48010096']) expect(ofHex(header(flags)), flags).toBe('unknown');
  });

  it("a report of iperf 2's server", () => {
    const report = `${'00'.repeat(16)} 88000000 ${'01'.repeat(108)}`;
    expect(ofHex(report)).toBe('iperf/report');
    expect(ofHex(report.slice(0, -2))).toBe('unknown');
    expect(ofHex(report.replace('88000000', '88000001'))).toBe('unknown');
    expect(ofHex(report.replace('88000000', '08000000'))).toBe('unknown');
  });

  it('reads nothing of an empty payload', () => {
    expect(of(new Uint8Array(0))).toBe('unknown');
  });

  it('takes 2^-26 of random octets for rtcp where they are whole words', () => {
    const report = '80 c9 0001 00000001';
    // Version 2, no padding, any count; SR or RR.
    expect(accepted(report, 0, 1)).toBe(2 ** 5 * 2);
    expect(accepted(report, 2, 3)).toBe(1);
    expect(accepted(report, 4, 5)).toBe(65_536);
  });

  it('takes 2^-53 of random octets for rtp/smpte-2022-1', () => {
    const column = '80 60 0001 00000002 00000000 fffe 0524 a1 000000 00000000 00 0a 05 00';
    const row = '80 60 0001 00000002 00000000 fffe 0524 a1 000000 00000000 40 01 14 00';
    for (const packet of [column, row]) {
      // Version 2; a dynamic payload type with or without marker; E; the mask; kind and upper bits of SNBase.
      expect(accepted(packet, 0, 1)).toBe(2 ** 6 * 2 ** 6);
      expect(accepted(packet, 16, 17)).toBe(2 ** 7);
      expect(accepted(packet, 18, 19)).toBe(1);
      // A row of L is as good as a column of L rows from a single column.
      expect(accepted(packet, 24, 27)).toBe(packet === row ? 2 : 1);
    }
    for (const at of [2, 4, 6, 8, 10, 12, 14, 20, 22]) expect(accepted(column, at, at + 1)).toBe(65_536);
    // L and D, or 1 and L.
    const shapes = accepted(column, 25, 26) + accepted(row, 25, 26);
    expect(shapes).toBe(166 + 17);
    const chance = 2 ** -4 * 2 ** -9 * 2 ** -16 * 2 ** -16 * (shapes / 65_536);
    expect(Math.trunc(Math.log2(chance))).toBe(-53);
  });

  it('takes 2^-40 of random octets for mdp3', () => {
    // A message of as much as a datagram of Ethernet has room for: what is longest leaves its root the most freedom.
    const packet = `01000000 15cd55f551728618 b405 0100 2000 0100 0900 ${'00'.repeat(1450)}`;
    expect(accepted(packet, 10, 11)).toBe(2 ** 12);
    expect(accepted(packet, 12, 13)).toBe(1);
    expect(accepted(packet, 14, 15)).toBe(1451);
    expect(accepted(packet, 18, 19)).toBe(2);
    for (const at of [0, 2, 4, 6, 8, 16, 20]) expect(accepted(packet, at, at + 1)).toBe(65_536);
    expect(Math.trunc(Math.log2(2 ** -4 * 2 ** -16 * (1451 / 65_536) * 2 ** -15))).toBe(-40);
  });

  it('takes 2^-46 of random octets for xdp, and 2^-34 where they are sixteen', () => {
    const data = '1800 0b 01 02000000 00b95569 15cd5b07 0800 6400 00000000';
    const heartbeat = '1000 01 00 02000000 00b95569 15cd5b07';
    for (const packet of [data, heartbeat]) {
      expect(accepted(packet, 0, 1)).toBe(1);
      // Ten flags with as many messages as there are; one without.
      expect(accepted(packet, 2, 3)).toBe(packet === data ? 10 : 1);
      // Below 10^9, 0x3b9aca00: with 0xcd15 below them the upper octets have to be less.
      expect(accepted(packet, 14, 15)).toBe(0x3b9a);
      for (const at of [4, 6, 8, 10, 12]) expect(accepted(packet, at, at + 1)).toBe(65_536);
    }
    expect(accepted(data, 16, 17)).toBe(1);
    expect(Math.trunc(Math.log2(2 ** -16 * (10 / 65_536) * (1e9 / 2 ** 32) * 2 ** -16))).toBe(-46);
    expect(Math.trunc(Math.log2(2 ** -16 * 2 ** -16 * (1e9 / 2 ** 32)))).toBe(-34);
  });

  it('takes 1 in 1,190 of random packets of 188 octets for mpeg-ts', () => {
    const random = new Random(2027);
    const octets = new Uint8Array(188);
    let found = 0;
    for (let i = 0; i < 200_000; i++) {
      const first = random.uint32();
      // The sync octet apart: one of 256 has it.
      octets.set([0x47, first, first >>> 8, first >>> 16, first >>> 24]);
      if (recogniseFormat(octets, 0, 188) === 'mpeg-ts') found++;
    }
    // Six standard deviations are 1300.
    expect(Math.abs(found - (200_000 * 256) / 1190)).toBeLessThan(1300);
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
