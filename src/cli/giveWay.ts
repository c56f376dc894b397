import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** As much as a tenth of the loops' share of a processor that both want (sched(7)). */
const NICE = 10;

/**
 * The process's threads before it has started any worker: this one, and those with which the JavaScript engine compiles
 * and collects. Empty where the system does not tell.
 */
export function threadsAtStart(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [];
  }
}

/**
 * From now on these threads give way to the workers, which exist already: threads inherit their maker's priority. Who
 * prints, writes files or compiles may be late, who sends and receives may not. There is no way back.
 */
export function giveWay(threads: readonly number[]): void {
  for (const thread of threads) {
    try {
      // On Linux a thread's id is as good as a process's (setpriority(2)).
      setPriority(thread, NICE);
    } catch {
      // It has ended, or the process is at a lower priority already.
    }
  }
}
