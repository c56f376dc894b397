import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { get } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { prometheusText } from '../../src/report/export/prometheusText.js';
import type { RunResult } from '../../src/result/model.js';
import { startCommand, testFolder } from '../command.js';
import { ALERTS, alertQueries, dashboardQueries } from '../grafana.js';
import { until } from '../netns/lab.js';
import { needs, programPath } from '../require.js';
import { receiverResult, senderResult } from '../unit/resultFixture.js';
import { wholeDocument } from '../unit/wholeDocument.js';

/** What promtool says: nothing where all is well. */
function promtool(words: readonly string[], input = ''): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(programPath('promtool')!, words, {
    input,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, said: stdout + stderr };
}

const DOCUMENTS: readonly (readonly [string, () => RunResult])[] = [
  ['a receiver', () => receiverResult()],
  ['a sender', () => senderResult()],
  ['one that has everything', () => wholeDocument({ receivers: true })],
  ['one that a stranger named', () => wholeDocument({ text: 'a"} 1\nb 2 \\ \u001b \ud800{' })],
  ['one without streams', () => receiverResult({ streams: [], events: [] })],
];

describe.runIf(needs('promtool'))('promtool', () => {
  it.each(DOCUMENTS)('is content with the metrics of %s', (_, document) => {
    expect(promtool(['check', 'metrics'], [...prometheusText(document(), 'text')].join(''))).toEqual({
      status: 0,
      said: '',
    });
  });

  it('is content with the alerts, which fire when they should', () => {
    expect(promtool(['check', 'rules', ALERTS])).toMatchObject({ status: 0 });
    const folder = testFolder();
    copyFileSync(ALERTS, join(folder, basename(ALERTS)));
    const tests = join(folder, 'alerts.test.yaml');
    copyFileSync(fileURLToPath(new URL('alerts.test.yaml', import.meta.url)), tests);
    const { status, said } = promtool(['test', 'rules', tests]);
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('can read each query of the dashboard', () => {
    const rules = [...dashboardQueries(), ...alertQueries()].map(([, expr], i) => ({ record: `query_${i}`, expr }));
    const path = join(testFolder(), 'queries.yaml');
    // JSON is YAML.
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(promtool(['check', 'rules', path])).toMatchObject({ status: 0 });
  });

  it.runIf(needs('linux', 'dist'))('is content with what a run says of itself', async () => {
    const run = startCommand([
      'demo',
      '--duration',
      '30s',
      '--impair',
      'loss=5%,seed=1',
      '--fec',
      '5x5',
      '--metrics=0',
    ]);
    await run.untilOutput(/metrics: http:\S+/);
    await run.untilOutput(/recv .*first datagram/);
    const url = /metrics: (http:\S+)/.exec(run.stdout)![1]!;
    let text = '';
    await until(async () => {
      const [response] = await once(get(url), 'response');
      text = '';
      for await (const part of response) text += String(part);
      return text.includes('mcast_fec_packets_heard_total');
    }, 'FEC');
    run.signal('SIGINT');
    await run.ended();
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
  });
});
