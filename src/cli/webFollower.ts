import { McastError } from '../core/errors.js';
import { Dashboard } from '../dashboard/dashboard.js';
import { openHttpServer } from '../dashboard/httpServer.js';
import type { HttpPlace } from '../profile/exportValues.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { Preview } from '../runtime/preview.js';
import type { Follower } from './follower.js';
import type { Snapshots } from './snapshots.js';
import { outlineSoFar, resultSoFar } from './soFar.js';

/** `--web`: browsers see the run. Rejects with ERR_PORT_IN_USE, ERR_PERMISSION, ERR_SOCKET. */
export async function openWeb(
  { host, port }: HttpPlace,
  output: OutputPlan,
  command: string,
  snapshots: Snapshots,
  say: (text: string) => void,
): Promise<Follower> {
  const dashboard = new Dashboard({
    command,
    ask: (streams) => outlineSoFar(snapshots, output, streams),
    askWhole: () => resultSoFar(snapshots, output),
  });
  const server = await openHttpServer({
    what: '--web',
    host,
    port,
    answer: (request, response, path) => dashboard.answer(request, response, path),
  });
  say(`dashboard: ${server.url}/`);
  if (!server.isLoopback) {
    say(
      'warning: the dashboard is open to everyone who reaches this host: it asks for no password. It changes nothing',
    );
  }
  return {
    preview(streams) {
      try {
        const preview = Preview.open(streams, process.env);
        if (preview !== null) dashboard.offer(preview);
        return preview?.queue ?? null;
      } catch (error) {
        // The page says so where there would be a picture.
        if (!(error instanceof McastError)) throw error;
        dashboard.offer(null);
        return null;
      }
    },
    show: (message) => dashboard.show(message),
    finish: (result) => dashboard.finish(result),
    async close() {
      dashboard.close();
      await server.close();
    },
  };
}
