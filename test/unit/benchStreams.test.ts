/** Forwarding of many groups and mixed classes, from what was measured of their streams. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { benchTest } from '../../src/profile/benchPlan.js';
import { planBenchStreams } from '../../src/profile/benchStreamsPlan.js';
import { renderText } from '../../src/report/text.js';
import { buildClasses, buildForwarding } from '../../src/result/buildBenchStreams.js';
import { parseMax } from '../../src/result/limits.js';
import { RunResultSchema, type Membership, type Stream } from '../../src/result/model.js';
import { withBench } from '../../src/runtime/benchStreams.js';
import { probeStream } from './reportFixture.js';
import { receiverResult } from './resultFixture.js';

const JUDGE = { limits: [], eachLimits: [], allowSilence: false };

function member(group: string): Membership {
  const { memberships } = receiverResult();
  return { ...memberships[0]!, group, port: 5001 };
}

interface Change {
  readonly lost?: number;
  readonly expected?: number;
  readonly sent?: number | null;
  readonly came?: Record<string, number> | null;
  readonly rate?: number;
  readonly jitter?: number;
  readonly role?: Stream['role'];
}

/** Of 1000 datagrams. */
function stream(group: string, change: Change = {}): Stream {
  const {
    lost = 0,
    expected = 1000,
    sent = 46,
    came = { '46': 1000 },
    rate = 1e6,
    jitter = 5000,
    role = 'media',
  } = change;
  const made = probeStream({ group, port: 5001 });
  const metrics = {
    ...made.metrics,
    packets_expected: expected,
    packets_received: expected - lost,
    packets_lost: lost,
    loss_network: lost,
    loss_ratio: lost / expected,
    rate_bit_per_second: rate,
    jitter_ns: jitter,
    dscp_sent: sent,
    dscp_received: came,
  };
  return { ...made, role, metrics };
}

const G = [1, 2, 3, 4].map((last) => `239.1.1.${last}`);

describe('forwarding', () => {
  const streams = [stream(G[0]!), stream(G[1]!, { lost: 100, rate: 9e5 }), stream(G[2]!, { lost: 20, rate: 2e6 })];
  const memberships = G.map(member);
  const forwarding = buildForwarding({ memberships, streams });

  it('counts over all groups, and those with something wrong', () => {
    expect(forwarding).toMatchObject({
      groups: 4,
      silent: 1,
      lossy: 2,
      packets_expected: 3000,
      packets_received: 2880,
      packets_lost: 120,
      loss_ratio: 0.04,
    });
    const delays = forwarding.one_way_delay_ns!;
    expect(delays.count).toBe(3 * streams[0]!.histograms!.one_way_delay_ns!.count);
    // More than one in a hundred was lost: of those no delay is known.
    expect(delays.conditional).toContain('p99');
  });

  it('names the worst first: silent ones, then by their loss', () => {
    expect(forwarding.worst.map((one) => [one.group, one.streams, one.loss_ratio])).toEqual([
      [G[3], 0, null],
      [G[1], 1, 0.1],
      [G[2], 1, 0.02],
      [G[0], 1, 0],
    ]);
    expect(forwarding.worst[1]!.rate_bit_per_second).toBe(9e5);
  });

  it('spreads loss and rate over the groups that came, by nearest rank', () => {
    expect(forwarding.group_loss_ratio).toEqual({ min: 0, p50: 0.02, p90: 0.1, p99: 0.1, max: 0.1 });
    expect(forwarding.group_rate_bit_per_second).toEqual({ min: 9e5, p50: 1e6, p90: 2e6, p99: 2e6, max: 2e6 });
  });

  it('takes what protects media for none of it', () => {
    const beside = stream(G[3]!, { role: 'fec', lost: 500 });
    expect(buildForwarding({ memberships, streams: [...streams, beside] })).toEqual(forwarding);
  });

  it('has no figures where nothing came', () => {
    const none = buildForwarding({ memberships, streams: [] });
    expect(none).toMatchObject({ groups: 4, silent: 4, packets_received: 0, packets_lost: null, loss_ratio: null });
    expect([none.group_loss_ratio, none.one_way_delay_ns, none.rate_bit_per_second]).toEqual([null, null, null]);
  });

  it('is a section of the result, which is judged by it', () => {
    const result = { ...receiverResult(), memberships, streams };
    const judged = withBench('forwarding', result, { ...JUDGE, limits: [parseMax('bench.forwarding.silent=0')] });
    expect(RunResultSchema.safeParse(judged).error).toBeUndefined();
    expect(judged.bench).toMatchObject({ test: 'forwarding', forwarding, classes: null, delays: null });
    expect(judged.limits[0]).toMatchObject({ value: 1, ok: false });
    const text = renderText(judged);
    expect(text).toMatch(/nothing came +1 of 4\n {2}lossy +2 of 4/u);
    expect(text).toContain('239.1.1.4:5001: nothing came');
    expect(text).toContain('239.1.1.2:5001: lost 100 of 1,000 (10.0 %)');
    expect(text).not.toContain('interarrival');
  });
});

describe('classes', () => {
  const streams = [
    stream(G[0]!, { sent: 8, came: { '8': 900, '0': 100 }, lost: 100, jitter: 7000 }),
    stream(G[1]!, { sent: 46 }),
    stream(G[2]!, { sent: 8, came: { '8': 1000 }, jitter: 9000 }),
  ];

  it('are told by the mark that was sent, the highest first', () => {
    const { classes, classes_total } = buildClasses({ memberships: [], streams });
    expect(classes_total).toBe(2);
    expect(classes.map(({ name, dscp, from, streams: count }) => [name, dscp, from, count])).toEqual([
      ['ef', 46, 'sent', 1],
      ['cs1', 8, 'sent', 2],
    ]);
    expect(classes[1]).toMatchObject({
      packets_expected: 2000,
      packets_lost: 100,
      loss_ratio: 0.05,
      loss_network: 100,
      jitter_ns: 9000,
      dscp_received: { '8': 1900, '0': 100 },
      remarked: 100,
    });
    expect(classes[0]).toMatchObject({ packets_lost: 0, remarked: 0, rate_bit_per_second: 1e6 });
  });

  it('are told by what came, where nobody says what was sent', () => {
    const foreign = [
      stream(G[0]!, { sent: null, came: { '0': 3, '34': 997 } }),
      stream(G[1]!, { sent: null, came: null }),
    ];
    const { classes, classes_total } = buildClasses({ memberships: [], streams: foreign });
    expect(classes_total).toBe(1);
    expect(classes[0]).toMatchObject({ name: 'af41', from: 'received', remarked: 3 });
  });

  it.each([
    [2, true],
    [1, false],
  ])('%d of them are enough: %s', (count, ok) => {
    const result = { ...receiverResult(), memberships: [], streams: count === 2 ? streams : streams.slice(1, 2) };
    const judged = withBench('classes', result, JUDGE);
    expect(RunResultSchema.safeParse(judged).error).toBeUndefined();
    expect(judged.limits.find(({ expression }) => expression.startsWith('bench.'))).toMatchObject({ value: count, ok });
    expect(renderText(judged)).toMatch(/class ef \(DSCP 46\), 1 stream/u);
  });
});

async function planOf(line: string) {
  const { given, operands } = await readCommandLine(['bench', ...line.split(' ')]);
  const files = { readWhole: () => new Uint8Array(), isFile: () => false };
  return planBenchStreams(operands, given, { argv: ['bench'], nowUnixNs: 0n, random: () => 1, files });
}

describe('their command line', () => {
  it('ends with the streams, ten seconds behind their first datagram at the latest', async () => {
    const { plan } = await planOf('classes probe://239.1.1.1:5001 probe://239.1.1.2:5001');
    expect(plan).toMatchObject({ command: 'bench', durationNs: 10e9, waitNs: 10e9, once: true });
    expect(plan.streams.map(({ group }) => group)).toEqual(['239.1.1.1', '239.1.1.2']);
    expect((await planOf('forwarding udp://239.1.1.1+9:5 -t 3s --wait 1s')).plan).toMatchObject({
      durationNs: 3e9,
      waitNs: 1e9,
    });
  });

  it.each(['--cycles 4', '--dwell 1s', '--settle 1s', '--background udp://239.1.1.9:1'])(
    'takes no %s',
    async (words) => {
      await expect(planOf(`forwarding udp://239.1.1.1:5 ${words}`)).rejects.toThrow(/is not for bench forwarding/u);
    },
  );

  it('knows five tests', () => {
    expect(['join', 'leave', 'groups', 'forwarding', 'classes'].map((test) => benchTest([test]))).toHaveLength(5);
    expect(() => benchTest(['forwardin'])).toThrow(/forwarding"?\??: join/u);
  });
});
