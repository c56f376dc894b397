import type { Nanos } from '../core/time.js';
import type { PacketStore } from './packetStore.js';

/** What {@link InOrder.next} found. */
export const Release = {
  /** Nothing yet. */
  Nothing: 0,
  /** The packet {@link InOrder.sequence}. */
  Packet: 1,
  /** The numbers `sequence .. sequence + count` (the end excluded) are given up. */
  Gap: 2,
} as const;
export type Release = (typeof Release)[keyof typeof Release];

export interface InOrderOptions {
  /** A gap is given up when what waits behind it has waited so long. */
  readonly holdNs: Nanos;
  /** A number is given up when the newest is so many past it. */
  readonly depthPackets: number;
}

/**
 * Releases the packets of a store in order of their numbers. A missing number is waited for until it is
 * `depthPackets` behind the newest, or the oldest arrival that waits behind it is `holdNs` old; then its gap is given
 * up. Released packets stay in the store, where FEC still needs them; what arrives for a number that was released
 * before is the store's to count (`duplicates`, `late`, `tooOld`).
 *
 * The first number is the lowest that is there at the first {@link next}, unless {@link begin} named one.
 */
export class InOrder {
  /** May change while it runs: what FEC may still repair is worth waiting for. */
  holdNs: Nanos;
  /** May change while it runs: what FEC may still repair depends on its matrix. At most the store's capacity counts. */
  depthPackets: number;
  /** What {@link next} found. */
  sequence = 0;
  /** Numbers given up by the last gap. */
  count = 0;
  /** Packets released so far. */
  released = 0;
  /** Of those, recovered ones. */
  releasedRecovered = 0;
  /** Numbers given up so far, those included that the store's window passed unread. */
  givenUp = 0;
  readonly #store: PacketStore;
  #next = 0;
  #begun = false;
  #flushing = false;
  /** The missing number for which the two below hold; NaN: none. */
  #gap = NaN;
  /** Earliest arrival among what waits behind it. */
  #waitingMonoNs = Infinity;

  constructor(store: PacketStore, options: InOrderOptions) {
    this.#store = store;
    this.holdNs = options.holdNs;
    this.depthPackets = options.depthPackets;
  }

  /** The stream begins at `sequence`: call before the first {@link next} that finds anything. */
  begin(sequence: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#next = sequence;
    this.#store.releasedTo = sequence;
  }

  /** The number that is next; means nothing before the first {@link next} that found something. */
  get nextSequence(): number {
    return this.#next;
  }

  /** When the present gap will be given up if nothing comes; Infinity: there is none. As of the last {@link next}. */
  get dueMonoNs(): Nanos {
    return this.#gap === this.#gap ? this.#waitingMonoNs + this.holdNs : Infinity;
  }

  /** One step; call until it says `Nothing`. The packet's octets are the store's: read them before the next put. Hot. */
  next(nowMonoNs: Nanos): Release {
    const store = this.#store;
    if (store.isEmpty) return Release.Nothing;
    if (!this.#begun) this.#beginAtLowest();
    const next = this.#next;
    if (store.has(next)) {
      this.sequence = next;
      this.released++;
      if (store.isRecovered(next)) this.releasedRecovered++;
      this.#moveTo(next + 1);
      return Release.Packet;
    }
    if (next > store.newest) return Release.Nothing;
    if (next < store.oldest) return this.#giveUp(store.oldest);
    if (this.#gap !== next) this.#open(next);
    if (this.#flushing || nowMonoNs - this.#waitingMonoNs >= this.holdNs) return this.#giveUp(Infinity);
    const solid = store.newest - this.depthPackets + 1;
    return next < solid ? this.#giveUp(solid) : Release.Nothing;
  }

  /** Nothing more will come: what is missing below the newest is given up without waiting. */
  flush(): void {
    this.#flushing = true;
  }

  #beginAtLowest(): void {
    let lowest = this.#store.oldest;
    while (!this.#store.has(lowest)) lowest++;
    this.begin(lowest);
  }

  #open(missing: number): void {
    const store = this.#store;
    let earliest = Infinity;
    // What comes later is not earlier, so that this holds as long as the number is missing.
    for (let n = missing + 1; n <= store.newest; n++) {
      if (store.has(n) && store.timeMonoNs(n) < earliest) earliest = store.timeMonoNs(n);
    }
    this.#gap = missing;
    this.#waitingMonoNs = earliest;
  }

  /** Gives up what is missing from the next number on, up to `end` or the first packet that is there. */
  #giveUp(end: number): Release {
    const store = this.#store;
    const from = this.#next;
    let to = Math.max(from, Math.min(store.oldest, end));
    while (to < end && !store.has(to)) to++;
    this.sequence = from;
    this.count = to - from;
    this.givenUp += this.count;
    this.#moveTo(to);
    return Release.Gap;
  }

  #moveTo(next: number): void {
    this.#next = next;
    this.#store.releasedTo = next;
    this.#gap = NaN;
  }
}
