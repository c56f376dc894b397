import { describe, expect, it } from 'vitest';
import { buildStream } from '../../src/result/build.js';
import { parseExpect, parseMax } from '../../src/result/limits.js';
import type { RunResult } from '../../src/result/model.js';
import { bandwidthLines } from '../../src/report/startLine.js';
import {
  intervalHeader,
  intervalLines,
  senderIntervalHeader,
  senderIntervalLines,
  StreamLabels,
} from '../../src/report/intervalLine.js';
import { renderStream, renderText } from '../../src/report/text.js';
import { buildIntervalFigures, buildIntervalRow, type SenderIntervalRow } from '../../src/result/interval.js';
import {
  counters,
  HEALTHY,
  interval,
  measurement,
  NO_LOSS,
  PORTABLE,
  receiverResult,
  runFacts,
  senderInput,
  senderResult,
  senderStream,
  snapshot,
} from './resultFixture.js';

const limits = [
  parseMax('packets_lost=5'),
  parseMax('one_way_delay_ns.p99=1ms'),
  parseExpect('mdi.delay_factor_ns<5ms'),
  parseMax('loss_ratio=2%'),
];
const impairment = { lost: 12, duplicated: 3, reordered: 5, delayed: 40, corrupted: 2 };
const plain = snapshot({
  format: 'udp',
  unit: 'none',
  sendTime: null,
  flow: null,
  senderRun: null,
  jitterNs: NaN,
  tosSent: null,
  ttlSent: null,
  ttlMin: null,
  ttlMax: null,
  lossDetail: NO_LOSS,
  firstPacketAfterJoinNs: null,
});

function mixed(): RunResult {
  return receiverResult({
    streams: [
      buildStream(plain, measurement({ ...PORTABLE, isLocal: () => true }), null),
      buildStream(snapshot({ name: 'News HD', tosSent: 0, notes: ['the sender restarted'] }), measurement(), null),
    ],
    health: { ...HEALTHY, kernelDrops: 5, injected: 'slow=500', truncated: 1 },
    eventCounts: { first_packet: 2, gap: 1234, dscp_changed: 1 },
    run: { ...runFacts().run, complete: false, name: 'night', labels: { site: 'a' } },
  });
}

describe('the text report', () => {
  it.each<[string, RunResult]>([
    ['receiver', receiverResult({ limits })],
    [
      'sender',
      senderResult(
        {},
        {
          quantumNs: 50_000,
          inputs: [
            senderInput({ passes: 3, left_out_packets: 5, correction_ppm: 2 }),
            senderInput({ name: 'b.ts', underruns: 2, resyncs: 1, skipped_octets: 1880, truncated_packets: 1 }),
            senderInput({ name: '-', discontinuities: 2, unstamped_units: 1, failure: 'no clock (PCR) was found' }),
          ],
          streams: [senderStream({ impairment, skipped: 6, sent: 987, octetsSent: 987 * 1316 })],
        },
      ),
    ],
    ['mixed', mixed()],
    ['silent', receiverResult({ streams: [], health: { ...HEALTHY, kernelDrops: 0 } })],
    [
      'collected',
      senderResult({
        receivers: [
          { name: 'lab2', address: '10.0.0.2', report: null, result: receiverResult() },
          { name: 'lab3', address: '10.0.0.3', report: null, result: null },
        ],
      }),
    ],
  ])('of a %s run is as it was', async (name, result) => {
    const text = renderText(result);
    await expect(text).toMatchFileSnapshot(`../vectors/report/${name}.txt`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(line.includes(' at ') ? 90 : 80);
  });

  it('differs in nothing but colour when it has some', () => {
    const coloured = renderText(mixed(), { color: true });
    // oxlint-disable-next-line no-control-regex
    const bare = coloured.replaceAll(/\u001B\[\d+m/gu, '');
    expect(bare).toBe(renderText(mixed()));
    expect(coloured.length).toBeGreaterThan(bare.length);
    expect(renderText(mixed(), { color: false })).not.toContain('\u001B');
  });

  it('says what of a capture is not sent, and nothing of what was left out on purpose', () => {
    const none = { too_large: 0, malformed: 0, unknown_link: 0, path_overflow: 0, backwards: 4, fault: null };
    const counts = { frames: 99, datagrams: 9, not_selected: 5, outside: 6, truncated: 1, fragments: 2000, not_udp: 0 };
    const capture = { ...none, ...counts };
    const text = renderText(senderResult({}, { inputs: [senderInput({ name: 'a.pcap', capture })] }));
    expect(text).toMatch(/input +a\.pcap: not sent: 1 datagram cut by the capture, 2,000 fragments$/m);
    const whole = { ...capture, truncated: 0, fragments: 0 };
    expect(renderText(senderResult({}, { inputs: [senderInput({ capture: whole })] }))).not.toMatch(/^ +input/m);
  });

  it('shows a part of many inputs that lacked something, and none of the others', () => {
    const inputs = [3, 0, 1, 2].map((resyncs) => senderInput({ name: `${resyncs}.ts`, resyncs }));
    const text = renderText(senderResult({}, { inputs }), { most: 1 });
    expect(text).toContain('  input         3.ts: 3 losses of sync\n                and 2 more inputs\n');
    expect(renderText(senderResult({}, { inputs: [senderInput({ underruns: 1 })] }))).toContain(
      'film.ts: ran dry once\n',
    );
    expect(renderText(senderResult({}, { inputs: [senderInput()] }))).not.toContain('film.ts');
  });

  it('shows a part of many streams, and all of them together', () => {
    const streams = Array.from({ length: 30 }, (_, i) =>
      buildStream(snapshot({ flow: String(i) }), measurement(), null),
    );
    const text = renderText(receiverResult({ streams, health: { ...HEALTHY, kernelDrops: 60 } }), { most: 3 });
    expect(text).toContain('flow 2, run');
    expect(text).not.toContain('flow 3, run');
    expect(text).toContain('and 27 more streams');
    expect(text).toContain('all 30 streams together\n  received      29,700 datagrams of 30,000 expected');
  });

  it('says what repair left', () => {
    const stream = buildStream(snapshot(), measurement({ place: () => ({ role: 'media', leg: 'a' }) }), null);
    stream.after = {
      metrics: { ...stream.metrics, packets_lost: 0, loss_ratio: 0 },
      histograms: null,
      not_measured: {},
    };
    const text = renderText(receiverResult({ streams: [stream] }));
    expect(text).toContain('\n  after repair  lost 0 of 1,000 (0 %)\n');
  });

  it('gives local time with its offset', () => {
    expect(renderText(receiverResult(), { offsetAt: () => 120 })).toContain('2026-09-21 15:46:40.6+02:00');
  });

  it('renders one stream alone', () => {
    expect(renderText(receiverResult())).toContain(renderStream(receiverResult().streams[0]!));
  });
});

describe('interval lines', () => {
  const stream = {
    id: 's',
    name: null,
    group: '239.1.1.1',
    port: 5001,
    flow: '0',
    unit: 'packet' as const,
    tellsNeverSent: true,
    countsDrops: true,
  };
  const time = '2026-09-21T13:46:41.000000000Z';
  const row = buildIntervalRow(interval(0), stream);

  it('stand in columns below their header, within 80', () => {
    expect([intervalHeader(), ...intervalLines([row], time, { offsetAt: () => 120 })]).toEqual([
      'time            bit/s received  lost   dup reord delay50 delay99  jitter',
      '15:46:41+02:00  1.04M       99     1     0     0  35.0us  39.0us  12.0us',
    ]);
    expect(intervalLines([], time)).toEqual([]);
    // The last line of a run ends at any time.
    expect(intervalLines([row], '2026-09-21T13:46:41.250000000Z', { offsetAt: () => 120 })).toEqual([
      '15:46:41.3+02:00 1.04M       99     1     0     0  35.0us  39.0us  12.0us',
    ]);
  });

  it('of several streams name each below the time, within 80', () => {
    const id = '239.1.1.1:5001/10.0.0.1:4000/eth0/0/run';
    const rows = [
      { ...row, stream: id },
      { ...row, stream: id, flow: '1' },
      { ...row, stream: id, name: 'A channel with a very long name', flow: null },
      { ...row, stream: id, group: '239.1.1.2', flow: null },
      { ...row, stream: '239.1.1.2:5001/10.0.0.2:4000/eth0', group: '239.1.1.2', flow: null },
    ];
    const lines = [intervalHeader({ several: true }), ...intervalLines(rows, time, { several: true })];
    expect(lines.map((line) => line.slice(0, 29))).toEqual([
      'stream                  bit/s',
      '13:46:41Z',
      '239.1.1.1:5001 #0       1.04M',
      '239.1.1.1:5001 #1       1.04M',
      'A channel .. long name  1.04M',
      'from 10.0.0.1:4000      1.04M',
      'from 10.0.0.2:4000      1.04M',
    ]);
    expect(new Set(lines.filter((line) => line !== '13:46:41Z').map((line) => line.length))).toEqual(new Set([80]));
    // A name once given stays, whoever else has something to tell.
    const labels = new StreamLabels();
    intervalLines(rows, time, { several: true, labels });
    expect(intervalLines(rows.slice(0, 1), time, { several: true, labels })[1]).toMatch(/^239\.1\.1\.1:5001 #0 /u);
    expect(intervalLines(rows.slice(0, 1), time, { several: true })[1]).toMatch(/^239\.1\.1\.1:5001 {2}/u);
    // Of very many, those that miss something are shown.
    const many = Array.from({ length: 50 }, (_, i) => ({
      ...row,
      stream: `${i}`,
      port: 6000 + i,
      packets_lost: i % 40 === 39 ? 7 : 0,
    }));
    const few = intervalLines(many, time, { several: true, most: 2 });
    expect(few.map((line) => line.slice(0, 23).trim())).toEqual([
      '13:46:41Z',
      '239.1.1.1:6039',
      '239.1.1.1:6000',
      'and 48 more streams',
    ]);
    expect(intervalLines(many, time, { several: true })).toHaveLength(22);
    const idle = many.map((one, i) => ({ ...one, packets_lost: 0, rate_bit_per_second: i < 45 ? 0 : 1000 }));
    const busy = intervalLines(idle, time, { several: true, most: 3 });
    expect(busy.slice(1, 4).map((line) => line.slice(0, 14))).toEqual([
      '239.1.1.1:6045',
      '239.1.1.1:6046',
      '239.1.1.1:6047',
    ]);
    const lossy = many.slice(0, 3).map((one) => ({ ...one, packets_lost: 4 }));
    expect(intervalLines(lossy, time, { several: true, most: 2 }).at(-1)).toBe('and 1 more stream, 4 missing');
    // Those without a row are among the others.
    const others = {
      ...buildIntervalFigures(counters({ PacketsReceived: 900, Lost: 5 }), 0, 1e9, stream),
      streams: 9744,
    };
    expect(intervalLines(lossy, time, { several: true, most: 2, others }).at(-1)).toBe(
      'and 9,745 more streams, 9 missing',
    );
    const indented = intervalLines(rows, time, { several: true, indent: 5 });
    expect(new Set(indented.slice(1).map((line) => line.length))).toEqual(new Set([75]));
  });

  it('keep their columns with colour, with large figures, and with none', () => {
    const values = counters({
      PacketsReceived: 12_345_678,
      Received: 12_345_678,
      Expected: 13e6,
      Lost: 654_322,
      LossNetwork: 654_322,
      PacketsDuplicated: 99_999,
      PacketsReordered: 99_999,
      OctetsReceived: 1.2e10,
    });
    const large = buildIntervalRow(
      interval(0, { counters: values, delayP50Ns: -1.2345e9, delayP99Ns: 99e9, jitterNs: 999_999 }),
      stream,
    );
    const none = buildIntervalRow(
      interval(0, { counters: counters({}), delayP50Ns: NaN, delayP99Ns: NaN, jitterNs: NaN }),
      { ...stream, unit: 'none' },
    );
    const width = intervalHeader().length;
    for (const one of [large, none]) expect(intervalLines([one], time)[0]).toHaveLength(width);
    expect(intervalLines([none], time)).toEqual([
      '13:46:41Z           0        0     -     -     -       -       -       -',
    ]);
    const coloured = intervalLines([large, none], time, { color: true, several: true });
    // oxlint-disable-next-line no-control-regex
    expect(coloured.map((line) => line.replaceAll(/\u001B\[\d+m/gu, ''))).toEqual(
      intervalLines([large, none], time, { several: true }),
    );
  });

  it('of a sender show how late datagrams left', () => {
    const sent: SenderIntervalRow = {
      stream: 's',
      name: null,
      group: 'ff15::1',
      port: 5001,
      scheduled: 1900,
      sent: 1896,
      not_sent: 4,
      octets_sent: 2_495_136,
      rate_bit_per_second: 19_961_088,
      departure_error_p50_ns: 3000,
      departure_error_p99_ns: 21_000,
      departure_error_max_ns: 412_000,
    };
    expect([senderIntervalHeader(), ...senderIntervalLines([sent], time)]).toEqual([
      'time            bit/s     sent not sent  late50  late99  latest',
      '13:46:41Z       20.0M     1896        4  3.00us  21.0us   412us',
    ]);
    expect(senderIntervalLines([sent], time, { several: true })[1]).toMatch(/^\[ff15::1\]:5001 {10}20\.0M {5}1896/u);
    expect(senderIntervalLines([{ ...sent, not_sent: null }], time)[0]).toContain(' 1896        -');
  });
});

describe('the start line', () => {
  it('gives the bandwidth on all layers', () => {
    const load = { packetsPerSecond: 1000, sizeOctets: 1000, family: 4 as const };
    expect(bandwidthLines([load])).toEqual([
      '1000 datagrams/s in 1 stream, 8.00 Mbit/s of UDP payload',
      '  IP 8.22 Mbit/s, Ethernet 8.34 Mbit/s, wire 8.53 Mbit/s',
    ]);
    expect(bandwidthLines([load, { ...load, family: 6 }])[1]).toContain('IP 16.6 Mbit/s, Ethernet 16.8 Mbit/s');
    expect(bandwidthLines([load, load, load], 1, ['second legs', 'FEC'])[0]).toBe(
      '3000 datagrams/s in 1 stream with second legs and FEC, 24.0 Mbit/s of UDP payload',
    );
    expect(bandwidthLines([{ ...load, packetsPerSecond: Infinity }])).toEqual(['as fast as possible, in 1 stream']);
  });
});
