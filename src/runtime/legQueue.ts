/** Arrivals of a leg at most: what a large socket buffer holds of small datagrams, several times over; 20 MB. */
const MOST = 2 ** 20;

/**
 * Arrivals of two legs, which are read from two sockets one after the other, in the order of their receive stamps. Grows
 * when its reader was held up, and there is much to be read of one leg before the other.
 */
export class LegQueue {
  /** What {@link next} found. */
  leg: 0 | 1 = 0;
  number = 0;
  span = 0;
  /** [0], each. Typed arrays: a double that is handed on may cost an object. */
  readonly timeNs = new Float64Array(1);
  /** Stamp of what {@link push} is told next. */
  readonly arrivedNs = new Float64Array(1);
  /** {@link next} takes what came before. */
  readonly beforeNs = new Float64Array(1);
  readonly #legs: readonly [LegRing, LegRing];
  /** Stamp of what is next on each leg; Infinity: nothing is. */
  readonly #headsNs = new Float64Array(2);
  readonly #most: number;

  /** `capacity`: arrivals of a leg at first, and `most`: at most; powers of two. */
  constructor(capacity: number, most = Math.max(capacity, MOST)) {
    this.#legs = [new LegRing(capacity), new LegRing(capacity)];
    this.#most = most;
  }

  /**
   * Numbers `number .. number + span` came at {@link arrivedNs}, in order of arrival on their leg; span 0: none, `number` is
   * the next. Returns whether there was room. Hot.
   */
  push(leg: 0 | 1, number: number, span: number): boolean {
    const ring = this.#legs[leg];
    if (ring.isFull) {
      if (ring.timeNs.length === this.#most) return false;
      ring.grow();
    }
    const { ends } = ring;
    const tail = ends[TAIL]!;
    const at = tail & (ring.timeNs.length - 1);
    ring.number[at] = number;
    ring.span[at] = span;
    ring.timeNs[at] = this.arrivedNs[0]!;
    ends[TAIL] = tail + 1;
    return true;
  }

  /** Takes the earlier one of both heads that came before {@link beforeNs}; false: there is none. Hot. */
  next(): boolean {
    const headsNs = this.#headsNs;
    for (let leg = 0; leg < 2; leg++) {
      const { ends, timeNs } = this.#legs[leg]!;
      const head = ends[HEAD]!;
      headsNs[leg] = head === ends[TAIL] ? Infinity : timeNs[head & (timeNs.length - 1)]!;
    }
    const leg = headsNs[0]! <= headsNs[1]! ? 0 : 1;
    if (headsNs[leg] === Infinity || headsNs[leg]! >= this.beforeNs[0]!) return false;
    const ring = this.#legs[leg];
    const head = ring.ends[HEAD]!;
    const at = head & (ring.timeNs.length - 1);
    this.leg = leg;
    this.number = ring.number[at]!;
    this.span = ring.span[at]!;
    this.timeNs[0] = headsNs[leg]!;
    ring.ends[HEAD] = head + 1;
    return true;
  }
}

/** Columns of {@link LegRing.ends}. */
const HEAD = 0;
const TAIL = 1;

/** Arrivals of one leg. Columns are replaced when they grow. */
class LegRing {
  number: Float64Array;
  span: Uint32Array;
  timeNs: Float64Array;
  /** How many were taken, and how many came. */
  readonly ends = new Float64Array(2);

  constructor(capacity: number) {
    this.number = new Float64Array(capacity);
    this.span = new Uint32Array(capacity);
    this.timeNs = new Float64Array(capacity);
  }

  get isFull(): boolean {
    return this.ends[TAIL]! >= this.ends[HEAD]! + this.timeNs.length;
  }

  grow(): void {
    const { length } = this.timeNs;
    const from = this.ends[HEAD]! & (length - 1);
    this.number = unrolled(this.number, from, new Float64Array(2 * length));
    this.span = unrolled(this.span, from, new Uint32Array(2 * length));
    this.timeNs = unrolled(this.timeNs, from, new Float64Array(2 * length));
    this.ends[HEAD] = 0;
    this.ends[TAIL] = length;
  }
}

/** A full ring whose oldest value is at `from`, oldest first. */
function unrolled<Column extends Float64Array | Uint32Array>(ring: Column, from: number, to: Column): Column {
  to.set(ring.subarray(from));
  to.set(ring.subarray(0, from), ring.length - from);
  return to;
}
