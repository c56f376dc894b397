import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** From the request to end until the kill, ms. */
const GRACE_MS = 2000;

/** Signals that end a process which does not listen for them, and then call no exit handler. */
const FATAL = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const owned = new Set<ChildProcess>();

function killAll(): void {
  for (const child of owned) child.kill('SIGKILL');
}

/** Where nobody else listens the signal does what it does without a listener. */
function onFatal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  unwatch();
  process.kill(process.pid, signal);
}

function watch(): void {
  process.on('exit', killAll);
  for (const signal of FATAL) process.on(signal, onFatal);
}

function unwatch(): void {
  process.off('exit', killAll);
  for (const signal of FATAL) process.off(signal, onFatal);
}

/** From now on `child` does not outlive this process, unless that one is killed or crashes. */
export function ownChild(child: ChildProcess): void {
  // One that could not be started has no identifier from the beginning.
  if (child.pid === undefined) return;
  if (owned.size === 0) watch();
  owned.add(child);
  child.once('exit', () => {
    owned.delete(child);
    if (owned.size === 0) unwatch();
  });
}

/** Asks `child` to end, and kills it after two seconds; resolves when it has ended. Only that one process is meant. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(kill);
}

/** How a process ended, for a message: `exit status 1`, `SIGKILL`. */
export function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit status ${code ?? 'unknown'}`;
}
