/** Arbitration of two legs by its definition, over the whole trace at once. */

export interface Offer {
  readonly leg: 0 | 1;
  readonly sequence: number;
  readonly span: number;
  readonly timeNs: number;
}

export interface LegTruth {
  received: number;
  wins: number;
  duplicates: number;
  lost: number;
  late: number;
}

export interface ArbitrationTruth {
  readonly verdicts: readonly ('new' | 'partly' | 'duplicate' | 'late')[];
  readonly legs: readonly [LegTruth, LegTruth];
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
  readonly neither: number;
  readonly skewsNs: readonly number[];
}

/** When a number is decided: the first offer (its index) before which it no longer counts; Infinity: at the end. */
function decidedAt(n: number, offers: readonly Offer[], packets: number, windowNs: number): number {
  let high = -Infinity;
  let reachedNs: number | null = null;
  for (const [i, { sequence, span, timeNs }] of offers.entries()) {
    if (reachedNs !== null && timeNs - reachedNs >= windowNs) return i;
    high = Math.max(high, sequence + span);
    if (high > n) reachedNs ??= timeNs;
    if (high - packets > n) return i + 1;
  }
  return Infinity;
}

export function arbitrate(offers: readonly Offer[], packets: number, windowNs: number): ArbitrationTruth {
  const first = offers[0]!.sequence;
  const high = Math.max(...offers.map((offer) => offer.sequence + offer.span));
  const heard = new Map<number, [number | null, number | null]>();
  const decided = new Map<number, number>();
  for (let n = first; n < high; n++) {
    heard.set(n, [null, null]);
    decided.set(n, decidedAt(n, offers, packets, windowNs));
  }
  const legs: [LegTruth, LegTruth] = [
    { received: 0, wins: 0, duplicates: 0, lost: 0, late: 0 },
    { received: 0, wins: 0, duplicates: 0, lost: 0, late: 0 },
  ];
  const skewsNs: number[] = [];
  const verdicts = offers.map(({ leg, sequence, span, timeNs }, i) => {
    let fresh = 0;
    let late = 0;
    for (let n = sequence; n < sequence + span; n++) {
      const times = heard.get(n);
      if (times === undefined || decided.get(n)! <= i) {
        late++;
        legs[leg].late++;
        continue;
      }
      if (times[leg] !== null) {
        legs[leg].duplicates++;
        continue;
      }
      times[leg] = timeNs;
      legs[leg].received++;
      const other = times[1 - leg] ?? null;
      if (other === null) {
        fresh++;
        legs[leg].wins++;
      } else {
        skewsNs.push(times[1]! - times[0]!);
      }
    }
    if (fresh > 0) return fresh === span ? 'new' : 'partly';
    return late > 0 ? 'late' : 'duplicate';
  });
  const all = [...heard.values()];
  const onlyA = all.filter(([a, b]) => a !== null && b === null).length;
  const onlyB = all.filter(([a, b]) => a === null && b !== null).length;
  legs[0].lost = onlyB;
  legs[1].lost = onlyA;
  return {
    verdicts,
    legs,
    onlyA,
    onlyB,
    both: all.filter(([a, b]) => a !== null && b !== null).length,
    neither: all.filter(([a, b]) => a === null && b === null).length,
    skewsNs,
  };
}
