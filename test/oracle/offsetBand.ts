/** `offset <= value` (above) or `offset >= value` (below) at `atNs`, ns. */
export interface Bound {
  readonly kind: 'above' | 'below';
  readonly atNs: number;
  readonly value: number;
}

export interface ExpectedBand {
  readonly low: number;
  readonly high: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
}

/**
 * Lines `a + b * (t - atNs)` that keep all bounds, each loosened by `wander * distance^2 / 2`, with |b| at most
 * `slope`: the corners of that set of (a, b) are where two of its edges cross. `null`: there is no such line.
 */
export function bandOf(bounds: readonly Bound[], atNs: number, slope: number, wander: number): ExpectedBand | null {
  // Every edge as p * a + q * b <= r, b in units of the greatest slope.
  const edges = bounds.map(({ kind, atNs: t, value }) => {
    const d = t - atNs;
    const slack = (wander * d * d) / 2;
    return kind === 'above' ? { p: 1, q: d * slope, r: value + slack } : { p: -1, q: -d * slope, r: slack - value };
  });
  edges.push({ p: 0, q: 1, r: 1 }, { p: 0, q: -1, r: 1 });
  const corners: [a: number, b: number][] = [];
  for (const one of edges) {
    for (const other of edges) {
      const determinant = one.p * other.q - other.p * one.q;
      if (determinant === 0) continue;
      const a = (one.r * other.q - other.r * one.q) / determinant;
      const b = (one.p * other.r - other.p * one.r) / determinant;
      if (edges.every(({ p, q, r }) => p * a + q * b <= r + 1e-9 * (1 + Math.abs(q)))) corners.push([a, b * slope]);
    }
  }
  if (corners.length === 0) return null;
  return {
    low: Math.min(...corners.map(([a]) => a)),
    high: Math.max(...corners.map(([a]) => a)),
    slopeLow: Math.min(...corners.map(([, b]) => b)),
    slopeHigh: Math.max(...corners.map(([, b]) => b)),
  };
}
