import { whole } from '../core/steps.js';
import {
  evidenceGrowth,
  flattenEvidence,
  hostEvidenceInSteps,
  readHostEvidence,
  type HostEvidence,
} from '../io/hostEvidence.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { readQdiscs } from '../io/linux/qdisc.js';
import { readProcessorTime, TICK_NS } from '../io/processors.js';
import { readThreadTimes, threadTimesGrowth, threadTimesInSteps } from '../io/threadTimes.js';
import type { Evidence } from '../result/model.js';

/** Sends that the host refused, as sockets saw it. */
export interface RefusedSends {
  readonly noBuffers: number;
  readonly wouldBlock: number;
}

/** What a run tells of its host. */
export interface Evidenced {
  readonly evidence: Evidence;
  /** `null`: what was refused and what the sender saw is the same, or nothing is sent. */
  readonly refusedSendsDisagree: string | null;
}

/** What the host's own counters say of a run: read at its beginning, compared whenever asked. */
export class EvidenceWatch {
  readonly before: HostEvidence = readHostEvidence();
  readonly #qdiscBefore = readQdiscs();
  readonly #processorsBefore = readProcessorTime();
  readonly #threadsBefore = readThreadTimes();

  /** `via`: the interfaces that the run sends or receives through. Takes a millisecond. */
  sofar(via: readonly NetworkInterface[]): Evidence {
    return whole(this.inSteps(via)).evidence;
  }

  /** The same, yielding between files. `refused`: what a sender saw refused, all its threads together, to be set against it. */
  *inSteps(via: readonly NetworkInterface[], refused: (() => RefusedSends) | null = null): Generator<void, Evidenced> {
    const growth = evidenceGrowth(this.before, yield* hostEvidenceInSteps());
    const drops = this.#qdiscDrops(via);
    // What was refused meanwhile the sender may have seen and the host's counters not: that is no disagreement.
    const refusedSendsDisagree = refused === null ? null : disagreement(growth, drops, refused());
    yield;
    const threads = threadTimesGrowth(this.#threadsBefore, yield* threadTimesInSteps());
    const counters = flattenEvidence(growth);
    for (const [name, dropped] of drops) counters[`${name}.qdisc_dropped`] = dropped;
    const evidence: Evidence = {
      host_counters: counters,
      processors: this.#processors(),
      threads: threads
        .toSorted((a, b) => b.cpuNs - a.cpuNs)
        .map(({ id, role, cpuNs, waitingNs, realtime }) => {
          return { id, role, cpu_ns: cpuNs, waiting_ns: waitingNs, realtime };
        }),
      notes: [],
    };
    return { evidence, refusedSendsDisagree };
  }

  #processors(): Evidence['processors'] {
    const now = readProcessorTime();
    const before = this.#processorsBefore;
    if (now === null || before === null) return null;
    return {
      time_ns: (now.total - before.total) * TICK_NS,
      stolen_ns: Math.max(0, now.steal - before.steal) * TICK_NS,
    };
  }

  #qdiscDrops(via: readonly NetworkInterface[]): Map<string, number> {
    const growth = new Map<string, number>();
    const now = readQdiscs();
    if (now === null || this.#qdiscBefore === null) return growth;
    for (const { index, name } of via) {
      const [then, after] = [this.#qdiscBefore.get(index), now.get(index)];
      if (then !== undefined && after !== undefined) growth.set(name, (after.drops - then.drops) >>> 0);
    }
    return growth;
  }
}

/**
 * What the host refused to send, as it counted it itself, against what the sender saw, in words;
 * `null`: nothing was refused unseen. Both counters are of all programs: SndbufErrors of sends, a
 * super-packet being one; the queueing discipline's of packets, which it may cut super-packets into
 * and then drop some while the send succeeds (tbf on Linux 6.18).
 */
function disagreement(
  { counters }: HostEvidence,
  drops: ReadonlyMap<string, number>,
  { noBuffers, wouldBlock }: RefusedSends,
): string | null {
  const refused = (counters.udp_sndbuf_errors ?? 0) + (counters.udp6_sndbuf_errors ?? 0);
  const seen = noBuffers + wouldBlock;
  if (refused > seen) {
    return `the host counted ${refused} refused sends, this run saw ${seen}: another program's, or sends that only seemed to succeed`;
  }
  const unseen = [...drops.values()].reduce((total, count) => total + count, 0);
  if (unseen <= noBuffers) return null;
  return `the queueing discipline dropped ${unseen} packets, this run saw ${noBuffers} refused: the others count as sent (another program's, or parts of super-packets: try --offload off)`;
}
