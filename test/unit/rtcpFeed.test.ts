import { describe, expect, test } from 'vitest';
import { SendBatch, SendFlag } from '../../src/core/batch.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { ntpFromUnixNs } from '../../src/core/ntpTime.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { RtcpFeed, type RtcpFeedOptions, type RtcpMedia } from '../../src/runtime/rtcpFeed.js';
import { shortTermCname } from '../../src/runtime/rtcpIdentity.js';
import { type RtcpPacket, rtcpCodec } from '../../src/wire/rtcp.js';
import type { RtcpSenderReport } from '../../src/wire/rtcpReports.js';
import { rtpTimestamp as rtpTimestampOf } from '../../src/wire/rtp.js';
import { collect, copySlot, dirtyBatch, type Sent } from '../sim/collect.js';
import { MediaStub } from '../sim/rtcpMedia.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { toHex } from '../vectors/hex.js';

const START = 5e9;
const UNIX = 1_700_000_000_000_000_000n;
const CNAME = 'AAECAwQFBgcICQoL';

function feed(media: RtcpMedia, change: Partial<RtcpFeedOptions> = {}): RtcpFeed {
  return new RtcpFeed({
    media,
    ssrc: 0x89ab_cdef,
    cname: CNAME,
    rateBitPerSecond: 8e6,
    family: 4,
    unixAtMonoZeroNs: UNIX,
    startMonoNs: START,
    seed: 1,
    destination: 7,
    flowBase: 3,
    ...change,
  });
}

function packets(octets: Uint8Array): readonly RtcpPacket[] {
  const compound = rtcpCodec.create();
  expect(rtcpCodec.parse(octets, 0, octets.length, compound)).toBe(0);
  return compound.packets;
}
const kinds = ({ octets }: Sent): string =>
  packets(octets)
    .map(({ kind }) => kind)
    .join(' ');
const report = ({ octets }: Sent): RtcpSenderReport => packets(octets)[0] as RtcpSenderReport;

/** 1000 packets/s of 1316 octets from `START` on. */
const steady = (count = Infinity): MediaStub => new MediaStub({ startMonoNs: START, periodNs: 1e6, count });

/** One filled slot at a time up to `untilNs`; the batch holds it. */
function next(made: RtcpFeed, batch: SendBatch, untilNs: number): boolean {
  batch.count = 0;
  while (made.nextDueNs() <= untilNs && batch.count === 0) made.fill(batch, made.nextDueNs());
  return batch.count > 0;
}

/** Mean interval between reports of a media that goes on, s. */
const meanOf = (rateBitPerSecond: number, receivers: number): number => {
  const media = steady();
  const made = feed(media, { rateBitPerSecond });
  made.receivers = receivers;
  const batch = dirtyBatch(4, 4096);
  const due: number[] = [];
  for (let i = 0; i < 40; i++) {
    media.send();
    next(made, batch, Infinity);
    due.push(batch.dueMonoNs[0]!);
  }
  return (due.at(-1)! - due[1]!) / 38e9;
};

const dueOf = (sent: readonly Sent[]): number[] => sent.map(({ dueNs }) => dueNs);

describe('a report', () => {
  test('is this, octet by octet', () => {
    const media = steady();
    const made = feed(media);
    const batch = dirtyBatch(4, 4096);
    media.runTo(START + 1e9);
    made.fill(batch, START + 1e9);
    expect(batch.count).toBe(1);
    const { octets, dueNs, ...columns } = copySlot(batch, 0);
    expect(columns).toEqual({ flags: 0, flow: 3, destination: 7, stampAt: 0 });
    expect([batch.outcome[0], batch.offset[0]]).toEqual([0, 0]);
    const ntp = ntpFromUnixNs(UNIX + BigInt(dueNs)).toString(16);
    expect(toHex(octets)).toBe(
      [
        '80c80006', // SR, no blocks, 7 words
        '89abcdef',
        ntp,
        media.rtpTimestampAt(dueNs).toString(16).padStart(8, '0'),
        '000003e9', // 1001 packets
        (1001 * 1316).toString(16).padStart(8, '0'),
        '81ca0009', // SDES, one chunk
        '89abcdef',
        `0110${toHex(new TextEncoder().encode(CNAME))}`, // CNAME, 16 octets
        `0608${toHex(new TextEncoder().encode('mcastkit'))}`, // TOOL, 8 octets
        '00000000', // the chunk's end, to the next word
      ].join(''),
    );
  });

  test('comes first after half of a second or so, then every second or so, the session bandwidth allowing', () => {
    const media = steady();
    const made = feed(media);
    const batch = dirtyBatch(4, 4096);
    const due: number[] = [];
    while (due.length < 200) {
      next(made, batch, Infinity);
      due.push(batch.dueMonoNs[0]!);
    }
    const gaps = due.map((dueNs, i) => (dueNs - (due[i - 1] ?? START)) / 1e9);
    // Section 6.3.1: [0.5, 1.5) of the interval / (e - 1.5), half of it for the first, looked at every 10 ms.
    expect(gaps[0]).toBeGreaterThan(0.2);
    expect(gaps[0]).toBeLessThan(0.63);
    expect(Math.min(...gaps.slice(1))).toBeGreaterThan(0.41);
    expect(Math.max(...gaps.slice(1))).toBeLessThan(1.25);
    expect(made.scheduled).toBe(200);
  });

  test('keeps the fixed minimum at a low rate, and yields to many receivers', () => {
    expect(meanOf(60_000, 0)).toBeGreaterThan(3);
    // 200 bit/s for two participants with packets of 128 octets.
    expect(meanOf(4000, 1)).toBeGreaterThan(7);
    // A quarter is the sender's alone, however many receivers there are.
    expect(meanOf(8e6, 100_000)).toBeLessThan(2);
  });

  test('is due in the same way in whatever portions it is asked for', () => {
    const all = (stepNs: number): Sent[] => {
      const media = steady();
      const made = feed(media);
      return collect(made, { untilNs: START + 5e9, stepNs });
    };
    expect(dueOf(all(1e6))).toEqual(dueOf(all(5e9 + START)));
    expect(dueOf(all(1e6)).length).toBeGreaterThan(3);
  });

  test('is an empty RR before anything was sent, and once nothing was for two reports', () => {
    const media = steady();
    const made = feed(media);
    const batch = dirtyBatch(4, 4096);
    const heads: string[] = [];
    const one = (): void => {
      next(made, batch, Infinity);
      heads.push(kinds(copySlot(batch, 0)));
    };
    one();
    media.runTo(START + 1e6);
    one();
    one();
    one();
    media.runTo(START + 2e6);
    one();
    expect(heads).toEqual(['rr sdes', 'sr sdes', 'sr sdes', 'rr sdes', 'sr sdes']);
  });

  test('waits for room and comes at the time that it was due', () => {
    const media = steady();
    const made = feed(media);
    const dueNs = collect(feed(steady()), { untilNs: START + 1e9 })[0]!.dueNs;
    const small = dirtyBatch(4, made.sizeOctets - 1);
    small.count = 0;
    expect(made.fill(small, START + 1e9)).toBe(0);
    expect(small.nextDueNs).toBeLessThanOrEqual(dueNs);
    const full = new SendBatch(1, 4096);
    full.count = 1;
    full.length[0] = 0;
    expect(made.fill(full, START + 1e9)).toBe(0);
    const batch = dirtyBatch(4, 4096);
    next(made, batch, START + 1e9);
    expect(batch.dueMonoNs[0]).toBe(dueNs);
  });

  test('forgets what the slab was known to hold', () => {
    const payloadSlots = new PayloadSlots();
    let forgotten = 0;
    payloadSlots.forget = () => forgotten++;
    const made = feed(steady(), { payloadSlots });
    next(made, dirtyBatch(4, 4096), Infinity);
    expect(forgotten).toBe(1);
  });
});

describe('what was refused', () => {
  test('before a report that waits is taken out of it, and out of none twice', () => {
    const media = steady();
    const made = feed(media);
    const batch = dirtyBatch(4, 4096);
    media.runTo(START + 1e9);
    next(made, batch, Infinity);
    media.refuse(1316);
    media.refuse(1316);
    made.update(batch, 1);
    expect(report(copySlot(batch, 0)).packetCount).toBe(1001);
    made.update(batch, 0);
    expect(report(copySlot(batch, 0))).toMatchObject({ packetCount: 999, octetCount: 999 * 1316 });
    made.update(batch, 0);
    expect(report(copySlot(batch, 0)).packetCount).toBe(999);
  });

  test('never makes a report count less than the one before it', () => {
    const media = steady();
    const made = feed(media);
    const batch = dirtyBatch(4, 4096);
    media.runTo(START + 1e9);
    next(made, batch, Infinity);
    for (let i = 0; i < 5; i++) media.refuse(1316);
    next(made, batch, Infinity);
    made.update(batch, 0);
    expect(report(copySlot(batch, 0))).toMatchObject({ packetCount: 1001, octetCount: 1001 * 1316 });
  });

  test('is counted when it is a report of ours', () => {
    const made = feed(steady());
    const batch = dirtyBatch(4, 4096);
    next(made, batch, Infinity);
    made.refuse(batch, 0);
    expect([made.scheduled, made.notSent, made.markers]).toEqual([1, 1, 0]);
  });
});

describe('BYE', () => {
  test('comes once, behind the end of the media, with a last SR that counts everything', () => {
    const media = steady(1500);
    const made = feed(media);
    const sent = collect(media.with(made), { untilNs: START + 20e9 });
    const last = sent.at(-1)!;
    expect(sent.filter((one) => kinds(one).includes('bye'))).toEqual([last]);
    expect(kinds(last)).toBe('sr sdes bye');
    expect(last.flags).toBe(SendFlag.End);
    expect(report(last)).toMatchObject({ packetCount: 1500, octetCount: 1500 * 1316 });
    const endNs = START + 1499e6;
    expect(last.dueNs).toBeGreaterThanOrEqual(endNs + 100e6);
    expect(last.dueNs).toBeLessThanOrEqual(endNs + 110e6);
    expect(made.nextDueNs()).toBe(Infinity);
    expect([made.scheduled + 1, made.markers]).toEqual([sent.length, 1]);
    expect(made.sizeOctets).toBe(last.octets.length);
    expect(feed(steady(), { cname: 'x'.repeat(63) }).sizeOctets).toBeLessThanOrEqual(200);
  });

  test('is not said by who has said nothing', () => {
    const made = feed(new MediaStub({ startMonoNs: START, periodNs: 1e6, count: 0 }));
    expect(collect(made)).toEqual([]);
    expect(made.nextDueNs()).toBe(Infinity);
    const stopped = feed(steady());
    stopped.finish(START + 1);
    expect(collect(stopped)).toEqual([]);
  });

  test('is due a while after the feed is told to finish, and stays the only one', () => {
    const media = steady();
    const made = feed(media);
    media.runTo(START + 5e6);
    made.finish(START + 5_500_000);
    expect(made.nextDueNs()).toBe(START + 5_500_000);
    const sent = collect(made, { untilNs: START + 1e9 });
    expect(sent.map(kinds)).toEqual(['sr sdes bye']);
    expect(sent[0]!.dueNs).toBe(START + 105_500_000);
    made.finish(START + 6e6);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('is said again on finish when it was refused, and counts as no report', () => {
    const media = steady(10);
    const made = feed(media);
    media.runTo(START + 9e6);
    const batch = dirtyBatch(4, 4096);
    next(made, batch, Infinity);
    made.refuse(batch, 0);
    expect([made.nextDueNs(), made.notSent, made.markers]).toEqual([Infinity, 0, 1]);
    made.finish(START + 1e9);
    const again = collect(made, { untilNs: START + 2e9 });
    expect(again.map(kinds)).toEqual(['sr sdes bye']);
    made.finish(START + 2e9);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('is not given up by a schedule that has fallen behind, nor is a report', () => {
    const media = steady(10);
    const made = feed(media);
    media.runTo(START + 9e6);
    expect(made.skip(START + 3e9)).toBe(0);
    expect(made.nextDueNs()).toBe(START + 3e9);
    expect(made.skip(START + 2e9)).toBe(0);
    expect(made.nextDueNs()).toBe(START + 3e9);
    const going = feed(steady());
    going.skip(START + 9e9);
    expect(dueOf(collect(going, { untilNs: START + 9e9 }))).toEqual([START + 9e9]);
  });

  test('waits for its turn in a session of more than 50', () => {
    const media = steady();
    const made = feed(media);
    made.receivers = 50;
    media.runTo(START + 5e6);
    made.finish(START + 6e6);
    const sent = collect(made, { untilNs: START + 20e9 });
    expect(sent.map(kinds)).toEqual(['sr sdes bye']);
    expect(sent[0]!.dueNs).toBeGreaterThan(START + 106e6);
    expect(sent[0]!.dueNs).toBeLessThan(START + 106e6 + 0.7e9);
    expect(made.nextDueNs()).toBe(Infinity);
  });
});

test('merged with a transport stream it counts and stamps that, and ends when it has', () => {
  const media = new TsFeed({
    source: new MemorySource(makeTransportStream({ seconds: 2 }), { loop: false }),
    pcrPid: null,
    muxRateBitPerSecond: null,
    rtp: { ssrc: 0x89ab_cdef, firstSequence: 0, firstTimestamp: 0xffff_ff00, sendTime: null },
    count: null,
    durationNs: null,
    startMonoNs: START,
    destination: 0,
  });
  const made = feed(media, { flowBase: 1 });
  const merged = new MergedFeed([media, made]);
  const sent = collect(merged, { untilNs: START + 30e9, stepNs: 1e9 });
  expect(merged.nextDueNs()).toBe(Infinity);
  expect(sent.every(({ dueNs }, i) => i === 0 || dueNs >= sent[i - 1]!.dueNs)).toBe(true);
  const control = sent.filter(({ flow }) => flow === 1);
  expect(control.map(kinds)).toEqual([...Array.from({ length: made.scheduled }, () => 'sr sdes'), 'sr sdes bye']);
  expect(made.scheduled).toBeGreaterThan(1);
  for (const one of control) {
    const before = sent.slice(0, sent.indexOf(one)).filter(({ flow }) => flow === 0);
    const { packetCount, octetCount, rtpTimestamp, ntp } = report(one);
    expect(packetCount).toBe(before.length);
    expect(octetCount).toBe(before.reduce((octets, packet) => octets + packet.octets.length - 12, 0));
    // The last packet's timestamp, and the time since.
    const last = before.at(-1)!;
    const sinceNs = one.dueNs - last.dueNs;
    expect(Math.abs(((rtpTimestamp - rtpTimestampOf(last.octets, 0)) | 0) - (sinceNs * 9) / 1e5)).toBeLessThanOrEqual(
      1,
    );
    expect(ntp).toBe(ntpFromUnixNs(UNIX + BigInt(one.dueNs)));
  }
  const dataEndNs = sent.findLast(({ flow }) => flow === 0)!.dueNs;
  expect(sent.at(-1)!.dueNs - dataEndNs).toBeLessThanOrEqual(110e6);
});

test('a CNAME is 96 random bits in base64', () => {
  expect(shortTermCname()).toMatch(/^[A-Za-z0-9+/]{16}$/);
  expect(shortTermCname()).not.toBe(shortTermCname());
});
