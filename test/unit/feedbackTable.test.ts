import { describe, expect, it } from 'vitest';
import { FeedbackTable, Heed, MOST_RECEIVERS } from '../../src/control/feedbackTable.js';
import { FeedbackFlag, type FeedbackReport, ReportField } from '../../src/wire/feedback.js';

const SECOND = 1e9;

function report(number: number, change: Partial<FeedbackReport> = {}): FeedbackReport {
  const figures = new Float64Array(ReportField.Count);
  figures[ReportField.Received] = number;
  return { kind: 'report', run: 1, number, flags: 0, streams: 1, figures, latest: [], ...change };
}

describe('the receivers that a sender has heard of', () => {
  it('are told apart by SSRC and address, and present once they have reported', () => {
    const table = new FeedbackTable();
    const one = table.admit(7, '10.0.0.1', 4000, 'one', 0)!;
    table.admit(7, '10.0.0.2', 4000, 'two', 0);
    expect([table.size, table.present(0)]).toEqual([2, 0]);
    expect(table.report(one, report(1), 0)).toBe(true);
    expect([table.present(0), table.isDone(0)]).toEqual([1, false]);
    table.report(one, report(2, { flags: FeedbackFlag.Last }), 1);
    expect([table.present(0), table.isDone(0)]).toEqual([1, true]);
  });

  it('are not moved by reports that come again or behind later ones, numbers that wrap included', () => {
    const table = new FeedbackTable();
    const one = table.admit(7, '10.0.0.1', 4000, 'one', 0)!;
    const taken = [0xffff_fffe, 0xffff_ffff, 0, 0xffff_ffff, 0, 3, 2].map((number) =>
      table.report(one, report(number), 0),
    );
    expect(taken).toEqual([true, true, true, false, false, true, false]);
    expect(table.refused[Heed.Stale]).toBe(3);
    expect(one.figures[ReportField.Received]).toBe(3);
  });

  it('are gone when they are silent, are not waited for then, and may come back', () => {
    const table = new FeedbackTable();
    const one = table.admit(7, '10.0.0.1', 4000, 'one', 0)!;
    for (let k = 0; k < 5; k++) table.report(one, report(k), k * SECOND);
    expect(table.isSilent(one, 8 * SECOND)).toBe(false);
    expect([table.isSilent(one, 10 * SECOND), table.present(10 * SECOND), table.isDone(10 * SECOND)]).toEqual([
      true,
      0,
      true,
    ]);
    table.report(one, report(9), 11 * SECOND);
    expect([table.present(11 * SECOND), table.isDone(11 * SECOND)]).toEqual([1, false]);
  });

  it('are bounded in number, of one host to half of that', () => {
    const table = new FeedbackTable();
    for (let ssrc = 0; ssrc < 600; ssrc++) table.admit(ssrc, '10.0.0.1', 4000, '', 0);
    expect(table.size).toBe(MOST_RECEIVERS / 2);
    for (let ssrc = 0; ssrc < 600; ssrc++) table.admit(ssrc, `10.0.1.${ssrc % 200}`, 4000, '', 0);
    expect(table.size).toBe(MOST_RECEIVERS);
    expect(table.refused[Heed.Full]).toBe(1200 - MOST_RECEIVERS);
  });

  it('are heard no more often than 100 times a second', () => {
    const table = new FeedbackTable();
    let heard = 0;
    for (let ms = 0; ms < 10_000; ms++) if (table.admit(7, '10.0.0.1', 4000, '', ms * 1e6) !== null) heard++;
    expect(heard).toBeGreaterThan(1000);
    expect(heard).toBeLessThanOrEqual(1050);
    expect(table.refused[Heed.Flood]).toBe(10_000 - heard);
  });

  it('keep what they said last of their latest flows, 64 of them', () => {
    const table = new FeedbackTable();
    const one = table.admit(7, '10.0.0.1', 4000, '', 0)!;
    for (let flow = 0; flow < 100; flow++) {
      const latest = [{ flow, received: 2 * flow, lossSocketBuffer: 0, lossApplication: 0, lastDelayNs: NaN }];
      table.report(one, report(flow, { latest }), flow * SECOND);
    }
    expect(one.flows.size).toBe(64);
    expect(one.flows.get(99)!.received).toBe(198);
    expect(one.flows.has(10)).toBe(false);
  });
});
