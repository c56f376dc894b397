import { readFileSync } from 'node:fs';

/** A number below /proc/sys, its name with slashes as `net/ipv4/igmp_max_msf`; `null`: not readable. */
export function readSysctl(name: string): number | null {
  try {
    const text = readFileSync(`/proc/sys/${name}`, 'utf8').trim();
    return text === '' || Number.isNaN(Number(text)) ? null : Number(text);
  } catch {
    return null;
  }
}
