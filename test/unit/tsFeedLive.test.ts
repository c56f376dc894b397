import { describe, expect, test } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { TsLevelLoop } from '../../src/feed/tsLevelLoop.js';
import { LiveSource } from '../ts/tsSources.js';

/** A group, which is a datagram, every 20 ms. */
const GROUP_NS = 20e6;

interface Heard {
  readonly nowNs: number;
  readonly dueNs: number;
  readonly isMarked: boolean;
  readonly timestamp: number;
}

function liveFeed(source: LiveSource, targetLevelNs: number, startMonoNs = 0, pcrPid: number | null = 0x100): TsFeed {
  return new TsFeed({
    source,
    pcrPid,
    muxRateBitPerSecond: null,
    live: true,
    targetLevelNs,
    rtp: { ssrc: 1, firstSequence: 0, firstTimestamp: 0, sendTime: null },
    count: null,
    durationNs: null,
    startMonoNs,
    destination: 0,
  });
}

const batch = new SendBatch(64, 64 * 1400);

/** As a lane does, from `fromNs` on: looks when it was told to. `each` is called with every present time. */
function drive(
  feed: TsFeed,
  source: LiveSource,
  toNs: number,
  heard: (heard: Heard) => void,
  each: (nowNs: number) => void = () => {},
): void {
  for (let nowNs = feed.nextDueNs(); nowNs < toNs; nowNs = feed.nextDueNs()) {
    source.nowNs = nowNs;
    each(nowNs);
    batch.count = 0;
    feed.fill(batch, nowNs);
    for (let i = 0; i < batch.count; i++) {
      const at = batch.offset[i]!;
      heard({
        nowNs,
        dueNs: batch.dueMonoNs[i]!,
        isMarked: (batch.bytes[at + 1]! & 0x80) !== 0,
        timestamp: batch.view.getUint32(at + 4),
      });
    }
  }
}

describe('a live input', () => {
  test.each([0, 70, -70])('whose clock is %i ppm off is followed', (ppm) => {
    const periodNs = 10e6;
    const source = new LiveSource(periodNs, 2 * periodNs, ppm);
    const feed = liveFeed(source, 100e6);
    let lastNs = 0;
    let sent = 0;
    let shortest = Infinity;
    let longest = 0;
    const behind: number[] = [];
    drive(feed, source, 1500e9, ({ dueNs }) => {
      if (sent > 0) {
        shortest = Math.min(shortest, dueNs - lastNs);
        longest = Math.max(longest, dueNs - lastNs);
      }
      lastNs = dueNs;
      sent++;
      // How much of the stream has come and is not sent.
      if (sent % 50 === 0) behind.push(dueNs * (1 + ppm * 1e-6) - sent * periodNs);
    });
    expect([feed.underruns, feed.discontinuities]).toEqual([0, 0]);
    expect(Math.abs(feed.correctionPpm - ppm)).toBeLessThan(4);
    // Never off by more than 100 ppm.
    expect(shortest).toBeGreaterThanOrEqual(periodNs - 1001);
    expect(longest).toBeLessThanOrEqual(periodNs + 1001);
    // 0.5 ms of level for each ppm, beside the target; bursts and periods make it uncertain.
    const settled = behind.slice(-500);
    const mean = settled.reduce((sum, ns) => sum + ns, 0) / settled.length;
    expect(Math.abs(mean - (100e6 + ppm * 0.5e6))).toBeLessThan(2 * periodNs);
  });

  test('begins when its target is buffered, and does not wait for more than is needed', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 200e6);
    const dues: number[] = [];
    drive(feed, source, 3e9, ({ dueNs }) => dues.push(dueNs));
    // Two PCRs have to come before anything is known.
    expect(dues[0]).toBeGreaterThanOrEqual(200e6);
    expect(dues[0]).toBeLessThanOrEqual(200e6 + 2 * GROUP_NS);
    const late = new LiveSource(GROUP_NS, 20e6, 0);
    const lateFeed = liveFeed(late, 200e6, 1e9);
    const lateDues: number[] = [];
    drive(lateFeed, late, 3e9, ({ dueNs }) => lateDues.push(dueNs));
    // Enough is there at the start, and more: that is left out.
    expect(lateDues[0]).toBe(1e9);
    expect((lateFeed.leftOutPackets / 7) * GROUP_NS).toBeGreaterThan(750e6);
    expect((lateFeed.leftOutPackets / 7) * GROUP_NS).toBeLessThan(850e6);
    // Without tables a second goes by before the PID is chosen; it makes no difference later on.
    const untold = new LiveSource(GROUP_NS, 20e6, 0);
    const untoldFeed = liveFeed(untold, 200e6, 0, null);
    const untoldDues: number[] = [];
    drive(untoldFeed, untold, 3e9, ({ dueNs }) => untoldDues.push(dueNs));
    expect(untoldDues[0]).toBe(1040e6);
    expect(Math.abs(untoldDues.length * GROUP_NS - (3e9 - 1040e6))).toBeLessThan(GROUP_NS);
    expect((untoldFeed.leftOutPackets / 7) * GROUP_NS).toBeGreaterThan(800e6);
  });

  test('waits with its latest octets', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 200e6, 5e9);
    for (source.nowNs = 0; source.nowNs < 5e9; source.nowNs += 100e6) {
      feed.prepare();
      expect(source.available()).toBe(0);
    }
    expect((feed.leftOutPackets / 7) * GROUP_NS).toBeGreaterThan(4.6e9);
    let dueNs = 0;
    drive(feed, source, 5e9 + 1, (heard) => (dueNs = heard.dueNs));
    expect(dueNs).toBe(5e9);
    expect(feed.prepare()).toBe(feed.status);
  });

  test('that stops and goes on is buffered anew, and marked once', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 200e6);
    const all: Heard[] = [];
    drive(
      feed,
      source,
      10e9,
      (heard) => all.push(heard),
      (nowNs) => {
        source.isHeld = nowNs > 3e9 && nowNs < 4e9;
      },
    );
    expect([feed.underruns, feed.discontinuities]).toEqual([1, 1]);
    const marks = all.flatMap(({ isMarked }, i) => (isMarked ? [i] : []));
    expect(marks).toHaveLength(1);
    // What was held comes at once here, so the level is there at once.
    expect(all[marks[0]!]!.dueNs).toBeGreaterThanOrEqual(4e9);
    expect(all[marks[0]!]!.dueNs).toBeLessThan(4e9 + 5e6);
    // No burst, and timestamps are those of the due times.
    const gaps = all.slice(1).map(({ dueNs }, i) => dueNs - all[i]!.dueNs);
    expect(Math.min(...gaps)).toBeGreaterThan(GROUP_NS - 2001);
    expect(all.filter(({ dueNs, timestamp }) => timestamp !== Math.round((dueNs * 9) / 1e5))).toEqual([]);
    expect(all.every(({ nowNs, dueNs }) => nowNs === dueNs)).toBe(true);
  });

  test('after a break with nothing buffered waits for the target again', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 200e6);
    const dues: number[] = [];
    let cutNs = 0;
    drive(
      feed,
      source,
      10e9,
      ({ dueNs }) => dues.push(dueNs),
      (nowNs) => {
        // The input is switched off for a second: what it would have sent is never seen.
        if (nowNs > 3e9 && cutNs === 0) cutNs = 1e9;
        source.nowNs = nowNs < 4e9 ? Math.min(nowNs, 3e9) : nowNs - cutNs;
      },
    );
    const gaps = dues.slice(1).map((ns, i) => ns - dues[i]!);
    const longest = gaps.indexOf(Math.max(...gaps));
    // 200 ms lay there when it stopped, and have to lie there again.
    expect(dues[longest + 1]).toBeGreaterThan(4.15e9);
    expect(dues[longest + 1]).toBeLessThan(4.25e9);
    expect([feed.underruns, feed.discontinuities]).toEqual([1, 1]);
  });

  test('is not corrected before there is something to correct', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 200e6, 100e9);
    const full = new SendBatch(1, 1400);
    full.count = 1;
    source.nowNs = 100e9;
    // No room, and late: the first datagram still is due when it was.
    feed.fill(full, 100e9);
    feed.fill(full, 100e9 + 250e6);
    expect(feed.nextDueNs()).toBe(100e9);
    drive(feed, source, 100.6e9, () => {});
    expect(Math.abs(feed.correctionPpm)).toBeLessThan(1);
  });

  test('is taken in though it is not due, so that its writer goes on', () => {
    const source = new LiveSource(GROUP_NS, 20e6, 0);
    const feed = liveFeed(source, 1e9);
    source.nowNs = 700e6;
    feed.fill(batch, 0);
    expect(source.available()).toBeLessThan(1316);
    source.nowNs = 20e9;
    feed.fill(batch, 0);
    // Up to four times the target.
    expect((source.available() / 1316) * GROUP_NS).toBeGreaterThan(10e9);
  });
});

describe('the level', () => {
  test('at its target asks for nothing, off it for 2 ppm per ms, at most 100', () => {
    const loop = new TsLevelLoop(200e6);
    loop.update(200e6, 100e6);
    expect(loop.correctionPpm).toBe(0);
    for (let i = 0; i < 3000; i++) loop.update(210e6, 100e6);
    expect(loop.correctionPpm).toBeCloseTo(20, 3);
    for (let i = 0; i < 3000; i++) loop.update(900e6, 100e6);
    expect(loop.correctionPpm).toBe(100);
    for (let i = 0; i < 3000; i++) loop.update(0, 100e6);
    expect(loop.correctionPpm).toBe(-100);
  });

  test('is averaged over 20 s', () => {
    const loop = new TsLevelLoop(200e6);
    for (let i = 0; i < 200; i++) loop.update(210e6, 100e6);
    expect(loop.correctionPpm).toBeCloseTo(20 * (1 - Math.exp(-1)), 0);
    const fast = new TsLevelLoop(200e6);
    fast.update(210e6, 60e9);
    expect(fast.correctionPpm).toBeCloseTo(20, 6);
  });
});
