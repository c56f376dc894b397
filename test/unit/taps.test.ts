import { describe, expect, it } from 'vitest';
import { exceeded } from '../../src/result/judge.js';
import { parseMax } from '../../src/result/limits.js';
import { RunResultSchema } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { renderText } from '../../src/report/text.js';
import { receiverResult } from './resultFixture.js';
import { taps, tapStream } from './tapsFixture.js';

describe('the section taps', () => {
  it('sums over the streams that were compared, and counts the others', () => {
    const section = taps([
      tapStream(),
      tapStream({ flow: '1', matched: 6, lost: 0, reordered: 0, lossMap: [] }),
      tapStream({ flow: '2', state: 'only_first', matched: 0, lost: 0 }),
      tapStream({ format: 'rtp', flow: null, senderRun: null, state: 'unnumbered' }),
    ]);
    expect(section).toMatchObject({
      packets_matched: 10,
      packets_lost: 2,
      loss_ratio: 2 / 12,
      packets_only_second: 2,
      packets_reordered: 1,
      reordered_ratio: 0.1,
      streams_total: 4,
      streams_compared: 2,
      streams_only_first: 1,
      streams_only_second: 0,
      first: { packets_received: 28, packets_duplicated: 4, packets_outside: 4 },
    });
    expect(section.delay_ns).toMatchObject({ count: 8, min: 1000, max: 4000 });
    expect(section.streams.map(({ not_compared }) => not_compared === null)).toEqual([true, true, false, false]);
    expect(section.streams[2]).toMatchObject({ packets_lost: null, loss_ratio: null, delay_ns: null, loss_map: null });
  });

  it('has no figures when no stream was compared', () => {
    const section = taps([tapStream({ state: 'only_second' })]);
    expect(section).toMatchObject({ packets_matched: null, packets_lost: null, delay_ns: null, streams_compared: 0 });
    const result = receiverResult({ taps: section });
    expect(exceeded(result, ['taps.packets_lost == 0'])).toMatchObject([{ value: null, ok: false }]);
  });

  it('says that percentiles hold only for what arrived', () => {
    expect(taps().delay_ns!.conditional).toEqual(['p90', 'p99', 'p999', 'p9999']);
  });

  it('keeps the worst streams when there are too many', () => {
    const streams = Array.from({ length: 300 }, (_, i) => tapStream({ flow: String(i), lost: i === 299 ? 9 : 1 }));
    const section = taps(streams);
    expect([section.streams.length, section.streams_total, section.streams[0]!.flow]).toEqual([256, 300, '299']);
  });

  it('fits the schema, and is null in a document that was written without it', async () => {
    const result = receiverResult({ taps: taps() });
    expect(RunResultSchema.safeParse(result).error).toBeUndefined();
    const { taps: _, ...older } = receiverResult();
    const [read] = await readResults(JSON.stringify(older), 'older.json');
    expect(read!.taps).toBeNull();
  });

  it('is reached by limits', () => {
    const result = receiverResult({ taps: taps() });
    expect(exceeded(result, [parseMax('taps.packets_lost=1'), parseMax('taps.delay_ns.p50=3us')])).toMatchObject([
      { expression: 'taps.packets_lost <= 1', value: 2 },
    ]);
    expect(exceeded(receiverResult(), ['taps.packets_lost == 0'])[0]!.reason).toBe('this result has no taps section');
  });

  it('is told in the text report', () => {
    const streams = [tapStream(), tapStream({ flow: '1', state: 'only_first' })];
    const text = renderText(receiverResult({ taps: taps(streams, { overflowed: 3 }) }));
    expect(text).toContain('between two captures: edge.pcap and core.pcapng');
    expect(text).toContain('1 stream in the first capture only');
    expect(text).toContain('no room in memory for 3 datagrams');
    expect(text).toMatch(/lost between +2 \(33\.3 %\)/u);
    expect(text).toMatch(/lost numbers +18446744073709551615 \(2\)/u);
    expect(text).toMatch(/above minimum +0ns/u);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});
