/** What the sender's impairment says it did, and what a receiver on real sockets counts: the same, exactly. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunResult, SenderStream, Stream } from '../../src/result/model.js';
import { freshGroup, malformed, send, startReceiver, sum } from '../mcast.js';

interface Mix {
  readonly impair: string;
  /** Consecutive groups, each with so many flows. */
  readonly groups?: number;
  readonly flows?: number;
}

const MIXES: readonly Mix[] = [
  { impair: 'loss=3%,dup=2%,reorder=2%' },
  { impair: 'ge=2%,30%,dup=1%,delay=3ms,jitter=2ms' },
  { impair: 'loss=1%,dup=1%,reorder=1%,corrupt=2%,jitter=1ms' },
  { impair: 'loss=2%,dup=2%,reorder=1%,corrupt=1%,delay=1ms,jitter=1ms', groups: 3, flows: 4 },
  { impair: 'dup=5%,reorder=5%,corrupt=3%,rate=8M,queue=4k' },
];

/** Of datagrams of its own that never left it at all, the receiver must know too; then nothing else is missing. */
function checkStreams(sent: SenderStream, received: readonly Stream[]): void {
  const done = sent.impairment!;
  expect(sum(received, 'packets_lost')).toBe(done.lost);
  expect(sum(received, 'packets_duplicated')).toBe(done.duplicated);
  expect(sum(received, 'packets_reordered')).toBe(done.reordered);
  expect(sum(received, 'loss_network')).toBe(done.lost);
  expect(sum(received, 'packets_late')).toBe(0);
  expect(sum(received, 'never_sent')).toBe(sent.not_sent);
  expect(sum(received, 'packets_expected')).toBe(sent.scheduled - sent.not_sent!);
}

async function run(endpoint: string, options: readonly string[]): Promise<[RunResult, RunResult]> {
  const receiver = await startReceiver([endpoint, '--once']);
  const sent = await send([endpoint, '--pps', '2000', '--size', '200', '--duration', '2s', ...options]);
  return [sent, await receiver.result()];
}

describe('impairment on loopback', () => {
  it.each(MIXES.map((mix): [string, number, Mix] => [mix.impair, randomInt(2 ** 32), mix]))(
    'is counted exactly by the receiver: %s,seed=%i',
    async (impair, seed, { groups = 1, flows = 1 }) => {
      const [sent, received] = await run(`probe://${freshGroup()}+${groups}:5001/iface=lo`, [
        '--impair',
        `${impair},seed=${seed}`,
        '--flows',
        String(flows),
      ]);
      const { sender } = sent;
      expect(sender!.streams).toHaveLength(groups);
      expect(received.streams).toHaveLength(groups * flows);
      for (const stream of sender!.streams) {
        expect(stream.impairment_seed).toBe(seed);
        expect(stream.scheduled).toBe(4000);
        checkStreams(
          stream,
          received.streams.filter(({ group }) => group === stream.group),
        );
      }
      const done = sender!.impairment!;
      expect(done.duplicated).toBeGreaterThan(0);
      expect(done.reordered).toBeGreaterThan(0);
      expect(done.lost).toBeGreaterThan(0);
      expect(malformed(received)).toBe(done.corrupted);
      expect(done.corrupted > 0).toBe(impair.includes('corrupt'));
      expect(received.health.kernel_drops).toBe(0);
      for (const stream of received.streams) expect(stream).toMatchObject({ ended: true, expected_from: 'start' });
      expect(received.run.complete).toBe(true);
    },
  );

  it('loses the numbers of a list, and the loss map names them', async () => {
    // However late, everything leaves: numbers of the list are numbers of the flow.
    const [sent, received] = await run(`probe://${freshGroup()}:5001/iface=lo`, [
      '--impair',
      'list=0,7,100-149,3998-3999',
      '--max-late',
      '20s',
    ]);
    expect(sent.sender!.impairment!.lost).toBe(54);
    expect(sent.sender!.not_sent).toBe(0);
    const stream = received.streams[0]!;
    expect(stream.metrics.packets_lost).toBe(54);
    expect(stream.metrics.loss_periods).toBe(4);
    expect(stream.metrics.loss_period_max).toBe(50);
    expect(stream.loss_map!.map(({ first, count, cause }) => [first, count, cause])).toEqual([
      ['0', 1, 'network'],
      ['7', 1, 'network'],
      ['100', 50, 'network'],
      ['3998', 2, 'network'],
    ]);
  });
});
