import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { ProbeFlag } from '../../src/wire/probe.js';
import { WireStatus } from '../../src/wire/status.js';
import { changed, type Datagram, Driver } from '../sim/drive.js';

const MS = 1e6;
const S = 1e9;

function data(count: number, part: Partial<Datagram> = {}, first = 0, fromMs = 0): Datagram[] {
  return Array.from({ length: count }, (_, i) => ({ number: first + i, monoNs: (fromMs + i) * MS, ...part }));
}

function counter(driver: Driver, name: keyof typeof StreamCounter, stream = 0): number {
  return driver.measurement.snapshot(stream).counters[StreamCounter[name]]!;
}

const TS_PACKET = Uint8Array.from({ length: 188 }, (_, i) => (i === 0 ? 0x47 : i === 3 ? 0x10 : 0xff));
const TEXT = new TextEncoder().encode('any payload at all');

describe('formats', () => {
  it('takes any payload without a scheme, one stream per path, with what cannot be measured left out', () => {
    const driver = new Driver({ sockets: [{ scheme: null, tosSent: 0x88, ttlSent: 7 }] });
    driver.all([
      { octets: TEXT, monoNs: 0, tos: 0x88 },
      { octets: TEXT, monoNs: MS, tos: 0x88 },
      { octets: new Uint8Array(0), monoNs: 3 * MS, tos: 0x88 },
    ]);
    driver.measurement.finish(4 * MS);
    const snapshot = driver.measurement.snapshot(0);
    expect(snapshot).toMatchObject({
      format: 'unknown',
      unit: 'none',
      flow: null,
      senderRun: null,
      expectedFrom: null,
      lossAttribution: null,
      sendTime: null,
      tosSent: 0x88,
      ttlSent: 7,
      pending: 0,
    });
    expect(snapshot.counters[StreamCounter.PacketsReceived]).toBe(3);
    expect(snapshot.counters[StreamCounter.OctetsReceived]).toBe(2 * TEXT.length);
    expect([snapshot.counters[StreamCounter.Expected], snapshot.counters[StreamCounter.Lost]]).toEqual([0, 0]);
    expect(snapshot.histograms!.interarrival_ns.max).toBe(2 * MS);
    expect(snapshot.histograms!.one_way_delay_ns.count).toBe(0);
    expect(snapshot.jitterNs).toBeNaN();
    expect(snapshot.notes).toHaveLength(1);
    expect(driver.verdicts).toEqual(['None', 'None', 'None']);
  });

  it('names what it recognises', () => {
    const driver = new Driver({ sockets: [{ scheme: 'udp' }], batchCapacity: 8 });
    const ts = TS_PACKET.subarray(0, 128);
    driver.all([{ octets: TEXT, monoNs: 0 }]);
    expect(driver.measurement.snapshot(0).format).toBe('unknown');
    // An RTP header, payload type 33, and something in it.
    driver.all([{ octets: Uint8Array.from([0x80, 33, ...ts.subarray(0, 60)]), monoNs: 1 }]);
    expect(driver.measurement.snapshot(0).format).toBe('rtp');
  });

  it('recognises probe datagrams without a scheme; what else comes by that path is malformed', () => {
    const driver = new Driver({ sockets: [{ scheme: null }] });
    driver.all([...data(2), { octets: TEXT, monoNs: 5 * MS }, { octets: TEXT, monoNs: 5 * MS, path: 2 }]);
    expect(driver.measurement.streamCount).toBe(2);
    expect([driver.measurement.snapshot(0).format, driver.measurement.snapshot(1).format]).toEqual([
      'probe',
      'unknown',
    ]);
    expect(driver.measurement.socketSnapshot(0).malformed[WireStatus.TooShort]).toBe(1);
  });

  it('demands probe datagrams under that scheme, counts others by kind, and knows what came instead', () => {
    const driver = new Driver();
    const short = TEXT.subarray(0, 7);
    driver.all([
      { octets: short, monoNs: 0 },
      { octets: new Uint8Array(60).fill(1), monoNs: 1 },
      { octets: new Uint8Array(60).fill(1), monoNs: 2 },
    ]);
    const socket = driver.measurement.socketSnapshot(0);
    expect([socket.malformed[WireStatus.TooShort], socket.malformed[WireStatus.BadMagic]]).toEqual([1, 2]);
    expect(socket.instead).toBe('unknown');
    expect(driver.measurement.streamCount).toBe(0);
    driver.measurement.finish(3);
  });

  it('says as what the sender announced itself', () => {
    const driver = new Driver();
    driver.all(data(3, { probeFlags: ProbeFlag.DueTime | ProbeFlag.SuperPacket, flow: 7, run: 0xab }));
    expect(driver.measurement.snapshot(0)).toMatchObject({
      format: 'probe',
      unit: 'packet',
      flow: '7',
      senderRun: '000000ab',
      sendTime: 'due',
      superPackets: true,
      source: '192.0.2.1',
      sourcePort: 40_001,
    });
  });

  it('keeps flows of one path apart, in any order', () => {
    const driver = new Driver();
    driver.all(
      data(60).flatMap((one) => changed([one, one, one], ({ monoNs }, flow) => ({ flow, monoNs: monoNs + flow }))),
    );
    driver.measurement.finish(S);
    for (let stream = 0; stream < 3; stream++) {
      expect(counter(driver, 'Received', stream)).toBe(60);
      expect(counter(driver, 'Lost', stream)).toBe(0);
    }
  });
});

describe('limits', () => {
  it('discards what finds no room for its stream, as loss of the application', () => {
    const driver = new Driver({ maxStreams: 1 });
    driver.all([
      ...data(2, { flow: 1 }),
      ...data(3, { flow: 2 }),
      ...data(4, { flow: 3 }),
      { kind: 'end', flow: 3, monoNs: 9 },
    ]);
    driver.measurement.finish(S);
    expect(driver.measurement.streamCount).toBe(2);
    expect(driver.measurement.snapshot(1)).toMatchObject({ format: 'others', unit: 'packet' });
    expect([counter(driver, 'Expected', 1), counter(driver, 'Lost', 1), counter(driver, 'LossApplication', 1)]).toEqual(
      [7, 7, 7],
    );
    expect(counter(driver, 'PacketsReceived', 1)).toBe(0);
  });

  it('has histograms for so many streams, and one set for all others', () => {
    const driver = new Driver({ detail: 1 });
    driver.all(
      [0, 1, 2].flatMap((flow) => changed(data(4, { flow }), ({ monoNs }) => ({ sentNs: monoNs - 1000 * (flow + 1) }))),
    );
    const { measurement } = driver;
    expect([0, 1, 2].map((stream) => measurement.snapshot(stream).histograms === null)).toEqual([false, true, true]);
    const shared = measurement.aggregate()!;
    expect([shared.one_way_delay_ns.count, shared.one_way_delay_ns.min, shared.one_way_delay_ns.max]).toEqual([
      8, 2000, 3000,
    ]);
    expect(shared.pdv_ns.count).toBe(0);
    expect(new Driver().measurement.aggregate()).toBeNull();
  });

  it('has in that set what each of them would have by itself, however many there are', () => {
    const numbers = Array.from({ length: 700 }, (_, i) => i).filter((i) => i % 97 !== 5);
    const datagrams = numbers.flatMap((number) =>
      [0, 1, 2].map((flow) => {
        const monoNs = number * MS + 7000 * flow + ((number * 131) % 17) * 1000;
        return { number, flow, monoNs, sentNs: monoNs - 2000 - ((number * 37 + flow) % 29) * 100 };
      }),
    );
    const driver = new Driver({ detail: 0 });
    driver.all(datagrams);
    const shared = driver.measurement.aggregate()!;
    const each = new Driver();
    each.all(datagrams);
    for (const id of ['one_way_delay_ns', 'interarrival_ns', 'ipdv_ns', 'wakeup_delay_ns'] as const) {
      const sum = new Histogram();
      for (const flow of [0, 1, 2]) sum.add(each.measurement.snapshot(flow).histograms![id]);
      const [a, b] = [shared[id], sum];
      expect([id, a.count, a.min, a.max, a.sum]).toEqual([id, b.count, b.min, b.max, b.sum]);
      if (id !== 'one_way_delay_ns') expect(a.buckets()).toEqual(b.buckets());
    }
    expect(shared.one_way_delay_ns.count).toBe(3 * numbers.length);
  });

  it('counts what was discarded before it came here against the next gap', () => {
    const driver = new Driver();
    driver.all(data(2));
    driver.measurement.onDiscarded(0, 2);
    driver.all(data(2, {}, 5, 5));
    driver.measurement.finish(S);
    expect([counter(driver, 'LossApplication'), counter(driver, 'LossNetwork')]).toEqual([2, 1]);
  });
});

describe('marks', () => {
  it('counts TOS octets and TTL as received, markers and duplicates included', () => {
    const driver = new Driver();
    const ttls = [5, 3, 9, 5];
    driver.all([
      { kind: 'start', monoNs: 0, tos: 0x88, ttl: 5, tosSent: 0x88 },
      ...changed(data(4, { tos: 0x88, tosSent: 0x88 }), (_, i) => ({ ttl: ttls[i]! })),
      ...data(2, { tos: 0x89, tosSent: 0x88, ttl: 5 }, 4, 10),
    ]);
    const snapshot = driver.measurement.snapshot(0);
    expect([...snapshot.tosCounts]).toEqual([
      [0x88, 5],
      [0x89, 2],
    ]);
    expect(snapshot.tosMissing).toBe(0);
    expect([snapshot.ttlMin, snapshot.ttlMax, snapshot.tosSent, snapshot.ttlSent]).toEqual([3, 9, 0x88, 1]);
    // ECN alone is no change of DSCP.
    expect(driver.measurement.takeEvents().map((one) => one.kind)).toEqual(['first_packet']);
  });

  it('tells when the DSCP is not what was sent, once, and when it changes', () => {
    const driver = new Driver();
    driver.all([...data(3, { tos: 0, tosSent: 0x88 }), ...data(2, { tos: 0x88, tosSent: 0x88 }, 3, 3)]);
    const events = driver.measurement.takeEvents().filter((one) => one.kind === 'dscp_changed');
    expect(events).toMatchObject([
      { monoNs: 0, a: 0x88, b: 0 },
      { monoNs: 3 * MS, a: 0x88, b: 0x88 },
    ]);
  });

  it('has no value where none came with the datagram', () => {
    const driver = new Driver();
    driver.all(data(3, { flags: SlotFlag.TimeKernel | SlotFlag.NoTos | SlotFlag.NoTtl, tos: 0, ttl: 0 }));
    const snapshot = driver.measurement.snapshot(0);
    expect([snapshot.ttlMin, snapshot.ttlMax, snapshot.tosMissing]).toEqual([null, null, 3]);
    expect(snapshot.tosCounts.size).toBe(0);
  });
});

describe('intervals', () => {
  const options = { firstBoundaryMonoNs: S, intervalNs: S, startMonoNs: 0 };

  it('close when every socket has been read past their end, and not before', () => {
    const driver = new Driver({ ...options, sockets: [{}, {}] });
    driver.batch([{ number: 0, monoNs: 0.5 * S }]);
    driver.batch([{ number: 1, monoNs: 1.5 * S }]);
    expect(driver.measurement.takeIntervals()).toEqual([]);
    driver.batch([{ number: 0, monoNs: 0.9 * S, socket: 1, flow: 1 }]);
    driver.measurement.socketReadPast(1, S);
    const [first, ...more] = driver.measurement.takeIntervals();
    expect(more).toEqual([]);
    expect([first!.startMonoNs, first!.endMonoNs, first!.omitted]).toEqual([0, S, false]);
    expect(first!.streams.map((one) => [one.index, one.counters[StreamCounter.Received]])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('cut a batch at the boundary, which belongs to the next one', () => {
    const driver = new Driver(options);
    driver.batch([0.2, 0.9, 1, 1.1, 2.5].map((seconds, number) => ({ number, monoNs: seconds * S })));
    driver.measurement.socketReadPast(0, 3 * S);
    const received = driver.measurement.takeIntervals().map((one) => one.streams[0]!.counters[StreamCounter.Received]);
    expect(received).toEqual([2, 2, 1]);
  });

  it('show a late datagram in the interval that it came in, and its loss where it was declared', () => {
    const driver = new Driver({ ...options, reorderWindowNs: 0.2 * S });
    driver.batch([
      { number: 0, monoNs: 0.1 * S },
      { number: 2, monoNs: 0.3 * S },
      { number: 1, monoNs: 0.4 * S },
      { number: 5, monoNs: 0.9 * S },
      { number: 4, monoNs: 1.05 * S },
      { number: 3, monoNs: 1.2 * S },
      { number: 6, monoNs: 1.3 * S },
    ]);
    driver.measurement.socketReadPast(0, 3 * S);
    const rows = driver.measurement.takeIntervals().map(({ streams }) => {
      const { counters, pending } = streams[0]!;
      return [StreamCounter.Expected, StreamCounter.Received, StreamCounter.Lost, StreamCounter.PacketsLate]
        .map((column) => counters[column])
        .concat(pending);
    });
    expect(rows).toEqual([
      [6, 4, 0, 0, 2],
      [1, 2, 1, 1, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  it('are empty, not absent, when nothing came; a stream that is over is left out', () => {
    const driver = new Driver(options);
    driver.batch([{ number: 0, monoNs: 0.5 * S }]);
    driver.measurement.socketReadPast(0, 2 * S);
    const closed = driver.measurement.takeIntervals();
    expect(closed.map((one) => one.streams.length)).toEqual([1, 1]);
    expect([...closed[1]!.streams[0]!.counters].every((value) => value === 0)).toBe(true);
    expect(closed[1]!.streams[0]!.delayP50Ns).toBeNaN();
    driver.batch([{ kind: 'end', number: 1, monoNs: 2.5 * S }]);
    driver.measurement.socketReadPast(0, 4 * S);
    expect(driver.measurement.takeIntervals().map((one) => one.streams.length)).toEqual([1, 0]);
  });

  it('have delays of their own', () => {
    const driver = new Driver(options);
    const delays = [1000, 3000, 2000, 9000];
    driver.batch(
      delays.map((delay, number) => ({ number, sentNs: number * 0.5 * S, monoNs: number * 0.5 * S + delay })),
    );
    driver.measurement.finish(2 * S);
    const [first, second] = driver.measurement.takeIntervals().map((one) => one.streams[0]!);
    expect([first!.delayMinNs, first!.delayP50Ns, first!.delayMaxNs]).toEqual([1000, 1000, 3000]);
    expect([second!.delayMinNs, second!.delayMaxNs]).toEqual([2000, 9000]);
    expect(driver.measurement.snapshot(0).histograms!.one_way_delay_ns.count).toBe(4);
  });

  it('end with the run', () => {
    const driver = new Driver(options);
    driver.batch([{ number: 0, monoNs: 1.2 * S }]);
    driver.measurement.finish(1.5 * S);
    expect(driver.measurement.takeIntervals().map((one) => [one.startMonoNs, one.endMonoNs])).toEqual([
      [0, S],
      [S, 1.5 * S],
    ]);
  });
});

describe('windows of streams that nothing comes for', () => {
  it('are passed each at its time, those of one socket whatever the others wait for', () => {
    const driver = new Driver({ sockets: [{}, {}], reorderWindowNs: S });
    const at = (flow: number, number: number, ms: number, socket = 0) => ({ flow, number, monoNs: ms * MS, socket });
    driver.all([at(0, 0, 0), at(0, 2, 10), at(1, 0, 20), at(1, 3, 300), at(2, 0, 310), at(2, 1, 320)]);
    driver.all([at(3, 0, 330, 1), at(3, 2, 340, 1)]);
    const lost = (): number[] => [0, 1, 2, 3].map((stream) => counter(driver, 'Lost', stream));
    driver.measurement.socketReadPast(0, 900 * MS);
    expect(lost()).toEqual([0, 0, 0, 0]);
    driver.measurement.socketReadPast(0, 1100 * MS);
    expect(lost()).toEqual([1, 0, 0, 0]);
    driver.measurement.socketReadPast(0, 1400 * MS);
    expect(lost()).toEqual([1, 2, 0, 0]);
    driver.measurement.socketReadPast(1, 1400 * MS);
    expect(lost()).toEqual([1, 2, 0, 1]);
  });
});

describe('intervals that are given back', () => {
  it('lend their memory to later ones, and nothing of what was in it', () => {
    const driver = new Driver({ intervalNs: S, firstBoundaryMonoNs: S });
    driver.all(data(5));
    driver.measurement.socketReadPast(0, 1.5 * S);
    const [first] = driver.measurement.takeIntervals();
    expect(first!.streams[0]!.counters[StreamCounter.Received]).toBe(5);
    first!.giveBack();
    driver.batch([{ number: 5, monoNs: 1.6 * S }]);
    driver.measurement.socketReadPast(0, 2.5 * S);
    const [second] = driver.measurement.takeIntervals();
    expect(second!.rows).toBe(first!.rows);
    expect(second!.streams.map(({ counters: c }) => c[StreamCounter.Received])).toEqual([1]);
  });
});

describe('the warm-up', () => {
  const options = { omitNs: S, firstBoundaryMonoNs: S, intervalNs: S, startMonoNs: 0 };

  it('enters no metric; what was open when it ended is still expected', () => {
    const driver = new Driver(options);
    driver.all([
      { kind: 'start', number: 0, monoNs: 0 },
      ...data(5, { tos: 0x88, tosSent: 0x88, sentNs: -S }, 1, 1),
      { number: 9, monoNs: 0.9 * S },
      { number: 8, monoNs: 1.1 * S },
      { number: 10, monoNs: 1.2 * S },
      { number: 10, monoNs: 1.3 * S },
    ]);
    driver.measurement.finish(3 * S);
    const snapshot = driver.measurement.snapshot(0);
    // 6, 7 and 8 were open (0 too, which was lost before the first).
    expect(counter(driver, 'Expected')).toBe(5);
    expect([counter(driver, 'Received'), counter(driver, 'Lost'), counter(driver, 'PacketsDuplicated')]).toEqual([
      2, 3, 1,
    ]);
    expect(snapshot.histograms!.one_way_delay_ns.count).toBe(2);
    expect([...snapshot.tosCounts.keys()]).toEqual([0]);
    expect(snapshot.firstMonoNs).toBe(1.1 * S);
    const closed = driver.measurement.takeIntervals();
    expect(closed.map((one) => one.omitted)).toEqual([true, false, false]);
    const expected = closed.map(({ streams }) => streams[0]?.counters[StreamCounter.Expected]);
    expect(expected).toEqual([undefined, 5, 0]);
  });

  it('takes the late first datagram with it, from which all delays would have their precision', () => {
    const driver = new Driver(options);
    // The first one is 800 ms on its way, the others a microsecond more from one to the next.
    driver.all([
      { kind: 'start', number: 0, monoNs: 0 },
      { number: 0, monoNs: 0.8 * S, sentNs: 0 },
      ...Array.from({ length: 9 }, (_, i) => ({
        number: 1 + i,
        monoNs: 1.1 * S + i * MS,
        sentNs: 1.1 * S + i * MS - (2 + i) * 1000,
      })),
    ]);
    driver.measurement.finish(3 * S);
    const { one_way_delay_ns: delay } = driver.measurement.snapshot(0).histograms!;
    expect([delay.count, delay.min, delay.max]).toEqual([9, 2000, 10_000]);
    expect(Math.abs(delay.percentile(0.5)! - 6000)).toBeLessThan(60);
  });

  it('is over for each socket when it is read past: what streams share of another one stays', () => {
    const driver = new Driver({ ...options, detail: 0, sockets: [{}, {}] });
    const late = (socket: number, count: number): Datagram[] =>
      Array.from({ length: count }, (_, i) => {
        const monoNs = 1.1 * S + i * MS;
        return { number: 1 + i, monoNs, socket, path: 1 + socket, sentNs: monoNs - 2000 * (1 + socket) };
      });
    driver.all([
      { kind: 'start', number: 0, monoNs: 0, socket: 0, path: 1 },
      { number: 0, monoNs: 0.5 * S, sentNs: 0, socket: 0, path: 1 },
      ...late(0, 5),
      { kind: 'start', number: 0, monoNs: 0, socket: 1, path: 2 },
      { number: 0, monoNs: 0.5 * S, sentNs: 0, socket: 1, path: 2 },
      ...late(1, 7),
    ]);
    driver.measurement.finish(3 * S);
    const { one_way_delay_ns: delay, ipdv_ns: ipdv, interarrival_ns: interarrival } = driver.measurement.aggregate()!;
    expect([delay.count, delay.min, delay.max]).toEqual([12, 2000, 4000]);
    expect([ipdv.count, interarrival.count]).toEqual([12, 12]);
  });

  it('that a run does not outlive leaves nothing measured', () => {
    const driver = new Driver(options);
    driver.all([...data(5), { octets: TEXT, monoNs: 6 * MS }]);
    driver.measurement.finish(0.5 * S);
    expect(driver.measurement.snapshot(0).counters.every((value) => value === 0)).toBe(true);
    expect(driver.measurement.socketSnapshot(0).malformed.every((value) => value === 0)).toBe(true);
  });
});

describe('events', () => {
  it('tell the first packet, gaps when they are declared, and the end, once', () => {
    const driver = new Driver();
    driver.all([
      { kind: 'start', number: 0, monoNs: 0 },
      { number: 0, monoNs: MS },
      { number: 4, monoNs: 2 * MS },
      { kind: 'end', number: 5, monoNs: 3 * MS },
      { kind: 'end', number: 5, monoNs: 4 * MS },
    ]);
    driver.measurement.socketReadPast(0, 5 * S);
    expect(driver.measurement.takeEvents()).toEqual([
      { kind: 'first_packet', stream: 0, monoNs: MS, a: 0, b: 0 },
      { kind: 'stream_end', stream: 0, monoNs: 3 * MS, a: 5, b: 0 },
      { kind: 'gap', stream: 0, monoNs: 2 * MS + S, a: 1, b: 3 },
    ]);
    expect(driver.measurement.takeEvents()).toEqual([]);
  });

  it('tell a silence once, again after something came, and not of a stream that is over', () => {
    const driver = new Driver({ silenceNs: 2 * S });
    driver.all(data(40));
    for (const seconds of [1, 2, 3, 4, 5]) driver.measurement.socketReadPast(0, seconds * S);
    driver.batch([{ number: 40, monoNs: 6 * S }]);
    driver.measurement.socketReadPast(0, 9 * S);
    driver.batch([{ kind: 'end', number: 41, monoNs: 9.5 * S }]);
    driver.measurement.socketReadPast(0, 20 * S);
    const silences = driver.measurement.takeEvents().filter((one) => one.kind === 'silence');
    expect(silences.map((one) => one.monoNs)).toEqual([3 * S, 9 * S]);
    expect(silences[1]!.a).toBe(3 * S);
  });

  it('take a source that reports every ten seconds for silent when it has missed five reports, and for over no sooner', () => {
    const driver = new Driver({ silenceNs: 2 * S, reorderWindowNs: S });
    const { measurement } = driver;
    driver.batch([{ kind: 'start', number: 0, monoNs: 0 }]);
    // How often it reports is not known yet.
    measurement.socketReadPast(0, 9 * S);
    expect(measurement.hasSettled(9 * S)).toBe(false);
    for (let k = 1; k <= 5; k++) {
      driver.batch([{ number: k - 1, monoNs: 10 * k * S }]);
      measurement.socketReadPast(0, (10 * k + 9) * S);
    }
    measurement.socketReadPast(0, 99 * S);
    expect(measurement.hasSettled(99 * S)).toBe(false);
    expect(measurement.takeEvents().map(({ kind }) => kind)).toEqual(['first_packet']);
    measurement.socketReadPast(0, 101 * S);
    expect(measurement.takeEvents()).toMatchObject([{ kind: 'silence', monoNs: 101 * S, a: 51 * S }]);
    expect(measurement.hasSettled(101 * S)).toBe(true);
  });
});
