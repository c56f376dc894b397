import { SendFlag, type SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { PROBE_HEADER_OCTETS, PROBE_SEND_TIME_AT, patchProbeNotSent, probeNotSent } from '../wire/probe.js';
import { ALL_FLOWS, DealtFlows } from './dealtFlows.js';
import { endOctet, UNPACED_RUN } from './limits.js';
import { MarkerTimes } from './markers.js';
import type { FlowFeed } from './mergedFeed.js';
import type { ProbeFeedOptions } from './probeOptions.js';
import { ProbeSlots } from './probeSlots.js';
import { IN_TURN } from './flowRates.js';
import { FlowSchedule } from './flowSchedule.js';
import { Schedule } from './schedule.js';

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
  readonly #durationNs: Nanos | null;
  readonly #schedule: Schedule | FlowSchedule;
  /** The same where flows send by themselves; `null`: they take turns. */
  readonly #own: FlowSchedule | null;
  readonly #start: MarkerTimes;
  readonly #end: MarkerTimes;
  readonly #slots: ProbeSlots;
  readonly #count: number;
  #phase: number = Phase.Opening;
  /** Due time of the last datagram made, or at a rate of Infinity the latest `untilNs`. */
  #lastNs: Nanos = 0;

  constructor(options: ProbeFeedOptions) {
    const { flows, startMonoNs, pattern, packetsPerSecond, seed } = options;
    const flowRates = options.flowRates ?? IN_TURN;
    const { of } = options.deal ?? ALL_FLOWS;
    const dealt = of === 1 ? null : new DealtFlows(flows, options.deal!);
    const count = options.count ?? Infinity;
    this.#durationNs = options.durationNs;
    this.flows = dealt?.own ?? flows;
    this.flowBase = options.flowBase ?? 0;
    this.#own = flowRates.kind === 'turns' ? null : new FlowSchedule({ ...options, flowRates });
    this.#schedule = this.#own ?? new Schedule(pattern, packetsPerSecond, startMonoNs, seed, dealt);
    // Of flows that send by themselves the schedule knows which come within the count.
    this.#count = this.#own !== null ? Infinity : dealt === null ? count : dealt.countOf(count);
    this.unpaced = this.#schedule.unpaced;
    this.#start = MarkerTimes.start(flows, this.#schedule.periodNs, dealt);
    this.#end = MarkerTimes.end(flows, this.#schedule.periodNs, dealt);
    this.#slots = new ProbeSlots(options, this.#own !== null);
    this.#start.beginAt(startMonoNs);
    this.#open();
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
    this.#slots.notSent[batch.flow[slot]! - this.flowBase]!++;
  }

  update(batch: SendBatch, slot: number): void {
    const at = batch.offset[slot]!;
    const since = this.#slots.notSent[batch.flow[slot]! - this.flowBase]! - probeNotSent(batch.view, at);
    if (since !== 0) patchProbeNotSent(batch.view, at, since);
  }

  /** Data only; markers that are late move on to `untilNs`, and data that have not begun with them. */
  skip(untilNs: Nanos): number {
    if (this.#phase === Phase.Opening && this.#start.dueNs < untilNs) {
      this.#start.nextAt(untilNs);
      this.#open();
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

  /** What follows the start markers moves with them. */
  #open(): void {
    const durationNs = this.#durationNs;
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
    const isCounted = this.#own === null ? this.#schedule.index >= this.#count : this.#own.isOver;
    if (isCounted) this.#toClosing(this.#lastNs + this.#end.leadNs);
    else if (this.#schedule.dueNs >= this.#schedule.endNs) this.#toClosing(this.#schedule.endNs);
  }

  #toClosing(ns: Nanos): void {
    this.#phase = Phase.Closing;
    this.#end.nextAt(ns);
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
    const room = Math.min(this.#slots.room(batch, at), this.#count - schedule.index, unpaced ? UNPACED_RUN : Infinity);
    schedule.untilNs = untilNs;
    const made = schedule.takeRun(batch, from, from + room);
    if (made > 0) {
      this.#slots.putData(batch, from, from + made, at);
      this.#lastNs = batch.dueMonoNs[from + made - 1]!;
      this.scheduled += made;
      batch.count = from + made;
    }
    this.#endData();
  }

  #fillMarkers(batch: SendBatch, times: MarkerTimes, kind: number): void {
    const { untilNs } = batch;
    while (!times.done && times.dueNs <= untilNs) {
      if (!this.#slots.putMarker(batch, times.flow, kind, times.dueNs)) return;
      this.markers++;
      times.made++;
    }
  }

  #skipData(untilNs: Nanos): number {
    const before = this.#schedule.index;
    const skippedToNs = Math.min(untilNs, this.#schedule.endNs);
    this.#schedule.skip(skippedToNs, this.#slots);
    const skipped = Math.min(this.#schedule.index, this.#count) - before;
    if (skipped === 0) return 0;
    if (this.#own === null) this.#slots.skip(skipped);
    this.scheduled += skipped;
    this.notSent += skipped;
    this.#lastNs = untilNs;
    this.#endData();
    return skipped;
  }
}
