import type { Nanos } from '../../core/time.js';
import { Indicator } from '../../metrics/transportIndicators.js';
import { NULL_PID } from '../../wire/mpegts.js';
import type { IndicatorCounts } from './indicatorCounts.js';
import type { PcrMeasure } from './pcrMeasure.js';
import { Pid, type PidTable, Role } from './pidTable.js';
import { FIRST_FREE_PID } from './services.js';
import { fullTimeouts } from './timeouts.js';

/** Unreferenced_PID (TR 101 290 section 5.2.3, 3.4.a): 0.5 s; a PID that came within it is there. */
const PRESENT_NS = 500e6;
/** base_PID of ATSC A/65: tables of their own. */
const ATSC_BASE_PID = 0x1ffb;

/** The time-outs of all PIDs. `completeNs`: since when the tables name everything that they will; NaN: not yet. */
export function checkPids(
  pids: PidTable,
  clocks: readonly PcrMeasure[],
  counts: IndicatorCounts,
  nowNs: Nanos,
  pidLimitNs: Nanos,
  completeNs: Nanos,
): void {
  const v = pids.values;
  for (let row = 1; row < pids.rows; row++) {
    const base = row * Pid.Count;
    const pid = pids.pid[row]!;
    const lastNs = v[base + Pid.LastNs]!;
    const isPresent = nowNs - lastNs <= PRESENT_NS;
    const watchedNs = v[base + Pid.WatchedNs]!;
    if (watchedNs === watchedNs) {
      const sinceNs = lastNs > watchedNs ? lastNs : watchedNs;
      const times = fullTimeouts(nowNs - sinceNs, pidLimitNs);
      if (times > 0) {
        v[base + Pid.WatchedNs] = sinceNs + times * pidLimitNs;
        counts.raise(Indicator.Pid, times, pid, nowNs);
      }
    }
    pids.judgePts(row, nowNs, lastNs, counts);
    const clock = pids.pcrIndex[row]!;
    if (clock >= 0 && isPresent && clocks[clock]!.becomesOverdue(nowNs)) {
      counts.raise(Indicator.PcrRepetition, 1, pid, nowNs);
    }
    if (isPresent && pids.role[pid] === Role.Unknown && v[base + Pid.Unreferenced] === 0 && isNamable(pid)) {
      const firstNs = v[base + Pid.FirstNs]!;
      // Not while either is unknown: comparisons with NaN are false.
      if (nowNs - firstNs > PRESENT_NS && nowNs - completeNs > PRESENT_NS) {
        v[base + Pid.Unreferenced] = 1;
        counts.raise(Indicator.UnreferencedPid, 1, pid, nowNs);
      }
    }
  }
}

function isNamable(pid: number): boolean {
  return pid >= FIRST_FREE_PID && pid !== NULL_PID && pid !== ATSC_BASE_PID;
}
