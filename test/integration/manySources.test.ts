/** Flows that send by themselves, on real sockets: what each source sent is what the receiver counts of it. */
import { describe, expect, it } from 'vitest';
import { everyStream } from '../../src/result/briefStreams.js';
import type { IntervalOthers } from '../../src/result/intervalOthers.js';
import type { IntervalRow } from '../../src/result/interval.js';
import { freshGroup, send, startReceiver, sum } from '../mcast.js';

const FLOWS = 300;
const DETAIL = 20;

describe('many sources on loopback', () => {
  it('are told apart, de-duplicated and added up exactly, whoever sends when', async () => {
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const receiver = await startReceiver([endpoint, '--once', '--detail', String(DETAIL)]);
    const sources = ['--flows', String(FLOWS), '--flow-rates', 'zipf:0.7', '--pattern', 'telemetry:alarms=5%,burst=3'];
    const options = ['--pps', '2000', '--size', '80', '--duration', '2s', '--max-late', '1s'];
    const { sender } = await send([
      endpoint,
      ...sources,
      ...options,
      '--impair',
      'loss=2%,dup=3%,seed=4',
      '--seed',
      '5',
    ]);
    const result = await receiver.result();
    const { aggregate, event_counts: events } = result;
    const streams = everyStream(result);
    expect(result.streams).toHaveLength(DETAIL);

    const [sent] = sender!.streams;
    expect(sent).toMatchObject({
      flow_rates: 'zipf:0.7',
      pattern: 'telemetry:jitter=0.1,alarms=0.05,burst=3',
      flow_count: FLOWS,
    });
    // Alarms come on top of the reports.
    expect(Math.abs(sent!.scheduled / (2 * 2000 * 1.15) - 1)).toBeLessThan(0.05);
    expect(streams).toHaveLength(FLOWS);
    expect(new Set(streams.map(({ flow }) => flow)).size).toBe(FLOWS);
    expect(sum(streams, 'packets_expected')).toBe(sent!.scheduled - sent!.not_sent!);
    expect(sum(streams, 'packets_lost')).toBe(sent!.impairment!.lost);
    expect(sum(streams, 'packets_duplicated')).toBe(sent!.impairment!.duplicated);
    expect(aggregate!.metrics.packets_received).toBe(sum(streams, 'packets_received'));
    const expectedOf = (flow: number): number =>
      streams.find((stream) => stream.flow === String(flow))!.metrics.packets_expected!;
    expect(expectedOf(0)).toBeGreaterThan(20 * expectedOf(FLOWS - 1));
    expect(events['first_packet']! + events['stream_end']!).toBeLessThanOrEqual(2 * FLOWS);

    // Rows of the worst, and the others together, are the whole of each interval.
    const intervals = receiver.lines.filter(({ type }) => type === 'interval') as unknown as {
      readonly streams: readonly IntervalRow[];
      readonly others: IntervalOthers | null;
    }[];
    let received = 0;
    let lost = 0;
    for (const { streams: rows, others } of intervals) {
      expect(rows.length).toBeLessThanOrEqual(DETAIL);
      for (const figures of [...rows, ...(others === null ? [] : [others])]) {
        received += figures.packets_received;
        lost += figures.packets_lost!;
      }
    }
    expect(received).toBe(sum(streams, 'packets_received'));
    expect(lost).toBe(sum(streams, 'packets_lost'));
  });
});
