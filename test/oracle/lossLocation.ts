import type { ReceiverLoss } from '../../src/control/lossLocation.js';

export interface LocatedNumbers {
  readonly sure: readonly number[];
  readonly unsure: readonly number[];
}

export interface ExpectedLocation {
  readonly common: LocatedNumbers;
  readonly alone: LocatedNumbers;
  readonly single: readonly LocatedNumbers[];
  /** By receivers, as `1,4,7`. */
  readonly branches: ReadonlyMap<string, LocatedNumbers>;
  readonly hosts: readonly { readonly socketBuffer: number; readonly application: number; readonly mixed: number }[];
}

function empty(): { sure: number[]; unsure: number[] } {
  return { sure: [], unsure: [] };
}

/** Number by number, with sets. Ranges of one receiver must not overlap. */
export function locate(
  receivers: readonly ReceiverLoss[],
  notSent: readonly (readonly [number, number])[],
): ExpectedLocation {
  const common = empty();
  const alone = empty();
  const single = receivers.map(empty);
  const branches = new Map<string, { sure: number[]; unsure: number[] }>();
  const hosts = receivers.map(() => ({ socketBuffer: 0, application: 0, mixed: 0 }));
  const all = receivers.flatMap(({ from, to }) => [from, to]);
  for (let n = Math.min(...all); n < Math.max(...all); n++) {
    if (notSent.some(([from, to]) => from <= n && n < to)) continue;
    const there = new Set<number>();
    const open = new Set<number>();
    const network = new Set<number>();
    const mixed = new Set<number>();
    for (const [i, { from, to, ranges, isCut }] of receivers.entries()) {
      if (n < from || n >= to) continue;
      const known = isCut ? Math.max(from, ...ranges.map((range) => Math.min(to, range.to))) : to;
      if (n >= known) {
        open.add(i);
        continue;
      }
      there.add(i);
      const cause = ranges.find((range) => range.from <= n && n < range.to)?.cause;
      if (cause === 'network') network.add(i);
      if (cause === 'mixed') {
        mixed.add(i);
        hosts[i]!.mixed++;
      }
      if (cause === 'socket_buffer') hosts[i]!.socketBuffer++;
      if (cause === 'application') hosts[i]!.application++;
    }
    const lost = [...there].filter((i) => network.has(i) || mixed.has(i));
    if (lost.length === 0) continue;
    const key = lost.join(',');
    if (!branches.has(key)) branches.set(key, empty());
    const place =
      there.size === 1
        ? alone
        : lost.length === there.size
          ? common
          : lost.length === 1
            ? single[lost[0]!]!
            : branches.get(key)!;
    place[open.size === 0 && mixed.size === 0 ? 'sure' : 'unsure'].push(n);
  }
  for (const [key, { sure, unsure }] of branches) if (sure.length + unsure.length === 0) branches.delete(key);
  return { common, alone, single, branches, hosts };
}
