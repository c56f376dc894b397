import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DUMP_DEFAULTS, dumpCapture } from '../../src/runtime/dump.js';
import type { DumpOptions } from '../../src/runtime/dump.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { inFolder, record } from '../interop/captures.js';
import { FRAMES } from '../vectors/frames.js';
import { fromHex } from '../vectors/hex.js';

const PATH = { source: '10.0.0.1', sourcePort: 40_000, group: '239.1.1.1', port: 5001, interfaceIndex: 2 };
const SIX = { source: 'fe80::1', sourcePort: 40_001, group: 'ff15::7', port: 7777, interfaceIndex: 2 };

const PROBE = new Uint8Array(52);
probeCodec.write(PROBE, 0, {
  ...probeCodec.create(),
  runId: 0xbeef,
  flow: 3,
  sequence: 17n,
  total: 18n,
  ttl: 4,
  tos: 1,
});
const DESCRIBED = 'probe data run 0000beef flow 3 sequence 17 total 18 not-sent 0 sent 1970-01-01T00:00:00.000000000Z';

function frameNamed(name: string): string {
  return FRAMES.find((frame) => frame.name === name)!.hex;
}

/** Of a big-endian pcap file, cut to `keep` octets. */
function pcapRecord(hex: string, keep = Infinity): string {
  const octets = Buffer.from(fromHex(hex));
  const kept = octets.subarray(0, keep);
  const lengths = [kept.length, octets.length].map((n) => n.toString(16).padStart(8, '0')).join('');
  return `6955b900 00000000 ${lengths} ${kept.toString('hex')}`;
}

async function linesOf(file: string, options: Partial<DumpOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of dumpCapture(file, { ...DUMP_DEFAULTS, ...options })) lines.push(line);
  return lines;
}

/** An announcement or a deletion of these lines. */
const sap = (flags: string, ...lines: string[]): string =>
  `${flags} 00 1234 0a000001 ${Buffer.from(lines.map((line) => `${line}\r\n`).join('')).toString('hex')}`;

/** What is printed of these payloads, behind what is the same for all formats. */
function payloadsOf(payloads: readonly string[]): Promise<string[]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'x.pcapng');
    await record(
      file,
      payloads.map((hex) => ({ path: PATH, timeNs: 0, tos: 0, ttl: 4, payload: fromHex(hex) })),
    );
    const lines = await linesOf(file);
    return lines.slice(0, -1).map((line) => line.replace(/^.* length=\d+ /, ''));
  });
}

describe('dumpCapture', () => {
  it('prints a line per datagram, and a summary', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'x.pcapng');
      await record(file, [
        { path: PATH, timeNs: 0, tos: 0x88, ttl: 4, payload: PROBE },
        { path: SIX, timeNs: 1_000_000_001, tos: 0xbb, ttl: 255, payload: fromHex('00112233') },
        { path: SIX, timeNs: 1_000_000_002, tos: 0, ttl: 255, payload: new Uint8Array(20) },
        { path: SIX, timeNs: 1_000_000_003, tos: 0, ttl: 1, payload: new Uint8Array(0) },
      ]);
      expect(await linesOf(file)).toEqual([
        `2026-01-01T00:00:00.123456789Z 10.0.0.1:40000 > 239.1.1.1:5001 dscp=af41 ecn=not-ect ttl=4 length=52 ${DESCRIBED} tos-sent 0x01 ttl-sent 4`,
        '2026-01-01T00:00:01.123456790Z [fe80::1]:40001 > [ff15::7]:7777 dscp=ef ecn=ce ttl=255 length=4 unknown 00112233',
        `2026-01-01T00:00:01.123456791Z [fe80::1]:40001 > [ff15::7]:7777 dscp=cs0 ecn=not-ect ttl=255 length=20 unknown ${'00'.repeat(16)}...`,
        '2026-01-01T00:00:01.123456792Z [fe80::1]:40001 > [ff15::7]:7777 dscp=cs0 ecn=not-ect ttl=1 length=0 unknown',
        '# 4 datagrams of 4 frames (pcapng)',
      ]);
      const relative = await linesOf(file, { time: 'relative', octets: 2, count: 2 });
      expect(relative[0]).toMatch(/^0\.000000000 10\.0\.0\.1:40000 /);
      expect(relative[1]).toMatch(/^1\.000000001 .* unknown 0011\.\.\.$/);
      expect(relative.slice(2)).toEqual(['# stopped after 2 datagrams']);
      const one = await linesOf(file, { accept: ({ port }) => port === 5001 });
      expect(one.slice(1)).toEqual(['# 1 datagram of 4 frames (pcapng); skipped: 3 of other addresses or ports']);
    });
  });

  it('describes the RTP header of what is recognised as RTP', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'x.pcapng');
      const packet = `47010010${'ff'.repeat(184)}`;
      await record(file, [
        { path: PATH, timeNs: 0, tos: 0, ttl: 4, payload: fromHex(`80210007 00000008 0000abcd ${packet.repeat(7)}`) },
      ]);
      const [line] = await linesOf(file);
      expect(line).toMatch(
        / length=1328 rtp ssrc 0x0000abcd sequence 7 timestamp 8 payload-type 33 \(MP2T\) payload 1316 mpeg-ts 7 packets pids 256x7$/,
      );
    });
  });

  it('describes transport packets, behind RTP headers too, and erroneous ones where they are announced', async () => {
    const packet = `47010010${'ff'.repeat(184)}`;
    const withPcr = `47010130 07 10 000000007e00 ${'ff'.repeat(176)}`;
    const erroneous = `47811110${'ff'.repeat(184)}`;
    const rtp = '80210007 00000008 0000abcd';
    const cut = `rtp ssrc 0x0000abcd sequence 7 timestamp 8 payload-type 33 (MP2T) payload`;
    expect(
      await payloadsOf([
        packet + withPcr,
        `${rtp} ${erroneous}`,
        // With an extension of one word; octets left over; of another payload type.
        `90600007 00000008 0000abcd bede0001 10aa0000 ${packet}`,
        `${rtp} ${packet} 00`,
        `80600007 00000008 0000abcd ${erroneous}`,
      ]),
    ).toEqual([
      'mpeg-ts 2 packets pids 256,257 pcr 257=00:00:00.000000',
      `${cut} 188 mpeg-ts 1 packet pids 273 transport-errors 1`,
      'rtp ssrc 0x0000abcd sequence 7 timestamp 8 payload-type 96 extensions 1:1 payload 188 mpeg-ts 1 packet pids 256',
      `${cut} 189`,
      'rtp ssrc 0x0000abcd sequence 7 timestamp 8 payload-type 96 payload 188',
    ]);
  });

  it('describes FEC and RTCP packets', async () => {
    expect(
      await payloadsOf([
        '80 60 0102 00000003 00000000 fffe 0524 a1 000000 80000001 00 0a 05 00 aabbcc',
        '80 c9 0001 01020304 81 cb 0002 00000005 03 656e64',
        // More report blocks than it has.
        '81 c9 0001 01020304',
      ]),
    ).toEqual([
      'smpte-2022-1 column of 5 from 65534, every 10 sequence 258 timestamp 3 payload-type 96' +
        ' length-recovery 1316 pt-recovery 33 ts-recovery 2147483649 payload 3',
      'rtcp rr ssrc 0x01020304 + bye 0x00000005 reason "end"',
      'rtcp type-201 malformed octets 4',
    ]);
  });

  it('describes announcements with their sessions, and lets no peer write on the terminal', async () => {
    const origin = 'o=- 1 1 IN IP4 10.0.0.1';
    const first = 'm=video 5004 RTP/AVP 33';
    const dumped = await payloadsOf([
      sap(
        '20',
        'v=0',
        origin,
        's=News',
        't=0 0',
        first,
        'c=IN IP4 239.1.1.1/5',
        'm=audio 6000 udp x',
        'c=IN IP6 ff15::1',
      ),
      sap('20', 'v=0', origin, 's=-', 't=0 0', 'm=video 5004 RTP/AVP 33'),
      sap('20', 'v=0', origin, 's=a\u001b[2Jb', 't=0 0', 'm=\u001b[2J 5004 udp x', 'c=IN IP4 239.1.1.1/5'),
      sap('20', 'v=0', 'o=nobody'),
      sap('24', origin),
      sap('24', 'o=\u202e 1 1 IN IP4 10.0.0.1'),
      sap('24', 'v=0', origin, 's=News', 't=0 0'),
    ]);
    expect(dumped.map((line) => line.replace(/ source 10\.0\.0\.1 hash 0x1234 payload \d+/, ''))).toEqual([
      'sap announcement session "News" video 239.1.1.1:5004 audio [ff15::1]:6000',
      'sap announcement video :5004',
      'sap announcement session "a?[2Jb" "?[2J" 239.1.1.1:5004',
      'sap announcement description malformed',
      'sap deletion origin "- 1 1 IN IP4 10.0.0.1"',
      'sap deletion origin "? 1 1 IN IP4 10.0.0.1"',
      'sap deletion session "News"',
    ]);
  });

  it('describes datagrams of feeds, and their messages on lines of their own', async () => {
    const mold = '53455353303120202020 0000000000000007';
    const sent = '15cd55f551728618';
    expect(
      await payloadsOf([
        // The second message says nothing, the third is of a type that no terminal shows.
        `${mold} 0003 0003 417a7a 0000 0001 1b`,
        `${mold} 0000`,
        `${mold} ffff`,
        `${mold} 0001`,
        `05000000 ${sent} 0b00 0100 2000 0100 0900 41 0a00 0000 0400 0100 0900`,
        `06000000 ${sent} 0a00 0000 0c00 0100 0900`,
        `1d00 0b 02 ffffffff 00b95569 15cd5b07 0900 6400 0102030405 0400 4101`,
        `1000 01 00 07000000 00b95569 15cd5b07`,
      ]),
    ).toEqual([
      'moldudp64 data session "SESS01" sequence 7 messages 3 payload 10' +
        '\n  message 7 type "A" octets 3\n  message 8 octets 0\n  message 9 type "?" octets 1',
      'moldudp64 heartbeat session "SESS01" sequence 7',
      'moldudp64 end-of-session session "SESS01" sequence 7',
      'moldudp64 request session "SESS01" sequence 7 messages 1',
      'mdp3 data sequence 5 sent 2026-01-01T00:00:00.123456789Z messages 2 payload 21' +
        '\n  message 1 type 32 octets 1\n  message 2 type 4 octets 0',
      'mdp3 heartbeat sequence 6 sent 2026-01-01T00:00:00.123456789Z',
      'xdp original sequence 4294967295 sent 2026-01-01T00:00:00.123456789Z messages 2 payload 13' +
        '\n  message 4294967295 type 100 octets 5\n  message 0 type 321 octets 0',
      'xdp heartbeat sequence 7 sent 2026-01-01T00:00:00.123456789Z',
    ]);
  });

  it('says what was skipped, cut and missing', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'x.pcap');
      const header = 'a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065';
      const records = [
        pcapRecord(frameNamed('raw, IPv4'), 29),
        pcapRecord(frameNamed('IPv4, IGMP')),
        pcapRecord(frameNamed('IPv4, first fragment')),
        pcapRecord(frameNamed('raw, IPv6'), 47),
        pcapRecord('55000000'.repeat(10)),
      ];
      writeFileSync(file, fromHex(`${header} ${records.join(' ')} 6955b900`));
      expect(await linesOf(file)).toEqual([
        '2026-01-01T00:00:00.000000000Z 10.0.0.1:4660 > 239.1.1.1:5001 dscp=ef ecn=not-ect ttl=5 length=3 captured=1 unknown 48',
        '# 1 datagram of 5 frames (pcap); skipped: 1 not UDP, 1 fragmented, 1 cut within their headers, 1 malformed',
        "# 1 payload cut by the capture's snap length",
        expect.stringMatching(
          /^# .*x\.pcap: octet \d+: the file ends within a record, 4 octets are left over$/,
        ) as string,
      ]);
    });
  });
});
