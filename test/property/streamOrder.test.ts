import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { everyStream } from '../../src/result/briefStreams.js';
import { buildStream } from '../../src/result/build.js';
import type { HistogramSummary, Stream } from '../../src/result/model.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { measurement, snapshot } from '../unit/resultFixture.js';

const BASE = buildStream(snapshot({}), measurement(), null);

interface Kind {
  readonly isMedia: boolean;
  readonly lossRatio: number | null;
  readonly p99: number | null;
}

function streamOf({ isMedia, lossRatio, p99 }: Kind, position: number): Stream {
  const delay: HistogramSummary = { ...BASE.histograms!.one_way_delay_ns!, p99 };
  return {
    ...BASE,
    flow: String(position),
    role: isMedia ? 'media' : 'fec',
    metrics: { ...BASE.metrics, loss_ratio: lossRatio, dscp_received: position % 3 === 0 ? { '46': 1 } : null },
    histograms: { ...BASE.histograms!, one_way_delay_ns: delay },
  };
}

function delayOf({ histograms }: Stream): number {
  return histograms?.one_way_delay_ns?.p99 ?? -1;
}

function lossOf({ metrics }: Stream): number {
  return metrics.loss_ratio ?? 0;
}

function besideOf({ role }: Stream): number {
  return role === 'media' ? 0 : 1;
}

/** All at once, as one sort. */
function sorted(streams: readonly Stream[]): Stream[] {
  return streams.toSorted((a, b) => besideOf(a) - besideOf(b) || lossOf(b) - lossOf(a) || delayOf(b) - delayOf(a));
}

test('streams that come one after another stand as they would after one sort, however many are kept', () => {
  const kind = fc.record({
    isMedia: fc.boolean(),
    lossRatio: fc.constantFrom(null, 0, 0, 0.25, 0.5),
    p99: fc.constantFrom(null, 0, 1e6, 2e6),
  });
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 60 }), fc.nat(12), (kinds, detail) => {
      const streams = kinds.map(streamOf);
      const ordered = orderStreams(streams, detail);
      const flows = everyStream(ordered).map(({ flow }) => flow);
      if (streams.length <= detail) {
        const media = streams.filter(({ role }) => role === 'media');
        expect(ordered.streams).toEqual([...media, ...streams.filter((stream) => !media.includes(stream))]);
        return;
      }
      const right = sorted(streams);
      expect(flows).toEqual(right.map(({ flow }) => flow));
      expect(ordered.streams).toEqual(right.slice(0, detail));
      expect(everyStream(ordered).map(({ metrics }) => metrics)).toEqual(right.map(({ metrics }) => metrics));
    }),
    { numRuns: 300 },
  );
});
