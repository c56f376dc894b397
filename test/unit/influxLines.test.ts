import { describe, expect, it } from 'vitest';
import { unixNsOf } from '../../src/core/time.js';
import { PERCENTILE_IDS } from '../../src/metrics/catalog.js';
import { EXPORT_TABLE } from '../../src/report/export/exportTable.js';
import { familyName, fieldName, measurementName } from '../../src/report/export/exportedFigure.js';
import { influxEvent, influxInterval, influxResult } from '../../src/report/export/influxLines.js';
import { prometheusText } from '../../src/report/export/prometheusText.js';
import { runTags } from '../../src/report/export/runInfo.js';
import { parseExposition } from '../exposition.js';
import { readInflux, type InfluxPoint } from '../influx.js';
import { builtOthers, builtRow, senderRow } from './intervalFixture.js';
import { receiverResult } from './resultFixture.js';
import { wholeDocument } from './wholeDocument.js';

const TAGS = runTags('0123abcd', 'lab1', { name: 'edge, left', labels: { site: 'fra', 'rack no': '3=4' } });
const OWN = { host: 'lab1', run: '0123abcd', instrument: 'edge, left', site: 'fra', 'rack no': '3=4' };

/** Tags but those of all lines. */
function tagsOf({ tags }: InfluxPoint): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !(name in OWN)));
}

describe('a whole document as lines', () => {
  const document = wholeDocument({ receivers: true });
  const points = readInflux([...influxResult(document, TAGS)].join(''));
  const families = parseExposition([...prometheusText(document, 'text')].join(''), 'text');

  it('has the same figures with the same labels and values as Prometheus gets', () => {
    for (const figure of EXPORT_TABLE) {
      if (figure.kind === 'distribution' || figure.kind === 'shifting' || figure.kind === 'state') continue;
      const name = familyName(figure);
      const { samples } = families.get(name) ?? families.get(`${name}_total`)!;
      const own = points.filter(
        ({ measurement, fields }) => measurement === measurementName(figure) && fieldName(figure) in fields,
      );
      const told = own.map((point) => [tagsOf(point), Number(point.fields[fieldName(figure)])]);
      const expected = samples.map(({ labels, value }) => [Object.fromEntries(labels), value]);
      for (const one of expected) expect(told, figure.path).toContainEqual(one);
      expect(told).toHaveLength(expected.length);
      const isCount = own.every(({ fields }) => typeof fields[fieldName(figure)] === 'bigint');
      // Of one type for ever: seconds that happen to be whole would be refused behind others.
      expect(isCount, figure.path).toBe(figure.kind === 'counter' && figure.unit !== 'ns');
    }
  });

  it('has percentiles as fields, and states as words', () => {
    const [stream] = document.streams;
    const line = points.find(
      ({ measurement, tags }) => measurement === 'mcast_stream' && tags['stream'] === stream!.id,
    )!;
    const summary = stream!.histograms!.one_way_delay_ns!;
    expect(line.fields['one_way_delay_count']).toBe(BigInt(summary.count));
    for (const id of ['min', 'mean', 'max', ...PERCENTILE_IDS] as const) {
      expect(line.fields[`one_way_delay_${id}_seconds`]).toBe(summary[id]! / 1e9);
    }
    const health = points.find(({ measurement }) => measurement === 'mcast_health')!;
    expect(health.fields['verdict']).toBe('valid');
    expect(points.find(({ measurement }) => measurement === 'mcast_limit')!.fields['ok']).toBe(true);
  });

  it('is one point for each stream, of the end of the run, with the tags of the run', () => {
    const streams = points.filter(({ measurement }) => measurement === 'mcast_stream');
    expect(streams).toHaveLength(2 + 2 * document.receivers.length);
    for (const { timeNs, tags } of points) {
      expect(timeNs).toBe(unixNsOf(document.run.end));
      expect(tags).toMatchObject(OWN);
    }
  });

  it('in lines of any length is the same', () => {
    const lines = [...influxResult(document, TAGS, 1400)].filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(points.length);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1400);
    const merged = new Map<string, object>();
    for (const { measurement, tags, fields } of readInflux(lines.join(''))) {
      const key = JSON.stringify([measurement, tags]);
      merged.set(key, { ...merged.get(key), ...fields });
    }
    expect([...merged.values()]).toEqual(points.map(({ fields }) => fields));
  });
});

describe('hostile text in lines', () => {
  it.each(['a,b=c d', 'a\nmcast_x y=1 1', 'ends\\', '\\', '\\,x=\\ ', '"quoted"', '\u001b[2J\u0000'])(
    '%j breaks nothing',
    (text) => {
      const document = wholeDocument({ text });
      const lines = [...influxResult(document, TAGS)].join('');
      expect(lines.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      for (const { tags } of readInflux(lines).filter(({ measurement }) => measurement === 'mcast_stream')) {
        expect(Object.keys(tags).filter((name) => !(name in OWN))).toEqual(
          ['stream', 'name', 'group', 'port', 'source', 'interface', 'role', 'leg'].toSorted(),
        );
      }
    },
  );

  it('an end with a backslash is no escape', () => {
    const result = receiverResult();
    const streams = [{ ...result.streams[0]!, name: 'C:\\media\\' }];
    const points = readInflux([...influxResult({ ...result, streams }, [])].join(''));
    const point = points.find(({ measurement }) => measurement === 'mcast_stream');
    expect(point!.tags['name']).toBe('C:\\media/');
  });
});

const ROW = builtRow('News, HD');
const SENT = senderRow('239.1.1.1:5001/eth0', {
  sent: 99,
  not_sent: 1,
  octets_sent: 130_284,
  rate_bit_per_second: 1_042_272,
  departure_error_p50_ns: 1500,
  departure_error_p99_ns: null,
  departure_error_max_ns: 20_000,
});

describe('an interval as lines', () => {
  const TIME = '2026-09-21T13:46:43.000000000Z';

  it('has the row of each stream at the time of its end; what is null is missing', () => {
    const lines = [
      ...influxInterval(
        { time: TIME, endNs: 2e9, rows: [ROW], others: null, senderRows: [SENT], transportRows: [] },
        TAGS,
      ),
    ];
    const [received, sent] = readInflux(lines.join(''));
    expect(received).toMatchObject({ measurement: 'mcast_interval', timeNs: unixNsOf(TIME) });
    expect(tagsOf(received!)).toEqual({
      stream: ROW.stream,
      name: 'News, HD',
      group: '239.1.1.1',
      port: '5001',
      flow: '0',
    });
    expect(received!.fields).toMatchObject({
      packets_received: BigInt(ROW.packets_received),
      packets_lost: BigInt(ROW.packets_lost!),
      loss_ratio: ROW.loss_ratio,
      received_bytes: BigInt(ROW.octets_received),
      rate_bytes_per_second: ROW.rate_bit_per_second / 8,
      jitter_seconds: ROW.jitter_ns! / 1e9,
      one_way_delay_p99_seconds: ROW.one_way_delay_p99_ns! / 1e9,
    });
    expect(received!.fields).not.toHaveProperty('never_sent');
    expect(sent!.fields).toEqual({
      scheduled: 100n,
      sent: 99n,
      not_sent: 1n,
      sent_bytes: 130_284n,
      rate_bytes_per_second: 130_284,
      departure_error_p50_seconds: 1.5e-6,
      departure_error_max_seconds: 2e-5,
    });
  });

  it('has the streams without a row together, as a measurement of their own', () => {
    const others = builtOthers(3);
    const lines = [
      ...influxInterval({ time: TIME, endNs: 2e9, rows: [ROW], others, senderRows: [], transportRows: [] }, TAGS),
    ];
    const points = readInflux(lines.join(''));
    expect(points.map(({ measurement }) => measurement)).toEqual(['mcast_interval', 'mcast_interval_others']);
    expect(points[1]).toMatchObject({ timeNs: unixNsOf(TIME) });
    expect(tagsOf(points[1]!)).toEqual({});
    expect(points[1]!.fields).toMatchObject({
      streams: 3n,
      packets_received: BigInt(3 * ROW.packets_received),
      packets_pending: 6n,
      rate_bytes_per_second: (3 * ROW.octets_received) / 1,
    });
    expect(points[1]!.fields).not.toHaveProperty('jitter_seconds');
  });

  it('has each second of the media delivery index at its own time, and indicators that were raised', () => {
    const mdi = [
      { start_ns: 0, end_ns: 1e9, delay_factor_ns: 9e6, media_loss_rate: 0 },
      { start_ns: 1e9, end_ns: 2e9, delay_factor_ns: null, media_loss_rate: 7 },
    ];
    const transportRows = [{ stream: ROW.stream, mdi, tr101290: { pat_error: 2 } }];
    const lines = [
      ...influxInterval({ time: TIME, endNs: 2.5e9, rows: [ROW], others: null, senderRows: [], transportRows }, []),
    ];
    const points = readInflux(lines.join('')).filter(({ measurement }) => measurement !== 'mcast_interval');
    expect(points.map(({ measurement, fields, timeNs }) => [measurement, fields, unixNsOf(TIME) - timeNs])).toEqual([
      ['mcast_mdi_second', { delay_factor_seconds: 0.009, media_loss_rate: 0n }, 1_500_000_000n],
      ['mcast_mdi_second', { media_loss_rate: 7n }, 500_000_000n],
      ['mcast_tr101290_interval', { pat_error: 2n }, 0n],
    ]);
    expect(points[0]!.tags['name']).toBe('News, HD');
  });
});

it('an event is a line with its text', () => {
  const [event] = receiverResult().events;
  const [point] = readInflux(influxEvent({ ...event!, text: 'said "hi" \\ \n' }, TAGS));
  expect(point).toMatchObject({
    measurement: 'mcast_event',
    fields: { text: 'said "hi" \\  ' },
    timeNs: unixNsOf(event!.time),
  });
  expect(tagsOf(point!)).toEqual({ event: event!.event, stream: event!.stream });
});
