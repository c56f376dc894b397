import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import { cutAnnounced, trimAnnounced } from './announcedGaps.js';
import { Arrival, type DecodedBatch, SlotKind } from './decoded.js';
import { EventKind, type EventRing } from './eventRing.js';
import { Gap } from './openGaps.js';
import { ReorderWindow } from './reorderWindow.js';
import { Phase, Seq, SequenceStates } from './sequenceState.js';
import type { SocketDrops } from './socketDrops.js';

// Members of imported objects are looked up at every use; this is a constant to the compiler.
const NEW: number = Arrival.New;

/** A jump forward by more numbers than this is believed only when the next datagram confirms it (after RFC 3550 A.1). */
export const BELIEVED_JUMP = 2 ** 20;

/**
 * What each datagram is (new, duplicate, late), and per stream what is expected, lost, reordered
 * (RFC 4737, RFC 7680, RFC 5560, RFC 3357). Works on ranges: a datagram covers `[sequence, sequence + span)`.
 *
 * At every moment, per stream: data arrivals = PacketsReceived + PacketsDuplicated + PacketsLate;
 * Expected = Received + Lost + pending; Lost = network + socket buffer + application.
 *
 * - Expected begins at the start marker's number; without one at the first number heard. A start marker
 *   that comes later than data counts only within the reorder window of the stream's first datagram.
 *   Numbers before the first expected one are late: not expected, never lost.
 * - A number that is still remembered as received is a duplicate however old it is. Remembered are the
 *   last window of numbers, and everything since the last gap opened. What is forgotten is late.
 * - A further copy of a late datagram is late again.
 * - A jump that waits for confirmation is no arrival yet: it becomes one when it is confirmed, and
 *   counts in `rejectedJumps` when the next new datagram goes on where the stream was.
 */
export class SequenceAnalyzer {
  readonly states = new SequenceStates();
  readonly window: ReorderWindow;
  /** Jumps that nothing confirmed, by stream. */
  rejectedJumps = new Float64Array(16);
  readonly #counters: StreamCounters;
  readonly #drops: SocketDrops;
  readonly #events: EventRing;

  constructor(windowNs: Nanos, counters: StreamCounters, drops: SocketDrops, events: EventRing) {
    this.#counters = counters;
    this.#drops = drops;
    this.#events = events;
    this.window = new ReorderWindow(windowNs, this.states, counters, drops, events);
  }

  /** Makes room; what is a stream's own is told to the {@link window}. */
  ensure(streams: number): void {
    this.states.ensure(streams);
    const rejected = this.rejectedJumps;
    if (streams <= rejected.length) return;
    this.rejectedJumps = new Float64Array(Math.max(streams, 2 * rejected.length));
    this.rejectedJumps.set(rejected);
  }

  /**
   * Slots `[from, to)`, all of one stream and one socket, in order of arrival. Writes `verdict`. Returns
   * the end of those at the beginning that were all new and in order. Hot.
   */
  onRun(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number): number {
    const f = this.states.values;
    const at = stream * Seq.Count;
    let inOrder = from;
    let i = from;
    while (i < to) {
      // Nothing announced that did not come, no jump in doubt: a number that is the next is all well.
      const high = f[at + Seq.High]!;
      const held = f[at + Seq.HeldFirst]!;
      if (high === f[at + Seq.NextExpected] && held !== held && this.states.phase[stream] !== Phase.New) {
        const end = this.#inOrder(decoded, at, i, to);
        if (end > i) {
          this.#acceptInOrder(batch, decoded, stream, i, end);
          if (inOrder === i) inOrder = end;
          i = end;
          continue;
        }
      }
      this.#onSlot(batch, decoded, stream, i);
      i++;
    }
    return inOrder;
  }

  /** End of the data from slot `from` on that continue where the stream is, before a gap is due by time. Hot. */
  #inOrder(decoded: DecodedBatch, at: number, from: number, to: number): number {
    const { sequence, span, timeMonoNs, verdict } = decoded;
    const f = this.states.values;
    const expiryNs = f[at + Seq.ExpiryMonoNs]!;
    let next = f[at + Seq.High]!;
    let i = from;
    // Only data have a number.
    if (expiryNs === Infinity) {
      while (i < to && sequence[i] === next) {
        next += span[i]!;
        verdict[i] = NEW;
        i++;
      }
      return i;
    }
    while (i < to && sequence[i] === next && timeMonoNs[i]! < expiryNs) {
      next += span[i]!;
      verdict[i] = NEW;
      i++;
    }
    return i;
  }

  #acceptInOrder(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number): void {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const last = to - 1;
    const high = decoded.sequence[last]! + decoded.span[last]!;
    const units = high - f[at + Seq.High]!;
    const { length } = batch;
    let octets = 0;
    for (let i = from; i < to; i++) octets += length[i]!;
    f[at + Seq.High] = high;
    f[at + Seq.NextExpected] = high;
    f[at + Seq.Arrivals]! += to - from;
    f[at + Seq.DropsAtHigh] = this.#drops.heard(batch.socket[last]!, batch.drops[last]!);
    f[at + Seq.NotSentAtHigh] = this.states.notSent(at, decoded.notSent[last]!);
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    counters[c + StreamCounter.PacketsReceived]! += to - from;
    counters[c + StreamCounter.Received]! += units;
    counters[c + StreamCounter.Expected]! += units;
    counters[c + StreamCounter.OctetsReceived]! += octets;
    if (high <= f[at + Seq.HighLimit]!) return;
    // None of the run lies in a gap, so that the window may pass them once for all of it.
    this.window.nowNs[0] = decoded.timeMonoNs[last]!;
    this.window.slide(stream, high - this.window.packets(stream));
  }

  #onSlot(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, i: number): void {
    const monoNs = decoded.timeMonoNs[i]!;
    this.window.nowNs[0] = monoNs;
    const drops = this.#drops.heard(batch.socket[i]!, batch.drops[i]!);
    const kind = decoded.kind[i]!;
    const counters = this.#counters.values;
    const at = stream * Seq.Count;
    const c = stream * StreamCounter.Count;
    const rawNotSent = decoded.notSent[i]!;
    decoded.verdict[i] = Arrival.None;
    if (monoNs >= this.states.values[at + Seq.ExpiryMonoNs]!) this.window.expire(stream, monoNs);
    if (this.states.phase[stream] === Phase.New) {
      // Of data the first number, of anything else what it says is next, less what it had itself.
      const base = kind === SlotKind.Data ? decoded.sequence[i]! : decoded.next[i]! - decoded.span[i]!;
      const phase = kind === SlotKind.Start ? Phase.Start : Phase.First;
      this.states.begin(stream, phase, base, monoNs, drops, rawNotSent);
    }
    const notSent = this.states.notSent(at, rawNotSent);
    if (kind === SlotKind.Data) {
      const first = decoded.sequence[i]!;
      const octets = batch.length[i]!;
      decoded.verdict[i] = this.#onData(stream, first, decoded.span[i]!, octets, drops, notSent);
      return;
    }
    if (kind === SlotKind.Discarded) {
      const next = decoded.next[i]!;
      if (this.#isMissing(stream, next - 1)) this.states.values[at + Seq.Discarded]! += decoded.span[i]!;
      this.#announce(stream, next, drops, notSent);
      return;
    }
    counters[c + StreamCounter.Markers]!++;
    if (kind === SlotKind.Start) {
      this.#start(stream, decoded.next[i]!, rawNotSent);
      return;
    }
    this.#announce(stream, decoded.next[i]!, drops, notSent);
    const f = this.states.values;
    if (kind === SlotKind.End && f[at + Seq.EndedMonoNs] !== f[at + Seq.EndedMonoNs]) {
      f[at + Seq.EndedMonoNs] = monoNs;
      this.#events.push(EventKind.StreamEnd, stream, monoNs, decoded.next[i]!, 0);
    }
  }

  /** Returns the {@link Arrival}. */
  #onData(stream: number, first: number, span: number, octets: number, drops: number, notSent: number): number {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const high = f[at + Seq.High]!;
    const held = f[at + Seq.HeldFirst]!;
    if (first > high + BELIEVED_JUMP) {
      const confirmed = Math.abs(first - held) <= BELIEVED_JUMP && first !== held;
      if (!confirmed) {
        // The same datagram again confirms nothing, and another one puts itself in its place.
        if (held === held && first !== held) this.rejectedJumps[stream]!++;
        f[at + Seq.HeldFirst] = first;
        f[at + Seq.HeldSpan] = span;
        f[at + Seq.HeldOctets] = octets;
        return Arrival.None;
      }
      f[at + Seq.HeldFirst] = NaN;
      this.#accept(stream, held, f[at + Seq.HeldSpan]!, f[at + Seq.HeldOctets]!, drops, notSent);
    } else if (held === held && first >= high) {
      f[at + Seq.HeldFirst] = NaN;
      this.rejectedJumps[stream]!++;
    }
    return this.#accept(stream, first, span, octets, drops, notSent);
  }

  #accept(stream: number, first: number, span: number, octets: number, drops: number, notSent: number): number {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const end = first + span;
    const nextExpected = f[at + Seq.NextExpected]!;
    const high = f[at + Seq.High]!;
    const arrival = f[at + Seq.Arrivals]! + 1;
    const announced = end > nextExpected && nextExpected < high;
    if (announced) cutAnnounced(this.window, stream, Math.max(first, nextExpected), arrival, notSent);
    let fresh = 0;
    let late = 0;
    let reordered = 0;
    let openedBy = Infinity;
    const { window } = this;
    const remembered = high - window.packets(stream);
    const oldEnd = Math.min(end, high);
    if (first < oldEnd) {
      const base = f[at + Seq.Base]!;
      const solidFrom = f[at + Seq.SolidFrom]!;
      const bits = window.bits(stream);
      const gaps = window.gaps(stream);
      for (let n = first; n < oldEnd; n++) {
        if (n < base) {
          late++;
        } else if (n < solidFrom && (n < remembered || !bits.has(n))) {
          const gap = gaps.find(n);
          if (gap < 0) {
            late++;
          } else {
            const row = gaps.row(gap);
            window.fill(stream, row, n);
            fresh++;
            if (n < nextExpected) {
              reordered++;
              openedBy = Math.min(openedBy, gaps.rows[row + Gap.OpenedBy]!);
            }
          }
        }
      }
      if (announced) trimAnnounced(window, stream, end);
      if (fresh > 0) window.expire(stream, -Infinity);
    }
    const duplicated = Math.max(0, oldEnd - first) - fresh - late;
    if (end > high) {
      if (first > high) window.open(stream, first, end, arrival, notSent, drops);
      else window.slide(stream, end - window.packets(stream));
      const ahead = end - Math.max(first, high);
      fresh += ahead;
      f[at + Seq.High] = end;
      f[at + Seq.DropsAtHigh] = drops;
      f[at + Seq.NotSentAtHigh] = notSent;
      this.#counters.values[stream * StreamCounter.Count + StreamCounter.Expected]! += ahead;
    }
    if (fresh > 0 && end > f[at + Seq.NextExpected]!) f[at + Seq.NextExpected] = end;

    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    counters[c + StreamCounter.OctetsReceived]! += octets;
    counters[c + StreamCounter.Received]! += fresh;
    counters[c + StreamCounter.Duplicated]! += duplicated;
    counters[c + StreamCounter.Late]! += late;
    if (fresh > 0) {
      f[at + Seq.Arrivals] = arrival;
      counters[c + StreamCounter.PacketsReceived]!++;
      if (reordered > 0) {
        const extent = arrival - openedBy;
        counters[c + StreamCounter.PacketsReordered]!++;
        counters[c + StreamCounter.Reordered]! += reordered;
        f[at + Seq.Extents]!++;
        f[at + Seq.ExtentSum]! += extent;
        if (extent > f[at + Seq.ExtentMax]!) f[at + Seq.ExtentMax] = extent;
      }
      return fresh === span ? Arrival.New : Arrival.PartlyNew;
    }
    if (late > 0) {
      counters[c + StreamCounter.PacketsLate]!++;
      return Arrival.Late;
    }
    counters[c + StreamCounter.PacketsDuplicated]!++;
    return Arrival.Duplicate;
  }

  /** The sender has numbered up to `next`. */
  #announce(stream: number, next: number, drops: number, notSent: number): void {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const high = f[at + Seq.High]!;
    if (!(next > high)) return;
    if (next > high + BELIEVED_JUMP && !(Math.abs(next - f[at + Seq.HeldNext]!) <= BELIEVED_JUMP)) {
      f[at + Seq.HeldNext] = next;
      return;
    }
    f[at + Seq.HeldNext] = NaN;
    this.window.open(stream, next, next, -1, notSent, drops);
    f[at + Seq.High] = next;
    f[at + Seq.DropsAtHigh] = drops;
    f[at + Seq.NotSentAtHigh] = notSent;
  }

  /** The flow begins at `next`: expected from there, if nothing was given up yet. */
  #start(stream: number, next: number, rawNotSent: number): void {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const base = f[at + Seq.Base]!;
    if (this.states.phase[stream] === Phase.Start || next > base) return;
    const { window } = this;
    const isOld = window.nowNs[0]! >= f[at + Seq.BeganMonoNs]! + window.windowNs;
    if (isOld || f[at + Seq.High]! - next > window.packets(stream)) return;
    this.states.phase[stream] = Phase.Start;
    if (next === base) return;
    const isDataBehind = f[at + Seq.Arrivals]! > 0;
    if (!isDataBehind) f[at + Seq.NextExpected] = next;
    window.bits(stream).fill(next, base, false);
    const gaps = window.gaps(stream);
    const row = gaps.insert(0);
    const { rows } = gaps;
    rows[row + Gap.First] = next;
    rows[row + Gap.End] = base;
    rows[row + Gap.OpenedMonoNs] = f[at + Seq.BeganMonoNs]!;
    rows[row + Gap.OpenedBy] = isDataBehind ? 1 : -1;
    rows[row + Gap.Missing] = base - next;
    rows[row + Gap.Drops] = 0;
    const growth = rawNotSent === rawNotSent ? (f[at + Seq.NotSentRaw]! - rawNotSent) | 0 : 0;
    f[at + Seq.NotSentBase] = f[at + Seq.NotSentHeard]! - growth;
    window.setNotSent(stream, row, f[at + Seq.NotSentBase]!, 0);
    f[at + Seq.Base] = next;
    window.refresh(stream);
  }

  /** The measurement of the stream is over: what is open at `monoNs` is lost. */
  close(stream: number, monoNs: Nanos): void {
    if (this.states.phase[stream] === Phase.New) return;
    const f = this.states.values;
    const at = stream * Seq.Count;
    if (f[at + Seq.HeldFirst] === f[at + Seq.HeldFirst]) {
      f[at + Seq.HeldFirst] = NaN;
      this.rejectedJumps[stream]!++;
    }
    this.window.close(stream, monoNs);
  }

  /** End of the warm-up: counts anew; what is still open stays expected. */
  restart(stream: number): void {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const counters = this.#counters.values;
    const c = stream * StreamCounter.Count;
    counters.fill(0, c, c + StreamCounter.Count);
    counters[c + StreamCounter.Expected] = f[at + Seq.Pending]!;
    counters[c + StreamCounter.NeverSent] = this.window.restart(stream);
    f[at + Seq.Extents] = 0;
    f[at + Seq.ExtentSum] = 0;
    f[at + Seq.ExtentMax] = 0;
    this.rejectedJumps[stream] = 0;
  }

  /** Writes for each number from `first` on whether it came: 1, or 0. Of at most the last window of numbers. */
  trace(stream: number, first: number, came: Uint8Array): void {
    const f = this.states.values;
    const at = stream * Seq.Count;
    const high = f[at + Seq.High]!;
    const solidFrom = f[at + Seq.SolidFrom]!;
    const bits = this.window.bits(stream);
    for (let i = 0; i < came.length; i++) {
      const number = first + i;
      came[i] = number < high && (number >= solidFrom || bits.has(number)) ? 1 : 0;
    }
  }

  /** Whether `number` may still come, or is ahead of all that was heard. */
  #isMissing(stream: number, number: number): boolean {
    const f = this.states.values;
    const at = stream * Seq.Count;
    if (number >= f[at + Seq.High]!) return true;
    if (number >= f[at + Seq.SolidFrom]!) return false;
    return this.window.gaps(stream).find(number) >= 0 && !this.window.bits(stream).has(number);
  }
}
