import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The variables of a process; handed in, so that a search depends on nothing else. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SUFFIXES = process.platform === 'win32' ? ['', '.exe'] : [''];

/** Whether `path` is a file that may be started. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The program `name` in `folder`; `null`: not there. */
export function programIn(folder: string, name: string): string | null {
  for (const suffix of SUFFIXES) {
    const path = join(folder, name + suffix);
    if (isProgram(path)) return path;
  }
  return null;
}

/** The first program `name` on the PATH of `environment`; a name with a slash is a path. `null`: none. */
export function findProgram(name: string, environment: Environment): string | null {
  if (/[\\/]/.test(name)) return isProgram(name) ? name : null;
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    // An empty entry means the current folder, where nothing is to be started by accident.
    const path = folder === '' ? null : programIn(folder, name);
    if (path !== null) return path;
  }
  return null;
}
