import { getSystemErrorMap } from 'node:util';
import type { ErrorCode } from '../../core/errors.js';
import { McastError } from '../../core/errors.js';

/** errno numbers of Linux's generic interface that decide something here. */
export const Errno = {
  EPERM: 1,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  EMFILE: 24,
  EPROTO: 71,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;

/** "EADDRINUSE (address already in use)" for an errno of either sign. */
export function errnoText(errno: number): string {
  const entry = getSystemErrorMap().get(-Math.abs(errno));
  return entry === undefined ? `errno ${Math.abs(errno)}` : `${entry[0]} (${entry[1]})`;
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [Errno.EPERM, 'ERR_PERMISSION'],
  [Errno.EACCES, 'ERR_PERMISSION'],
  [Errno.ENODEV, 'ERR_INTERFACE'],
  [Errno.EADDRINUSE, 'ERR_PORT_IN_USE'],
  [Errno.ENETDOWN, 'ERR_NO_ROUTE'],
  [Errno.ENETUNREACH, 'ERR_NO_ROUTE'],
  [Errno.EHOSTUNREACH, 'ERR_NO_ROUTE'],
]);

/** What to do where the errno says more than the code. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [Errno.EMFILE, 'Every group takes a socket: raise the limit of open files (ulimit -n).'],
]);

/**
 * `what` was tried and refused with the negative errno `result`. `codes` are those errnos whose
 * meaning the call decides.
 */
export function systemError(
  what: string,
  result: number,
  codes: Readonly<Record<number, ErrorCode>> = {},
  hint?: string,
): McastError {
  const errno = Math.abs(result);
  const code = codes[errno] ?? CODES.get(errno) ?? 'ERR_SOCKET';
  const better = hint ?? HINTS.get(errno);
  return new McastError(code, `${what}: ${errnoText(errno)}`, better === undefined ? {} : { hint: better });
}
