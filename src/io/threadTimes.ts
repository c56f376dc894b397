import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { whole } from '../core/steps.js';

/** What a thread of this process is there for; one of Node.js or V8: by the name that the kernel has for it. */
export type ThreadRole = 'measuring' | 'command' | (string & {});

/** What the scheduler has counted of a thread since it began, CLOCK_MONOTONIC ns. */
export interface ThreadTime {
  readonly id: number;
  readonly role: ThreadRole;
  /** On a processor. */
  readonly cpuNs: number;
  /** Ready to go on, while others had the processors. */
  readonly waitingNs: number;
  /** Scheduled before all ordinary threads. */
  readonly realtime: boolean;
}

const FOLDER = '/proc/self/task';
const POLICY_FIELD = 41;
const SCHED_FIFO = 1;
const SCHED_RR = 2;

/**
 * All threads of this process; the one that calls is `measuring`, the first one `command`. Takes some third of a
 * millisecond. Empty: not readable, or of a kernel that does not count (CONFIG_SCHED_INFO).
 */
export function readThreadTimes(): ThreadTime[] {
  return whole(threadTimesInSteps());
}

/** The same, yielding between the threads. */
export function* threadTimesInSteps(): Generator<void, ThreadTime[]> {
  let ids: string[];
  let own: string;
  try {
    ids = readdirSync(FOLDER);
    own = readlinkSync('/proc/thread-self');
  } catch {
    return [];
  }
  const threads: ThreadTime[] = [];
  for (const id of ids) {
    yield;
    const times = parseSchedstat(read(`${FOLDER}/${id}/schedstat`) ?? '');
    if (times === null) continue;
    const { name, realtime } = parseStat(read(`${FOLDER}/${id}/stat`) ?? '');
    threads.push({ id: Number(id), role: roleOf(id, own) ?? name, ...times, realtime });
  }
  return threads;
}

/** `own`: `1234/task/1240`, thread 1240 of process 1234. */
function roleOf(id: string, own: string): ThreadRole | null {
  const [first, , thread] = own.split('/');
  if (id === thread) return 'measuring';
  return id === first ? 'command' : null;
}

/** Time on a processor and time spent waiting for one, both ns, and how often it had one. */
export function parseSchedstat(text: string): Pick<ThreadTime, 'cpuNs' | 'waitingNs'> | null {
  const [cpuNs, waitingNs] = text.trim().split(/\s+/).map(Number);
  if (text.trim() === '' || !Number.isFinite(cpuNs) || !Number.isFinite(waitingNs)) return null;
  return { cpuNs: cpuNs!, waitingNs: waitingNs! };
}

/** Name and scheduling policy out of `stat` (proc(5), fields 2 and 41). A name may hold blanks and parentheses. */
export function parseStat(text: string): { readonly name: string; readonly realtime: boolean } {
  const end = text.lastIndexOf(')');
  if (end < 0) return { name: 'unknown', realtime: false };
  const behind = text
    .slice(end + 1)
    .trim()
    .split(' ');
  const policy = Number(behind[POLICY_FIELD - 3]);
  return { name: text.slice(text.indexOf('(') + 1, end), realtime: policy === SCHED_FIFO || policy === SCHED_RR };
}

/** What threads used between two readings; one that began in between has all of its time. Threads that did nothing are left out. */
export function threadTimesGrowth(before: readonly ThreadTime[], after: readonly ThreadTime[]): ThreadTime[] {
  const then = new Map(before.map((thread) => [thread.id, thread]));
  return after.flatMap((thread) => {
    const cpuNs = thread.cpuNs - (then.get(thread.id)?.cpuNs ?? 0);
    const waitingNs = thread.waitingNs - (then.get(thread.id)?.waitingNs ?? 0);
    return cpuNs > 0 ? [{ ...thread, cpuNs, waitingNs }] : [];
  });
}

/** `null`: the thread has ended meanwhile. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
