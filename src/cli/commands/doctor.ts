import { randomBytes } from 'node:crypto';
import { planDoctor } from '../../profile/doctorPlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { doctorText } from '../../report/doctorText.js';
import { fold } from '../../report/fold.js';
import { runDoctor, type DoctorStart } from '../../runtime/doctorRun.js';
import { planContext } from '../../runtime/planContext.js';
import { withAnnouncedSessions } from '../announcedSessions.js';
import type { CliContext } from '../context.js';
import { CUT_SHORT_STATUS, Lifecycle } from '../lifecycle.js';
import { LineFile } from '../output.js';
import { wantsColor } from '../terminal.js';

/** `mcast doctor`: what on this host or its network would break multicast. Changes nothing. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const planned = await withAnnouncedSessions(operands, given, planContext(context.argv));
  const { plan, output } = planDoctor(operands, given, planned);
  using json = output.json === null ? null : new LineFile(output.json);
  const stream = output.json === '-' ? process.stderr : process.stdout;
  const runId = randomBytes(4).toString('hex');
  const line = (type: string, fields: object): void => json?.write(JSON.stringify({ type, run_id: runId, ...fields }));
  const control = {
    stopped: false,
    started: (start: DoctorStart): void => line('start', { command: 'doctor', ...start }),
    say: (text: string): void => {
      if (!output.quiet) stream.write(`${fold(text)}\n`);
    },
  };
  using lifecycle = new Lifecycle({
    stop: () => (control.stopped = true),
    // There is nothing to tell before the end.
    snapshot: () => {},
    reopen: () => json?.reopen(),
    abort: context.abort,
  });
  const report = await runDoctor(plan, control);
  line('result', { result: report, time: report.end });
  if (!output.quiet || output.json !== '-') stream.write(`${doctorText(report, { color: wantsColor(stream) })}\n`);
  if (lifecycle.cause !== null) return CUT_SHORT_STATUS[lifecycle.cause];
  return report.verdict === 'broken' ? 3 : 0;
}
