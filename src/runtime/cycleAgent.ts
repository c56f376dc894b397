import type { CycleStep, MembershipCycle } from '../control/membershipCycle.js';
import { SlotFlag, type ReceiveBatch } from '../core/batch.js';
import { realToMonoNs, type Clock, type Nanos } from '../core/time.js';
import type { DatagramSource } from '../io/datagram.js';
import type { GroupTap, GroupTapReader } from '../io/groupTap.js';
import type { Agent } from './agent.js';

/** Reads of one socket in one turn, so that a group that comes as fast as it is read still ends. */
const READS_PER_TURN = 64;
/** Nothing wakes the loop for a tap, whose packets are stamped. */
const TAP_NS = 2e6;

/** What arrived of the background, all sockets together. */
export interface BackgroundCount {
  datagrams: number;
  octets: number;
}

/** Tells a cycle what comes, until its next step is due. */
export class CycleAgent implements Agent, GroupTapReader {
  finished = false;
  wasStopped = false;
  /** What is to be done, when it has finished; `null`: it was stopped. */
  due: CycleStep = null;
  unstamped = 0;
  readonly #clock: Clock;
  readonly #cycle: MembershipCycle;
  readonly #sources: readonly DatagramSource[];
  readonly #tap: GroupTap | null;
  readonly #background: readonly DatagramSource[];
  readonly #counted: BackgroundCount;
  readonly #batch: ReceiveBatch;
  #realToMonoNs: Nanos = 0;

  constructor(
    clock: Clock,
    cycle: MembershipCycle,
    sources: readonly DatagramSource[],
    tap: GroupTap | null,
    background: readonly DatagramSource[],
    counted: BackgroundCount,
    batch: ReceiveBatch,
  ) {
    this.#clock = clock;
    this.#cycle = cycle;
    this.#sources = sources;
    this.#tap = tap;
    this.#background = background;
    this.#counted = counted;
    this.#batch = batch;
  }

  doWork(): number {
    this.#realToMonoNs = realToMonoNs(this.#clock);
    // Behind the clock of this turn: what is stamped before it has been read when the cycle is asked.
    const nowNs = this.#clock.monoNs();
    let handled = this.#tap?.read(this) ?? 0;
    for (const source of this.#sources) handled += this.#readGroup(source);
    for (const source of this.#background) handled += this.#readBackground(source);
    if (this.wasStopped) this.finished = true;
    else if (this.#tap?.isBehind !== true) {
      this.due = this.#cycle.step(nowNs);
      this.finished = this.due !== null;
    }
    return handled;
  }

  nextDueNs(): Nanos {
    if (this.#tap?.isBehind === true) return -Infinity;
    const dueNs = this.#cycle.dueNs();
    return this.#tap === null ? dueNs : Math.min(dueNs, this.#clock.monoNs() + TAP_NS);
  }

  gatherNs(): Nanos {
    return this.#background.length > 0 ? TAP_NS : 0;
  }

  stop(): void {
    this.wasStopped = true;
  }

  onDatagram(realNs: Nanos): void {
    this.#cycle.onSeen(realNs + this.#realToMonoNs);
  }

  onReport(realNs: Nanos): void {
    this.#cycle.onReport(realNs + this.#realToMonoNs);
  }

  #readGroup(source: DatagramSource): number {
    const batch = this.#batch;
    let handled = 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = source.receive(batch);
      if (count === 0) break;
      const { timeRealNs, flags, realToMonoNs } = batch;
      for (let i = 0; i < count; i++) {
        this.#cycle.onReceived(timeRealNs[i]! + realToMonoNs);
        if ((flags[i]! & SlotFlag.TimeUser) !== 0) this.unstamped++;
      }
      handled += count;
    }
    return handled;
  }

  #readBackground(source: DatagramSource): number {
    const batch = this.#batch;
    let handled = 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = source.receive(batch);
      if (count === 0) break;
      for (let i = 0; i < count; i++) this.#counted.octets += batch.length[i]!;
      handled += count;
    }
    this.#counted.datagrams += handled;
    return handled;
  }
}
