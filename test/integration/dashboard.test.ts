import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventStream } from '../../src/dashboard/eventStream.js';
import type { RunResult } from '../../src/result/model.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { startCommand, runCommand, type Command } from '../command.js';
import { EventReader } from '../eventReader.js';
import { freshGroup } from '../mcast.js';
import { until } from '../netns/lab.js';
import { needs } from '../require.js';
import { intervalRow, SECOND_NS } from '../unit/intervalFixture.js';
import { openDashboard, resultAfter } from './dashboardServer.js';
import { mediaResult } from '../unit/reportFixture.js';

async function fetched(port: number, path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode as number, text, headers: response.headers as Record<string, string> };
}

/** The first second, of one stream. */
function intervalOf(rate: number): RunMessage & { readonly type: 'interval' } {
  return {
    type: 'interval',
    time: '',
    startNs: 0,
    endNs: SECOND_NS,
    rows: [intervalRow('other', { rate_bit_per_second: rate })],
    others: null,
    senderRows: [],
    receivers: [],
    transportRows: [],
  };
}

describe('the dashboard', () => {
  it('is a whole page at once, with what it is made of beside it, and nothing else', async () => {
    const { port } = await openDashboard();
    const page = await fetched(port, '/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('7,000,001');
    const policy = page.headers['content-security-policy']!.split('; ');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.join(' ')).not.toMatch(/unsafe|\*|http/u);
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
    for (const [path, type] of [
      ['/page.css', 'text/css; charset=utf-8'],
      ['/page.js', 'text/javascript; charset=utf-8'],
      ['/icon.svg', 'image/svg+xml'],
      ['/result.json', 'application/json'],
      ['/events', 'text/event-stream; charset=utf-8'],
    ] as const) {
      const { status, headers } = await fetched(port, path, {}, 'HEAD');
      expect([path, status, headers['content-type']]).toEqual([path, 200, type]);
    }
    expect(JSON.parse((await fetched(port, '/result.json')).text)).toEqual(JSON.parse(JSON.stringify(mediaResult())));
  });

  it('has no other paths, and no way to the files of the host', async () => {
    const { port } = await openDashboard();
    for (const path of [
      '/etc/passwd',
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/page.js/',
      '//page.js',
      '/constructor',
      '/__proto__',
    ]) {
      expect([path, (await fetched(port, path)).status]).toEqual([path, 404]);
    }
  });

  it('is not for other origins, nor by names that DNS gave, and takes nothing', async () => {
    const { port } = await openDashboard();
    for (const path of ['/', '/events', '/result.json', '/page.js']) {
      for (const [headers, status] of [
        [{ Host: 'evil.example' }, 421],
        [{ Origin: 'http://evil.example' }, 403],
        [{ Origin: 'null' }, 403],
        [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' }, 403],
      ] as const) {
        expect([path, headers, (await fetched(port, path, headers)).status]).toEqual([path, headers, status]);
      }
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        expect([path, method, (await fetched(port, path, {}, method)).status]).toEqual([path, method, 405]);
      }
    }
    expect((await fetched(port, '/', { Host: 'evil.example' })).text).toContain('--web=<name>:<port>');
  });

  it('tells all of a view first, then what changed, about once a second', async () => {
    const { url } = await openDashboard();
    const reader = await EventReader.open(`${url}/events`);
    expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await reader.until('hello');
    await reader.until('parts', 4);
    const [first, ...later] = reader
      .of('parts')
      .map(({ data }) => JSON.parse(data) as { parts: Record<string, string> });
    expect(Object.keys(first!.parts)).toContain('definitions');
    expect(Object.keys(later.at(-1)!.parts)).toEqual(['streams']);
    expect(reader.page['streams']).toMatch(/7,000,00[2-9]/u);
  });

  it('asks the run while somebody looks, and for the streams that somebody looks at', async () => {
    const { url, asked } = await openDashboard();
    expect(asked).toEqual([]);
    const reader = await EventReader.open(`${url}/events?stream=other`);
    const second = await EventReader.open(`${url}/events?stream=other`);
    await until(() => asked.length > 2, 'questions');
    expect(asked.at(-1)).toEqual(['other']);
    reader.response.destroy();
    second.response.destroy();
    await until(() => reader.hasEnded && second.hasEnded, 'the ends of both');
    const third = await EventReader.open(`${url}/events`);
    await third.until('parts', 2);
    expect(asked.at(-1)).toEqual([]);
  });

  it('shows intervals as they were told', async () => {
    const { url, dashboard } = await openDashboard();
    dashboard.show(intervalOf(4_321_000));
    const reader = await EventReader.open(`${url}/events`);
    await reader.until('parts', 2);
    expect(reader.page['streams']).toContain('4.32 Mbit/s');
  });

  it('waits a little with an update for the interval that it is to show', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { url, dashboard, asked } = await openDashboard({ updateMs: 2000 });
    const reader = await EventReader.open(`${url}/events`);
    await reader.until('parts');
    const before = asked.length;
    const beganMs = performance.now();
    await until(() => performance.now() > beganMs + 1000, 'the time after which it may ask again');
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toHaveLength(before);
    dashboard.show(intervalOf(4_321_000));
    await reader.until('parts', 2);
    expect(asked).toHaveLength(before + 1);
    expect(reader.page['streams']).toContain('4.32 Mbit/s');
    expect(reader.of('alive')).toEqual([]);
  });

  it('waits for the next interval after one that came while the run was asked, and was told with its answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const answers: ((result: RunResult) => void)[] = [];
    const ask = () => new Promise<RunResult>((resolve) => answers.push(resolve));
    const { url, dashboard } = await openDashboard({ updateMs: 2000, ask });
    const reader = await EventReader.open(`${url}/events`);
    const answered = async (questions: number): Promise<void> => {
      await until(() => answers.length === questions, 'a question');
      answers.at(-1)!(resultAfter(questions));
      const beganMs = performance.now();
      await until(() => performance.now() > beganMs + 1000, 'the time after which it may ask again');
    };
    await answered(1);
    dashboard.show(intervalOf(1_111_000));
    await vi.advanceTimersByTimeAsync(2000);
    dashboard.show(intervalOf(2_222_000));
    await answered(2);
    expect(reader.page['streams']).toContain('2.22 Mbit/s');
    // It may be moved by a tenth.
    await vi.advanceTimersByTimeAsync(2200);
    expect(answers).toHaveLength(2);
    dashboard.show(intervalOf(3_333_000));
    await answered(3);
    expect(reader.page['streams']).toContain('3.33 Mbit/s');
  });

  it('tells whoever comes again everything anew', async () => {
    const { url } = await openDashboard();
    const first = await EventReader.open(`${url}/events`);
    await first.until('parts', 2);
    first.response.destroy();
    const again = await EventReader.open(`${url}/events`, { 'Last-Event-ID': '7' });
    await again.until('parts');
    expect(Object.keys(again.page)).toEqual(Object.keys(first.page));
  });

  it('tells the last result and that it is the last, and keeps it', async () => {
    const { url, port, dashboard } = await openDashboard();
    const reader = await EventReader.open(`${url}/events`);
    await reader.until('parts', 2);
    const last = resultAfter(999_999);
    await dashboard.finish(last);
    await until(() => reader.hasEnded, 'the end');
    expect(reader.events.at(-1)!.event).toBe('over');
    expect(reader.page['streams']).toContain('7,999,999');
    expect(reader.page['verdict']).not.toContain('Running');
    const late = await EventReader.open(`${url}/events`);
    await late.until('over');
    expect((await fetched(port, '/')).text).toContain('7,999,999');
    expect(JSON.parse((await fetched(port, '/result.json')).text).streams[0].metrics.packets_received).toBe(7_999_999);
  });

  it('says that there are no figures yet, and goes on asking', async () => {
    let result: RunResult | null = null;
    const { url, port } = await openDashboard({
      ask: () => Promise.resolve(result),
      askWhole: () => Promise.resolve(result),
    });
    expect((await fetched(port, '/')).text).toContain('There are no figures yet');
    expect((await fetched(port, '/result.json')).status).toBe(503);
    const reader = await EventReader.open(`${url}/events`);
    await reader.until('alive');
    result = mediaResult();
    await reader.until('parts', 2);
    expect(reader.page['head']).toContain('mcast recv');
  });

  it('keeps connections alive while the run does not answer', async () => {
    const { url, port } = await openDashboard({ ask: () => new Promise(() => {}) });
    const reader = await EventReader.open(`${url}/events`);
    await reader.until('alive', 2);
    expect((await fetched(port, '/')).text).toContain('There are no figures yet');
  });

  it('has so many readers and no more, and room again when one goes', async () => {
    const { url } = await openDashboard();
    const readers = await Promise.all(Array.from({ length: 12 }, () => EventReader.open(`${url}/events`)));
    await Promise.all(readers.map((reader) => reader.until('parts')));
    const late = await EventReader.open(`${url}/events`);
    await late.until('full');
    await until(() => late.hasEnded, 'its end');
    readers[0]!.response.destroy();
    await until(() => readers[0]!.hasEnded, 'the end of the first');
    const next = await EventReader.open(`${url}/events`);
    await next.until('parts');
  });
});

describe('a reader that takes nothing', () => {
  it('is told nothing more until it has taken what there is, and is then told the newest', async () => {
    const streams: EventStream[] = [];
    const server = createServer((_, response) => streams.push(new EventStream(response, 'build', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => streams.length === 1, 'the connection');
    const [events] = streams as [EventStream];
    socket.pause();
    const large = 'x'.repeat(4 * 1024 * 1024);
    let told = 0;
    // As much as the system takes for it, and one that waits for many looks.
    let looks = 0;
    await until(() => {
      if (events.isBehind) return ++looks > 20;
      looks = 0;
      events.tell('', [{ id: 'streams', html: `${large}${told++}` }]);
      return false;
    }, 'a reader that is behind');
    const behindAt = told;
    for (let i = 0; i < 100; i++) events.tell('', [{ id: 'streams', html: `${large}never ${i}` }]);
    let text = '';
    socket.on('data', (part) => (text = (text + String(part)).slice(-100)));
    socket.resume();
    await until(() => !events.isBehind, 'that it is behind no more');
    events.tell('', [{ id: 'streams', html: 'newest' }]);
    await until(() => text.includes('newest'), 'the newest');
    expect(text).toContain(`x${behindAt - 1}"}}`);
    socket.destroy();
  });
});

/** Where the run says that its dashboard is. */
async function webUrl(run: Command): Promise<string> {
  await run.untilOutput(/dashboard: http:\S+\//);
  return /dashboard: (http:\S+)\//.exec(run.stdout + run.stderr)![1]!;
}

const freshEndpoint = (): string => `probe://${freshGroup()}:5001/iface=lo`;

describe.runIf(needs('linux', 'dist'))('--web', () => {
  it('shows both ends while they run, and the last figures of a run that ends', async () => {
    const endpoint = freshEndpoint();
    const receiver = startCommand(['recv', endpoint, '--web=0', '--once']);
    const receiving = await EventReader.open(`${await webUrl(receiver)}/events`);
    await receiver.untilOutput(/joined/);
    const sender = startCommand(['send', endpoint, '--web=0', '--duration', '4s', '--rate', '1M']);
    const sending = await EventReader.open(`${await webUrl(sender)}/events`);
    await until(() => /Running/u.test(receiving.page['verdict'] ?? '') && receiving.page['streams']! !== '', 'figures');
    await until(() => (sending.page['sender'] ?? '') !== '', 'figures of the sender');
    await Promise.all([receiving.until('over'), sending.until('over')]);
    const { stdout } = await receiver.ended();
    const received = /received\s+([\d,]+)/u.exec(receiving.page['verdict']!.replaceAll(/<[^>]*>/gu, ' '))![1]!;
    expect(stdout).toContain(received);
    expect((await sender.ended()).status).toBe(0);
  });

  it('shows a demonstration of both ends in one, and an analysis of none', async () => {
    const run = startCommand(['demo', '--duration', '30s', '--web=0']);
    const reader = await EventReader.open(`${await webUrl(run)}/events`);
    await until(() => (reader.page['streams'] ?? '') !== '' && (reader.page['sender'] ?? '') !== '', 'both ends');
    run.signal('SIGINT');
    await reader.until('over');
    await run.ended();
    const { status, stderr } = await runCommand(['analyze', 'x.pcap', '--web=0']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('--web')]);
  });

  it('ends before the run when its place is taken', async () => {
    const first = startCommand(['recv', freshEndpoint(), '--web=0']);
    const { port } = new URL(await webUrl(first));
    const second = await runCommand(['recv', freshEndpoint(), `--web=${port}`]);
    expect(second).toMatchObject({
      status: 1,
      stderr: `mcast: --web: 127.0.0.1:${port} is in use by another program. Choose another port, or end the program that holds it.\n`,
    });
    expect(second.stdout).not.toContain('joined');
  });
});
