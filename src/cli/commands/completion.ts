import { McastError } from '../../core/errors.js';
import { didYouMean } from '../../core/nearest.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { shippedProfiles } from '../../runtime/profileFiles.js';
import { bashCompletion } from '../completionBash.js';
import { fishCompletion } from '../completionFish.js';
import { completionOf, type Completion } from '../completionModel.js';
import { zshCompletion } from '../completionZsh.js';
import type { CliContext } from '../context.js';

const SCRIPTS: ReadonlyMap<string, (completion: Completion) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

/** `mcast completion <shell>`: the script with which that shell completes. */
export async function run(_given: GivenOptions, operands: readonly string[], _context: CliContext): Promise<number> {
  const [shell] = operands;
  const script = SCRIPTS.get(shell!);
  if (script === undefined) {
    const message = `"${shell}" is no shell that is known here${didYouMean(shell!, SCRIPTS.keys())}`;
    throw new McastError('ERR_USAGE', message, { hint: `There are ${[...SCRIPTS.keys()].join(', ')}.` });
  }
  process.stdout.write(script(completionOf(shippedProfiles())));
  return 0;
}
