import type { Run } from '../runtime/run.js';
import { LineFile } from './output.js';

/** Writes `--ready-file` once everything is joined, so that a script may go on. A file that cannot be written ends the run. */
export async function writeReadyFile(run: Run, path: string | null): Promise<void> {
  if (path === null) return;
  const info = await run.ready.catch(() => null);
  if (info === null) return;
  try {
    using file = new LineFile(path);
    file.write(JSON.stringify(info));
  } catch (error) {
    run.stop();
    throw error;
  }
}
