import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Headless Chromium on one page, by its DevTools protocol over a pipe. `close` ends it. */
export async function openBrowser(url) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcast-browser-'));
  const words = `--headless=new --no-sandbox --remote-debugging-pipe --no-first-run --disable-gpu --user-data-dir=${folder}`;
  const child = spawn('chromium', [...words.split(' '), 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: folder },
  });
  const waiting = new Map();
  let lastId = 0;
  let rest = '';
  child.stdio[4].setEncoding('utf8').on('data', (part) => {
    const texts = (rest + part).split('\0');
    rest = texts.pop();
    for (const message of texts.map((text) => JSON.parse(text))) waiting.get(message.id)?.(message);
  });
  const send = async (method, params = {}, sessionId = undefined) => {
    const id = ++lastId;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answer;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const { targetId } = await send('Target.createTarget', { url });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const inPage = (method, params) => send(method, params, sessionId);
  return {
    inPage,
    run: async (expression) =>
      (await inPage('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })).result.value,
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.stdio[3].write(`${JSON.stringify({ id: ++lastId, method: 'Browser.close' })}\0`);
      const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(patience);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
