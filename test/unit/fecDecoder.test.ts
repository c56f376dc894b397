import { describe, expect, it } from 'vitest';
import { FecDecoder } from '../../src/repair/fecDecoder.js';
import { PacketStore, PutOutcome, RECOVERED_LEG } from '../../src/repair/packetStore.js';
import { Random } from '../../src/core/random.js';
import { fecOver, matrixFec, type FecEquation } from '../oracle/fec.js';
import { mediaStream, viewOfPacket } from '../oracle/fecMedia.js';
import { fromHex, toHex } from '../vectors/hex.js';

const SLOT_OCTETS = 128;

class Receiver {
  readonly store: PacketStore;
  readonly decoder: FecDecoder;
  /** Number in the store of media packet 0. */
  readonly origin: number;
  nowNs = 0;

  constructor(origin = 0, fecPackets?: number, capacity = 1024) {
    this.store = new PacketStore(capacity, SLOT_OCTETS);
    this.decoder = new FecDecoder(this.store, fecPackets);
    this.origin = origin;
  }

  media(n: number, packet: Uint8Array): number {
    const { store } = this;
    const slot = new Uint8Array(packet.length + 2);
    slot.set(packet, 1);
    const outcome = store.put(this.origin + n, viewOfPacket(slot), 1, packet.length, ++this.nowNs, 0);
    if (outcome !== PutOutcome.Stored && outcome !== PutOutcome.Late) return 0;
    return this.decoder.addMedia(this.origin + n, this.nowNs);
  }

  fec(packet: Uint8Array): number {
    const slot = new Uint8Array(packet.length + 2).fill(0xff);
    slot.set(packet, 1);
    return this.decoder.addFec(viewOfPacket(slot), 1, packet.length, ++this.nowNs);
  }

  packet(n: number): string | null {
    const { store } = this;
    if (!store.has(this.origin + n)) return null;
    const at = store.offsetOf(this.origin + n);
    return toHex(store.bytes.subarray(at, at + store.lengthOf(this.origin + n)));
  }
}

/** What of `media` is there; each is as it was sent. */
function present(receiver: Receiver, media: ReadonlyMap<number, Uint8Array>): number[] {
  const there: number[] = [];
  for (const [n, packet] of media) {
    const found = receiver.packet(n);
    if (found === null) continue;
    expect(found).toBe(toHex(packet));
    there.push(n);
  }
  return there;
}

/** All media but `lost`, in order, each FEC packet behind the last that it protects. */
function play(
  receiver: Receiver,
  media: ReadonlyMap<number, Uint8Array>,
  equations: readonly FecEquation[],
  lost: ReadonlySet<number>,
): void {
  for (const [n, packet] of media) {
    if (!lost.has(n)) receiver.media(n, packet);
    for (const equation of equations) if (equation.numbers.at(-1) === n) receiver.fec(equation.packet);
  }
}

const MATRIX = mediaStream(0xfff0, 50, 0, 100, 3);
const MATRIX_FEC = matrixFec(MATRIX, 0, 10, 5, true);
const ALL = [...MATRIX.keys()];

describe('FEC decoder, 10x5', () => {
  it('repairs every single loss', () => {
    for (const lost of ALL) {
      const receiver = new Receiver(-3);
      play(receiver, MATRIX, MATRIX_FEC, new Set([lost]));
      expect(present(receiver, MATRIX)).toEqual(ALL);
      expect(receiver.store.legOf(lost - 3)).toBe(RECOVERED_LEG);
      expect([receiver.decoder.recovered, receiver.store.recovered, receiver.store.stored]).toEqual([1, 1, 50]);
      expect(receiver.decoder.waiting).toBe(0);
    }
  });

  it('repairs every burst of up to ten', () => {
    for (let from = 0; from < 50; from++) {
      for (let length = 2; length <= 10 && from + length <= 50; length++) {
        const receiver = new Receiver(7);
        play(receiver, MATRIX, MATRIX_FEC, new Set(ALL.slice(from, from + length)));
        expect(present(receiver, MATRIX)).toEqual(ALL);
        expect(receiver.decoder.recovered).toBe(length);
      }
    }
  });

  it('by columns alone repairs every burst of up to ten', () => {
    const columns = MATRIX_FEC.filter(({ isRow }) => !isRow);
    for (let from = 0; from <= 40; from++) {
      const receiver = new Receiver();
      play(receiver, MATRIX, columns, new Set(ALL.slice(from, from + 10)));
      expect(present(receiver, MATRIX)).toEqual(ALL);
    }
  });

  it('by rows alone repairs one loss in each row', () => {
    const receiver = new Receiver();
    play(
      receiver,
      MATRIX,
      MATRIX_FEC.filter(({ isRow }) => isRow),
      new Set([0, 19, 25, 30, 49, 48]),
    );
    expect(ALL.filter((n) => receiver.packet(n) === null)).toEqual([48, 49]);
  });

  it('repairs what only rows and columns in turn can', () => {
    // 23 and 31 come from their rows, 13 and 1 then from their columns, 12 and 2 then from their rows.
    const receiver = new Receiver();
    play(receiver, MATRIX, MATRIX_FEC, new Set([23, 13, 12, 2, 1, 31]));
    expect(present(receiver, MATRIX)).toEqual(ALL);
  });

  it('does not repair four corners of a rectangle', () => {
    const receiver = new Receiver();
    play(receiver, MATRIX, MATRIX_FEC, new Set([11, 14, 31, 34, 22]));
    expect(ALL.filter((n) => receiver.packet(n) === null)).toEqual([11, 14, 31, 34]);
    expect(receiver.decoder.waiting).toBe(4);
    // One of them late: the others follow.
    expect(receiver.media(34, MATRIX.get(34)!)).toBe(3);
    expect(present(receiver, MATRIX)).toEqual(ALL);
    expect(receiver.decoder.waiting).toBe(0);
  });

  it('takes FEC before the media, and before any media at all', () => {
    for (const origin of [0, -40_000, 2 ** 40]) {
      const receiver = new Receiver(origin);
      for (const { packet } of MATRIX_FEC) receiver.fec(packet);
      expect(receiver.decoder.waiting).toBe(15);
      // How far they reach is believed when there are media.
      expect(receiver.decoder.windowPackets).toBe(200);
      for (const [n, packet] of MATRIX) if (n % 11 !== 3) receiver.media(n, packet);
      expect(present(receiver, MATRIX)).toEqual(ALL);
    }
  });

  it('recovers the newest number, which nobody has heard yet', () => {
    const receiver = new Receiver();
    play(receiver, MATRIX, MATRIX_FEC, new Set([49]));
    expect(receiver.store.newest).toBe(49);
    expect(present(receiver, MATRIX)).toEqual(ALL);
  });

  it('stamps what it recovers with the time of doing so', () => {
    const receiver = new Receiver();
    for (const [n, packet] of MATRIX) if (n !== 4) receiver.media(n, packet);
    receiver.nowNs = 1000;
    receiver.fec(MATRIX_FEC[0]!.packet);
    expect(receiver.store.timeMonoNs(4)).toBe(1001);
    const other = new Receiver();
    other.media(20, MATRIX.get(20)!);
    other.fec(MATRIX_FEC[0]!.packet);
    for (let n = 0; n < 8; n++) other.media(n, MATRIX.get(n)!);
    other.nowNs = 2000;
    expect(other.media(8, MATRIX.get(8)!)).toBe(1);
    expect(other.store.timeMonoNs(9)).toBe(2001);
  });
});

describe('FEC decoder', () => {
  it('restores flags, contributing sources, extension and padding', () => {
    const media = new Map(
      [
        'b2a1 0001 11111111 0a0b0c0d 00000001 00000002 bede0001 51aabb00 010203 000003',
        '8021 0002 22222222 0a0b0c0d 0102030405060708090a',
        '9060 0003 33333333 0a0b0c0d bede0000',
        'a021 0004 44444444 0a0b0c0d aabb0002',
      ].map((hex, i) => [i, fromHex(hex)] as const),
    );
    const equation = fecOver(media, [0, 1, 2, 3], true, 0, 0);
    for (const lost of [0, 1, 2, 3]) {
      const receiver = new Receiver();
      for (const [n, packet] of media) if (n !== lost) receiver.media(n, packet);
      expect(receiver.fec(equation.packet)).toBe(1);
      expect(present(receiver, media)).toEqual([0, 1, 2, 3]);
    }
  });

  it('takes SSRC from the stream even where FEC protects one packet only', () => {
    const receiver = new Receiver();
    receiver.media(0, MATRIX.get(0)!);
    const { packet } = fecOver(MATRIX, [1], true, 0, 0);
    expect(receiver.fec(packet)).toBe(1);
    expect(receiver.packet(1)).toBe(toHex(MATRIX.get(1)!));
  });

  it('recovers nothing before there are media, though FEC protects one packet only', () => {
    const receiver = new Receiver();
    receiver.fec(fecOver(MATRIX, [1], true, 0, 0).packet);
    expect([receiver.decoder.waiting, receiver.store.isEmpty]).toEqual([1, true]);
  });

  it('repairs what came before there was a decoder', () => {
    const { store, ...rest } = new Receiver(12);
    for (const [n, packet] of MATRIX) {
      if (n !== 23) store.put(12 + n, viewOfPacket(packet), 0, packet.length, n, 0);
    }
    const decoder = new FecDecoder(store);
    const receiver = Object.assign(new Receiver(rest.origin), { store, decoder });
    for (const { packet } of MATRIX_FEC) receiver.fec(packet);
    expect(present(receiver, MATRIX)).toEqual(ALL);
    expect([decoder.recovered, decoder.columns, decoder.waiting]).toEqual([1, 10, 0]);
  });

  it('tells after each packet how many others it recovered', () => {
    const receiver = new Receiver();
    receiver.media(49, MATRIX.get(49)!);
    for (const row of [0, 1, 2]) receiver.fec(MATRIX_FEC[row]!.packet);
    for (let n = 0; n < 30; n++) if (n % 10 > 1) receiver.media(n, MATRIX.get(n)!);
    // The first number of a row or its second: either gives the other.
    expect([0, 11, 20].map((n) => receiver.media(n, MATRIX.get(n)!))).toEqual([1, 1, 1]);
    expect(present(receiver, MATRIX)).toHaveLength(31);
  });

  it('recovers packets and takes FEC as long as a slot allows', () => {
    const media = mediaStream(0, 4, SLOT_OCTETS - 12, SLOT_OCTETS - 12, 5);
    const receiver = new Receiver();
    for (const n of [0, 1, 3]) receiver.media(n, media.get(n)!);
    expect(receiver.fec(fecOver(media, [0, 1, 2, 3], true, 0, 0).packet)).toBe(1);
    expect(present(receiver, media)).toHaveLength(4);
  });

  it('FEC shorter than a packet that it protects is inconsistent', () => {
    const media = new Map(MATRIX);
    media.set(2, MATRIX.get(2)!.slice(0, 13));
    const { packet } = fecOver(media, [1, 2, 3, 4], true, 0, 0);
    const receiver = new Receiver();
    for (const n of [1, 3, 4]) receiver.media(n, media.get(n)!);
    expect(receiver.fec(packet.subarray(0, 32))).toBe(0);
    expect(receiver.decoder.inconsistent).toBe(1);
    expect(receiver.fec(packet)).toBe(1);
  });

  it('uses the room of what was of use for the next', () => {
    const receiver = new Receiver(0, 3);
    const row = (base: number): number =>
      receiver.fec(fecOver(MATRIX, [base, base + 1, base + 2, base + 3], true, 0, 0).packet);
    receiver.media(0, MATRIX.get(0)!);
    for (const base of [10, 14, 18]) row(base);
    for (const n of [10, 11, 12]) receiver.media(n, MATRIX.get(n)!);
    row(22);
    for (const base of [14, 18, 22]) for (const n of [0, 1, 2]) receiver.media(base + n, MATRIX.get(base + n)!);
    expect(present(receiver, MATRIX)).toEqual([0, ...ALL.slice(10, 26)]);
    expect(receiver.decoder.overwritten).toBe(0);
  });

  it('tells how deep it may still repair', () => {
    const receiver = new Receiver(5000);
    // Numbers on the wire are those in the store.
    const media = mediaStream(5000, 700, 0, 10, 8);
    expect(receiver.decoder.windowPackets).toBe(200);
    const column = (base: number, columns: number, rows: number): void => {
      for (let n = receiver.store.isEmpty ? base : receiver.store.newest - 4999; n <= base + columns * rows; n++) {
        receiver.media(n, media.get(n)!);
      }
      const numbers = Array.from({ length: rows }, (_, i) => base + i * columns);
      receiver.fec(fecOver(media, numbers, false, 0, 0).packet);
    };
    column(0, 10, 5);
    expect(receiver.decoder.windowPackets).toBe(100);
    expect([receiver.decoder.columns, receiver.decoder.rows, receiver.decoder.rowColumns]).toEqual([10, 5, 0]);
    column(50, 20, 5);
    expect(receiver.decoder.windowPackets).toBe(200);
    // The newest is 150 now: the larger matrix counts until 350.
    column(150, 4, 4);
    expect(receiver.decoder.windowPackets).toBe(200);
    column(333, 4, 4);
    expect(receiver.decoder.windowPackets).toBe(200);
    column(334, 4, 4);
    expect(receiver.decoder.windowPackets).toBe(32);
    receiver.fec(fecOver(media, [334, 335, 336, 337, 338], true, 0, 0).packet);
    expect([receiver.decoder.columns, receiver.decoder.rows, receiver.decoder.rowColumns]).toEqual([4, 4, 5]);
  });

  it('repairs on while the matrix changes its size', () => {
    const media = mediaStream(65_500, 200, 0, 60, 9);
    const part = (from: number, to: number): Map<number, Uint8Array> =>
      new Map([...media].filter(([n]) => n >= from && n < to));
    const equations = [
      ...matrixFec(part(0, 50), 0, 10, 5, true),
      ...matrixFec(part(50, 66), 50, 4, 4, true),
      ...matrixFec(part(66, 200), 66, 5, 8, true),
    ];
    const receiver = new Receiver(-20);
    play(receiver, media, equations, new Set([3, 4, 5, 6, 44, 52, 53, 54, 70, 71, 72, 73, 74, 120]));
    expect(present(receiver, media)).toHaveLength(200);
  });

  it.each([
    ['a header cut short', (octets: Uint8Array) => octets.subarray(0, 27), 'malformed'],
    ['another type', (octets: Uint8Array) => octets.map((octet, i) => (i === 24 ? 0x48 : octet)), 'malformed'],
    ['a payload too short for its length', (octets: Uint8Array) => octets.subarray(0, 40), 'inconsistent'],
    [
      'a length beyond its payload',
      (octets: Uint8Array) => octets.map((octet, i) => (i === 14 ? octet ^ 0x40 : octet)),
      'inconsistent',
    ],
    [
      'flags of an extension that is not there',
      (octets: Uint8Array) => octets.map((octet, i) => (i === 0 ? octet | 0x1f : octet)),
      'inconsistent',
    ],
    ['more than a slot holds', (octets: Uint8Array) => Uint8Array.from([...octets, ...new Uint8Array(60)]), 'tooLong'],
    [
      'numbers far ahead',
      (octets: Uint8Array) => octets.map((octet, i) => (i === 12 ? octet ^ 0x10 : octet)),
      'outOfWindow',
    ],
  ] as const)('%s: counted, nothing recovered', (_name, change, counter) => {
    const receiver = new Receiver();
    for (const [n, packet] of MATRIX) if (n !== 4) receiver.media(n, packet);
    expect(receiver.fec(change(MATRIX_FEC[0]!.packet))).toBe(0);
    const { malformed, inconsistent, tooLong, outOfWindow } = receiver.decoder;
    const counters = { malformed: 0, inconsistent: 0, tooLong: 0, outOfWindow: 0, [counter]: 1 };
    expect({ malformed, inconsistent, tooLong, outOfWindow }).toEqual(counters);
    expect(receiver.decoder.heard).toBe(1);
    expect(receiver.decoder.waiting).toBe(0);
    expect(receiver.packet(4)).toBeNull();
    expect(receiver.fec(MATRIX_FEC[0]!.packet)).toBe(1);
  });

  it.each([0, 0xfff0])('one packet of a stream from elsewhere does not carry the window away: from %d', (origin) => {
    const receiver = new Receiver(origin);
    for (const [n, packet] of MATRIX) if (n !== 4) receiver.media(n, packet);
    const far = new Map([...MATRIX].map(([n, packet]) => [n, packet.slice()]));
    viewOfPacket(far.get(0)!).setUint16(2, 0xfff0 + 49 + 401);
    expect(receiver.fec(fecOver(far, [0], true, 0, 0).packet)).toBe(0);
    expect(receiver.decoder.outOfWindow).toBe(1);
    viewOfPacket(far.get(0)!).setUint16(2, 0xfff0 + 49 + 400);
    expect(receiver.fec(fecOver(far, [0], true, 0, 0).packet)).toBe(1);
    expect(receiver.store.newest).toBe(origin + 449);
  });

  it('FEC from elsewhere that came before the media is out of the window, too', () => {
    const receiver = new Receiver();
    const far = new Map([...MATRIX].map(([n, packet]) => [n, packet.slice()]));
    viewOfPacket(far.get(0)!).setUint16(2, 30_000);
    receiver.fec(fecOver(far, [0, 1], true, 0, 0).packet);
    receiver.fec(MATRIX_FEC[0]!.packet);
    receiver.media(0, MATRIX.get(0)!);
    expect([receiver.decoder.waiting, receiver.decoder.outOfWindow]).toEqual([1, 1]);
  });

  it('about numbers that the store no longer holds is out of the window', () => {
    const media = mediaStream(0, 200, 0, 10, 4);
    const receiver = new Receiver(0, 256, 64);
    for (const [n, packet] of media) if (n !== 140 && n !== 150) receiver.media(n, packet);
    // 136 is the oldest.
    expect(receiver.fec(fecOver(media, [135, 140, 145, 150], false, 0, 0).packet)).toBe(0);
    expect(receiver.decoder.outOfWindow).toBe(1);
    expect(receiver.fec(fecOver(media, [136, 140, 144, 148], false, 0, 0).packet)).toBe(1);
    expect(receiver.fec(fecOver(media, [147, 148, 149, 150], true, 0, 0).packet)).toBe(1);
  });

  it('forgets what is behind, and makes room for the newest', () => {
    const media = mediaStream(0, 1000, 0, 10, 4);
    const receiver = new Receiver(0, 4);
    receiver.media(0, media.get(0)!);
    for (const base of [20, 10, 30, 40]) receiver.fec(fecOver(media, [base, base + 1, base + 2], true, 0, 0).packet);
    expect([receiver.decoder.waiting, receiver.decoder.overwritten]).toEqual([4, 0]);
    receiver.fec(fecOver(media, [50, 51, 52], true, 0, 0).packet);
    expect([receiver.decoder.waiting, receiver.decoder.overwritten]).toEqual([4, 1]);
    for (const n of [10, 11, 20, 21, 50]) receiver.media(n, media.get(n)!);
    expect([receiver.packet(12), receiver.packet(22)]).toEqual([null, toHex(media.get(22)!)]);
    expect(receiver.decoder.waiting).toBe(3);
    receiver.media(432, media.get(432)!);
    expect(receiver.decoder.waiting).toBe(3);
    receiver.media(433, media.get(433)!);
    expect(receiver.decoder.waiting).toBe(2);
    receiver.media(900, media.get(900)!);
    expect(receiver.decoder.waiting).toBe(0);
  });

  it('media that are not in the store, or no RTP, are nothing', () => {
    const receiver = new Receiver();
    expect(receiver.decoder.addMedia(5, 0)).toBe(0);
    expect(receiver.media(0, new Uint8Array(11))).toBe(0);
    receiver.fec(MATRIX_FEC[0]!.packet);
    expect(receiver.decoder.waiting).toBe(1);
    expect(receiver.decoder.addMedia(5, 0)).toBe(0);
    for (let n = 1; n < 9; n++) receiver.media(n, MATRIX.get(n)!);
    // The one of eleven octets cannot be part of a row.
    expect([receiver.decoder.recovered, receiver.decoder.inconsistent]).toEqual([0, 1]);
  });

  it('random octets, and FEC with random changes, never throw', () => {
    const random = new Random(12);
    const receiver = new Receiver(-5, 16, 64);
    const media = [...mediaStream(65_000, 2000, 0, 100, 6)];
    for (const [n, packet] of media) {
      if (random.below(4) > 0) receiver.media(n, packet);
      const at = n - random.below(8);
      const base = Math.max(0, at - 3);
      const around = fecOver(new Map(media.slice(base, base + 4)), [base, base + 1, base + 2, base + 3], true, 0, 0);
      const octets = around.packet.slice(0, random.below(around.packet.length + 1));
      for (let i = random.below(4); i > 0 && octets.length > 0; i--)
        octets[random.below(octets.length)] = random.uint32();
      receiver.fec(octets);
      receiver.fec(Uint8Array.from({ length: random.below(200) }, () => random.uint32()));
    }
    expect(receiver.store.newest).toBeLessThan(2500);
    expect(receiver.decoder.malformed).toBeGreaterThan(1000);
    expect(receiver.decoder.waiting).toBeLessThanOrEqual(16);
  });
});
