/** How runs begin, go on and end: signals, statuses, ends by themselves, files. Over loopback alone. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kindsOf, linesIn, linesOf, resultOf, runCommand, startCommand, testFolder, type Command } from '../command.js';
import { freshGroup, LocalProcess, MCAST } from '../mcast.js';
import { until } from '../netns/lab.js';
import { needs } from '../require.js';

const JOINED = /^joined /m;
const FIRST = /first datagram/;

/** Lines of intervals in a file, if it is there. */
function intervals(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('"interval"').length - 1 : 0;
}

function freshEndpoint(): string {
  return `probe://${freshGroup()}:5001/iface=lo`;
}

/** A receiver that has joined. */
async function joined(words: readonly string[]): Promise<Command> {
  const receiver = startCommand(['recv', ...words]);
  await receiver.untilOutput(/joined/);
  return receiver;
}

async function send(endpoint: string, ...options: readonly string[]) {
  const ended = await runCommand(['send', endpoint, '--json', '--max-late', '10s', ...options]);
  expect(ended.status, ended.stderr).toBe(0);
  return resultOf(linesOf(ended.stdout));
}

describe.runIf(needs('linux', 'dist'))('a run that is stopped', () => {
  it('without an end of its own is complete: 0 with data, 3 without, and says why it heard nothing', async () => {
    const [endpoint, silent] = [freshEndpoint(), freshEndpoint()];
    const [byInt, byTerm, nothing] = await Promise.all([joined([endpoint]), joined([endpoint]), joined([silent])]);
    await send(endpoint, '--count', '20', '--pps', '200');
    await Promise.all([byInt.untilOutput(FIRST), byTerm.untilOutput(FIRST)]);
    byInt.signal('SIGINT');
    byTerm.signal('SIGTERM');
    await nothing.untilOutput(/nothing arrived for/);
    nothing.signal('SIGINT');
    for (const receiver of [byInt, byTerm]) {
      const { status, stdout, stderr } = await receiver.ended();
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/received {6}20 datagrams of 20 expected/);
      expect(stdout).not.toContain('cut short');
    }
    const { status, stdout } = await nothing.ended();
    expect(status).toBe(3);
    expect(stdout).toMatch(/^nothing arrived$/m);
    expect(stdout).toMatch(/^ +- no sender of this host sends to /m);
    expect(stdout).toMatch(/EXCEEDED packets_received > 0: is 0, .*nothing arrived/);
  });

  it('with an end of its own is cut short: 130 or 143, its result written, not complete', async () => {
    const endpoint = freshEndpoint();
    const bounds = [['--duration', '5m'], ['--count', '1000000'], ['--once'], ['--until-idle', '5m']];
    const receivers = await Promise.all(bounds.map((bound) => joined([endpoint, ...bound, '--json'])));
    const senders = [['--duration', '5m'], []].map((bound) => startCommand(['send', endpoint, '--json', ...bound]));
    await Promise.all([...receivers, ...senders].map((run) => run.untilOutput(/"(packets_received|sent)":[1-9]/)));
    for (const [i, run] of [...receivers, ...senders].entries()) {
      const signal = i % 2 === 0 ? 'SIGINT' : 'SIGTERM';
      run.signal(signal);
      const { status, stdout } = await run.ended();
      expect([i, status]).toEqual([i, signal === 'SIGINT' ? 130 : 143]);
      const result = resultOf(linesOf(stdout));
      expect(result.run.complete).toBe(false);
      expect(result.aggregate?.metrics.packets_received ?? result.sender?.sent).toBeGreaterThan(0);
    }
  });

  it('ends although what is due can never be sent', async () => {
    const to = `mold://${freshGroup()}:26400/iface=lo`;
    const sender = startCommand(['send', to, '--mps', '1G', '--force', '--duration', '5m', '--json']);
    await sender.untilOutput(/"not_sent":[1-9]/);
    sender.signal('SIGTERM');
    const { status, stdout } = await sender.ended();
    expect(status).toBe(143);
    expect(resultOf(linesOf(stdout)).run.complete).toBe(false);
  });

  it('by a second signal ends at once, without a result', async () => {
    const endpoint = freshEndpoint();
    // From its first datagrams on it stands still for a minute, and cannot end cleanly.
    const receiver = await joined([endpoint, '--inject', 'stall=60000/0.01', '--json']);
    await send(endpoint, '--count', '50', '--pps', '500');
    await until(() => {
      receiver.signal('SIGINT');
      return !receiver.running;
    }, 'the second signal ends it');
    const { status, stdout } = await receiver.ended();
    expect(status).toBe(130);
    expect(kindsOf(linesOf(stdout))).not.toContain('result');
  });

  it('by a closed pipe ends quietly, as complete as by a signal', async () => {
    const endpoint = freshEndpoint();
    const [text, json] = await Promise.all([joined([endpoint]), joined([endpoint, '--json', '--duration', '5m'])]);
    const sender = startCommand(['send', endpoint, '--duration', '5m']);
    await Promise.all([text, sender].map((run) => run.untilOutput(/^time /m)));
    for (const run of [text, json, sender]) run.closeOutput();
    // A receiver has something to write as long as there is a sender.
    expect(await text.ended()).toMatchObject({ status: 0, stderr: '' });
    expect((await json.ended()).status).toBe(130);
    expect(await sender.ended()).toMatchObject({ status: 130, stderr: '' });
  });

  it('while it waits for --start-at ends as well', async () => {
    const endpoint = freshEndpoint();
    const [receiver, sender] = ['recv', 'send'].map((name) => startCommand([name, endpoint, '--start-at', '+5m'])) as [
      Command,
      Command,
    ];
    await Promise.all([receiver.untilOutput(/waiting until \d{4}-/), sender.untilOutput(/waiting until \d{4}-/)]);
    receiver.signal('SIGINT');
    sender.signal('SIGINT');
    expect((await receiver.ended()).status).toBe(3);
    const { status, stdout } = await sender.ended();
    expect(status).toBe(130);
    expect(stdout).toMatch(/sent {10}0 datagrams/);
  });
});

describe.runIf(needs('linux', 'dist'))('a run without a terminal', () => {
  it('goes on at SIGHUP and reopens its files: rotation by rename loses no line', async () => {
    const folder = testFolder();
    const path = join(folder, 'run.ndjson');
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint, `--json=${path}`, '--interval', '100ms']);
    const sender = startCommand(['send', endpoint, '--pps', '100', '--duration', '5m']);
    await receiver.untilOutput(FIRST);
    await until(() => intervals(path) > 2, 'a few lines');
    renameSync(path, `${path}.1`);
    // It still writes to the file that it has open.
    const before = intervals(`${path}.1`);
    await until(() => intervals(`${path}.1`) > before, 'a line in the renamed file');
    receiver.signal('SIGHUP');
    await until(() => intervals(path) > 2, 'a few lines in the new file');
    sender.signal('SIGINT');
    await receiver.untilOutput(/received +\d+ datagrams of/);
    receiver.signal('SIGINT');
    expect((await receiver.ended()).status).toBe(0);
    await sender.ended();
    const lines = [...linesIn(`${path}.1`), ...linesIn(path)];
    const result = resultOf(lines);
    const spans = lines.filter(({ type }) => type === 'interval');
    for (const [i, { start_ns: start }] of spans.entries()) expect(start).toBe(i === 0 ? 0 : spans[i - 1]!.end_ns);
    const sum = spans
      .flatMap(({ streams }) => streams!)
      .reduce((total, row) => total + Number(row['packets_received']), 0);
    expect(sum).toBe(result.aggregate!.metrics.packets_received);
  });

  it('writes the result so far at SIGUSR1 and SIGUSR2, and opens no debugger', async () => {
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint, '--json', '--duration', '5m']);
    const sender = startCommand(['send', endpoint, '--pps', '200', '--json', '--duration', '5m']);
    for (const run of [receiver, sender]) {
      const count = (): number => run.stdout.split('"type":"partial"').length - 1;
      await run.untilOutput(/"(packets_received|sent)":[1-9]/);
      run.signal('SIGUSR1');
      await until(() => count() === 1, 'the first');
      run.signal('SIGUSR2');
      await until(() => count() === 2, 'the second');
    }
    for (const run of [receiver, sender]) run.signal('SIGINT');
    for (const run of [receiver, sender]) {
      const { stdout, stderr } = await run.ended();
      expect(stderr).not.toMatch(/debugger/i);
      const results = linesOf(stdout).flatMap(({ result }) => (result === undefined ? [] : [result]));
      const counts = results.map((result) => result.sender?.sent ?? result.aggregate?.metrics.packets_received ?? 0);
      expect(counts).toHaveLength(3);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      const streams = results.map((result) => result.streams.length + (result.sender?.streams.length ?? 0));
      expect(streams).toEqual([1, 1, 1]);
      // It has an end of its own, and has not come to it.
      expect(results.map(({ run: { complete } }) => complete)).toEqual([false, false, false]);
    }
  });
});

describe.runIf(needs('linux', 'dist', 'script'))('a run in a terminal', () => {
  it('ends at SIGHUP: that terminal is gone', async () => {
    const path = join(testFolder(), 'run.ndjson');
    const line = `exec '${process.execPath}' '${MCAST}' recv '${freshEndpoint()}' --json='${path}'`;
    const terminal = new LocalProcess(spawn('script', ['-qc', line, '/dev/null'], { stdio: 'pipe' }), 'script');
    await terminal.untilOutput(JOINED);
    // With script(1) its end of the terminal goes.
    terminal.signal('SIGKILL');
    await terminal.exited;
    await until(() => readFileSync(path, 'utf8').includes('"type":"result"'), 'the result');
    expect(resultOf(linesIn(path)).run.complete).toBe(true);
  });
});

describe.runIf(needs('linux', 'dist'))('a run ends by itself', () => {
  it('with --once, --count, --until-idle, --duration from the first datagram; --omit leaves the warm-up out', async () => {
    const endpoint = freshEndpoint();
    const words = {
      once: ['--once'],
      count: ['--count', '37'],
      idle: ['--until-idle', '300ms'],
      wait: ['--wait', '20s', '--duration', '400ms'],
      omit: ['--once', '--omit', '500ms'],
    };
    const entries = Object.entries(words);
    const receivers = await Promise.all(entries.map(([, options]) => joined([endpoint, '--json', ...options])));
    const sent = (await send(endpoint, '--count', '200', '--pps', '200')).sender!;
    const received = new Map<string, number>();
    for (const [i, [name]] of entries.entries()) {
      const { status, stdout } = await receivers[i]!.ended();
      expect([name, status]).toEqual([name, 0]);
      const result = resultOf(linesOf(stdout));
      expect(result.run.complete).toBe(true);
      const [stream] = result.streams;
      received.set(name, stream!.metrics.packets_received!);
      expect(stream!.metrics.packets_lost).toBe(0);
      expect(stream!.ended).toBe(name === 'once' || name === 'idle' || name === 'omit');
    }
    expect(received.get('once')).toBe(sent.sent);
    expect(received.get('idle')).toBe(sent.sent);
    expect(received.get('count')).toBe(37);
    expect(received.get('wait')).toBeGreaterThan(0);
    expect(received.get('wait')).toBeLessThan(sent.sent!);
    expect(received.get('omit')).toBeGreaterThan(0);
    expect(received.get('omit')).toBeLessThan(sent.sent!);
  });

  it('when nothing comes within --wait or --duration: 3, with reasons; 0 with --allow-silence', async () => {
    const endpoints = [freshEndpoint(), freshEndpoint(), freshEndpoint()];
    const [wait, duration, allowed] = await Promise.all([
      runCommand(['recv', endpoints[0]!, '--wait', '300ms', '--json']),
      runCommand(['recv', endpoints[1]!, '--duration', '300ms']),
      runCommand(['recv', endpoints[2]!, '--duration', '300ms', '--allow-silence']),
    ]);
    expect([wait, duration, allowed].map(({ status }) => status)).toEqual([3, 3, 0]);
    const lines = linesOf(wait.stdout);
    expect(kindsOf(lines)).toContain('silence');
    expect(resultOf(lines)).toMatchObject({ run: { complete: true }, streams: [], limits: [{ ok: false, value: 0 }] });
    expect(duration.stdout).toMatch(/nothing arrived for 0\.\d s:\n +- /);
  });

  it('at --end-at, having begun at --start-at, at both ends', async () => {
    const endpoint = freshEndpoint();
    const second = Math.ceil(Date.now() / 1000);
    const [from, to] = [new Date((second + 3) * 1000), new Date((second + 4) * 1000)].map((at) => at.toISOString());
    const whole = ['--start-at', from!, '--end-at', to!, '--json'];
    const [receiver, sender, short] = await Promise.all([
      runCommand(['recv', endpoint, ...whole]),
      runCommand(['send', endpoint, '--pps', '100', ...whole]),
      // Whichever comes first.
      runCommand(['send', freshEndpoint(), '--pps', '100', '--duration', '200ms', ...whole]),
    ]);
    expect([receiver.status, sender.status, short.status]).toEqual([0, 0, 0]);
    const received = resultOf(linesOf(receiver.stdout));
    expect(received.run.complete).toBe(true);
    expect(received.run.start >= from!).toBe(true);
    expect(received.streams[0]!.start! >= from!).toBe(true);
    expect(received.streams[0]!.end! < to!).toBe(true);
    const sent = resultOf(linesOf(sender.stdout));
    expect(sent.run.complete).toBe(true);
    // One second at 100 a second, less what a machine too busy to begin in time has missed.
    const inTime = sent.run.start < from!;
    expect(sent.sender!.scheduled).toBeGreaterThanOrEqual(inTime ? 99 : 1);
    expect(sent.sender!.scheduled).toBeLessThanOrEqual(100);
    expect(resultOf(linesOf(short.stdout)).sender!.scheduled).toBeLessThanOrEqual(20);
  });
});

describe.runIf(needs('linux', 'dist'))('while it goes on', () => {
  it("the sender's next run is a new entry, and the summary of one that ended is printed", async () => {
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint]);
    await send(endpoint, '--count', '20', '--pps', '200');
    await receiver.untilOutput(/received {6}20 datagrams of 20 expected/);
    await send(endpoint, '--count', '30', '--pps', '200');
    await receiver.untilOutput(/received {6}30 datagrams of 30 expected/);
    receiver.signal('SIGINT');
    const { status, stdout } = await receiver.ended();
    expect(status).toBe(0);
    const report = stdout.slice(stdout.lastIndexOf('\nmcast recv '));
    expect(report.match(/received {6}(20|30) datagrams of \1 expected/g)).toHaveLength(2);
    expect(report).toMatch(/all 2 streams together\n {2}received {6}50 datagrams/);
  });

  it('of several streams each that ends has a line', async () => {
    const [one, other] = [freshEndpoint(), freshEndpoint()];
    const receiver = await joined([one, other]);
    await send(one, '--count', '20', '--pps', '200', '--size', '100');
    const place = one.slice('probe://'.length, one.indexOf('/iface'));
    await receiver.untilOutput(new RegExp(`${place} has ended: received 20 of 20, lost 0 \\(0 %\\)`));
    receiver.signal('SIGINT');
    // The other one was joined, and silent.
    expect((await receiver.ended()).status).toBe(3);
  });

  it('one that ends with its streams says it once', async () => {
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint, '--once']);
    await send(endpoint, '--count', '20', '--pps', '200');
    const { stdout } = await receiver.ended();
    expect(stdout.match(/received {6}20 datagrams/g)).toHaveLength(1);
  });

  it('intervals end at whole multiples in UTC, and add up to the result at both ends', async () => {
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint, '--once', '--json', '--interval', '250ms']);
    const options = [
      '--pps',
      '400',
      '--duration',
      '1200ms',
      '--interval',
      '200ms',
      '--impair',
      'loss=5%,dup=3%,reorder=2%,seed=9',
    ];
    const sender = await runCommand(['send', endpoint, '--json', ...options]);
    const { stdout } = await receiver.ended();
    for (const [lines, periodMs] of [
      [linesOf(stdout), 250],
      [linesOf(sender.stdout), 200],
    ] as const) {
      const intervals = lines.filter(({ type }) => type === 'interval');
      expect(intervals.length).toBeGreaterThan(3);
      // All but the last, which ends with the run.
      for (const { time } of intervals.slice(0, -1)) {
        expect(time).toMatch(/\.\d{3}000000Z$/);
        expect(Date.parse(time) % periodMs).toBe(0);
      }
      for (const [i, { start_ns: start }] of intervals.entries())
        if (i > 0) expect(start).toBe(intervals[i - 1]!.end_ns);
    }
    const lines = linesOf(stdout);
    const [stream] = resultOf(lines).streams;
    for (const name of [
      'packets_received',
      'packets_expected',
      'packets_lost',
      'packets_duplicated',
      'packets_reordered',
      'packets_late',
      'octets_received',
      'loss_network',
      'never_sent',
    ] as const) {
      const rows = lines.flatMap(({ streams }) => streams ?? []);
      const total = rows.reduce((sum, row) => sum + Number(row[name]), 0);
      expect([name, total]).toEqual([name, stream!.metrics[name]]);
    }
    const sentLines = linesOf(sender.stdout);
    for (const name of ['scheduled', 'sent', 'not_sent'] as const) {
      const rows = sentLines.flatMap((line) => line.sender ?? []);
      const total = rows.reduce((sum, row) => sum + Number(row[name]), 0);
      expect([name, total]).toEqual([name, resultOf(sentLines).sender![name]]);
    }
  });

  it('it says when it is ready: a file for scripts, an event for programs', async () => {
    const path = join(testFolder(), 'ready');
    const endpoint = freshEndpoint();
    const receiver = startCommand(['recv', endpoint, '--once', '--json', '--ready-file', path]);
    await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'), 'the ready file');
    const info = JSON.parse(readFileSync(path, 'utf8')) as { runId: string; interfaces: string[] };
    const sent = await send(endpoint, '--count', '10', '--pps', '100', '--ready-file', `${path}.send`);
    expect(JSON.parse(readFileSync(`${path}.send`, 'utf8'))).toMatchObject({ runId: sent.run.id, interfaces: ['lo'] });
    const lines = linesOf((await receiver.ended()).stdout);
    expect(kindsOf(lines).slice(0, 2)).toEqual(['start', 'joined']);
    const result = resultOf(lines);
    expect(info).toMatchObject({ runId: result.run.id, interfaces: ['lo'] });
    // Whoever waited for it has missed nothing.
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 10, packets_expected: 10 });
    expect(new Set(lines.map(({ run_id: id }) => id))).toEqual(new Set([result.run.id]));
  });
});

describe.runIf(needs('linux', 'dist'))('the verdict', () => {
  it('is 3 when a limit is exceeded or cannot be judged, with the reason, and 0 within limits', async () => {
    const endpoint = freshEndpoint();
    const limits: [status: number, text: RegExp, words: string[]][] = [
      [0, /limits 2 of 2 kept/, ['--max', 'loss_ratio=50%']],
      [3, /EXCEEDED packets_lost <= 0: is [1-9]/, ['--max', 'packets_lost=0']],
      [3, /EXCEEDED packets_received >= 1M: is /, ['--min', 'packets_received=1M']],
      [3, /EXCEEDED dscp_received == af41: is 0.*arrivals carried DSCP 0/, ['--expect', 'dscp_received==af41']],
      [3, /EXCEEDED messages_lost <= 0: not measured: \S/, ['--max', 'messages_lost=0']],
    ];
    const receivers = await Promise.all(limits.map(([, , words]) => joined([endpoint, '--once', ...words])));
    await send(endpoint, '--count', '200', '--pps', '400', '--impair', 'loss=10%,seed=4');
    for (const [i, [status, text]] of limits.entries()) {
      const ended = await receivers[i]!.ended();
      expect(ended.stdout).toMatch(text);
      expect([i, ended.status]).toEqual([i, status]);
    }
  });

  it('is 4 when the instrument calls its own result invalid, whatever the limits say', async () => {
    const endpoint = freshEndpoint();
    const receiver = await joined([
      endpoint,
      '--once',
      '--max-streams',
      '1',
      '--max',
      'packets_lost=0',
      '--min',
      'packets_received=1M',
    ]);
    await send(endpoint, '--count', '40', '--pps', '200', '--flows', '4');
    const { status, stdout } = await receiver.ended();
    expect(stdout).toMatch(/measurement invalid/);
    // What found no room is no stream that a limit could hold for.
    expect(stdout).toMatch(/limits 1 of 3 exceeded/);
    expect(stdout).toMatch(/invalid +\d+ datagrams found no room in the stream table/);
    expect(status).toBe(4);
  });

  it('of a saved result is judged again by report', async () => {
    const path = join(testFolder(), 'run.ndjson');
    const endpoint = freshEndpoint();
    const receiver = await joined([endpoint, '--once', `--json=${path}`]);
    await send(endpoint, '--count', '20', '--pps', '200');
    await receiver.ended();
    const [kept, exceeded] = await Promise.all([
      runCommand(['report', path]),
      runCommand(['report', path, '--max', 'packets_received=5']),
    ]);
    expect([kept.status, exceeded.status]).toEqual([0, 3]);
    expect(exceeded.stdout).toMatch(/EXCEEDED packets_received <= 5: is 20, margin -15/);
  });
});
