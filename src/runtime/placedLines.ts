/** Most lines about groups, interfaces and addresses at the start of a run. */
const MOST = 4;

/** A line for each, or the first few and how many more there are. */
export function placedLines<T>(all: readonly T[], lineOf: (one: T) => string): string[] {
  const lines = all.slice(0, MOST).map(lineOf);
  return all.length <= MOST ? lines : [...lines, `and ${all.length - MOST} more`];
}
