import type { ComparedFigure } from '../result/comparison.js';
import { shareOf } from './change.js';

export interface ComparedGroup {
  /** As {@link ComparedFigure.stream}. */
  readonly stream: string | null;
  readonly figures: readonly ComparedFigure[];
}

/**
 * Figures by what they are of, in their order. Of more than `most` groups those of which a figure became worse by the
 * largest share, the first one, that of the run itself and no others; `left`: how many are not among them.
 */
export function comparedGroups(
  figures: readonly ComparedFigure[],
  most: number,
): { readonly groups: readonly ComparedGroup[]; readonly left: number } {
  const byStream = new Map<string | null, ComparedFigure[]>();
  for (const figure of figures) {
    const known = byStream.get(figure.stream);
    if (known === undefined) byStream.set(figure.stream, [figure]);
    else known.push(figure);
  }
  const groups = [...byStream].map(([stream, own]) => ({ stream, figures: own }));
  if (groups.length <= most) return { groups, left: 0 };
  const worst = groups
    .map((group, i) => [group, i === 0 || group.stream === null ? Infinity : worsening(group.figures)] as const)
    .toSorted(([, a], [, b]) => (a === b ? 0 : b - a))
    .slice(0, most);
  const shown = new Set(worst.map(([group]) => group));
  return { groups: groups.filter((group) => shown.has(group)), left: groups.length - shown.size };
}

/** The largest share by which one of them is worse than in the first run; below 0: all are better. */
function worsening(figures: readonly ComparedFigure[]): number {
  let most = -Infinity;
  for (const figure of figures) {
    if (figure.better === null) continue;
    for (let run = 1; run < figure.values.length; run++) {
      const share = shareOf(figure, run);
      if (share !== null) most = Math.max(most, figure.better === 'lower' ? share : 0 - share);
    }
  }
  return most;
}
