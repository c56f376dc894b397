import { describe, expect, it } from 'vitest';
import { FecEncoder, FecKind, type FecEncoderOptions } from '../../src/repair/fecEncoder.js';
import { matrixFec } from '../oracle/fec.js';
import { fromHex, toHex } from '../vectors/hex.js';
import { mediaStream, viewOfPacket, withoutVariables } from '../oracle/fecMedia.js';

const OPTIONS: FecEncoderOptions = { rows: true, columnSequence: 0xfffe, rowSequence: 0xffff, maxPayloadOctets: 64 };

interface Sent {
  readonly kind: FecKind;
  readonly packet: Uint8Array;
  /** Media packets added before. */
  readonly after: number;
}

function drain(encoder: FecEncoder, after: number, sent: Sent[]): void {
  while (encoder.ready() > 0) {
    const into = new Uint8Array(encoder.maxPacketOctets + 8).fill(0xa5);
    const kind = encoder.nextKind();
    const announced = encoder.nextOctets();
    const octets = encoder.take(viewOfPacket(into), 4);
    expect(octets).toBe(announced);
    expect(toHex(into.subarray(0, 4))).toBe('a5a5a5a5');
    expect(into.subarray(4 + octets).every((octet) => octet === 0xa5)).toBe(true);
    sent.push({ kind, packet: into.slice(4, 4 + octets), after });
  }
}

function encode(encoder: FecEncoder, packets: Iterable<Uint8Array>): Sent[] {
  const sent: Sent[] = [];
  let after = 0;
  for (const packet of packets) {
    const slot = new Uint8Array(packet.length + 3).fill(0x5a);
    slot.set(packet, 3);
    encoder.add(viewOfPacket(slot), 3, packet.length);
    drain(encoder, ++after, sent);
  }
  encoder.flush();
  drain(encoder, after, sent);
  return sent;
}

function sorted(packets: readonly { readonly packet: Uint8Array }[]): string[] {
  return packets.map(({ packet }) => withoutVariables(packet)).toSorted();
}

describe('FEC encoder', () => {
  it('makes the row worked out by hand', () => {
    const media = [
      '8021 fffe 00000010 01020304 aabb',
      '80a1 ffff 00000020 01020304 010203',
      '8021 0000 00000031 01020304 ff',
      'b321 0001 00000047 01020304 1020',
    ].map(fromHex);
    const [row] = encode(new FecEncoder(4, 4, OPTIONS), media);
    expect(row!.kind).toBe(FecKind.Row);
    expect(toHex(row!.packet)).toBe(
      toHex(
        fromHex(`b3        # P, X and CC of the last packet alone
                 e0        # M of the second alone; payload type 96
                 ffff      # the first sequence number told
                 00000047  # timestamp of the newest media packet
                 00000000  # SSRC
                 fffe      # SNBase
                 0002      # 2 ^ 3 ^ 1 ^ 2
                 80        # E; 33 four times over
                 000000
                 00000046  # 10 ^ 20 ^ 31 ^ 47
                 40 01 04 00
                 449903    # aabb ^ 010203 ^ ff ^ 1020, as long as the longest`),
      ),
    );
  });

  it.each([
    [10, 5, true],
    [4, 4, true],
    [5, 20, true],
    [20, 5, false],
    [1, 4, false],
    [3, 7, false],
  ])('%dx%d, rows %s: what the definition says, each once', (columns, rows, withRows) => {
    const media = mediaStream(0xff80, 3 * columns * rows + 2, 0, 60, 11);
    const sent = encode(new FecEncoder(columns, rows, { ...OPTIONS, rows: withRows }), media.values());
    const expected = matrixFec(media, 0, columns, rows, withRows);
    expect(sorted(sent)).toEqual(sorted(expected));
    for (const [kind, first, isRow] of [
      [FecKind.Column, 0xfffe, false],
      [FecKind.Row, 0xffff, true],
    ] as const) {
      const stream = sent.filter((one) => one.kind === kind).map(({ packet }) => packet);
      expect(stream.every((packet) => (packet[24] === 0x40) === isRow)).toBe(true);
      expect(stream.map((packet) => packet[2]! * 256 + packet[3]!)).toEqual(stream.map((_, i) => (first + i) % 65_536));
    }
  });

  it('sends a row when it is complete, and the columns one for every D packets of the next matrix', () => {
    const sent = encode(new FecEncoder(5, 4, OPTIONS), mediaStream(0, 60, 0, 10, 1).values());
    const rows = sent.filter(({ kind }) => kind === FecKind.Row).map(({ after }) => after);
    expect(rows).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    const columns = sent.filter(({ kind }) => kind === FecKind.Column);
    // The third matrix is the last: its columns leave with the flush.
    expect(columns.map(({ after }) => after)).toEqual([21, 25, 29, 33, 37, 41, 45, 49, 53, 57, 60, 60, 60, 60, 60]);
    expect(columns.map(({ packet }) => packet[13])).toEqual([0, 1, 2, 3, 4, 20, 21, 22, 23, 24, 40, 41, 42, 43, 44]);
  });

  it('carries the timestamp of the newest media packet and the SSRC told', () => {
    const media = mediaStream(0, 20, 0, 10, 1);
    const sent = encode(new FecEncoder(4, 4, { ...OPTIONS, ssrc: 0xfedc_ba98 }), media.values());
    for (const { packet, after } of sent) {
      expect(toHex(packet.subarray(4, 8))).toBe(toHex(media.get(after - 1)!.subarray(4, 8)));
      expect(toHex(packet.subarray(8, 12))).toBe('fedcba98');
    }
  });

  it('takes 65535 and 0 for neighbours', () => {
    const media = mediaStream(0xfff8, 16, 0, 4, 1);
    const encoder = new FecEncoder(4, 4, OPTIONS);
    expect(encode(encoder, media.values())).toHaveLength(8);
    expect(encoder.restarted).toBe(0);
  });

  it('begins a new matrix behind a number that was left out', () => {
    const media = mediaStream(0, 40, 0, 10, 2);
    media.delete(5);
    const encoder = new FecEncoder(4, 4, OPTIONS);
    const sent = encode(encoder, media.values());
    expect(encoder.restarted).toBe(1);
    // One row was complete before; the matrices behind it are 6 .. 21 and 22 .. 37.
    const expected = [
      ...matrixFec(new Map([...media].filter(([n]) => n < 4)), 0, 4, 1, true).filter(({ isRow }) => isRow),
      ...matrixFec(new Map([...media].filter(([n]) => n >= 6)), 6, 4, 4, true),
    ];
    expect(sorted(sent)).toEqual(sorted(expected));
  });

  it('is not broken by a number left out between two matrices', () => {
    const media = mediaStream(0, 33, 0, 10, 2);
    media.delete(16);
    const encoder = new FecEncoder(4, 4, OPTIONS);
    expect(encode(encoder, media.values())).toHaveLength(16);
    expect(encoder.restarted).toBe(0);
  });

  it('counts what was not taken in time, and sends nothing of it', () => {
    const encoder = new FecEncoder(4, 4, OPTIONS);
    const media = [...mediaStream(0, 32, 0, 10, 3).values()];
    for (const packet of media) encoder.add(viewOfPacket(packet), 0, packet.length);
    // Seven of eight rows, and the four columns of the first matrix.
    expect(encoder.dropped).toBe(11);
    expect(encoder.ready()).toBe(1);
    encoder.flush();
    const sent: Sent[] = [];
    drain(encoder, 0, sent);
    expect(sent.map(({ packet }) => packet[13])).toEqual([28, 16, 17, 18, 19]);
    expect(encoder.nextKind()).toBe(FecKind.None);
    expect(encoder.nextOctets()).toBe(0);
    expect(encoder.take(viewOfPacket(new Uint8Array(100)), 0)).toBe(0);
  });

  it('refuses a matrix that the standard does not know, and packets that do not fit', () => {
    expect(() => new FecEncoder(3, 4, OPTIONS)).toThrow('3x4');
    expect(() => new FecEncoder(4, 4, { ...OPTIONS, maxPayloadOctets: 65_536 })).toThrow('65536');
    const encoder = new FecEncoder(4, 4, OPTIONS);
    expect(() => encoder.add(viewOfPacket(new Uint8Array(77)), 0, 77)).toThrow('77');
    expect(() => encoder.add(viewOfPacket(new Uint8Array(77)), 0, 11)).toThrow('11');
    encoder.add(viewOfPacket(new Uint8Array(77)), 0, 76);
  });
});
