import { describe, expect, it } from 'vitest';
import { ZapAttempt } from '../../src/analysis/zapAttempt.js';
import { readCommandLine } from '../../src/cli/program.js';
import { exitStatus } from '../../src/cli/status.js';
import { McastError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import { planZap } from '../../src/profile/zapPlan.js';
import { renderText } from '../../src/report/text.js';
import { zapHeader, zapLine } from '../../src/report/textZap.js';
import type { ZapRow } from '../../src/result/buildZap.js';
import { judgeLimits } from '../../src/result/judge.js';
import { parseMax } from '../../src/result/limits.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { Command, RunControl } from '../../src/runtime/control.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { zapOrder } from '../../src/runtime/zapOrder.js';
import { runZap } from '../../src/runtime/zapRun.js';
import { Broadcast, PERIOD_NS, rtpPayload, stepsFrom, transportPayload, type Channel } from './zapFixture.js';

const A = '239.255.7.1';
const B = '239.255.7.2';
const C = '239.255.7.3';
const DWELL_NS = 2e9;

async function planOf(line: string) {
  const { given, operands } = await readCommandLine(['zap', ...line.split(' ')]);
  const files = {
    readWhole: () => new TextEncoder().encode('name,endpoint\nNews,rtp://239.255.7.1:5004\n'),
    isFile: () => false,
  };
  return planZap(operands, given, { argv: ['zap'], nowUnixNs: 0n, random: () => 1, files });
}

interface Zapped {
  readonly result: RunResult;
  readonly rows: readonly ZapRow[];
  readonly messages: readonly RunMessage[];
}

/** Runs the command's plan over memory; `onRow`: behind each change. */
async function zapped(
  line: string,
  channels: readonly Channel[],
  onRow: (control: RunControl, rows: readonly ZapRow[]) => void = () => {},
): Promise<Zapped> {
  const { plan, output } = await planOf(line);
  const control = new RunControl();
  const messages: RunMessage[] = [];
  const rows: ZapRow[] = [];
  const result = await runZap(new Broadcast(channels), plan, output, control, (message) => {
    messages.push(message);
    if (message.type !== 'zap') return;
    rows.push(message.row);
    onRow(control, rows);
  });
  expect(RunResultSchema.safeParse(result).error).toBeUndefined();
  return { result, rows, messages };
}

const rtp = (group: string): string => `rtp://${group}:5004/iface=lo`;
const media = (group: string): Channel => ({ group, payload: rtpPayload });

/** Times of a row, in datagrams from the join's `since`, which is a time of sending. */
function stepsOf(row: ZapRow, joinNs: number): number[] {
  const { first_packet_ns, first_pat_ns, first_pmt_ns, first_random_access_ns } = row;
  return [first_packet_ns, first_pat_ns, first_pmt_ns, first_random_access_ns].map((ns) =>
    ns === null ? -1 : Math.round((joinNs + ns) / PERIOD_NS),
  );
}

function expectedSteps(from: number): number[] {
  const { packet, pat, pmt, randomAccess } = stepsFrom(from);
  return [packet, pat, pmt, randomAccess];
}

const padded = (n: number): Uint8Array => {
  const octets = new Uint8Array(12 + 7 * 188 + 4);
  octets.set(rtpPayload(n));
  octets[0] = 0xa0;
  octets[octets.length - 1] = 4;
  return octets;
};

const orders = (seed: number): number[][] => {
  const random = new Random(seed);
  return Array.from({ length: 200 }, () => zapOrder(4, random, -1));
};

const play = (attempt: ZapAttempt, payload: (n: number) => Uint8Array, from: number, to: number): void => {
  for (let n = from; n < to; n++) {
    const octets = payload(n);
    const bytes = new Uint8Array(octets.length + 9).fill(0x47);
    bytes.set(octets, 5);
    attempt.onDatagram(bytes, 5, octets.length, n * PERIOD_NS);
  }
};
const found = (attempt: ZapAttempt, joinNs: number): number[] => {
  const { packetNs, patNs, pmtNs, randomAccessNs } = attempt.times();
  return [packetNs, patNs, pmtNs, randomAccessNs].map((ns) => Math.round((ns + joinNs) / PERIOD_NS));
};

describe('one change', () => {
  it.each([
    ['RTP', rtpPayload],
    ['bare transport packets', transportPayload],
  ])('to %s: each step at the datagram that brings it', (_, payload) => {
    for (const from of [0, 1, 17, 100, 379, 380, 500]) {
      const joinNs = from * PERIOD_NS - 1e6;
      const attempt = new ZapAttempt(joinNs, DWELL_NS);
      const { randomAccess } = stepsFrom(from);
      play(attempt, payload, from, randomAccess);
      expect(attempt.isComplete).toBe(false);
      play(attempt, payload, randomAccess, randomAccess + 1);
      expect(attempt.isComplete).toBe(true);
      expect(found(attempt, joinNs)).toEqual(expectedSteps(from));
      expect(attempt.times().packetNs).toBeCloseTo(1e6);
    }
  });

  it('takes nothing that came too late', () => {
    const { pat, pmt } = stepsFrom(100);
    const attempt = new ZapAttempt(100 * PERIOD_NS, (Math.max(pat, pmt) - 101) * PERIOD_NS);
    play(attempt, rtpPayload, 100, 900);
    expect(attempt.isComplete).toBe(false);
    expect(attempt.times().randomAccessNs).toBeNaN();
    expect(attempt.times().pmtNs).toBeNaN();
    expect(attempt.times().packetNs).toBe(0);
  });

  it('looks at RTP packets of its own payload type alone', () => {
    const attempt = new ZapAttempt(0, DWELL_NS);
    const { pat } = stepsFrom(3);
    play(attempt, rtpPayload, 3, pat);
    const other = rtpPayload(pat);
    other[1] = 96;
    play(attempt, () => other, pat, pat + 1);
    expect(attempt.times().patNs).toBeNaN();
  });

  it('leaves out padding', () => {
    const attempt = new ZapAttempt(0, DWELL_NS);
    const { pat } = stepsFrom(3);
    play(attempt, rtpPayload, 3, pat);
    play(attempt, padded, pat, 400);
    expect(found(attempt, 0)).toEqual(expectedSteps(3));
  });

  it('to what is no transport stream is complete after some datagrams', () => {
    const attempt = new ZapAttempt(0, DWELL_NS);
    play(attempt, () => new Uint8Array(100), 3, 18);
    expect(attempt.isComplete).toBe(false);
    play(attempt, () => new Uint8Array(100), 18, 19);
    expect(attempt.isComplete).toBe(true);
    play(attempt, rtpPayload, 19, 400);
    expect(attempt.isComplete).toBe(true);
    expect(attempt.times()).toMatchObject({ packetNs: 3 * PERIOD_NS, patNs: NaN, isTransportStream: false });
  });
});

describe('an order', () => {
  it('is that of the channels, or random and repeatable', () => {
    expect(zapOrder(4, null, 0)).toEqual([0, 1, 2, 3]);
    expect(orders(7)).toEqual(orders(7));
    for (const order of orders(7)) expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    expect(new Set(orders(7).map(String)).size).toBe(24);
  });

  it('does not begin with the channel that is watched', () => {
    const random = new Random(1);
    const first = new Set(Array.from({ length: 100 }, () => zapOrder(3, random, 1)[0]));
    expect([...first].toSorted()).toEqual([0, 2]);
    expect(zapOrder(1, random, 0)).toEqual([0]);
  });
});

describe('a run', () => {
  it('changes in turn, and times what comes from each join', async () => {
    const { result, rows, messages } = await zapped(`${rtp(A)} ${rtp(B)} --cycles 3`, [media(A), media(B)]);
    expect(rows.map(({ cycle, group }) => [cycle, group])).toEqual(
      [1, 2, 3].flatMap((cycle) => [
        [cycle, A],
        [cycle, B],
      ]),
    );
    // Joined as soon as the one before has shown its first picture.
    let from = 0;
    let joinNs = 0;
    for (const row of rows) {
      expect(stepsOf(row, joinNs)).toEqual(expectedSteps(from));
      joinNs = stepsFrom(from).randomAccess * PERIOD_NS;
      from = stepsFrom(from).randomAccess + 1;
    }
    const { zap } = result;
    expect(zap).toMatchObject({ cycles: 3, dwell_ns: 2e9, shuffled: false, attempts: 6, failures: 0, incomplete: 0 });
    expect(zap!.channels.map(({ group, attempts }) => [group, attempts])).toEqual([
      [A, 3],
      [B, 3],
    ]);
    const pictures = rows.map((row) => row.first_random_access_ns!);
    expect(zap!.first_random_access_ns).toMatchObject({
      count: 6,
      min: Math.min(...pictures),
      max: Math.max(...pictures),
    });
    const ofB = pictures.filter((_, i) => i % 2 === 1);
    expect(zap!.channels[1]!.first_random_access_ns).toMatchObject({ count: 3, min: Math.min(...ofB) });
    expect(result.memberships.map(({ group, filter_mode }) => [group, filter_mode])).toEqual([
      [A, 'exclude'],
      [B, 'exclude'],
    ]);
    expect(result.health.verdict).toBe('valid');
    expect(result.clock.receive_time).toBe('kernel');
    expect([result.run.complete, result.run.interval_ns, exitStatus(result, null)]).toEqual([true, null, 0]);
    expect(messages.filter(({ type }) => type === 'ready')).toHaveLength(1);
    const joins = messages.flatMap((message) => (message.type === 'zap' ? [message.time] : []));
    expect(joins[0]).toBe(result.run.start);
    expect(joins).toEqual(joins.toSorted());
  });

  it('leaves what it changes from, first', async () => {
    const { plan, output } = await planOf(`${rtp(A)} ${rtp(B)} --cycles 2`);
    const io = new Broadcast([media(A), media(B)]);
    await runZap(io, plan, output, new RunControl(), () => {});
    expect(io.joinedAtOpening).toEqual([0, 0, 0, 0]);
    expect(io.joined).toBe(0);
  });

  it('counts a channel of which nothing comes, and fails by it', async () => {
    const line = `${rtp(A)} ${rtp(B)} --cycles 2 --dwell 200ms`;
    const { result, rows } = await zapped(line, [media(A)]);
    expect(rows[1]).toMatchObject({ first_packet_ns: null, first_pat_ns: null, first_random_access_ns: null });
    expect(result.zap).toMatchObject({ attempts: 4, failures: 2, channels: [{ failures: 0 }, { failures: 2 }] });
    expect(result.limits.map(({ expression, stream, ok, reason }) => [expression, stream, ok, reason])).toEqual([
      ['failures == 0', `${A} port 5004`, true, null],
      ['failures == 0', `${B} port 5004`, false, 'nothing came 2 of 2 times'],
    ]);
    expect(exitStatus(result, null)).toBe(3);
    const allowed = await zapped(`${line} --allow-silence`, [media(A)]);
    expect(exitStatus(allowed.result, null)).toBe(0);
    const text = renderText(result);
    expect(text).toContain('failed        2 of 2: nothing came within 200 ms');
    expect(text).toContain('failed        0 of 2\n');
  });

  it('tells a channel that shows no picture from one that fails', async () => {
    const { pat, pmt } = stepsFrom(3);
    const withoutPicture = (n: number): Uint8Array | null => (n < 3 || n > Math.max(pat, pmt) ? null : rtpPayload(n));
    const { result } = await zapped(`${rtp(A)} --cycles 1 --dwell 500ms`, [{ group: A, payload: withoutPicture }]);
    expect(result.zap).toMatchObject({
      failures: 0,
      incomplete: 1,
      first_pmt_ns: { count: 1 },
      first_random_access_ns: null,
    });
    expect(exitStatus(result, null)).toBe(0);
    const text = renderText(result);
    expect(text).toContain('no picture    1 of 1: no random access point within 500 ms');
    expect(text).toContain('  picture       -\n');
  });

  it('of what is no transport stream has packets alone', async () => {
    const { result } = await zapped(`udp://${C}:5004/iface=lo --cycles 1`, [
      { group: C, payload: () => new Uint8Array(64) },
    ]);
    expect(result.zap).toMatchObject({ failures: 0, incomplete: 0, first_packet_ns: { count: 1 }, first_pat_ns: null });
    expect(renderText(result)).not.toContain('PMT');
  });

  it('is random with a seed, and never changes to where it is', async () => {
    const line = `${rtp(A)} ${rtp(B)} ${rtp(C)} --cycles 4 --seed 5`;
    const channels = [media(A), media(B), media(C)];
    const [one, again] = [await zapped(line, channels), await zapped(line, channels)];
    const groups = one.rows.map(({ group }) => group);
    expect(again.rows.map(({ group }) => group)).toEqual(groups);
    for (let i = 1; i < groups.length; i++) expect(groups[i]).not.toBe(groups[i - 1]);
    expect(one.result.zap!.shuffled).toBe(true);
    // Each is left at another moment between its first picture and the end of its time.
    const joins = one.messages.flatMap((message) => (message.type === 'zap' ? [Date.parse(message.time)] : []));
    const watchedOnMs = joins.slice(1).map((ms, i) => {
      return ms - joins[i]! - one.rows[i]!.first_random_access_ns! / 1e6;
    });
    expect(Math.min(...watchedOnMs)).toBeGreaterThan(0);
    expect(Math.max(...watchedOnMs)).toBeGreaterThan(500);
    expect(Math.max(...watchedOnMs)).toBeLessThan(2000);
    expect(new Set(watchedOnMs).size).toBe(watchedOnMs.length);
    expect(one.result.zap!.channels.map(({ attempts }) => attempts)).toEqual([4, 4, 4]);
    expect(renderText(one.result)).toContain('12 channel changes, 3 channels in random order');
  });

  it('that is stopped leaves out the change that is under way', async () => {
    const { result, rows } = await zapped(
      `${rtp(A)} ${rtp(B)} --cycles 3`,
      [media(A), media(B)],
      (control, { length }) => {
        if (length === 2) control.give(Command.Stop);
      },
    );
    expect(rows).toHaveLength(2);
    expect(result.zap!.attempts).toBe(2);
    expect(result.run.complete).toBe(false);
    expect(exitStatus(result, 'SIGINT')).toBe(130);
  });

  it('tells the result so far when asked', async () => {
    const { messages } = await zapped(`${rtp(A)} --cycles 3`, [media(A)], (control, { length }) => {
      if (length === 1) control.give(Command.Snapshot);
      if (length === 2) control.giveOutline([]);
    });
    const partials = messages.filter((message) => message.type === 'partial');
    expect(partials.map(({ result }) => result)).toMatchObject([
      { run: { complete: false }, zap: { attempts: 1 } },
      { run: { complete: false }, zap: { attempts: 2 } },
    ]);
  });

  it('is judged by limits on its figures, and again by mcast report', async () => {
    const line = `${rtp(A)} --cycles 2 --max zap.first_random_access_ns.p99=2s --max zap.first_pat_ns.max=1us`;
    const { result } = await zapped(line, [media(A)]);
    expect(result.limits.map(({ ok }) => ok)).toEqual([true, false, true]);
    const [read] = await readResults(JSON.stringify(result), 'a.json');
    expect(judgeLimits(read!, [parseMax('zap.incomplete=0')])).toMatchObject([{ value: 0, ok: true }, { ok: true }]);
    const { zap: _, ...older } = result;
    const [completed] = await readResults(JSON.stringify(older), 'a.json');
    expect(completed!.zap).toBeNull();
    expect(judgeLimits(completed!, [parseMax('zap.incomplete=0')])[0]).toMatchObject({
      ok: false,
      reason: 'this result has no zap section',
    });
  });

  it('is told in 80 columns', async () => {
    const { result, rows, messages } = await zapped(`${rtp(A)} ${rtp(B)} --cycles 2 --dwell 1s`, [media(A)]);
    const lines = [zapHeader(), ...rows.map((row) => zapLine({ ...row, name: 'n'.repeat(60) }, result.run.start))];
    for (const text of [...lines, ...renderText(result).split('\n')]) expect(text.length, text).toBeLessThanOrEqual(80);
    const [heading, first] = [zapHeader(), zapLine(rows[0]!, '2026-03-01T12:34:56.500000000Z')];
    expect(heading).toHaveLength(first.length);
    expect(first).toMatch(/^12:34:56\.5Z +1 239\.255\.7\.1:5004 +\S+ +\S+ +\S+ +\S+$/u);
    expect(zapLine(rows[1]!, result.run.start)).toMatch(/239\.255\.7\.2:5004 +nothing came$/u);
    const ready = messages.find((message) => message.type === 'ready');
    expect(ready?.info.lines[0]).toContain('2 channels, 2 times each, for at most 1s; first 239.255.7.1:5004 on lo');
  });
});

describe('a plan', () => {
  it('has the channels of line-ups by their names', async () => {
    const { plan } = await planOf('lineup.csv udp://239.255.7.9+2:5004');
    expect(plan.streams.map(({ name, group }) => [name, group])).toEqual([
      ['News', '239.255.7.1'],
      [null, '239.255.7.9'],
      [null, '239.255.7.10'],
    ]);
    expect(plan).toMatchObject({ cycles: 10, dwellNs: 2e9, seed: null, io: 'auto' });
  });

  it.each([
    ['srt://239.255.7.1:5004', 'channels are rtp://, udp:// or probe://'],
    [
      'udp://239.255.7.1+600:5004 --cycles 100',
      '600 channels in 100 cycles are too many changes for one run: at most 50000',
    ],
    ['udp://239.255.7.1:5004 --dwell 0s', 'must be above 0'],
    ['udp://239.255.7.1:5004 --cycles 0', 'out of range'],
  ])('%s is refused', async (line, message) => {
    const error = await planOf(line).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).message).toContain(message);
  });
});
