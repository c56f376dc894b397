import { openHttpServer } from '../dashboard/httpServer.js';
import { MetricsEndpoint } from '../dashboard/metricsEndpoint.js';
import type { OutputPlan } from '../profile/makePlan.js';
import type { HttpPlace } from '../profile/exportValues.js';
import type { Follower } from './follower.js';
import type { Snapshots } from './snapshots.js';
import { resultSoFar } from './soFar.js';

/** `--metrics`: Prometheus reads the result so far. Rejects with ERR_PORT_IN_USE, ERR_PERMISSION, ERR_SOCKET. */
export async function openMetrics(
  { host, port }: HttpPlace,
  output: OutputPlan,
  snapshots: Snapshots,
  say: (text: string) => void,
): Promise<Follower> {
  const endpoint = new MetricsEndpoint(() => resultSoFar(snapshots, output));
  const server = await openHttpServer({
    what: '--metrics',
    host,
    port,
    answer: (request, response, path) => endpoint.answer(request, response, path),
  });
  say(`metrics: ${server.url}/metrics`);
  return {
    finish: (result) => endpoint.finish(result),
    close: () => server.close(),
  };
}
