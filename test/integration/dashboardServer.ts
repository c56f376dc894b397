/** A dashboard in this process, over results that are made for it. */
import { onTestFinished } from 'vitest';
import { Dashboard, type DashboardOptions } from '../../src/dashboard/dashboard.js';
import { openHttpServer } from '../../src/dashboard/httpServer.js';
import type { RunResult } from '../../src/result/model.js';
import { mediaResult, probeStream } from '../unit/reportFixture.js';

/** Its run is asked every second, or as `updateMs` says; `asked`: for which streams in full, each time. */
export async function openDashboard({ port: at = 0, ...change }: Partial<DashboardOptions> & { port?: number } = {}) {
  const asked: (readonly string[])[] = [];
  const dashboard = new Dashboard({
    command: 'recv',
    ask: (streams) => {
      asked.push(streams);
      return Promise.resolve(resultAfter(asked.length));
    },
    askWhole: () => Promise.resolve(mediaResult()),
    ...change,
  });
  const server = await openHttpServer({
    what: '--web',
    host: null,
    port: at,
    answer: (incoming, response, path) => dashboard.answer(incoming, response, path),
  });
  /** As when the process is killed. */
  const abort = async (): Promise<void> => {
    await server.close();
    dashboard.close();
  };
  onTestFinished(abort);
  return { dashboard, server, abort, url: server.url, port: Number(new URL(server.url).port), asked };
}

/** Its count of received packets is that of the questions. */
export function resultAfter(questions: number): RunResult {
  const made = mediaResult();
  const [first, second] = [made.streams[0]!, probeStream()];
  const metrics = { ...first.metrics, packets_received: 7_000_000 + questions };
  return {
    ...made,
    streams: [
      { ...first, metrics },
      { ...second, id: 'other' },
    ],
  };
}
