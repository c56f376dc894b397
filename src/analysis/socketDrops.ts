const FIRST_SOCKETS = 8;

/**
 * Drop counters of the receive sockets, extended from 32 bits, and how much of each is explained by
 * gaps: no drop explains two losses. A socket that receives super-packets counts those, so a drop there
 * may stand for as many datagrams as the largest super-packet had.
 */
export class SocketDrops {
  /** Drops since the socket was opened. */
  dropped = new Float64Array(FIRST_SOCKETS);
  /** Datagrams in gaps that were put down to these drops. */
  explained = new Float64Array(FIRST_SOCKETS);
  /** Most segments seen in a super-packet; 1 where there were none. */
  segments = new Uint16Array(FIRST_SOCKETS).fill(1);
  #raw = new Uint32Array(FIRST_SOCKETS);

  ensure(sockets: number): void {
    if (sockets <= this.dropped.length) return;
    const length = Math.max(sockets, 2 * this.dropped.length);
    const { dropped, explained, segments } = this;
    const raw = this.#raw;
    this.dropped = new Float64Array(length);
    this.explained = new Float64Array(length);
    this.segments = new Uint16Array(length).fill(1);
    this.#raw = new Uint32Array(length);
    this.dropped.set(dropped);
    this.explained.set(explained);
    this.segments.set(segments);
    this.#raw.set(raw);
  }

  /** The counter as read (SO_RXQ_OVFL or SO_MEMINFO, 32 bits, wraps); returns {@link dropped}. */
  heard(socket: number, raw: number): number {
    // A smaller value is an older reading, never 2^32 drops.
    const growth = (raw - this.#raw[socket]!) | 0;
    if (growth > 0) {
      this.dropped[socket]! += growth;
      this.#raw[socket] = raw;
    }
    return this.dropped[socket]!;
  }

  /** Explains up to `wanted` losses by drops of this socket; returns how many. */
  explain(socket: number, wanted: number): number {
    const left = this.dropped[socket]! * this.segments[socket]! - this.explained[socket]!;
    const taken = Math.max(0, Math.min(wanted, left));
    this.explained[socket]! += taken;
    return taken;
  }

  /** Drops that explain no loss; `null` with super-packets, of which it is not known how many datagrams a drop was. */
  unexplained(socket: number): number | null {
    return this.segments[socket]! > 1 ? null : this.dropped[socket]! - this.explained[socket]!;
  }
}
