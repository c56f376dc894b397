import { describeSrt, type OpenSrt, type SrtDirection, type SrtOptions } from '../io/srt.js';
import type { Link } from '../result/model.js';

/** The entry of `links[]` for a link as it is now. */
export function linkReport(link: OpenSrt, options: SrtOptions, direction: SrtDirection): Link {
  const counters = link.counters();
  return {
    name: describeSrt(options),
    direction,
    implementation: link.implementation,
    state: counters.state,
    connections: counters.connections,
    failed_attempts: counters.failedAttempts,
    refused_peers: counters.refusedPeers,
    turned_away_peers: counters.turnedAwayPeers,
    lost_connections: counters.lostConnections,
    messages_received: counters.messagesReceived,
    octets_received: counters.octetsReceived,
    messages_sent: counters.messagesSent,
    octets_sent: counters.octetsSent,
    octets_discarded: counters.octetsDiscarded,
    packets_sent: counters.packetsSent,
    packets_received: counters.packetsReceived,
    wire_octets_sent: counters.wireOctetsSent,
    wire_octets_received: counters.wireOctetsReceived,
    packets_retransmitted: counters.packetsRetransmitted,
    packets_lost_sending: counters.packetsLostSending,
    packets_lost_receiving: counters.packetsLostReceiving,
    packets_dropped_sending: counters.packetsDroppedSending,
    packets_dropped_receiving: counters.packetsDroppedReceiving,
    packets_undecrypted: counters.packetsUndecrypted,
    rtt_ns: nsOf(counters.rttMs),
    bandwidth_bit_per_second: counters.bandwidthBitPerSecond,
    latency_ns: nsOf(counters.latencyMs),
    peer_latency_ns: nsOf(counters.peerLatencyMs),
  };
}

function nsOf(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1e6);
}
