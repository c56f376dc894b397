import { dumpCapture, DUMP_DEFAULTS } from '../../runtime/dump.js';
import type { CliContext } from '../context.js';
import { stopOnClosedOutput } from '../lifecycle.js';
import type { GivenOptions } from '../../profile/readOptions.js';

/** `mcast dump`: a line per datagram of a capture. */
export async function run(given: GivenOptions, operands: readonly string[], _context: CliContext): Promise<number> {
  let closed = false;
  stopOnClosedOutput(() => (closed = true));
  for await (const line of dumpCapture(operands[0]!, { ...DUMP_DEFAULTS, count: given.values.count ?? null })) {
    if (closed) break;
    if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  return 0;
}
