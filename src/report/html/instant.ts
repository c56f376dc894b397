/** `2026-09-21 13:46:40.623456789Z`; all times of the page are UTC, whoever reads it. */
export function instant(time: string | null): string {
  return time === null ? '' : time.replace('T', ' ');
}
