/** The dashboard as people have it: in Chromium, with a keyboard, a narrow window, a screen reader, in the dark. */
import { createServer } from 'node:http';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { Chromium, type Page } from '../chromium.js';
import { startCommand } from '../command.js';
import { freshGroup } from '../mcast.js';
import { until } from '../netns/lab.js';
import { needs } from '../require.js';
import { mediaResult, probeStream, sentResult, receiver } from '../unit/reportFixture.js';
import { openDashboard, resultAfter } from './dashboardServer.js';

/** Pictures for people to look at: nothing is compared with them. */
const SHOTS = process.env['MCAST_TEST_SHOTS'];
const QUICK = { updateMs: 50 };

async function picture(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot(join(SHOTS, `${name}.png`));
}

/** Programs that a process has started and that go on, by name (proc(5)). */
function childrenOf(pid: number): string[] {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  return ids.flatMap((id) => {
    try {
      return id === '' ? [] : [readFileSync(`/proc/${id}/comm`, 'latin1')];
    } catch {
      return [];
    }
  });
}

/** So many streams, whose counts grow with each question. */
function manyStreams(count: number) {
  let questions = 0;
  return (): Promise<RunResult> => {
    questions++;
    const made = mediaResult();
    const streams = Array.from({ length: count }, (_, i) => {
      const stream = probeStream();
      const metrics = { ...stream.metrics, packets_received: 1000 * i + questions };
      return { ...stream, id: `stream-${i}`, name: `Channel ${i}`, ended: false, metrics };
    });
    return Promise.resolve({ ...made, streams, streams_total: count });
  };
}

const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`;
const FOCUSED = 'document.activeElement.textContent';

describe.runIf(needs('chromium', 'linux'))('in a browser', () => {
  let browser: Chromium;
  beforeAll(() => {
    browser = new Chromium();
  });
  afterAll(async () => await browser.close());

  async function looking(url: string): Promise<Page> {
    const page = await browser.page(url);
    onTestFinished(async () => await page.close());
    await page.until("document.querySelector('#verdict p') !== null");
    return page;
  }

  it('figures change while one looks, and nothing is wrong', async () => {
    const { url } = await openDashboard(QUICK);
    const page = await looking(`${url}/`);
    const first = await page.run<string>(textOf('#streams'));
    for (let i = 0; i < 3; i++) {
      const seen = JSON.stringify(await page.run<string>(textOf('#streams')));
      await page.until(`(${textOf('#streams')}) !== ${seen}`);
    }
    expect(await page.run<string>(textOf('#streams'))).not.toBe(first);
    expect(await page.run<string>('document.title')).toMatch(/^Running: mcast recv/u);
    expect(page.errors).toEqual([]);
    await picture(page, 'overview');
  });

  it('does not grow, however long it is looked at', async () => {
    let questions = 0;
    const ask = manyStreams(100);
    const counted = (): Promise<RunResult> => {
      questions++;
      return ask();
    };
    const { url } = await openDashboard({ ...QUICK, ask: counted });
    const page = await looking(`${url}/`);
    const elements = "document.querySelectorAll('*').length";
    await page.until("document.querySelectorAll('table.live tbody tr').length === 100");
    const before = await page.run<number>(elements);
    await until(() => questions > 20, 'twenty updates');
    const seen = await page.run<string>(textOf('#streams'));
    await page.until(`(${textOf('#streams')}) !== ${JSON.stringify(seen)}`);
    expect(await page.run<number>(elements)).toBe(before);
    expect(page.errors).toEqual([]);
    await picture(page, 'hundred');
  });

  it('a reload and a link find the same view, and "back" the one before', async () => {
    const { url } = await openDashboard({ ...QUICK, ask: manyStreams(5) });
    const page = await looking(`${url}/?stream=stream-3`);
    await page.until(`(${textOf('#streams h2')}).includes('Channel 3')`);
    await page.reload();
    await page.until(`(${textOf('#streams h2')}).includes('Channel 3')`);
    await page.run("document.querySelector('a[rel=next]').click()");
    await page.until(`(${textOf('#streams h2')}).includes('Channel 4')`);
    expect(await page.run<string>('location.search')).toBe('?stream=stream-4');
    await page.run('history.back()');
    await page.until(`(${textOf('#streams h2')}).includes('Channel 3')`);
    await page.run("document.querySelector('a[rel=up]').click()");
    await page.until("document.querySelectorAll('table.live tbody tr').length === 5");
    expect(page.errors).toEqual([]);
    await picture(page, 'few');
  });

  it('a server that is gone is said, and the page goes on when there is one again', async () => {
    const first = await openDashboard(QUICK);
    const page = await looking(`${first.url}/`);
    const seen = JSON.stringify(await page.run<string>(textOf('#streams')));
    await page.until(`(${textOf('#streams')}) !== ${seen}`);
    await first.abort();
    await page.until(`(${textOf('#link')}).includes('connection is lost')`);
    await picture(page, 'lost');
    expect(await page.run<string>(textOf('#streams'))).not.toBe('');
    const { port } = first;
    await openDashboard({ ...QUICK, port, ask: manyStreams(7) });
    await page.until("document.querySelectorAll('table.live tbody tr').length === 7");
    expect(await page.run<string>(textOf('#link'))).toBe('');
    // What Chromium itself says of the attempts.
    expect(page.errors.filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/u.test(text))).toEqual([]);
  });

  it('a run that has ended is said, and its last figures stay', async () => {
    const { url, dashboard, abort } = await openDashboard(QUICK);
    const page = await looking(`${url}/`);
    await page.until(`(${textOf('#verdict')}).includes('Running')`);
    const seen = JSON.stringify(await page.run<string>(textOf('#streams')));
    await page.until(`(${textOf('#streams')}) !== ${seen}`);
    await dashboard.finish(resultAfter(999_999));
    await abort();
    await page.until(`(${textOf('#link')}).includes('has ended')`);
    expect(await page.run<string>(textOf('#streams'))).toContain('7,999,999');
    expect(await page.run<string>(textOf('#verdict'))).not.toContain('Running');
    await picture(page, 'ended');
  });

  it('is gone through with the keyboard, and the focus stays where it is while figures change', async () => {
    const { url } = await openDashboard({ ...QUICK, ask: manyStreams(5) });
    const page = await looking(`${url}/`);
    await page.until("document.querySelectorAll('table.live tbody tr').length === 5");
    await page.press('Tab');
    expect(await page.run<string>(FOCUSED)).toBe('To the figures');
    await page.press('Enter');
    await page.until("document.activeElement.id === 'main'");
    for (let i = 0; i < 40 && !(await page.run<string>(FOCUSED)).startsWith('Channel 0'); i++) await page.press('Tab');
    expect(await page.run<string>(FOCUSED)).toBe('Channel 0');
    for (const [key, name] of [
      ['ArrowDown', 'Channel 1'],
      ['ArrowDown', 'Channel 2'],
      ['ArrowUp', 'Channel 1'],
      ['End', 'Channel 4'],
      ['ArrowDown', 'Channel 4'],
      ['Home', 'Channel 0'],
      ['ArrowDown', 'Channel 1'],
    ] as const) {
      await page.press(key);
      expect(await page.run<string>(FOCUSED)).toBe(name);
    }
    const row = "document.activeElement.closest('tr').textContent";
    const seen = JSON.stringify(await page.run<string>(row));
    await page.until(`${row} !== ${seen}`);
    expect(await page.run<string>(FOCUSED)).toBe('Channel 1');
    await picture(page, 'focus');
    await page.press('Enter');
    await page.until(`(${textOf('#streams h2')}).includes('Channel 1')`);
    expect(await page.run<string>(FOCUSED)).toBe('Stream Channel 1');
    await page.press('Escape');
    await page.until(`${FOCUSED} === 'Channel 1'`);
    expect(await page.run<string>('document.activeElement.closest("tr").id')).toBe('s:stream-1');
    expect(page.errors).toEqual([]);
  });

  it('keeps the focus with its stream when the order changes', async () => {
    const { url } = await openDashboard({ ...QUICK, ask: manyStreams(5) });
    const page = await looking(`${url}/`);
    await page.until("document.querySelectorAll('table.live tbody tr').length === 5");
    await page.run(
      "[...document.querySelectorAll('table.live thead a')].find((a) => a.textContent === 'received').click()",
    );
    await page.until("document.querySelector('table.live tbody a').textContent === 'Channel 4'");
    expect(await page.run<string>(FOCUSED)).toBe('received');
    expect(await page.run<string>("document.querySelector('[aria-sort]').textContent")).toBe('received');
    await page.run("document.querySelector('table.live tbody a').focus()");
    await page.run('history.back()');
    await page.until("document.querySelector('table.live tbody a').textContent === 'Channel 0'");
    expect(await page.run<string>(FOCUSED)).toBe('Channel 4');
  });

  it('can be heard: its structure, names of tables and rows, and the verdict when it changes', async () => {
    let verdict: 'valid' | 'invalid' = 'valid';
    const ask = manyStreams(3);
    const { url } = await openDashboard({
      ...QUICK,
      ask: async () => {
        const made = await ask();
        return { ...made, limits: [], health: { ...made.health, verdict } };
      },
    });
    const page = await looking(`${url}/`);
    const heard = await page.accessible();
    const named = (role: string): string[] => heard.filter((node) => node.role === role).map(({ name }) => name);
    expect(named('main')).toHaveLength(1);
    expect(named('heading')[0]).toMatch(/^mcast recv/u);
    expect(named('navigation')).toEqual(['Pages']);
    expect(named('rowheader')).toEqual(expect.arrayContaining(['Channel 0', 'Channel 1', 'Channel 2']));
    expect(named('columnheader')).toEqual(expect.arrayContaining(['stream', 'rate', 'lost', 'jitter']));
    expect(named('table')[0]).toContain('3 streams');
    await page.run(`window.spoken = [];
      new MutationObserver(() => spoken.push(document.querySelector('#verdict [role=status]').textContent))
        .observe(document.querySelector('#verdict [role=status]'), { childList: true, characterData: true, subtree: true })`);
    const seen = await page.run<string>(textOf('#streams'));
    await page.until(`(${textOf('#streams')}) !== ${JSON.stringify(seen)}`);
    expect(await page.run<string[]>('spoken')).toEqual([]);
    verdict = 'invalid';
    await page.until('spoken.length > 0');
    expect(await page.run<string[]>('spoken')).toEqual(['Running; the result so far is invalid']);
  });

  it.each([
    ['narrow', 400],
    ['wide', 1900],
  ] as const)('fits a %s window, in light and in dark', async (name, width) => {
    const { url } = await openDashboard({ ...QUICK, ask: manyStreams(12) });
    for (const [view, path] of [
      ['overview', '/'],
      ['stream', '/?stream=stream-3'],
      ['conditions', '/?page=conditions'],
    ] as const) {
      const page = await looking(`${url}${path}`);
      await page.viewport(width, 900);
      const grounds: string[] = [];
      for (const scheme of ['light', 'dark'] as const) {
        await page.scheme(scheme);
        await page.until(`matchMedia('(prefers-color-scheme: ${scheme})').matches`);
        grounds.push(await page.run<string>('getComputedStyle(document.body).backgroundColor'));
        expect(await page.run<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        await picture(page, `${name}-${view}-${scheme}`);
      }
      expect(new Set(grounds).size).toBe(2);
      expect(page.errors).toEqual([]);
    }
  });

  it('runs nothing that others wrote', async () => {
    const evil = '"><img src=x onerror="window.owned=1"><script>window.owned=2</script><svg onload=window.owned=3>';
    const made = mediaResult();
    const poisoned = (result: RunResult): RunResult => ({
      ...result,
      run: { ...result.run, name: evil, endpoints: [evil], labels: { [evil]: evil } },
      streams: result.streams.map((stream, i) => ({
        ...stream,
        name: evil,
        id: `${evil}${i}`,
        flow: evil,
        notes: [evil],
      })),
      events: result.events.map((event) => ({ ...event, text: evil, stream: evil })),
    });
    for (const result of [made, sentResult([receiver(evil)])]) {
      const { url } = await openDashboard({ ...QUICK, ask: () => Promise.resolve(poisoned(result)) });
      for (const path of [
        '/',
        `/?stream=${encodeURIComponent(`${evil}0`)}`,
        `/?stream=${encodeURIComponent(evil)}&sort=${encodeURIComponent(evil)}`,
      ]) {
        const page = await looking(`${url}${path}`);
        await page.until("document.querySelector('#link').textContent === ''");
        expect(await page.run<string>('document.body.textContent')).toContain('onerror=');
        expect(await page.run<unknown>('window.owned ?? null')).toBe(null);
        expect(await page.run<number>("document.querySelectorAll('img, script:not([src])').length")).toBe(0);
        expect(page.errors).toEqual([]);
      }
    }
  });

  it('has a policy that stops a script even if one came into the page', async () => {
    const { url } = await openDashboard(QUICK);
    const page = await looking(`${url}/`);
    await page.run(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.owned = 1' }))`,
    );
    await page.run(`document.body.insertAdjacentHTML('beforeend', '<a href="javascript:window.owned=2" id="bad">x</a><i onclick="window.owned=3" id="worse">y</i>');
      for (const id of ['bad', 'worse']) document.getElementById(id).click()`);
    expect(await page.run<unknown>('window.owned ?? null')).toBe(null);
    await until(
      () => page.errors.filter((text) => text.includes('Content Security Policy')).length >= 3,
      'three refusals',
    );
  });

  it('tells nothing to a page of another origin', async () => {
    const { url } = await openDashboard(QUICK);
    const other = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>other</title><link rel="icon" href="data:,"><body><p id="verdict">x<p>y');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const page = await browser.page(`http://127.0.0.1:${(other.address() as { port: number }).port}/`);
    onTestFinished(async () => await page.close());
    const told = await page.run<string[]>(`(async () => {
      const told = [];
      for (const path of ['/', '/result.json', '/events']) {
        for (const mode of ['cors', 'no-cors']) {
          const answer = await fetch('${url}' + path, { mode }).catch(() => null);
          told.push(answer === null ? 'nothing' : answer.type + ' ' + (await answer.text().catch(() => '')).length);
        }
      }
      const source = new EventSource('${url}/events');
      told.push(await new Promise((resolve) => { source.onerror = () => resolve('nothing'); source.addEventListener('hello', () => resolve('hello')); }));
      return told;
    })()`);
    expect(told).toEqual(told.map((text) => (text.startsWith('opaque') ? 'opaque 0' : 'nothing')));
    await page.run(`document.body.append(Object.assign(document.createElement('iframe'), { src: '${url}/' }))`);
    await until(
      () => page.errors.some((text) => /frame-ancestors|X-Frame-Options|ERR_BLOCKED_BY_RESPONSE/u.test(text)),
      'a refused frame',
    );
  });

  it.runIf(needs('dist'))('shows a real run', async () => {
    const endpoint = `probe://${freshGroup()}+3:5001/iface=lo`;
    const run = startCommand(['recv', endpoint, '--web=0', '--duration', '60s']);
    await run.untilOutput(/dashboard: http:\S+\//);
    const page = await looking(/dashboard: (http:\S+)/.exec(run.stdout + run.stderr)![1]!);
    startCommand(['send', endpoint, '--duration', '30s', '--rate', '500k']);
    await page.until("document.querySelectorAll('table.live tbody tr').length === 3");
    await page.until(
      "[...document.querySelectorAll('.spark .line')].every((line) => line.getAttribute('d').length > 8)",
    );
    await page.run("document.querySelector('table.live tbody a').click()");
    await page.until("document.querySelectorAll('#streams .plot').length > 4");
    await picture(page, 'real');
    expect(page.errors).toEqual([]);
    run.signal('SIGINT');
    await page.until(`(${textOf('#link')}).includes('has ended')`);
  });

  it.runIf(needs('dist', 'ffmpeg'))(
    'shows the picture of a received stream while one looks, and no longer',
    async () => {
      const run = startCommand(['demo', '--web=0', '--duration', '120s']);
      await run.untilOutput(/dashboard: http:\S+\//);
      const page = await looking(/dashboard: (http:\S+)/.exec(run.stdout + run.stderr)![1]!);
      await page.until("document.querySelector('table.live tbody tr:not(.dim) a') !== null");
      await page.run("document.querySelector('table.live tbody tr:not(.dim) a').click()");
      await page.until("document.querySelector('[data-watch]') !== null");
      const programs = (): string[] => childrenOf(run.pid).filter((name) => name.includes('ffmpeg'));
      const before = programs();
      await page.run("document.querySelector('[data-watch]').click()");
      await page.until(
        "document.querySelector('video')?.videoWidth === 640 && document.querySelector('video').currentTime > 1",
      );
      expect(programs()).toHaveLength(before.length + 1);
      await picture(page, 'picture');
      const address = await page.run<string>("document.querySelector('video').src");
      expect((await fetch(address, { method: 'HEAD' })).status).toBe(503);
      expect((await fetch(address)).status).toBe(503);
      await page.press('Escape');
      await page.until(
        "document.querySelector('video') === null && document.activeElement.dataset.watch !== undefined",
      );
      await until(() => programs().length === before.length, 'the end of ffmpeg');
      await page.run("document.querySelector('[data-watch]').click()");
      await page.until("document.querySelector('video')?.currentTime > 0.2");
      expect(page.errors).toEqual([]);
      run.signal('SIGINT');
      const { status } = await run.ended();
      // A bounded run was cut short.
      expect(status).toBe(130);
    },
  );
});
