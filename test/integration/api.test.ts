/** The package as a program imports it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type * as Api from '../../src/index.js';
import { freshGroup } from '../mcast.js';
import { DIST, needs } from '../require.js';

const EXAMPLES = fileURLToPath(new URL('../../docs/examples', import.meta.url));
const ENTRY = pathToFileURL(join(DIST, 'index.js')).href;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 25_000,
    // The test runner's own messages are none of the examples' business.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  return { status, stdout, stderr };
}

/** Runs a module to its natural end; nothing ends the process but that nothing is left to do. */
function script(code: string): Ran {
  return node('--input-type=module', '-e', `import * as mcast from ${JSON.stringify(ENTRY)};\n${code}`);
}

describe.runIf(needs('dist'))('docs/examples', () => {
  it('check-network.mjs tells how the network does, and by its status', () => {
    const { status, stdout, stderr } = node(join(EXAMPLES, 'check-network.mjs'));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^first_packet: /m);
    expect(stdout).toMatch(/^(\d+) sent, \1 received$/m);
    expect(status).toBe(0);
  });

  it('check-network.mjs says in two lines what is wrong with an endpoint', () => {
    const { status, stderr } = node(join(EXAMPLES, 'check-network.mjs'), 'probe://10.0.0.1:5001');
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain('--unicast');
  });

  it('feed-messages.mjs counts what neither line brought', () => {
    const { status, stdout, stderr } = node(join(EXAMPLES, 'feed-messages.mjs'));
    expect(stderr).toBe('');
    const [, messages, missing] = /^(\d+) messages, (\d+) missing, 0 datagrams not taken in time$/m.exec(stdout)!;
    // A hundredth of 1003; all of the session are there or missing.
    expect(Number(messages) + Number(missing)).toBe(1003);
    expect(Number(missing)).toBeGreaterThan(0);
    expect(stdout).toMatch(new RegExp(`^${missing} lost on both lines$`, 'm'));
    expect(stdout).toMatch(/^\d+ missing before \d+ of \w+$/m);
    // Orders that were added and executed.
    expect(stdout).toMatch(/\bA \d+.*\bE \d+/);
    expect(status).toBe(0);
  });

  it('in-a-test.mjs passes', () => {
    const { status, stdout } = node('--test', '--test-reporter=tap', join(EXAMPLES, 'in-a-test.mjs'));
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(status).toBe(0);
  });
});

async function api(): Promise<typeof Api> {
  return (await import(/* @vite-ignore */ ENTRY)) as typeof Api;
}

/** Disposed of when the test is over. */
async function opened(run: Promise<Api.OpenRun>): Promise<Api.OpenRun> {
  const open = await run;
  onTestFinished(() => open[Symbol.asyncDispose]());
  return open;
}

function endpoint(): string {
  return `probe://${freshGroup()}:5006/iface=lo`;
}

describe.runIf(needs('dist'))('a run of a program', () => {
  it('joins before it resolves, tells what happens, and gives the result of the command', async () => {
    const { openReceiver, openSender, RESULT_SCHEMA } = await api();
    const where = endpoint();
    const receiver = await opened(openReceiver(where, { once: true, interval: '100ms', name: 'under test' }));
    expect(receiver.info.interfaces).toEqual(['lo']);
    const sender = await opened(openSender(where, { pps: 1000, count: 300, size: 100, maxLate: 20 }));
    const kinds = new Set<string>();
    for await (const update of receiver) {
      kinds.add(update.type === 'event' ? update.event.event : update.type);
    }
    expect(kinds).toEqual(new Set(['joined', 'first_packet', 'interval', 'stream_end']));
    const [sent, received] = await Promise.all([sender.finished, receiver.finished]);
    expect(sent.sender!.sent).toBe(300);
    expect(received).toMatchObject({
      schema: RESULT_SCHEMA,
      run: { command: 'recv', argv: [], name: 'under test', complete: true, id: receiver.info.runId },
      streams: [{ metrics: { packets_received: 300, packets_lost: 0 } }],
    });
  });

  it('tells its result so far, and ends when it is stopped', async () => {
    const { openReceiver, openSender } = await api();
    const where = endpoint();
    const receiver = await opened(openReceiver(where, { allowSilence: true }));
    expect((await receiver.snapshot()).streams).toEqual([]);
    const sender = await opened(openSender(where, { pps: 1000, count: 50, maxLate: 20 }));
    await sender.finished;
    const result = await receiver.stop();
    expect(result.streams[0]!.metrics.packets_received).toBe(50);
    expect(await receiver.stop()).toBe(result);
    // It is over: what it is now is what it was at the end.
    expect(await receiver.snapshot()).toBe(result);
  });

  it('refuses with all that is wrong, and with what the system says', async () => {
    const { McastError, openReceiver, openSender } = await api();
    await expect(openSender(endpoint(), { ttl: 300, rate: 'fast' })).rejects.toThrow(/rate: .*\nttl: /s);
    await expect(openReceiver('probe://239.1.1.1:5001', { iface: 'nowhere0' })).rejects.toMatchObject({
      code: 'ERR_INTERFACE',
    });
    await expect(openReceiver('probe://239.1.1.1:5001', { iface: 'nowhere0' })).rejects.toBeInstanceOf(McastError);
  });

  it('has messages only of feeds, and when it was asked for them', async () => {
    const { openReceiver } = await api();
    await expect(openReceiver(endpoint(), { messages: true })).rejects.toThrow(/none of the endpoints is a feed/);
    const receiver = await opened(openReceiver(`mold://${freshGroup()}:26400/iface=lo`));
    expect(() => receiver.messages()).toThrow(/messages: true/);
  });

  it('follows its signal: rejects before it is open, stops after', async () => {
    const { openReceiver } = await api();
    const gone = new Error('gone');
    await expect(openReceiver(endpoint(), { signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
    const early = new AbortController();
    const opening = openReceiver(endpoint(), { signal: early.signal });
    early.abort(gone);
    await expect(opening).rejects.toBe(gone);
    const late = new AbortController();
    const receiver = await opened(openReceiver(endpoint(), { signal: late.signal, duration: '1h' }));
    late.abort();
    expect((await receiver.finished).run.complete).toBe(false);
  });
});

describe.runIf(needs('dist'))('a process', () => {
  it('ends by itself once its runs are disposed of', () => {
    const { status, stdout, stderr } = script(`
      const listeners = () => process.eventNames().map((name) => String(name) + process.listenerCount(name)).join();
      const before = listeners();
      const receiver = await mcast.openReceiver(${JSON.stringify(endpoint())});
      const reading = (async () => { for await (const _ of receiver); return 'read'; })();
      await receiver[Symbol.asyncDispose]();
      // Disposal twice is as good as once.
      await receiver[Symbol.asyncDispose]();
      const left = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap');
      console.log(await reading, JSON.stringify(left), listeners() === before);
    `);
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('read [] true');
    expect(status).toBe(0);
  });

  it('ends by itself when a run could not be opened', () => {
    const { status, stdout } = script(`
      await mcast.openReceiver('probe://239.1.1.1:5001/iface=nowhere0').catch((error) => console.log(error.code));
      await mcast.openReceiver(${JSON.stringify(endpoint())}, { capture: '/nonexistent/x.pcapng' }).catch((error) => console.log(error.code));
    `);
    expect(stdout.trim().split('\n')).toEqual(['ERR_INTERFACE', 'ERR_FILE']);
    expect(status).toBe(0);
  });

  it('lives as long as its run', () => {
    const { status, stdout } = script(`
      const sender = await mcast.openSender(${JSON.stringify(endpoint())}, { pps: 100, count: 20, maxLate: 20 });
      sender.finished.then((result) => console.log(result.sender.sent));
    `);
    expect(stdout.trim()).toBe('20');
    expect(status).toBe(0);
  });
});

describe.runIf(needs('dist'))('a profile', () => {
  it('is named as on the command line, in the package as it is published', () => {
    const entry = pathToFileURL(join(DIST, 'bundle/index.js')).href;
    const code = `
      import { openReceiver, openSender } from ${JSON.stringify(entry)};
      const endpoint = 'probe://${freshGroup()}:5001/iface=lo';
      const receiver = await openReceiver(endpoint, { profile: 'iot-telemetry-10k' });
      const options = { profile: 'iot-telemetry-10k', count: 100, flows: 1, maxLate: '20s' };
      const sender = await openSender(endpoint, options);
      const { sender: sent } = await sender.finished;
      const { streams, limits } = await receiver.finished;
      console.log(sent.sent, streams[0].metrics.packets_received, limits.map((limit) => limit.expression).join(', '));
      await openSender([], { profile: 'iptvhd' }).catch((error) => console.log(error.code, error.message));
    `;
    const { stdout, stderr } = node('--input-type=module', '-e', code);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^100 100 aggregate\.metrics\.loss_ratio <= 0\.1%, .*ipdv_ns\.p999 <= 100ms, packets_received > 0$/m,
    );
    expect(stdout).toMatch(/^ERR_PROFILE no profile "iptvhd"; did you mean iptv-hd/m);
  });
});
