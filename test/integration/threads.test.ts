/** One sender of several threads (`mcast send --threads`), over loopback: one run to who receives it and to who reads of it. */
import { describe, expect, it } from 'vitest';
import type { SenderIntervalRow } from '../../src/result/interval.js';
import type { RunResult } from '../../src/result/model.js';
import { runCommand } from '../command.js';
import { freshGroup, startMcast, startReceiver, type Mcast } from '../mcast.js';
import { needs } from '../require.js';

const QUIET = '--quiet';
const PATIENT = ['--max-late', '20s'];

// Receivers are stopped when all is sent: on a busy machine one thread may come to an end before another has begun.

function place(scheme = 'probe', groups = ''): string {
  return `${scheme}://${freshGroup()}${groups}:${20_000 + 8 * Math.floor(Math.random() * 5000)}/iface=lo`;
}

function intervalsOf(sender: Mcast): { readonly time: string; readonly sender: readonly SenderIntervalRow[] }[] {
  return sender.lines.filter(({ type }) => type === 'interval') as never;
}

function sumOf(rows: readonly SenderIntervalRow[], figure: 'sent' | 'scheduled' | 'octets_sent'): number {
  return rows.reduce((sum, row) => sum + row[figure], 0);
}

/** Received of each flow, all of them in one run of the sender. */
function received(result: RunResult, sender: RunResult): (readonly [group: string, flow: string, received: number])[] {
  return result.streams
    .map(({ group, flow, metrics, sender_run: run }) => {
      expect(run).toBe(sender.sender!.run);
      expect(metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0, packets_reordered: 0 });
      return [group, flow!, metrics.packets_received!] as const;
    })
    .toSorted((a, b) => (a[0] + a[1] < b[0] + b[1] ? -1 : 1));
}

describe.runIf(needs('linux', 'dist'))('a sender of several threads', { timeout: 60_000 }, () => {
  it('is one run: flows, counts, intervals, a document, reports', async () => {
    const endpoint = place('probe', '+2');
    const words = ['--flows', '5', '--count', '1203', '--pps', '700', '--threads', '2', '--await', '1'];
    const sender = startMcast(['send', endpoint, ...words, '--interval', '200ms', ...PATIENT, QUIET]);
    const receiver = await startReceiver([endpoint, '--name', 'one', QUIET]);
    const sent = await sender.result();
    const got = await receiver.stop();
    const groups = [...new Set(got.streams.map(({ group }) => group))].toSorted();
    // 1203 in turns of five flows.
    const expected = groups.flatMap((group) =>
      [241, 241, 241, 240, 240].map((count, flow) => [group, String(flow), count]),
    );
    expect(groups).toHaveLength(2);
    expect(received(got, sent)).toEqual(expected);
    // Each thread has a socket.
    expect(new Set(got.streams.map(({ source_port: port }) => port)).size).toBe(2);
    expect(sent.run).toMatchObject({ role: 'sender', complete: true, options: { threads: 2 } });
    expect(sent.sender).toMatchObject({ sent: 2406, scheduled: 2406, not_sent: 0, markers_sent: 2 * 5 * 8 });
    expect(sent.sender!.streams.map(({ group }) => group).toSorted()).toEqual(groups);
    for (const { sent: count, flows, flow_count: total, id } of sent.sender!.streams) {
      expect([count, total, flows]).toEqual([1203, 5, ['0', '1', '2', '3', '4']]);
      expect(id).toMatch(/^239[^/]*\/lo$/);
    }
    expect(sent.sockets.map(({ index }) => index)).toEqual([0, 1]);
    expect(sent.receivers.map(({ name }) => name)).toEqual(['one']);
    expect(sent.receivers[0]!.report).toMatchObject({ received: 2406, lost: 0, streams: 10 });
    expect(sent.receivers[0]!.result!.streams).toHaveLength(10);
    const intervals = intervalsOf(sender);
    const times = intervals.map(({ time }) => time);
    expect(times).toEqual([...new Set(times)].toSorted());
    for (const { sender: rows } of intervals) expect(new Set(rows.map(({ stream }) => stream)).size).toBe(rows.length);
    expect(
      sumOf(
        intervals.flatMap(({ sender: rows }) => rows),
        'sent',
      ),
    ).toBe(2406);
    expect(
      sumOf(
        intervals.flatMap(({ sender: rows }) => rows),
        'octets_sent',
      ),
    ).toBe(sent.sender!.octets_sent);
    expect(sender.lines.filter(({ type }) => type === 'result' || type === 'start')).toHaveLength(2);
  });

  it("begins at one instant in all of them, and shares what is the run's", async () => {
    const endpoint = place();
    const receiver = await startReceiver([endpoint, QUIET]);
    const words = ['--flows', '4', '--threads', '4', '--pps', '400', '--duration', '1s', '--start-at', '+1s'];
    const sent = await startMcast(['send', endpoint, ...words, ...PATIENT, QUIET]).result();
    const got = await receiver.stop();
    expect(received(got, sent).map(([, flow, count]) => [flow, count])).toEqual(
      ['0', '1', '2', '3'].map((f) => [f, 100]),
    );
    expect(sent.sender).toMatchObject({ sent: 400, scheduled: 400 });
  });

  it('ends in all threads when it is stopped, and is then cut short', async () => {
    const endpoint = place();
    const receiver = await startReceiver([endpoint, QUIET]);
    const sender = startMcast([
      'send',
      endpoint,
      '--flows',
      '4',
      '--threads',
      '2',
      '--duration',
      '5m',
      ...PATIENT,
      QUIET,
    ]);
    await receiver.untilEvent('first_packet', 4);
    await sender.untilLine('interval');
    sender.signal('SIGUSR1');
    await sender.untilLine('partial');
    sender.signal('SIGINT');
    const sent = await sender.result(130);
    const got = await receiver.stop();
    expect(sent.run.complete).toBe(false);
    const [partial] = sender.lines.flatMap((line) => (line.type === 'partial' ? [line.result] : []));
    expect(partial!.sender!.streams.map(({ flow_count: flows }) => flows)).toEqual([4]);
    // All flows said that they were over, and with which number.
    expect(received(got, sent).reduce((sum, [, , count]) => sum + count, 0)).toBe(sent.sender!.sent);
    expect(got.streams.map(({ ended }) => ended)).toEqual([true, true, true, true]);
  });

  it('ends with the error of one', async () => {
    const words = ['--flows', '2', '--threads', '2', '--duration', '5m', '--cpu', '0,4000', QUIET];
    const { status, stderr } = await runCommand(['send', place(), ...words]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^mcast: this process may not run on processor 4000[^\n]*\n$/),
    ]);
  });

  it('is judged as a whole, in every interval and at the end', async () => {
    const words = ['--flows', '2', '--threads', '2', '--pps', '1000', '--duration', '1500ms', '--interval', '500ms'];
    const limits = ['--max-each', 'sender.sent=400', '--max', 'sender.sent=1400', '--max', 'sender.not_sent=0'];
    const sender = startMcast(['send', place(), ...words, ...limits, '--no-feedback', ...PATIENT, QUIET]);
    const sent = await sender.result(3);
    const each = sent.limits.find(({ expression }) => expression === 'each sender.sent <= 400');
    // Neither thread sends as much by itself.
    expect(each).toMatchObject({ ok: false });
    expect(each!.value).toBeGreaterThan(400);
    expect(sent.limits).toContainEqual(
      expect.objectContaining({ expression: 'sender.sent <= 1400', value: 1500, ok: false }),
    );
    expect(sender.events('limit')).toHaveLength(1);
    expect(sent.events).toContainEqual(
      sender
        .events('limit')
        .map(({ event, time, at_ns, stream, text, detail }) => ({ event, time, at_ns, stream, text, detail }))[0],
    );
    expect(sent.event_counts['limit']).toBe(1);
  });

  it('keeps whole what is one, and counts what it did to it', async () => {
    const endpoint = place('probe', '+2');
    const receiver = await startReceiver([endpoint, QUIET]);
    const words = ['--flows', '3', '--threads', '2', '--count', '600', '--pps', '600', '--impair', 'loss=10%,seed=5'];
    const sent = await startMcast(['send', endpoint, ...words, ...PATIENT, QUIET]).result();
    const got = await receiver.stop();
    const { lost } = sent.sender!.impairment!;
    expect(lost).toBeGreaterThan(0);
    expect(got.streams.reduce((sum, { metrics }) => sum + metrics.packets_lost!, 0)).toBe(lost);
    expect(sent.sender!.scheduled).toBe(1200);
    expect(got.streams).toHaveLength(6);
  });

  it('has clients of iperf in both threads, each with a port of its own', async () => {
    const endpoint = place('iperf');
    const receiver = await startReceiver([endpoint, QUIET]);
    const words = ['--flows', '4', '--threads', '2', '--count', '403', '--pps', '400'];
    const sent = await startMcast(['send', endpoint, ...words, ...PATIENT, QUIET]).result();
    const got = await receiver.stop();
    expect(sent.sender!.streams.map(({ sent: count }) => count).toSorted()).toEqual([100, 101, 101, 101]);
    const ports = got.streams.map(({ source_port: port }) => port);
    expect(ports.toSorted()).toEqual(sent.sender!.streams.map(({ source_port: port }) => port).toSorted());
    expect(new Set(ports).size).toBe(4);
  });

  it('sends transport streams, each in one thread', async () => {
    const endpoint = place('rtp', '+3');
    const receiver = await startReceiver([endpoint, QUIET]);
    const sender = startMcast([
      'send',
      endpoint,
      '--threads',
      '2',
      '--duration',
      '2s',
      '--fec',
      '5x5',
      ...PATIENT,
      QUIET,
    ]);
    const sent = await sender.result();
    const got = await receiver.stop();
    const media = got.streams.filter(({ role }) => role === 'media');
    expect(media).toHaveLength(3);
    for (const { group, metrics, rtcp } of media) {
      const own = sent.sender!.streams.find((one) => one.group === group && one.format.startsWith('rtp/mpeg'))!;
      expect(metrics).toMatchObject({ packets_received: own.sent, packets_lost: 0 });
      expect(rtcp).not.toBeNull();
    }
    // Who sends is one source of RTCP, whichever thread speaks.
    expect(new Set(media.map(({ rtcp }) => rtcp!.cname)).size).toBe(1);
    expect(sent.sender!.inputs).toHaveLength(3);
  });
});
