import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { captureBounds } from '../../src/profile/captureMoments.js';
import type { SentCapture } from '../../src/result/model.js';
import {
  replayedStream,
  replayedStreams,
  type CapturedFlow,
  type CaptureSummary,
} from '../../src/profile/capturedFlows.js';
import { planPair, planSend } from '../../src/profile/makePlan.js';
import type { SendPlan } from '../../src/profile/plan.js';
import {
  parseCapturedGroup,
  parseGroupMap,
  parseMoment,
  parseSpeed,
  parseZone,
} from '../../src/profile/replayValues.js';

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: (): Uint8Array => new Uint8Array(0),
    isFile: (): boolean => false,
    isCapture: (path: string): boolean => path.includes('.pcap'),
  },
};

async function send(line: string): Promise<SendPlan> {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  return planSend(operands, given, CONTEXT).plan;
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

describe('values', () => {
  it('name groups in one form', () => {
    expect(parseCapturedGroup('239.1.1.1')).toEqual({ group: '239.1.1.1', port: null });
    expect(parseCapturedGroup('239.1.1.1:5000')).toEqual({ group: '239.1.1.1', port: 5000 });
    expect(parseCapturedGroup('FF15::0001')).toEqual({ group: 'ff15::1', port: null });
    expect(parseCapturedGroup('[ff15:0:0::1]:65535')).toEqual({ group: 'ff15::1', port: 65_535 });
    expect(parseGroupMap('239.1.1.1:5000=[ff15::1]')).toEqual({
      from: { group: '239.1.1.1', port: 5000 },
      to: { group: 'ff15::1', port: null },
    });
  });

  it.each([
    '',
    '239.1.1',
    '239.1.1.1:',
    '239.1.1.1:0',
    '239.1.1.1:65536',
    'ff15::1]:5',
    '[ff15::1',
    'name',
    '[239.1.1.1',
  ])('"%s" is no group', async (text) => {
    expect(await refusal(() => parseCapturedGroup(text))).toMatch(/^ERR_USAGE /);
  });

  it.each(['239.1.1.1', '=239.1.1.1', '239.1.1.1=', '239.1.1.1=239.1.1.2=239.1.1.3', '239.1.1.1=x'])(
    '"%s" is no map',
    async (text) => {
      expect(await refusal(() => parseGroupMap(text))).toMatch(/^ERR_USAGE "/);
    },
  );

  it('are speeds and moments', async () => {
    expect([parseSpeed('0.01'), parseSpeed('2'), parseSpeed('1000')]).toEqual([0.01, 2, 1000]);
    for (const text of ['0', '0.009', '1000.1', '-1', '2x', '1e2', '']) {
      expect(await refusal(() => parseSpeed(text)), text).toMatch(/^ERR_USAGE .* is no speed/);
    }
    expect(parseMoment('10s')).toEqual({ afterNs: 10e9 });
    expect(parseMoment('09:30:00.5')).toEqual({ sinceMidnightNs: 34_200_500_000_000 });
    expect(parseMoment('2026-01-01T00:00:00.000000001Z')).toEqual({ unixNs: 1_767_225_600_000_000_001n });
    for (const text of ['24:00:00', '09:60:00', '09:30', '2026-01-01', '09:30:60', '1.2.3']) {
      expect(await refusal(() => parseMoment(text)), text).toMatch(/^ERR_USAGE /);
    }
    for (const text of ['abc', '09:30', '-5s', '']) {
      expect(await refusal(() => parseMoment(text)), text).toContain(
        `"${text}" is no moment: write a time behind the first frame (10s), a time of day (09:30:00), or an instant (2026`,
      );
    }
    expect(parseZone('America/New_York')).toBe('America/New_York');
    expect(await refusal(() => parseZone('Atlantis/Main'))).toMatch(/^ERR_USAGE .* is no time zone/);
  });
});

/** 2026-01-01T00:00:00.123456789Z */
const START = 1_767_225_600_123_456_789n;
const bounds = (from: string | null, to: string | null, zone = 'UTC', start = START) =>
  captureBounds(
    { from: from === null ? null : parseMoment(from), to: to === null ? null : parseMoment(to), zone },
    start,
  );
const unixNs = (instant: string): bigint => BigInt(Date.parse(instant)) * 1_000_000n;

describe('bounds', () => {
  it('are open, behind the first frame, or absolute', () => {
    expect(bounds(null, null)).toEqual({ fromNs: -Infinity, toNs: Infinity });
    expect(bounds('10s', '1m')).toEqual({ fromNs: 10e9, toNs: 60e9 });
    expect(bounds('2025-12-31T23:59:59.123456789Z', '2026-01-01T00:00:01Z')).toEqual({
      fromNs: -1e9,
      toNs: 876_543_211,
    });
  });

  it('are the first time of day in the capture, the end behind the beginning', () => {
    expect(bounds('00:00:00.2', '00:00:01')).toEqual({ fromNs: 76_543_211, toNs: 876_543_211 });
    // What is over at the beginning comes the next day.
    expect(bounds('00:00:00', null).fromNs).toBe(86_400e9 - 123_456_789);
    expect(bounds('12:00:00', '11:00:00').toNs).toBe(35 * 3600e9 - 123_456_789);
    expect(bounds('00:00:00.123456789', null).fromNs).toBe(0);
  });

  it('have something between them', async () => {
    const before = 'ERR_USAGE --to is before --from: nothing is between them';
    expect(await refusal(() => bounds('2s', '1s'))).toBe(before);
    expect(await refusal(() => bounds('2s', '2s'))).toContain('--to is the same as --from');
    expect(await refusal(() => bounds('1s', '2026-01-01T00:00:00Z'))).toBe(before);
    expect(await refusal(() => bounds('12:00:00', '1h'))).toBe(before);
  });

  it('are those of the zone', () => {
    // New York is 5 h behind UTC in winter: it is 19:00 there.
    expect(bounds('19:30:00', null, 'America/New_York').fromNs).toBe(1800e9 - 123_456_789);
    expect(bounds('00:00:00', null, 'Asia/Kathmandu').fromNs).toBe((18 * 3600 + 15 * 60) * 1e9 - 123_456_789);
    // Summer time begins at 2026-03-08 02:00 there: 09:30 is 13:30 UTC, and was 14:30 the day before.
    const before = unixNs('2026-03-07T20:00:00Z');
    expect(bounds('09:30:00', null, 'America/New_York', before).fromNs).toBe(17.5 * 3600e9);
    // It ends at 2026-11-01 02:00.
    const autumn = unixNs('2026-10-31T20:00:00Z');
    expect(bounds('09:30:00', null, 'America/New_York', autumn).fromNs).toBe(18.5 * 3600e9);
    // A time that clocks leave out is one near to it.
    const leftOut = bounds('02:30:00', null, 'America/New_York', before).fromNs;
    expect([10.5 * 3600e9, 11.5 * 3600e9]).toContain(leftOut);
  });
});

describe('a plan', () => {
  it('with an endpoint has a stream that is completed when the capture is open', async () => {
    const plan = await send(
      'udp://239.1.1.1+2:5000/iface=lo/speed=2 --input a.pcap --select 239.9.9.9 --from 1s --to 2s --zone UTC --loop --ttl 3',
    );
    expect(plan.flowReplay).toBe(null);
    expect(plan.durationNs).toBe(null);
    expect(plan.maxLateNs).toBe(1e9);
    expect(plan.streams.map(({ address }) => address.group)).toEqual(['239.1.1.1', '239.1.1.2']);
    expect(plan.streams[0]).toMatchObject({ ttl: 3, payload: null, media: null, packetsPerSecond: 0 });
    expect(plan.streams[0]!.replay).toEqual({
      name: 'a.pcap',
      select: [{ group: '239.9.9.9', port: null }],
      speed: 2,
      from: { afterNs: 1e9 },
      to: { afterNs: 2e9 },
      zone: 'UTC',
      loop: true,
      meanOctets: 0,
    });
    // All groups of an endpoint have one reading.
    expect(plan.streams[1]!.replay).toBe(plan.streams[0]!.replay);
  });

  it('without a scheme is udp, and each endpoint may have a capture of its own', async () => {
    const plan = await send(
      '239.1.1.1:5000/input=a.pcap 239.1.1.2:5000/input=b.pcap/select=239.7.7.7:5 rtp://239.1.1.3:5000',
    );
    expect(plan.streams.map(({ address }) => address.scheme)).toEqual(['udp', 'udp', 'rtp']);
    expect(plan.streams.map(({ replay }) => replay?.name ?? null)).toEqual(['a.pcap', 'b.pcap', null]);
    expect(plan.streams[1]!.replay!.select).toEqual([{ group: '239.7.7.7', port: 5 }]);
  });

  it('without an endpoint has a template', async () => {
    const plan = await send('--input a.pcap --map 239.1.1.1=239.2.2.2:7 --keep-groups --iface lo --ttl 2');
    expect(plan.streams).toEqual([]);
    expect(plan.flowReplay).toMatchObject({
      maps: [{ from: { group: '239.1.1.1', port: null }, to: { group: '239.2.2.2', port: 7 } }],
      keepGroups: true,
      template: { ttl: 2, address: { iface: 'lo' }, replay: { name: 'a.pcap', speed: 1, loop: false } },
    });
    expect(plan.durationNs).toBe(null);
  });

  const G = 'udp://239.1.1.1:5000';
  it.each([
    [
      `${G} --input a.pcap --rate 5M --speed 2`,
      'rate is not for a capture: its own times set the pace, which speed changes',
    ],
    [`${G} --input a.pcap --pps 5`, 'pps is not for a capture: its own times set the pace, which speed changes'],
    [`${G} --input a.pcap --size 5`, 'size is not for a capture: it has its own'],
    [`${G} --input a.pcap --pattern poisson`, 'pattern is not for a capture'],
    [`${G} --input a.pcap --flows 2`, 'flows is not for a capture'],
    [`${G} --input a.pcap --fec 5x5`, '--fec is for rtp:// alone'],
    [`${G} --input a.pcap --video-codec h264`, '--video-codec is for transport streams (rtp://, udp://)'],
    [`${G} --input a.pcap --payload text:x`, 'input and payload: give one of them'],
    [`${G} --input a.pcap --map 239.1.1.1=239.2.2.2`, '--map is for captures without an endpoint'],
    [`${G} --input a.pcap --keep-groups`, '--keep-groups is for captures without an endpoint'],
    [`${G} --input a.pcap --iface all`, 'all interfaces are for receivers'],
    [`rtp://239.1.1.1:5000 --input a.pcap`, 'a capture is sent as it is: say udp:// instead of rtp://'],
    [`probe://239.1.1.1:5000 --input a.pcap`, 'a capture is sent as it is: say udp:// instead of probe://'],
    [`${G} --input a.pcap --leg-b udp://239.1.1.2:5000`, 'leg-b is for RTP that is made here'],
    [`udp://224.0.0.5:5000 --input a.pcap`, 'ERR_RESERVED_GROUP'],
    [`${G} --input a.ts --speed 2`, '--speed is for captures (pcap, pcapng): --input names none'],
    [
      'mold://239.1.1.1:5000 --input a.pcap --select 239.1.1.2',
      '--select is for captures (pcap, pcapng), which are sent to udp://, or without an endpoint',
    ],
    [`${G}/from=5s`, '--from is for captures (pcap, pcapng): --input names none'],
    ['--input a.ts', 'a.ts is not a capture file'],
    ['--input a.ts --map 239.1.1.1=239.2.1.1', 'a.ts is not a capture file'],
    [
      '--input a.pcap --map 239.1.1.1:5000=239.2.1.1 --map 239.1.1.2=239.2.1.2 --map 239.1.1.1:5000=239.2.1.3',
      '--map 239.1.1.1:5000=... is given twice: what was captured of a group goes to one group',
    ],
    ['--input a.pcap --impair loss=1%', '--impair is for one group: say in an endpoint where a flow goes'],
    ['--input a.pcap --rate 5M', 'rate is not for a capture'],
    ['--input a.pcap --iface all', 'all interfaces are for receivers: a sender needs one'],
    ['--input a.pcap --sdp x.sdp', '--sdp: only transport streams (rtp://, udp://) can be described'],
    [`${G} --input a.pcap --speed 0`, '"0" is no speed'],
  ])('%s is refused', async (line, message) => {
    expect(await refusal(() => send(line))).toContain(message);
  });

  it('needs an endpoint or an input, and mcast send', async () => {
    expect(await refusal(() => send('--iface lo'))).toMatch(/^ERR_USAGE send needs <endpoint\|line-up>/);
    const { given, operands } = await readCommandLine(['check', 'udp://239.1.1.1:5000', '--input', 'a.pcap']);
    expect(await refusal(() => planPair(operands, given, CONTEXT))).toContain(
      'a capture is sent again by mcast send, not by mcast check',
    );
  });
});

const flow = (place: string, change: Partial<CapturedFlow> = {}): CapturedFlow => {
  const { group, port } = parseCapturedGroup(place);
  return { group, port: port!, datagrams: 3, octets: 300, largestOctets: 120, firstNs: 1e9, lastNs: 2e9, ...change };
};
const COUNTS: SentCapture = {
  frames: 9,
  datagrams: 3,
  not_selected: 0,
  outside: 1,
  truncated: 0,
  too_large: 0,
  fragments: 0,
  not_udp: 0,
  malformed: 0,
  unknown_link: 0,
  path_overflow: 0,
  backwards: 0,
  fault: null,
};
const holding = (found: CaptureSummary, counts: Partial<SentCapture>): CaptureSummary => ({
  ...found,
  counts: { ...COUNTS, outside: 0, ...counts },
});
const summary = (...flows: readonly CapturedFlow[]): CaptureSummary => ({
  flows,
  frames: 9,
  startUnixNs: 1_767_225_600_000_000_000n,
  lengthNs: 3e9,
  isTimed: true,
  counts: COUNTS,
});
const A = flow('239.1.1.1:5000');
const B = flow('239.1.1.1:5001', { datagrams: 5, octets: 50, largestOctets: 10, firstNs: 0.5e9, lastNs: 3e9 });
const SIX = flow('[ff15::1]:5000', { datagrams: 1, octets: 7, largestOctets: 7, firstNs: 1.5e9, lastNs: 1.5e9 });
const HOST = flow('10.0.0.9:53');

async function one(options: string, found: CaptureSummary) {
  const plan = await send(`udp://239.7.7.7:7000 --input a.pcap ${options}`.trim());
  return replayedStream(plan.streams[0]!, found);
}
async function each(options: string, found: CaptureSummary) {
  return replayedStreams((await send(`--input a.pcap ${options}`.trim())).flowReplay!, found);
}

const places = async (options: string) =>
  (await each(options, summary(A, B, HOST))).map(({ stream }) => stream.address.endpoint);

describe('streams of a capture', () => {
  it('has the mean rate, the sizes and the spacing of what is sent', async () => {
    const { stream, replayed, flow: number } = await one('--speed 2', summary(HOST, A));
    // Three datagrams in a second, and the mean gap of half a second behind the last one.
    expect(replayed).toEqual({ flowOf: [-1, 0], flows: 1, datagrams: 3, octets: 300, firstNs: 1e9, passNs: 1.5e9 });
    expect(number).toBe(0);
    expect(stream).toMatchObject({ packetsPerSecond: 4, sizeOctets: 120, replay: { meanOctets: 100 } });
    expect(stream.address.group).toBe('239.7.7.7');
  });

  it('puts all that is selected into the one group of an endpoint', async () => {
    const { stream, replayed } = await one('--select 239.1.1.1 --select 10.0.0.9:53', summary(A, SIX, B, HOST));
    expect(replayed).toMatchObject({ flowOf: [0, -1, 0, 0], flows: 1, datagrams: 11, octets: 650, firstNs: 0.5e9 });
    expect(replayed.passNs).toBe(2.5e9 + 0.25e9);
    expect(stream.sizeOctets).toBe(120);
  });

  it('takes a single datagram for a second of stream', async () => {
    const { stream, replayed } = await one('', summary(SIX));
    expect(replayed.passNs).toBe(0);
    expect(stream.packetsPerSecond).toBe(1);
  });

  it('are one each, on one schedule, by family', async () => {
    const found = await each(
      '--map 239.1.1.1=239.2.2.2 --map 239.1.1.1:5001=239.3.3.3:9 --map ff15::1=ff15::2',
      summary(A, HOST, SIX, B),
    );
    expect(found.map(({ stream, flow: number }) => [stream.address.endpoint, stream.address.family, number])).toEqual([
      ['udp://239.2.2.2:5000', 4, 0],
      ['udp://239.3.3.3:9', 4, 1],
      ['udp://ff15::2/port=5000', 6, 0],
    ]);
    expect(found.map(({ replayed }) => replayed.flowOf)).toEqual([
      [0, -1, -1, 1],
      [0, -1, -1, 1],
      [-1, -1, 0, -1],
    ]);
    expect(found.map(({ replayed }) => [replayed.flows, replayed.datagrams, replayed.firstNs])).toEqual([
      [2, 8, 0.5e9],
      [2, 8, 0.5e9],
      [1, 1, 0.5e9],
    ]);
    expect(new Set(found.map(({ replayed }) => replayed.passNs))).toEqual(new Set([2.5e9 + 2.5e9 / 8]));
    // The rate of each is its own, the time that of all.
    expect(found[0]!.stream.packetsPerSecond).toBeCloseTo(3 / (2.5 + 2.5 / 8), 9);
    expect(found[0]!.replayed).toBe(found[1]!.replayed);
  });

  it('keep their groups when that is said, and may change family', async () => {
    expect(await places('--keep-groups')).toEqual(['udp://239.1.1.1:5000', 'udp://239.1.1.1:5001']);
    expect(await places('--keep-groups --map 239.1.1.1:5001=[ff15::9]:1')).toEqual([
      'udp://239.1.1.1:5000',
      'udp://ff15::9/port=1',
    ]);
    expect(await places('--keep-groups --select 239.1.1.1:5001')).toEqual(['udp://239.1.1.1:5001']);
  });

  const empty = { datagrams: 0, octets: 0, largestOctets: 0, firstNs: Infinity, lastNs: -Infinity };
  it.each([
    [
      '',
      summary(A, B),
      'ERR_USAGE a.pcap holds 2 flows: 239.1.1.1:5001 (5), 239.1.1.1:5000 (3); say which one with --select',
    ],
    ['', summary(), 'ERR_FILE_FORMAT a.pcap holds no UDP datagrams (9 frames)'],
    [
      '',
      holding(summary(), { fragments: 8, unknown_link: 1 }),
      'ERR_FILE_FORMAT a.pcap holds no UDP datagrams (9 frames: 8 fragments, 1 frame of a link layer that is not read)',
    ],
    [
      '',
      holding({ ...summary(), frames: 0 }, { fault: 'octet 24: a record of 7 octets cannot be' }),
      'ERR_FILE_FORMAT a.pcap holds no UDP datagrams (0 frames); it ends early: octet 24: a record of 7 octets cannot be',
    ],
    [
      '',
      holding(summary(flow('239.1.1.1:5000', empty)), { truncated: 9 }),
      'ERR_FILE_FORMAT a.pcap holds no UDP datagrams that can be sent (9 frames: 9 datagrams cut by the capture)',
    ],
    ['', summary(HOST), 'ERR_FILE_FORMAT a.pcap holds no UDP datagrams to groups, but 10.0.0.9:53 (3) (9 frames)'],
    [
      '--select 239.9.9.9',
      summary(A, HOST),
      'ERR_USAGE --select 239.9.9.9: a.pcap holds 239.1.1.1:5000 (3), 10.0.0.9:53 (3)',
    ],
    ['--select 239.1.1.1:9', summary(A), 'ERR_USAGE --select 239.1.1.1:9: a.pcap holds 239.1.1.1:5000 (3)'],
    [
      '--from 5s',
      summary(flow('239.1.1.1:5000', empty)),
      'ERR_USAGE a.pcap: nothing of it can be sent between --from and --to; it begins at 2026-01-01T00:00:00.000000000Z and is 3.000 s long',
    ],
    ['--loop', summary(SIX), 'ERR_USAGE --loop: all datagrams of a.pcap have the same time'],
    ['', { ...summary(A), isTimed: false }, 'ERR_FILE_FORMAT a.pcap: its packets have no times'],
  ])('to one group, "%s", is refused', async (options, found, message) => {
    expect(await refusal(() => one(options, found))).toContain(message);
  });

  it.each([
    [
      '',
      summary(A, B),
      'ERR_USAGE a.pcap: no group is said for 239.1.1.1:5001 (5), 239.1.1.1:5000 (3); write --map 239.1.1.1:5000=<group[:port]>, or --keep-groups',
    ],
    [
      '--map 239.1.1.1:5000=239.2.2.2',
      summary(A, B),
      'no group is said for 239.1.1.1:5001 (5); write --map 239.1.1.1:5001=',
    ],
    [
      '--map 239.9.9.9=239.2.2.2 --keep-groups',
      summary(A),
      'ERR_USAGE --map 239.9.9.9=...: a.pcap holds 239.1.1.1:5000 (3)',
    ],
    [
      '--map 239.1.1.1=239.2.2.2:7',
      summary(A, B),
      'ERR_USAGE 239.1.1.1:5000 and 239.1.1.1:5001 would both go to 239.2.2.2:7',
    ],
    ['--map 239.1.1.1=10.0.0.1', summary(A), 'ERR_UNICAST 10.0.0.1 is a single host'],
    ['--map 239.1.1.1=224.0.0.1', summary(A), 'ERR_RESERVED_GROUP 224.0.0.1 is one that'],
    ['--keep-groups', summary(flow('224.0.0.251:5353')), 'ERR_RESERVED_GROUP 224.0.0.251'],
    ['--keep-groups --select 10.0.0.9', summary(A, HOST), 'ERR_UNICAST 10.0.0.9 is a single host'],
    ['--keep-groups --select 239.9.9.9', summary(A), 'ERR_USAGE --select 239.9.9.9'],
  ])('to a group each, "%s", is refused', async (options, found, message) => {
    expect(await refusal(() => each(options, found))).toContain(message);
  });

  it('names the largest flows, and how many more there are', async () => {
    const many = Array.from({ length: 10 }, (_, i) => flow(`239.1.1.${i}:5000`, { datagrams: i + 1 }));
    expect(await refusal(() => one('', summary(...many)))).toContain(
      'holds 10 flows: 239.1.1.9:5000 (10), 239.1.1.8:5000 (9), 239.1.1.7:5000 (8), 239.1.1.6:5000 (7), 239.1.1.5:5000 (6), 239.1.1.4:5000 (5), 239.1.1.3:5000 (4), 239.1.1.2:5000 (3) and 2 more; say',
    );
  });
});
