import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRIC_IDS, METRICS } from '../../src/metrics/catalog.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { Series, SERIES_POINTS } from '../../src/metrics/series.js';
import { aggregateStreams } from '../../src/result/aggregate.js';
import { buildStream } from '../../src/result/build.js';
import { histogramOf, mergeSummaries, summarise } from '../../src/result/histogramSummary.js';
import { RunResultSchema, type Stream } from '../../src/result/model.js';
import {
  checkIdentities,
  counters,
  interval,
  measurement,
  NO_LOSS,
  PORTABLE,
  receiverResult,
  snapshot,
} from '../unit/resultFixture.js';

/** A stream with any counts that obey the identities. */
const stream: fc.Arbitrary<Stream> = fc
  .record({
    received: fc.nat(1_000_000),
    network: fc.nat(1000),
    socket: fc.nat(1000),
    application: fc.nat(1000),
    pending: fc.nat(10),
    duplicated: fc.nat(100),
    firstMs: fc.nat(1000),
    lengthMs: fc.nat(100_000),
    unit: fc.constantFrom('packet', 'message', 'none'),
    portable: fc.boolean(),
    local: fc.boolean(),
    sendTime: fc.constantFrom('departure', 'due', null),
    jitter: fc.option(fc.nat(1e6), { nil: NaN }),
    name: fc.option(fc.string()),
    flow: fc.option(fc.nat().map(String)),
  })
  .map((given) => {
    const lost = given.network + given.socket + given.application;
    const { received, duplicated } = given;
    const firstMonoNs = given.firstMs * 1e6;
    const lastMonoNs = firstMonoNs + given.lengthMs * 1e6;
    return buildStream(
      snapshot({
        unit: given.unit,
        format: given.unit === 'none' ? 'udp' : 'probe',
        name: given.name,
        flow: given.flow,
        sendTime: given.sendTime,
        jitterNs: given.jitter,
        pending: given.pending,
        counters: counters({
          PacketsReceived: received,
          PacketsDuplicated: duplicated,
          Expected: received + lost + given.pending,
          Received: received,
          Lost: lost,
          LossNetwork: given.network,
          LossSocketBuffer: given.socket,
          LossApplication: given.application,
          Duplicated: duplicated,
          OctetsReceived: (received + duplicated) * 100,
        }),
        lossDetail: NO_LOSS,
        histograms: null,
        firstMonoNs,
        lastMonoNs,
        firstRealNs: firstMonoNs,
        lastRealNs: lastMonoNs,
      }),
      measurement({ ...(given.portable ? PORTABLE : {}), isLocal: () => given.local }),
      null,
    );
  });
const streams = fc.array(stream, { minLength: 1, maxLength: 8 });

describe('a built result', () => {
  it('is valid by its own schema, keeps its identities, and survives JSON', () => {
    fc.assert(
      fc.property(streams, (built) => {
        const result = receiverResult({ streams: built });
        const json = JSON.parse(JSON.stringify(result)) as unknown;
        expect(json).toEqual(result);
        expect(RunResultSchema.parse(json)).toEqual(json);
        expect(checkIdentities(built, null, null).broken).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('has neither NaN nor Infinity in any metric, and a reason for every null that is no other unit', () => {
    fc.assert(
      fc.property(stream, (built) => {
        for (const id of METRIC_IDS) {
          if (id === 'dscp_received') continue;
          const value = built.metrics[id];
          expect(value === null || Number.isFinite(value), id).toBe(true);
          const expected = METRICS[id].fixed && !(id === 'packets_expected' && built.unit === 'message');
          if (value === null && expected) expect(built.not_measured[id], id).toBeTypeOf('string');
        }
      }),
    );
  });
});

describe('the aggregate', () => {
  it('does not depend on the order of streams', () => {
    fc.assert(
      fc.property(streams, (built) => {
        const one = aggregateStreams(built, null)!;
        const other = aggregateStreams(built.toReversed(), null)!;
        for (const id of METRIC_IDS) {
          const [a, b] = [one.metrics[id], other.metrics[id]];
          if (typeof a === 'number' && !Number.isInteger(a)) expect(b).toBeCloseTo(a, 4);
          else expect(b, id).toEqual(a);
        }
      }),
    );
  });

  it('of one stream is that stream, but for what has no meaning over several', () => {
    fc.assert(
      fc.property(stream, (built) => {
        const { metrics } = aggregateStreams([built], null)!;
        for (const id of METRIC_IDS) {
          const expected = METRICS[id].merge === 'none' ? null : built.metrics[id];
          if (typeof expected === 'number')
            expect(Math.abs((metrics[id] as number) - expected), id).toBeLessThanOrEqual(Math.abs(expected) * 1e-12);
          else expect(metrics[id], id).toEqual(expected);
        }
      }),
    );
  });

  it('counts what its streams count', () => {
    fc.assert(
      fc.property(streams, (built) => {
        const { metrics } = aggregateStreams(built, null)!;
        const sum = (of: (one: Stream) => number | null): number =>
          built.reduce((total, one) => total + (of(one) ?? 0), 0);
        expect(metrics.packets_received).toBe(sum((one) => one.metrics.packets_received));
        expect(metrics.packets_lost ?? 0).toBe(sum((one) => one.metrics.packets_lost));
        const lost = sum((one) => one.metrics.messages_lost ?? one.metrics.packets_lost);
        const expected = sum((one) => one.metrics.messages_expected ?? one.metrics.packets_expected);
        if (expected > 0) expect(metrics.loss_ratio).toBe(lost / expected);
        else expect(metrics.loss_ratio).toBeNull();
      }),
    );
  });
});

describe('summaries of histograms', () => {
  const recorded = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 200 }).map((values) => {
    const made = new Histogram();
    for (const value of values) made.record(value);
    return made;
  });

  it('merge in any grouping into what one histogram would say', () => {
    fc.assert(
      fc.property(recorded, recorded, recorded, (a, b, c) => {
        const [x, y, z] = [summarise(a), summarise(b), summarise(c)];
        const whole = new Histogram();
        for (const one of [a, b, c]) whole.add(one);
        const { mean, ...expected } = summarise(whole);
        for (const merged of [mergeSummaries([x, y, z])!, mergeSummaries([mergeSummaries([x, y]), z])!]) {
          expect(merged).toMatchObject(expected);
          if (mean !== null) expect(Math.abs(merged.mean! - mean)).toBeLessThanOrEqual(1e-3);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('come back as a histogram that says the same', () => {
    fc.assert(
      fc.property(recorded, (one) => {
        const { mean, ...expected } = summarise(one);
        const back = summarise(histogramOf(JSON.parse(JSON.stringify(summarise(one))) as ReturnType<typeof summarise>));
        expect(back).toMatchObject(expected);
        expect(back.mean === null).toBe(mean === null);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a series', () => {
  it('keeps sum and extremes of every point as a plain regrouping of the intervals would', () => {
    const steps = fc.array(
      fc.record({
        skip: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 700 })),
        lost: fc.nat(100),
      }),
      {
        minLength: 1,
        maxLength: 1200,
      },
    );
    fc.assert(
      fc.property(steps, (given) => {
        const series = new Series(1e9);
        const intervals = new Map<number, number>();
        let second = 0;
        for (const { skip, lost } of given) {
          if (intervals.size > 0) second += 1 + skip;
          intervals.set(second, lost);
          series.add(interval(second, { counters: counters({ LossNetwork: lost }) }));
        }
        const per = series.stepNs / 1e9;
        expect(series.points).toBe(Math.floor(second / per) + 1);
        expect(series.points).toBeLessThanOrEqual(SERIES_POINTS);
        expect(per === 1 || Math.floor(second / (per / 2)) >= SERIES_POINTS).toBe(true);
        const groups = new Map<number, number[]>();
        for (const [at, lost] of intervals) {
          const point = Math.floor(at / per);
          groups.set(point, [...(groups.get(point) ?? []), lost]);
        }
        const { value, min, max } = series.column('loss_network')!;
        for (let point = 0; point < series.points; point++) {
          const group = groups.get(point);
          const expected =
            group === undefined
              ? [null, null, null]
              : [group.reduce((a, b) => a + b), Math.min(...group), Math.max(...group)];
          expect([value[point], min[point], max[point]]).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });
});
