import { describe, expect, test } from 'vitest';
import type { RtpFigures } from '../../src/metrics/rtcpSnapshot.js';
import { RTCP_RESPONSE_OCTETS, RtcpResponder, type RtcpResponderOptions } from '../../src/runtime/rtcpResponder.js';
import { decodeLossRle, rleSequences } from '../../src/wire/lossRle.js';
import { type RtcpPacket, rtcpCodec, rtcpFault } from '../../src/wire/rtcp.js';
import type { RtcpReceiverReport } from '../../src/wire/rtcpReports.js';
import type { RtcpExtendedReport, XrLossRle, XrStatisticsSummary } from '../../src/wire/rtcpXr.js';

const FIRST = 65_530;
const AT = 16;

const figures = (change: Partial<RtpFigures> = {}): RtpFigures => ({
  firstNumber: FIRST,
  highestNumber: FIRST + 99,
  received: 100,
  duplicates: 0,
  payloadOctets: 0,
  jitterNs: NaN,
  ...change,
});

function responder(change: Partial<RtcpResponderOptions> = {}): RtcpResponder {
  return new RtcpResponder({
    ssrc: 0x1111_1111,
    cname: 'AAECAwQFBgcICQoL',
    reportedSsrc: 0x2222_2222,
    rateBitPerSecond: 8e6,
    family: 4,
    clockHz: 90_000,
    dataSourcePort: 5004,
    startMonoNs: 0,
    seed: 1,
    trace: null,
    ...change,
  });
}

interface Made {
  readonly monoNs: number;
  readonly octets: number;
  readonly packets: readonly RtcpPacket[];
}

/** The next packet that `made` makes, when it is due, into octets that are not zero. */
function next(made: RtcpResponder, counted: RtpFigures | null): Made {
  const bytes = new Uint8Array(AT + RTCP_RESPONSE_OCTETS + AT).fill(0xa5);
  for (;;) {
    const monoNs = made.dueMonoNs;
    const octets = made.write(monoNs, counted, bytes, AT);
    if (octets === 0) continue;
    expect(bytes.slice(0, AT).every((octet) => octet === 0xa5)).toBe(true);
    expect(bytes.slice(AT + octets).every((octet) => octet === 0xa5)).toBe(true);
    const compound = rtcpCodec.create();
    expect(rtcpCodec.parse(bytes, AT, octets, compound)).toBe(0);
    expect(rtcpFault(compound)).toBe(0);
    return { monoNs, octets, packets: compound.packets };
  }
}

const kinds = ({ packets }: Made): string => packets.map(({ kind }) => kind).join(' ');
const block = ({ packets }: Made): unknown => (packets[0] as RtcpReceiverReport).blocks[0];
const xr = ({ packets }: Made): RtcpExtendedReport => packets.find(({ kind }) => kind === 'xr') as RtcpExtendedReport;
const statistics = (made: Made): XrStatisticsSummary =>
  xr(made).blocks.find(({ kind }) => kind === 'statistics') as XrStatisticsSummary;
const rle = (made: Made): XrLossRle => xr(made).blocks.find(({ kind }) => kind === 'loss-rle') as XrLossRle;

/** Mean interval, s, once packets of so many octets were heard. */
const meanOf = (members: number, octets: number): number => {
  const made = responder({ rateBitPerSecond: 64_000 });
  made.members = members;
  for (let i = 0; i < 50; i++) made.onCompound(octets, false);
  return Array.from({ length: 20 }, () => next(made, null).monoNs).at(-1)! / 20e9;
};

const ofNumbers = (numbers: number): Made =>
  next(responder({ trace: () => {} }), figures({ highestNumber: FIRST + numbers - 1, received: numbers }));

const trace = (first: number, came: Uint8Array): void => {
  // Every fifth number is lost: the worst for runs.
  for (let i = 0; i < came.length; i++) came[i] = (first + i) % 5 === 0 ? 0 : 1;
};
const told = (block: XrLossRle): Uint8Array => {
  const out = new Uint8Array(rleSequences(block.beginSequence, block.endSequence, block.thinning));
  expect(decodeLossRle(block.chunks, out)).toBe(out.length);
  return out;
};

describe('a receiver reports', () => {
  test('at intervals of a receiver, the fixed minimum apart', () => {
    const made = responder();
    const due = Array.from({ length: 60 }, () => next(made, null).monoNs / 1e9);
    const gaps = due.map((dueS, i) => dueS - (due[i - 1] ?? 0));
    expect(gaps[0]).toBeGreaterThan(1);
    expect(gaps[0]).toBeLessThan(3.1);
    expect(Math.min(...gaps.slice(1))).toBeGreaterThan(2.05);
    expect(Math.max(...gaps.slice(1))).toBeLessThan(6.2);
    expect(made.write(made.dueMonoNs - 1, null, new Uint8Array(2048), 0)).toBe(0);
    expect(made.sent).toBe(60);
  });

  test('more seldom in a large session, and where packets are large', () => {
    expect(meanOf(2, 100)).toBeLessThan(6);
    expect(meanOf(500, 100)).toBeGreaterThan(60);
    expect(meanOf(30, 1400)).toBeGreaterThan(2 * meanOf(30, 60));
  });

  test('without media with an empty RR', () => {
    const made = next(responder(), null);
    expect(kinds(made)).toBe('rr sdes');
    expect(block(made)).toBeUndefined();
  });

  test('what came: block and statistics of the interval', () => {
    const made = responder();
    made.onSenderReport(0x1111_b705_2000_2222n, 6001, 0);
    const first = next(made, figures({ received: 97, duplicates: 2, jitterNs: 1e6 }));
    expect(kinds(first)).toBe('rr sdes xr');
    expect(block(first)).toMatchObject({
      ssrc: 0x2222_2222,
      cumulativeLost: 1,
      extendedHighestSequence: FIRST + 99,
      jitter: 90,
      lastSr: 0xb705_2000,
      delaySinceLastSr: Math.round((first.monoNs * 65_536) / 1e9),
    });
    expect(xr(first).ssrc).toBe(0x1111_1111);
    expect(statistics(first)).toEqual({
      kind: 'statistics',
      ssrc: 0x2222_2222,
      hasLoss: true,
      hasDuplicates: true,
      hasJitter: false,
      ttlKind: 0,
      reserved: 0,
      beginSequence: 65_530,
      endSequence: 94,
      lostPackets: 3,
      duplicatePackets: 2,
      minJitter: 0,
      maxJitter: 0,
      meanJitter: 0,
      devJitter: 0,
      minTtl: 0,
      maxTtl: 0,
      meanTtl: 0,
      devTtl: 0,
    });
    const second = next(made, figures({ highestNumber: FIRST + 109, received: 105, duplicates: 5 }));
    expect(statistics(second)).toMatchObject({
      beginSequence: 94,
      endSequence: 104,
      lostPackets: 2,
      duplicatePackets: 3,
    });
    // Late ones of the interval before outnumber the losses.
    const third = next(made, figures({ highestNumber: FIRST + 119, received: 118, duplicates: 5 }));
    expect(statistics(third)).toMatchObject({ beginSequence: 104, endSequence: 114, lostPackets: 0 });
  });

  test('nothing of a source that is silent, and no XR where only copies came', () => {
    const made = responder();
    next(made, figures());
    expect(kinds(next(made, figures()))).toBe('rr sdes');
    const copies = next(made, figures({ duplicates: 1 }));
    expect(kinds(copies)).toBe('rr sdes');
    expect(block(copies)).toMatchObject({ cumulativeLost: -1, jitter: 0 });
  });

  test('anew of a stream that began anew', () => {
    for (const anew of [
      figures({ firstNumber: 10, highestNumber: 200_000, received: 150 }),
      figures({ firstNumber: FIRST, highestNumber: FIRST + 120, received: 20 }),
      figures({ firstNumber: FIRST, highestNumber: FIRST + 50, received: 100, duplicates: 1 }),
    ]) {
      const made = responder();
      next(made, figures());
      expect(block(next(made, anew))).toEqual(block(next(responder(), anew)));
    }
    const made = responder();
    next(made, figures());
    expect(statistics(next(made, figures({ highestNumber: FIRST + 50, received: 40 })))).toMatchObject({
      beginSequence: 65_530,
      lostPackets: 11,
    });
  });

  test('no statistics over more numbers than 16 bits tell apart', () => {
    expect(xr(ofNumbers(65_533)).blocks.map(({ kind }) => kind)).toEqual(['loss-rle', 'statistics']);
    expect(xr(ofNumbers(65_534)).blocks.map(({ kind }) => kind)).toEqual(['loss-rle']);
  });
});

describe('the loss map', () => {
  test('is of the numbers since the last report', () => {
    const made = responder({ trace });
    const first = rle(next(made, figures()));
    expect(first).toMatchObject({ ssrc: 0x2222_2222, beginSequence: 65_530, endSequence: 94, thinning: 0 });
    const expected = new Uint8Array(100);
    trace(FIRST, expected);
    expect(told(first)).toEqual(expected);
    const second = rle(next(made, figures({ highestNumber: FIRST + 104, received: 104 })));
    expect([second.beginSequence, told(second).length]).toEqual([94, 5]);
  });

  test('is of the latest 4096 at most, and the packet keeps within its room', () => {
    const made = responder({ trace, cname: 'x'.repeat(63) });
    next(made, figures());
    const many = next(made, figures({ highestNumber: FIRST + 9999, received: 8000 }));
    const expected = new Uint8Array(4096);
    trace(FIRST + 10_000 - 4096, expected);
    expect(told(rle(many))).toEqual(expected);
    expect(rle(many).endSequence).toBe((FIRST + 10_000) % 65_536);
    expect(many.octets).toBeLessThanOrEqual(RTCP_RESPONSE_OCTETS);
  });
});

describe('where to', () => {
  test('the port of the sender’s own RTCP, else that behind its data', () => {
    const made = responder();
    expect(made.destinationPort).toBe(5005);
    made.onSenderReport(1n, 0x9999, 0);
    expect(made.destinationPort).toBe(0x9999);
  });
});

describe('leaving', () => {
  test('is a last report with BYE, once', () => {
    const made = responder();
    next(made, figures());
    made.leave(9e9);
    made.leave(10e9);
    expect(made.dueMonoNs).toBe(9e9);
    expect(kinds(next(made, figures({ received: 99, highestNumber: FIRST + 120 })))).toBe('rr sdes xr bye');
    expect(made.dueMonoNs).toBe(Infinity);
    expect(made.write(1e12, figures(), new Uint8Array(2048), 0)).toBe(0);
  });

  test('is silent for who never reported', () => {
    const made = responder();
    made.leave(1e6);
    expect(made.dueMonoNs).toBe(Infinity);
    expect(made.write(1e12, figures(), new Uint8Array(2048), 0)).toBe(0);
  });

  test('waits for its turn in a session of more than 50', () => {
    const made = responder();
    next(made, figures());
    made.members = 51;
    made.leave(9e9);
    expect(made.dueMonoNs).toBeGreaterThan(9e9);
    expect(made.write(9e9, null, new Uint8Array(2048), 0)).toBe(0);
    const last = next(made, null);
    expect(kinds(last)).toBe('rr sdes bye');
    expect(last.monoNs).toBeGreaterThan(9e9);
    expect(made.dueMonoNs).toBe(Infinity);
  });
});
