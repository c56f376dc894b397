import type { OutputPlan } from '../profile/makePlan.js';
import type { Follower } from './follower.js';
import type { Snapshots } from './snapshots.js';

/**
 * What the output asks for, and no more of the program than that is loaded. `snapshots`: where results so far are to
 * be had once runs are under way; `say`: a line for people. Rejects with ERR_FILE, ERR_SOCKET, ERR_PORT_IN_USE, ERR_USAGE;
 * nothing is left open then.
 */
export async function openFollowers(
  output: OutputPlan,
  command: string,
  snapshots: Snapshots,
  say: (text: string) => void,
): Promise<readonly Follower[]> {
  const opened: Follower[] = [];
  try {
    for (const open of wanted(output, command, snapshots, say)) opened.push(await open());
  } catch (error) {
    await Promise.all(opened.map((follower) => follower.close()));
    throw error;
  }
  return opened;
}

function* wanted(
  output: OutputPlan,
  command: string,
  snapshots: Snapshots,
  say: (text: string) => void,
): Generator<() => Promise<Follower>> {
  const { metrics, web, otlp, influx, series } = output.exports;
  if (web !== null) {
    yield async () => await (await import('./webFollower.js')).openWeb(web, output, command, snapshots, say);
  }
  if (metrics !== null) {
    yield async () => await (await import('./metricsFollower.js')).openMetrics(metrics, output, snapshots, say);
  }
  if (otlp !== null) {
    yield async () => (await import('./otlpFollower.js')).openOtlp(otlp, output, snapshots, say, process.env);
  }
  if (influx !== null) {
    yield async () =>
      await (await import('./influxFollower.js')).openInflux(influx, output, snapshots, say, process.env);
  }
  if (output.reports.length > 0) {
    yield async () => {
      const { ReportFiles } = await import('./reportFiles.js');
      const files = new ReportFiles(output.reports);
      return { finish: (result) => files.write([result]).forEach(say), close() {} };
    };
  }
  // Last of all: it begins with a line, and what is refused is to leave none.
  if (series !== null) yield async () => (await import('./seriesFollower.js')).openSeries(series);
}
