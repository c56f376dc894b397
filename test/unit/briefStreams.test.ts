import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { renderReport } from '../../src/report/render.js';
import { renderText } from '../../src/report/text.js';
import { everyStream, mediaTotal } from '../../src/result/briefStreams.js';
import { buildStream } from '../../src/result/build.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { judgeLimits } from '../../src/result/judge.js';
import { parseMax } from '../../src/result/limits.js';
import { mergeParts } from '../../src/result/merge.js';
import { RunResultSchema, type BriefStreams, type RunResult, type Stream } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { boundedJson, resultFor } from '../../src/result/resultFor.js';
import { counters, measurement, receiverResult, snapshot } from './resultFixture.js';

const STREAMS = 12;
const DETAIL = 3;

/** Of each another number lost, the first one nothing. */
function streams(change: (stream: Stream, i: number) => Partial<Stream> = () => ({})): Stream[] {
  return Array.from({ length: STREAMS }, (_, i) => {
    const counted = counters({ PacketsReceived: 100 - i, Received: 100 - i, Expected: 100, Lost: i, LossNetwork: i });
    const stream = buildStream(snapshot({ flow: String(i), counters: counted }), measurement(), null);
    return { ...stream, ...change(stream, i) };
  });
}

function resultOf(all: readonly Stream[] = streams()): RunResult {
  return receiverResult({ streams: all, detail: DETAIL });
}

function inBrief(stream: Stream): Stream {
  return { ...stream, histograms: null, series: null, loss_map: null, bursts: null, transport: null, not_measured: {} };
}

describe('streams beyond the detail', () => {
  it('are the same from columns again but for what is left out', () => {
    const all = streams((stream, i) => ({
      numbers: i % 2 === 0 ? null : { from: '0', to: String(i) },
      notes: i === 1 ? ['one of its own'] : [],
      name: null,
      metrics: { ...stream.metrics, dscp_received: i < 3 ? null : { '46': i }, jitter_ns: i === 2 ? null : i / 3 },
    }));
    const worstFirst = all.toReversed();
    const ordered = orderStreams(all, DETAIL);
    expect(ordered.streams).toEqual(worstFirst.slice(0, DETAIL));
    expect(everyStream(ordered)).toEqual([
      ...worstFirst.slice(0, DETAIL),
      ...worstFirst.slice(DETAIL).map((stream) => inBrief(stream)),
    ]);
    expect(orderStreams(all, STREAMS)).toEqual({ streams: all, streams_brief: null });
  });

  it('have what they share said once', () => {
    const { count, columns } = orderStreams(streams(), DETAIL).streams_brief!;
    expect(count).toBe(STREAMS - DETAIL);
    expect(columns['group']).toEqual({ all: '239.1.1.1' });
    expect(columns['notes']).toEqual({ all: [] });
    expect(columns['metrics.dscp_received']).toEqual({ all: { '46': 993 } });
    expect(columns['metrics.packets_lost']).toEqual({ each: [8, 7, 6, 5, 4, 3, 2, 1, 0] });
    expect(columns['flow']).toEqual({ each: ['8', '7', '6', '5', '4', '3', '2', '1', '0'] });
    for (const left of ['histograms', 'series', 'loss_map', 'bursts', 'transport', 'not_measured', 'metrics']) {
      expect(columns).not.toHaveProperty([left]);
    }
  });

  it('are in the document, valid and as it was written', async () => {
    const result = resultOf();
    expect(result).toMatchObject({ streams_total: STREAMS, streams_brief: { count: STREAMS - DETAIL } });
    const text = JSON.stringify(result);
    expect(RunResultSchema.parse(JSON.parse(text))).toEqual(result);
    expect(await readResults(text, 'f')).toEqual([result]);
  });

  it('are judged, listed and counted like the others', async () => {
    const result = resultOf(streams((_, i) => (i === 0 ? { role: 'fec' } : {})));
    const judged = judgeLimits(result, [parseMax('packets_lost=0')]).filter(({ expression }) =>
      /lost/u.test(expression),
    );
    expect(judged.map(({ value }) => value)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect((await renderReport('csv', [result])).trim().split('\r\n')).toHaveLength(1 + STREAMS);
    expect(mediaTotal(result)).toBe(STREAMS - 1);
    expect(renderText(result)).toContain(`and ${STREAMS - 1 - DETAIL} more streams`);
    expect(await renderReport('html', [result])).toContain(`${DETAIL} of ${STREAMS} streams`);
  });

  it('go to the sender that they are of', () => {
    const result = resultOf(streams((_, i) => (i % 3 === 0 ? { source: '10.0.0.9' } : {})));
    const [{ source, sender_run: run }] = streams() as [Stream];
    const given = resultFor(result, source, run ?? '', 0);
    expect(given.streams_total).toBe((STREAMS * 2) / 3);
    expect(everyStream(given).map(({ flow }) => flow)).toEqual(['11', '10', '8', '7', '5', '4', '2', '1']);
    expect(JSON.parse(boundedJson(given))).toMatchObject({ streams_brief: { count: given.streams_total - DETAIL } });
  });

  it('come together with those of other parts of the run', () => {
    const whole = mergeParts([resultOf(), resultOf()], DETAIL);
    expect(whole.streams_total).toBe(STREAMS);
    expect(whole.streams).toHaveLength(DETAIL);
    const lost = everyStream(whole).map(({ metrics }) => metrics.packets_lost);
    expect(lost).toEqual([22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0]);
  });
});

async function refusal(damage: (brief: BriefStreams) => void): Promise<string> {
  const result = structuredClone(resultOf());
  damage(result.streams_brief!);
  try {
    await readResults(JSON.stringify(result), 'f');
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    return (error as McastError).message;
  }
  return 'taken';
}

describe('columns that are read', () => {
  it.each<[string, (brief: BriefStreams) => void, string]>([
    ['are whole', () => {}, 'taken'],
    ['lack a field', ({ columns }) => delete columns['flow'], 'streams_brief[0].flow is missing'],
    ['lack the ids', ({ columns }) => delete columns['id'], 'streams_brief.columns.id: is missing'],
    [
      'are shorter than the others',
      ({ columns }) => (columns['flow'] = { each: ['1'] }),
      'streams_brief.columns.flow: has 1 values for 9 streams',
    ],
    ['are said to be very many', (brief) => (brief.count = 1e12), 'values for 1000000000000 streams'],
    [
      'are very many of one name',
      (brief) => {
        brief.count = 1e12;
        brief.columns = { id: { all: 'a' } };
      },
      'streams_brief.columns.id: is the same for all',
    ],
    [
      'hold what a stream cannot have',
      ({ columns }) => ((columns['metrics.packets_lost'] as { each: unknown[] }).each[4] = 'many'),
      'streams_brief[4].metrics.packets_lost: ',
    ],
    [
      'are neither of all nor of each',
      ({ columns }) => (columns['flow'] = {} as never),
      'streams_brief.columns.flow: ',
    ],
    [
      'are of another name',
      ({ columns }) => (columns['__proto__.x'] = { all: 1 }),
      'streams_brief.columns.__proto__.x',
    ],
  ])('%s', async (_name, damage, message) => {
    expect(await refusal(damage)).toContain(message);
  });

  it('may be of a writer that did not know a metric', async () => {
    const result = structuredClone(resultOf());
    delete result.streams_brief!.columns['metrics.user_time_datagrams'];
    const [read] = await readResults(JSON.stringify(result), 'f');
    expect(everyStream(read!).at(-1)!.metrics.user_time_datagrams).toBeNull();
  });

  it('are not in older documents', async () => {
    const { streams_brief: _, ...older } = receiverResult();
    const [read] = await readResults(JSON.stringify(older), 'f');
    expect(read!.streams_brief).toBeNull();
  });
});
