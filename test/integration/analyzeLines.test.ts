/** Both lines in one capture: `mcast analyze` finds what the receiver that wrote it had measured. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRIC_IDS } from '../../src/metrics/catalog.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { freshGroup, send, startMcast, startReceiver } from '../mcast.js';
import { testFolder } from '../command.js';

/** Figures that need the socket or the host itself. */
const LIVE_ONLY: ReadonlySet<string> = new Set([
  'loss_network',
  'loss_socket_buffer',
  'first_packet_after_join_ns',
  'user_time_datagrams',
]);

function figuresOf(stream: Stream): object {
  const { role, leg, format, flow, group, port, fec, after, tr101290 } = stream;
  const metrics = METRIC_IDS.filter((id) => !LIVE_ONLY.has(id)).map((id) => [id, stream.metrics[id]]);
  const isMedia = role === 'media';
  return {
    role,
    leg,
    format,
    flow,
    group,
    port,
    ...(isMedia ? { metrics: Object.fromEntries(metrics), after: after?.metrics, fec, p1: tr101290?.['p1'] } : {}),
    received: stream.metrics.packets_received,
    loss: stream.loss_map?.map(({ first, count }) => [first, count]),
  };
}

/** In no order: streams come in that of their first datagrams. */
function streamsOf({ streams }: RunResult): object[] {
  return streams.map(figuresOf).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function arbitrationOf({ arbitration }: RunResult): unknown {
  const { streams, ...all } = arbitration!;
  return {
    ...all,
    streams: streams.map(({ legs, ...own }) => ({ ...own, legs: legs.map((leg) => ({ ...leg, stream: '' })) })),
  };
}

describe('a capture of both lines, analysed again', () => {
  it.each<[string, string, readonly string[], readonly [string, string]]>([
    [
      'a feed of messages',
      'mold',
      ['--mps', '4000', '--count', '1500'],
      ['loss=5%,dup=2%,seed=3', 'loss=4%,delay=2ms,seed=5'],
    ],
    ['a feed of packets', 'xdp', ['--mps', '4000', '--count', '1500'], ['list=100-199', 'loss=4%,seed=5']],
    ['RTP with FEC', 'rtp', ['--count', '800', '--fec', '5x5'], ['loss=5%,seed=3', 'loss=4%,seed=5']],
  ])('has the figures of the receiver: %s', async (_name, scheme, load, [impairA, impairB]) => {
    const path = join(testFolder(), 'both.pcapng');
    const [a, b] = [`${scheme}://${freshGroup()}:5004`, `${scheme}://${freshGroup()}:5014`];
    const receiver = await startReceiver([`${a}/iface=lo`, '--leg-b', `${b}/iface=lo`, '--once', '--capture', path]);
    await send([`${a}/iface=lo/impair=${impairA}`, '--leg-b', `${b}/iface=lo/impair=${impairB}`, ...load]);
    const live = await receiver.result();
    const again = await startMcast(['analyze', path, a, '--leg-b', b]).result();
    expect(arbitrationOf(again)).toEqual(arbitrationOf(live));
    expect(live.arbitration!.packets_expected).toBeGreaterThan(700);
    expect(streamsOf(again)).toEqual(streamsOf(live));
  });
});
