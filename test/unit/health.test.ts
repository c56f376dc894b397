import { describe, expect, it } from 'vitest';
import { buildStream } from '../../src/result/build.js';
import { buildSender } from '../../src/result/buildSender.js';
import { StreamHealth } from '../../src/result/streamHealth.js';
import { departureLimitNs, judgeHealth, type HealthFacts } from '../../src/result/health.js';
import type { ClockQuality, Evidence, Stream } from '../../src/result/model.js';
import { digestOf } from '../../src/result/streamDigest.js';
import {
  checkIdentities,
  CLOCK,
  counters,
  HEALTHY,
  measurement,
  NO_LOSS,
  PORTABLE,
  senderFacts,
  senderStream,
  snapshot,
} from './resultFixture.js';

function stream(change: Parameters<typeof snapshot>[0] = {}, how: Parameters<typeof measurement>[0] = {}): Stream {
  return buildStream(snapshot(change), measurement(how), null);
}

interface Case {
  readonly facts?: Partial<HealthFacts>;
  readonly streams?: readonly Stream[];
  readonly clock?: Partial<ClockQuality>;
}

function judge({ facts = {}, streams = [stream()], clock = {} }: Case): ReturnType<typeof judgeHealth> {
  return judgeHealth({ ...HEALTHY, ...facts }, healthOf(streams), null, { ...CLOCK, ...clock });
}

function healthOf(streams: readonly Stream[]): StreamHealth {
  const health = new StreamHealth();
  for (const one of streams) health.add(digestOf(one));
  return health;
}

/** What belongs to a stream that lost nothing here and records no delays. */
const BARE = { lossDetail: NO_LOSS, histograms: null };

const paced = { stream: 'a', p99Ns: 0, periodNs: 1e6, quantumNs: 0 };

function notes(given: Case): string[] {
  const { reasons } = judge(given);
  return reasons.filter((reason) => reason.severity === 'note').map((reason) => reason.code);
}

function saidOfProcessors(facts: HealthFacts, of: Evidence): string[] {
  return judgeHealth(facts, healthOf([stream()]), null, CLOCK, null, of)
    .reasons.filter(({ code }) => code === 'processors')
    .map(({ severity, text }) => `${severity}: ${text}`);
}

describe('what is late', () => {
  const evidence: Evidence = {
    host_counters: {},
    processors: { time_ns: 20e9, stolen_ns: 90e6 },
    threads: [
      { id: 2, role: 'measuring', cpu_ns: 5.25e9, waiting_ns: 31_400_000, realtime: false },
      { id: 1, role: 'command', cpu_ns: 1e9, waiting_ns: 2e9, realtime: false },
    ],
    notes: [],
  };
  const held = { ...HEALTHY, loop: { ...HEALTHY.loop, stalls: 1, maxCycleNs: 20e6 } };
  it('comes with who had the processors', () => {
    const why =
      "note: a hypervisor took away 0.45 % of the processors' time; the measuring thread, which worked for 5.250 s, was ready for 0.031 s more and had no processor (--realtime lets it go first)";
    expect(saidOfProcessors(held, evidence)).toEqual([why]);
    const late = { ...HEALTHY, departures: [{ stream: 'a', p99Ns: 2e6, periodNs: 1e6, quantumNs: 0 }] };
    expect(saidOfProcessors(late, evidence)).toEqual([why]);
    const threads = evidence.threads.map((thread) => ({ ...thread, realtime: true }));
    expect(saidOfProcessors(late, { ...evidence, threads })[0]).toMatch(/and had no processor$/);
    const starved = threads.map((thread) => ({ ...thread, waiting_ns: 0.04 * thread.cpu_ns }));
    expect(saidOfProcessors(late, { ...evidence, threads: starved })[0]).toMatch(/for 50 ms of each second\)$/);
  });

  it('says nothing of processors when nothing is late, or nothing was taken', () => {
    expect(saidOfProcessors(HEALTHY, evidence)).toEqual([]);
    expect(saidOfProcessors(held, { ...evidence, processors: { time_ns: 20e9, stolen_ns: 0 }, threads: [] })).toEqual(
      [],
    );
    expect(saidOfProcessors(held, { ...evidence, processors: null, threads: [] })).toEqual([]);
  });
});

describe('the verdict', () => {
  it('is valid although the network lost a lot', () => {
    const lossy = stream({
      ...BARE,
      counters: counters({ PacketsReceived: 1, Received: 1, Expected: 1000, Lost: 999, LossNetwork: 999 }),
    });
    expect(judge({ streams: [lossy], facts: { kernelDrops: 0 } }).verdict).toBe('valid');
  });

  it('is valid although nothing arrived', () => {
    expect(judge({ streams: [], facts: { kernelDrops: 0 } })).toMatchObject({ verdict: 'valid', reasons: [] });
  });

  it('is valid although the host lost, when every drop is attributed exactly', () => {
    expect(judge({})).toMatchObject({ verdict: 'valid', kernel_drops: 2, kernel_drops_other: 0 });
  });

  it.each<[string, Case]>([
    ['truncated', { facts: { truncated: 1 } }],
    ['control_message_lost', { facts: { controlTruncated: 1 } }],
    ['stream_table_full', { facts: { streamTableOverflow: 1 } }],
    ['path_table_full', { facts: { pathTableOverflow: 1 } }],
    ['ring_full', { facts: { ringOverflow: 1 } }],
    ['clock_step', { clock: { steps: [{ at_ns: 1e9, by_ns: -5e6 }] } }],
    ['identity_broken', { streams: [stream({ pending: 1 })] }],
    ['identity_broken', { facts: { kernelDrops: 1 } }],
  ])('is invalid: %s', (code, given) => {
    const health = judge(given);
    expect(health.verdict).toBe('invalid');
    expect(health.reasons.filter((reason) => reason.severity === 'invalid').map((reason) => reason.code)).toEqual([
      code,
    ]);
  });

  it.each<[string, Case]>([
    ['injected', { facts: { injected: 'slow=500' } }],
    ['stall', { facts: { loop: { ...HEALTHY.loop, stalls: 1, maxCycleNs: 12e6 } } }],
    ['departure_error', { facts: { departures: [{ ...paced, p99Ns: 250_001 }] } }],
    ['departure_error', { facts: { departures: [{ ...paced, periodNs: 1e9, p99Ns: 1_000_001 }] } }],
    ['attribution_shared', { streams: [stream({ lossAttribution: 'shared' })] }],
    ['attribution_bounded', { streams: [stream({ lossAttribution: 'bounded' })] }],
    ['kernel_drops_other', { facts: { kernelDrops: 3 } }],
    ['shared_time', { clock: { shared_time_datagrams: 1 } }],
    ['stamp_missing', { clock: { user_time_datagrams: 1 } }],
    ['refused_sends', { facts: { refusedSendsDisagree: 'SndbufErrors grew by 5, 4 were seen' } }],
  ])('is degraded: %s', (code, given) => {
    const health = judge(given);
    expect(health.verdict).toBe('degraded');
    expect(health.reasons.filter((reason) => reason.severity === 'degraded').map((reason) => reason.code)).toEqual([
      code,
    ]);
  });

  it.each<[string, Case]>([
    ['a departure error at its limit', { facts: { departures: [{ ...paced, p99Ns: 250_000 }] } }],
    [
      'an error that the quantum allows',
      { facts: { departures: [{ ...paced, periodNs: 10_000, quantumNs: 1e6, p99Ns: 1e6 }] } },
    ],
    ['no schedule at all', { facts: { departures: [{ ...paced, periodNs: null, p99Ns: 1e9 }] } }],
    [
      'a shared socket that dropped nothing',
      { streams: [stream({ ...BARE, lossAttribution: 'shared', counters: counters({}) })], facts: { kernelDrops: 0 } },
    ],
    ['read times where there are no others', { clock: { receive_time: 'user', user_time_datagrams: 990 } }],
    [
      'a clock step where no delay is measured',
      {
        streams: [stream({ format: 'udp', unit: 'none', sendTime: null })],
        facts: { kernelDrops: 0 },
        clock: { steps: [{ at_ns: 0, by_ns: 1e9 }] },
      },
    ],
    ['missing capabilities', { facts: { kernelDrops: null, notes: ['no DSCP'] }, streams: [stream({}, PORTABLE)] }],
  ])('stays valid with %s', (_name, given) => {
    expect(judge(given).verdict).toBe('valid');
  });

  it('lets invalid win over degraded, and gives both reasons', () => {
    const health = judge({ facts: { truncated: 1, injected: 'slow=1' } });
    expect(health.verdict).toBe('invalid');
    expect(health.reasons.map((reason) => reason.severity)).toEqual(expect.arrayContaining(['invalid', 'degraded']));
  });

  it('notes what a reader must know: local copies, offset of clocks, due times, capabilities', () => {
    expect(notes({})).toEqual(['clock_offset']);
    expect(notes({ streams: [stream({}, { isLocal: () => true })] })).toEqual(['local']);
    expect(notes({ streams: [stream({ sendTime: 'due' })] })).toEqual(['clock_offset', 'due_time']);
    expect(notes({ streams: [], facts: { kernelDrops: 0, notes: ['no DSCP'] } })).toEqual(['capability']);
  });

  it('does not invent a figure for drops that it cannot see', () => {
    expect(judge({ facts: { kernelDrops: null } })).toMatchObject({ kernel_drops: null, kernel_drops_other: null });
  });

  it('has a limit for departure error that follows from period and quantum', () => {
    expect(departureLimitNs({ ...paced, periodNs: 100_000 })).toBe(25_000);
    expect(departureLimitNs({ ...paced, periodNs: 100e6 })).toBe(1e6);
    expect(departureLimitNs({ ...paced, periodNs: 100_000, quantumNs: 50_000 })).toBe(75_000);
    expect(departureLimitNs({ ...paced, periodNs: null })).toBe(Infinity);
  });
});

function brokenAt(change: Parameters<typeof senderStream>[0]): readonly string[] {
  return checkIdentities([], buildSender(senderFacts({ streams: [senderStream(change)] })), null).broken;
}

describe('identities', () => {
  it('hold in what was built, and several are judged', () => {
    const { broken, checked } = checkIdentities([stream()], buildSender(senderFacts()), 2);
    expect(broken).toEqual([]);
    expect(checked).toBe(8);
  });

  it.each<[string, Parameters<typeof counters>[0], string]>([
    [
      'expected',
      { PacketsReceived: 990, Received: 990, Expected: 1001, Lost: 10, LossNetwork: 10 },
      'packets_expected = ',
    ],
    [
      'the causes',
      { PacketsReceived: 990, Received: 990, Expected: 1000, Lost: 10, LossNetwork: 9 },
      'packets_lost = ',
    ],
    [
      'reordered',
      { PacketsReceived: 998, Received: 998, Expected: 1000, Lost: 2, LossNetwork: 2, PacketsReordered: 999 },
      'packets_reordered among',
    ],
    [
      'loss periods',
      { PacketsReceived: 999, Received: 999, Expected: 1000, Lost: 1, LossNetwork: 1 },
      'loss_periods among',
    ],
    ['delays', { PacketsReceived: 989, Received: 989, Expected: 1000, Lost: 11, LossNetwork: 11 }, 'delays among'],
  ])('catch %s', (_name, row, text) => {
    const { broken } = checkIdentities([stream({ counters: counters(row) })], null, null);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain(text);
  });

  it('catch sums of messages', () => {
    const of = { format: 'mold', unit: 'message' as const };
    const right = stream({
      ...of,
      counters: counters({ PacketsReceived: 990, Expected: 100, Received: 90, Lost: 10, LossNetwork: 10 }),
    });
    const wrong = stream({
      ...of,
      counters: counters({ PacketsReceived: 990, Expected: 100, Received: 90, Lost: 11, LossNetwork: 11 }),
    });
    expect(checkIdentities([right], null, null).broken).toEqual([]);
    expect(checkIdentities([wrong], null, null).broken[0]).toContain('messages_expected');
  });

  it('catch more loss at the socket than the kernel dropped, but not where it counts super-packets', () => {
    expect(checkIdentities([stream()], null, 1).broken[0]).toContain('kernel_drops');
    expect(checkIdentities([stream({ lossAttribution: 'bounded' })], null, 1).broken).toEqual([]);
  });

  it('catch a sender whose sums disagree, what impairment did included', () => {
    const impairment = { lost: 10, duplicated: 3, reordered: 7, delayed: 9, corrupted: 2 };
    expect(brokenAt({ sent: 1000 })).toEqual([]);
    expect(brokenAt({ sent: 999 })).toHaveLength(1);
    expect(brokenAt({ sent: 995, impairment })).toEqual([]);
    expect(brokenAt({ sent: 1000, impairment })).toHaveLength(1);
    const sender = { ...buildSender(senderFacts()), not_sent: 5 };
    expect(checkIdentities([], sender, null).broken[0]).toContain('not_sent');
  });

  it('judge nothing that is null', () => {
    expect(checkIdentities([stream({ format: 'udp', unit: 'none', sendTime: null })], null, null)).toEqual({
      broken: [],
      checked: 0,
    });
  });
});
