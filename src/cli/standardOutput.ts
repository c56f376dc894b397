import { fileError } from '../io/fileError.js';
import { isReaderGone } from '../io/readerGone.js';

let fault: NodeJS.ErrnoException | null = null;

/**
 * From now on a fault of standard output ends no process: {@link outputFault} keeps it for whoever writes, and
 * {@link outputWritten} tells it in the end. That standard error is closed cannot be told to anyone.
 */
export function watchStandardOutput(): void {
  // Node undoes the destruction of its standard streams, and with it what they say of their own faults.
  process.stdout.on('error', (error) => (fault ??= error));
  process.stderr.on('error', () => {});
}

/** What standard output met; `null`: it can be written. */
export function outputFault(): NodeJS.ErrnoException | null {
  return fault;
}

/** Waits for the rest. A reader that has gone needs no word; any other fault is thrown as ERR_FILE. */
export async function outputWritten(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  if (fault !== null && !isReaderGone(fault)) throw fileError('-', 'written', fault);
}
