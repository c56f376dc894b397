import { MAX_SEGMENTS, MAX_UDP_PAYLOAD_OCTETS } from '../core/batch.js';

const FIRST_SOCKETS = 8;

/**
 * Drop counters of the receive sockets, extended from 32 bits, and how much of each is explained by
 * gaps: no drop explains two losses. A socket that receives super-packets counts those, so a drop there
 * may stand for as many datagrams as a super-packet can hold; those that were delivered tell nothing of
 * the dropped ones.
 */
export class SocketDrops {
  /** Drops since the socket was opened. */
  dropped = new Float64Array(FIRST_SOCKETS);
  /** Datagrams in gaps that were put down to these drops. */
  explained = new Float64Array(FIRST_SOCKETS);
  /** Most datagrams that one drop may stand for; 1 where there are no super-packets. */
  segments = new Uint16Array(FIRST_SOCKETS).fill(1);
  /** 1: the socket was told to receive super-packets. */
  coalesces = new Uint8Array(FIRST_SOCKETS);
  #raw = new Uint32Array(FIRST_SOCKETS);

  ensure(sockets: number): void {
    if (sockets <= this.dropped.length) return;
    const length = Math.max(sockets, 2 * this.dropped.length);
    const { dropped, explained, segments, coalesces } = this;
    const raw = this.#raw;
    this.dropped = new Float64Array(length);
    this.explained = new Float64Array(length);
    this.segments = new Uint16Array(length).fill(1);
    this.coalesces = new Uint8Array(length);
    this.#raw = new Uint32Array(length);
    this.dropped.set(dropped);
    this.explained.set(explained);
    this.segments.set(segments);
    this.coalesces.set(coalesces);
    this.#raw.set(raw);
  }

  /** Datagrams of `octets` come, or may come, in super-packets. */
  coalesced(socket: number, octets: number): void {
    const most = Math.min(MAX_SEGMENTS, Math.floor(MAX_UDP_PAYLOAD_OCTETS / Math.max(1, octets)));
    if (most > this.segments[socket]!) this.segments[socket] = most;
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
