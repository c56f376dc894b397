/** The names most like a mistyped word: what an error message proposes. */

/**
 * At most three of `names`, best first: those within two or three edits (insertion, deletion,
 * substitution, swapped neighbours) of `word`, or that begin with it. Empty when nothing is near.
 */
export function nearestNames(word: string, names: Iterable<string>): string[] {
  const lower = word.toLowerCase();
  const limit = lower.length <= 4 ? 1 : lower.length <= 8 ? 2 : 3;
  const found: { name: string; distance: number }[] = [];
  for (const name of names) {
    const begins = lower.length >= 2 && name.startsWith(lower);
    const distance = begins ? 0.5 : editDistance(lower, name.toLowerCase());
    if (distance <= limit) found.push({ name, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, 3).map((entry) => entry.name);
}

/** `; did you mean a or b?`, or nothing. To be put behind a message. */
export function didYouMean(word: string, names: Iterable<string>, prefix = ''): string {
  const near = nearestNames(word, names).map((name) => prefix + name);
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1);
      }
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
