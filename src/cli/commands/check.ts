import { formatCount, formatDuration, formatRatio } from '../../core/format.js';
import { everyStreamIs } from '../../result/briefStreams.js';
import { silenceText } from '../../result/malformed.js';
import type { RunResult, StreamMetrics } from '../../result/model.js';
import type { CliContext } from '../context.js';
import { planPair } from '../../profile/makePlan.js';
import { takesStandardOutput } from '../../profile/reportPlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfile } from '../../runtime/withProfile.js';
import { openInputs } from '../senderStart.js';
import { exitStatus } from '../status.js';
import { runPair } from './pair.js';

/** `mcast check`: does multicast work here? One line, and a status. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfile(operands, given, planContext(context.argv));
  const { send, receive, output } = planPair(asked.operands, asked.given, asked.context);
  await using presenter = await Presenter.open(output, { command: 'check', silent: true });
  const inputs = await openInputs(send, presenter);
  const { result, conducted } = await runPair(inputs?.plan ?? send, receive, output, presenter, context, inputs);
  await presenter.finish(result);
  const status = exitStatus(result, conducted.cause);
  if (!output.quiet)
    (takesStandardOutput(output) ? process.stderr : process.stdout).write(`${verdictLine(result, status)}\n`);
  return status;
}

function verdictLine(result: RunResult, status: number): string {
  const metrics = result.aggregate?.metrics;
  const endpoint = result.run.endpoint ?? '';
  const verdict = status === 0 ? 'ok' : status === 3 ? 'FAILED' : result.health.verdict;
  const silence = result.events.find((event) => event.event === 'silence' && event.stream === null);
  if (metrics === undefined) return `${verdict}: ${endpoint} ${silence?.text ?? silenceText(result.sockets)}`;
  const delay = result.aggregate?.histograms.one_way_delay_ns ?? null;
  const local = everyStreamIs(result, ['local'], (stream) => stream.local) ? ', never left this host' : '';
  const delayText = delay === null ? '' : `, delay p50 ${formatDuration(delay.p50)} p99 ${formatDuration(delay.p99)}`;
  const lost = `lost ${lostText(metrics)} (${formatRatio(metrics.loss_ratio)})`;
  const limit = result.limits.find((judged) => !judged.ok);
  const why = limit === undefined ? '' : `; ${limit.expression}: ${limit.reason ?? 'exceeded'}`;
  const failed = result.sender?.inputs.find(({ failure }) => failure !== null);
  const ended = failed === undefined ? '' : `; ${failed.name}: ${failed.failure}`;
  return `${verdict}: ${endpoint} received ${formatCount(metrics.packets_received)}, ${lost}${delayText}${local}${why}${ended}`;
}

/** A feed may number messages, of which its datagrams hold several. */
function lostText({ packets_lost: packets, messages_lost: messages }: StreamMetrics): string {
  if (packets !== null || messages === null) return formatCount(packets);
  return `${formatCount(messages)} ${messages === 1 ? 'message' : 'messages'}`;
}
