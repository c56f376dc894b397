import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../src/cli/status.js';
import { ByteRing } from '../../src/core/byteRing.js';
import { renderHtml } from '../../src/report/html/renderHtml.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { buildOutputs } from '../../src/result/buildRepair.js';
import type { RunResult } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { EventLog } from '../../src/runtime/eventLog.js';
import { type OutputFailure, withFailures } from '../../src/runtime/outputFailure.js';
import { OutputProgress } from '../../src/runtime/outputProgress.js';
import { OutputWatch } from '../../src/runtime/outputWatch.js';
import { countedQueue, ReceiverOutputs } from '../../src/runtime/receiverOutputs.js';
import { receiverResult } from './resultFixture.js';

const START_MS = Date.parse(receiverResult().run.start);

const FULL: OutputFailure = {
  why: 'no space left on device (ENOSPC)',
  failed: true,
  atUnixMs: START_MS + 1500,
  written: { datagrams: 49, octets: 65_536 },
};

function saved(): RunResult {
  const counts = { datagrams: 100, octets: 131_600, dropped: 3, failure: null, failed: false };
  const result = receiverResult({
    outputs: buildOutputs(null, [
      { name: 'save a.ts', ...counts },
      { name: 'save b.ts', ...counts },
    ]),
  });
  return { ...result, limits: [] };
}

describe('what came out of a queue', () => {
  it('is counted in octets as they are written, and in datagrams that are whole', () => {
    const queue = countedQueue(0, 'save');
    const [output] = new ReceiverOutputs([queue]).of(0);
    const progress = new OutputProgress(queue.lengths);
    for (const length of [10, 1, 500, 20]) output!.put(new Uint8Array(600), 0, length, 0);
    const counts = [3, 7, 2, 0, 518].map((octets) => {
      progress.add(octets);
      return [progress.datagrams, progress.octets];
    });
    expect(counts).toEqual([
      [0, 3],
      [1, 10],
      [2, 12],
      [2, 12],
      [3, 530],
    ]);
    progress.add(1);
    expect(progress.datagrams).toBe(4);
    // Of what was not counted into the queue there are no datagrams.
    progress.add(9);
    expect([progress.datagrams, progress.octets]).toEqual([4, 540]);
  });

  it('takes no more datagrams than there is room for their lengths', () => {
    const queue = countedQueue(0, 'save');
    const outputs = new ReceiverOutputs([queue]);
    const most = new ByteRing(queue.lengths).capacity / 4;
    for (let i = 0; i < most + 5; i++) outputs.of(0)[0]!.put(new Uint8Array(1), 0, 1, 0);
    expect(outputs.snapshots()).toMatchObject([{ datagrams: most, octets: most, dropped: 5 }]);
    expect(new ByteRing(queue.ring).readable()).toBe(most);
  });
});

describe('an output that ended early', () => {
  it('has put out what was written, and not the rest', () => {
    const { outputs, events, event_counts: counts } = withFailures(saved(), new Map([['save a.ts', FULL]]));
    expect(outputs).toMatchObject([
      { name: 'save a.ts', datagrams: 49, octets: 65_536, dropped: 54, failure: FULL.why, failed: true },
      { name: 'save b.ts', datagrams: 100, octets: 131_600, dropped: 3, failure: null, failed: false },
    ]);
    expect(counts['output_failed']).toBe(1);
    const told = events.filter(({ event }) => event === 'output_failed');
    expect(told).toMatchObject([
      { at_ns: 1.5e9, stream: null, text: `save a.ts: ${FULL.why}`, detail: { output: 'save a.ts', failed: true } },
    ]);
    expect(told[0]!.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/u);
    expect(events.map(({ at_ns: at }) => at)).toEqual(events.map(({ at_ns: at }) => at).toSorted((a, b) => a - b));
  });

  it('keeps its counts where they are made elsewhere, and an older result what it had', () => {
    const linked = withFailures(saved(), new Map([['save a.ts', { ...FULL, written: null }]]));
    expect(linked.outputs[0]).toMatchObject({ datagrams: 100, octets: 131_600, dropped: 3, failed: true });
    const more = { ...FULL, written: { datagrams: 120, octets: 150_000 } };
    expect(withFailures(saved(), new Map([['save a.ts', more]])).outputs[0]).toMatchObject({ dropped: 3 });
  });

  it('is exit status 1 when it failed, unless something worse holds', () => {
    const failures = new Map([['save a.ts', FULL]]);
    const failed = withFailures(saved(), failures);
    expect(exitStatus(saved(), null)).toBe(0);
    expect(exitStatus(failed, null)).toBe(1);
    expect(exitStatus(withFailures(saved(), new Map([['save a.ts', { ...FULL, failed: false }]])), null)).toBe(0);
    const limit = { expression: 'x', stream: null, value: 1, limit: 0, margin: -1, ok: false, reason: null };
    expect(exitStatus({ ...failed, limits: [limit] }, null)).toBe(3);
    expect(exitStatus({ ...failed, health: { ...failed.health, verdict: 'invalid' } }, null)).toBe(4);
    expect(exitStatus({ ...failed, run: { ...failed.run, complete: false } }, 'SIGTERM')).toBe(143);
  });

  it('is the outcome in reports', () => {
    const failed = withFailures(saved(), new Map([['save a.ts', FULL]]));
    expect(renderHtml([failed])).toContain('An output failed');
    expect(renderMarkdown([failed])).toContain('### An output failed: ');
    expect(renderJunit([failed])).toContain(
      `<testcase name="save a.ts" classname="output" time="0"><error message="${FULL.why}" type="measurement"/>`,
    );
    expect(renderJunit([failed])).toContain('<testcase name="save b.ts" classname="output" time="0"/>');
  });

  it('was not judged by older documents', async () => {
    const old = JSON.parse(JSON.stringify(saved())) as RunResult;
    for (const output of old.outputs as Partial<RunResult['outputs'][number]>[]) delete output.failed;
    expect((await readResults(JSON.stringify(old), 'x'))[0]!.outputs.map(({ failed }) => failed)).toEqual([
      false,
      false,
    ]);
  });
});

describe('an output that does not take all', () => {
  it('is told of once', () => {
    const outputs = new ReceiverOutputs([countedQueue(0, 'save a.ts'), countedQueue(1, 'save b.ts')]);
    const clock = { epoch: { realtimeNs: 0n, uncertaintyNs: 0 }, monoNs: () => 0, realNs: () => 0 };
    const log = new EventLog(clock as never, 0, () => {});
    const watch = new OutputWatch(outputs, log);
    watch.look(1e9);
    expect(log.events).toEqual([]);
    for (let i = 0; i < 200; i++) outputs.of(1)[0]!.put(new Uint8Array(60_000), 0, 60_000, 0);
    watch.look(2e9);
    outputs.of(1)[0]!.put(new Uint8Array(60_000), 0, 60_000, 0);
    watch.look(3e9);
    const dropped = 200 - Math.floor((8 << 20) / 60_000);
    expect(log.events).toMatchObject([
      {
        event: 'output_dropped',
        at_ns: 2e9,
        text: `save b.ts does not take all: ${dropped} datagrams dropped so far`,
        detail: { output: 'save b.ts', dropped },
      },
    ]);
  });
});
