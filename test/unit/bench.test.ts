import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { MembershipCycle } from '../../src/control/membershipCycle.js';
import { ReceiveBatch } from '../../src/core/batch.js';
import { McastError } from '../../src/core/errors.js';
import type { Io } from '../../src/io/datagram.js';
import type { GroupTap, GroupTapReader, GroupTapSpec } from '../../src/io/groupTap.js';
import { MembershipCounts, type MembershipTimes } from '../../src/metrics/membershipCounts.js';
import { planBench } from '../../src/profile/benchPlan.js';
import { renderText } from '../../src/report/text.js';
import { benchHeader, benchLine } from '../../src/report/textBench.js';
import { benchRow, buildDelays, type BenchRow } from '../../src/result/buildBench.js';
import { judgeLimits } from '../../src/result/judge.js';
import { parseMax } from '../../src/result/limits.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { benchDelays, type BenchPlace } from '../../src/runtime/benchDelays.js';
import { Command, RunControl } from '../../src/runtime/control.js';
import { CycleAgent } from '../../src/runtime/cycleAgent.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { Broadcast, LOOPBACK, PERIOD_NS, transportPayload } from './zapFixture.js';

const MS = 1e6;
const GROUP = '239.255.7.1';
const BESIDE = '239.255.7.2';
const ENDPOINT = `udp://${GROUP}:5004/iface=lo`;
/** As if it were no loopback: of memory nothing is forwarded anyway. */
const PLACE: BenchPlace = { via: { ...LOOPBACK, loopback: false }, reason: 'of a test' };

async function planOf(line: string) {
  const { given, operands } = await readCommandLine(['bench', ...line.split(' ')]);
  const files = { readWhole: () => new Uint8Array(), isFile: () => false };
  return planBench(operands, given, { argv: ['bench'], nowUnixNs: 0n, random: () => 1, files });
}

/** Sees what a switch lets through: for so long behind the last member, too. */
class FakeTap implements GroupTap {
  readonly notes = ['of a test'];
  isClosed = false;
  isBehind = false;
  /** Packets that found no room, of each cycle. */
  lost = 0;
  readonly #io: Broadcast;
  readonly #lagNs: number;
  #readNs = 0;
  #memberNs = -Infinity;

  constructor(io: Broadcast, lagNs: number) {
    this.#io = io;
    this.#lagNs = lagNs;
  }

  read(reader: GroupTapReader): number {
    const nowNs = this.#io.clock.realNs();
    let seen = 0;
    if (this.#io.joined > 0) this.#memberNs = nowNs;
    for (let n = Math.ceil(this.#readNs / PERIOD_NS); n * PERIOD_NS < nowNs; n++) {
      if (n * PERIOD_NS > this.#memberNs + this.#lagNs) continue;
      reader.onDatagram(n * PERIOD_NS);
      seen++;
    }
    this.#readNs = nowNs;
    return seen;
  }

  dropped(): number {
    return this.lost;
  }

  close(): void {
    this.isClosed = true;
  }
}

interface Benched {
  readonly result: RunResult;
  readonly rows: readonly BenchRow[];
  readonly messages: readonly RunMessage[];
  readonly tap: FakeTap;
  readonly io: Broadcast;
  readonly specs: readonly GroupTapSpec[];
}

async function benched(
  line: string,
  whyNot: string | null = null,
  stopBehind = Infinity,
  change: (tap: FakeTap) => void = () => {},
): Promise<Benched> {
  const { plan, output } = await planOf(line);
  const payload = transportPayload;
  const io = new Broadcast([GROUP, BESIDE].map((group) => ({ group, payload })));
  const tap = new FakeTap(io, 200 * MS);
  change(tap);
  const control = new RunControl();
  const messages: RunMessage[] = [];
  const rows: BenchRow[] = [];
  const specs: GroupTapSpec[] = [];
  const openTap = (_io: Io, spec: GroupTapSpec): GroupTap | string => {
    specs.push(spec);
    return whyNot ?? tap;
  };
  const post = (message: RunMessage): void => {
    messages.push(message);
    if (message.type === 'bench' && rows.push(message.row) === stopBehind) control.give(Command.Stop);
  };
  const result = await benchDelays(io, plan, PLACE, output, control, post, openTap);
  expect(RunResultSchema.safeParse(result).error).toBeUndefined();
  return { result, rows, messages, tap, io, specs };
}

const TIMES: MembershipTimes = {
  joinNs: 20 * MS,
  joinReportNs: 8 * MS,
  wasThere: false,
  leaveNs: 210 * MS,
  leaveReportNs: 10 * MS,
  stayed: false,
  spacingNs: 5 * MS,
};

describe('counts of cycles', () => {
  it('divide a delay into what the host takes and what the network does', () => {
    const counts = new MembershipCounts();
    counts.record(TIMES);
    counts.record({ ...TIMES, joinReportNs: NaN, leaveReportNs: NaN, spacingNs: 7 * MS });
    expect([counts.attempts, counts.unpruned, counts.spacingNs]).toEqual([2, 0, 6 * MS]);
    expect([counts.join.delay.count, counts.join.network.count, counts.join.report.count]).toEqual([2, 1, 1]);
    expect([counts.join.network.max, counts.leave.network.max]).toEqual([12 * MS, 200 * MS]);
  });

  it('have no delay of what came unasked, or before the network was told', () => {
    const counts = new MembershipCounts();
    counts.record({ ...TIMES, wasThere: true });
    counts.record({ ...TIMES, joinNs: 7 * MS });
    counts.record({ ...TIMES, joinNs: NaN, leaveNs: NaN, stayed: true });
    expect([counts.unpruned, counts.join.timeouts, counts.join.delay.count]).toEqual([2, 1, 0]);
    expect([counts.leave.timeouts, counts.leave.delay.count]).toEqual([1, 2]);
  });
});

describe('mcast bench join and leave', () => {
  it('joins and leaves as often as it is told to, and closes everything', async () => {
    const { result, rows, tap, io, specs } = await benched(`leave ${ENDPOINT} --cycles 3`);
    expect(rows.map(({ cycle, loaded }) => [cycle, loaded])).toEqual([1, 2, 3].map((cycle) => [cycle, false]));
    const delays = result.bench!.delays!;
    expect(result.bench!.test).toBe('leave');
    expect(delays).toMatchObject({ attempts: 3, dwell_ns: 5e9, settle_ns: 5e8, loaded: null, join: { timeouts: 0 } });
    expect(delays.join.delay_ns).toMatchObject({ count: 3 });
    expect(delays.join.delay_ns!.max).toBeLessThanOrEqual(PERIOD_NS + 1);
    expect(delays.leave).toMatchObject({ timeouts: 0, why_not: null, report_ns: null, delay_ns: { count: 3 } });
    expect(delays.leave.delay_ns!.min).toBeGreaterThan(200 * MS - 2 * PERIOD_NS);
    expect(delays.leave.delay_ns!.max).toBeLessThanOrEqual(200 * MS);
    expect(specs).toEqual([{ family: 4, group: GROUP, port: 5004, sources: [], interfaceIndex: LOOPBACK.index }]);
    expect([tap.isClosed, io.joined]).toEqual([true, 0]);
    expect(result.run).toMatchObject({ complete: true, command: 'bench' });
    expect(result.run.io.notes).toEqual(['of a test']);
    expect(result.memberships.map(({ group }) => group)).toEqual([GROUP]);
    expect(result.limits.map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  it('leaves out what it could not see for want of room', async () => {
    const { result } = await benched(`leave ${ENDPOINT} --cycles 2`, null, Infinity, (tap) => (tap.lost = 1));
    expect(result.bench!.delays!).toMatchObject({
      attempts: 2,
      join: { delay_ns: { count: 2 } },
      leave: { delay_ns: null },
    });
    expect(result.run.io.notes).toContainEqual(expect.stringMatching(/no room for all packets/u));
  });

  it('takes no silence for granted while it has not read everything', () => {
    const io = new Broadcast([]);
    const tap = new FakeTap(io, 0);
    const options = { dwellNs: 5e9, settleNs: 0, pauseNs: 0, seesLeft: true };
    const cycle = new MembershipCycle(options, io.clock.monoNs(), io.clock.monoNs());
    const agent = new CycleAgent(io.clock, cycle, [], tap, [], { datagrams: 0, octets: 0 }, new ReceiveBatch(1));
    tap.isBehind = true;
    agent.doWork();
    expect([agent.finished, agent.nextDueNs()]).toEqual([false, -Infinity]);
    tap.isBehind = false;
    agent.doWork();
    expect([agent.finished, agent.due]).toEqual([true, 'join']);
  });

  it('does all again beside a background', async () => {
    const line = `join ${ENDPOINT} --cycles 2 --background udp://${BESIDE}:5004/iface=lo`;
    const { result, rows, messages } = await benched(line);
    expect(rows.map(({ cycle, loaded }) => [cycle, loaded])).toEqual([
      [1, false],
      [2, false],
      [1, true],
      [2, true],
    ]);
    const { loaded, attempts } = result.bench!.delays!;
    expect([attempts, loaded!.attempts]).toEqual([2, 2]);
    expect(loaded!.datagrams).toBeGreaterThan(10);
    expect(loaded!.octets).toBe(loaded!.datagrams * 1316);
    expect(loaded!.rate_bit_per_second / 4e6).toBeCloseTo(1, 1);
    expect(messages.some(({ type }) => type === 'said')).toBe(true);
    expect(renderText(result)).toMatch(/background load, 2 cycles\n {2}background +udp:\/\/239\.255\.7\.2:5004/u);
  });

  it('says why leaves are not known, and that is a limit exceeded where they are asked for', async () => {
    const { result, messages } = await benched(`leave ${ENDPOINT} --cycles 2 --dwell 1s`, 'no right to it');
    const { join, leave } = result.bench!.delays!;
    expect(join.delay_ns!.count).toBe(2);
    expect(leave).toMatchObject({ delay_ns: null, network_ns: null, why_not: 'no right to it' });
    expect(result.limits.filter(({ ok }) => !ok)).toMatchObject([
      { expression: 'bench.delays.leave.delay_ns.count > 0', reason: 'no right to it' },
    ]);
    expect(renderText(result)).toContain('not measured: no right to it');
    const [ready] = messages;
    expect(ready?.type === 'ready' && ready.info.lines[1]).toBe('leave delays cannot be measured: no right to it');
    const joined = await benched(`join ${ENDPOINT} --cycles 1 --dwell 1s`, 'no right to it');
    expect(joined.result.limits.every(({ ok }) => ok)).toBe(true);
  });

  it('fails where nothing comes', async () => {
    const { result } = await benched('join udp://239.255.7.9:5004/iface=lo --cycles 2 --dwell 300ms');
    expect(result.bench!.delays!.join).toMatchObject({ timeouts: 2, delay_ns: null });
    expect(result.limits.map(({ ok, reason }) => [ok, reason])).toEqual([
      [false, 'nothing came 2 times'],
      [false, 'nothing came'],
    ]);
  });

  it('ends when it is stopped, with what it has', async () => {
    const { result, io, tap } = await benched(`join ${ENDPOINT} --cycles 1000`, null, 2);
    expect(result.run.complete).toBe(false);
    expect(result.bench!.delays!.attempts).toBe(2);
    expect([io.joined, tap.isClosed]).toEqual([0, true]);
  });

  it('refuses a leave on loopback', async () => {
    const { plan, output } = await planOf(`leave ${ENDPOINT}`);
    const place = { via: LOOPBACK, reason: 'of a test' };
    const io = new Broadcast([]);
    const run = benchDelays(
      io,
      plan,
      place,
      output,
      new RunControl(),
      () => {},
      () => 'never asked for',
    );
    await expect(run).rejects.toThrow(/on loopback there is nothing/u);
  });
});

describe('its command line', () => {
  it.each([
    ['leaf udp://239.1.1.1:1', /"leaf" is no benchmark/u],
    ['leave udp://239.1.1.1+2:1', /of one group, not of 2/u],
    ['join srt://10.0.0.1:9000', /single host/u],
    ['join udp://239.1.1.1:1 --iface all', /name one interface/u],
    ['join udp://239.1.1.1:1/iface=all', /name one interface/u],
    ['join udp://239.1.1.1:1 --background udp://239.1.1.1:2', /its own background/u],
    ['join udp://239.1.1.1:1 --background nonsense', /nonsense/u],
    ['join udp://239.1.1.1:1 --cycles 25001', /at most 25000/u],
    ['join udp://239.1.1.1:1 --settle -1s', /settle/u],
    ['join', /bench needs <test> <endpoint>/u],
  ])('%s is refused', async (line, message) => {
    await expect(planOf(line)).rejects.toThrow(message);
    await expect(planOf(line)).rejects.toBeInstanceOf(McastError);
  });

  it('has a hundred cycles, and the interface of the group for its background too', async () => {
    const { plan } = await planOf(`join udp://239.1.1.1:1 --iface lo --background udp://239.2.2.2+2:9`);
    expect(plan).toMatchObject({ test: 'join', cycles: 100, dwellNs: 5e9, settleNs: 5e8 });
    expect(plan.background.map(({ group, iface }) => [group, iface])).toEqual([
      ['239.2.2.2', 'lo'],
      ['239.2.2.3', 'lo'],
    ]);
  });
});

describe('its figures elsewhere', () => {
  it('are judged by limits, and are missing from older documents', async () => {
    const { result } = await benched(`leave ${ENDPOINT} --cycles 2`);
    const limit = parseMax('bench.delays.leave.delay_ns.p99=300ms');
    expect(judgeLimits(result, [limit])[0]).toMatchObject({ ok: true });
    expect(judgeLimits(result, [parseMax('bench.delays.loaded.join.timeouts=0')])[0]).toMatchObject({ ok: false });
    const { bench: _, ...older } = result;
    const [completed] = await readResults(JSON.stringify(older), 'old.json');
    expect(completed!.bench).toBeNull();
    expect(judgeLimits(completed!, [limit])[0]).toMatchObject({
      ok: false,
      reason: 'this result has no bench section',
    });
  });

  it('are lines of columns, and a block', () => {
    const time = '2026-03-01T12:34:56.500000000Z';
    const none = { ...TIMES, joinNs: NaN, leaveNs: NaN, stayed: true };
    expect([
      benchHeader(),
      benchLine(benchRow(1, false, TIMES), time),
      benchLine(benchRow(2, false, none), time),
      benchLine(benchRow(3, false, { ...TIMES, wasThere: true }), time),
    ]).toMatchInlineSnapshot(`
      [
        "time           cycle     join   report    leave   report",
        "12:34:56.5Z        1   20.0ms   8.00ms    210ms   10.0ms",
        "12:34:56.5Z        2        -   8.00ms        -   10.0ms  nothing came, did not end",
        "12:34:56.5Z        3   20.0ms   8.00ms    210ms   10.0ms  not pruned",
      ]
    `);
    const counts = new MembershipCounts();
    for (const times of [TIMES, none, { ...TIMES, wasThere: true }]) counts.record(times);
    const plan = { cycles: 3, dwellNs: 5e9, settleNs: 5e8 };
    const delays = buildDelays(plan, 'CLOCK_MONOTONIC, kernel stamps of datagrams', { counts, whyNot: null }, null);
    expect(delays.join).toMatchObject({ timeouts: 1, unpruned: 1 });
    expect(delays.leave).toMatchObject({ timeouts: 1, why_not: null });
  });
});
