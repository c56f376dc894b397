/** Load both ways at once (`mcast send --both`), by two commands over loopback. */
import { describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../command.js';
import type { RunResult } from '../../src/result/model.js';
import { freshGroup, startMcast } from '../mcast.js';
import { needs } from '../require.js';

function places(scheme = 'probe'): [there: string, back: string] {
  const port = 20_000 + 2 * Math.floor(Math.random() * 10_000);
  return [`${scheme}://${freshGroup()}:${port}/iface=lo`, `${scheme}://${freshGroup()}:${port}/iface=lo`];
}

/** What is received at `here` is what was sent `there`, and the report that came back says the same. */
function expectAgreement(here: RunResult, there: RunResult, count: number): void {
  const [stream] = here.streams;
  expect(here.run).toMatchObject({ role: 'pair', complete: true });
  expect(here.streams).toHaveLength(1);
  expect(stream!.sender_run).toBe(there.sender!.run);
  expect(there.sender).toMatchObject({ sent: count, scheduled: count, not_sent: 0 });
  expect(stream!.metrics).toMatchObject({ packets_received: count, packets_expected: count, packets_lost: 0 });
  expect(stream!.metrics.octets_received).toBe(there.sender!.octets_sent);
  expect(there.receivers).toHaveLength(1);
  expect(there.receivers[0]!.report).toMatchObject({ state: 'done', streams: 1, received: count, lost: 0 });
  expect(there.receivers[0]!.result!.streams[0]!.metrics).toEqual(stream!.metrics);
}

describe.runIf(needs('linux', 'dist'))('load both ways over loopback', { timeout: 60_000 }, () => {
  it('has two documents that agree with each other, and ends by itself', async () => {
    const [there, back] = places();
    const words = ['--pps', '500', '--max-late', '20s', '--await', '1', '--quiet'];
    const one = startMcast(['send', there, '--both', back, '--count', '1500', ...words]);
    const other = startMcast(['send', back, '--both', there, '--count', '700', ...words]);
    const [a, b] = await Promise.all([one.result(), other.result()]);
    expectAgreement(a, b, 700);
    expectAgreement(b, a, 1500);
    // Both ways at the same time.
    expect(Date.parse(a.streams[0]!.start!)).toBeLessThan(Date.parse(b.streams[0]!.end!));
    expect(a.limits.map(({ expression, ok }) => [expression, ok])).toContainEqual(['packets_received > 0', true]);
    const intervals = one.lines.filter(({ type }) => type === 'interval') as unknown as Record<string, unknown>[];
    expect(intervals.some(({ sender }) => sender !== undefined)).toBe(true);
    expect(intervals.some(({ streams }) => streams !== undefined)).toBe(true);
  });

  it('goes on until the other end is over, judges what it receives and what it sends', async () => {
    const [there, back] = places();
    const limits = ['--max', 'packets_lost=0', '--max', 'sender.not_sent=0', '--max-each', 'sender.not_sent=0'];
    const words = ['--pps', '400', '--max-late', '20s', '--await', '1', '--quiet'];
    const one = startMcast(['send', there, '--both', back, '--count', '200', ...words, ...limits]);
    const other = startMcast([
      'send',
      back,
      '--both',
      there,
      '--count',
      '1000',
      '--impair',
      'loss=5%,seed=3',
      ...words,
    ]);
    // Status 3: of what it receives some is lost.
    const [a, b] = await Promise.all([one.result(3), other.result()]);
    const lost = b.sender!.impairment!.lost;
    expect(lost).toBeGreaterThan(0);
    expect(a.streams[0]!.metrics).toMatchObject({ packets_expected: 1000, packets_lost: lost });
    const failed = a.limits.filter(({ ok }) => !ok).map(({ expression, value }) => [expression, value]);
    expect(failed).toEqual([['packets_lost <= 0', lost]]);
    expect(a.limits.map(({ expression }) => expression)).toContain('each sender.not_sent <= 0');
    expect(a.run.complete).toBe(true);
  });

  it('says so when the other end never comes: status 3, as a receiver that heard nothing', async () => {
    const [there, back] = places();
    const { status, stdout } = await runCommand([
      'send',
      there,
      '--both',
      back,
      '--pps',
      '100',
      '--count',
      '20',
      '--max-late',
      '30s',
    ]);
    expect(status).toBe(3);
    expect(stdout).toContain(`receive it with:\n  mcast send ${back} --both ${there} --pps 100 --count 20\n`);
    expect(stdout).toContain('nothing came from the other end: this was load one way only');
    expect(stdout).toMatch(/EXCEEDED packets_received > 0/);
    expect(stdout).toMatch(/sent +20 datagrams of 20 scheduled/);
  });

  it('ends when the other end falls silent without having said that it was over', async () => {
    const [there, back] = places();
    const other = startCommand(['send', back, '--pps', '200', '--duration', '5m']);
    const one = startMcast(['send', there, '--both', back, '--pps', '200', '--duration', '1s', '--quiet']);
    await one.untilEvent('first_packet');
    other.signal('SIGKILL');
    const result = await one.result();
    expect(result.run.complete).toBe(true);
    expect(result.streams[0]).toMatchObject({ ended: false });
  });

  it('that has no end of its own is complete when it is stopped; one with an end is cut short', async () => {
    const [there, back] = places();
    const [rtpThere, rtpBack] = places('rtp');
    const endless = startMcast(['send', rtpThere, '--both', rtpBack, '--quiet', '--no-feedback']);
    const source = startCommand(['send', rtpBack, '--no-feedback']);
    const bounded = startMcast(['send', there, '--both', back, '--duration', '5m', '--quiet', '--no-feedback']);
    const probes = startCommand(['send', back, '--no-feedback', '--duration', '5m']);
    await Promise.all([endless.untilEvent('first_packet'), bounded.untilEvent('first_packet')]);
    expect((await endless.stop()).run).toMatchObject({ role: 'pair', complete: true });
    bounded.signal('SIGTERM');
    expect((await bounded.result(143)).run.complete).toBe(false);
    for (const one of [source, probes]) one.signal('SIGINT');
  });

  it('is over for both ways when one cannot go on', async () => {
    const [there, back] = places();
    const { status, stderr } = await runCommand([
      'send',
      there,
      '--both',
      back,
      '--await',
      '1',
      '--wait',
      '300ms',
      '-q',
    ]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('0 of 1 receivers came')]);
  });
});
