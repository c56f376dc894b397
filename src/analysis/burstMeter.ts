import type { ReceiveBatch } from '../core/batch.js';
import type { LayeredRate } from '../core/units.js';
import { BURST_WINDOWS, LARGEST_WINDOW } from '../metrics/burstFigures.js';
import type { BurstsSnapshot } from '../metrics/burstSnapshot.js';
import { ArrivalRing } from './arrivalRing.js';
import { type DecodedBatch, SlotKind } from './decoded.js';
import { DrainQueue, QUEUE_CHUNK } from './drainQueue.js';
import { Burst, LargestBursts } from './largestBursts.js';

const DATA: number = SlotKind.Data;
const WINDOWS = BURST_WINDOWS.length;
const WIDTHS_NS = Float64Array.from(BURST_WINDOWS, ({ ns }) => ns);
const LARGEST_NS = BURST_WINDOWS[LARGEST_WINDOW].ns;
/** Entries that a tail leaves at once where all of them have expired. */
const STRIDE = 16;

/** Columns of a window. */
const Peak = { Octets: 0, Datagrams: 1, AtNs: 2, Count: 3 } as const;

/** Micro-bursts of one stream. */
class StreamBursts {
  readonly #ring: ArrivalRing;
  readonly #peaks = new Float64Array(WINDOWS * Peak.Count);
  /**
   * By window: up to these totals it holds no peak, because what came since its tail was last moved is no less than what it
   * holds. So as a rule a tail lies where it is, and a whole batch costs a comparison.
   */
  readonly #octetsLimits = new Float64Array(WINDOWS);
  readonly #datagramsLimits = new Float64Array(WINDOWS);
  readonly #largest = new LargestBursts();
  readonly #queue: DrainQueue | null;
  #clamped = 0;

  constructor(queue: DrainQueue | null, ring: ArrivalRing) {
    this.#queue = queue;
    this.#ring = ring;
    this.clear();
  }

  clear(): void {
    this.#ring.clear();
    for (let at = 0; at < this.#peaks.length; at += Peak.Count) {
      // Any position is heavier, one of empty payloads too.
      this.#peaks[at + Peak.Octets] = -1;
      this.#peaks[at + Peak.Datagrams] = 0;
      this.#peaks[at + Peak.AtNs] = NaN;
    }
    this.#octetsLimits.fill(-1);
    this.#datagramsLimits.fill(0);
    this.#largest.clear();
    this.#queue?.clear();
    this.#clamped = 0;
  }

  /** Hot. */
  onRun(batch: ReceiveBatch, decoded: DecodedBatch, from: number, to: number): void {
    let i = from;
    while (i < to) {
      if (this.#ring.room === 0) {
        this.#settle();
        this.#ring.makeRoom();
      }
      const end = Math.min(to, i + Math.min(this.#ring.room, QUEUE_CHUNK));
      const first = this.#append(batch, decoded, i, end);
      if (first <= this.#ring.top) {
        this.#slideAll(first);
      }
      if (this.#queue !== null) this.#queue.add(batch, decoded, i, end);
      i = end;
    }
  }

  /** Puts arrivals into the ring; returns the first entry that is new or has grown. */
  #append(batch: ReceiveBatch, decoded: DecodedBatch, from: number, to: number): number {
    const { kind, timeMonoNs } = decoded;
    const { length } = batch;
    const ring = this.#ring;
    const { stampNs, octets, datagrams } = ring;
    const before = ring.top;
    const datagramsBefore = datagrams[before + 1]!;
    let top = before;
    let lastNs = top < 0 ? -Infinity : stampNs[top]!;
    let octetsNow = octets[top + 1]!;
    let datagramsNow = datagramsBefore;
    let first = before + 1;
    let clamped = 0;
    for (let i = from; i < to; i++) {
      if (kind[i] !== DATA) continue;
      const ns = timeMonoNs[i]!;
      if (ns > lastNs) {
        top++;
        stampNs[top] = ns;
        lastNs = ns;
      } else {
        // The stream's own order holds: a stamp that is earlier than one before counts as that one.
        if (ns < lastNs) clamped++;
        if (top === before) first = before;
      }
      octetsNow += length[i]!;
      datagramsNow++;
      octets[top + 1] = octetsNow;
      datagrams[top + 1] = datagramsNow;
    }
    ring.top = top;
    this.#clamped += clamped;
    return first;
  }

  /** Moves the windows that may hold a peak over the entries from `first` on. */
  #slideAll(first: number): void {
    const ring = this.#ring;
    const octetsNow = ring.octets[ring.top + 1]!;
    const datagramsNow = ring.datagrams[ring.top + 1]!;
    const octetsLimits = this.#octetsLimits;
    const datagramsLimits = this.#datagramsLimits;
    for (let window = 0; window < WINDOWS; window++) {
      if (octetsNow <= octetsLimits[window]! && datagramsNow <= datagramsLimits[window]!) continue;
      if (window === LARGEST_WINDOW) this.#slideLargest(first);
      else this.#slide(window, first);
    }
  }

  /** Moves a window over the entries from `first` on. */
  #slide(window: number, first: number): void {
    const { stampNs, octets, datagrams, tails, top } = this.#ring;
    const peaks = this.#peaks;
    const at = window * Peak.Count;
    let tail = tails[window]!;
    let mostOctets = peaks[at + Peak.Octets]!;
    let mostDatagrams = peaks[at + Peak.Datagrams]!;
    let octetsLimit = this.#octetsLimits[window]!;
    let datagramsLimit = this.#datagramsLimits[window]!;
    const widthNs = WIDTHS_NS[window]!;
    for (let entry = first; entry <= top; entry++) {
      const octetsNow = octets[entry + 1]!;
      const datagramsNow = datagrams[entry + 1]!;
      if (octetsNow <= octetsLimit && datagramsNow <= datagramsLimit) continue;
      const ns = stampNs[entry]!;
      const edgeNs = ns - widthNs;
      while (tail + STRIDE < entry && stampNs[tail + STRIDE]! <= edgeNs) tail += STRIDE;
      while (stampNs[tail]! <= edgeNs) tail++;
      const octetsBefore = octets[tail]!;
      const datagramsBefore = datagrams[tail]!;
      if (octetsNow - octetsBefore > mostOctets) {
        mostOctets = octetsNow - octetsBefore;
        peaks[at + Peak.AtNs] = ns;
      }
      if (datagramsNow - datagramsBefore > mostDatagrams) mostDatagrams = datagramsNow - datagramsBefore;
      octetsLimit = octetsBefore + mostOctets;
      datagramsLimit = datagramsBefore + mostDatagrams;
    }
    tails[window] = tail;
    this.#octetsLimits[window] = octetsLimit;
    this.#datagramsLimits[window] = datagramsLimit;
    peaks[at + Peak.Octets] = mostOctets;
    peaks[at + Peak.Datagrams] = mostDatagrams;
  }

  /**
   * As {@link #slide}, with the window by which the largest bursts are told. What is no larger than the kept ones is neither a
   * peak nor ever kept, nor is what it would take the place of: its limit goes by the smallest of those.
   */
  #slideLargest(first: number): void {
    const { stampNs, octets, datagrams, tails, top } = this.#ring;
    const largest = this.#largest;
    const { held } = largest;
    const peaks = this.#peaks;
    const at = LARGEST_WINDOW * Peak.Count;
    let tail = tails[LARGEST_WINDOW]!;
    let mostDatagrams = peaks[at + Peak.Datagrams]!;
    let floor = largest.floor[0]!;
    let octetsLimit = this.#octetsLimits[LARGEST_WINDOW]!;
    let datagramsLimit = this.#datagramsLimits[LARGEST_WINDOW]!;
    let heldNs = held[Burst.EndNs]!;
    for (let entry = first; entry <= top; entry++) {
      const octetsNow = octets[entry + 1]!;
      const datagramsNow = datagrams[entry + 1]!;
      if (octetsNow <= octetsLimit && datagramsNow <= datagramsLimit) continue;
      const ns = stampNs[entry]!;
      const edgeNs = ns - LARGEST_NS;
      while (tail + STRIDE < entry && stampNs[tail + STRIDE]! <= edgeNs) tail += STRIDE;
      while (stampNs[tail]! <= edgeNs) tail++;
      const octetsBefore = octets[tail]!;
      const inside = octetsNow - octetsBefore;
      const count = datagramsNow - datagrams[tail]!;
      if (count > mostDatagrams) mostDatagrams = count;
      octetsLimit = octetsBefore + floor;
      datagramsLimit = datagrams[tail]! + mostDatagrams;
      if (inside <= floor) continue;
      if (inside > peaks[at + Peak.Octets]!) {
        peaks[at + Peak.Octets] = inside;
        peaks[at + Peak.AtNs] = ns;
      }
      const isApart = ns - heldNs >= LARGEST_NS;
      // The position that is held may have grown by empty payloads.
      if (!isApart && inside <= held[Burst.Octets]! && ns !== heldNs) continue;
      if (isApart) {
        largest.keep();
        floor = largest.floor[0]!;
        octetsLimit = octetsBefore + floor;
      }
      held[Burst.StartNs] = stampNs[tail]!;
      held[Burst.EndNs] = ns;
      held[Burst.Octets] = inside;
      held[Burst.Datagrams] = count;
      heldNs = ns;
    }
    tails[LARGEST_WINDOW] = tail;
    this.#octetsLimits[LARGEST_WINDOW] = octetsLimit;
    this.#datagramsLimits[LARGEST_WINDOW] = datagramsLimit;
    peaks[at + Peak.Datagrams] = mostDatagrams;
  }

  /** Moves all tails to where they belong, so that the ring keeps nothing for them that has left. */
  #settle(): void {
    const { stampNs, tails, top } = this.#ring;
    for (let window = 0; window < WINDOWS; window++) {
      const edgeNs = stampNs[top]! - WIDTHS_NS[window]!;
      let tail = tails[window]!;
      while (tail + STRIDE < top && stampNs[tail + STRIDE]! <= edgeNs) tail += STRIDE;
      while (stampNs[tail]! <= edgeNs) tail++;
      tails[window] = tail;
    }
  }

  /** `null`: nothing came. */
  snapshot(): BurstsSnapshot | null {
    const ring = this.#ring;
    if (ring.top < 0) return null;
    return {
      windows: BURST_WINDOWS.map(({ ns: windowNs }, window) => ({
        windowNs,
        peakOctets: this.#peaks[window * Peak.Count + Peak.Octets]!,
        peakDatagrams: this.#peaks[window * Peak.Count + Peak.Datagrams]!,
        atMonoNs: this.#peaks[window * Peak.Count + Peak.AtNs]!,
        excessNs: ring.excessNs[window]!,
      })),
      largest: this.#largest.snapshot(),
      queue: this.#queue?.snapshot() ?? null,
      clampedDatagrams: this.#clamped,
    };
  }
}

/**
 * Peak rates in sliding windows, the largest bursts, and the queue that would have built before a link of a given rate.
 * Over all arrivals with data, further copies and late ones too: they load a queue. By receive stamp on the monotonic
 * clock, in the order in which they came.
 *
 * A window is (t - w, t], and t goes over all arrivals: no position between two of them holds more. What a datagram
 * costs does not depend on the rate: each window has its own place in one ring of cumulative sums.
 */
export class BurstMeter {
  readonly #drain: LayeredRate | null;
  readonly #streams: (StreamBursts | null)[] = [];

  constructor(drain: LayeredRate | null) {
    this.#drain = drain;
  }

  /** `family`: of the group, for the headers that the layer of the drain counts. `ring`: by default one that fits all rates. */
  addStream(stream: number, family: 4 | 6, ring = new ArrivalRing(WINDOWS)): void {
    const queue = this.#drain === null ? null : new DrainQueue(this.#drain, family);
    while (this.#streams.length < stream) this.#streams.push(null);
    this.#streams[stream] = new StreamBursts(queue, ring);
  }

  /** Slots `[from, to)`, all of one stream; of one that was not added nothing is measured. Hot. */
  onRun(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number): void {
    if (stream >= this.#streams.length) return;
    const bursts = this.#streams[stream]!;
    if (bursts !== null) bursts.onRun(batch, decoded, from, to);
  }

  /** End of the warm-up: nothing before it counts, and the queue is empty. */
  restart(stream: number): void {
    this.#streams[stream]?.clear();
  }

  /** `null`: nothing came, or the stream has no meter. */
  snapshot(stream: number): BurstsSnapshot | null {
    return this.#streams[stream]?.snapshot() ?? null;
  }
}
