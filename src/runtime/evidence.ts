import { SocketCounter, type DatagramSink } from '../io/datagram.js';
import { evidenceGrowth, flattenEvidence, readHostEvidence, type HostEvidence } from '../io/hostEvidence.js';
import type { Evidence } from '../result/model.js';

/** What the host's own counters say of a run: read at its beginning, compared whenever asked. */
export class EvidenceWatch {
  readonly before: HostEvidence = readHostEvidence();

  sofar(): Evidence {
    return { host_counters: flattenEvidence(evidenceGrowth(this.before, readHostEvidence())), notes: [] };
  }

  /**
   * Refused sends as the host counted them (SndbufErrors, all programs) against those that the sinks saw,
   * in words; `null`: nothing was refused unseen. A super-packet is one error there, whatever it holds.
   */
  refusedSendsDisagree(sinks: readonly DatagramSink[]): string | null {
    const { counters } = evidenceGrowth(this.before, readHostEvidence());
    const { udp_sndbuf_errors: ipv4, udp6_sndbuf_errors: ipv6 } = counters;
    if (ipv4 === null && ipv6 === null) return null;
    const counted = (ipv4 ?? 0) + (ipv6 ?? 0);
    const sum = (counter: number): number => sinks.reduce((total, sink) => total + sink.counters[counter]!, 0);
    const seen = sum(SocketCounter.NoBuffers) + sum(SocketCounter.WouldBlock);
    if (counted <= seen) return null;
    return `the host counted ${counted} refused sends, this run saw ${seen}: another program's, or sends that only seemed to succeed`;
  }
}
