/**
 * Chromium as a reader of a page, without a library: the DevTools protocol over a pipe (`--remote-debugging-pipe`:
 * JSON behind which a zero octet stands, on descriptors 3 and 4).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Without its sandbox, since tests may run as root: nothing but pages of these tests is loaded. */
const OPTIONS = [
  '--headless=new',
  '--no-sandbox',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--autoplay-policy=no-user-gesture-required',
  '--window-size=1280,900',
];
/** Of a page that does not come to it. */
const PATIENCE_MS = 15_000;
const KEYS: Readonly<Record<string, { code: string; keyCode: number; text?: string }>> = {
  Tab: { code: 'Tab', keyCode: 9 },
  Enter: { code: 'Enter', keyCode: 13, text: '\r' },
  Escape: { code: 'Escape', keyCode: 27 },
  ArrowDown: { code: 'ArrowDown', keyCode: 40 },
  ArrowUp: { code: 'ArrowUp', keyCode: 38 },
  End: { code: 'End', keyCode: 35 },
  Home: { code: 'Home', keyCode: 36 },
};

export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners: ((message: Message) => void)[] = [];
  #lastId = 0;

  /** Whoever opens it closes it. */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'mcast-chromium-'));
    this.#child = spawn('chromium', [...OPTIONS, `--user-data-dir=${this.#folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: this.#folder },
    });
    this.#input = this.#child.stdio[3] as Writable;
    this.#input.on('error', () => {});
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const texts = (rest + part).split('\0');
      rest = texts.pop()!;
      for (const text of texts) this.#take(JSON.parse(text) as Message);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#input.write(`${JSON.stringify({ id: ++this.#lastId, method: 'Browser.close' })}\0`);
      const patience = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(patience);
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  on(listener: (message: Message) => void): void {
    this.#listeners.push(listener);
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const { promise, resolve } = answerTo();
    this.#waiting.set(id, resolve);
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async page(url: string): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId as string, targetId as string);
    await page.open(url);
    return page;
  }

  #take(message: Message): void {
    if (message.id === undefined) for (const listener of this.#listeners) listener(message);
    else {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }
}

function answerTo(): { promise: Promise<Message>; resolve: (message: Message) => void } {
  let resolve!: (message: Message) => void;
  const promise = new Promise<Message>((settle) => (resolve = settle));
  return { promise, resolve };
}

export class Page {
  readonly #browser: Chromium;
  readonly #session: string;
  readonly #target: string;
  /** Everything that a developer's console would show in red: errors, exceptions, refused loads. */
  readonly errors: string[] = [];

  constructor(browser: Chromium, session: string, target: string) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
    browser.on(({ method, params, sessionId }) => {
      if (sessionId !== session) return;
      if (method === 'Runtime.exceptionThrown') this.errors.push(JSON.stringify(params!['exceptionDetails']));
      if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params!['type'] as string)) {
        this.errors.push(JSON.stringify(params!['args']));
      }
      if (method === 'Log.entryAdded') {
        const entry = params!['entry'] as { level: string; text: string; url?: string };
        if (entry.level === 'error' || entry.level === 'warning') this.errors.push(`${entry.text} ${entry.url ?? ''}`);
      }
    });
  }

  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return await this.#browser.send(method, params, this.#session);
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#target });
  }

  async open(url: string): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log']) await this.send(`${domain}.enable`);
    await this.send('Page.navigate', { url });
    await this.until("document.readyState === 'complete'");
  }

  async reload(): Promise<void> {
    await this.run('window.beforeReload = true');
    await this.send('Page.reload');
    await this.until("window.beforeReload === undefined && document.readyState === 'complete'");
  }

  /** Value of an expression, which may be a promise. */
  async run<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** Waits until an expression is true; meanwhile a page may be on its way to another one. */
  async until(expression: string): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    while (performance.now() < untilMs) {
      if (await this.run<boolean>(`Boolean(${expression})`).catch(() => false)) return;
    }
    const text = await this.run<string>('document.body.innerText').catch(String);
    throw new Error(`${expression} is not so; on the page: ${text}`);
  }

  async press(key: string): Promise<void> {
    const { code, keyCode, text } = KEYS[key]!;
    const event = { key, code, windowsVirtualKeyCode: keyCode, ...(text === undefined ? {} : { text }) };
    await this.send('Input.dispatchKeyEvent', { type: text === undefined ? 'rawKeyDown' : 'keyDown', ...event });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async viewport(width: number, height: number): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async scheme(value: 'dark' | 'light'): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  /** What a screen reader is told, by role and name. */
  async accessible(): Promise<{ role: string; name: string }[]> {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    return (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }));
  }

  /** A picture of the whole page, as PNG. */
  async screenshot(path: string, isWhole = true): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: isWhole });
    writeFileSync(path, Buffer.from(data as string, 'base64'));
  }
}
