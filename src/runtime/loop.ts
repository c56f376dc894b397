import type { Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { Agent } from './agent.js';

/** A cycle, or an overslept wait, longer than this is a stall: figures are right, precision is not. */
export const STALL_NS = 10e6;

/** The loop's measurement of itself: is the rest to be believed? */
export interface LoopHealth {
  cycles: number;
  /** Longest time from the end of one wait to the beginning of the next, ns. */
  maxCycleNs: Nanos;
  /** Longest time by which a wait ended later than asked for, ns: what arrives ends it earlier. */
  maxOversleptNs: Nanos;
  /** Cycles or overslept waits longer than {@link STALL_NS}. */
  stalls: number;
  /** Time spent in waits, ns: the rest of the run was work. */
  waitedNs: Nanos;
}

export interface LoopHooks {
  /** Called once per cycle, before the agents: commands from other threads. */
  poll(nowMonoNs: Nanos): void;
}

/**
 * Runs the agents until all have finished. One wait for all of them; nothing else blocks. With the
 * native Io it never yields to Node's event loop; with dgram it awaits once per cycle.
 */
export async function runLoop(io: Io, agents: readonly Agent[], hooks: LoopHooks, health: LoopHealth): Promise<void> {
  let ready = 0;
  let beganNs = io.clock.monoNs();
  for (;;) {
    const nowNs = io.clock.monoNs();
    hooks.poll(nowNs);
    let dueNs = Infinity;
    let gatherNs = Infinity;
    let running = false;
    for (const agent of agents) {
      if (agent.finished) continue;
      agent.doWork(nowNs, ready);
      if (agent.finished) continue;
      running = true;
      dueNs = Math.min(dueNs, agent.nextDueNs());
      gatherNs = Math.min(gatherNs, agent.gatherNs());
    }
    if (!running) return;
    const waitFromNs = io.clock.monoNs();
    const cycleNs = waitFromNs - beganNs;
    health.cycles++;
    if (cycleNs > health.maxCycleNs) health.maxCycleNs = cycleNs;
    if (cycleNs > STALL_NS) health.stalls++;
    const waited = io.wait(dueNs, gatherNs === Infinity ? 0 : gatherNs);
    ready = typeof waited === 'number' ? waited : await waited;
    beganNs = io.clock.monoNs();
    health.waitedNs += beganNs - waitFromNs;
    const oversleptNs = beganNs - Math.max(dueNs, waitFromNs);
    if (oversleptNs > health.maxOversleptNs) health.maxOversleptNs = oversleptNs;
    if (oversleptNs > STALL_NS) health.stalls++;
  }
}

export function freshLoopHealth(): LoopHealth {
  return { cycles: 0, maxCycleNs: 0, maxOversleptNs: 0, stalls: 0, waitedNs: 0 };
}
