/** Datagrams of iperf 2 through the whole measurement: numbers, ends, new beginnings, jitter as iperf's own, bad input. */
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/analysis/socketFaults.js';
import { SlotFlag } from '../../src/core/batch.js';
import { Random } from '../../src/core/random.js';
import type { Scheme } from '../../src/core/endpoint.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { iperfCodec } from '../../src/wire/iperfCodec.js';
import { iperfReportCodec } from '../../src/wire/iperfReport.js';
import { rtpCodec } from '../../src/wire/rtp.js';
import { WireStatus } from '../../src/wire/status.js';
import { iperfServerOracle } from '../oracle/iperf.js';
import { type Datagram, Driver, EPOCH_NS } from '../sim/drive.js';

const US = 1e3;
const MS = 1e6;
const S = 1e9;
const TRANSIT_NS = 100 * US;

const SETTINGS = {
  threads: 1,
  port: 5001,
  sizeOctets: 80,
  windowOrRate: 0,
  amount: -1000,
  type: 0,
  length: 0,
  tests: 0,
  lowerFlags: 0,
  versionUpper: 0x0002_0001,
  versionLower: 0x0008_0003,
  reserved: 0,
  tos: 0xb8,
  rateLower: 1_000_000,
  rateUpper: 0,
  writePrefetch: 0,
};

interface Part extends Partial<Datagram> {
  /** CLOCK_REALTIME since the epoch, ns; NaN: the client has no clock. Default: 100 us before its arrival. */
  readonly sentAtNs?: number;
  readonly isNarrow?: boolean;
}

/** Number `number` at `ms`; a negative one is final. */
function at(ms: number, number: number | bigint, part: Part = {}): Datagram {
  const { sentAtNs = ms * MS - TRANSIT_NS, isNarrow = false, ...rest } = part;
  const unixNs = Number.isNaN(sentAtNs) ? 0n : EPOCH_NS + BigInt(Math.round(sentAtNs));
  const header = {
    number: BigInt(number),
    seconds: Number(unixNs / 1_000_000_000n),
    microseconds: Number((unixNs % 1_000_000_000n) / 1000n),
    flags: isNarrow ? null : 0x4801_0098,
    settings: isNarrow ? null : SETTINGS,
  };
  const octets = new Uint8Array(80);
  iperfCodec.write(octets, 0, header);
  return { octets, monoNs: ms * MS, tos: 0xb8, ...rest };
}

/** Numbers `from .. to`, one a millisecond, the last of them final where that is said. */
function run(fromMs: number, from: number, to: number, isWhole = true, part: Part = {}): Datagram[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const number = from + i;
    return at(fromMs + i, isWhole && number === to ? -number : number, part);
  });
}

function driverOf(scheme: Scheme | null = 'iperf', maxStreams = 64): Driver {
  return new Driver({ sockets: [{ scheme }], maxStreams });
}

function measured(datagrams: readonly Datagram[], scheme: Scheme | null = 'iperf', size = 7): Driver {
  const driver = driverOf(scheme);
  driver.all(datagrams, size);
  driver.measurement.finish(1000 * S);
  return driver;
}

function figures({ measurement }: Driver, stream = 0) {
  const { counters, ended, expectedFrom } = measurement.snapshot(stream);
  return {
    received: counters[StreamCounter.PacketsReceived],
    expected: counters[StreamCounter.Expected],
    lost: counters[StreamCounter.Lost],
    duplicated: counters[StreamCounter.PacketsDuplicated],
    reordered: counters[StreamCounter.PacketsReordered],
    markers: counters[StreamCounter.Markers],
    ended,
    expectedFrom,
  };
}

const WHOLE = { lost: 0, duplicated: 0, reordered: 0, markers: 0, ended: true, expectedFrom: 'first' };

const malformed = ({ measurement }: Driver): number[] => [...measurement.socketSnapshot(0).malformed];
const kinds = ({ measurement }: Driver): string[] => measurement.takeEvents().map(({ kind }) => kind);

describe('a run', () => {
  it('is counted with its final datagram, as iperf does', () => {
    const driver = measured(run(0, 1, 100));
    expect(figures(driver)).toEqual({ ...WHOLE, received: 100, expected: 100 });
    expect(driver.measurement.snapshot(0)).toMatchObject({
      format: 'iperf',
      unit: 'packet',
      flow: null,
      senderRun: null,
      sendTime: 'departure',
      tosSent: 0xb8,
    });
    expect(kinds(driver)).toEqual(['first_packet', 'stream_end']);
  });

  it('the final datagram tells what was lost at the end, repeated ones are markers', () => {
    const datagrams = [...run(0, 1, 90, false), at(100, -100), at(120, -100), at(130, -101), at(140, -102)];
    expect(figures(measured(datagrams))).toEqual({ ...WHOLE, received: 91, expected: 100, lost: 9, markers: 3 });
  });

  it('a client repeats it with numbers that go on: where the first is lost the next one is the last', () => {
    const datagrams = [...run(0, 1, 99, false), at(110, -101), at(120, -102)];
    expect(figures(measured(datagrams))).toEqual({ ...WHOLE, received: 100, expected: 101, lost: 1, markers: 1 });
  });

  it('what the final datagram has overtaken still counts', () => {
    const datagrams = [...run(0, 1, 8, false), at(9, -10, { sentAtNs: 8.9 * MS }), at(9.5, 9, { sentAtNs: 8 * MS })];
    expect(figures(measured(datagrams))).toEqual({ ...WHOLE, received: 10, expected: 10, reordered: 1 });
  });

  it('begins with the first number heard', () => {
    expect(figures(measured(run(0, 41, 100)))).toEqual({ ...WHOLE, received: 60, expected: 60 });
  });

  it('of which only the end is heard has no datagrams', () => {
    const driver = measured([at(0, -100), at(10, -101), at(20, -102)]);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 0, expected: 0, markers: 3 });
    expect(driver.measurement.hasSettled(2 * S)).toBe(true);
  });

  it('without an end is not over', () => {
    const driver = measured(run(0, 1, 10, false));
    expect(figures(driver)).toEqual({ ...WHOLE, received: 10, expected: 10, ended: false });
  });

  it('has numbers of 32 bits where nothing says that they have 64', () => {
    const driver = measured(run(0, 0, 20, true, { isNarrow: true }));
    expect(figures(driver)).toEqual({ ...WHOLE, received: 21, expected: 21 });
    expect(driver.measurement.snapshot(0).tosSent).toBeNull();
  });

  it('passes 2^32', () => {
    const first = 0xffff_fff0n;
    const datagrams = Array.from({ length: 40 }, (_, i) => at(i, first + BigInt(i)));
    datagrams.splice(20, 2);
    datagrams.push(at(40, -(first + 40n)));
    const driver = measured(datagrams);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 39, expected: 41, lost: 2 });
    expect(driver.measurement.snapshot(0).lossDetail.map).toEqual([
      { first: String(first + 20n), count: 2, cause: 'network' },
    ]);
  });

  it('datagrams that were cut are lost by this program', () => {
    const datagrams = run(0, 1, 10);
    datagrams[4] = { ...datagrams[4]!, flags: SlotFlag.TimeKernel | SlotFlag.Truncated };
    const driver = measured(datagrams);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 9, expected: 10, lost: 1 });
    expect(driver.measurement.snapshot(0).counters[StreamCounter.LossApplication]).toBe(1);
    expect(malformed(driver)[Fault.Truncated]).toBe(1);
  });
});

describe('the same client again', () => {
  it('is another stream, and a restart', () => {
    const driver = measured([...run(0, 1, 10), at(20, -10), ...run(3000, 1, 30)]);
    expect(driver.measurement.streamCount).toBe(2);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 10, expected: 10, markers: 1 });
    expect(figures(driver, 1)).toEqual({ ...WHOLE, received: 30, expected: 30 });
    driver.measurement.socketReadPast(0, 900 * S);
    expect(kinds(driver)).toEqual(['first_packet', 'stream_end', 'first_packet', 'stream_end', 'restart']);
  });

  it('at once, and with number 0', () => {
    const driver = measured([...run(0, 0, 10, true, { isNarrow: true }), ...run(11, 0, 5, true, { isNarrow: true })]);
    expect([0, 1].map((stream) => figures(driver, stream).received)).toEqual([11, 6]);
  });

  it('though it was killed: a second behind the highest number', () => {
    const driver = measured([...run(0, 1, 500, false), ...run(2000, 1, 20)]);
    expect([0, 1].map((stream) => figures(driver, stream).received)).toEqual([500, 20]);
    expect(figures(driver)).toMatchObject({ duplicated: 0, ended: false });
  });

  it('of which the beginning is missing: confirmed by its next number', () => {
    const driver = measured([...run(0, 1, 10), ...run(3000, 4, 30)]);
    expect(figures(driver, 1)).toEqual({ ...WHOLE, received: 26, expected: 26 });
    expect(malformed(driver)[Fault.UnconfirmedJump]).toBe(1);
  });

  it('without a clock: behind its end, or a silence', () => {
    const noClock = { sentAtNs: NaN };
    const ended = measured([...run(0, 1, 10, true, noClock), ...run(20, 1, 10, true, noClock)]);
    expect(ended.measurement.streamCount).toBe(2);
    expect(ended.measurement.snapshot(0).sendTime).toBeNull();
    const silent = measured([...run(0, 1, 10, false, noClock), ...run(5000, 1, 10, true, noClock)]);
    expect(silent.measurement.streamCount).toBe(2);
  });

  it('is not what was delayed, repeated, or held back by a sender that stamps it when it leaves', () => {
    const datagrams = run(0, 1, 100, false);
    // Number 1 twice more, and number 50 half a second late, sent when they leave.
    datagrams.splice(49, 1);
    datagrams.push(at(101, 1, { sentAtNs: 1 * MS }), at(102, 1), at(500, 50), at(501, -101));
    const driver = measured(datagrams);
    expect(driver.measurement.streamCount).toBe(1);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 101, expected: 101, duplicated: 2, reordered: 1 });
  });

  it('from another port is another stream too, and flows side by side are no foreign senders', () => {
    const driver = driverOf();
    const flows = [1, 2, 3].flatMap((path) => run(0, 1, 3000, true, { path }));
    flows.sort((a, b) => a.monoNs - b.monoNs);
    driver.all(flows);
    driver.all(run(4000, 1, 50, true, { path: 4 }));
    driver.measurement.socketReadPast(0, 10 * S);
    expect(kinds(driver).filter((kind) => kind === 'restart' || kind === 'foreign_sender')).toEqual(['restart']);
    expect([0, 1, 2, 3].map((stream) => figures(driver, stream).received)).toEqual([3000, 3000, 3000, 50]);
  });

  it('beside one from another host is a foreign sender', () => {
    const driver = new Driver({ sockets: [{ scheme: 'iperf' }], paths: [{}, {}, { source: '192.0.2.9' }] });
    driver.all([1, 2].flatMap((path) => run(0, 1, 3000, true, { path })).sort((a, b) => a.monoNs - b.monoNs));
    driver.measurement.socketReadPast(0, 10 * S);
    expect(kinds(driver)).toContain('foreign_sender');
  });
});

describe("iperf's own figures", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('agree on lost, total, out of order and jitter: seed %i', (seed) => {
    const random = new Random(seed);
    const count = 2000;
    const sent = Array.from({ length: count }, (_, i) => ({
      number: i + 1 === count ? -count : i + 1,
      sentNs: (10 + i) * MS,
      arrivesNs: (10 + i) * MS + 200 * US + (i === 0 ? 0 : random.below(3 * MS)),
    }));
    // The first comes first, and tells both where to begin; the final one comes behind all others, as with a client that waits for it.
    const arrived = sent.filter(({ number }) => number === 1 || number < 0 || random.unit() > 0.05);
    arrived.at(-1)!.arrivesNs += 10 * MS;
    arrived.sort((a, b) => a.arrivesNs - b.arrivesNs);
    const ours = measured(
      arrived.map(({ number, sentNs, arrivesNs }) => at(arrivesNs / MS, number, { sentAtNs: sentNs })),
      'iperf',
      64,
    );
    const theirs = iperfServerOracle(
      arrived.map(({ number, sentNs, arrivesNs }) => ({
        number,
        sentUs: Math.floor(sentNs / 1000),
        receivedUs: Math.floor(arrivesNs / 1000),
      })),
    );
    const { received, expected, lost, reordered } = figures(ours);
    expect({ received, expected, lost, reordered }).toEqual({
      received: theirs.total - theirs.lost,
      expected: theirs.total,
      lost: theirs.lost,
      reordered: theirs.outOfOrder,
    });
    expect(theirs.lost).toBeGreaterThan(50);
    expect(theirs.outOfOrder).toBeGreaterThan(50);
    // Both stamps cut to microseconds: each difference is off by less than one.
    expect(Math.abs(ours.measurement.timing.jitterNs(0) - theirs.jitterUs * 1000)).toBeLessThan(1000);
  });

  it('one-way delay is that of the stamps', () => {
    const { histograms } = measured(run(0, 1, 100)).measurement.snapshot(0);
    // The wire has whole microseconds, and the epoch of the test is one.
    expect([histograms!.one_way_delay_ns.min, histograms!.one_way_delay_ns.max]).toEqual([TRANSIT_NS, TRANSIT_NS]);
  });
});

describe('without a demand', () => {
  it.each(['udp', null] as const)('is recognised by its settings: %s', (scheme) => {
    const driver = measured(run(0, 1, 100), scheme);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 100, expected: 100 });
    expect(driver.measurement.snapshot(0).format).toBe('iperf');
  });

  it('numbers of 32 bits are not told from chance', () => {
    const driver = measured(run(0, 1, 10, true, { isNarrow: true }), 'udp');
    expect(driver.measurement.snapshot(0)).toMatchObject({ format: 'unknown', unit: 'none' });
  });
});

describe('bad input', () => {
  it('another format is not taken for it, and told', () => {
    const rtp = new Uint8Array(200).fill(0x47);
    rtpCodec.write(rtp, 0, { ...rtpCodec.create(), payloadType: 33, sequence: 7, timestamp: 9, ssrc: 9 } as never);
    const driver = measured([0, 1, 2].map((ms) => ({ octets: rtp.slice(0, 100), monoNs: ms * MS })));
    expect(driver.measurement.streamCount).toBe(0);
    expect(malformed(driver)[WireStatus.BadMagic]).toBe(3);
    expect(driver.measurement.socketSnapshot(0).instead).toBe('rtp');
  });

  it.each([
    ['too short', new Uint8Array(11), WireStatus.TooShort],
    ['a million microseconds', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0x0f, 0x42, 0x40), WireStatus.BadMagic],
  ] as const)('%s', (_name, octets, status) => {
    const driver = measured([...run(0, 1, 5, false), { octets, monoNs: 5 * MS }, ...run(6, 6, 10)]);
    expect(figures(driver)).toEqual({ ...WHOLE, received: 10, expected: 10 });
    expect(malformed(driver)[status]).toBe(1);
  });

  it("a server's report is none of a client's datagrams", () => {
    const octets = new Uint8Array(128);
    iperfReportCodec.write(octets, 0, iperfReportCodec.create());
    const driver = measured([{ octets, monoNs: 0 }, ...run(1, 1, 10)]);
    expect(figures(driver).received).toBe(10);
    expect(malformed(driver)[WireStatus.UnknownType]).toBe(1);
  });

  it('a number far ahead, final or not, is believed only when the next one confirms it', () => {
    for (const forged of [5_000_000, -5_000_000, -(2 ** 40)]) {
      const driver = measured([...run(0, 1, 50, false), at(50, forged), ...run(51, 51, 100)]);
      expect(figures(driver)).toEqual({ ...WHOLE, received: 100, expected: 100 });
      expect(malformed(driver)[Fault.UnconfirmedJump]).toBe(1);
    }
  });

  it('what finds no room for a stream is counted, and nothing is answered', () => {
    const driver = driverOf('iperf', 2);
    for (const path of [1, 2, 3, 4]) driver.all(run(path, 1, 5, true, { path }));
    driver.measurement.finish(100 * S);
    expect(driver.measurement.table.overflows).toBeGreaterThan(0);
    expect(figures(driver, 0).received).toBe(5);
    expect(driver.measurement.decoder.iperf.finals).toEqual([]);
  });

  it('whatever comes throws nothing and keeps the identities', () => {
    const random = new Random(9);
    for (const scheme of ['iperf', 'udp'] as const) {
      const driver = driverOf(scheme);
      const valid = run(0, 1, 40);
      let nowNs = 0;
      for (let i = 0; i < 4000; i++) {
        const one = valid[random.below(valid.length)]!;
        const octets = random.below(3) === 0 ? one.octets! : one.octets!.slice(0, random.below(81));
        const changed = octets.slice();
        for (let n = random.below(4); n > 0 && changed.length > 0; n--)
          changed[random.below(changed.length)] = random.uint32();
        nowNs += random.below(MS);
        driver.batch([{ octets: changed, monoNs: nowNs, path: 1 + random.below(3) }]);
      }
      driver.measurement.finish(nowNs + 10 * S);
      for (let stream = 0; stream < driver.measurement.streamCount; stream++) {
        const { received, expected, lost } = figures(driver, stream);
        if (driver.measurement.snapshot(stream).format === 'iperf') expect(expected).toBe(received! + lost!);
      }
    }
  });
});
