import type {
  ArbitrationSnapshot,
  FecSnapshot,
  LegSnapshot,
  RecoverySnapshot,
  RepairSnapshot,
} from '../metrics/repairSnapshot.js';

/**
 * What was counted after `before`, the end of a warm-up, where `now` counts from the beginning. What the channel itself
 * counts anew it takes as it is: numbers, octets, skews.
 */
export function repairSince(now: RepairSnapshot, before: RepairSnapshot): RepairSnapshot {
  return {
    ...now,
    late: now.late - before.late,
    recovery:
      now.recovery === null || before.recovery === null ? now.recovery : recoverySince(now.recovery, before.recovery),
    fec: now.fec === null || before.fec === null ? now.fec : fecSince(now.fec, before.fec),
    arbitration:
      now.arbitration === null || before.arbitration === null
        ? now.arbitration
        : arbitrationSince(now.arbitration, before.arbitration),
  };
}

function fecSince(now: FecSnapshot, before: FecSnapshot): FecSnapshot {
  return {
    ...now,
    heard: now.heard - before.heard,
    malformed: now.malformed - before.malformed,
    outOfWindow: now.outOfWindow - before.outOfWindow,
    inconsistent: now.inconsistent - before.inconsistent,
    recovered: now.recovered - before.recovered,
  };
}

function arbitrationSince(now: ArbitrationSnapshot, before: ArbitrationSnapshot): ArbitrationSnapshot {
  return {
    ...now,
    legs: [legSince(now.legs[0], before.legs[0]), legSince(now.legs[1], before.legs[1])],
    onlyA: now.onlyA - before.onlyA,
    onlyB: now.onlyB - before.onlyB,
    both: now.both - before.both,
    neither: now.neither - before.neither,
    skewsDropped: now.skewsDropped - before.skewsDropped,
  };
}

function legSince(now: LegSnapshot, before: LegSnapshot): LegSnapshot {
  return {
    received: now.received - before.received,
    wins: now.wins - before.wins,
    duplicates: now.duplicates - before.duplicates,
    lost: now.lost - before.lost,
    late: now.late - before.late,
  };
}

/** Its times begin anew by themselves. */
function recoverySince(now: RecoverySnapshot, before: RecoverySnapshot): RecoverySnapshot {
  return {
    ...now,
    missed: now.missed - before.missed,
    came: now.came - before.came,
    recovered: now.recovered - before.recovered,
    unrecovered: now.unrecovered - before.unrecovered,
    closedGaps: now.closedGaps - before.closedGaps,
    tornGaps: now.tornGaps - before.tornGaps,
    requests: now.requests - before.requests,
    retries: now.retries - before.retries,
    timeouts: now.timeouts - before.timeouts,
    shortAnswers: now.shortAnswers - before.shortAnswers,
    requestsNotSent: now.requestsNotSent - before.requestsNotSent,
    answers: now.answers - before.answers,
    ranges: now.ranges.slice(before.ranges.length),
    unlisted: now.unlisted - before.unlisted,
  };
}
