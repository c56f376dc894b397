import { SocketCounter, type DatagramSink } from '../io/datagram.js';
import { evidenceGrowth, flattenEvidence, readHostEvidence, type HostEvidence } from '../io/hostEvidence.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { readQdiscs } from '../io/linux/qdisc.js';
import { readProcessorTime, TICK_NS } from '../io/processors.js';
import { readThreadTimes, threadTimesGrowth } from '../io/threadTimes.js';
import type { Evidence } from '../result/model.js';

/** What the host's own counters say of a run: read at its beginning, compared whenever asked. */
export class EvidenceWatch {
  readonly before: HostEvidence = readHostEvidence();
  readonly #qdiscBefore = readQdiscs();
  readonly #processorsBefore = readProcessorTime();
  readonly #threadsBefore = readThreadTimes();

  /** `via`: the interfaces that the run sends or receives through. */
  sofar(via: readonly NetworkInterface[]): Evidence {
    const counters = flattenEvidence(evidenceGrowth(this.before, readHostEvidence()));
    for (const [name, drops] of this.#qdiscDrops(via)) counters[`${name}.qdisc_dropped`] = drops;
    return { host_counters: counters, processors: this.#processors(), threads: this.#threads(), notes: [] };
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

  #threads(): Evidence['threads'] {
    return threadTimesGrowth(this.#threadsBefore, readThreadTimes())
      .toSorted((a, b) => b.cpuNs - a.cpuNs)
      .map(({ id, role, cpuNs, waitingNs }) => ({ id, role, cpu_ns: cpuNs, waiting_ns: waitingNs }));
  }

  /**
   * What the host refused to send, as it counted it itself, against what the sinks saw, in words;
   * `null`: nothing was refused unseen. Both counters are of all programs: SndbufErrors of sends, a
   * super-packet being one; the queueing discipline's of packets, which it may cut super-packets into
   * and then drop some while the send succeeds (tbf on Linux 6.18).
   */
  refusedSendsDisagree(sinks: readonly DatagramSink[], via: readonly NetworkInterface[]): string | null {
    const sum = (counter: number): number => sinks.reduce((total, sink) => total + sink.counters[counter]!, 0);
    const { counters } = evidenceGrowth(this.before, readHostEvidence());
    const refused = (counters.udp_sndbuf_errors ?? 0) + (counters.udp6_sndbuf_errors ?? 0);
    const seen = sum(SocketCounter.NoBuffers) + sum(SocketCounter.WouldBlock);
    if (refused > seen) {
      return `the host counted ${refused} refused sends, this run saw ${seen}: another program's, or sends that only seemed to succeed`;
    }
    const unseen = [...this.#qdiscDrops(via).values()].reduce((total, drops) => total + drops, 0);
    if (unseen <= sum(SocketCounter.NoBuffers)) return null;
    return `the queueing discipline dropped ${unseen} packets, this run saw ${sum(SocketCounter.NoBuffers)} refused: the others count as sent (another program's, or parts of super-packets: try --offload off)`;
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
