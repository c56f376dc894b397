/** Formats that make streams; part of a stream's key, so that one path may carry several. */
export const StreamFormat = {
  Others: 0,
  Plain: 1,
  Probe: 2,
  Rtp: 3,
  Iperf: 4,
  /** And above: feeds, in the order of `wire/framings.ts`. */
  Feed: 5,
} as const;

/** Whether the format numbers what it sends. */
export function isNumbered(format: number): boolean {
  return format >= StreamFormat.Probe;
}

const FIRST_STREAMS = 16;

/** Columns of a stream's row, half a line of the processor's cache. */
const Key = { Path: 0, Flow: 1, Run: 2, Format: 3, OriginHigh: 4, OriginLow: 5, Socket: 6, Count: 8 } as const;

/**
 * (path, flow, run, format) -> stream index. Indexes are dense, in order of first arrival, and never
 * reused. When `maxStreams` are taken, everything new is one more stream, {@link others}.
 *
 * A stream costs memory when it is new, a datagram never does: the stream found last on each path is
 * remembered, behind that stands an open-addressing table of integers.
 */
export class StreamTable {
  /** Streams made so far, {@link others} included. */
  count = 0;
  /** The stream of all that found no room; -1 until there is need of it. */
  others = -1;
  /** Look-ups that found no room. */
  overflows = 0;
  readonly maxStreams: number;
  #keys = new Uint32Array(FIRST_STREAMS * Key.Count);
  /** Stream index + 1, 0 free; its length is a power of two, at least twice the streams. */
  #slots = new Int32Array(4 * FIRST_STREAMS);
  /** Stream index + 1 by path, 0 none. */
  #lastOnPath = new Int32Array(64);

  constructor(maxStreams: number) {
    this.maxStreams = maxStreams;
  }

  path(stream: number): number {
    return this.#keys[stream * Key.Count + Key.Path]!;
  }

  flow(stream: number): number {
    return this.#keys[stream * Key.Count + Key.Flow]!;
  }

  run(stream: number): number {
    return this.#keys[stream * Key.Count + Key.Run]!;
  }

  /** A {@link StreamFormat}. */
  format(stream: number): number {
    return this.#keys[stream * Key.Count + Key.Format]!;
  }

  socket(stream: number): number {
    return this.#keys[stream * Key.Count + Key.Socket]!;
  }

  /** Halves of the 64-bit number that the stream's relative numbers count from. */
  originHigh(stream: number): number {
    return this.#keys[stream * Key.Count + Key.OriginHigh]!;
  }

  originLow(stream: number): number {
    return this.#keys[stream * Key.Count + Key.OriginLow]!;
  }

  /** The 64-bit number that the stream's relative numbers count from. */
  origin(stream: number): bigint {
    return (BigInt(this.originHigh(stream)) << 32n) | BigInt(this.originLow(stream));
  }

  /** The stream's index, or -1 when it is new. Hot. */
  find(path: number, flow: number, run: number, format: number): number {
    const last = path < this.#lastOnPath.length ? this.#lastOnPath[path]! - 1 : -1;
    if (last < 0) return this.#search(path, flow, run, format);
    if (this.#is(last, path, flow, run, format)) return last;
    // Flows that send in turn came in turn: the next row lies beside this one, the slots of the table anywhere.
    if (last + 1 >= this.count || !this.#is(last + 1, path, flow, run, format)) {
      return this.#search(path, flow, run, format);
    }
    this.#lastOnPath[path] = last + 2;
    return last + 1;
  }

  #is(stream: number, path: number, flow: number, run: number, format: number): boolean {
    const keys = this.#keys;
    const at = stream * Key.Count;
    return (
      keys[at + Key.Flow] === flow &&
      keys[at + Key.Run] === run &&
      keys[at + Key.Path] === path &&
      keys[at + Key.Format] === format
    );
  }

  #search(path: number, flow: number, run: number, format: number): number {
    const mask = this.#slots.length - 1;
    for (let at = hash(path, flow, run) & mask; ; at = (at + 1) & mask) {
      const stream = this.#slots[at]! - 1;
      if (stream < 0) return -1;
      if (this.#is(stream, path, flow, run, format)) {
        this.#lastOnPath[path] = stream + 1;
        return stream;
      }
    }
  }

  /**
   * Makes the stream that {@link find} did not find, or returns {@link others} when there is no room or
   * when the path itself is unknown (path 0). The origin is the first number heard or announced.
   */
  add(
    path: number,
    flow: number,
    run: number,
    format: number,
    socket: number,
    originHigh: number,
    originLow: number,
  ): number {
    const limit = this.others < 0 ? this.maxStreams : this.maxStreams + 1;
    if (path === 0 || this.count >= limit) {
      this.overflows++;
      if (this.others < 0) this.others = this.#append(0, 0, 0, StreamFormat.Others, socket, 0, 0);
      return this.others;
    }
    const stream = this.#append(path, flow, run, format, socket, originHigh, originLow);
    if (2 * this.count > this.#slots.length) this.#rehash();
    else this.#insert(stream);
    if (path >= this.#lastOnPath.length) {
      const grown = new Int32Array(Math.max(path + 1, 2 * this.#lastOnPath.length));
      grown.set(this.#lastOnPath);
      this.#lastOnPath = grown;
    }
    this.#lastOnPath[path] = stream + 1;
    return stream;
  }

  #append(
    path: number,
    flow: number,
    run: number,
    format: number,
    socket: number,
    originHigh: number,
    originLow: number,
  ): number {
    const stream = this.count++;
    const at = stream * Key.Count;
    if (at >= this.#keys.length) {
      const keys = this.#keys;
      this.#keys = new Uint32Array(2 * keys.length);
      this.#keys.set(keys);
    }
    this.#keys[at + Key.Path] = path;
    this.#keys[at + Key.Flow] = flow;
    this.#keys[at + Key.Run] = run;
    this.#keys[at + Key.Format] = format;
    this.#keys[at + Key.OriginHigh] = originHigh;
    this.#keys[at + Key.OriginLow] = originLow;
    this.#keys[at + Key.Socket] = socket;
    return stream;
  }

  #insert(stream: number): void {
    const mask = this.#slots.length - 1;
    let at = hash(this.path(stream), this.flow(stream), this.run(stream)) & mask;
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = stream + 1;
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let stream = 0; stream < this.count; stream++) if (stream !== this.others) this.#insert(stream);
  }
}

/** Mixes all bits of the three (multiply and shift, the constants are the odd ones of MurmurHash3's finalizer). */
function hash(path: number, flow: number, run: number): number {
  let h = Math.imul(path ^ Math.imul(flow, 0x9e37_79b1) ^ run, 0x85eb_ca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2_ae35);
  return h ^ (h >>> 13);
}
