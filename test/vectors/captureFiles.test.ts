import { describe, expect, it } from 'vitest';
import { CaptureRecord, CaptureStatus } from '../../src/wire/capture.js';
import type { CaptureReader } from '../../src/wire/capture.js';
import { PcapReader } from '../../src/wire/pcap.js';
import { PcapngReader } from '../../src/wire/pcapng.js';
import {
  PACKET_BLOCK_HEAD_OCTETS,
  commentOptions,
  interfaceBlock,
  packetBlockOctets,
  putPacketBlock,
  sectionHeaderBlock,
} from '../../src/wire/pcapngWrite.js';
import { fromHex, toHex } from './hex.js';

interface Read {
  readonly time: string | null;
  readonly octets: string;
  readonly originalOctets: number;
  readonly linkType: number;
  readonly interfaceId: number;
}

/** All records of the file, handed over in chunks of `chunkOctets`. */
function readAll(reader: CaptureReader, file: Uint8Array, chunkOctets = file.length): Read[] {
  const record = new CaptureRecord();
  const found: Read[] = [];
  for (let at = 0; at < file.length; at += chunkOctets) {
    reader.push(file.subarray(at, at + chunkOctets));
    while (reader.next(record) === CaptureStatus.Record) {
      expect(toHex(record.bytes.subarray(record.at, record.at + record.capturedOctets))).toBe(
        toHex(new Uint8Array(record.view.buffer, record.at, record.capturedOctets)),
      );
      found.push({
        time: record.timed ? `${record.seconds}.${String(record.nanoseconds).padStart(9, '0')}` : null,
        octets: toHex(record.bytes.subarray(record.at, record.at + record.capturedOctets)),
        originalOctets: record.originalOctets,
        linkType: record.linkType,
        interfaceId: record.interfaceId,
      });
    }
  }
  return found;
}

/** What the reader has to say against the file. */
function fault(reader: CaptureReader, hex: string): string | null {
  readAll(reader, fromHex(hex));
  return reader.fault ?? reader.finish();
}

const PCAP_BIG_NS = `
  a1b23c4d          # magic: nanoseconds
  0002 0004         # version 2.4
  00000000 00000000 # time zone, accuracy: always 0
  00000060          # snap length 96
  00000065          # link type 101, raw IP
  6955b900          # 1767225600 s
  075bcd15          # 123456789 ns
  00000003          # captured
  00000005          # on the wire
  010203
  6955b901 3b9ac9ff # 1767225601.999999999
  00000000 00000000 # nothing
`;
const PCAP_LITTLE_US = `
  d4c3b2a1          # magic: microseconds, little-endian
  0200 0400
  00000000 00000000
  60000000
  65000014          # link type 101, frame check sequences of four octets
  00b95569          # 1767225600 s
  40e20100          # 123456 us
  03000000 05000000
  010203
`;

describe('pcap', () => {
  it('big-endian, nanoseconds', () => {
    const reader = new PcapReader();
    expect(readAll(reader, fromHex(PCAP_BIG_NS))).toEqual([
      { time: '1767225600.123456789', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 0 },
      { time: '1767225601.999999999', octets: '', originalOctets: 0, linkType: 101, interfaceId: 0 },
    ]);
    expect(reader.finish()).toBeNull();
    expect(reader.interfaces).toEqual([{ name: null, linkType: 101, snapOctets: 96, dropped: null }]);
  });

  it('little-endian, microseconds, frame check sequence announced', () => {
    expect(readAll(new PcapReader(), fromHex(PCAP_LITTLE_US))).toEqual([
      { time: '1767225600.123456000', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 0 },
    ]);
  });

  it('says when the file ends within a record or its header', () => {
    const file = fromHex(PCAP_BIG_NS);
    for (let octets = 0; octets < file.length; octets++) {
      const reader = new PcapReader();
      const found = readAll(reader, file.slice(0, octets));
      expect(found.length).toBe(octets < 43 ? 0 : 1);
      const isWhole = octets === 24 || octets === 43;
      expect(reader.finish() === null, `${octets} octets`).toBe(isWhole);
    }
  });

  it('refuses what is not pcap 2', () => {
    expect(fault(new PcapReader(), '00'.repeat(24))).toBe('this is not a pcap file');
    expect(fault(new PcapReader(), PCAP_BIG_NS.replace('0002 0004', '0001 0004'))).toBe(
      'pcap version 1 is not known, only 2',
    );
    expect(fault(new PcapReader(), PCAP_BIG_NS.replace('00000003 ', '7fffffff '))).toBe(
      'octet 24: a record of 2147483647 octets cannot be',
    );
  });
});

const SECTION = `
  0a0d0d0a 0000001c # section header block, 28 octets
  1a2b3c4d          # byte order: big-endian
  0001 0000         # version 1.0
  ffffffffffffffff  # length not known
  0000001c
`;
const INTERFACE_DEFAULT = `
  00000001 00000014 # interface description, 20 octets, no options: microseconds
  0065 0000         # raw IP
  00000000          # not limited
  00000014
`;
const INTERFACE_NS = `
  00000001 00000030
  0001 0000         # Ethernet
  00000100          # snap length 256
  0002 0004 65746830           # name "eth0"
  0009 0001 09 000000          # nanoseconds
  000e 0008 ffffffffffffffff   # one second is subtracted
  00000030
`;
/** Frames "010203" (five octets on the wire), with the given interface and ticks. */
const packet = (id: string, ticks: string): string => `
  00000006 00000024 # enhanced packet, 36 octets
  ${id} ${ticks}
  00000003 00000005
  010203 00
  00000024
`;

const statistics = (interfaceDrops: string, systemDrops: string): string => `
  00000005 00000034 00000000 0006474846222240
  0005 0008 ${interfaceDrops}
  0007 0008 ${systemDrops}
  00000000
  00000034
`;

/** The time of a packet with these ticks, where `if_tsresol` is the octet `resolution`. */
function time(resolution: string, ticks: bigint): string | null {
  const file = fromHex(`
    ${SECTION}
    00000001 0000001c 0065 0000 00000000 0009 0001 ${resolution} 000000 0000001c
    ${packet('00000000', ticks.toString(16).padStart(16, '0'))}
  `);
  return readAll(new PcapngReader(), file)[0]!.time;
}

describe('pcapng', () => {
  it('sections, interfaces, resolutions, offsets; unknown blocks are skipped', () => {
    const file = fromHex(`
      ${SECTION}
      ${INTERFACE_DEFAULT}
      ${INTERFACE_NS}
      ${packet('00000000', '0006474846222240')}    # 1767225600000000 + 123456 us
      0000000b 00000014 0001 0000 00000000 00000014 # an unknown block
      ${packet('00000001', '1886725230f09715')}    # 1767225601123456789 ns, less one second
      ${SECTION}
      ${INTERFACE_DEFAULT}
      ${packet('00000000', '0006474846222240')}
    `);
    const reader = new PcapngReader();
    const expected = [
      { time: '1767225600.123456000', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 0 },
      { time: '1767225600.123456789', octets: '010203', originalOctets: 5, linkType: 1, interfaceId: 1 },
      { time: '1767225600.123456000', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 2 },
    ];
    expect(readAll(reader, file)).toEqual(expected);
    expect(reader.finish()).toBeNull();
    expect(reader.interfaces.map(({ name, snapOctets }) => [name, snapOctets])).toEqual([
      [null, 0],
      ['eth0', 256],
      [null, 0],
    ]);
    for (const chunkOctets of [1, 3, 7, 31]) {
      expect(readAll(new PcapngReader(), file, chunkOctets)).toEqual(expected);
    }
  });

  it('little-endian', () => {
    const file = fromHex(`
      0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000
      01000000 20000000 6500 0000 00000000 0900 0100 09 000000 0000 0000 20000000
      06000000 24000000 00000000 51728618 15cd55f5 03000000 05000000 010203 00 24000000
    `);
    expect(readAll(new PcapngReader(), file)).toEqual([
      { time: '1767225600.123456789', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 0 },
    ]);
  });

  it('every resolution, to the nanosecond', () => {
    const s = 1_767_225_600n;
    expect(time('00', s)).toBe('1767225600.000000000');
    expect(time('03', s * 1000n + 999n)).toBe('1767225600.999000000');
    expect(time('07', s * 10n ** 7n + 1n)).toBe('1767225600.000000100');
    expect(time('09', s * 10n ** 9n + 999_999_999n)).toBe('1767225600.999999999');
    expect(time('0a', s * 10n ** 10n + 19n)).toBe('1767225600.000000001');
    // From 10^-11 on 64 bits do not reach to our days.
    expect(time('0c', 18_446_744_073_709_551_615n)).toBe('18446744.073709551');
    expect(time('12', 18_446_744_073_709_551_615n)).toBe('18.446744073');
    expect(time('94', s * 2n ** 20n + 2n ** 19n)).toBe('1767225600.500000000');
    expect(time('a0', s * 2n ** 32n + 1n)).toBe('1767225600.000000000');
    expect(time('bf', 2n ** 63n + 2n ** 62n)).toBe('1.500000000');
  });

  it('simple and obsolete packet blocks', () => {
    const file = fromHex(`
      ${SECTION}
      ${INTERFACE_DEFAULT}
      00000003 00000014 00000003 010203 00 00000014            # simple packet
      00000002 00000024 0000 0007 0006474846222240 00000003 00000005 010203 00 00000024
    `);
    expect(readAll(new PcapngReader(), file)).toEqual([
      { time: null, octets: '010203', originalOctets: 3, linkType: 101, interfaceId: 0 },
      { time: '1767225600.123456000', octets: '010203', originalOctets: 5, linkType: 101, interfaceId: 0 },
    ]);
  });

  it('cuts a simple packet at the snap length', () => {
    const file = fromHex(`
      ${SECTION}
      00000001 00000014 0065 0000 00000002 00000014            # snap length 2
      00000003 00000014 00000005 0102 0000 00000014
    `);
    expect(readAll(new PcapngReader(), file)).toMatchObject([{ octets: '0102', originalOctets: 5 }]);
  });

  it('tells what the capture missed: the last running totals', () => {
    const reader = new PcapngReader();
    readAll(
      reader,
      fromHex(`
        ${SECTION} ${INTERFACE_DEFAULT}
        ${statistics('0000000000000001', '0000000000000000')}
        ${statistics('0000000000000003', '0000000000000004')}
      `),
    );
    expect(reader.fault).toBeNull();
    expect(reader.interfaces[0]!.dropped).toBe(7);
  });

  it('says what is wrong', () => {
    expect(fault(new PcapngReader(), INTERFACE_DEFAULT)).toBe('octet 0: this is not a pcapng file');
    expect(fault(new PcapngReader(), '0a0d0d0a 0000001c 11111111')).toBe('octet 0: no byte-order magic');
    expect(fault(new PcapngReader(), SECTION.replace('0001 0000', '0002 0000'))).toBe(
      'octet 0: pcapng version 2 is not known, only 1',
    );
    expect(fault(new PcapngReader(), `${SECTION} 00000006 0000000b 00000000`)).toBe(
      'octet 28: a block of 11 octets cannot be',
    );
    expect(fault(new PcapngReader(), `${SECTION} 00000006 40000000 00000000`)).toBe(
      'octet 28: a block of 1073741824 octets cannot be',
    );
    expect(fault(new PcapngReader(), `${SECTION} ${packet('00000000', '0000000000000000')}`)).toBe(
      'octet 28: a packet of an interface that is not described',
    );
    expect(
      fault(
        new PcapngReader(),
        `${SECTION} ${INTERFACE_DEFAULT} ${packet('00000000', '0000000000000000').replace('00000003 ', '00000005 ')}`,
      ),
    ).toBe('octet 48: a packet is longer than its block');
    expect(fault(new PcapngReader(), `${SECTION} 00000001 00000014 0065 0000 00000000 00000018`)).toBe(
      'octet 28: the two lengths of a block differ',
    );
    expect(fault(new PcapngReader(), `${SECTION} 0000000b 00000100 00000000`)).toBe(
      'octet 40: the file ends within a block',
    );
  });

  it('says when the file ends within a block', () => {
    const file = fromHex(`${SECTION} ${INTERFACE_DEFAULT} ${packet('00000000', '0006474846222240')}`);
    for (let octets = 0; octets < file.length; octets++) {
      const reader = new PcapngReader();
      readAll(reader, file.slice(0, octets));
      expect(reader.fault).toBeNull();
      expect(reader.finish() === null, `${octets} octets`).toBe(octets === 28 || octets === 48);
    }
  });
});

describe('pcapng writer', () => {
  it('section header', () => {
    expect(toHex(sectionHeaderBlock('mcastkit', 'why'))).toBe(
      toHex(
        fromHex(`
          0a0d0d0a 00000034
          1a2b3c4d 0001 0000 ffffffffffffffff
          0004 0008 6d636173746b6974   # application "mcastkit"
          0001 0003 776879 00          # comment "why"
          0000 0000
          00000034
        `),
      ),
    );
  });

  it('interface description', () => {
    expect(toHex(interfaceBlock(101, 'eth0', 'x'))).toBe(
      toHex(
        fromHex(`
          00000001 00000030
          0065 0000 00000000
          0002 0004 65746830           # name
          0003 0001 78 000000          # description
          0009 0001 09 000000          # nanoseconds
          0000 0000
          00000030
        `),
      ),
    );
  });

  it('enhanced packet, on used octets', () => {
    const bytes = new Uint8Array(64).fill(0xa5);
    const view = new DataView(bytes.buffer);
    bytes.set([1, 2, 3, 4, 5], 3 + PACKET_BLOCK_HEAD_OCTETS);
    const options = commentOptions('hi');
    expect(putPacketBlock(view, 3, 7, 5, 9, options)).toBe(packetBlockOctets(5, options.length));
    expect(toHex(bytes)).toBe(
      toHex(
        fromHex(`
          a5a5a5
          00000006 00000034            # enhanced packet, 52 octets
          00000007                     # interface
          a5a5a5a5a5a5a5a5             # time: written by the caller
          00000005 00000009            # captured, on the wire
          0102030405 000000            # frame, padded
          0001 0002 6869 0000          # comment "hi"
          0000 0000
          00000034
          a5a5a5a5a5a5a5a5a5
        `),
      ),
    );
  });
});
