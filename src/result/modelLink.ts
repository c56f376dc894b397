/** Schema of links to one peer, as those of SRT. Import types only, unless you validate. */
import * as z from 'zod';
import { count, figure, nullableCount } from './modelFigures.js';

export const LinkSchema = z
  .object({
    name: z.string().describe('As an endpoint, without the passphrase.'),
    direction: z.enum(['receive', 'send']),
    implementation: z.enum(['libsrt', 'srt-live-transmit']),
    state: z.enum(['waiting', 'connected', 'ended']),
    connections: count.describe('One after another.'),
    failed_attempts: count.describe('Calls that were not answered, or refused.'),
    refused_peers: nullableCount.describe('Peers that asked and were not let in: a wrong passphrase, or none.'),
    turned_away_peers: nullableCount.describe('Peers that asked while there was one.'),
    lost_connections: count,
    messages_received: nullableCount,
    octets_received: count.describe('Payload.'),
    messages_sent: nullableCount,
    octets_sent: count.describe('Payload.'),
    octets_discarded: count.describe('To be sent while no peer was there, after a first one had been.'),
    packets_sent: nullableCount.describe('Of SRT, retransmissions included, as in the next three.'),
    packets_received: nullableCount,
    wire_octets_sent: nullableCount.describe('With the headers of IP, UDP and SRT.'),
    wire_octets_received: nullableCount.describe('With the headers of IP, UDP and SRT.'),
    packets_retransmitted: nullableCount,
    packets_lost_sending: nullableCount.describe('Reported by the peer; most of them were retransmitted.'),
    packets_lost_receiving: nullableCount.describe('Found here; most of them were retransmitted.'),
    packets_dropped_sending: nullableCount.describe('Given up as too late: missing in the stream.'),
    packets_dropped_receiving: nullableCount.describe('Given up as too late: missing in the stream.'),
    packets_undecrypted: nullableCount,
    rtt_ns: figure.describe('Round trip, smoothed.'),
    bandwidth_bit_per_second: figure.describe("The library's estimate."),
    latency_ns: figure.describe('Agreed with the peer, of what is received.'),
    peer_latency_ns: figure.describe('Agreed with the peer, of what is sent.'),
  })
  .describe('Counts over all connections; null: the program in use does not say. [draft-sharabayko-srt]');
export type Link = z.infer<typeof LinkSchema>;
