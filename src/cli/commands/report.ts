import { McastError } from '../../core/errors.js';
import { judgeLimits } from '../../result/judge.js';
import { readResults } from '../../result/read.js';
import type { CliContext } from '../context.js';
import { readWhole } from '../../io/wholeFile.js';
import { planOutput } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { exitStatus } from '../status.js';

/** JSON lines of a day and more: a line of 1 KiB a second. */
const MOST_OCTETS = 256 * 1024 * 1024;

/** `mcast report`: a saved result rendered again, and judged again where limits are given. Its status is that of the worst. */
export async function run(given: GivenOptions, operands: readonly string[], _context: CliContext): Promise<number> {
  const output = planOutput(given);
  const [path] = operands;
  const results = await readResults(
    new TextDecoder().decode(readWhole(path!, MOST_OCTETS)),
    path === '-' ? 'standard input' : path!,
  );
  if (results.length === 0) throw new McastError('ERR_FILE_FORMAT', `${path} holds no result`);
  await using presenter = await Presenter.open(output, { command: 'report' });
  let worst = 0;
  for (const saved of results) {
    const result = output.limits.length === 0 ? saved : { ...saved, limits: judgeLimits(saved, output.limits, output) };
    await presenter.finish(result);
    worst = Math.max(worst, exitStatus(result, null));
  }
  return worst;
}
