import { describe, expect, it } from 'vitest';
import { outlineResult, outlineStream, streamKey } from '../../src/result/outline.js';
import { Command, RunControl } from '../../src/runtime/control.js';
import { mediaResult, sentResult } from './reportFixture.js';

const nobody = { inFull: new Set<number>() };

describe('an outline', () => {
  it('has every figure of a stream but buckets, courses, maps, bursts and what is inside', () => {
    const [stream] = mediaResult().streams;
    const outline = outlineStream(stream!, nobody, 2);
    const { histograms, series, loss_map: map, bursts, transport, after, ...rest } = outline;
    expect([series, map, bursts, transport, after!.histograms]).toEqual([null, [], null, null, null]);
    expect(stream).toMatchObject({ ...rest, after: { metrics: after!.metrics } });
    for (const [id, summary] of Object.entries(histograms!)) {
      const whole = stream!.histograms![id as keyof typeof histograms & string];
      expect(summary).toEqual(whole === null ? null : Object.assign({}, whole, { buckets: [] }));
    }
    expect(JSON.stringify(outline).length).toBeLessThan(JSON.stringify(stream).length / 2);
  });

  it('has the stream that is looked at, or is the only one, as it is', () => {
    const [stream] = mediaResult().streams;
    expect(outlineStream(stream!, { inFull: new Set([streamKey(stream!.id)]) }, 2)).toBe(stream);
    expect(outlineStream(stream!, nobody, 1)).toBe(stream);
    const sent = sentResult();
    const { id } = sent.sender!.streams[0]!;
    expect(outlineResult(sent, { inFull: new Set([streamKey(id)]) }).sender!.streams[0]).toBe(sent.sender!.streams[0]);
    expect(outlineResult(sent, nobody).sender!.streams[0]).toEqual({
      ...sent.sender!.streams[0],
      departure_error_ns: { ...sent.sender!.streams[0]!.departure_error_ns, buckets: [] },
    });
  });

  it('is the result otherwise', () => {
    const result = mediaResult();
    expect({ ...outlineResult(result, nobody), streams: result.streams, aggregate: result.aggregate }).toEqual(result);
    expect(outlineResult(result, nobody).aggregate!.metrics).toBe(result.aggregate!.metrics);
  });
});

describe('what is asked of a run', () => {
  it('names the streams by keys in shared memory, those of the last question', () => {
    const asking = new RunControl();
    const asked = new RunControl(asking.words);
    asking.giveOutline([streamKey('a'), streamKey('b')]);
    asking.giveOutline([streamKey('c')]);
    expect(asked.take()).toBe(Command.Outline);
    expect([asked.inFull().has(streamKey('c')), asked.inFull().has(streamKey('a'))]).toEqual([true, false]);
    asking.giveOutline(Array.from({ length: 99 }, (_, i) => i));
    expect(asked.inFull().size).toBe(16);
  });

  it('has keys that tell streams apart', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `239.1.1.${i % 256}:5001/10.0.0.1:40000/eth0/${i}`);
    expect(new Set(ids.map(streamKey)).size).toBe(1000);
  });
});
