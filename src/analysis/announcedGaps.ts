import { Gap } from './openGaps.js';
import type { ReorderWindow } from './reorderWindow.js';

/**
 * Data came numbered from `first` on, within or behind what was only announced so far: the gaps
 * before it are now opened by data, and the one it falls into is cut there.
 */
export function cutAnnounced(
  window: ReorderWindow,
  stream: number,
  first: number,
  arrival: number,
  notSent: number,
): void {
  const gaps = window.gaps(stream);
  for (let i = gaps.count - 1; i >= 0; i--) {
    let row = gaps.row(i);
    if (gaps.rows[row + Gap.OpenedBy] !== -1) return;
    const end = gaps.rows[row + Gap.End]!;
    const from = gaps.rows[row + Gap.First]!;
    if (end <= first) {
      gaps.rows[row + Gap.OpenedBy] = arrival;
    } else if (from < first) {
      window.unsetNotSent(stream, row);
      gaps.insert(i);
      const { rows } = gaps;
      row = gaps.row(i);
      const behind = gaps.row(i + 1);
      for (let column = 0; column <= Gap.NeverSent; column++) rows[row + column] = rows[behind + column]!;
      rows[row + Gap.End] = first;
      rows[row + Gap.Missing] = first - from;
      rows[row + Gap.OpenedBy] = arrival;
      rows[row + Gap.Drops] = Math.min(first - from, rows[behind + Gap.Drops]!);
      rows[behind + Gap.First] = first;
      rows[behind + Gap.Missing] = end - first;
      rows[behind + Gap.Drops]! -= rows[row + Gap.Drops]!;
      window.setNotSent(stream, row, rows[row + Gap.NotSentFrom]!, notSent);
      window.setNotSent(stream, behind, notSent, rows[behind + Gap.NotSentTo]!);
    }
  }
}

/** Data that end at `end` came: what was only announced begins there, none of it came yet. */
export function trimAnnounced(window: ReorderWindow, stream: number, end: number): void {
  const gaps = window.gaps(stream);
  for (let i = gaps.count - 1; i >= 0; i--) {
    const row = gaps.row(i);
    if (gaps.rows[row + Gap.OpenedBy] !== -1) return;
    if (gaps.rows[row + Gap.First]! < end) gaps.rows[row + Gap.First] = Math.min(end, gaps.rows[row + Gap.End]!);
  }
}
