import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import * as ts from '../../src/wire/mpegts.js';
import { mpegtsCodec } from '../../src/wire/mpegtsCodec.js';
import { WireStatus } from '../../src/wire/status.js';
import { guarded } from '../fuzz/guard.js';
import { fromHex } from './hex.js';

/** A packet whose octets begin as written, the rest being 0xa5; at offset 3 of a buffer that ends with it. */
const AT = 3;
function packet(hex: string): Uint8Array {
  const bytes = new Uint8Array(AT + 188).fill(0xa5);
  bytes.set(fromHex(hex), AT);
  return bytes;
}

interface Expected {
  readonly error?: true;
  readonly unit?: true;
  readonly pid: number;
  readonly scrambling?: number;
  readonly counter: number;
  /** Octets of the adaptation field; -1: none that fits. */
  readonly field: number;
  readonly broken?: true;
  readonly discontinuity?: true;
  readonly random?: true;
  readonly pcr?: number;
  readonly opcr?: true;
  /** Octets before the payload; 188: none. */
  readonly payload: number;
}

const VECTORS: readonly { readonly name: string; readonly hex: string; readonly expected: Expected }[] = [
  {
    name: 'payload alone',
    hex: `47      # sync octet
          4100    # a unit begins, PID 0x100
          17      # in clear, payload alone, counter 7`,
    expected: { unit: true, pid: 0x100, counter: 7, field: -1, payload: 4 },
  },
  {
    name: 'error, the largest PID, scrambled with the odd key',
    hex: '47 bffe d0 # error and priority, PID 0x1ffe; scrambling control 3, payload, counter 0',
    expected: { error: true, pid: 0x1ffe, scrambling: 3, counter: 0, field: -1, payload: 4 },
  },
  {
    name: 'an adaptation field of one octet: nothing behind the length',
    hex: '47 0011 3f 00 # both, counter 15; length 0',
    expected: { pid: 0x11, counter: 15, field: 0, payload: 5 },
  },
  {
    name: 'an adaptation field of flags alone, which promise a PCR that is not there',
    hex: '47 0011 30 01 d8 # length 1; discontinuity, random access, PCR, OPCR',
    expected: { pid: 0x11, counter: 0, field: 1, discontinuity: true, random: true, payload: 6 },
  },
  {
    name: 'a PCR just before its wrap',
    hex: `47 0100 31 07       # length 7
          50                  # random access and PCR
          ffffffff            # upper 32 bits of the base
          ff                  # its lowest bit, reserved ones, highest of the extension: 1
          2b                  # extension 0x12b = 299`,
    expected: { pid: 0x100, counter: 1, field: 7, random: true, pcr: 2 ** 33 * 300 - 1, payload: 12 },
  },
  {
    name: 'a PCR of the highest bit of the base alone',
    hex: '47 0100 31 07 10 80000000 7e 01 # base 2^32, extension 1',
    expected: { pid: 0x100, counter: 1, field: 7, pcr: 2 ** 32 * 300 + 1, payload: 12 },
  },
  {
    name: 'a PCR of 0 with an OPCR, the field that holds both',
    hex: '47 0100 31 0d 18 00000000 7e 00 00000001 7e 05',
    expected: { pid: 0x100, counter: 1, field: 13, pcr: 0, opcr: true, payload: 18 },
  },
  {
    name: 'a PCR with an OPCR for which the field is one octet short',
    hex: '47 0100 31 0c 18 00000000 7e 00 00000001 7e',
    expected: { pid: 0x100, counter: 1, field: 12, pcr: 0, payload: 17 },
  },
  {
    name: 'an OPCR alone',
    hex: '47 0100 31 07 08 00000001 7e 05',
    expected: { pid: 0x100, counter: 1, field: 7, opcr: true, payload: 12 },
  },
  {
    name: 'a PCR for which the field is one octet short',
    hex: '47 0100 31 06 10 00000000 7e',
    expected: { pid: 0x100, counter: 1, field: 6, payload: 11 },
  },
  {
    name: 'a field of 182 octets before one octet of payload',
    hex: '47 0100 31 b6 80',
    expected: { pid: 0x100, counter: 1, field: 182, discontinuity: true, payload: 187 },
  },
  {
    name: 'a field of 183 octets where a payload is announced',
    hex: '47 0100 31 b7 f8',
    expected: { pid: 0x100, counter: 1, field: -1, broken: true, payload: 188 },
  },
  {
    name: 'a field of 183 octets and no payload',
    hex: '47 0100 21 b7 10 00000000 fe 00 # base 1: its lowest bit',
    expected: { pid: 0x100, counter: 1, field: 183, pcr: 300, payload: 188 },
  },
  {
    name: 'a shorter field without payload',
    hex: '47 0100 21 07 40',
    expected: { pid: 0x100, counter: 1, field: 7, random: true, payload: 188 },
  },
  {
    name: 'a field longer than the packet',
    hex: '47 0100 21 b8 f8',
    expected: { pid: 0x100, counter: 1, field: -1, broken: true, payload: 188 },
  },
  {
    name: 'the reserved adaptation field control',
    hex: '47 0100 01 07 f8',
    expected: { pid: 0x100, counter: 1, field: -1, payload: 188 },
  },
];

describe('a transport packet', () => {
  for (const { name, hex, expected } of VECTORS) {
    it(`with ${name}`, () => {
      const bytes = packet(hex);
      expect(ts.hasSync(bytes, AT)).toBe(true);
      expect(ts.hasTransportError(bytes, AT)).toBe(expected.error ?? false);
      expect(ts.startsUnit(bytes, AT)).toBe(expected.unit ?? false);
      expect(ts.tsPid(bytes, AT)).toBe(expected.pid);
      expect(ts.scramblingControl(bytes, AT)).toBe(expected.scrambling ?? 0);
      expect(ts.continuityCounter(bytes, AT)).toBe(expected.counter);
      expect(ts.adaptationOctets(bytes, AT)).toBe(expected.field);
      expect(ts.hasBrokenAdaptation(bytes, AT)).toBe(expected.broken ?? false);
      expect(ts.isDiscontinuity(bytes, AT)).toBe(expected.discontinuity ?? false);
      expect(ts.isRandomAccess(bytes, AT)).toBe(expected.random ?? false);
      expect(ts.hasPcr(bytes, AT)).toBe(expected.pcr !== undefined);
      if (expected.pcr !== undefined) expect(ts.pcrTicks(bytes, AT)).toBe(expected.pcr);
      expect(ts.hasOpcr(bytes, AT)).toBe(expected.opcr ?? false);
      expect(ts.payloadAt(bytes, AT)).toBe(AT + expected.payload);
    });
  }

  it('without its sync octet', () => expect(ts.hasSync(packet('46'), AT)).toBe(false));
});

describe('putPcr', () => {
  const VALUES: readonly (readonly [number, string])[] = [
    [0, '00000000 7e00'],
    [299, '00000000 7f2b'],
    [300, '00000000 fe00'],
    [2 ** 33 * 300 - 1, 'ffffffff ff2b'],
    [(2 ** 32 + 1) * 300 + 255, '80000000 feff'],
    [0x1234_5678 * 600 + 1, '12345678 7e01'],
  ];
  for (const [ticks, hex] of VALUES) {
    it(`writes ${ticks} over what is there`, () => {
      const bytes = packet('47 0100 31 07 10');
      ts.putPcr(bytes, AT, ticks);
      expect(bytes).toEqual(packet(`47 0100 31 07 10 ${hex}`));
      expect(ts.pcrTicks(bytes, AT)).toBe(ticks);
    });
  }
});

describe('putContinuityCounter', () => {
  it('changes four bits', () => {
    const bytes = packet('47 0100 d3');
    ts.putContinuityCounter(bytes, AT, 0x1c);
    expect(bytes).toEqual(packet('47 0100 dc'));
  });
});

describe('putNullPacket', () => {
  it('writes every octet', () => {
    const bytes = packet('');
    ts.putNullPacket(bytes, AT);
    expect(bytes).toEqual(packet(`47 1fff 10 ${'ff'.repeat(184)}`));
    expect(ts.tsPid(bytes, AT)).toBe(ts.NULL_PID);
  });
});

describe('clockDifference', () => {
  const P = ts.PTS_MODULUS;
  const C = ts.PCR_MODULUS;
  const CASES: readonly (readonly [number, number, number, number])[] = [
    [10, 3, P, 7],
    [3, 10, P, -7],
    [3, P - 4, P, 7],
    [P - 4, 3, P, -7],
    [P / 2, 0, P, -P / 2],
    [P / 2 - 1, 0, P, P / 2 - 1],
    [0, P / 2, P, -P / 2],
    [0, 0, P, 0],
    [5, C - 1, C, 6],
    [C - 1, 0, C, -1],
    // Sums that were not reduced.
    [C + 7, 3, C, 4],
    [7, 3 - C, C, 4],
  ];
  for (const [later, earlier, modulus, difference] of CASES) {
    it(`is ${difference} from ${earlier} to ${later} of ${modulus}`, () => {
      expect(ts.clockDifference(later, earlier, modulus)).toBe(difference);
    });
  }
});

describe('isWholePackets', () => {
  const two = new Uint8Array([...packet('47 0100 10'), ...packet('47 0100 20').subarray(AT)]);

  it('is two packets', () => expect(ts.isWholePackets(two, AT, 376)).toBe(true));
  it('is not nothing, nor a part', () => {
    expect(ts.isWholePackets(two, AT, 0)).toBe(false);
    expect(ts.isWholePackets(two, AT, 375)).toBe(false);
  });
  it('is not without a sync octet', () => {
    const bytes = two.slice();
    bytes[AT + 188] = 0x48;
    expect(ts.isWholePackets(bytes, AT, 376)).toBe(false);
    expect(ts.isWholePackets(bytes, AT, 188)).toBe(true);
  });
  it('is not with the reserved adaptation field control', () => {
    const bytes = two.slice();
    bytes[AT + 188 + 3] = 0xcf;
    expect(ts.isWholePackets(bytes, AT, 376)).toBe(false);
  });
});

describe('the accessors', () => {
  const READERS = [
    ts.hasSync,
    ts.hasTransportError,
    ts.startsUnit,
    ts.tsPid,
    ts.scramblingControl,
    ts.hasPayload,
    ts.hasAdaptation,
    ts.continuityCounter,
    ts.adaptationOctets,
    ts.hasBrokenAdaptation,
    ts.isDiscontinuity,
    ts.isRandomAccess,
    ts.hasPcr,
    ts.hasOpcr,
    ts.payloadAt,
  ] as const;

  it('read nothing outside of their packet, whatever is in it', () => {
    const random = new Random(11);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: AT + 188 + 3 }, () => random.uint32());
      bytes[AT + 4] = random.below(4) === 0 ? random.uint32() : 180 + random.below(6);
      const view = guarded(bytes, AT, 188);
      for (const read of READERS) read(view, AT);
      if (ts.hasPcr(view, AT)) expect(ts.pcrTicks(view, AT)).toBeGreaterThanOrEqual(0);
      const payload = ts.payloadAt(view, AT);
      expect(payload).toBeGreaterThanOrEqual(AT + 4);
      expect(payload).toBeLessThanOrEqual(AT + 188);
    }
  });
});

/** Packets one after the other, nothing before them. */
function whole(...hex: string[]): Uint8Array {
  return new Uint8Array(hex.flatMap((one) => [...packet(one).subarray(AT)]));
}

describe('the codec', () => {
  const seven = whole(
    '47 4100 31 07 50 00000000 7e00', // PCR 0
    '47 0100 12',
    '47 0100 93', // scrambled
    '47 0101 10',
    '47 8100 14', // transport error
    '47 0200 20 b7 90 ffffffff ff2b', // adaptation field alone: discontinuity, the last PCR
    '47 1fff 10',
  );

  it('describes a datagram', () => {
    const out = mpegtsCodec.create();
    expect(mpegtsCodec.parse(seven, 0, seven.length, out)).toBe(WireStatus.Ok);
    expect(mpegtsCodec.describe(out)).toBe(
      'mpeg-ts 7 packets pids 256x4,257,512,8191 pcr 256=00:00:00.000000,512=26:30:43.717688' +
        ' discontinuity 512 random-access 256 scrambled 1 transport-errors 1',
    );
  });

  it('describes one packet, its clock cut to microseconds', () => {
    const out = mpegtsCodec.create();
    // Base 1,111,111, extension 2: 333,333,302 ticks are 12.345678 s and 0.85 us.
    mpegtsCodec.parse(whole('47 0100 31 07 10 00087a23 fe02'), 0, 188, out);
    expect(mpegtsCodec.describe(out)).toBe('mpeg-ts 1 packet pids 256 pcr 256=00:00:12.345677');
  });

  it('reads the fields of a packet', () => {
    const out = mpegtsCodec.create();
    mpegtsCodec.parse(whole('47 ff01 ba 01 00'), 0, 188, out);
    expect(out.packets).toEqual([
      {
        transportError: true,
        startsUnit: true,
        priority: true,
        pid: 0x1f01,
        scrambling: 2,
        adaptation: Uint8Array.of(0),
        hasPayload: true,
        counter: 10,
        rest: new Uint8Array(182).fill(0xa5),
      },
    ]);
  });

  it('writes what it read onto a slot used before', () => {
    const out = mpegtsCodec.create();
    mpegtsCodec.parse(seven, 0, seven.length, out);
    const written = new Uint8Array(seven.length + 8).fill(0x5a);
    expect(mpegtsCodec.octets(out)).toBe(seven.length);
    expect(mpegtsCodec.write(written, 4, out)).toBe(seven.length);
    expect(written).toEqual(
      new Uint8Array([...new Uint8Array(4).fill(0x5a), ...seven, ...new Uint8Array(4).fill(0x5a)]),
    );
  });

  const BROKEN: readonly (readonly [string, Uint8Array, number, WireStatus])[] = [
    ['nothing', seven, 0, WireStatus.TooShort],
    ['less than a packet', seven, 187, WireStatus.TooShort],
    ['a packet and an octet', seven, 189, WireStatus.BadLength],
    ['no sync octet', whole('47 0100 10', '48 0100 10'), 376, WireStatus.BadMagic],
    ['the reserved control', whole('47 0100 00'), 188, WireStatus.BadReserved],
    ['an adaptation field that does not fit', whole('47 0100 30 b7'), 188, WireStatus.BadLength],
  ];
  for (const [name, bytes, length, status] of BROKEN) {
    it(`refuses ${name}`, () => {
      const out = mpegtsCodec.create();
      expect(mpegtsCodec.parse(bytes, 0, length, out)).toBe(status);
      expect(mpegtsCodec.check(bytes, 0, length)).toBe(status);
      expect(out).toEqual(mpegtsCodec.create());
    });
  }
});
