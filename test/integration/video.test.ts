/** Transport streams from `mcast send` to `mcast recv` over loopback: complete, repaired, merged, described. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunResult, Stream } from '../../src/result/model.js';
import { testFolder } from '../command.js';
import { freshGroup, send, startMcast, startReceiver, sum } from '../mcast.js';
import { openLab, until } from '../netns/lab.js';
import { needs } from '../require.js';
import { lostOrdinals } from '../sim/lostOrdinals.js';

const TESTCARD = readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url));
const PACKET = 188;
/** Of the test card, seven packets each and 7 ms apart. */
const COUNT = 350;
/** RTP header with the extension that carries the send time. */
const HEADER = 28;
/** A sender that was held up so long may have made gaps that a decoder would notice. */
const LATE_NS = 15e6;
/** Indicators that are about times of arrival. */
const TIMED: ReadonlySet<string> = new Set([
  'pat_error',
  'pmt_error',
  'pid_error',
  'pcr_repetition_error',
  'pts_error',
]);

function mediaOf({ streams }: RunResult): Stream[] {
  return streams.filter(({ role }) => role === 'media');
}

function rtpAt(group: string, rest = ''): string {
  return `rtp://${group}:5004/iface=lo${rest}`;
}

/** Nothing is missing, and nothing is wrong with what was sent. */
function expectComplete(sent: RunResult, stream: Stream, packets: number): void {
  const transport = stream.transport!;
  expect(transport).toMatchObject({
    packets,
    in_sync: true,
    stray_octets: 0,
    malformed_packets: 0,
    malformed_sections: 0,
    continuity_errors: 0,
    missing_packets: 0,
  });
  const isHeldUp = (sent.sender!.departure_error_ns!.max ?? 0) > LATE_NS;
  const raised = transport.indicators.filter(
    ({ id, priority, count }) => priority < 3 && count !== 0 && !(isHeldUp && TIMED.has(id)),
  );
  expect(raised).toEqual([]);
  expect(transport.indicators.filter(({ priority }) => priority < 3)).toHaveLength(13);
  if (!isHeldUp) expect(stream.mdi!['errored_seconds']).toBe(0);
  expect(stream.mdi!['media_loss_rate_max']).toBe(0);
  expect(transport.services).toMatchObject([{ program_number: 1, name: 'Test card', has_pmt: true }]);
}

/** The first seed from 1 on with which `isWanted` is what is lost. */
function seedWith<T>(lose: (seed: number) => T, isWanted: (lost: T) => boolean): { seed: number; lost: T } {
  for (let seed = 1; seed < 10_000; seed++) {
    const lost = lose(seed);
    if (isWanted(lost)) return { seed, lost };
  }
  throw new Error('no seed loses that');
}

describe('the test card', () => {
  it('arrives complete over RTP, with the sender’s own reports, and BYE ends the receiver', async () => {
    const endpoint = `rtp://${freshGroup()}:5004/iface=lo`;
    const receiver = await startReceiver([endpoint, '--once']);
    const sent = await send([endpoint, '--count', String(COUNT)]);
    const received = await receiver.result();
    expect(received.run.complete).toBe(true);
    expect(sent.sender).toMatchObject({ scheduled: COUNT, sent: COUNT, not_sent: 0 });
    expect(sent.sender!.octets_sent).toBe(COUNT * (HEADER + 7 * PACKET));
    const [stream, ...others] = mediaOf(received);
    expect(others).toEqual([]);
    expect(stream).toMatchObject({ format: 'rtp/mpeg-ts', ended: true, flow: sent.sender!.streams[0]!.flows[0] });
    expect(stream!.metrics).toMatchObject({ packets_received: COUNT, packets_expected: COUNT, packets_lost: 0 });
    // The send time is carried: so there is a delay.
    expect(stream!.histograms?.one_way_delay_ns?.count).toBe(COUNT);
    expectComplete(sent, stream!, COUNT * 7);
    expect(stream!.transport!.lost_datagrams).toBe(0);
    expect(stream!.rtcp).toMatchObject({ packets_total: COUNT, bye: true, tool: 'mcastkit', restarts: 0 });
    expect(stream!.rtcp!.packets_behind ?? 0).toBe(0);
    expect(stream!.rtcp!.clock_hz ?? 90_000).toBeCloseTo(90_000, -1);
    expect(sent.sender!.inputs).toMatchObject([
      {
        name: 'testcard',
        pcr_pid: 256,
        underruns: 0,
        resyncs: 0,
        skipped_octets: 0,
        discontinuities: 0,
        failure: null,
      },
    ]);
  });

  it('arrives complete in bare UDP', async () => {
    const endpoint = `udp://${freshGroup()}:1234/iface=lo`;
    const receiver = await startReceiver([endpoint]);
    const sent = await send([endpoint, '--count', String(COUNT)]);
    const [stream, ...others] = mediaOf(await receiver.stop());
    expect(others).toEqual([]);
    expect(sent.sender!.octets_sent).toBe(COUNT * 7 * PACKET);
    expect(stream).toMatchObject({ format: 'mpeg-ts', unit: 'none', flow: null, rtcp: null });
    expect(stream!.metrics).toMatchObject({ packets_received: COUNT, packets_lost: null });
    expectComplete(sent, stream!, COUNT * 7);
  });

  it.runIf(needs('netns', 'dist'))('goes to an IPv6 group', async () => {
    const lab = await openLab();
    onTestFinished(() => lab.close());
    await lab.shell('ip link set lo up; ip -6 route replace local ff00::/8 dev lo table local');
    const endpoint = 'rtp://ff15::7:1/port=5004/iface=lo';
    const receiver = await startReceiver([endpoint, '--once'], { lab });
    const sent = await send([endpoint, '--count', '200'], { lab });
    const [stream] = mediaOf(await receiver.result());
    expect(stream!.metrics).toMatchObject({ packets_received: 200, packets_lost: 0 });
    expect(stream!.rtcp).toMatchObject({ packets_total: 200, bye: true });
    expectComplete(sent, stream!, 1400);
  });

  it('fills datagrams as it is told, and lasts as long as it is told', async () => {
    const group = freshGroup();
    const [three, one] = [`udp://${group}:1234/iface=lo`, `rtp://${group}:5004/iface=lo`];
    const receiver = await startReceiver([three, one]);
    // Seven packets are 7 ms of it, three are 3 ms.
    const sent = await send([`${three}/ts-per-datagram=3`, `${one}/no-send-time=yes`, '--duration', '1s']);
    const streams = mediaOf(await receiver.stop());
    expect(sent.sender!.streams.map(({ scheduled, octets_sent }) => [scheduled, octets_sent])).toEqual([
      [334, 334 * 3 * PACKET],
      [143, 143 * (12 + 7 * PACKET)],
    ]);
    expect(streams.map(({ port, transport }) => [port, transport!.packets]).toSorted()).toEqual([
      [1234, 334 * 3],
      [5004, 143 * 7],
    ]);
    expect(streams.find(({ port }) => port === 5004)!.histograms?.one_way_delay_ns ?? null).toBeNull();
  });

  it('is not in error by the silence that ends the run', async () => {
    // Bare UDP says no farewell.
    const endpoint = `udp://${freshGroup()}:1234/iface=lo`;
    const receiver = await startReceiver([endpoint, '--until-idle', '1500ms']);
    const sent = await send([endpoint, '--count', '300']);
    const received = await receiver.result();
    const [stream] = mediaOf(received);
    expect(stream!.transport!.packets).toBe(2100);
    // PAT and PMT would have been missed after 0.5 s.
    expect(received.run.duration_ns).toBeGreaterThan(3.5e9);
    expectComplete(sent, stream!, 2100);
  });

  it('begins elsewhere in each of several groups', async () => {
    const [a, , c, d] = freshGroup().split('.').map(Number);
    const groups = [0, 1, 2].map((i) => `${a}.200.${c}.${d! + i}`);
    const first = new Map<string, Buffer>();
    let port = 0;
    for (const group of groups) {
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      onTestFinished(() => void socket.close());
      socket.on('message', (datagram) => void first.set(group, first.get(group) ?? datagram));
      socket.bind(port, group);
      await once(socket, 'listening');
      ({ port } = socket.address() as AddressInfo);
      socket.addMembership(group, '127.0.0.1');
    }
    await send([`udp://${groups[0]}+3:${port}/iface=lo`, '--count', '5']);
    await until(() => first.size === 3, 'a datagram of each group');
    const packets = TESTCARD.length / PACKET;
    const starts = groups.map((group) => TESTCARD.indexOf(first.get(group)!) / PACKET);
    expect(starts).toEqual([0, Math.floor(packets / 3), Math.floor((2 * packets) / 3)]);
  });
});

describe('protection (SMPTE 2022-1)', () => {
  const [columns, rows] = [10, 5];
  const matrices = 7;
  const media = matrices * columns * rows;

  /** Numbers that each FEC packet is about, in the order in which they leave. */
  const columnFec = Array.from({ length: matrices * columns }, (_, i) => {
    const base = Math.floor(i / columns) * columns * rows + (i % columns);
    return Array.from({ length: rows }, (_each, row) => base + row * columns);
  });
  const rowFec = Array.from({ length: matrices * rows }, (_, i) =>
    Array.from({ length: columns }, (_each, column) => i * columns + column),
  );

  /** What stays lost when whatever is missing alone comes back, over and over. */
  function remaining([lost, lostColumns, lostRows]: readonly Set<number>[]): Set<number> {
    const missing = new Set(lost);
    const heard = [...columnFec.filter((_, i) => !lostColumns!.has(i)), ...rowFec.filter((_, i) => !lostRows!.has(i))];
    for (let before = -1; before !== missing.size;) {
      before = missing.size;
      for (const numbers of heard) {
        const alone = numbers.filter((number) => missing.has(number));
        if (alone.length === 1) missing.delete(alone[0]!);
      }
    }
    return missing;
  }

  it.each([
    ['everything', 'loss=2%', (lost: number, left: number) => lost > 3 && left === 0],
    ['all but what no one can', 'loss=15%', (lost: number, left: number) => left > 3 && lost > 2 * left],
  ])('repairs %s', async (_, impair, isWanted) => {
    const { seed, lost } = seedWith(
      (one) => lostOrdinals(`${impair},seed=${one}`, [media, columnFec.length, rowFec.length]),
      (all) =>
        // The ends are heard: then the receiver knows what to expect.
        !all[0]!.has(0) && !all[0]!.has(media - 1) && isWanted(all[0]!.size, remaining(all).size),
    );
    const endpoint = `rtp://${freshGroup()}:5004/iface=lo`;
    const receiver = await startReceiver([endpoint, '--once']);
    const fec = ['--fec', `${columns}x${rows}`, '--impair', `${impair},seed=${seed}`];
    const sent = await send([endpoint, '--count', String(media), ...fec]);
    const received = await receiver.result();
    const left = remaining(lost).size;
    expect(sent.sender!.impairment!.lost).toBe(lost[0]!.size + lost[1]!.size + lost[2]!.size);
    const [stream] = mediaOf(received);
    expect(stream!.metrics).toMatchObject({ packets_expected: media, packets_lost: lost[0]!.size });
    expect(stream!.after!.metrics).toMatchObject({ packets_expected: media, packets_lost: left });
    expect(stream!.transport!).toMatchObject({ packets: (media - left) * 7 });
    expect(stream!.transport!.lost_datagrams).toBe(left);
    expect(stream!.transport!.continuity_errors - stream!.transport!.continuity_errors_explained).toBe(0);
    expect(stream!.transport!.continuity_errors > 0).toBe(left > 0);
    const heard = columnFec.length + rowFec.length - lost[1]!.size - lost[2]!.size;
    expect(stream!.fec).toMatchObject({
      columns,
      rows,
      has_rows: true,
      packets_heard: heard,
      packets_malformed: 0,
      packets_inconsistent: 0,
      packets_recovered: lost[0]!.size - left,
    });
    expect(
      sum(
        received.streams.filter(({ role }) => role === 'fec'),
        'packets_received',
      ),
    ).toBe(heard);
  });
});

/** Both legs lose 5 %, not the same, and once at least both the same; their ends are heard. */
function twoSeeds(count: number): { impairs: string[]; lost: Set<number>[] } {
  const lose = (seed: number): Set<number> => lostOrdinals(`loss=5%,seed=${seed}`, [count])[0]!;
  const hasEnds = (lost: Set<number>): boolean => !lost.has(0) && !lost.has(count - 1);
  const a = seedWith(lose, hasEnds);
  const b = seedWith(lose, (lost) => hasEnds(lost) && [...lost].filter((number) => a.lost.has(number)).length === 2);
  return { impairs: [a, b].map(({ seed }) => `impair=loss=5%,seed=${seed}`), lost: [a.lost, b.lost] };
}

function expectMerged(received: RunResult, count: number, lost: readonly Set<number>[]): void {
  const [lostA, lostB] = lost as [Set<number>, Set<number>];
  const both = [...lostA].filter((number) => lostB.has(number)).length;
  const arbitration = received.arbitration!;
  expect(arbitration).toMatchObject({
    packets_expected: count,
    packets_pending: 0,
    both_lost: both,
    remaining_lost: both,
    streams_total: 1,
    legs: [
      { leg: 'a', packets_received: count - lostA.size, packets_lost: lostA.size, packets_duplicated: 0 },
      { leg: 'b', packets_received: count - lostB.size, packets_lost: lostB.size, packets_duplicated: 0 },
    ],
  });
  const [a, b] = arbitration.legs;
  expect(a!.first_arrivals + b!.first_arrivals).toBe(count - both);
  // What one leg alone brought, it brought first.
  expect(a!.first_arrivals).toBeGreaterThanOrEqual(lostB.size - both);
  expect(b!.first_arrivals).toBeGreaterThanOrEqual(lostA.size - both);
  expect(arbitration.skew_ns!.count + arbitration.skews_dropped!).toBe(count - lostA.size - lostB.size + both);
  const streams = mediaOf(received).toSorted((x, y) => x.leg!.localeCompare(y.leg!));
  expect(streams.map(({ leg, metrics }) => [leg, metrics.packets_lost])).toEqual([
    ['a', lostA.size],
    ['b', lostB.size],
  ]);
  expect(streams[0]!.flow).toBe(streams[1]!.flow);
  for (const { after, transport } of streams) {
    expect(after!.metrics.packets_lost).toBe(both);
    expect(transport!.packets).toBe((count - both) * 7);
  }
}

describe('two legs (SMPTE 2022-7)', () => {
  it('lose together only what both lost, and end together', async () => {
    const { impairs, lost } = twoSeeds(COUNT);
    const legs = [`rtp://${freshGroup()}:5004/iface=lo`, `rtp://${freshGroup()}:5014/iface=lo`];
    const receiver = await startReceiver([legs[0]!, '--leg-b', legs[1]!, '--once']);
    const sent = await send([
      `${legs[0]}/${impairs[0]}`,
      '--leg-b',
      `${legs[1]}/${impairs[1]}`,
      '--count',
      String(COUNT),
    ]);
    expect(sent.sender!.streams.map(({ leg, impairment }) => [leg, impairment!.lost])).toEqual([
      ['a', lost[0]!.size],
      ['b', lost[1]!.size],
    ]);
    expectMerged(await receiver.result(), COUNT, lost);
  });

  it('stand in a line-up, with an input of each line, at both ends', async () => {
    const { impairs, lost } = twoSeeds(COUNT);
    const folder = testFolder();
    const [lineup, input] = [join(folder, 'channels.csv'), join(folder, 'cut.ts')];
    writeFileSync(input, TESTCARD.subarray(0, 700 * PACKET));
    const [news, legB, sport] = [freshGroup(), freshGroup(), freshGroup()];
    writeFileSync(
      lineup,
      `name,endpoint,leg_b,input\nNews,"${rtpAt(news, `/${impairs[0]}`)}","${rtpAt(legB, `/${impairs[1]}`)}",testcard\n` +
        `Sport,${rtpAt(sport)},,${input}\n`,
    );
    const receiver = await startReceiver([lineup, '--once']);
    const sent = await send([lineup, '--count', String(COUNT)]);
    expect(sent.sender!.inputs.map(({ name }) => name)).toEqual(['testcard', input]);
    const received = await receiver.result();
    const other = mediaOf(received).find(({ name }) => name === 'Sport')!;
    expect(other).toMatchObject({ leg: null, metrics: { packets_received: 100, packets_lost: 0 } });
    expectMerged({ ...received, streams: received.streams.filter((stream) => stream.name === 'News') }, COUNT, lost);
  });
});

describe('a session description', () => {
  it.each([
    ['', []],
    [' with a second leg', ['--leg-b']],
  ])('that the sender writes%s is what a receiver joins', async (_, legWord) => {
    const path = join(testFolder(), 'channel.sdp');
    const endpoint = `rtp://${freshGroup()}:5004/iface=lo/ttl=3`;
    const legB = legWord.flatMap((word) => [word, `rtp://${freshGroup()}:5004/iface=lo`]);
    const sender = startMcast(['send', endpoint, ...legB, '--sdp', path, '--name', 'Evening news']);
    await until(() => existsSync(path) && readFileSync(path, 'utf8').includes('m=video'), 'the description');
    const receiver = await startReceiver([path, '--iface', 'lo']);
    await receiver.untilEvent('first_packet', 1 + legWord.length);
    await receiver.untilLine('interval');
    const received = await receiver.stop();
    await sender.stop();
    const streams = mediaOf(received);
    expect(streams).toHaveLength(1 + legWord.length);
    for (const stream of streams) {
      expect(stream.name).toContain('Evening news');
      expect(stream).toMatchObject({ format: 'rtp/mpeg-ts', metrics: { packets_lost: 0 } });
      expect(stream.transport!).toMatchObject({ continuity_errors: 0, lost_datagrams: 0 });
    }
    if (legWord.length === 0) expect(received.arbitration).toBeNull();
    else expect(received.arbitration).toMatchObject({ both_lost: 0, remaining_lost: 0, streams_total: 1 });
  });
});

it('the command for the other end has both legs', async () => {
  const [a, b] = [freshGroup(), freshGroup()];
  const words = [`rtp://${a}:5004/iface=lo`, '--leg-b', `rtp://${b}:5006/iface=lo/ttl=2`];
  const sender = startMcast(['send', ...words, '--count', '1']);
  await sender.exited();
  expect(sender.stderr).toContain(`mcast recv rtp://${a}:5004/iface=lo --leg-b rtp://${b}:5006/iface=lo/ttl=2\n`);
});
