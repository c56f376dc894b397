/** What is told of a transport stream while it goes on: its tables, errors and the media delivery index. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { readOptionObject } from '../../src/profile/optionObject.js';
import { renderTables } from '../../src/report/text.js';
import type { RunResult } from '../../src/result/model.js';
import { startAnalysis } from '../../src/runtime/analysisRun.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { inFolder, type Datagram } from '../interop/captures.js';
import { pcapOf } from '../probeCapture.js';
import { rtpCapture } from '../ts/rtpCapture.js';
import { makeTransportStream, type SyntheticOptions } from '../ts/synthetic.js';

const RATE = 4_000_000;
type Told<T extends RunMessage['type']> = Extract<RunMessage, { readonly type: T }>;

async function told(datagrams: readonly Datagram[]): Promise<{ messages: RunMessage[]; result: RunResult }> {
  return inFolder(async (folder) => {
    const path = join(folder, 'film.pcap');
    writeFileSync(path, pcapOf(datagrams));
    const { plan, output } = planAnalyze([path], readOptionObject('analyze', {}), planContext([]));
    const messages: RunMessage[] = [];
    const result = await startAnalysis(plan, output, (message) => void messages.push(message)).finished;
    return { messages, result };
  });
}

function ofType<T extends RunMessage['type']>(messages: readonly RunMessage[], type: T): Told<T>[] {
  return messages.filter((message): message is Told<T> => message.type === type);
}

function tablesOf(options: SyntheticOptions, lost: readonly number[] = []): ReturnType<typeof told> {
  return told(
    rtpCapture(makeTransportStream({ rateBitPerSecond: RATE, seconds: 4, ...options }), {
      rateBitPerSecond: RATE,
      lost,
    }),
  );
}

describe('tables', () => {
  it('are told once, as soon as all are in', async () => {
    const { messages } = await tablesOf({ programs: [{ name: 'News' }, { name: 'Sport' }] });
    const [only, ...others] = ofType(messages, 'tables');
    expect(others).toEqual([]);
    expect(only!.services.map(({ name, has_pmt: hasPmt }) => [name, hasPmt])).toEqual([
      ['News', true],
      ['Sport', true],
    ]);
    const text = renderTables(only!.services, only!.pids);
    for (const word of ['service 1', 'News', 'Sport', 'PAT', 'SDT', 'H.264']) expect(text).toContain(word);
    const event = ofType(messages, 'event').find((one) => one.event.event === 'tables');
    expect(event!.event.at_ns).toBeLessThan(0.9e9);
    expect(event!.event.text).toMatch(/^2 services, \d+ PIDs: News \(H\.264, .+\), Sport \(/u);
    // Before anything of the first interval.
    expect(messages.indexOf(only!)).toBeLessThan(messages.findIndex(({ type }) => type === 'interval'));
  });

  it('that never are all there are told when nothing new comes', async () => {
    // No name before the end of time.
    const { messages } = await tablesOf({ sdtIntervalMs: 100_000, seconds: 5 }, [...Array(30).keys()]);
    const [only, ...others] = ofType(messages, 'tables');
    expect(others).toEqual([]);
    expect(only!.services).toMatchObject([{ program_number: 1, name: null, has_pmt: true }]);
    const event = ofType(messages, 'event').find((one) => one.event.event === 'tables');
    expect(event!.event.text).toMatch(/: program 1 \(/u);
    expect(event!.event.at_ns).toBeGreaterThan(2e9);
  });
});

describe('intervals', () => {
  it('add up to the indicators of the whole, each told once', async () => {
    const { messages, result } = await tablesOf({}, [300, 301, 900]);
    const rows = ofType(messages, 'interval').flatMap(({ transportRows }) => transportRows);
    const sums: Record<string, number> = {};
    for (const { tr101290 } of rows) {
      for (const [id, count] of Object.entries(tr101290)) sums[id] = (sums[id] ?? 0) + count;
    }
    const { tr101290 } = result.streams[0]!;
    expect(sums['continuity_count_error']).toBeGreaterThan(0);
    for (const [id, count] of Object.entries(sums)) expect([id, tr101290![id]]).toEqual([id, count]);
    const events = result.events.filter(({ event }) => event === 'tr101290');
    expect(events).toHaveLength(2);
    expect(events[0]!.text).toMatch(/^TR 101 290: continuity_count_error \d+/u);
  });

  it('have the seconds of the media delivery index, whose losses are those of the result', async () => {
    const { messages, result } = await tablesOf({}, [300, 301, 900]);
    const seconds = ofType(messages, 'interval').flatMap(({ transportRows }) =>
      transportRows.flatMap(({ mdi }) => mdi),
    );
    const { mdi } = result.streams[0]!;
    expect(seconds).toHaveLength(mdi!['intervals']!);
    expect(Math.max(...seconds.map(({ media_loss_rate: mlr }) => mlr))).toBe(mdi!['media_loss_rate_max']);
    // Each is a point of the course over time.
    const factors = seconds.map(({ delay_factor_ns: factor }) => factor);
    expect(result.streams[0]!.series!.metrics.mdi_df_ns!.mean.filter((factor) => factor !== null)).toEqual(factors);
    expect(seconds.map(({ media_loss_rate: mlr }) => mlr).filter((mlr) => mlr > 0)).toEqual([14, 7]);
    for (const { start_ns: from, end_ns: to } of seconds) expect(to - from).toBe(1e9);
  });
});
