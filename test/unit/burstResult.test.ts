import { describe, expect, it } from 'vitest';
import { everyStream } from '../../src/result/briefStreams.js';
import { BURST_LIMIT_NAMES, BURST_WINDOWS } from '../../src/metrics/burstFigures.js';
import type { BurstsSnapshot, QueueSnapshot } from '../../src/metrics/burstSnapshot.js';
import type { StreamSnapshot } from '../../src/metrics/snapshot.js';
import { renderText } from '../../src/report/text.js';
import { buildStream } from '../../src/result/build.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { burstFigure, mergeBursts } from '../../src/result/buildBursts.js';
import { exceeded } from '../../src/result/judge.js';
import { limitTarget } from '../../src/result/limitNames.js';
import { parseMax } from '../../src/result/limits.js';
import { aggregateReceivers, mergeParts } from '../../src/result/merge.js';
import { RunResultSchema, type Bursts, type Stream } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { counters, measurement, receiverResult, recorded, snapshot } from './resultFixture.js';

const START = 0.5e9;
const QUEUE: QueueSnapshot = {
  drain: { bitPerSecond: 1e9, layer: 'wire' },
  maxOctets: 12_500,
  maxNs: 100_000,
  atMonoNs: START + 3e9,
  delay: recorded(10_000, 100_000),
};

/** Peaks of `octets` more in each longer window. */
function bursts(octets = 1000, change: Partial<BurstsSnapshot> = {}): BurstsSnapshot {
  return {
    windows: BURST_WINDOWS.map(({ ns: windowNs }, i) => ({
      windowNs,
      peakOctets: octets * (i + 1),
      peakDatagrams: i + 1,
      atMonoNs: START + 2e9,
      excessNs: 0,
    })),
    largest: [
      { startMonoNs: START + 2e9, durationNs: 400_000, octets: 3 * octets, datagrams: 3 },
      { startMonoNs: START + 1e9, durationNs: 0, octets: 2 * octets, datagrams: 2 },
    ],
    queue: null,
    clampedDatagrams: 0,
    ...change,
  };
}

function built(change: Partial<StreamSnapshot> = {}): Stream {
  return buildStream(snapshot({ bursts: bursts(), ...change }), measurement(), null);
}

function made(octets: number, change: Partial<BurstsSnapshot> = {}): Bursts {
  return built({ bursts: bursts(octets, change) }).bursts!;
}

/** Why a limit on `name` cannot be judged. */
function why(stream: Stream, name: string): string | null {
  return exceeded(receiverResult({ streams: [stream] }), [parseMax(`${name}=1`)])[0]!.reason;
}

/** With all that makes the difference in the text. */
function rich(): Stream {
  const windows = bursts().windows.map((one) => ({
    ...one,
    excessNs: one.windowNs >= 100e6 ? one.windowNs / 1024 : 0,
  }));
  return built({ bursts: bursts(1000, { windows, queue: QUEUE, clampedDatagrams: 2 }) });
}

describe('the bursts of a result', () => {
  it('count times from the beginning of the run, and say rates', () => {
    const one = made(1000, { queue: QUEUE, clampedDatagrams: 4 });
    expect(one.windows[2]).toEqual({
      window_ns: 1e6,
      peak_octets: 3000,
      peak_datagrams: 3,
      peak_bit_per_second: 24e6,
      at_ns: 2e9,
      excess_ns: 0,
    });
    expect(one.largest[0]).toEqual({ start_ns: 2e9, duration_ns: 400_000, octets: 3000, datagrams: 3 });
    expect(one.queue).toMatchObject({
      drain_bit_per_second: 1e9,
      drain_layer: 'wire',
      max_octets: 12_500,
      max_ns: 100_000,
      at_ns: 3e9,
    });
    expect(one.queue!.delay_ns.count).toBe(2);
    expect(one.clamped_datagrams).toBe(4);
    const result = receiverResult({ streams: [rich()] });
    expect(RunResultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
  });

  it.each([
    ['own', {}, undefined],
    ['shared', { SharedTime: 1 }, expect.stringContaining('share a stamp')],
    ['read', { SharedTime: 1, UserTime: 1 }, expect.stringContaining('times of reading')],
  ] as const)('say whose stamps they go by: %s', (stamps, counts, doubt) => {
    const stream = built({ counters: counters({ PacketsReceived: 5, ...counts }) });
    expect(stream.bursts!.stamps).toBe(stamps);
    expect(stream.not_measured['bursts']).toEqual(doubt);
  });

  it('are null with a reason where there are none, and beyond the streams in detail', () => {
    const stream = built({ bursts: null });
    expect(stream.bursts).toBeNull();
    expect(stream.not_measured['bursts']).toContain('--detail');
    const ordered = everyStream(orderStreams([built(), built()], 1));
    expect(ordered.map((one) => one.bursts === null)).toEqual([false, true]);
  });

  it('were not in older documents', async () => {
    const result = JSON.parse(JSON.stringify(receiverResult({ streams: [built()] }))) as Record<string, unknown>;
    delete (result['streams'] as Record<string, unknown>[])[0]!['bursts'];
    delete (result['aggregate'] as Record<string, unknown>)['bursts'];
    const [read] = await readResults(JSON.stringify(result), 'a.json');
    expect([read!.streams[0]!.bursts, read!.aggregate!.bursts]).toEqual([null, null]);
  });
});

describe('limits on bursts', () => {
  it('reach every window and the queue', () => {
    const all = rich().bursts;
    expect(BURST_LIMIT_NAMES.map((name) => burstFigure(all, name))).toEqual([
      1000, 2000, 3000, 4000, 5000, 6000, 1, 2, 3, 4, 5, 6, 800e6, 160e6, 24e6, 3.2e6, 400e3, 48e3, 12_500, 100_000,
    ]);
    for (const name of BURST_LIMIT_NAMES) {
      expect(limitTarget(`burst.${name}`)).toEqual({ kind: 'named', section: 'burst', key: name });
    }
    expect(limitTarget('burst.1ms.bit_per_secund')).toContain('burst.1ms.bit_per_second');
    expect(burstFigure(null, 'queue_ns')).toBeNull();
  });

  it.each([
    ['burst.1ms.bit_per_second=24M', true],
    ['burst.1ms.bit_per_second=23.9M', false],
    ['burst.100us.octets=2k', true],
    ['burst.1s.datagrams=5', false],
    ['burst.queue_octets=12500', true],
    ['burst.queue_ns=99us', false],
  ])('--max %s: %s', (text, ok) => {
    expect(exceeded(receiverResult({ streams: [rich()] }), [parseMax(text)])).toHaveLength(ok ? 0 : 1);
  });

  it('say what is missing', () => {
    expect(why(built(), 'burst.queue_octets')).toBe('give the rate of a link: --drain');
    expect(why(built({ bursts: null }), 'burst.1s.octets')).toContain('--detail');
  });
});

describe('bursts of several', () => {
  it('are the largest of each figure', () => {
    const late = bursts(10).windows.map((one) => ({ ...one, peakDatagrams: 50, excessNs: 7, atMonoNs: START }));
    const merged = mergeBursts([made(1000), null, made(10, { windows: late, clampedDatagrams: 3 })])!;
    expect(merged.windows[1]).toEqual({
      window_ns: 100e3,
      peak_octets: 2000,
      peak_datagrams: 50,
      peak_bit_per_second: 160e6,
      at_ns: 2e9,
      excess_ns: 7,
    });
    expect(merged.largest.map(({ octets }) => octets)).toEqual([3000, 2000, 30, 20]);
    expect(merged.clamped_datagrams).toBe(3);
    expect(mergeBursts([null])).toBeNull();
    expect(mergeBursts([made(1), { ...made(1), stamps: 'shared' }])!.stamps).toBe('shared');
    expect(mergeBursts(Array.from({ length: 5 }, () => made(1)))!.largest).toHaveLength(8);
  });

  it('have a queue where all are before the same link', () => {
    const small = made(1, { queue: { ...QUEUE, maxOctets: 5, maxNs: 40 } });
    const merged = mergeBursts([small, made(1, { queue: QUEUE })])!.queue!;
    expect([merged.max_octets, merged.max_ns, merged.delay_ns.count]).toEqual([12_500, 100_000, 4]);
    const slower = made(1, { queue: { ...QUEUE, drain: { bitPerSecond: 1e8, layer: 'wire' } } });
    const other = made(1, { queue: { ...QUEUE, drain: { bitPerSecond: 1e9, layer: 'ip' } } });
    for (const odd of [slower, other, made(1)]) expect(mergeBursts([small, odd])!.queue).toBeNull();
  });

  it('stand in the aggregate of streams and of receivers, and in streams of several parts', () => {
    const streams = [built(), built({ flow: '1', bursts: bursts(2000) })];
    const result = receiverResult({ streams });
    expect(result.aggregate!.bursts!.windows[0]!.peak_octets).toBe(2000);
    const receivers = [{ name: 'a', address: '10.0.0.9', result }] as unknown as Parameters<
      typeof aggregateReceivers
    >[0];
    expect(aggregateReceivers(receivers)!.bursts!.windows[0]!.peak_octets).toBe(2000);
    const parts = [
      receiverResult({ streams: [built()] }),
      receiverResult({ streams: [built({ bursts: bursts(3000) })] }),
    ];
    const [merged] = mergeParts(parts, 256).streams;
    expect(merged!.bursts!.windows[0]!.peak_octets).toBe(3000);
    expect(merged!.not_measured['bursts']).toContain('both together');
  });
});

describe('the text about bursts', () => {
  it('is one line of three windows where nobody asked for a queue', () => {
    const all = rich();
    const text = renderText(receiverResult({ streams: [{ ...all, bursts: { ...all.bursts!, queue: null } }] }));
    expect(text).toContain('  bursts        160 Mbit/s in 100 us, 24.0 Mbit/s in 1.00 ms, <400 kbit/s in');
    expect(text).not.toContain('largest');
    expect(renderText(receiverResult({ streams: [built({ bursts: null })] }))).not.toContain('bursts');
    const shared = built({ counters: counters({ PacketsReceived: 5, SharedTime: 1 }) });
    expect(renderText(receiverResult({ streams: [shared] })).replaceAll(/\s+/gu, ' ')).toContain('share a stamp:');
  });

  it('is a table with the largest bursts where the queue before a link was asked for', () => {
    const text = renderText(receiverResult({ streams: [rich()] }));
    const from = text.indexOf('  bursts ');
    expect(text.slice(from, text.indexOf('went back'))).toBe(EXPECTED);
  });
});

const EXPECTED = `\
  bursts          window            peak       octets    datagrams           at
                 10.0 us      800 Mbit/s        1,000            1       2.00 s
                  100 us      160 Mbit/s        2,000            2       2.00 s
                 1.00 ms     24.0 Mbit/s        3,000            3       2.00 s
                 10.0 ms     3.20 Mbit/s        4,000            4       2.00 s
                  100 ms     <400 kbit/s        5,000            5       2.00 s
                  1.00 s    <48.0 kbit/s        6,000            6       2.00 s
    largest        lasts                       octets    datagrams         from
                  400 us                        3,000            3       2.00 s
                    0 ns                        2,000            2       1.00 s
    queue       at 1.00 Gbit/s@wire 12.5 kB (100 us), 3.00 s into the run; delay
                p50 10.0 us, p99 100 us
                2 stamps `;
