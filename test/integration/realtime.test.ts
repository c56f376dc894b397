/** `--realtime`: who measures goes before who does not, where the host grants it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { freshGroup, MCAST, send, startReceiver } from '../mcast.js';
import { AS_NOBODY, needs } from '../require.js';

/** Roles of the threads that the kernel schedules in real time. */
function first({ evidence }: RunResult): string[] {
  return evidence.threads.filter(({ realtime }) => realtime).map(({ role }) => role);
}

describe.runIf(needs('linux', 'dist', 'realtime'))('scheduling in real time', { timeout: 60_000 }, () => {
  it('is for the measuring threads alone, of both ends', async () => {
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const receiver = await startReceiver([endpoint, '--realtime']);
    const sent = await send([endpoint, '--count', '400', '--pps', '2000', '--realtime']);
    const got = await receiver.stop();
    expect(sent.sender!.sent).toBe(400);
    expect(first(sent)).toEqual(['measuring']);
    expect(first(got)).toEqual(['measuring']);
  });

  it('is for each of several threads', async () => {
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const flows = ['--flows', '2', '--threads', '2', '--count', '400', '--pps', '2000', '--max-late', '20s'];
    expect(first(await send([endpoint, ...flows, '--realtime']))).toEqual(['measuring', 'measuring']);
    expect(first(await send([endpoint, ...flows]))).toEqual([]);
  });

  it.runIf(needs('setpriv') && process.getuid?.() === 0)('is refused to who may not have it, with what to do', () => {
    const [command, ...words] = [...AS_NOBODY, process.execPath, MCAST];
    const refused = [`probe://${freshGroup()}:5001/iface=lo`, '--count', '1', '--realtime'];
    const { status, stderr } = spawnSync(command!, [...words, 'send', ...refused], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/may not be scheduled in real time[^]*ulimit -r 1/);
  });
});
