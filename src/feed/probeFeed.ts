import { SendFlag, type SendBatch } from '../core/batch.js';
import type { Nanos, SplitTime } from '../core/time.js';
import {
  PROBE_HEADER_OCTETS,
  PROBE_SEND_TIME_AT,
  ProbeFlag,
  patchProbeNotSent,
  probeConstantCheck,
  probeNotSent,
  putProbe,
  putProbeSendTime,
} from '../wire/probe.js';

import { endOctet, type PacedOptions, putColumns, UNPACED_RUN } from './limits.js';
import { MarkerTimes } from './markers.js';
import type { FlowFeed } from './mergedFeed.js';
import { PayloadSlots } from './payloadSlots.js';
import { Schedule } from './schedule.js';

export interface ProbeFeedOptions extends PacedOptions {
  /** At least 1. Datagram k of the feed belongs to flow k mod `flows`: all share one schedule. */
  readonly flows: number;
  /** Number of the first flow in the header; default 0. */
  readonly firstFlow?: number;
  /** Random 32 bits of the sender process. */
  readonly runId: number;
  readonly tos: number;
  readonly ttl: number;
  /** `departure`: the sink writes it (`SendBatch.stampAt`); `due`: written here, and flagged. */
  readonly sendTime: 'departure' | 'due';
  /** Unix time, ns, at which CLOCK_MONOTONIC since the epoch is 0. For `due`. */
  readonly unixAtMonoZero: SplitTime;
  /** The sink may send super-packets: announced in every datagram. */
  readonly superPackets: boolean;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}

const Phase = { Opening: 0, Data: 1, Closing: 2, Ended: 3 } as const;

/** Octets of a probe datagram that its check covers or that must have one value: all but the send time. */
export const PROBE_CHECKED_RANGES: readonly (readonly [from: number, to: number])[] = [
  [0, PROBE_SEND_TIME_AT],
  [PROBE_SEND_TIME_AT + 8, PROBE_HEADER_OCTETS],
];

/**
 * Probe datagrams of one destination, `docs/protocols/probe.md`. Three start markers of every flow,
 * then data on an absolute schedule, then five end markers of every flow; marker times:
 * {@link MarkerTimes}. The first start marker is due at `startMonoNs`, data follow three rounds later
 * ({@link firstDataNs}: 3 to 6 ms with one flow). End markers follow the end of the duration, or the
 * last datagram by one spacing. Every flow numbers from 0.
 *
 * At a rate of Infinity data are always due: {@link nextDueNs} lies in the past, `fill` takes `untilNs`
 * for the present time, makes that their due time and stops after {@link UNPACED_RUN} of them; the
 * duration ends with the first `fill` that reaches it.
 *
 * Same options, same octets, whatever the sizes of the batches: the send time apart, a datagram
 * depends on the options and on what was refused or skipped.
 */
export class ProbeFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows: number;
  readonly checkedRanges = PROBE_CHECKED_RANGES;
  readonly unpaced: boolean;
  /** Datagrams with data offered or given up so far. */
  scheduled = 0;
  /** Of those, refused or skipped ones. */
  notSent = 0;
  /** Start and end markers offered so far. */
  markers = 0;
  readonly #options: ProbeFeedOptions;
  readonly #schedule: Schedule;
  readonly #start: MarkerTimes;
  readonly #end: MarkerTimes;
  readonly #slots: PayloadSlots;
  readonly #payload: Uint8Array;
  readonly #firstFlow: number;
  readonly #dataFlags: number;
  readonly #stampAt: number;
  /** Per flow: the constant part of the check of its data. */
  readonly #constantCheck: Int32Array;
  /** Per flow: numbers refused or skipped. */
  readonly #notSent: Float64Array;
  readonly #count: number;
  #phase: number = Phase.Opening;
  /** Flow of the next datagram, and its sequence number. */
  #flow = 0;
  #sequence = 0;
  /** Due time of the last datagram made, or at a rate of Infinity the latest `untilNs`. */
  #lastNs: Nanos = 0;

  constructor(options: ProbeFeedOptions) {
    const { flows, sizeOctets, startMonoNs } = options;
    this.#options = options;
    this.flows = flows;
    this.flowBase = options.flowBase ?? 0;
    this.#schedule = new Schedule(options.pattern, options.packetsPerSecond, startMonoNs, options.seed);
    this.unpaced = this.#schedule.unpaced;
    this.#start = MarkerTimes.start(flows, this.#schedule.periodNs);
    this.#end = MarkerTimes.end(flows, this.#schedule.periodNs);
    this.#slots = options.payloadSlots ?? new PayloadSlots();
    this.#payload = this.#slots.pattern(PROBE_HEADER_OCTETS, sizeOctets);
    this.#firstFlow = options.firstFlow ?? 0;
    this.#dataFlags =
      (options.superPackets ? ProbeFlag.SuperPacket : 0) | (options.sendTime === 'due' ? ProbeFlag.DueTime : 0);
    this.#stampAt = options.sendTime === 'departure' ? PROBE_SEND_TIME_AT : 0;
    this.#constantCheck = new Int32Array(flows);
    for (let f = 0; f < flows; f++) this.#constantCheck[f] = this.#check(this.#dataFlags, f);
    this.#notSent = new Float64Array(flows);
    this.#count = options.count ?? Infinity;
    this.#open(startMonoNs);
  }

  /** When the first datagram with data is due. */
  get firstDataNs(): Nanos {
    return this.#start.endNs;
  }

  nextDueNs(): Nanos {
    if (this.#phase === Phase.Data) {
      // At a rate of Infinity the latest fill: of several such feeds the one that waited longest is next.
      return this.#schedule.unpaced ? this.#lastNs : this.#schedule.dueNs;
    }
    if (this.#phase === Phase.Opening) return this.#start.dueNs;
    return this.#phase === Phase.Closing ? this.#end.dueNs : Infinity;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    if (this.#phase === Phase.Opening) {
      this.#fillMarkers(batch, this.#start, SendFlag.Start);
      if (this.#start.done) this.#toData();
    }
    if (this.#phase === Phase.Data) this.#fillData(batch);
    if (this.#phase === Phase.Closing) {
      this.#fillMarkers(batch, this.#end, SendFlag.End);
      if (this.#end.done) this.#phase = Phase.Ended;
    }
    if (this.#phase === Phase.Data && !this.unpaced) batch.nextDueNs = this.#schedule.dueNs;
    else batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    if ((batch.flags[slot]! & (SendFlag.Start | SendFlag.End)) !== 0) return;
    this.notSent++;
    this.#notSent[batch.flow[slot]! - this.flowBase]!++;
  }

  update(batch: SendBatch, slot: number): void {
    const at = batch.offset[slot]!;
    const since = this.#notSent[batch.flow[slot]! - this.flowBase]! - probeNotSent(batch.view, at);
    if (since !== 0) patchProbeNotSent(batch.view, at, since);
  }

  /** Data only; markers that are late move on to `untilNs`, and data that have not begun with them. */
  skip(untilNs: Nanos): number {
    if (this.#phase === Phase.Opening && this.#start.dueNs < untilNs) {
      this.#open(untilNs);
    } else if (this.#phase === Phase.Closing && this.#end.dueNs < untilNs) {
      this.#end.nextAt(untilNs);
    } else if (this.#phase === Phase.Data) {
      return this.#skipData(untilNs);
    }
    return 0;
  }

  finish(nowNs: Nanos): void {
    if (this.#phase === Phase.Opening && this.#start.made === 0) this.#phase = Phase.Ended;
    else if (this.#phase < Phase.Closing) this.#toClosing(Math.max(nowNs, this.#lastNs + this.#end.leadNs));
  }

  /** The next start marker is due at `ns`, and all that follows moves with it. */
  #open(ns: Nanos): void {
    const { durationNs } = this.#options;
    this.#start.nextAt(ns);
    this.#schedule.restart(this.#start.endNs);
    this.#lastNs = this.#start.endNs;
    this.#schedule.endNs = durationNs === null ? Infinity : this.#start.endNs + durationNs;
  }

  #toData(): void {
    this.#phase = Phase.Data;
    this.#endData();
  }

  /** Goes on to the end markers when there are no more data. */
  #endData(): void {
    if (this.#schedule.index >= this.#count) this.#toClosing(this.#lastNs + this.#end.leadNs);
    else if (this.#schedule.dueNs >= this.#schedule.endNs) this.#toClosing(this.#schedule.endNs);
  }

  #toClosing(ns: Nanos): void {
    this.#phase = Phase.Closing;
    this.#end.nextAt(ns);
  }

  #check(flags: number, flow: number): number {
    const { tos, ttl, runId } = this.#options;
    return probeConstantCheck(flags, tos, ttl, runId, this.#firstFlow + flow);
  }

  /** Slots that can be appended at octet `at` of the slab. */
  #room(batch: SendBatch, at: number): number {
    return Math.min(batch.capacity - batch.count, Math.floor((batch.bytes.length - at) / this.#options.sizeOctets));
  }

  #fillData(batch: SendBatch): void {
    const { untilNs } = batch;
    const schedule = this.#schedule;
    const unpaced = this.unpaced;
    if (unpaced && untilNs >= this.#schedule.endNs) {
      this.#toClosing(Math.max(this.#schedule.endNs, this.#lastNs));
      return;
    }
    const from = batch.count;
    const at = endOctet(batch);
    const room = Math.min(this.#room(batch, at), this.#count - schedule.index, unpaced ? UNPACED_RUN : Infinity);
    schedule.untilNs = untilNs;
    const made = schedule.takeRun(batch.dueMonoNs, from, from + room);
    if (made > 0) {
      this.#putData(batch, from, from + made, at);
      this.#lastNs = batch.dueMonoNs[from + made - 1]!;
      this.scheduled += made;
      batch.count = from + made;
    }
    this.#endData();
  }

  /** Slots `[from, to)`, the first of which begins at octet `at`; their due times are written. */
  #putData(batch: SendBatch, from: number, to: number, at: number): void {
    const { sizeOctets, tos, ttl, runId, destination } = this.#options;
    putColumns(batch, from, to, sizeOctets, 0, destination, this.#stampAt);
    const { view, offset, flow: flows } = batch;
    const dataFlags = this.#dataFlags;
    const constantCheck = this.#constantCheck;
    const notSent = this.#notSent;
    const firstFlow = this.#firstFlow;
    const flowBase = this.flowBase;
    const flowCount = this.flows;
    let coveredTo = at % sizeOctets === 0 ? this.#slots.coveredTo(batch, this.#payload) : 0;
    let flow = this.#flow;
    let sequence = this.#sequence;
    for (let slot = from; slot < to; slot++) {
      if (at >= coveredTo) coveredTo = this.#slots.write(batch, at, PROBE_HEADER_OCTETS, this.#payload);
      const lost = notSent[flow]!;
      putProbe(
        view,
        at,
        constantCheck[flow]!,
        dataFlags,
        tos,
        ttl,
        runId,
        firstFlow + flow,
        Math.floor(sequence / 4_294_967_296),
        sequence,
        sequence + 1 - lost,
        lost,
      );
      offset[slot] = at;
      flows[slot] = flowBase + flow;
      at += sizeOctets;
      if (++flow === flowCount) {
        flow = 0;
        sequence++;
      }
    }
    this.#flow = flow;
    this.#sequence = sequence;
    if ((dataFlags & ProbeFlag.DueTime) !== 0) this.#putDueTimes(batch, from, to);
  }

  #fillMarkers(batch: SendBatch, times: MarkerTimes, kind: number): void {
    const { untilNs } = batch;
    const { sizeOctets, tos, ttl, runId, destination } = this.#options;
    const flags = this.#dataFlags | (kind === SendFlag.Start ? ProbeFlag.Start : ProbeFlag.End);
    while (!times.done && times.dueNs <= untilNs) {
      const slot = batch.count;
      const at = endOctet(batch);
      if (this.#room(batch, at) === 0) return;
      const flow = times.flow;
      const given = this.#sequence + (flow < this.#flow ? 1 : 0);
      const lost = this.#notSent[flow]!;
      const aligned = at % sizeOctets === 0;
      if (!aligned || at >= this.#slots.coveredTo(batch, this.#payload)) {
        this.#slots.write(batch, at, PROBE_HEADER_OCTETS, this.#payload);
      }
      const high = Math.floor(given / 4_294_967_296);
      const check = this.#check(flags, flow);
      putProbe(batch.view, at, check, flags, tos, ttl, runId, this.#firstFlow + flow, high, given, given - lost, lost);
      putColumns(batch, slot, slot + 1, sizeOctets, kind, destination, this.#stampAt);
      batch.offset[slot] = at;
      batch.dueMonoNs[slot] = times.dueNs;
      batch.flow[slot] = this.flowBase + flow;
      if ((flags & ProbeFlag.DueTime) !== 0) this.#putDueTimes(batch, slot, slot + 1);
      batch.count = slot + 1;
      this.markers++;
      times.made++;
    }
  }

  #skipData(untilNs: Nanos): number {
    const schedule = this.#schedule;
    const before = schedule.index;
    schedule.skip(Math.min(untilNs, this.#schedule.endNs));
    const skipped = Math.min(schedule.index, this.#count) - before;
    if (skipped === 0) return 0;
    const everyFlow = Math.floor(skipped / this.flows);
    for (let f = 0; f < this.flows; f++) {
      const offset = (f - this.#flow + this.flows) % this.flows;
      this.#notSent[f]! += everyFlow + (offset < skipped % this.flows ? 1 : 0);
    }
    this.scheduled += skipped;
    this.notSent += skipped;
    this.#flow = (before + skipped) % this.flows;
    this.#sequence = Math.floor((before + skipped) / this.flows);
    this.#lastNs = untilNs;
    this.#endData();
    return skipped;
  }

  #putDueTimes(batch: SendBatch, from: number, to: number): void {
    const { high, low } = this.#options.unixAtMonoZero;
    for (let i = from; i < to; i++) {
      const sum = low + batch.dueMonoNs[i]!;
      putProbeSendTime(batch.view, batch.offset[i]!, high + Math.floor(sum / 4_294_967_296), sum);
    }
  }
}
