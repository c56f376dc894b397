import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** From the request to end until the kill, ms. */
const GRACE_MS = 2000;

const owned = new Set<ChildProcess>();
let watching = false;

function killAll(): void {
  for (const child of owned) child.kill('SIGKILL');
}

/** From now on `child` does not outlive this process, however that one comes to call its exit handlers. */
export function ownChild(child: ChildProcess): void {
  // One that could not be started has no identifier from the beginning.
  if (child.pid === undefined) return;
  if (!watching) {
    watching = true;
    process.on('exit', killAll);
  }
  owned.add(child);
  child.once('exit', () => owned.delete(child));
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
