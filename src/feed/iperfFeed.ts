import { SendFlag, type SendBatch } from '../core/batch.js';
import type { Nanos, SplitTime } from '../core/time.js';
import {
  IPERF_FLAGS_AT,
  IPERF_SEND_TIME_AT,
  iperfNumberHigh,
  iperfNumberLow,
  iperfRest,
  type IperfRun,
  putIperf,
  putIperfNumber,
  putIperfSendTime,
} from '../wire/iperf.js';
import { endOctet, type PacedOptions, putColumns, UNPACED_RUN } from './limits.js';
import { MarkerTimes } from './markers.js';
import type { FlowFeed } from './mergedFeed.js';
import { PayloadSlots } from './payloadSlots.js';
import { Schedule } from './schedule.js';

export interface IperfFeedOptions extends PacedOptions {
  /** What every datagram tells of the run. */
  readonly run: IperfRun;
  /** `departure`: the sink writes it (`SendBatch.stampAt`); `due`: written here. */
  readonly sendTime: 'departure' | 'due';
  /** Unix time, ns, at which CLOCK_MONOTONIC since the epoch is 0. For `due`. */
  readonly unixAtMonoZero: SplitTime;
  /** Datagrams leave in the order in which they are made: what follows a refused one takes its number. */
  readonly inOrder: boolean;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

const Phase = { Data: 0, Closing: 1, Ended: 2 } as const;
const TWO_32 = 4_294_967_296;

/**
 * One client of iperf 2, `docs/protocols/iperf.md`: datagrams numbered from 1 on an absolute schedule, the first due at
 * `startMonoNs`, and behind them the final datagram, which is the last of the count. It is sent five times, since a server
 * that hears none goes on for ever; a client of iperf repeats it until it is answered, and not to a group.
 *
 * What was refused or skipped takes no number, as in iperf: the datagrams tell nothing of it, and a gap would be called
 * lost. At a rate of Infinity as `ProbeFeed`.
 */
export class IperfFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced: boolean;
  /** Impairment may corrupt any octet: nothing is checked. */
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  /** Datagrams offered or given up so far, the final one included. */
  scheduled = 0;
  /** Of those, refused or skipped ones. */
  notSent = 0;
  // Fields, not the options: those come in objects of many shapes, which compiled code would tell apart.
  readonly #sizeOctets: number;
  readonly #destination: number;
  readonly #stampAt: number;
  readonly #inOrder: boolean;
  readonly #schedule: Schedule;
  readonly #end: MarkerTimes;
  readonly #slots: PayloadSlots;
  readonly #rest: Uint8Array;
  readonly #dataCount: number;
  /** The instant of `unixAtMonoZero`. */
  readonly #zeroSeconds: number;
  readonly #zeroNs: number;
  #phase: number = Phase.Data;
  /** Number of the next datagram. */
  #number = 1;
  /** Number that the next slot of those made takes that follow a refused one; Infinity: none was. */
  #again = Infinity;
  /** The final datagram was made, and not refused. */
  #isLastMade = false;
  /** Due time of the last datagram made, or at a rate of Infinity the latest `untilNs`. */
  #lastNs: Nanos = 0;

  constructor(options: IperfFeedOptions) {
    const { startMonoNs, durationNs, sizeOctets, unixAtMonoZero } = options;
    this.flowBase = options.flowBase ?? 0;
    this.#sizeOctets = sizeOctets;
    this.#destination = options.destination;
    this.#stampAt = options.sendTime === 'departure' ? IPERF_SEND_TIME_AT : 0;
    this.#inOrder = options.inOrder;
    this.#schedule = new Schedule(options.pattern, options.packetsPerSecond, startMonoNs, options.seed);
    this.#schedule.endNs = durationNs === null ? Infinity : startMonoNs + durationNs;
    this.unpaced = this.#schedule.unpaced;
    this.#end = MarkerTimes.end(1, this.#schedule.periodNs);
    this.#slots = options.payloadSlots ?? new PayloadSlots();
    this.#rest = iperfRest(sizeOctets, options.run);
    this.#dataCount = options.count === null ? Infinity : options.count - 1;
    const unixNs = (BigInt(unixAtMonoZero.high) << 32n) | BigInt(unixAtMonoZero.low);
    this.#zeroSeconds = Number(unixNs / 1_000_000_000n);
    this.#zeroNs = Number(unixNs % 1_000_000_000n);
    this.#lastNs = startMonoNs;
    this.#endData();
  }

  nextDueNs(): Nanos {
    if (this.#phase === Phase.Data) return this.unpaced ? this.#lastNs : this.#schedule.dueNs;
    return this.#phase === Phase.Closing ? this.#end.dueNs : Infinity;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    // Whoever fills has handled all that was made before.
    this.#again = Infinity;
    if (this.#phase === Phase.Data) this.#fillData(batch);
    if (this.#phase === Phase.Closing) this.#fillFinal(batch);
    if (this.#phase === Phase.Data && !this.unpaced) batch.nextDueNs = this.#schedule.dueNs;
    else batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    const flags = batch.flags[slot]!;
    if ((flags & SendFlag.End) !== 0) {
      if ((flags & SendFlag.Last) === 0) return;
      this.notSent++;
      this.#isLastMade = false;
      return;
    }
    this.notSent++;
    if (!this.#inOrder) return;
    const { view } = batch;
    const at = batch.offset[slot]!;
    this.#again = Math.min(this.#again, iperfNumberHigh(view, at, true) * TWO_32 + iperfNumberLow(view, at, true));
    this.#number--;
  }

  update(batch: SendBatch, slot: number): void {
    if (this.#again === Infinity) return;
    const isFinal = (batch.flags[slot]! & SendFlag.End) !== 0;
    putIperfNumber(batch.view, batch.offset[slot]!, isFinal ? -this.#again : this.#again);
    if (!isFinal) this.#again++;
  }

  /** Final datagrams that are late move on to `untilNs`. */
  skip(untilNs: Nanos): number {
    if (this.#phase === Phase.Closing && this.#end.dueNs < untilNs) this.#end.nextAt(untilNs);
    if (this.#phase !== Phase.Data) return 0;
    const schedule = this.#schedule;
    const before = schedule.index;
    schedule.skip(Math.min(untilNs, schedule.endNs));
    const skipped = Math.min(schedule.index, this.#dataCount) - before;
    if (skipped === 0) return 0;
    this.scheduled += skipped;
    this.notSent += skipped;
    this.#lastNs = untilNs;
    this.#endData();
    return skipped;
  }

  finish(nowNs: Nanos): void {
    if (this.#phase !== Phase.Data) return;
    // Nobody has heard of what has not begun.
    if (this.#schedule.index === 0) this.#phase = Phase.Ended;
    else this.#toClosing(Math.max(nowNs, this.#lastNs + this.#end.leadNs));
  }

  /** Goes on to the final datagram when there are no more data. */
  #endData(): void {
    const { index, dueNs, endNs } = this.#schedule;
    if (index >= this.#dataCount) this.#toClosing(this.#lastNs + this.#end.leadNs);
    else if (!this.unpaced && dueNs >= endNs) this.#toClosing(endNs);
  }

  #toClosing(ns: Nanos): void {
    this.#phase = Phase.Closing;
    this.#end.nextAt(ns);
  }

  #fillData(batch: SendBatch): void {
    const { untilNs } = batch;
    const schedule = this.#schedule;
    const { unpaced } = this;
    if (unpaced && untilNs >= schedule.endNs) {
      this.#toClosing(Math.max(schedule.endNs, this.#lastNs));
      return;
    }
    const from = batch.count;
    const at = endOctet(batch);
    const room = Math.min(this.#room(batch, at), this.#dataCount - schedule.index, unpaced ? UNPACED_RUN : Infinity);
    schedule.untilNs = untilNs;
    const made = schedule.takeRun(batch, from, from + room);
    if (made > 0) {
      this.#put(batch, from, from + made, at, 0);
      this.#number += made;
      this.#lastNs = batch.dueMonoNs[from + made - 1]!;
      this.scheduled += made;
      batch.count = from + made;
    }
    this.#endData();
  }

  #fillFinal(batch: SendBatch): void {
    const { untilNs } = batch;
    while (!this.#end.done && this.#end.dueNs <= untilNs) {
      const slot = batch.count;
      const at = endOctet(batch);
      if (this.#room(batch, at) === 0) return;
      batch.dueMonoNs[slot] = this.#end.dueNs;
      this.#put(batch, slot, slot + 1, at, this.#isLastMade ? SendFlag.End : SendFlag.End | SendFlag.Last);
      if (!this.#isLastMade) this.scheduled++;
      this.#isLastMade = true;
      batch.count = slot + 1;
      this.#end.made++;
    }
    if (this.#end.done) this.#phase = Phase.Ended;
  }

  /** Slots that can be appended at octet `at` of the slab. */
  #room(batch: SendBatch, at: number): number {
    return Math.min(batch.capacity - batch.count, Math.floor((batch.bytes.length - at) / this.#sizeOctets));
  }

  /** Slots `[from, to)`, the first of which begins at octet `at`; their due times are there. Hot. */
  #put(batch: SendBatch, from: number, to: number, at: number, flags: number): void {
    const sizeOctets = this.#sizeOctets;
    const slots = this.#slots;
    const { view, offset, flow } = batch;
    putColumns(batch, from, to, sizeOctets, flags, this.#destination, this.#stampAt);
    let coveredTo = at % sizeOctets === 0 ? slots.coveredTo(batch, this.#rest) : 0;
    let number = this.#number;
    slots.forgetHeaders();
    for (let slot = from, begin = at; slot < to; slot++, begin += sizeOctets) {
      if (begin >= coveredTo) coveredTo = slots.write(batch, begin, IPERF_FLAGS_AT, this.#rest);
      offset[slot] = begin;
      flow[slot] = this.flowBase;
      putIperf(view, begin, flags === 0 ? number : -number);
      number++;
    }
    if (this.#stampAt === 0) this.#putDueTimes(batch, from, to);
  }

  #putDueTimes(batch: SendBatch, from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      const ns = this.#zeroNs + batch.dueMonoNs[slot]!;
      const seconds = Math.floor(ns / 1e9);
      const microseconds = Math.floor((ns - seconds * 1e9) / 1000);
      putIperfSendTime(batch.view, batch.offset[slot]!, this.#zeroSeconds + seconds, microseconds);
    }
  }
}
