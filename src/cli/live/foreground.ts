import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Whether the terminal listens to this process's group. In the background it belongs to a shell: reading from it or
 * changing its modes would stop the process (SIGTTIN, SIGTTOU).
 */
export function inForeground(): boolean {
  if (process.platform === 'win32') return true;
  const [group, foreground] = processGroups();
  // There is no terminal of the session: nobody else listens to this one.
  return foreground === undefined || foreground < 0 || group === foreground;
}

/** The process's own group and the foreground one of its terminal. */
function processGroups(): readonly number[] {
  try {
    // proc(5): behind the command in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
    const text = readFileSync('/proc/self/stat', 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [Number(fields[2]), Number(fields[5])];
  } catch {
    return groupsByPs();
  }
}

function groupsByPs(): readonly number[] {
  try {
    const words = ['-o', 'pgid=', '-o', 'tpgid=', '-p', String(process.pid)];
    const text = execFileSync('ps', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 2000 });
    return text.trim().split(/\s+/u).map(Number);
  } catch {
    return [];
  }
}
