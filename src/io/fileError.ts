import { getSystemErrorMap } from 'node:util';
import { McastError } from '../core/errors.js';

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path.',
  ENOTDIR: 'Check the path.',
  EISDIR: 'Name a file.',
  EACCES: 'Check its permissions.',
  EPERM: 'Check its permissions.',
  EROFS: 'Name a file elsewhere.',
  ENOSPC: 'Make room there, or name a file elsewhere.',
  EDQUOT: 'Make room there, or name a file elsewhere.',
};

/**
 * An error of the system about a file as the operator is to see it, in one line; `path` `-` is the standard
 * stream. Any other error comes back as it is.
 */
export function fileError(path: string, what: 'read' | 'written', error: unknown): unknown {
  const { code, errno } = systemPart(error);
  if (code === undefined) return error;
  const name = path === '-' ? `standard ${what === 'read' ? 'input' : 'output'}` : path;
  const text = getSystemErrorMap().get(errno ?? 0)?.[1];
  const hint = HINTS[code];
  return new McastError('ERR_FILE', `${name} cannot be ${what}: ${text === undefined ? code : `${text} (${code})`}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Only errors of system calls have `syscall`: those of this program are not to be dressed up. */
function systemPart(error: unknown): { readonly code?: string; readonly errno?: number } {
  return error instanceof Error && 'syscall' in error ? (error as { code?: string; errno?: number }) : {};
}
