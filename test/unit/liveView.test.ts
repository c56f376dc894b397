import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatShortCount } from '../../src/core/format.js';
import { displayWidth } from '../../src/report/displayWidth.js';
import { RECEIVED_COLUMNS, REPORTED_COLUMNS, SENT_COLUMNS } from '../../src/report/live/columns.js';
import { LiveState, UNBOUNDED, type RunBounds } from '../../src/report/live/liveState.js';
import { naturalOrder, ORDERS } from '../../src/report/live/order.js';
import { livePage, renderLive, type LiveOptions } from '../../src/report/live/renderLive.js';
import type { IntervalRow } from '../../src/result/interval.js';
import { lost, receiver, row, second, senderRow } from './liveFixture.js';

const WIDTHS = [40, 80, 120, 200];

function bare(text: string): string {
  // oxlint-disable-next-line no-control-regex -- ECMA-48 SGR
  return text.replaceAll(/\u001B\[\d+m/gu, '');
}

function rendered(state: LiveState, change: Partial<LiveOptions> = {}): string[] {
  return renderLive(state, { columns: 80, rows: 23, title: 'mcast recv', ...change });
}

/** A state that has seen these intervals of a receiver. */
function seen(...intervals: readonly (readonly IntervalRow[])[]): LiveState {
  const state = new LiveState();
  for (const [k, rows] of intervals.entries()) state.add(second(k + 1, rows), 'recv');
  return state;
}

/** Three streams, everything that can happen to one, another that ended, a sender, and receivers that told of themselves. */
function eventful(): LiveState {
  const state = new LiveState({ ...UNBOUNDED, durationNs: 20e9 });
  const happened: Partial<IntervalRow>[] = [
    {},
    { packets_duplicated: 3 },
    { packets_reordered: 2 },
    { packets_late: 1 },
    lost(12, 3),
    { packets_received: 0, rate_bit_per_second: 0, one_way_delay_p50_ns: null, jitter_ns: null },
    { rate_bit_per_second: 1e6, never_sent: 4 },
    {},
  ];
  for (const [k, change] of happened.entries()) {
    const rows = [row(9, { ...change, name: 'Nachrichten 24 Köln' }), row(10, { rate_bit_per_second: 2e6 + k * 2e5 })];
    if (k < 4) rows.push(row(11, { name: '客厅电视频道 二' }));
    state.add(second(k + 1, rows), 'recv');
    if (k === 4) state.tell({ event: 'stream_end', stream: row(11).stream, at_ns: 4e9 });
    const receivers = [
      receiver('lab-7', k + 1),
      receiver('roof', Math.ceil((k + 1) / 2), { lost: k, loss_network: k, state: k === 6 ? 'silent' : 'reporting' }),
    ];
    state.add(second(k + 1, [], { senderRows: [senderRow(1, { not_sent: k === 2 ? 5 : 0 })], receivers }), 'send');
  }
  return state;
}

/** Names of the columns. */
function head(state: LiveState): string {
  return rendered(state, { columns: 160 })[1]!.replaceAll(/ +/gu, ' ');
}

/** What the only stream's intervals are shown as. */
function glyphs(...rows: Partial<IntervalRow>[]): string {
  return rendered(seen(...rows.map((change) => [row(1, change)])))[2]!.slice(-rows.length);
}

function channels(from: number, count: number): IntervalRow[] {
  return Array.from({ length: count }, (_, i) => row(0, { stream: `${from + i}/a/b`, name: `Channel ${from + i}` }));
}

/** A hundred streams, of which number 57 loses. */
function many(): LiveState {
  const rows = Array.from({ length: 100 }, (_, i) => {
    const figures = { rate_bit_per_second: 1e6 * ((i * 37) % 100), one_way_delay_p50_ns: 1e3 * ((i * 53) % 100) };
    return row(i + 1, { ...(i === 56 ? lost(9) : {}), ...figures });
  });
  return seen(rows);
}

function names(state: LiveState, change: Partial<LiveOptions> = {}): string[] {
  return rendered(state, change).flatMap((line) => /^239\S+/u.exec(line) ?? []);
}

/** The first line, of a run that has come to its fourth second. */
function status(bounds: Partial<RunBounds>, change: (state: LiveState) => void = () => {}): string {
  const state = new LiveState({ ...UNBOUNDED, ...bounds });
  state.add(second(2, [row(1)]), 'recv');
  state.add(second(4, [row(1)]), 'recv');
  change(state);
  return rendered(state)[0]!;
}

/** Columns of the bar, full and empty. */
function done(line: string): number[] {
  return [line.split('█').length - 1, line.split('░').length - 1];
}

describe('the live view', () => {
  it.each(WIDTHS)('in %i columns is as it was', async (columns) => {
    const lines = rendered(eventful(), { columns, rows: 40, hasKeys: true });
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../vectors/live/${columns}.txt`);
  });

  it('is never wider or higher than it may be, and differs in nothing but colour when it has some', () => {
    const state = eventful();
    for (let columns = 1; columns <= 210; columns += columns < 90 ? 1 : 17)
      for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 23, 60]) {
        const lines = rendered(state, { columns, rows, color: true, hasKeys: true, isPaused: true });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(displayWidth(bare(line)), `${columns} x ${rows}`).toBeLessThanOrEqual(columns);
        expect(lines.map(bare)).toEqual(rendered(state, { columns, rows, hasKeys: true, isPaused: true }));
      }
  });

  it('colours what is wrong', () => {
    const text = rendered(seen([row(1, lost(3, 1)), row(2)]), { color: true }).join('\n');
    expect(text).toContain('\u001B[31m    4\u001B[39m \u001B[31m    3\u001B[39m \u001B[31m    1\u001B[39m     0');
    expect(text).toContain('\u001B[31mX\u001B[39m');
    expect(text).toContain('\u001B[32m.\u001B[39m');
  });

  it('needs no character beyond ASCII where there is none', () => {
    const lines = rendered(seen([row(1)], [row(1, { rate_bit_per_second: 1e6 })]), { ascii: true, columns: 120 });
    for (const line of lines) expect(line).toMatch(/^[ -~]*$/u);
    expect(lines.join('\n')).toMatch(/ \*?#[-=] /u);
  });

  it('without any stream says so', () => {
    expect(rendered(new LiveState(), { rows: 5 })).toEqual(['mcast recv', 'nothing yet']);
    const lines = rendered(seen([], [], []));
    expect(lines[0]).toBe('mcast recv  12:00:03Z  3.00 s');
    expect(lines[1]).toBe('nothing yet');
  });

  it('shows every column that the text has, and what nobody measured nowhere', () => {
    const unmeasured = {
      packets_lost: null,
      loss_network: null,
      loss_socket_buffer: null,
      loss_application: null,
      loss_ratio: null,
      never_sent: null,
      packets_late: null,
      packets_reordered: null,
      packets_duplicated: null,
    };
    expect(head(seen([row(1)]))).toBe(
      'stream bit/s recv lost net buf app unsent dup reord late delay50 delay99 jitter rate history',
    );
    expect(head(seen([row(1, unmeasured)]))).toBe('stream bit/s recv delay50 delay99 jitter rate history');
    const portable = { loss_network: null, loss_socket_buffer: null };
    expect(head(seen([row(1, portable)]))).toContain(' recv lost app unsent ');
  });
});

it('docs/live.md explains every column', () => {
  const page = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| (?:`[^`]+` ?)+\|/u.test(line));
  const explained = new Set(
    rows.flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/gu)].map(([, name]) => name)),
  );
  const heads = [...RECEIVED_COLUMNS, ...SENT_COLUMNS, ...REPORTED_COLUMNS].map((column) => column.head);
  expect([...new Set([...heads, 'rate', 'history'])].filter((name) => !explained.has(name))).toEqual([]);
});

describe('figures of the live view', () => {
  it('are those of the last interval, and counts the sums of all', () => {
    const state = seen(
      [row(1, lost(3, 1)), row(2)],
      [row(1, { ...lost(9), packets_duplicated: 7 }), row(2, { one_way_delay_p50_ns: -50e6, jitter_ns: 130e9 })],
    );
    const [, , all, one, other] = rendered(state, { columns: 160 }).map((line) => line.trim().split(/\s+/u));
    const sums = ['760', '13', '12', '1', '0', '0', '7', '0', '0'];
    expect(all).toEqual(['all', '2', '4.00M', ...sums, '▇▇', 'XX']);
    const delays = ['170us', '1.21ms', '12.3us'];
    expect(one).toEqual(['239.1.1.1', '2.00M', '380', ...sums.slice(1), ...delays, '▇▇', 'XX']);
    expect(other!.slice(-5)).toEqual(['-50.0ms', '1.21ms', '130s', '▇▇', '..']);
  });

  it('of formats that number messages tell what was lost by its causes', () => {
    const messages = { packets_lost: null, packets_expected: null, loss_network: 5, loss_socket_buffer: 2 };
    const [, , line] = rendered(seen([row(1, { ...messages, loss_ratio: 0.1 })]), { columns: 100 });
    expect(line).toMatch(/^239\.1\.1\.1 +2\.00M +190 +7 +5 +2 +0 .* X$/u);
  });

  it('have a glyph for each interval: the worst that happened in it', () => {
    expect(
      glyphs(
        {},
        { packets_duplicated: 1 },
        { packets_reordered: 1, packets_duplicated: 1 },
        { packets_late: 1, packets_reordered: 1 },
        { ...lost(1), packets_late: 1 },
        { loss_application: 1 },
        { packets_received: 0 },
      ),
    ).toBe('.DRLXX-');
    expect(glyphs({ packets_lost: null, loss_ratio: null }, { packets_lost: null, loss_ratio: 0.5 })).toBe('.X');
  });

  it('keep the newest intervals, and streams that came later stand below the same ones', () => {
    const state = new LiveState();
    for (let k = 0; k < 500; k++) {
      const rows = [row(1, k % 10 === 0 ? lost(1) : {})];
      if (k >= 490) rows.push(row(2));
      state.add({ ...second(1, rows), endNs: k }, 'recv');
    }
    const [all, one, other] = rendered(state, { columns: 400 }).slice(2);
    expect(one).toMatch(/ (?:X\.{9}){24}$/u);
    expect(all!.slice(-240)).toBe(one!.slice(-240));
    expect(other!.slice(-240)).toBe(`${' '.repeat(230)}${'.'.repeat(10)}`);
  });

  it('tell a stream that fell silent from one that is over', () => {
    const state = seen([row(1), row(2), row(3)]);
    state.tell({ event: 'stream_end', stream: row(2).stream, at_ns: 1e9 });
    state.add(second(2, [row(3)]), 'recv');
    const lines = rendered(state).slice(3);
    // What is over stands last, and its glyphs do not go on.
    expect(lines.slice(0, 3).map((line) => line.replaceAll(/ +/gu, ' ').trim())).toEqual([
      '239.1.1.1 - 0 0 0 0 - - ▇ .-',
      '239.1.1.3 2.00M 0 0 0 0 170us 12.3us ▇▇ ..',
      '239.1.1.2 - 0 0 0 0 - - ▇ .',
    ]);
  });

  it('of a sender: what did not leave is lost', () => {
    const state = new LiveState();
    for (const [k, not] of [0, 12, 0].entries()) {
      const rows = [senderRow(1, { not_sent: not }), senderRow(2, { not_sent: null, sent: 0 })];
      state.add(second(k + 1, [], { senderRows: rows }), 'send');
    }
    const lines = rendered(state, { title: 'mcast send' }).map((line) => line.replaceAll(/ +/gu, ' ').trim());
    expect(lines.slice(0, 5)).toEqual([
      'mcast send 12:00:03Z 3.00 s by loss',
      'stream bit/s sent not sent late50 late99 latest rate history',
      'all 2 4.00M 570 12 ▇▇▇ .X.',
      '239.1.1.1 2.00M 570 12 512ns 20.3us 3.21ms ▇▇▇ .X.',
      '239.1.1.2 2.00M 0 - 512ns 20.3us 3.21ms ▇▇▇ ---',
    ]);
  });

  it('of streams without a row of their own stand in a line together', () => {
    const state = new LiveState();
    state.add(second(1, [row(1)], { others: { streams: 40, packets_received: 7600, ...lost(8) } }), 'recv');
    state.add(second(2, [row(2)], { others: { streams: 41, packets_received: 7600, ...lost(0) } }), 'recv');
    const lines = rendered(state, { columns: 100, hasKeys: true });
    expect(lines[0]).toContain('and 41 more');
    // The first one may be among those that are told together.
    expect(lines[2]).toMatch(/^all 42 +2\.00M 15\.6k +8 +8 .* X\.$/u);
    // Nothing is known of a stream that has no row this time.
    expect(lines[3]).toMatch(/^239\.1\.1\.1 +- +190 .* \.$/u);
    expect(lines[5]).toMatch(/^others 41 +0 15\.2k +8 +8 .* X\.$/u);
    // Behind all lines that can be scrolled.
    expect(rendered(state, { columns: 100, rows: 6, top: 9 }).at(-2)).toMatch(/^others 41 /u);
  });

  it('of receivers are what each report brought', () => {
    const state = new LiveState();
    const reports = [
      receiver('roof', 1, { lost: 3, loss_network: 2, loss_socket_buffer: 1 }),
      receiver('roof', 2, { lost: 3, loss_network: 2, loss_socket_buffer: 1 }),
      // Nothing new.
      receiver('roof', 2, { lost: 3, loss_network: 2, loss_socket_buffer: 1 }),
      // What was counted as lost has come.
      receiver('roof', 3, { lost: 1, loss_network: 0, loss_socket_buffer: 1, reordered: 2 }),
      receiver('roof', 4, { lost: 1, loss_network: 0, loss_socket_buffer: 1, reordered: 2, duplicated: 1 }),
      receiver('roof', 4, { lost: 1, loss_network: 0, loss_socket_buffer: 1, state: 'silent' }),
      receiver('roof', 5, { lost: 2, loss_network: 1, loss_socket_buffer: 1, received: null }),
    ];
    const silent = { ...receiver('none', 1), report: null };
    for (const [k, one] of reports.entries()) {
      state.add(second(k + 1, [], { senderRows: [senderRow(1)], receivers: [one, silent] }), 'send');
    }
    const lines = rendered(state, { columns: 110 }).map((line) => line.replaceAll(/ +/gu, ' ').trim());
    expect(lines.slice(3, 5)).toEqual([
      'receiver recv lost net buf app dup reord late delay50 delay99 jitter history',
      'roof 760 2 1 1 0 0 0 0 171us 1.23ms 15.6us X. RD-X',
    ]);
    state.add(second(8, [], { senderRows: [], receivers: [receiver('roof', 6, { state: 'done' })] }), 'send');
    // It has said its last.
    expect(rendered(state, { color: true }).some((line) => line.startsWith('\u001B[2mroof '))).toBe(true);
  });

  it('of receivers of one name are told apart', () => {
    const state = new LiveState();
    const there = { ...receiver('roof', 1, { ssrc: '0a0b0c0d' }), address: '10.0.0.8' };
    const twice = ['00000001', '00000002'].map((ssrc) => receiver('lab', 1, { ssrc }));
    const receivers = [receiver('roof', 1), there, ...twice, { ...receiver('', 1), address: '10.0.0.9' }];
    state.add(second(1, [], { senderRows: [senderRow(1)], receivers }), 'send');
    const names = rendered(state, { columns: 100, order: 'name' }).slice(5, 10);
    expect(names.map((line) => line.split(/ {2,}/u)[0])).toEqual([
      '10.0.0.9',
      'lab #00000001',
      'lab #00000002',
      'roof 10.0.0.7',
      'roof 10.0.0.8',
    ]);
  });

  it('are kept of a thousand streams, those that are over giving way', () => {
    const state = new LiveState();
    state.add(second(1, channels(0, 1200)), 'recv');
    expect(state.received.size).toBe(1000);
    expect(rendered(state)[0]).toContain('and 200 more');
    expect(state.received.all.counts.received).toBe(1200 * 190);
    state.tell({ event: 'stream_end', stream: '7/a/b', at_ns: 1 });
    state.add(second(2, channels(1000, 1)), 'recv');
    const ids = [...state.received.lines].map(({ id }) => id);
    expect(ids).toHaveLength(1000);
    expect(ids).toContain('1000/a/b');
    expect(ids).not.toContain('7/a/b');
    // Then those that were not heard in the interval before.
    state.add(second(3, channels(1001, 1)), 'recv');
    const left = (): number[] => [...state.received.lines].map(({ id }) => Number(id.split('/')[0]));
    expect(left()).not.toContain(0);
    // But not those that are heard in this one. What they had counted is not lost.
    const before = state.received.others.counts.received!;
    state.add(second(4, [...channels(1002, 1), ...channels(2, 1), ...channels(1003, 1)]), 'recv');
    expect(left().slice(0, 2)).toEqual([2, 4]);
    expect(state.received.others.counts.received).toBe(before + 2 * 190);
  });

  it('do not change in a copy', () => {
    const state = seen([row(1, lost(1))]);
    const copy = state.copy();
    const before = rendered(copy);
    state.add(second(2, [row(1, lost(5)), row(2)]), 'recv');
    state.tell({ event: 'stream_end', stream: row(1).stream, at_ns: 1 });
    expect(rendered(copy)).toEqual(before);
    expect(rendered(state)).not.toEqual(before);
  });
});

describe('lines of the live view', () => {
  it('stand in the order that is asked for', () => {
    const state = many();
    expect(names(state).slice(0, 3)).toEqual(['239.1.1.57', '239.1.1.1', '239.1.1.2']);
    expect(names(state, { order: 'name' }).slice(0, 11).at(-1)).toBe('239.1.1.11');
    expect(names(state, { order: 'rate' })[0]).toBe('239.1.1.28');
    expect(names(state, { order: 'delay' })[0]).toBe('239.1.1.84');
    for (const order of ORDERS) expect(rendered(state, { order })[0]).toMatch(new RegExp(`by ${order}$`, 'u'));
  });

  it('names with numbers are in the order of these', () => {
    const sorted = ['Channel 10', 'Channel 9', 'Channel', '239.1.1.2', '239.1.1.10', 'channel 9', 'Channel 9 HD'];
    expect(sorted.toSorted(naturalOrder)).toEqual([
      '239.1.1.2',
      '239.1.1.10',
      'Channel',
      'Channel 9',
      'Channel 9 HD',
      'Channel 10',
      'channel 9',
    ]);
  });

  it('are scrolled where there are more than rows, each of them once', () => {
    const state = many();
    const page = livePage(state, { columns: 80, rows: 23 });
    expect(page).toEqual({ rows: 19, lastTop: 81 });
    const found: string[] = [];
    for (let top = 0; top < 100; top += page.rows) {
      const shown = names(state, { order: 'name', top });
      expect(shown).toHaveLength(19);
      found.push(...shown);
    }
    expect(new Set(found).size).toBe(100);
    expect(rendered(state, { top: 1e9 })[0]).toContain('82-100 of 100');
    expect(rendered(state, { hasKeys: true }).at(-1)).toMatch(/p pause s sort arrows scroll q quit$/u);
    expect(rendered(seen([row(1)]), { hasKeys: true }).at(-1)).toMatch(/p pause q quit$/u);
    expect(rendered(seen([row(1)])).at(-1)).toMatch(/none$/u);
  });

  it('of several tables are scrolled as one, each below its own heading', () => {
    const state = many();
    state.add(second(1, [], { senderRows: Array.from({ length: 5 }, (_, i) => senderRow(i + 1)) }), 'send');
    const headsAt = (top: number): string[] =>
      rendered(state, { top }).flatMap((line) => /^(?:received|sent|all \d+)/u.exec(line) ?? []);
    expect(headsAt(0)).toEqual(['received', 'all 100']);
    expect(headsAt(95)).toEqual(['received', 'all 100', 'sent', 'all 5']);
    const { lastTop } = livePage(state, { columns: 80, rows: 23 });
    expect(rendered(state, { top: lastTop })).toHaveLength(23);
    expect(rendered(state, { top: lastTop }).at(-2)).toMatch(/^239\.1\.1\.5 /u);
    for (let rows = 1; rows < 30; rows++)
      for (let top = 0; top <= 105; top += 7) {
        const lines = rendered(state, { rows, top });
        expect(lines.length).toBeLessThanOrEqual(rows);
        if (rows > 2) expect(lines.some((line) => line.startsWith('239.'))).toBe(true);
      }
  });

  it('have names that break nothing', () => {
    const hostile = [
      'a\u001B[2J\u001B]0;x\u0007b',
      'line\nfeed\rreturn\ttab',
      '\u202Eright to left\u2066',
      '客厅电视频道频道频道频道频道频道频道频道',
      'z\u0301\u0302\u0303\u0304\u0305\u0306\u0307'.repeat(40),
      '\u009B31m\u0000\u007F',
      '📺👩\u200D👩\u200D👧🇩🇪\uFE0F',
      `${'x'.repeat(5000)}\uD800`,
      '',
    ];
    const state = seen(hostile.map((name, i) => row(i + 1, { name })));
    const receivers = hostile.map((name, i) => receiver(name, 1, { ssrc: String(i) }));
    const told = new LiveState();
    told.add(second(1, [], { senderRows: hostile.map((name, i) => senderRow(i + 1, { name })), receivers }), 'send');
    for (const columns of WIDTHS) {
      const reported = rendered(told, { columns, color: true, rows: 40 });
      for (const line of reported) expect(bare(line)).not.toMatch(/(?!\u200C|\u200D)[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(new Set(reported.slice(14, 23).map((line) => displayWidth(bare(line)))).size).toBe(1);
      expect(new Set(reported.slice(3, 12).map((line) => displayWidth(bare(line)))).size).toBe(1);
      const lines = rendered(state, { columns, color: true });
      for (const line of lines) expect(bare(line)).not.toMatch(/(?!\u200C|\u200D)[\p{Cc}\p{Cf}\p{Cs}]/u);
      const widths = lines.slice(3, 12).map((line) => displayWidth(bare(line).replace(/\.$/u, '')));
      // The figures of all stand in the same columns.
      expect(new Set(widths).size).toBe(1);
    }
  });
});

describe('how far a run has come', () => {
  it('by its duration', () => {
    const line = status({ durationNs: 10e9 });
    expect(line).toMatch(/^mcast recv {2}12:00:04Z {2}4\.00 s of 10\.0 s {2}█+░+$/u);
    expect(done(line)).toEqual([12, 18]);
    expect(done(status({ durationNs: 1e9 }))).toEqual([30, 0]);
  });

  it('by its duration from the first datagram', () => {
    expect(status({ durationNs: 10e9, fromFirst: true })).toBe('mcast recv  12:00:04Z  4.00 s');
    const line = status({ durationNs: 10e9, fromFirst: true }, (state) => {
      state.tell({ event: 'first_packet', stream: 'a', at_ns: 3e9 });
      state.tell({ event: 'first_packet', stream: 'b', at_ns: 3.5e9 });
    });
    expect(line).toContain('1.00 s of 10.0 s');
    expect(done(line)).toEqual([3, 27]);
  });

  it('by its count, of each stream or of all', () => {
    expect(status({ count: 760 })).toContain('380 of 760');
    const sent = (countsEach: boolean): string =>
      status({ count: 380, countsEach }, (state) =>
        state.add(second(4, [], { senderRows: [senderRow(1), senderRow(2)] }), 'send'),
      );
    expect(sent(true)).toContain('380 of 760');
    expect(sent(false)).toContain('380 of 380');
  });

  it('by the instant at which it ends, and by what is nearest', () => {
    const endAtUnixMs = Date.parse('2026-03-01T12:00:12Z');
    expect(status({ endAtUnixMs })).toContain('4.00 s of 12.0 s');
    expect(status({ endAtUnixMs, durationNs: 5e9, count: 1e6 })).toContain('4.00 s of 5.00 s');
  });

  it('needs no room that is not there', () => {
    const state = new LiveState({ ...UNBOUNDED, durationNs: 10e9 });
    state.add(second(4, [row(1)]), 'recv');
    expect(rendered(state, { columns: 32 })[0]).toBe('mcast recv  4.00 s of 10.0 s');
    expect(rendered(state, { columns: 12, isEnding: true })[0]).toBe('ending');
    expect(rendered(state, { columns: 20, isPaused: true })[0]).toBe('mcast recv  paused');
  });
});

it('counts in the view are as short as those in lines', () => {
  const state = seen([row(1, { ...lost(123_456), packets_received: 9_876_543 })]);
  const line = rendered(state, { columns: 100 })[2]!;
  expect(line).toContain(
    ` ${formatShortCount(9_876_543)}  ${formatShortCount(123_456)}  ${formatShortCount(123_456)} `,
  );
});
