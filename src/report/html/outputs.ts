/** What was made of received streams, and links to one peer. */
import { formatCount, formatDuration, formatOctets, formatRate } from '../../core/format.js';
import type { Link, Output } from '../../result/model.js';
import { orNone } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table } from './table.js';
import { markup, type Markup } from './markup.js';

export function outputs(list: readonly Output[]): Markup {
  return table<Output>(
    list,
    [
      { head: 'output', cell: ({ name }) => markup`<bdi>${name}</bdi>`, text: 'long' },
      { head: 'of', cell: ({ stream }) => stream ?? '', text: 'long' },
      { head: 'datagrams', cell: ({ datagrams }) => formatCount(datagrams) },
      { head: 'octets', cell: ({ octets }) => formatOctets(octets) },
      { head: 'not taken', cell: ({ dropped }) => formatCount(dropped) },
      { head: 'ended early', cell: ({ failure }) => failure ?? '', text: 'long' },
    ],
    { tone: ({ dropped, failure }) => (dropped > 0 || failure !== null ? 'bad' : null) },
  );
}

export function links(list: readonly Link[]): Markup {
  return markup`${list.map(
    (link) =>
      markup`<h3><bdi>${link.name}</bdi> <small>${link.direction}, ${link.implementation}, ${link.state}</small></h3>
        ${facts([
          counted('connections', link.connections),
          fault('connections lost', link.lost_connections),
          fault('calls failed', link.failed_attempts),
          fault('peers refused', link.refused_peers),
          counted('peers turned away', link.turned_away_peers),
          { name: 'received', value: formatOctets(link.octets_received) },
          { name: 'sent', value: formatOctets(link.octets_sent) },
          { name: 'discarded without a peer', value: formatOctets(link.octets_discarded) },
          counted('messages received', link.messages_received),
          counted('messages sent', link.messages_sent),
          counted('packets received', link.packets_received),
          counted('packets sent', link.packets_sent),
          { name: 'received, with headers', value: orNone(formatOctets(link.wire_octets_received)) },
          { name: 'sent, with headers', value: orNone(formatOctets(link.wire_octets_sent)) },
          counted('retransmitted', link.packets_retransmitted),
          fault('lost on the way here', link.packets_lost_receiving),
          fault('lost on the way there', link.packets_lost_sending),
          fault('dropped as too late here', link.packets_dropped_receiving),
          fault('dropped as too late there', link.packets_dropped_sending),
          fault('not decrypted', link.packets_undecrypted),
          { name: 'round trip', value: orNone(formatDuration(link.rtt_ns)) },
          { name: 'latency here', value: orNone(formatDuration(link.latency_ns)) },
          { name: 'latency there', value: orNone(formatDuration(link.peer_latency_ns)) },
          { name: 'bandwidth, estimated', value: orNone(formatRate(link.bandwidth_bit_per_second)) },
        ])}`,
  )}`;
}
