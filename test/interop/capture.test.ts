import { gzipSync } from 'node:zlib';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { openCapture } from '../../src/io/captureFile.js';
import type { CaptureFile } from '../../src/io/captureFile.js';
import type { Path } from '../../src/io/datagram.js';
import { needs } from '../require.js';
import { EPOCH, inFolder, output, record, tsharkFields } from './captures.js';
import type { Datagram } from './captures.js';

const FOUR: Path = { source: '10.0.0.1', sourcePort: 40_000, group: '239.1.1.1', port: 5001, interfaceIndex: 2 };
const SIX: Path = { source: 'fe80::1', sourcePort: 40_001, group: 'ff15::7', port: 7777, interfaceIndex: 3 };

/** Every length class of padding, both families, marks and times at their edges. */
const DATAGRAMS: readonly Datagram[] = [
  { path: FOUR, timeNs: 0, tos: 0x88, ttl: 16, payload: filled(52) },
  { path: SIX, timeNs: 1, tos: 0xb9, ttl: 255, payload: filled(1) },
  { path: FOUR, timeNs: 999_999_999, tos: 0xff, ttl: 1, payload: filled(1316) },
  { path: FOUR, timeNs: -1, tos: 0, ttl: 0, payload: filled(0) },
  { path: SIX, timeNs: 86_400_000_000_001, tos: 0, ttl: 64, payload: filled(1471) },
  { path: SIX, timeNs: 86_400_000_000_002, tos: 3, ttl: 64, payload: filled(65_527) },
  { path: FOUR, timeNs: 4_294_967_296, tos: 4, ttl: 2, payload: filled(65_507) },
];

function filled(octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (i * 7 + octets) & 0xff);
}

function stamp(timeNs: number): string {
  const absolute = EPOCH.realtimeNs + BigInt(timeNs);
  return `${absolute / 1_000_000_000n}.${String(absolute % 1_000_000_000n).padStart(9, '0')}`;
}

const FIELDS = [
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'udp.srcport',
  'udp.dstport',
  'ip.dsfield',
  'ipv6.tclass',
  'ip.ttl',
  'ipv6.hlim',
  'udp.length',
  'udp.payload',
];

function asTshark({ path, timeNs, tos, ttl, payload }: Datagram): string[] {
  const four = !path.source.includes(':');
  const row = (value: string): [string, string] => (four ? [value, ''] : ['', value]);
  const [source4, source6] = row(path.source);
  const [group4, group6] = row(path.group);
  const ttls = row(String(ttl));
  return [
    stamp(timeNs),
    source4,
    group4,
    source6,
    group6,
    String(path.sourcePort),
    String(path.port),
    four ? `0x${tos.toString(16).padStart(2, '0')}` : '',
    four ? '' : `0x${tos.toString(16).padStart(8, '0')}`,
    ...ttls,
    String(payload.length + 8),
    Buffer.from(payload).toString('hex'),
  ];
}

interface Seen {
  readonly time: string;
  readonly path: Path;
  readonly tos: number;
  readonly ttl: number;
  readonly length: number;
  readonly payload: string;
}

async function seenIn(file: CaptureFile): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const batch of file) {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.offset[i]!;
      seen.push({
        time: stampOf(file, batch.timeRealNs[i]!),
        path: file.path(batch.path[i]!),
        tos: batch.tos[i]!,
        ttl: batch.ttl[i]!,
        length: batch.length[i]!,
        payload: Buffer.from(batch.bytes.slice(at, at + batch.length[i]!)).toString('hex'),
      });
    }
  }
  return seen;
}

function stampOf(file: CaptureFile, timeNs: number): string {
  const absolute = file.epoch.realtimeNs + BigInt(timeNs);
  return `${absolute / 1_000_000_000n}.${String(absolute % 1_000_000_000n).padStart(9, '0')}`;
}

/** The same datagram, read from a file that knows no interface numbers, or its own. */
function asSeen({ path, timeNs, tos, ttl, payload }: Datagram, interfaceIndex: number): Seen {
  const hex = Buffer.from(payload).toString('hex');
  return { time: stamp(timeNs), path: { ...path, interfaceIndex }, tos, ttl, length: payload.length, payload: hex };
}

describe.runIf(needs('tshark'))('captures that we write', () => {
  it('are what tshark reads', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'ours.pcapng');
      const writer = await record(file, DATAGRAMS);
      expect([writer.written, writer.dropped]).toEqual([DATAGRAMS.length, 0]);
      expect(tsharkFields(file, FIELDS)).toEqual(DATAGRAMS.map(asTshark));
    });
  });

  it('have right checksums: of IPv4 headers, and of UDP where IPv6 wants one', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'ours.pcapng');
      await record(file, DATAGRAMS);
      const rows = tsharkFields(
        file,
        ['ip.checksum.status', 'udp.checksum.status', 'udp.checksum'],
        '-o',
        'ip.check_checksum:TRUE',
        '-o',
        'udp.check_checksum:TRUE',
      );
      // 1 good, 3 not present.
      expect(rows.map((row) => row.slice(0, 2))).toEqual(
        DATAGRAMS.map(({ path }) => (path === FOUR ? ['1', '3'] : ['', '1'])),
      );
    });
  });

  it('say that their headers were rebuilt, and on which interface', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'ours.pcapng');
      await record(file, [
        DATAGRAMS[0]!,
        { ...DATAGRAMS[1]!, flags: SlotFlag.TimeUser | SlotFlag.NoTtl, ttl: 0 },
        DATAGRAMS[2]!,
      ]);
      const rows = tsharkFields(file, ['frame.interface_name', 'frame.interface_description', 'frame.comment']);
      expect(rows).toEqual([
        ['if2', 'headers rebuilt', ''],
        ['if3', 'headers rebuilt', 'headers rebuilt; TTL or DSCP not known, written as 0'],
        ['if2', 'headers rebuilt', ''],
      ]);
    });
  });
});

describe.runIf(needs('tcpdump'))('captures that tcpdump writes', () => {
  it('are read, in microseconds and nanoseconds', async () => {
    await inFolder(async (folder) => {
      const ours = join(folder, 'ours.pcapng');
      // libpcap 1.10 refuses raw IP of several interfaces (it compares 101 with its own number for it, 12).
      const oneInterface = { ...SIX, interfaceIndex: FOUR.interfaceIndex };
      const datagrams = DATAGRAMS.map((one) => (one.path === SIX ? { ...one, path: oneInterface } : one));
      await record(ours, datagrams);
      for (const precision of ['micro', 'nano']) {
        const theirs = join(folder, precision);
        output('tcpdump', '-Z', 'root', `--time-stamp-precision=${precision}`, '-r', ours, '-w', theirs);
        const file = await openCapture(theirs);
        const expected = datagrams.map((datagram) => asSeen(datagram, 0));
        expect(await seenIn(file)).toEqual(precision === 'nano' ? expected : expected.map(inMicroseconds));
      }
    });
  });
});

describe.runIf(needs('editcap', 'tshark'))('captures that Wireshark writes', () => {
  /** Name of the editcap format, and whether it keeps nanoseconds. */
  const FORMATS = [
    ['pcapng', true],
    ['nsecpcap', true],
    ['pcap', false],
  ] as const;

  for (const [format, keepsNanoseconds] of FORMATS) {
    for (const compress of [false, true]) {
      it(`are read: ${format}${compress ? ', gzip' : ''}`, async () => {
        await inFolder(async (folder) => {
          const ours = join(folder, 'ours.pcapng');
          const theirs = join(folder, 'theirs');
          await record(ours, DATAGRAMS);
          output('editcap', '-F', format, ours, theirs);
          if (compress) writeFileSync(theirs, gzipSync(readFileSync(theirs)));
          const file = await openCapture(theirs);
          const seen = await seenIn(file);
          const expected = DATAGRAMS.map((datagram) =>
            asSeen(datagram, format !== 'pcapng' ? 0 : datagram.path === FOUR ? 1 : 2),
          );
          expect(seen).toEqual(keepsNanoseconds ? expected : expected.map(inMicroseconds));
          expect(file.fault).toBeNull();
          expect(file.format).toBe(format === 'pcapng' ? 'pcapng' : 'pcap');
        });
      });
    }
  }

  it('are read with a snap length: the length on the wire, the rest 0', async () => {
    await inFolder(async (folder) => {
      const ours = join(folder, 'ours.pcapng');
      const theirs = join(folder, 'theirs');
      await record(ours, DATAGRAMS.slice(0, 3));
      output('editcap', '-F', 'nsecpcap', '-s', '100', ours, theirs);
      const file = await openCapture(theirs);
      const seen = await seenIn(file);
      expect(seen.map(({ length }) => length)).toEqual([52, 1, 1316]);
      const kept = Buffer.from(DATAGRAMS[2]!.payload.slice(0, 72)).toString('hex');
      expect(seen[2]!.payload).toBe(kept.padEnd(2 * 1316, '0'));
      expect(file.counts.truncated).toBe(1);
      expect(file.captured[2]).toBe(72);
    });
  });

  it.runIf(needs('text2pcap'))('are read from Ethernet, with VLAN tags and padding', async () => {
    await inFolder(async (folder) => {
      // UDP 10.0.0.1:4660 > 239.1.1.1:5001 of two octets, behind two tags, padded to the Ethernet minimum.
      const frame =
        '01005e010101 020000000001 88a8 0064 8100 6007 0800' +
        '45b8001e 00004000 05110000 0a000001 ef010101' +
        '12341389 000a0000 4869' +
        '00'.repeat(16);
      const octets = frame.replaceAll(' ', '').match(/../g)!.join(' ');
      const dump = join(folder, 'dump.txt');
      const file = join(folder, 'theirs.pcapng');
      writeFileSync(dump, `2026-01-01 00:00:00.123456789\n0000 ${octets}\n`);
      output('text2pcap', '-t', '%Y-%m-%d %H:%M:%S.%f', dump, file);
      const seen = await seenIn(await openCapture(file));
      expect(seen).toMatchObject([
        {
          path: { source: '10.0.0.1', sourcePort: 0x1234, group: '239.1.1.1', port: 5001, interfaceIndex: 1 },
          tos: 0xb8,
          ttl: 5,
          length: 2,
          payload: '4869',
        },
      ]);
      expect(tsharkFields(file, ['udp.payload', 'ip.ttl', 'udp.srcport'])).toEqual([['4869', '5', '4660']]);
    });
  });
});

function inMicroseconds(seen: Seen): Seen {
  return { ...seen, time: `${seen.time.slice(0, -3)}000` };
}
