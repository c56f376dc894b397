import type { ArbitrationSnapshot, LegSnapshot, RepairSnapshot } from '../metrics/repairSnapshot.js';
import { DEFAULT_DETAIL } from './streamOrder.js';
import { mergeSummaries, summarise } from './histogramSummary.js';
import type { Arbitration, ArbitrationStream } from './model.js';

/** Two legs that carry one sequence. */
export interface ArbitrationPair {
  readonly name: string | null;
  /** Ids of their streams; `null`: nothing came on that leg. */
  readonly legA: string | null;
  readonly legB: string | null;
  readonly unit: 'packet' | 'message';
  readonly snapshot: ArbitrationSnapshot;
  /** What remained. */
  readonly repair: RepairSnapshot;
}

type Joint = Omit<Arbitration, 'streams' | 'streams_total'>;
type Leg = Arbitration['legs'][number];

/** The section `arbitration`; `null` without a pair. More than `detail` pairs: worst first, the others only in the sums. */
export function buildArbitration(
  pairs: readonly ArbitrationPair[],
  detail: number = DEFAULT_DETAIL,
): Arbitration | null {
  if (pairs.length === 0) return null;
  const streams = pairs.map(pairOf);
  return { ...together(streams), streams: worstFirst(streams, detail), streams_total: streams.length };
}

/** Of parts of one run; `null` when none has any. */
export function mergeArbitrations(parts: readonly (Arbitration | null)[], detail: number): Arbitration | null {
  const known = parts.filter((part) => part !== null);
  if (known.length === 0) return null;
  return {
    ...together(known),
    streams: worstFirst(
      known.flatMap((part) => part.streams),
      detail,
    ),
    streams_total: sumOf(known.map((part) => part.streams_total)),
  };
}

function pairOf({ name, legA, legB, unit, snapshot, repair }: ArbitrationPair): ArbitrationStream {
  const { legs, onlyA, onlyB, both, neither, open, skewNs } = snapshot;
  const expected = onlyA + onlyB + both + neither + open;
  const heard = legs[0].wins + legs[1].wins;
  return {
    name,
    legs: [
      { ...legOf('a', legs[0], neither, expected, heard), stream: legA },
      { ...legOf('b', legs[1], neither, expected, heard), stream: legB },
    ],
    packets_expected: expected,
    packets_pending: open,
    both_lost: neither,
    remaining_lost: repair.givenUp,
    unit,
    skew_ns: skewNs.count + skewNs.clamped === 0 ? null : summarise(skewNs),
    skews_dropped: snapshot.skewsDropped,
  };
}

/** `neither`: lost on both legs, which a leg's own count leaves out. */
function legOf(name: string, leg: LegSnapshot, neither: number, expected: number, heard: number): Leg {
  const lost = leg.lost + neither;
  return {
    leg: name,
    packets_received: leg.received,
    packets_lost: lost,
    loss_ratio: expected > 0 ? lost / expected : null,
    packets_duplicated: leg.duplicates,
    packets_late: leg.late,
    first_arrivals: leg.wins,
    first_arrival_share: heard > 0 ? leg.wins / heard : null,
  };
}

function together(parts: readonly Joint[]): Joint {
  const expected = sumOf(parts.map((part) => part.packets_expected));
  const legs = parts.flatMap((part) => part.legs);
  const heard = legs.reduce((sum, leg) => sum + leg.first_arrivals, 0);
  return {
    legs: [...new Set(legs.map(({ leg }) => leg))].map((name) =>
      legSum(
        name,
        legs.filter(({ leg }) => leg === name),
        expected,
        heard,
      ),
    ),
    packets_expected: expected,
    packets_pending: sumOf(parts.map((part) => part.packets_pending)),
    both_lost: parts.reduce((sum, part) => sum + part.both_lost, 0),
    remaining_lost: parts.reduce((sum, part) => sum + part.remaining_lost, 0),
    unit: new Set(parts.map(({ unit }) => unit)).size === 1 ? parts[0]!.unit : null,
    skew_ns: mergeSummaries(parts.map((part) => part.skew_ns)),
    skews_dropped: sumOf(parts.map((part) => part.skews_dropped)),
  };
}

function legSum(name: string, legs: readonly Leg[], expected: number | null, heard: number): Leg {
  const lost = sumOf(legs.map((leg) => leg.packets_lost));
  const first = legs.reduce((sum, leg) => sum + leg.first_arrivals, 0);
  return {
    leg: name,
    packets_received: legs.reduce((sum, leg) => sum + leg.packets_received, 0),
    packets_lost: lost,
    loss_ratio: lost === null || expected === null || expected === 0 ? null : lost / expected,
    packets_duplicated: sumOf(legs.map((leg) => leg.packets_duplicated)),
    packets_late: sumOf(legs.map((leg) => leg.packets_late)),
    first_arrivals: first,
    first_arrival_share: heard > 0 ? first / heard : null,
  };
}

/** `null` where one of them is not known. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

function worstFirst(streams: readonly ArbitrationStream[], detail: number): ArbitrationStream[] {
  if (streams.length <= detail) return [...streams];
  return streams
    .toSorted(
      (a, b) => b.remaining_lost - a.remaining_lost || b.both_lost - a.both_lost || lostOnLegs(b) - lostOnLegs(a),
    )
    .slice(0, detail);
}

function lostOnLegs({ legs }: ArbitrationStream): number {
  return legs.reduce((sum, leg) => sum + (leg.packets_lost ?? 0), 0);
}
