import { readdirSync, readFileSync } from 'node:fs';

const CPU_FOLDER = '/sys/devices/system/cpu';

/** How processors are clocked, one for each that has a governor. */
export function readGovernors(): string[] {
  let names: string[];
  try {
    names = readdirSync(CPU_FOLDER).filter((name) => /^cpu\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => read(`${CPU_FOLDER}/${name}/cpufreq/scaling_governor`) ?? []);
}

/** USER_HZ, the unit of /proc/stat (proc(5)): 100 a second on every architecture that Node.js runs on. */
export const TICK_NS = 1e7;

/** Time of all processors since the host started, in the kernel's ticks. */
export interface ProcessorTime {
  readonly total: number;
  /** What a hypervisor gave to others. */
  readonly steal: number;
}

/** `null`: not readable. */
export function readProcessorTime(): ProcessorTime | null {
  const text = read('/proc/stat');
  return text === null ? null : parseProcessorTime(text);
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guest time is within user (proc(5)). */
export function parseProcessorTime(text: string): ProcessorTime | null {
  const columns = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number).slice(0, 8);
  if (columns === undefined || columns.length < 8 || columns.some(Number.isNaN)) return null;
  return { total: columns.reduce((sum, column) => sum + column, 0), steal: columns[7]! };
}

/** Share of the time between two readings; `null`: none passed, or one is missing. */
export function stealShare(before: ProcessorTime | null, after: ProcessorTime | null): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return Math.max(0, after.steal - before.steal) / (after.total - before.total);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
