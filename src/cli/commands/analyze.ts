import { McastError } from '../../core/errors.js';
import type { CliContext } from '../context.js';
import type { GivenOptions } from '../../profile/readOptions.js';

export async function run(_given: GivenOptions, _operands: readonly string[], _context: CliContext): Promise<number> {
  throw new McastError('ERR_UNSUPPORTED', 'analyze');
}
