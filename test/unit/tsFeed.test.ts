import { describe, expect, test } from 'vitest';
import { MemorySource } from '../../src/core/byteSource.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { TsFeed, type TsFeedOptions } from '../../src/feed/tsFeed.js';
import type { TsRtpOptions } from '../../src/feed/tsRtpHeader.js';
import { TsStatus } from '../../src/feed/tsStream.js';
import { rtpCodec } from '../../src/wire/rtp.js';
import { collect, dirtyBatch, refuse, type Sent } from '../sim/collect.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { GatedSource, putGroup } from '../ts/tsSources.js';
import { fromHex, toHex } from '../vectors/hex.js';

const START = 5e9;
const RTP: TsRtpOptions = { ssrc: 0x89ab_cdef, firstSequence: 0xfffe, firstTimestamp: 0xffff_ff00, sendTime: null };
const STREAM = makeTransportStream({ seconds: 1 });

function feed(change: Partial<TsFeedOptions> = {}): TsFeed {
  return new TsFeed({
    source: new MemorySource(STREAM, { loop: false }),
    pcrPid: null,
    muxRateBitPerSecond: null,
    rtp: null,
    count: null,
    durationNs: null,
    startMonoNs: START,
    destination: 3,
    flowBase: 9,
    ...change,
  });
}

/** Groups of 7 packets, each beginning with a PCR, ticks; `groups[k]` is the PCR of group k. */
function groups(pcrs: readonly number[]): Uint8Array {
  const out = new Uint8Array(pcrs.length * 1316);
  for (const [group, ticks] of pcrs.entries()) putGroup(out.subarray(group * 1316, (group + 1) * 1316), group, ticks);
  return out;
}

const memory = (bytes: Uint8Array, loop = false): MemorySource => new MemorySource(bytes, { loop });
const all = (sent: readonly Sent[]): Buffer => Buffer.concat(sent.map(({ octets }) => octets));
const dueMs = (sent: readonly Sent[]): number[] => sent.map(({ dueNs }) => (dueNs - START) / 1e6);

interface Rtp {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
}

function rtp({ octets }: Sent): Rtp {
  const header = rtpCodec.create();
  expect(rtpCodec.parse(octets, 0, octets.length, header)).toBe(0);
  expect([header.ssrc, header.payloadType]).toEqual([0x89ab_cdef, 33]);
  return { sequence: header.sequence, timestamp: header.timestamp, marker: header.marker };
}

describe('a constant rate', () => {
  test.each([
    [4_000_000, 7],
    [3_750_001, 7],
    [10_000_000, 1],
    [2_345_678, 4],
  ])('%i bit/s, %i packets a datagram: due by position, to a tick of the PCR', (rate, tsPerDatagram) => {
    const bytes = makeTransportStream({ rateBitPerSecond: rate, seconds: 0.5, programs: [{ videoBitPerSecond: 1e6 }] });
    const made = feed({ source: memory(bytes), tsPerDatagram });
    const sent = collect(made, { capacity: 13 });
    expect(Buffer.compare(all(sent), bytes)).toBe(0);
    const octets = tsPerDatagram * 188;
    // Behind the last PCR its interval's own tick is added.
    const lastPcrNs = START + 0.48e9;
    const errors = sent.map(({ dueNs }, k) => Math.abs(dueNs - START - (k * octets * 8e9) / rate));
    expect(errors.filter((error, k) => error > (sent[k]!.dueNs < lastPcrNs ? 38 : 76))).toEqual([]);
    expect(sent.every(({ dueNs }) => Number.isInteger(dueNs))).toBe(true);
    expect(sent.slice(0, -1).every((one) => one.octets.length === octets)).toBe(true);
    expect(sent.at(-1)!.octets.length).toBe(((bytes.length - 1) % octets) + 1);
    expect([made.scheduled, made.packets, made.mediaOctets]).toEqual([
      Math.ceil(bytes.length / octets),
      bytes.length / 188,
      bytes.length,
    ]);
    expect([made.status, made.pcrPid, made.discontinuities, made.underruns, made.passes]).toEqual([
      TsStatus.Ended,
      0x100,
      0,
      0,
      0,
    ]);
  });

  test('columns and slots of a datagram', () => {
    const made = feed();
    expect(made.nextDueNs()).toBe(START);
    expect(made.prepare()).toBe(TsStatus.Ready);
    const sent = collect(made);
    expect(
      sent.every(({ flow, flags, destination, stampAt }) => flow === 9 && flags + stampAt === 0 && destination === 3),
    ).toBe(true);
    expect([made.flows, made.unpaced, made.sizeOctets, made.nextSequence]).toEqual([1, false, 1316, null]);
    expect([made.nextDueNs(), made.rtpTimestampAt(START)]).toEqual([Infinity, 0]);
  });

  test('is filled up to the given time, and tells when the next is due', () => {
    const made = feed();
    const batch = dirtyBatch(64, 100_000);
    expect(made.fill(batch, START - 1)).toBe(0);
    expect(made.nextDueNs()).toBe(START);
    expect(made.fill(batch, START + 2_632_000)).toBe(2);
    expect(batch.outcome[1]).toBe(0);
    expect(made.nextDueNs()).toBe(START + 2 * 2_632_000);
    batch.untilNs = START + 2 * 2_632_000 - 1;
    expect(made.fillRun(batch)).toBe(0);
    expect(batch.nextDueNs).toBe(START + 2 * 2_632_000);
  });

  test('the ring of the window ends anywhere', () => {
    const made = feed({ window: { leastPackets: 512, mostPackets: 512 } });
    expect(Buffer.compare(all(collect(made, { capacity: 5, slabOctets: 3 * 1316 + 5 })), STREAM)).toBe(0);
  });
});

describe('a variable rate', () => {
  test('datagrams are due by the PCRs of the reference alone', () => {
    const pcrs = [0, 27_000, 40_500, 40_500 + 270_000, 40_500 + 297_000];
    expect(dueMs(collect(feed({ source: memory(groups(pcrs)) })))).toEqual([0, 1, 1.5, 11.5, 12.5]);
    // Three packets a datagram lie between the PCRs.
    const thirds = dueMs(collect(feed({ source: memory(groups(pcrs)), tsPerDatagram: 3 })));
    expect(thirds.slice(0, 4)).toEqual([0, 0.428571, 0.857143, 1.142857]);
  });

  test('of two programs, the lower number unless another PID is named', () => {
    const bytes = makeTransportStream({ seconds: 0.5, programs: [{ programNumber: 7 }, { programNumber: 5 }] });
    const lower = feed({ source: memory(bytes) });
    collect(lower);
    expect(lower.pcrPid).toBe(0x110);
    const named = feed({ source: memory(bytes), pcrPid: 0x100 });
    collect(named);
    expect(named.pcrPid).toBe(0x100);
  });

  test('goes on over a wrap of the PCR', () => {
    const bytes = makeTransportStream({ seconds: 0.5, firstPcrTicks: 2 ** 33 * 300 - 27e6 / 4 });
    expect(dueMs(collect(feed({ source: memory(bytes) })))).toEqual(
      dueMs(collect(feed({ source: memory(makeTransportStream({ seconds: 0.5 })) }))),
    );
  });
});

describe('RTP', () => {
  test('headers count datagrams and time', () => {
    const made = feed({ rtp: RTP });
    expect([made.sizeOctets, made.nextSequence]).toEqual([1328, 0xfffe]);
    const sent = collect(made);
    const headers = sent.map((one) => rtp(one));
    expect(headers.map(({ sequence }) => sequence)).toEqual(headers.map((_, k) => (0xfffe + k) % 65_536));
    // 1316 octets at 4 Mbit/s are 236.88 ticks of 90 kHz.
    expect(headers.map(({ timestamp }) => timestamp)).toEqual(
      headers.map((_, k) => (0xffff_ff00 + Math.round(k * 236.88)) % 2 ** 32),
    );
    expect(headers.some(({ marker }) => marker)).toBe(false);
    expect(Buffer.compare(Buffer.concat(sent.map(({ octets }) => octets.subarray(12))), STREAM)).toBe(0);
    expect(toHex(sent[2]!.octets.subarray(0, 13))).toBe(
      toHex(
        fromHex(`80        # version 2
                 21        # no marker, payload type 33
                 0000      # the third after 0xfffe
                 000000da  # 0xffffff00 + 474 - 2^32
                 89abcdef  # SSRC
                 47        # the first packet`),
      ),
    );
    expect(made.nextSequence).toBe((0xfffe + sent.length) % 65_536);
    expect([made.lastRtpTimestamp, made.lastDueNs]).toEqual([headers.at(-1)!.timestamp, sent.at(-1)!.dueNs]);
    expect(made.rtpTimestampAt(made.lastDueNs)).toBe(made.lastRtpTimestamp);
    expect(made.rtpTimestampAt(START + 1e9)).toBe(0xffff_ff00 + 90_000 - 2 ** 32);
    expect(made.rtpTimestampAt(START - 1e6)).toBe(0xffff_ff00 - 90);
    expect(made.mediaOctets).toBe(STREAM.length);
  });

  test('the send time is an extension whose stamp the sink writes', () => {
    const made = feed({ rtp: { ...RTP, payloadType: 96, sendTime: { extensionId: 5 } }, count: 2 });
    expect(made.sizeOctets).toBe(1344);
    const sent = collect(made);
    expect(sent.map(({ stampAt, octets }) => [stampAt, octets.length])).toEqual([
      [20, 1344],
      [20, 1344],
    ]);
    expect(toHex(sent[0]!.octets.subarray(0, 29))).toBe(
      toHex(
        fromHex(`90                # version 2, extension
                 60                # payload type 96
                 fffe ffffff00 89abcdef
                 bede 0003         # one-byte elements (RFC 8285 section 4.2), three words
                 000000            # padding
                 57                # element 5, eight octets
                 0000000000000000  # written at departure
                 47`),
      ),
    );
  });

  test('a discontinuity is marked in the first datagram that begins behind it', () => {
    const ms = 27_000;
    const pcrs = [0, ms, 2 * ms, 500 * ms, 501 * ms, 503 * ms, 40 * ms, 41 * ms, 42 * ms, 43 * ms];
    const far = pcrs.map((ticks, i) => (i >= 3 && i < 6 ? ticks + 2000 * ms : ticks));
    const made = feed({ source: memory(groups(far)), rtp: RTP });
    const sent = collect(made);
    expect(dueMs(sent)).toEqual([0, 1, 2, 3, 4, 6, 8, 9, 10, 11]);
    expect(sent.map((one) => rtp(one).marker)).toEqual(
      [3, 6].reduce((m, i) => m.with(i, true), new Array(10).fill(false)),
    );
    expect(made.discontinuities).toBe(2);
    // In the middle of a datagram: packet 21 is the first of the new clock.
    const four = collect(feed({ source: memory(groups(far.slice(0, 6))), rtp: RTP, tsPerDatagram: 4 }));
    expect(four.map((one) => rtp(one).marker).indexOf(true)).toBe(6);
    expect(four.filter((one) => rtp(one).marker).length).toBe(1);
    // And in one that is skipped.
    const skipped = feed({ source: memory(groups(far)), rtp: RTP });
    expect(skipped.skip(START + 3.5e6)).toBe(4);
    expect(collect(skipped).map((one) => rtp(one).marker)).toEqual([true, false, true, false, false, false]);
  });
});

describe('no clock', () => {
  const noPcr = STREAM.slice();
  for (let at = 0; at < noPcr.length; at += 188) {
    if ((noPcr[at + 3]! & 0x20) !== 0 && noPcr[at + 4]! > 0) noPcr[at + 5]! &= ~0x10;
  }

  test('is told, before or at the first datagram', () => {
    const made = feed({ source: memory(noPcr) });
    expect(made.prepare()).toBe(TsStatus.NoPcr);
    expect(made.nextDueNs()).toBe(START);
    expect(collect(made)).toEqual([]);
    expect([made.status, made.nextDueNs()]).toEqual([TsStatus.NoPcr, Infinity]);
    expect(feed({ source: memory(noPcr, true) }).prepare()).toBe(TsStatus.NoPcr);
    const named = feed({ pcrPid: 0x1ff });
    expect([named.prepare(), named.pcrPid]).toEqual([TsStatus.NoPcr, 0x1ff]);
  });

  test('is made up for by a rate, and outvoted by it when told', () => {
    for (const [bytes, muxRateDecides, loop] of [
      [noPcr, false, false],
      [noPcr, true, true],
      [STREAM, true, false],
      [STREAM, true, true],
    ] as const) {
      const made = feed({ source: memory(bytes, loop), muxRateBitPerSecond: 8_000_000, muxRateDecides, count: 380 });
      expect(dueMs(collect(made)).filter((ms, k) => Math.abs(ms - k * 1.316) > 1e-5)).toEqual([]);
    }
    const asked = feed({ muxRateBitPerSecond: 8_000_000 });
    expect(dueMs(collect(asked))[379]).toBe(379 * 2.632);
  });

  test('is made up for after a second, however little has come', () => {
    // At 1 Mbit/s a second is 665 packets.
    for (const [pcrPid, packets, status] of [
      [null, 660, TsStatus.Dry],
      [null, 670, TsStatus.Ready],
      [0x100, 660, TsStatus.Dry],
      [0x100, 670, TsStatus.Ready],
    ] as const) {
      const source = new GatedSource(memory(noPcr), packets * 188);
      expect(feed({ source, pcrPid, muxRateBitPerSecond: 1_000_000 }).prepare()).toBe(status);
    }
  });

  test('is no matter of a source that is no transport stream', () => {
    const made = feed({ source: memory(new Uint8Array(100_000)) });
    expect(made.prepare()).toBe(TsStatus.NotTs);
    expect(collect(made)).toEqual([]);
    expect([made.status, made.skippedOctets]).toEqual([TsStatus.NotTs, 100_000]);
    const empty = feed({ source: memory(new Uint8Array()) });
    expect([collect(empty).length, empty.status]).toEqual([0, TsStatus.Ended]);
  });
});

describe('limits', () => {
  test('count and duration', () => {
    expect(collect(feed({ count: 5 }))).toHaveLength(5);
    expect(collect(feed({ count: 0 }))).toHaveLength(0);
    expect(feed({ count: 0 }).nextDueNs()).toBe(Infinity);
    expect(feed({ durationNs: 0 }).nextDueNs()).toBe(Infinity);
    // Datagrams are due every 2.632 ms.
    expect(collect(feed({ durationNs: 10 * 2_632_000 }))).toHaveLength(10);
    expect(collect(feed({ durationNs: 10 * 2_632_000 + 1 }))).toHaveLength(11);
    const looped = feed({ source: memory(STREAM, true), durationNs: 2.5e9 });
    expect(collect(looped)).toHaveLength(Math.ceil(2.5e9 / 2_632_000));
    expect(looped.passes).toBe(2);
  });

  test('what is skipped keeps its numbers, and its packets are passed over', () => {
    const made = feed({ rtp: RTP });
    const batch = dirtyBatch(64, 100_000);
    made.fill(batch, START + 3 * 2_632_000);
    expect(made.skip(START + 10 * 2_632_000)).toBe(6);
    expect(made.skip(START + 10 * 2_632_000)).toBe(0);
    const rest = collect(made);
    expect(rest[0]!.dueNs).toBe(START + 10 * 2_632_000);
    expect(rtp(rest[0]!).sequence).toBe((0xfffe + 10) % 65_536);
    expect(Buffer.compare(rest[0]!.octets.subarray(12), STREAM.subarray(10 * 1316, 11 * 1316))).toBe(0);
    expect([made.scheduled, made.notSent, made.packets]).toEqual([380, 6, 374 * 7]);
    const counted = feed({ count: 4 });
    expect(counted.skip(START + 1e9)).toBe(4);
    expect(counted.nextDueNs()).toBe(Infinity);
    expect(counted.skip(START + 2e9)).toBe(0);
  });

  test('what is refused is not counted as sent', () => {
    const made = feed({ rtp: RTP, source: memory(STREAM.slice(0, 188 * 100)), tsPerDatagram: 3 });
    const batch = dirtyBatch(64, 100_000);
    made.fill(batch, START + 1e9);
    refuse(made, batch, 2);
    refuse(made, batch, 33);
    expect([made.scheduled, made.notSent, made.packets, made.mediaOctets]).toEqual([34, 2, 96, 96 * 188]);
  });

  test('it ends at once', () => {
    const made = feed();
    const batch = dirtyBatch(64, 100_000);
    made.fill(batch, START);
    made.finish(START + 1);
    expect([made.nextDueNs(), made.fill(batch, START + 1e9), made.skip(START + 1e9)]).toEqual([Infinity, 0, 0]);
  });
});

describe('a source in disorder', () => {
  test('is counted', () => {
    const bytes = Buffer.concat([
      STREAM.subarray(0, 188 * 500),
      new Uint8Array(50),
      STREAM.subarray(188 * 500, 188 * 900 + 7),
    ]);
    const made = feed({ source: memory(bytes, true), count: 250 });
    collect(made);
    expect([made.resyncs, made.truncatedPackets, made.skippedOctets]).toEqual([2, 1, 50 + 7 + 50]);
    expect([made.passes, made.unstampedUnits]).toEqual([1, 0]);
  });

  test('without a PCR for longer than the window: goes on at the last rate', () => {
    const bytes = STREAM.slice();
    for (let at = 188 * 700; at < 188 * 2000; at += 188) {
      if ((bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0) bytes[at + 5]! &= ~0x10;
    }
    const made = feed({ source: memory(bytes), window: { leastPackets: 256, mostPackets: 512 } });
    const sent = collect(made);
    expect(Buffer.compare(all(sent), bytes)).toBe(0);
    expect(sent.filter(({ dueNs }, k) => Math.abs(dueNs - START - k * 2_632_000) > 2000)).toEqual([]);
  });
});

describe('a source that is slow', () => {
  const PERIOD = 2_632_000;

  test('is polled, counted once, and never bursts', () => {
    const source = new GatedSource(memory(STREAM), 1316 * 20 + 100);
    const made = feed({ source, rtp: RTP });
    const batch = dirtyBatch(64, 100_000);
    const due: number[] = [];
    const marked: number[] = [];
    let polls = 0;
    for (let now = START; due.length < 60; now = made.nextDueNs()) {
      if (now > START + 100e6) source.open = Infinity;
      batch.count = 0;
      if (made.fill(batch, now) === 0 && made.nextDueNs() === now + 1e6) polls++;
      for (let i = 0; i < batch.count; i++) {
        expect(batch.dueMonoNs[i]).toBe(now);
        if ((batch.bytes[batch.offset[i]! + 1]! & 0x80) !== 0) marked.push(due.length);
        due.push(now);
      }
    }
    // What was there was sent, also without its next PCR.
    const againNs = START + 20 * PERIOD + polls * 1e6;
    expect(againNs).toBe(START + 100.64e6);
    expect(due).toEqual(due.map((_, k) => (k < 20 ? START + k * PERIOD : againNs + (k - 20) * PERIOD)));
    expect(marked).toEqual([20]);
    expect([made.underruns, made.discontinuities]).toEqual([1, 1]);
  });

  test('but in time after all: keeps its schedule', () => {
    const source = new GatedSource(memory(STREAM), 1316 * 20);
    const made = feed({ source, rtp: RTP });
    const batch = dirtyBatch(64, 100_000);
    const due: number[] = [];
    for (let now = START; due.length < 60; now = made.nextDueNs()) {
      batch.count = 0;
      made.fill(batch, now);
      for (let i = 0; i < batch.count; i++) due.push(batch.dueMonoNs[i]!);
      if (due.length === 20) source.open = Infinity;
    }
    expect(due).toEqual(due.map((_, k) => START + k * PERIOD));
    expect([made.underruns, made.discontinuities]).toEqual([0, 0]);
  });

  test('at first moves the start, which is no discontinuity', () => {
    const source = new GatedSource(memory(STREAM), 0);
    const made = feed({ source, rtp: RTP, durationNs: 100 * PERIOD });
    expect(made.prepare()).toBe(TsStatus.Dry);
    const batch = dirtyBatch(64, 100_000);
    let now = START;
    for (let polls = 0; made.fill(batch, now) === 0; polls++) {
      now = made.nextDueNs();
      if (polls === 2) source.open = Infinity;
    }
    expect(batch.dueMonoNs[0]).toBe(START + 3e6);
    expect([made.underruns, made.discontinuities, batch.bytes[1]! & 0x80]).toEqual([0, 0, 0]);
    expect(1 + collect(made).length).toBe(100);
  });

  test('and has nothing until the end: ends with the duration', () => {
    const made = feed({ source: new GatedSource(memory(STREAM), 0), durationNs: 5e6 });
    const batch = dirtyBatch(64, 100_000);
    for (let now = START; now < START + 5e6; now = made.nextDueNs()) expect(made.fill(batch, now)).toBe(0);
    made.fill(batch, START + 5e6);
    expect([made.nextDueNs(), made.scheduled, made.underruns]).toEqual([Infinity, 0, 0]);
    for (const [durationNs, underruns] of [
      [1e9, 1],
      [20 * PERIOD, 0],
    ] as const) {
      const late = feed({ source: new GatedSource(memory(STREAM), 1316 * 20), durationNs });
      for (let now = START; now < START + 2e9 && late.nextDueNs() < Infinity; now = late.nextDueNs()) {
        batch.count = 0;
        late.fill(batch, now);
      }
      expect([late.nextDueNs(), late.scheduled, late.underruns]).toEqual([Infinity, 20, underruns]);
    }
  });

  test('while the schedule is given up: is waited for', () => {
    const made = feed({ source: new GatedSource(memory(STREAM), 1316 * 20) });
    expect(made.skip(START + 1e9)).toBe(20);
    expect(made.nextDueNs()).toBe(START + 1e9 + 1e6);
    expect([made.scheduled, made.notSent, made.underruns]).toEqual([20, 20, 1]);
  });
});

test('among others: their payloads are written again', () => {
  const payloadSlots = new PayloadSlots();
  const payload = new PayloadFeed({
    payload: new Uint8Array(1316).fill(7),
    payloadSlots,
    sizeOctets: 1316,
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count: 1000,
    durationNs: null,
    startMonoNs: START,
    seed: 1,
    destination: 0,
  });
  const sent = collect(new MergedFeed([payload, feed({ payloadSlots })]), {
    stepNs: 2e8,
    untilNs: START + 2e9,
    capacity: 20,
  });
  expect(sent).toHaveLength(1380);
  expect(Buffer.compare(all(sent.filter(({ flow }) => flow === 9)), STREAM)).toBe(0);
  expect(all(sent.filter(({ flow }) => flow === 0)).every((octet) => octet === 7)).toBe(true);
});
