import type { Nanos } from '../../core/time.js';
import { Indicator } from '../../metrics/transportIndicators.js';
import { TS_PACKET_OCTETS, TS_PIDS } from '../../wire/mpegts.js';
import type { IndicatorCounts } from './indicatorCounts.js';
import { fullTimeouts } from './timeouts.js';

/** PIDs with a row of their own. */
const MOST_ROWS = 256;

/** PTS_error (TR 101 290 section 5.2.2, 2.5): 700 ms. */
const PTS_LIMIT_NS = 700e6;
/** A PID of which nothing came for this long is absent: PID_error's matter. */
const ABSENT_NS = 500e6;

/** What the packets of a PID carry, as far as the tables say. */
export const Role = { Unknown: 0, Section: 1, Video: 2, Audio: 3, Other: 4 } as const;

/** Columns of a PID's row. */
export const Pid = {
  Packets: 0,
  Scrambled: 1,
  TransportErrors: 2,
  ContinuityErrors: 3,
  Missing: 4,
  ErrorsExplained: 5,
  MissingExplained: 6,
  Duplicates: 7,
  Pcrs: 8,
  PtsCount: 9,
  /** Packets at the beginning of the running interval, and the rate over the last one, bit/s. */
  PacketsBefore: 10,
  IntervalRate: 11,
  FirstNs: 12,
  /** Last packet, the erroneous ones excepted. */
  LastNs: 13,
  /** -1: unknown. */
  LastCounter: 14,
  /** Copies of the last packet with payload. */
  Copies: 15,
  /** Ordinal of the last packet in the stream. */
  LastOrdinal: 16,
  /** Last PTS, or where the time-out last ran out; NaN: none is expected. */
  PtsAnchorNs: 17,
  /** Since when the PID is referred to, or where its time-out last ran out; NaN: it is not watched. */
  WatchedNs: 18,
  /** Unreferenced_PID was raised. */
  Unreferenced: 19,
  Count: 20,
} as const;

/** Columns that `restart` sets to 0: sums, not states. */
const SUMS = Pid.PacketsBefore + 1;

/** Rows of figures per PID in flat arrays, bounded; what finds no room shares row 0, where nothing is judged. */
export class PidTable {
  // Filled, so that the memory is there before the first packets: the system would make it page by page under them.
  /** `values[row * Pid.Count + column]`. */
  readonly values = new Float64Array(MOST_ROWS * Pid.Count).fill(0);
  /** Content of the last packet with payload, condensed, by row. */
  readonly fingerprint = new Int32Array(MOST_ROWS);
  /** {@link Role} by PID. */
  readonly role = new Uint8Array(TS_PIDS).fill(0);
  /** Index of the PCR measurement by row; -1: none. */
  readonly pcrIndex = new Int16Array(MOST_ROWS).fill(-1);
  /** PID by row. */
  readonly pid = new Uint16Array(MOST_ROWS);
  /** Rows in use, row 0 included. */
  rows = 1;
  /** PIDs that found no room. */
  overflowed = 0;
  /** Row by PID; 0: none, or no room. */
  readonly #rowOf = new Uint16Array(TS_PIDS).fill(0);
  readonly #isBeyond = new Uint8Array(TS_PIDS / 8);

  /** Row of a PID, made when there is none; 0 when the table is full. */
  row(pid: number): number {
    const row = this.#rowOf[pid]!;
    return row !== 0 ? row : this.#add(pid);
  }

  /** Row of a PID; 0: it has none. */
  find(pid: number): number {
    return this.#rowOf[pid]!;
  }

  #add(pid: number): number {
    if (this.rows === MOST_ROWS) {
      const bit = 1 << (pid & 7);
      if ((this.#isBeyond[pid >> 3]! & bit) === 0) this.overflowed++;
      this.#isBeyond[pid >> 3]! |= bit;
      return 0;
    }
    const row = this.rows++;
    this.#rowOf[pid] = row;
    this.pid[row] = pid;
    const at = row * Pid.Count;
    this.values[at + Pid.FirstNs] = NaN;
    this.values[at + Pid.LastNs] = NaN;
    this.values[at + Pid.LastCounter] = -1;
    this.values[at + Pid.PtsAnchorNs] = NaN;
    this.values[at + Pid.WatchedNs] = NaN;
    this.values[at + Pid.IntervalRate] = NaN;
    return row;
  }

  /**
   * Counts the time-outs of the PTS up to `nowNs`, or up to `lastNs`, the last packet of the PID, when it is absent.
   * Where no PTS is expected nothing happens.
   */
  judgePts(row: number, nowNs: Nanos, lastNs: Nanos, counts: IndicatorCounts): void {
    const at = row * Pid.Count + Pid.PtsAnchorNs;
    const anchorNs = this.values[at]!;
    const times = fullTimeouts((nowNs - lastNs > ABSENT_NS ? lastNs : nowNs) - anchorNs, PTS_LIMIT_NS);
    if (times === 0) return;
    this.values[at] = anchorNs + times * PTS_LIMIT_NS;
    counts.raise(Indicator.Pts, times, this.pid[row]!, nowNs);
  }

  /** PID_error watches these, from `nowNs` on when it did not before, and no others. PTS are expected where one came. */
  watch(watched: readonly number[], nowNs: Nanos): void {
    const v = this.values;
    const rows = new Set(watched.map((pid) => this.row(pid)));
    for (let row = 1; row < this.rows; row++) {
      const at = row * Pid.Count;
      if (!rows.has(row)) v[at + Pid.WatchedNs] = NaN;
      else if (!(v[at + Pid.WatchedNs] === v[at + Pid.WatchedNs])) v[at + Pid.WatchedNs] = nowNs;
      const role = this.role[this.pid[row]!];
      if (role !== Role.Video && role !== Role.Audio) v[at + Pid.PtsAnchorNs] = NaN;
      if (role !== Role.Unknown) v[at + Pid.Unreferenced] = 0;
    }
  }

  /** Closes the interval that began with the last call (or `restart`), for the rates. */
  closeInterval(lengthNs: Nanos): void {
    const v = this.values;
    for (let at = Pid.Count; at < this.rows * Pid.Count; at += Pid.Count) {
      const packets = v[at + Pid.Packets]! - v[at + Pid.PacketsBefore]!;
      v[at + Pid.PacketsBefore] = v[at + Pid.Packets]!;
      v[at + Pid.IntervalRate] = lengthNs > 0 ? (packets * TS_PACKET_OCTETS * 8e9) / lengthNs : NaN;
    }
  }

  /** Sums begin anew; what is known of continuity stays. */
  restart(): void {
    const v = this.values;
    for (let at = 0; at < this.rows * Pid.Count; at += Pid.Count) {
      for (let column = 0; column < SUMS; column++) v[at + column] = 0;
      v[at + Pid.IntervalRate] = NaN;
      v[at + Pid.FirstNs] = NaN;
      v[at + Pid.Unreferenced] = 0;
    }
  }

  /** After a loss of synchronisation: time-outs begin at `nowNs`, counters and copies of before mean nothing. */
  resynchronise(nowNs: Nanos): void {
    const v = this.values;
    for (let at = 0; at < this.rows * Pid.Count; at += Pid.Count) {
      v[at + Pid.LastCounter] = -1;
      if (v[at + Pid.PtsAnchorNs] === v[at + Pid.PtsAnchorNs]) v[at + Pid.PtsAnchorNs] = nowNs;
      if (v[at + Pid.WatchedNs] === v[at + Pid.WatchedNs]) v[at + Pid.WatchedNs] = nowNs;
    }
  }
}
