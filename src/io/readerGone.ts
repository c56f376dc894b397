/**
 * Whether an error of writing to standard output says that nobody reads it any more: a pipe that was closed (EPIPE), a
 * socket that was closed in the middle of a write (ECONNRESET; Node gives its children sockets for pipes), a terminal
 * that hung up (EIO).
 */
export function isReaderGone(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  // A terminal that hung up is none any more for the system: what it was at the beginning counts.
  return code === 'EPIPE' || code === 'ECONNRESET' || (code === 'EIO' && process.stdout.isTTY);
}
