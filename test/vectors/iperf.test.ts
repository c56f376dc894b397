import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import {
  checkIperf,
  IPERF_FLAGS_AT,
  iperfHasSettings,
  iperfIsFinal,
  iperfIsWide,
  iperfMicroseconds,
  iperfNumberHigh,
  iperfNumberLow,
  iperfRest,
  iperfSeconds,
  iperfTos,
  putIperf,
  putIperfNumber,
  putIperfSendTime,
} from '../../src/wire/iperf.js';
import { iperfCodec, type IperfHeader } from '../../src/wire/iperfCodec.js';
import { checkIperfReport, iperfReportCodec } from '../../src/wire/iperfReport.js';
import { recogniseFormat } from '../../src/wire/recognise.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

/** Octets 76 to 160, and the filling of a datagram of 300 octets. */
const NOTHING = '00'.repeat(84);
const FILLING = Array.from({ length: 140 }, (_, i) => (0x30 + (i % 10)).toString(16)).join('');

/** Settings of `iperf -c 239.255.59.1 -u -p 5901 -b 1m -l 300 -t 0.2`, iperf 2.1.8 of Debian 12 (x86-64). */
const SETTINGS = {
  threads: 1,
  port: 5901,
  sizeOctets: 300,
  windowOrRate: 0,
  amount: -20,
  type: 0,
  length: 0,
  tests: 0,
  lowerFlags: 0,
  versionUpper: 0x0002_0001,
  versionLower: 0x0008_0003,
  reserved: 0,
  tos: 0,
  rateLower: 1_000_000,
  rateUpper: 0,
  writePrefetch: 0,
};
const SETTINGS_HEX = `
  00000001          # clients: 1
  0000170d          # port 5901
  0000012c          # octets of a datagram: 300
  00000000          # window or rate
  ffffffec          # -20: for 0.2 s
  00000000 00000000 # type, length
  0000 0000         # tests, lower flags
  00020001 00080003 # 2.1.8, a release
  0000 0000         # reserved, TOS
  000f4240 00000000 # 1000000 bit/s
  00000000          # write prefetch
`;

/** Captured on loopback with tcpdump from iperf 2.1.8, sending and receiving. */
const CAPTURED: readonly {
  readonly name: string;
  readonly header: IperfHeader;
  readonly hex: string;
  readonly text: string;
  readonly format: string;
}[] = [
  {
    name: 'the first of a run',
    header: { number: 1n, seconds: 1_795_691_425, microseconds: 461_940, flags: 0x4801_0098, settings: SETTINGS },
    hex: `
      00000001 6b0813a1 00070c74 # number 1, 2026-11-26T11:10:25.461940Z
      00000000                   # upper half
      48010098                   # settings, 64 bits, 76 octets of header
      ${SETTINGS_HEX} ${NOTHING} ${FILLING}
    `,
    text:
      'iperf data number 1 sent 2026-11-26T11:10:25.461940000Z version 2.1.8 threads 1 port 5901 size 300' +
      ' until 0.2 s rate 1000000 tos-sent 0x00',
    format: 'iperf',
  },
  {
    name: 'the final one of that run',
    header: { number: -87n, seconds: 1_795_691_425, microseconds: 666_196, flags: 0x4801_0098, settings: SETTINGS },
    hex: `
      ffffffa9 6b0813a1 000a2a54 # -87
      ffffffff                   # upper half
      48010098 ${SETTINGS_HEX} ${NOTHING} ${FILLING}
    `,
    text:
      'iperf final number 87 sent 2026-11-26T11:10:25.666196000Z version 2.1.8 threads 1 port 5901 size 300' +
      ' until 0.2 s rate 1000000 tos-sent 0x00',
    format: 'iperf',
  },
  {
    name: 'with --trip-times -n 3000',
    header: {
      number: 1n,
      seconds: 1_795_691_425,
      microseconds: 678_483,
      flags: 0x6801_00d8,
      settings: { ...SETTINGS, amount: 3000, tests: 0x10 },
    },
    hex: `
      00000001 6b0813a1 000a5a53 00000000
      680100d8          # tests asked for, 108 octets of header
      00000001 0000170d 0000012c 00000000
      00000bb8          # 3000 octets
      00000000 00000000
      0010 0000         # trip times
      00020001 00080003 00000000 000f4240 00000000 00000000
      ${'00'.repeat(36)} # isochronous frames, reserved
      6b0813a1 000a5a53 # when the run began
      ${'00'.repeat(40)} ${FILLING}
    `,
    text:
      'iperf data number 1 sent 2026-11-26T11:10:25.678483000Z version 2.1.8 threads 1 port 5901 size 300' +
      ' until 3000 octets rate 1000000 tos-sent 0x00 trip-times',
    format: 'iperf',
  },
  {
    name: 'with -l 64: the settings are cut off',
    header: { number: 2n, seconds: 1_795_691_427, microseconds: 862_483, flags: 0x4801_0098, settings: null },
    hex: `
      00000002 6b0813a3 000d2913 00000000 48010098
      00000001 0000170e 00000040 00000000 00000280 00000000 00000000 00000000 00020001 00080003 00000000
    `,
    text: 'iperf data number 2 sent 2026-11-26T11:10:27.862483000Z',
    format: 'unknown',
  },
  {
    name: 'with -l 18 --trip-times: flags of 16 bits',
    header: { number: -111n, seconds: 1_795_691_429, microseconds: 906_839, flags: null, settings: null },
    hex: 'ffffff91 6b0813a5 000dd657 ffffffff 0002',
    text: 'iperf final number 111 32-bit sent 2026-11-26T11:10:29.906839000Z',
    format: 'unknown',
  },
  {
    name: 'with -l 16: no flags',
    header: { number: 2n, seconds: 1_795_691_426, microseconds: 807_134, flags: null, settings: null },
    hex: '00000002 6b0813a2 000c50de 00000000',
    text: 'iperf data number 2 32-bit sent 2026-11-26T11:10:26.807134000Z',
    format: 'unknown',
  },
];

describe('a datagram of iperf 2.1.8', () => {
  it.each(CAPTURED)('$name', ({ header, hex, text, format }) => {
    const octets = fromHex(hex);
    const out = iperfCodec.create();
    expect(iperfCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
    expect(out).toEqual(header);
    expect(iperfCodec.describe(out)).toBe(text);
    const written = new Uint8Array(iperfCodec.octets(header)).fill(0xa5);
    expect(iperfCodec.write(written, 0, header)).toBe(written.length);
    expect(toHex(written)).toBe(toHex(octets.subarray(0, written.length)));
    expect(recogniseFormat(octets, 0, octets.length)).toBe(format);
  });

  it('is what we send: octet for octet', () => {
    const octets = new Uint8Array(300).fill(0xa5);
    const view = viewOf(octets);
    const run = { threads: 1, port: 5901, sizeOctets: 300, durationNs: 0.2e9, tos: 0, rateBitPerSecond: 1e6 };
    octets.set(iperfRest(300, run), IPERF_FLAGS_AT);
    putIperf(view, 0, 1);
    expect([iperfSeconds(view, 0), iperfMicroseconds(view, 0)]).toEqual([0, 0]);
    putIperfSendTime(view, 0, 1_795_691_425, 461_940);
    expect(toHex(octets)).toBe(toHex(fromHex(CAPTURED[0]!.hex)));
    putIperfNumber(view, 0, -87);
    putIperfSendTime(view, 0, 1_795_691_425, 666_196);
    expect(toHex(octets)).toBe(toHex(fromHex(CAPTURED[1]!.hex)));
  });

  it('tells the TOS that it sets, and a rate beyond 32 bits', () => {
    const run = { threads: 3, port: 5001, sizeOctets: 76, durationNs: null, tos: 0xb8, rateBitPerSecond: 10e9 };
    const octets = new Uint8Array(76);
    octets.set(iperfRest(76, run), IPERF_FLAGS_AT);
    putIperf(viewOf(octets), 0, 1);
    expect(iperfTos(viewOf(octets), 0, 76)).toBe(0xb8);
    expect(iperfTos(viewOf(octets), 0, 75)).toBe(-1);
    const header = iperfCodec.create();
    iperfCodec.parse(octets, 0, 76, header);
    expect(iperfCodec.describe(header)).toMatch(/threads 3 .*until not told rate 10000000000 tos-sent 0xb8$/);
  });

  it('leaves settings out where they do not fit, so that no server reads on behind the end', () => {
    const run = { threads: 1, port: 1, sizeOctets: 75, durationNs: null, tos: 0, rateBitPerSecond: Infinity };
    for (const size of [20, 75]) expect(toHex(iperfRest(size, run))).toBe(`08000000${'00'.repeat(size - 20)}`);
  });
});

/** Upper half, lower half, and the number without its sign. */
const NUMBERS = [
  ['00000000', '00000001', 1n, false],
  ['00000000', 'ffffffff', 0xffff_ffffn, false],
  ['00000001', '00000000', 0x1_0000_0000n, false],
  ['001fffff', 'ffffffff', 0x1f_ffff_ffff_ffffn, false],
  ['ffffffff', 'ffffffff', 1n, true],
  ['ffffffff', '00000001', 0xffff_ffffn, true],
  ['ffffffff', '00000000', 0x1_0000_0000n, true],
  ['fffffffe', 'ffffffff', 0x1_0000_0001n, true],
  ['80000000', '00000000', 1n << 63n, true],
] as const;

describe('numbers', () => {
  it.each(NUMBERS)('of 64 bits: %s %s', (high, low, number, isFinal) => {
    const octets = fromHex(`${low} 00000001 00000002 ${high} 08000000`);
    const view = viewOf(octets);
    expect(iperfIsWide(view, 0, 20)).toBe(true);
    expect(iperfIsFinal(view, 0, true)).toBe(isFinal);
    const read = (BigInt(iperfNumberHigh(view, 0, true)) << 32n) | BigInt(iperfNumberLow(view, 0, true));
    expect(read).toBe(number);
    if (number > 2n ** 53n) return;
    const written = fromHex(`a5a5a5a5 00000001 00000002 a5a5a5a5 08000000`);
    putIperfNumber(viewOf(written), 0, Number(isFinal ? -number : number));
    expect(toHex(written)).toBe(toHex(octets));
  });

  it.each([
    ['7fffffff', 0x7fff_ffff, false],
    ['ffffffff', 1, true],
    ['80000000', 0x8000_0000, true],
    ['00000000', 0, false],
  ] as const)('of 32 bits: %s', (hex, number, isFinal) => {
    // What 2.0.5 has behind the time: flags of its own, clients.
    const octets = fromHex(`${hex} 00000001 00000002 00000000 00000001`);
    const view = viewOf(octets);
    expect(iperfIsWide(view, 0, 20)).toBe(false);
    expect(iperfIsFinal(view, 0, false)).toBe(isFinal);
    expect([iperfNumberHigh(view, 0, false), iperfNumberLow(view, 0, false)]).toEqual([0, number]);
  });
});

describe('refused', () => {
  it.each([
    ['too short', '00000001 6b0813a1 00070c', WireStatus.TooShort],
    ['a million microseconds', '00000001 6b0813a1 000f4240', WireStatus.BadMagic],
    ["a server's report", '00000000 00000000 00000000 00000000 88000000', WireStatus.UnknownType],
  ] as const)('%s', (_name, hex, status) => {
    const octets = fromHex(hex);
    expect(checkIperf(viewOf(octets), 0, octets.length)).toBe(status);
  });

  it('is not: an empty header of 32 bits, from a client without a clock', () => {
    const octets = fromHex('00000000 00000000 00000000');
    expect(checkIperf(viewOf(octets), 0, 12)).toBe(WireStatus.Ok);
  });

  it('settings are recognised by every fixed field of theirs', () => {
    const octets = fromHex(CAPTURED[0]!.hex).subarray(0, 76);
    expect(iperfHasSettings(viewOf(octets), 0, 76)).toBe(true);
    expect(iperfHasSettings(viewOf(octets), 0, 75)).toBe(false);
    // Upper half, flags, type, length, version.
    for (const at of [12, 16, 17, 40, 44, 53]) {
      const changed = octets.slice();
      changed[at]! ^= at === 17 ? 0x01 : at === 16 ? 0x08 : 0x04;
      expect(iperfHasSettings(viewOf(changed), 0, 76), `octet ${at}`).toBe(false);
    }
  });
});

describe("a server's report", () => {
  /** To a client of 11 datagrams of 300 octets; the client printed "0.0000-0.0220 sec 3.22 KBytes 0.108 ms 0/11 (0%)". */
  const hex = `
    ${'00'.repeat(16)}
    88000000          # a report, counts of 64 bits
    00000000 00000ce4 # 3300 octets
    00000000 000055e1 # 0.021985 s
    00000000          # lost
    00000000          # out of order
    0000000b          # 11 datagrams
    00000000 0000006c # jitter 108 us
    00000000 00000003 00000000 00000630 00000000 00000692 00000000 00000098
    002260ae 000ddf22 00000000 ffffff67 0000000b 000001f4 00000001
    00000000 00000000 00000000
  `;

  it('of iperf 2.1.8', () => {
    const octets = fromHex(hex);
    const out = iperfReportCodec.create();
    expect(iperfReportCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
    expect(out).toEqual({
      flags: 0x8800_0000,
      octets: 3300n,
      seconds: 0,
      microseconds: 21_985,
      lost: 0n,
      outOfOrder: 0n,
      datagrams: 11n,
      jitterSeconds: 0,
      jitterMicroseconds: 108,
      transit: [0, 3, 0, 1584, 0, 1682, 0, 152, 0x22_60ae, 0xd_df22, 0, -153, 11, 500, 1],
    });
    expect(iperfReportCodec.describe(out)).toBe(
      'iperf report lost 0 of 11 out-of-order 0 octets 3300 in 0.021985 s jitter 0.000108 s',
    );
    expect(iperfReportCodec.describe({ ...out, flags: 0xc800_0000 })).toMatch(
      / delay least 0\.000003 s mean 0\.000152 s most 0\.001584 s$/,
    );
    const written = new Uint8Array(128).fill(0xa5);
    expect(iperfReportCodec.write(written, 0, out)).toBe(128);
    expect(toHex(written)).toBe(toHex(octets));
    expect(recogniseFormat(octets, 0, octets.length)).toBe('iperf/report');
  });

  it('has upper halves', () => {
    const octets = new Uint8Array(128);
    const report = {
      ...iperfReportCodec.create(),
      lost: 0x1_0000_0002n,
      outOfOrder: 3n << 32n,
      datagrams: 0x5_0000_0006n,
    };
    iperfReportCodec.write(octets, 0, report);
    expect(toHex(octets.subarray(36, 48))).toBe('000000020000000000000006');
    expect(toHex(octets.subarray(116))).toBe('000000010000000300000005');
    const out = iperfReportCodec.create();
    iperfReportCodec.parse(octets, 0, 128, out);
    expect(out).toEqual(report);
  });

  it.each([
    ['too short', 127, (): void => {}, WireStatus.TooShort],
    ['a datagram of a client', 128, (octets: Uint8Array): void => void (octets[15] = 1), WireStatus.BadMagic],
    ['no report', 128, (octets: Uint8Array): void => void (octets[16] = 0x08), WireStatus.BadMagic],
    ['flags that none has', 128, (octets: Uint8Array): void => void (octets[19] = 1), WireStatus.BadMagic],
  ] as const)('is none: %s', (_name, length, change, status) => {
    const octets = fromHex(hex);
    change(octets);
    expect(checkIperfReport(viewOf(octets), 0, length)).toBe(status);
  });
});
