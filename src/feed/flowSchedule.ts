import { DueOrder } from '../core/dueOrder.js';
import { drawExponential, uniform32 } from '../core/exactDraws.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import { ALL_FLOWS, DealtFlows, type Deal } from './dealtFlows.js';
import { sharesOf, type FlowRates } from './flowRates.js';
import type { PacedOptions } from './limits.js';
import { meanPerEvent, type DueSlots, type Pattern } from './schedule.js';

/** Periods are rounded to so many parts of a ns: what engines may round differently is far below. */
const PARTS_OF_NS = 1024;

const drawn = new Float64Array(1);

/** `packetsPerSecond`: of all flows, finite. */
export type FlowScheduleOptions = Pick<
  PacedOptions,
  'pattern' | 'packetsPerSecond' | 'count' | 'startMonoNs' | 'seed' | 'flowBase'
> & {
  readonly flows: number;
  readonly flowRates: FlowRates;
  /** Which flows are made here; rate and count are of all. Default: all. */
  readonly deal?: Deal;
};

/** Numbers a datagram of a flow, of those made here, that is never made. */
export interface SkippedFlows {
  skipOne(flow: number): void;
}

/**
 * Absolute due times of the datagrams of many flows, each of which sends by itself: at a rate of its own and from a phase of
 * its own, which is drawn within its period. What a flow does depends on the seed and its number alone, not on the others nor on
 * how the datagrams are asked for.
 *
 * - `cbr`: phase + k x period;
 * - `poisson`: the sum of exponential gaps, from the first one on;
 * - `burst`: as cbr, each time so many datagrams back to back;
 * - `telemetry`: phase + (k + a random part of the jitter) x period, which never drifts nor overtakes; with the probability of
 *   an alarm so many further datagrams back to back.
 */
export class FlowSchedule {
  /** Number of the next datagram; of those that are made here. */
  index = 0;
  /** When it is due. */
  dueNs: Nanos = 0;
  /** What {@link takeRun} takes up to. */
  untilNs: Nanos = Infinity;
  /** Nothing is taken that is due at or after this. */
  endNs: Nanos = Infinity;
  /** Mean distance of two datagrams, ns. */
  readonly periodNs: number;
  readonly unpaced = false;
  readonly #pattern: Pattern;
  readonly #most: number;
  readonly #flowBase: number;
  readonly #dealt: DealtFlows;
  /** Number of the next datagram of all flows; without a count of those made here. */
  #number = 0;
  readonly #order: DueOrder;
  readonly #randoms: readonly Random[];
  /** By flow: distance of its events, when its first one is (of `poisson` its latest), how many there were, and datagrams left of one. */
  readonly #periods: Float64Array;
  readonly #phases: Float64Array;
  readonly #events: Float64Array;
  readonly #left: Float64Array;
  #startNs: Nanos;

  constructor(options: FlowScheduleOptions) {
    const { pattern, flowRates: rates, flows, packetsPerSecond, startMonoNs: startNs, seed } = options;
    const perSecond = pattern.kind === 'burst' ? (pattern.datagrams * 1e9) / pattern.periodNs : packetsPerSecond;
    this.#pattern = pattern;
    this.#most = options.count ?? Infinity;
    this.#flowBase = options.flowBase ?? 0;
    this.#dealt = new DealtFlows(flows, options.deal ?? ALL_FLOWS);
    this.#startNs = startNs;
    this.periodNs = 1e9 / perSecond;
    this.#randoms = Array.from({ length: flows }, (_, flow) => new Random(seed, flow + 1));
    this.#periods = sharesOf(rates, this.#randoms).map((share) => {
      const periodNs = (1e9 * meanPerEvent(pattern)) / (perSecond * share);
      return Math.round(periodNs * PARTS_OF_NS) / PARTS_OF_NS;
    });
    this.#phases = this.#periods.map((periodNs, flow) => this.#phaseOf(flow, periodNs));
    this.#events = new Float64Array(flows);
    this.#left = new Float64Array(flows);
    this.#order = new DueOrder(flows);
    for (let flow = 0; flow < flows; flow++) {
      this.#place(flow);
      // What others do decides nothing here but when a count of all is reached.
      if (this.#most === Infinity && !this.#dealt.has(flow)) this.#order.dueNs[flow] = Infinity;
    }
    this.#order.rebuild();
    this.#passOthers();
  }

  /** So many datagrams were made, of all flows, as there are to be. */
  get isOver(): boolean {
    return this.#number >= this.#most;
  }

  #phaseOf(flow: number, periodNs: number): number {
    const random = this.#randoms[flow]!;
    if (this.#pattern.kind !== 'poisson') return uniform32(random) * periodNs;
    drawExponential(random, drawn);
    return drawn[0]! * periodNs;
  }

  /**
   * Writes due times and flows of the next datagrams into slots `[from, to)`, as far as they are due at or before
   * {@link untilNs} and before {@link endNs}. Returns how many, and moves on by so many. Hot.
   */
  takeRun({ dueMonoNs, flow }: DueSlots, from: number, to: number): number {
    const { untilNs } = this;
    const lastNs = untilNs < this.endNs ? untilNs : this.endNs - 1;
    const { heap, dueNs: due } = this.#order;
    let slot = from;
    while (slot < to && this.#number < this.#most) {
      const first = heap[0]!;
      const firstNs = due[first]!;
      if (firstNs > lastNs) break;
      dueMonoNs[slot] = firstNs;
      flow[slot] = this.#flowBase + this.#ownOf(first);
      slot++;
      this.#number++;
      this.#advance(first);
      this.#passOthers();
    }
    this.index += slot - from;
    return slot - from;
  }

  /** Moves on to the first datagram that is due at or after `untilNs`; returns how many were passed over, which `flows` is told. */
  skip(untilNs: Nanos, flows: SkippedFlows): number {
    const { heap, dueNs: due } = this.#order;
    const before = this.index;
    while (this.#number < this.#most && due[heap[0]!]! < untilNs) {
      const first = heap[0]!;
      flows.skipOne(this.#ownOf(first));
      this.#number++;
      this.index++;
      this.#advance(first);
      this.#passOthers();
    }
    return this.index - before;
  }

  /** Datagrams that are made elsewhere only count. */
  #passOthers(): void {
    const { heap, dueNs: due } = this.#order;
    while (!this.#dealt.has(heap[0]!) && this.#number < this.#most) {
      this.#number++;
      this.#advance(heap[0]!);
    }
    this.dueNs = due[heap[0]!]!;
  }

  #ownOf(flow: number): number {
    return (flow - this.#dealt.first) / this.#dealt.of;
  }

  /** Begins at another time; for a schedule of which nothing has been used yet. */
  restart(startNs: Nanos): void {
    const { dueNs } = this.#order;
    for (let flow = 0; flow < dueNs.length; flow++) dueNs[flow]! += startNs - this.#startNs;
    this.#startNs = startNs;
    this.dueNs = this.#order.firstNs();
  }

  /** The first flow has sent a datagram. */
  #advance(flow: number): void {
    if (this.#left[flow]! > 0) {
      this.#left[flow]!--;
      return;
    }
    this.#events[flow]!++;
    this.#place(flow);
    this.#order.firstMoved();
  }

  /** When the present event of the flow is, and how many datagrams there are behind its first one. */
  #place(flow: number): void {
    const pattern = this.#pattern;
    const random = this.#randoms[flow]!;
    const event = this.#events[flow]!;
    const periodNs = this.#periods[flow]!;
    let atNs = this.#phases[flow]!;
    if (pattern.kind === 'poisson') {
      if (event > 0) {
        drawExponential(random, drawn);
        atNs += drawn[0]! * periodNs;
        this.#phases[flow] = atNs;
      }
    } else if (pattern.kind === 'telemetry') {
      atNs += (event + pattern.jitter * uniform32(random)) * periodNs;
      if (pattern.alarms > 0) this.#left[flow] = uniform32(random) < pattern.alarms ? pattern.burst : 0;
    } else {
      atNs += event * periodNs;
      if (pattern.kind === 'burst') this.#left[flow] = pattern.datagrams - 1;
    }
    this.#order.dueNs[flow] = Math.floor(this.#startNs + atNs + 0.5);
  }
}
