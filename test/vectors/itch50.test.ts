import { describe, expect, it } from 'vitest';
import {
  ITCH_OCTETS,
  ItchType,
  checkItch,
  itchLocate,
  itchTimestampNs,
  itchType,
  putItchAttribution,
  putItchCancel,
  putItchCross,
  putItchDirectory,
  putItchEvent,
  putItchExecuted,
  putItchExecutionPrice,
  putItchHeader,
  putItchImbalance,
  putItchOrder,
  putItchReference,
  putItchReplace,
  putItchTradeMatch,
  putItchTradingAction,
} from '../../src/wire/itch50.js';
import { type ItchValue, itchCodec } from '../../src/wire/itch50Codec.js';
import { ITCH_HEADER_OCTETS, ITCH_MESSAGES } from '../../src/wire/itch50Messages.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

/** Locate 258, tracking 772, 34,200.000000001 s: 9:30 and a ns. */
const HEADER = '0102 0304 1f1aced9f001';
const COMMON = { locate: 258, tracking: 772, timestamp: 34_200_000_000_001 };

interface Vector {
  readonly hex: string;
  readonly fields: Readonly<Record<string, ItchValue>>;
  /** Behind the time. */
  readonly text: string;
}

/** All types, each field different from its neighbours, by the type's first octet. */
const VECTORS: Readonly<Record<string, Vector>> = {
  S: {
    hex: `53 ${HEADER}
      51                # event Q: start of market hours`,
    fields: { event: 'Q' },
    text: 'event Q',
  },
  R: {
    hex: `52 ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      47                # market category G
      4e                # financial status N
      00000064          # round lot 100
      59                # round lots only
      43                # classification C
      5a20              # sub-type Z
      50                # authenticity P
      20                # short sale threshold not available
      4e                # no IPO
      32                # tier 2
      59                # ETP
      00000003          # leverage 3
      4e                # not inverse`,
    fields: {
      stock: 'ZVZZT',
      marketCategory: 'G',
      financialStatus: 'N',
      roundLotSize: 100,
      roundLotsOnly: 'Y',
      issueClassification: 'C',
      issueSubType: 'Z',
      authenticity: 'P',
      shortSaleThreshold: ' ',
      ipoFlag: 'N',
      luldTier: '2',
      etpFlag: 'Y',
      etpLeverage: 3,
      inverse: 'N',
    },
    text:
      'stock ZVZZT marketCategory G financialStatus N roundLotSize 100 roundLotsOnly Y issueClassification C' +
      ' issueSubType Z authenticity P shortSaleThreshold " " ipoFlag N luldTier 2 etpFlag Y etpLeverage 3 inverse N',
  },
  H: {
    hex: `48 ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      48                # halted
      20                # reserved
      54312020          # reason T1`,
    fields: { stock: 'ZVZZT', state: 'H', reserved: ' ', reason: 'T1' },
    text: 'stock ZVZZT state H reserved " " reason T1',
  },
  Y: {
    hex: `59 ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      31                # restriction in effect`,
    fields: { stock: 'ZVZZT', action: '1' },
    text: 'stock ZVZZT action 1',
  },
  L: {
    hex: `4c ${HEADER}
      41424344          # participant ABCD
      5a56 5a5a 54 202020 # stock ZVZZT
      59                # primary market maker
      4e                # mode: normal
      41                # state: active`,
    fields: { mpid: 'ABCD', stock: 'ZVZZT', primaryMarketMaker: 'Y', marketMakerMode: 'N', participantState: 'A' },
    text: 'mpid ABCD stock ZVZZT primaryMarketMaker Y marketMakerMode N participantState A',
  },
  V: {
    hex: `56 ${HEADER}
      0000 0057 5ba9 a800 # level 1: 3752.00000000
      0000 0051 8a92 79d5 # level 2: 3502.17206229
      0000 0000 0000 0001 # level 3: 0.00000001`,
    fields: { level1: 0x57_5ba9_a800n, level2: 0x51_8a92_79d5n, level3: 1n },
    text: 'level1 3752.00000000 level2 3502.17206229 level3 0.00000001',
  },
  W: {
    hex: `57 ${HEADER}
      33                # level 3`,
    fields: { breachedLevel: '3' },
    text: 'breachedLevel 3',
  },
  K: {
    hex: `4b ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      00009858          # 39,000 s: 10:50
      41                # anticipated
      000249f0          # 15.0000`,
    fields: { stock: 'ZVZZT', releaseTime: 39_000, releaseQualifier: 'A', ipoPrice: 150_000 },
    text: 'stock ZVZZT releaseTime 39000 releaseQualifier A ipoPrice 15.0000',
  },
  J: {
    hex: `4a ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      000186a0          # reference 10.0000
      0001adb0          # upper 11.0000
      00015f90          # lower 9.0000
      00000002          # second extension`,
    fields: { stock: 'ZVZZT', referencePrice: 100_000, upperPrice: 110_000, lowerPrice: 90_000, extension: 2 },
    text: 'stock ZVZZT referencePrice 10.0000 upperPrice 11.0000 lowerPrice 9.0000 extension 2',
  },
  h: {
    hex: `68 ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      42                # market B: BX
      48                # halted`,
    fields: { stock: 'ZVZZT', market: 'B', action: 'H' },
    text: 'stock ZVZZT market B action H',
  },
  A: {
    hex: `41 ${HEADER}
      8000000000000001  # reference 2^63 + 1
      42                # to buy
      000003e8          # 1000 shares
      5a56 5a5a 54 202020 # stock ZVZZT
      0012d644          # 123.4500`,
    fields: { reference: 0x8000_0000_0000_0001n, side: 'B', shares: 1000, stock: 'ZVZZT', price: 1_234_500 },
    text: 'reference 9223372036854775809 side B shares 1000 stock ZVZZT price 123.4500',
  },
  F: {
    hex: `46 ${HEADER}
      0000000100000002  # reference 2^32 + 2
      53                # to sell
      000f423f          # 999,999 shares
      5a56 5a5a 54 202020 # stock ZVZZT
      77359388          # 199,999.9880
      41424344          # participant ABCD`,
    fields: {
      reference: 0x1_0000_0002n,
      side: 'S',
      shares: 999_999,
      stock: 'ZVZZT',
      price: 1_999_999_880,
      attribution: 'ABCD',
    },
    text: 'reference 4294967298 side S shares 999999 stock ZVZZT price 199999.9880 attribution ABCD',
  },
  E: {
    hex: `45 ${HEADER}
      0000000100000002  # reference 2^32 + 2
      00000064          # 100 shares
      0000000300000004  # match 3 x 2^32 + 4`,
    fields: { reference: 0x1_0000_0002n, shares: 100, match: 0x3_0000_0004n },
    text: 'reference 4294967298 shares 100 match 12884901892',
  },
  C: {
    hex: `43 ${HEADER}
      0000000100000002  # reference 2^32 + 2
      00000064          # 100 shares
      0000000300000004  # match 3 x 2^32 + 4
      4e                # not printable
      0012d644          # 123.4500`,
    fields: { reference: 0x1_0000_0002n, shares: 100, match: 0x3_0000_0004n, printable: 'N', price: 1_234_500 },
    text: 'reference 4294967298 shares 100 match 12884901892 printable N price 123.4500',
  },
  X: {
    hex: `58 ${HEADER}
      0000000100000002  # reference 2^32 + 2
      00000064          # 100 shares`,
    fields: { reference: 0x1_0000_0002n, shares: 100 },
    text: 'reference 4294967298 shares 100',
  },
  D: {
    hex: `44 ${HEADER}
      0000000100000002  # reference 2^32 + 2`,
    fields: { reference: 0x1_0000_0002n },
    text: 'reference 4294967298',
  },
  U: {
    hex: `55 ${HEADER}
      0000000100000002  # reference 2^32 + 2
      0000000100000003  # new reference 2^32 + 3
      00000064          # 100 shares
      0012d644          # 123.4500`,
    fields: { reference: 0x1_0000_0002n, newReference: 0x1_0000_0003n, shares: 100, price: 1_234_500 },
    text: 'reference 4294967298 newReference 4294967299 shares 100 price 123.4500',
  },
  P: {
    hex: `50 ${HEADER}
      0000000000000000  # no reference
      42                # to buy
      00000064          # 100 shares
      5a56 5a5a 54 202020 # stock ZVZZT
      0012d644          # 123.4500
      0000000300000004  # match 3 x 2^32 + 4`,
    fields: { reference: 0n, side: 'B', shares: 100, stock: 'ZVZZT', price: 1_234_500, match: 0x3_0000_0004n },
    text: 'reference 0 side B shares 100 stock ZVZZT price 123.4500 match 12884901892',
  },
  Q: {
    hex: `51 ${HEADER}
      00000000000186a0  # 100,000 shares
      5a56 5a5a 54 202020 # stock ZVZZT
      0012d644          # 123.4500
      0000000300000004  # match 3 x 2^32 + 4
      4f                # opening cross`,
    fields: { shares: 100_000n, stock: 'ZVZZT', price: 1_234_500, match: 0x3_0000_0004n, crossType: 'O' },
    text: 'shares 100000 stock ZVZZT price 123.4500 match 12884901892 crossType O',
  },
  B: {
    hex: `42 ${HEADER}
      0000000300000004  # match 3 x 2^32 + 4`,
    fields: { match: 0x3_0000_0004n },
    text: 'match 12884901892',
  },
  I: {
    hex: `49 ${HEADER}
      00000000000186a0  # 100,000 shares paired
      00000000000001f4  # 500 shares too many
      53                # to sell
      5a56 5a5a 54 202020 # stock ZVZZT
      0012d644          # far 123.4500
      0012d644          # near 123.4500
      0012d644          # reference 123.4500
      4f                # opening cross
      4c                # deviation of less than 1 %`,
    fields: {
      pairedShares: 100_000n,
      imbalanceShares: 500n,
      direction: 'S',
      stock: 'ZVZZT',
      farPrice: 1_234_500,
      nearPrice: 1_234_500,
      referencePrice: 1_234_500,
      crossType: 'O',
      priceVariation: 'L',
    },
    text:
      'pairedShares 100000 imbalanceShares 500 direction S stock ZVZZT farPrice 123.4500 nearPrice 123.4500' +
      ' referencePrice 123.4500 crossType O priceVariation L',
  },
  N: {
    hex: `4e ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      41                # on both sides`,
    fields: { stock: 'ZVZZT', interest: 'A' },
    text: 'stock ZVZZT interest A',
  },
  O: {
    hex: `4f ${HEADER}
      5a56 5a5a 54 202020 # stock ZVZZT
      59                # eligible
      000186a0          # at least 10.0000
      0001adb0          # at most 11.0000
      00019a28          # near 10.5000
      00001f1aced9f001  # near time, ns
      00015f90          # lower collar 9.0000
      0001d4c0          # upper collar 12.0000`,
    fields: {
      stock: 'ZVZZT',
      openEligibility: 'Y',
      minimumPrice: 100_000,
      maximumPrice: 110_000,
      nearPrice: 105_000,
      nearTime: 34_200_000_000_001n,
      lowerCollar: 90_000,
      upperCollar: 120_000,
    },
    text:
      'stock ZVZZT openEligibility Y minimumPrice 10.0000 maximumPrice 11.0000 nearPrice 10.5000' +
      ' nearTime 34200000000001 lowerCollar 9.0000 upperCollar 12.0000',
  },
};

/** Octets by type as the specification counts them, apart from the fields. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  'S12 R39 H25 Y20 L26 V35 W12 K28 J35 h21 A36 F40 E31 C36 X23 D19 U35 P44 Q40 B19 I50 N20 O48'
    .split(' ')
    .map((pair) => [pair[0]!, Number(pair.slice(1))]),
);

describe('the table of messages', () => {
  it('has all types, and their fields without a gap', () => {
    expect(ITCH_MESSAGES.map((message) => [message.type, message.octets])).toEqual(Object.entries(LENGTHS));
    for (const { fields, octets } of ITCH_MESSAGES) {
      let at = 1;
      for (const field of fields) {
        expect(field.at).toBe(at);
        at += field.octets;
      }
      expect(at).toBe(octets);
      expect(new Set(fields.map((field) => field.name)).size).toBe(fields.length);
    }
    expect(ITCH_MESSAGES.every(({ fields }) => fields[3] === undefined || fields[3].at === ITCH_HEADER_OCTETS)).toBe(
      true,
    );
    expect(ITCH_OCTETS.filter((octets) => octets > 0)).toHaveLength(ITCH_MESSAGES.length);
  });

  it('has every type that is written', () => {
    for (const type of Object.values(ItchType)) expect(ITCH_OCTETS[type]).toBe(LENGTHS[String.fromCharCode(type)]);
  });
});

describe.each(Object.entries(VECTORS))('message %s', (type, { hex, fields, text }) => {
  const octets = fromHex(hex);
  const message = { type, fields: { ...COMMON, ...fields } };

  it('is read', () => {
    const out = itchCodec.create();
    const surrounded = new Uint8Array(octets.length + 10).fill(0xa5);
    surrounded.set(octets, 5);
    expect(itchCodec.parse(surrounded, 5, octets.length, out)).toBe(WireStatus.Ok);
    expect(out).toEqual(message);
    const view = new DataView(octets.buffer);
    expect([itchType(view, 0), itchLocate(view, 0)]).toEqual([type.charCodeAt(0), 258]);
    expect(itchTimestampNs(view, 0)).toBe(34_200_000_000_001);
  });

  it('is written', () => {
    const bytes = new Uint8Array(octets.length + 8).fill(0xa5);
    expect(itchCodec.octets(message)).toBe(octets.length);
    expect(itchCodec.write(bytes, 4, message)).toBe(octets.length);
    expect(toHex(bytes)).toBe(`a5a5a5a5${toHex(octets)}a5a5a5a5`);
  });

  it('is told in one line', () => {
    const { name } = ITCH_MESSAGES.find((known) => known.type === type)!;
    expect(itchCodec.describe(message)).toBe(
      `itch ${type} ${name}: locate 258 tracking 772 timestamp 09:30:00.000000001 ${text}`,
    );
  });

  it('is nothing else when it is cut or goes on', () => {
    const longer = new Uint8Array(octets.length + 1);
    longer.set(octets);
    const view = new DataView(longer.buffer);
    for (let length = 0; length < octets.length; length++) expect(checkItch(view, 0, length)).toBe(WireStatus.TooShort);
    expect(checkItch(view, 0, octets.length)).toBe(WireStatus.Ok);
    expect(checkItch(view, 0, octets.length + 1)).toBe(WireStatus.BadLength);
    expect(itchCodec.parse(longer, 0, octets.length + 1, itchCodec.create())).toBe(WireStatus.BadLength);
  });
});

describe('messages that are written field by field', () => {
  const stock0 = 0x5a56_5a5a;
  const stock1 = 0x5420_2020;
  const price = 1_234_500;
  const writers: Readonly<Record<string, (view: DataView, at: number) => void>> = {
    S: (view, at) => putItchEvent(view, at, 0x51),
    H: (view, at) => putItchTradingAction(view, at, stock0, stock1, 0x54),
    A: (view, at) => {
      putItchReference(view, at, 0x8000_0000 | 0, 1);
      putItchOrder(view, at, 0x42, 1000, stock0, stock1, price);
    },
    F: (view, at) => {
      putItchReference(view, at, 1, 2);
      putItchOrder(view, at, 0x53, 999_999, stock0, stock1, 1_999_999_880);
      putItchAttribution(view, at, 0x4142_4344);
    },
    E: (view, at) => {
      putItchReference(view, at, 1, 2);
      putItchExecuted(view, at, 100, 3, 4);
    },
    C: (view, at) => {
      putItchReference(view, at, 1, 2);
      putItchExecuted(view, at, 100, 3, 4);
      putItchExecutionPrice(view, at, 0x4e, price);
    },
    X: (view, at) => {
      putItchReference(view, at, 1, 2);
      putItchCancel(view, at, 100);
    },
    D: (view, at) => putItchReference(view, at, 1, 2),
    U: (view, at) => {
      putItchReference(view, at, 1, 2);
      putItchReplace(view, at, 1, 3, 100, price);
    },
    P: (view, at) => {
      putItchReference(view, at, 0, 0);
      putItchOrder(view, at, 0x42, 100, stock0, stock1, price);
      putItchTradeMatch(view, at, 3, 4);
    },
    Q: (view, at) => putItchCross(view, at, 100_000, stock0, stock1, price, 3, 4, 0x4f),
    I: (view, at) => putItchImbalance(view, at, 100_000, 500, 0x53, stock0, stock1, price, 0x4f),
    R: (view, at) => putItchDirectory(view, at, stock0, stock1),
  };
  /** What is written of these is the same for all stocks. */
  const instead: Readonly<Record<string, Readonly<Record<string, ItchValue>>>> = {
    H: { state: 'T', reason: '' },
    R: {
      marketCategory: 'Q',
      roundLotsOnly: 'N',
      authenticity: 'T',
      shortSaleThreshold: 'N',
      luldTier: '1',
      etpFlag: 'N',
      etpLeverage: 0,
    },
  };

  it.each(Object.entries(writers))('%s', (type, write) => {
    const expected = new Uint8Array(LENGTHS[type]!);
    const fields = { ...COMMON, tracking: 0, ...VECTORS[type]!.fields, ...instead[type] };
    itchCodec.write(expected, 0, { type, fields });
    const bytes = new Uint8Array(LENGTHS[type]! + 8).fill(0xa5);
    const view = new DataView(bytes.buffer);
    putItchHeader(view, 4, type.charCodeAt(0), 258, 0x1f1a, 0xced9_f001 | 0);
    write(view, 4);
    expect(toHex(bytes)).toBe(`a5a5a5a5${toHex(expected)}a5a5a5a5`);
  });
});

describe('what is wrong', () => {
  it('is a status', () => {
    const view = new DataView(Uint8Array.of(0x00, 0x61, 0xff).buffer);
    for (let at = 0; at < 3; at++) expect(checkItch(view, at, 1)).toBe(WireStatus.UnknownType);
    expect(checkItch(view, 3, 0)).toBe(WireStatus.TooShort);
  });

  it('in our own hands throws', () => {
    expect(() => itchCodec.octets({ type: 'Z', fields: {} })).toThrow('no ITCH message type "Z"');
    expect(() => itchCodec.write(new Uint8Array(12), 0, { type: 'S', fields: COMMON })).toThrow('ITCH S without event');
  });

  it('of a text does not reach a terminal, and times beyond a day are times', () => {
    const fields = { ...COMMON, timestamp: 2 ** 48 - 1, stock: 'A\x1b[2J\xe4 B', interest: '"' };
    expect(itchCodec.describe({ type: 'N', fields })).toBe(
      'itch N retail interest: locate 258 tracking 772 timestamp 78:11:14.976710655 stock "A?[2J? B" interest "\\""',
    );
  });
});
