import type { Nanos } from '../core/time.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import { EventKind, type EventRing } from './eventRing.js';
import { LossCause, LossRecord } from './lossRecord.js';
import { Gap, OpenGaps } from './openGaps.js';
import { ReceivedBits } from './receivedBits.js';
import { Seq, type SequenceStates } from './sequenceState.js';
import type { SocketDrops } from './socketDrops.js';

/**
 * The numbers of each stream that are neither received nor given up, and what becomes of them when
 * the reorder window passes: never sent, or lost by a cause. The window is the smaller of a time from
 * the first later number heard and a count of numbers behind the highest.
 *
 * A gap's causes, in this order (docs/architecture.md, "Loss by cause"): never sent, as far as the
 * sender's count grew across the gap; discarded by this program; dropped at the socket, as far as its
 * drop counter grew between the deliveries around the gap and no other gap explains it; network.
 * Of a gap that lost some numbers by one cause and some by another it is not known which is which:
 * the map calls such a range mixed, and the never-sent ones are taken from its front.
 */
export class ReorderWindow {
  readonly windowNs: Nanos;
  /** Element 0: when the slot in hand came. In memory, as a large number becomes an object with every call it is handed to. */
  readonly nowNs = new Float64Array(1);
  readonly #states: SequenceStates;
  readonly #counters: StreamCounters;
  /** By socket: no window of any of its streams is passed before. */
  readonly #earliestNs: number[] = [];
  readonly #drops: SocketDrops;
  readonly #events: EventRing;
  // By stream; made when a stream's first gap opens or its first number is lost.
  readonly #gaps: (OpenGaps | undefined)[] = [];
  readonly #bits: (ReceivedBits | undefined)[] = [];
  readonly #records: (LossRecord | undefined)[] = [];
  // Facts of each stream.
  readonly #packets: number[] = [];
  readonly #socket: number[] = [];
  readonly #mapRanges: number[] = [];

  constructor(
    windowNs: Nanos,
    states: SequenceStates,
    counters: StreamCounters,
    drops: SocketDrops,
    events: EventRing,
  ) {
    this.windowNs = windowNs;
    this.#states = states;
    this.#counters = counters;
    this.#drops = drops;
    this.#events = events;
  }

  /** `packets`: numbers in the window, a power of two from 32; `mapRanges`: longest loss map. */
  addStream(stream: number, socket: number, packets: number, mapRanges: number): void {
    this.#packets[stream] = packets;
    this.#socket[stream] = socket;
    this.#mapRanges[stream] = mapRanges;
    this.#gaps[stream] = undefined;
    this.#bits[stream] = undefined;
    this.#records[stream] = undefined;
  }

  /** Numbers in the stream's window. */
  packets(stream: number): number {
    return this.#packets[stream]!;
  }

  gaps(stream: number): OpenGaps {
    return (this.#gaps[stream] ??= new OpenGaps());
  }

  bits(stream: number): ReceivedBits {
    return (this.#bits[stream] ??= new ReceivedBits(this.#packets[stream]!));
  }

  /** Declared losses; `undefined` when there are none. */
  record(stream: number): LossRecord | undefined {
    return this.#records[stream];
  }

  /** Forgets what was declared so far; returns how many numbers of open gaps the sender never sent. */
  restart(stream: number): number {
    this.#records[stream] = undefined;
    const gaps = this.#gaps[stream];
    let never = 0;
    if (gaps !== undefined) {
      for (let i = 0; i < gaps.count; i++) never += gaps.rows[gaps.row(i) + Gap.NeverSent]!;
    }
    return never;
  }

  /**
   * Gives up all that is open at `monoNs`. If the sender counted more numbers as never sent than found
   * room in gaps before those were declared, that many losses by the network were none.
   */
  close(stream: number, monoNs: Nanos): void {
    this.nowNs[0] = monoNs;
    this.slide(stream, Infinity);
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    const lost = counters[c + StreamCounter.LossNetwork]!;
    if (lost === 0) return;
    const unplaced = f[at + Seq.NotSentHeard]! - f[at + Seq.NotSentBase]! - f[at + Seq.NeverSent]!;
    const moved = Math.max(0, Math.min(unplaced, lost));
    f[at + Seq.NeverSent]! += moved;
    counters[c + StreamCounter.NeverSent]! += moved;
    counters[c + StreamCounter.LossNetwork]! -= moved;
    counters[c + StreamCounter.Lost]! -= moved;
    counters[c + StreamCounter.Expected]! -= moved;
  }

  /**
   * Data or an announcement was numbered `from`, beyond `High`, and ends at `end`: opens the gap
   * between. `openedBy`: see {@link Gap.OpenedBy}. The caller moves `High` afterwards.
   */
  open(stream: number, from: number, end: number, openedBy: number, notSent: number, drops: number): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const high = f[at + Seq.High]!;
    const cut = end - this.#packets[stream]!;
    this.slide(stream, cut);
    const bits = this.bits(stream);
    const solidFrom = Math.max(f[at + Seq.SolidFrom]!, cut);
    if (solidFrom < high) bits.fill(solidFrom, high, true);
    const clearFrom = Math.max(high, cut);
    if (clearFrom < from) bits.fill(clearFrom, from, false);
    f[at + Seq.SolidFrom] = from;
    const gaps = this.gaps(stream);
    const row = gaps.insert(gaps.count);
    const rows = gaps.rows;
    const missing = from - high;
    rows[row + Gap.First] = high;
    rows[row + Gap.End] = from;
    rows[row + Gap.OpenedMonoNs] = this.nowNs[0]!;
    rows[row + Gap.OpenedBy] = openedBy;
    rows[row + Gap.Missing] = missing;
    rows[row + Gap.Drops] = (drops - f[at + Seq.DropsAtHigh]!) * this.#drops.segments[this.#socket[stream]!]!;
    this.setNotSent(stream, row, f[at + Seq.NotSentAtHigh]!, notSent);
    this.slide(stream, cut);
    this.refresh(stream);
  }

  /**
   * Takes the numbers of a gap of which none came yet for expected, as far as the sender did not count
   * them as never sent between the two deliveries.
   */
  setNotSent(stream: number, row: number, notSentFrom: number, notSentTo: number): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const rows = this.gaps(stream).rows;
    const missing = rows[row + Gap.Missing]!;
    // What a reordered arrival told of earlier must not be taken out of a second gap.
    const unplaced = f[at + Seq.NotSentHeard]! - f[at + Seq.NotSentBase]! - f[at + Seq.NeverSent]!;
    const never = Math.max(0, Math.min(missing, notSentTo - notSentFrom, unplaced));
    rows[row + Gap.NotSentFrom] = notSentFrom;
    rows[row + Gap.NotSentTo] = notSentTo;
    rows[row + Gap.NeverSent] = never;
    f[at + Seq.NeverSent]! += never;
    f[at + Seq.Pending]! += missing - never;
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    counters[c + StreamCounter.NeverSent]! += never;
    counters[c + StreamCounter.Expected]! += missing - never;
  }

  /** The reverse of {@link setNotSent}, before a gap is cut in two. */
  unsetNotSent(stream: number, row: number): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const rows = this.gaps(stream).rows;
    const never = rows[row + Gap.NeverSent]!;
    const open = rows[row + Gap.Missing]! - never;
    f[at + Seq.NeverSent]! -= never;
    f[at + Seq.Pending]! -= open;
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    counters[c + StreamCounter.NeverSent]! -= never;
    counters[c + StreamCounter.Expected]! -= open;
  }

  /** Number `number` of the gap in `row` came after all. */
  fill(stream: number, row: number, number: number): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const rows = this.gaps(stream).rows;
    this.bits(stream).add(number);
    const missing = --rows[row + Gap.Missing]!;
    if (rows[row + Gap.NeverSent]! > missing) {
      // It had been taken for never sent; which ones were is only known in number.
      rows[row + Gap.NeverSent]!--;
      f[at + Seq.NeverSent]!--;
      const c = stream * StreamCounter.Count;
      this.#counters.values[c + StreamCounter.NeverSent]!--;
      this.#counters.values[c + StreamCounter.Expected]!++;
    } else {
      f[at + Seq.Pending]!--;
    }
  }

  /** Declares what a time window that ends at `monoNs` has passed. */
  expire(stream: number, monoNs: Nanos): void {
    const gaps = this.#gaps[stream];
    if (gaps === undefined) return;
    while (gaps.count > 0) {
      const row = gaps.row(0);
      const dueNs = gaps.rows[row + Gap.OpenedMonoNs]! + this.windowNs;
      if (gaps.rows[row + Gap.Missing]! > 0) {
        if (dueNs > monoNs) break;
        this.#declare(stream, row, gaps.rows[row + Gap.End]!, dueNs);
      }
      gaps.removeFirst();
    }
    this.refresh(stream);
  }

  /** Declares of each of `streams`, all those of `socket`, what its window has passed before `monoNs`. */
  expireAll(socket: number, streams: readonly number[], monoNs: Nanos): void {
    // Of ten thousand streams none is looked at before it is time for one of them.
    if (!(this.#earliestNs[socket]! < monoNs)) return;
    const { values } = this.#states;
    this.#earliestNs[socket] = Infinity;
    for (let i = 0; i < streams.length; i++) {
      const expiryNs = values[streams[i]! * Seq.Count + Seq.ExpiryMonoNs]!;
      if (expiryNs < monoNs) this.expire(streams[i]!, monoNs - 1);
      else if (expiryNs < this.#earliestNs[socket]!) this.#earliestNs[socket] = expiryNs;
    }
  }

  /** Declares all open numbers below `cut`. */
  slide(stream: number, cut: number): void {
    const gaps = this.#gaps[stream];
    if (gaps === undefined) return;
    while (gaps.count > 0) {
      const row = gaps.row(0);
      const end = gaps.rows[row + Gap.End]!;
      if (gaps.rows[row + Gap.First]! >= cut && gaps.rows[row + Gap.Missing]! > 0) break;
      if (gaps.rows[row + Gap.Missing]! > 0) this.#declare(stream, row, Math.min(end, cut), this.nowNs[0]!);
      if (end > cut && gaps.rows[row + Gap.Missing]! > 0) break;
      gaps.removeFirst();
    }
    this.refresh(stream);
  }

  /** Brings up to date what the quick path compares with. */
  refresh(stream: number): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const gaps = this.#gaps[stream];
    if (gaps === undefined || gaps.count === 0) {
      f[at + Seq.ExpiryMonoNs] = Infinity;
      f[at + Seq.HighLimit] = Infinity;
    } else {
      const row = gaps.row(0);
      const expiryNs = gaps.rows[row + Gap.OpenedMonoNs]! + this.windowNs;
      const socket = this.#socket[stream]!;
      f[at + Seq.ExpiryMonoNs] = expiryNs;
      if (!(this.#earliestNs[socket]! <= expiryNs)) this.#earliestNs[socket] = expiryNs;
      f[at + Seq.HighLimit] = gaps.rows[row + Gap.First]! + this.#packets[stream]!;
    }
  }

  /** Gives up the numbers of a gap below `to`. Bits of the gap are valid unless none of it came. */
  #declare(stream: number, row: number, to: number, monoNs: Nanos): void {
    const at = stream * Seq.Count;
    const f = this.#states.values;
    const rows = this.gaps(stream).rows;
    const first = rows[row + Gap.First]!;
    const none = rows[row + Gap.Missing] === rows[row + Gap.End]! - first;
    const missing = none ? to - first : this.#missing(stream, first, to);
    rows[row + Gap.First] = to;
    rows[row + Gap.Missing]! -= missing;
    // What is announced and given up moves NextExp too: nothing behind it can come in time any more.
    if (f[at + Seq.NextExpected]! < to) f[at + Seq.NextExpected] = to;
    if (missing === 0) return;

    const never = Math.min(missing, rows[row + Gap.NeverSent]!);
    rows[row + Gap.NeverSent]! -= never;
    let lost = missing - never;
    f[at + Seq.Pending]! -= lost;
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    // A count that grew elsewhere than at the gap itself (the sender delayed some datagrams on purpose).
    const unplaced = f[at + Seq.NotSentHeard]! - f[at + Seq.NotSentBase]! - f[at + Seq.NeverSent]!;
    const further = Math.max(0, Math.min(lost, unplaced));
    lost -= further;
    f[at + Seq.NeverSent]! += further;
    counters[c + StreamCounter.NeverSent]! += further;
    counters[c + StreamCounter.Expected]! -= further;
    if (lost === 0) return;

    const application = Math.min(lost, f[at + Seq.Discarded]!);
    f[at + Seq.Discarded]! -= application;
    const dropped = Math.min(lost - application, rows[row + Gap.Drops]!);
    const socketBuffer = dropped > 0 ? this.#drops.explain(this.#socket[stream]!, dropped) : 0;
    rows[row + Gap.Drops]! -= socketBuffer;
    const network = lost - application - socketBuffer;
    counters[c + StreamCounter.Lost]! += lost;
    counters[c + StreamCounter.LossNetwork]! += network;
    counters[c + StreamCounter.LossSocketBuffer]! += socketBuffer;
    counters[c + StreamCounter.LossApplication]! += application;
    const cause =
      network === lost
        ? LossCause.Network
        : socketBuffer === lost
          ? LossCause.SocketBuffer
          : application === lost
            ? LossCause.Application
            : LossCause.Mixed;
    const firstLost = this.#recordRuns(stream, first, to, none, never + further, cause);
    this.#events.push(EventKind.Gap, stream, monoNs, firstLost, lost);
  }

  #missing(stream: number, from: number, to: number): number {
    const bits = this.bits(stream);
    let missing = 0;
    for (let n = bits.next(from, to, false); n < to;) {
      const end = bits.next(n, to, true);
      missing += end - n;
      n = bits.next(end, to, false);
    }
    return missing;
  }

  /** Enters the runs of missing numbers of `[from, to)` behind the first `skip` of them; returns the first number. */
  #recordRuns(stream: number, from: number, to: number, none: boolean, skip: number, cause: number): number {
    const record = (this.#records[stream] ??= new LossRecord(this.#mapRanges[stream]!));
    const bits = this.bits(stream);
    const periods = record.periods;
    let firstLost = NaN;
    let left = skip;
    for (let n = none ? from : bits.next(from, to, false); n < to;) {
      const end = none ? to : bits.next(n, to, true);
      if (end - n > left) {
        if (firstLost !== firstLost) firstLost = n + left;
        record.add(n + left, end - n - left, cause);
        left = 0;
      } else {
        left -= end - n;
      }
      n = none ? to : bits.next(end, to, false);
    }
    this.#counters.values[stream * StreamCounter.Count + StreamCounter.LossPeriods]! += record.periods - periods;
    return firstLost;
  }
}
