import { SendBatch } from '../../src/core/batch.js';
import { Impair } from '../../src/impair/impair.js';
import { parseImpair } from '../../src/impair/spec.js';

const OCTETS = 64;

/** Which datagrams of each flow `--impair` loses, by their ordinals from 0 on: `counts` datagrams of as many flows. */
export function lostOrdinals(impair: string, counts: readonly number[]): Set<number>[] {
  const spec = parseImpair(impair);
  const impairment = new Impair(spec, {
    seed: spec.seed!,
    flowBase: 0,
    flows: counts.length,
    checkedRanges: [],
    storeDatagrams: 64,
    slotOctets: OCTETS,
  });
  const batch = new SendBatch(1, OCTETS);
  const left = new SendBatch(1, OCTETS);
  batch.length[0] = OCTETS;
  return counts.map((count, flow) => {
    const lost = new Set<number>();
    for (let ordinal = 0; ordinal < count; ordinal++) {
      batch.count = 1;
      batch.flow[0] = flow;
      impairment.take(batch, 0);
      left.count = 0;
      if (impairment.release(left, 0) === 0) lost.add(ordinal);
    }
    return lost;
  });
}
