import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import type { DecodedBatch } from './decoded.js';
import { EventKind, type EventRing } from './eventRing.js';
import type { SocketDrops } from './socketDrops.js';

const FIRST_STREAMS = 16;
/** No TOS octet has been received yet. */
const NO_TOS = 0xffff;
const SHARED: number = SlotFlag.TimeShared;
const UNUSUAL = SlotFlag.NoTos | SlotFlag.NoTtl | SlotFlag.TimeUser;

/**
 * Marks as received: TOS octets counted, TTL minimum and maximum, over every arrival of the stream,
 * markers, duplicates and late ones included. Counts stamps that are shared or not the kernel's, and
 * notes super-packets. DSCP that changes, or that is not what was sent, is an event.
 */
export class MarkingAnalyzer {
  ttlMin = new Uint8Array(FIRST_STREAMS).fill(255);
  /** Below {@link ttlMin}: none was received. */
  ttlMax = new Uint8Array(FIRST_STREAMS);
  /** Arrivals without a TOS octet. */
  tosMissing = new Float64Array(FIRST_STREAMS);
  #lastTos = new Uint16Array(FIRST_STREAMS).fill(NO_TOS);
  /** Arrivals with the TOS octet that is in {@link #lastTos}, not yet entered in {@link #tosCounts}. */
  #lastCount = new Float64Array(FIRST_STREAMS);
  /** Made when a stream has a second value. */
  readonly #tosCounts: (Float64Array | undefined)[] = [];
  readonly #counters: StreamCounters;
  readonly #drops: SocketDrops;
  readonly #events: EventRing;

  constructor(counters: StreamCounters, drops: SocketDrops, events: EventRing) {
    this.#counters = counters;
    this.#drops = drops;
    this.#events = events;
  }

  /** Makes room for so many. */
  ensure(streams: number): void {
    while (this.#tosCounts.length < streams) this.#tosCounts.push(undefined);
    if (streams <= this.ttlMin.length) return;
    const length = Math.max(streams, 2 * this.ttlMin.length);
    const { ttlMin, ttlMax, tosMissing } = this;
    const lastTos = this.#lastTos;
    const lastCount = this.#lastCount;
    this.ttlMin = new Uint8Array(length).fill(255);
    this.ttlMax = new Uint8Array(length);
    this.tosMissing = new Float64Array(length);
    this.#lastTos = new Uint16Array(length).fill(NO_TOS);
    this.#lastCount = new Float64Array(length);
    this.ttlMin.set(ttlMin);
    this.ttlMax.set(ttlMax);
    this.tosMissing.set(tosMissing);
    this.#lastTos.set(lastTos);
    this.#lastCount.set(lastCount);
  }

  /**
   * Slots `[from, to)`, all of one stream; `tosSent`: as the sender says it sent, -1 not known. Returns all
   * `flags` of the slots, put together. Hot.
   */
  onRun(batch: ReceiveBatch, decoded: DecodedBatch, stream: number, from: number, to: number, tosSent: number): number {
    const { tos, ttl, flags, following } = batch;
    let all = 0;
    let lastTos = this.#lastTos[stream]!;
    let count = this.#lastCount[stream]!;
    let ttlMin = this.ttlMin[stream]!;
    let ttlMax = this.ttlMax[stream]!;
    let shared = 0;
    let user = 0;
    let datagrams: number;
    for (let i = from; i < to; i += datagrams) {
      // A super-packet at once: all of it has the same marks.
      datagrams = Math.min(following[i]! + 1, to - i);
      const bits = flags[i]!;
      const octet = tos[i]!;
      const hops = ttl[i]!;
      all |= bits;
      if (datagrams > 1) all |= SHARED;
      shared += (bits & SHARED) === 0 ? datagrams - 1 : datagrams;
      if ((bits & UNUSUAL) !== 0) {
        if ((bits & SlotFlag.TimeUser) !== 0) user += datagrams;
        if ((bits & SlotFlag.NoTtl) === 0) {
          ttlMin = Math.min(ttlMin, hops);
          ttlMax = Math.max(ttlMax, hops);
        }
        if ((bits & SlotFlag.NoTos) !== 0) {
          this.tosMissing[stream]! += datagrams;
          continue;
        }
      } else {
        if (hops < ttlMin) ttlMin = hops;
        if (hops > ttlMax) ttlMax = hops;
      }
      if (octet !== lastTos) {
        this.#change(stream, lastTos, count, octet, tosSent, decoded.timeMonoNs[i]!);
        lastTos = octet;
        count = 0;
      }
      count += datagrams;
    }
    this.#lastTos[stream] = lastTos;
    this.#lastCount[stream] = count;
    this.ttlMin[stream] = ttlMin;
    this.ttlMax[stream] = ttlMax;
    if ((shared | user) !== 0) {
      const c = stream * StreamCounter.Count;
      this.#counters.values[c + StreamCounter.SharedTime]! += shared;
      this.#counters.values[c + StreamCounter.UserTime]! += user;
    }
    const socket = batch.socket[from]!;
    if (shared > 0 || this.#drops.coalesces[socket] === 1) this.#drops.coalesced(socket, batch.length[from]!);
    return all;
  }

  #change(stream: number, last: number, count: number, octet: number, tosSent: number, monoNs: number): void {
    if (last !== NO_TOS) {
      const counts = (this.#tosCounts[stream] ??= new Float64Array(256));
      counts[last]! += count;
    }
    const before = last === NO_TOS ? tosSent : last;
    if (before >= 0 && before >> 2 !== octet >> 2) {
      this.#events.push(EventKind.DscpChanged, stream, monoNs, tosSent, octet);
    }
  }

  /** How many arrivals had which TOS octet, of those that some had. */
  tosCounts(stream: number): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    for (const [tos, count] of this.#tosCounts[stream]?.entries() ?? []) if (count > 0) found.set(tos, count);
    const lastTos = this.#lastTos[stream]!;
    const count = this.#lastCount[stream]!;
    if (count > 0) found.set(lastTos, (found.get(lastTos) ?? 0) + count);
    return found;
  }

  /** The TOS octet of all arrivals; -1: there are several, or one is not known. */
  onlyTos(stream: number): number {
    const isOnly = this.#lastCount[stream]! > 0 && this.tosMissing[stream] === 0;
    return isOnly && this.#tosCounts[stream] === undefined ? this.#lastTos[stream]! : -1;
  }

  /** How many arrivals had it. */
  onlyTosCount(stream: number): number {
    return this.#lastCount[stream]!;
  }

  /** End of the warm-up. */
  restart(stream: number): void {
    this.#lastCount[stream] = 0;
    this.#tosCounts[stream] = undefined;
    this.tosMissing[stream] = 0;
    this.ttlMin[stream] = 255;
    this.ttlMax[stream] = 0;
  }
}
