import { dumpCapture, DUMP_DEFAULTS } from '../../runtime/dump.js';
import type { CliContext } from '../context.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { outputFault } from '../standardOutput.js';

/** `mcast dump`: a line per datagram of a capture, until whoever reads them has gone. */
export async function run(given: GivenOptions, operands: readonly string[], _context: CliContext): Promise<number> {
  const output = process.stdout;
  let goOn: (() => void) | null = null;
  output.on('drain', () => goOn?.());
  output.on('error', () => goOn?.());
  for await (const line of dumpCapture(operands[0]!, { ...DUMP_DEFAULTS, count: given.values.count ?? null })) {
    if (outputFault() !== null) break;
    if (!output.write(`${line}\n`)) await new Promise<void>((resolve) => (goOn = resolve));
  }
  return 0;
}
