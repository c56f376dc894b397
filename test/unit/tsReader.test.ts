import { describe, expect, test } from 'vitest';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsRead, TsReader, type TsReaderOptions } from '../../src/feed/tsReader.js';
import { PiecesSource } from '../ts/tsSources.js';

/** Packet `index`: its number in every payload octet that is no sync octet. */
function packet(index: number): Uint8Array {
  const octets = new Uint8Array(188).fill(index === 0x47 ? 0 : index);
  octets.set([0x47, 0x01, 0x00, 0x10 + (index % 16)]);
  return octets;
}

function stream(count: number, before = 0, behind = 0): Uint8Array {
  const octets: number[] = [];
  for (let i = 0; i < count; i++)
    octets.push(...new Array(before).fill(0xee), ...packet(i), ...new Array(behind).fill(0xdd));
  return Uint8Array.from(octets);
}

const JUNK = Uint8Array.from({ length: 300 }, (_, i) => (i % 100 === 50 ? 0x47 : 0xcc));

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

interface ReadBack {
  readonly reader: TsReader;
  readonly status: TsRead;
  /** Second payload octet of each packet, and whether a pass begins. */
  readonly numbers: number[];
  readonly passes: number[];
}

/** Pulls until there is nothing more or `most` packets were read, taking packets as they come. */
function readAll(source: PiecesSource | MemorySource, most = Infinity, options: TsReaderOptions = {}): ReadBack {
  const reader = new TsReader(source, options);
  const numbers: number[] = [];
  const passes: number[] = [];
  for (;;) {
    const status = reader.pull();
    if (status !== TsRead.More) return { reader, status, numbers, passes };
    for (; reader.first < reader.end && numbers.length < most; reader.first++) {
      const at = reader.octetOf(reader.first);
      expect(reader.bytes[at]).toBe(0x47);
      if (reader.beginsPass(reader.first)) passes.push(numbers.length);
      numbers.push(reader.bytes[at + 5]!);
      expect(reader.bytes[at + 187]).toBe(reader.bytes[at + 5]);
    }
    if (numbers.length >= most) return { reader, status, numbers, passes };
  }
}

const once = (bytes: Uint8Array): MemorySource => new MemorySource(bytes, { loop: false });
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('packets', () => {
  test.each([
    ['alone', stream(30), 188],
    ['behind time codes', stream(30, 4), 192],
    ['with parity', stream(30, 0, 16), 204],
  ])('%s', (_name, bytes, stride) => {
    for (const sizes of [[100_000], [1], [187, 3, 500]]) {
      const { reader, numbers, status } = readAll(new PiecesSource(once(bytes), sizes));
      expect(numbers).toEqual(upTo(30));
      expect(status).toBe(TsRead.Ended);
      expect([reader.strideOctets, reader.skippedOctets, reader.resyncs, reader.truncatedPackets]).toEqual([
        stride,
        0,
        0,
        0,
      ]);
    }
  });

  test('behind junk, whose octets are counted', () => {
    const { reader, numbers } = readAll(once(joined(JUNK, stream(9))));
    expect(numbers).toEqual(upTo(9));
    expect([reader.skippedOctets, reader.resyncs]).toEqual([300, 0]);
    // Of the time code before the first packet nothing is skipped.
    expect(readAll(once(joined(JUNK, stream(9, 4)))).reader.skippedOctets).toBe(300);
  });

  test('around junk: sync is lost and found', () => {
    const second = stream(20).slice(8 * 188);
    const { reader, numbers } = readAll(once(joined(stream(8), JUNK, second)));
    expect(numbers).toEqual(upTo(20));
    expect([reader.skippedOctets, reader.resyncs, reader.truncatedPackets]).toEqual([300, 1, 0]);
    // At the end there is no packet that it could have cut off.
    const last = readAll(once(joined(stream(8), JUNK))).reader;
    expect([last.skippedOctets, last.resyncs, last.truncatedPackets]).toEqual([300, 1, 0]);
    // Between packets with time codes, and behind other junk.
    const coded = readAll(once(joined(JUNK, stream(8, 4), JUNK, stream(20, 4).slice(8 * 192)))).reader;
    expect([coded.end, coded.skippedOctets, coded.resyncs]).toEqual([20, 600, 1]);
  });

  test('with a broken sync octet: this one is left out', () => {
    const bytes = stream(20);
    bytes[5 * 188] = 0x46;
    const { reader, numbers } = readAll(once(bytes));
    expect(numbers).toEqual(upTo(20).filter((i) => i !== 5));
    expect([reader.skippedOctets, reader.resyncs]).toEqual([188, 1]);
  });

  test('the last one cut off: dropped and counted', () => {
    const { reader, numbers, status } = readAll(once(stream(9).slice(0, 9 * 188 - 1)));
    expect(numbers).toEqual(upTo(8));
    expect(status).toBe(TsRead.Ended);
    expect(reader.pull()).toBe(TsRead.Ended);
    expect([reader.skippedOctets, reader.truncatedPackets]).toEqual([187, 1]);
  });

  test('fewer than five, up to the end', () => {
    expect(readAll(once(stream(1))).numbers).toEqual([0]);
    expect(readAll(once(stream(3, 4))).numbers).toEqual(upTo(3));
    expect(readAll(once(stream(3, 0, 16))).numbers).toEqual(upTo(3));
  });

  test('at five places, not at four', () => {
    // Sync octets at four multiples of 188 that belong to nothing.
    const false4 = new Uint8Array(4 * 188 + 100);
    for (let i = 0; i < 4; i++) false4[i * 188] = 0x47;
    const { reader, numbers } = readAll(once(joined(false4, stream(9))));
    expect(numbers).toEqual(upTo(9));
    expect(reader.skippedOctets).toBe(false4.length);
  });
});

describe('what is no transport stream', () => {
  test('is told after a megabyte', () => {
    const noise = Uint8Array.from({ length: (1 << 20) + 5000 }, (_, i) => (i % 97) + (i % 89 === 0 ? 1 : 0));
    const { status, reader } = readAll(once(joined(noise, stream(9))));
    expect(status).toBe(TsRead.NotTs);
    expect(reader.pull()).toBe(TsRead.NotTs);
    expect(reader.end).toBe(0);
  });

  test('is told at its end, repeated or not', () => {
    expect(readAll(once(new Uint8Array(500))).status).toBe(TsRead.NotTs);
    expect(readAll(new MemorySource(new Uint8Array(500), { loop: true })).status).toBe(TsRead.NotTs);
    expect(readAll(once(Uint8Array.of(1))).status).toBe(TsRead.NotTs);
  });

  test('is not said of an empty source, nor of junk later on', () => {
    expect(readAll(once(new Uint8Array())).status).toBe(TsRead.Ended);
    const { status, numbers } = readAll(once(joined(stream(6), new Uint8Array(1_200_000))));
    expect(numbers).toEqual(upTo(6));
    expect(status).toBe(TsRead.Ended);
  });
});

describe('passes', () => {
  test('begin where the source does, whatever lies at its ends', () => {
    const bytes = joined(JUNK, stream(7), packet(7).slice(0, 100));
    const source = new PiecesSource(new MemorySource(bytes, { loop: true }), [700, 333]);
    const { reader, numbers, passes } = readAll(source, 21, { leastPackets: 8, mostPackets: 8 });
    expect(numbers).toEqual([...upTo(7), ...upTo(7), ...upTo(7)]);
    expect(passes).toEqual([7, 14]);
    expect([reader.truncatedPackets, reader.resyncs]).toEqual([2, 0]);
    expect(reader.skippedOctets).toBe(3 * 300 + 2 * 100);
  });

  test('the first one may begin within a packet', () => {
    const source = new MemorySource(stream(20), { loop: true, startOctet: 12 * 188 + 7 });
    const { reader, numbers, passes } = readAll(source, 27);
    expect(numbers).toEqual([13, 14, 15, 16, 17, 18, 19, ...upTo(20)]);
    expect(passes).toEqual([7]);
    expect(reader.skippedOctets).toBe(181);
    // Or within the last packet.
    expect(readAll(new MemorySource(stream(6), { loop: true, startOctet: 6 * 188 - 50 }), 9).numbers).toEqual([
      ...upTo(6),
      ...upTo(3),
    ]);
  });
});

describe('the window', () => {
  test('is full, grows to its bound and keeps what it holds', () => {
    const source = new PiecesSource(new MemorySource(stream(10), { loop: true }), [1000]);
    const reader = new TsReader(source, { leastPackets: 8, mostPackets: 32 });
    while (reader.pull() === TsRead.More);
    reader.first = 3;
    while (reader.pull() === TsRead.More);
    expect([reader.end, reader.capacity]).toEqual([11, 8]);
    expect(reader.pull()).toBe(TsRead.Full);
    expect(reader.grow()).toBe(true);
    while (reader.pull() === TsRead.More);
    expect([reader.end, reader.capacity]).toEqual([19, 16]);
    const numbers = Array.from({ length: 16 }, (_, i) => reader.bytes[reader.octetOf(3 + i) + 5]);
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, i) => (3 + i) % 10));
    expect(Array.from({ length: 16 }, (_, i) => reader.beginsPass(3 + i)).indexOf(true)).toBe(7);
    expect(reader.grow()).toBe(true);
    expect(reader.grow()).toBe(false);
  });

  test('hands out up to seven packets in one piece, also where its ring ends', () => {
    const reader = new TsReader(new MemorySource(stream(20), { loop: false }), { leastPackets: 16, mostPackets: 32 });
    const into = new Uint8Array(7 * 188 + 8);
    const copied = (packets: number): number[] => {
      into.fill(0xa5);
      reader.copyTo(reader.first, packets, into, 3);
      expect(into.subarray(0, 3).every((octet) => octet === 0xa5)).toBe(true);
      expect(into.subarray(3 + packets * 188).every((octet) => octet === 0xa5)).toBe(true);
      return Array.from({ length: packets }, (_, i) => into[3 + i * 188 + 187]!);
    };
    reader.pull();
    expect(copied(7)).toEqual(upTo(7));
    reader.first = 12;
    reader.pull();
    expect(copied(7)).toEqual([12, 13, 14, 15, 16, 17, 18]);
    expect(copied(2)).toEqual([12, 13]);
    reader.grow();
    expect(copied(7)).toEqual([12, 13, 14, 15, 16, 17, 18]);
  });

  test('is not filled by a source that has nothing', () => {
    const reader = new TsReader(new PiecesSource(once(stream(10)), [900, 0]));
    expect(reader.pull()).toBe(TsRead.More);
    expect(reader.stagedOctets).toBe(900 - 4 * 188);
    expect(reader.pull()).toBe(TsRead.Dry);
    expect(reader.pull()).toBe(TsRead.More);
    expect(reader.end).toBe(9);
  });
});
