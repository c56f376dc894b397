import { describe, expect, it } from 'vitest';
import { seriesHeading, seriesRows, type SeriesInterval } from '../../src/report/export/seriesCsv.js';
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import { builtOthers, builtRow, senderRow } from './intervalFixture.js';

const ROW = builtRow(null);
const SENT = senderRow('239.1.1.1:5001/eth0', { not_sent: null });

function made(change: Partial<SeriesInterval>, end: 'recv' | 'send' = 'recv'): Record<string, string>[] {
  const whole: SeriesInterval = {
    time: '2026-09-21T13:46:43.000000000Z',
    startNs: 1e9,
    endNs: 2e9,
    rows: [],
    others: null,
    senderRows: [],
    transportRows: [],
    ...change,
  };
  const names = cellsOf(seriesHeading());
  return [...seriesRows(whole, end)].map((line) => {
    const cells = cellsOf(line);
    expect(cells).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
  });
}

/** RFC 4180, of one line. */
function cellsOf(line: string): string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/gu)];
  expect(cells.map(([whole]) => whole).join('')).toBe(line);
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
}

describe('intervals as CSV', () => {
  it('have the figures of the row under the names of the row, null as nothing', () => {
    const [row] = made({ rows: [ROW] });
    for (const [key, value] of Object.entries(ROW)) expect(row![key], key).toBe(value === null ? '' : String(value));
    expect(row).toMatchObject({ time: '2026-09-21T13:46:43.000000000Z', end: 'recv', start_ns: '1000000000' });
    expect([row!['scheduled'], row!['pat_error'], row!['delay_factor_ns']]).toEqual(['', '', '']);
  });

  it('have a row for the streams without one: no stream, their number and their figures', () => {
    const others = builtOthers(3);
    const [row, rest] = made({ rows: [ROW], others });
    expect(row!['streams']).toBe('');
    expect(rest).toMatchObject({ time: '2026-09-21T13:46:43.000000000Z', stream: '', streams: '3', jitter_ns: '' });
    for (const [key, value] of Object.entries(others)) {
      expect(rest![key], key).toBe(value === null ? '' : String(value));
    }
  });

  it('of both ends have one heading', () => {
    const [row] = made({ senderRows: [SENT] }, 'send');
    for (const [key, value] of Object.entries(SENT)) expect(row![key], key).toBe(value === null ? '' : String(value));
    expect([row!['end'], row!['packets_received']]).toEqual(['send', '']);
  });

  it('have what the transport stream showed: the worst second, and every indicator', () => {
    const mdi = [
      { start_ns: 0, end_ns: 1e9, delay_factor_ns: 9e6, media_loss_rate: 7 },
      { start_ns: 1e9, end_ns: 2e9, delay_factor_ns: 11e6, media_loss_rate: 0 },
    ];
    const [row] = made({ rows: [ROW], transportRows: [{ stream: ROW.stream, mdi, tr101290: { pat_error: 2 } }] });
    expect(row).toMatchObject({ delay_factor_ns: '11000000', media_loss_rate: '7', pat_error: '2', crc_error: '0' });
    for (const { id } of TRANSPORT_INDICATORS) expect(row![id]).toMatch(/^\d+$/u);
  });

  it.each([
    ['a "quoted", name', 'a "quoted", name'],
    ['two\nlines\u001b[2J', 'two lines\ufffd[2J'],
    ['=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-2+3', "'-2+3"],
    ['+49', "'+49"],
  ])('%j is one cell, and no formula', (name, cell) => {
    expect(made({ rows: [{ ...ROW, name }] })[0]!['name']).toBe(cell);
  });

  it('leave negative numbers what they are', () => {
    expect(made({ rows: [{ ...ROW, one_way_delay_min_ns: -5000 }] })[0]!['one_way_delay_min_ns']).toBe('-5000');
  });
});
