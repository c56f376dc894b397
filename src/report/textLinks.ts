/** What a text report says about links to one peer. */
import { DASH, formatCount, formatDuration, formatOctets } from '../core/format.js';
import type { Link } from '../result/model.js';
import type { Style } from './style.js';
import { counted, line, lines } from './textLines.js';

export function linksBlock(links: readonly Link[], most: number, style: Style): string[] {
  const block = [style.bold(counted(links.length, 'SRT link'))];
  for (const link of links.slice(0, most)) block.push(...linkLines(link, style));
  if (links.length > most) block.push(line('', `and ${counted(links.length - most, 'more link')}`));
  return block;
}

function linkLines(link: Link, style: Style): string[] {
  const isInput = link.direction === 'receive';
  const octets = formatOctets(isInput ? link.octets_received : link.octets_sent);
  const block = lines(
    isInput ? 'received' : 'sent',
    `${link.name}: ${octets} over ${counted(link.connections, 'connection')}`,
    link.connections === 0 ? style.bad : undefined,
  );
  const packets = isInput ? link.packets_received : link.packets_sent;
  if (packets !== null) {
    const lost = isInput ? link.packets_lost_receiving : link.packets_lost_sending;
    const again = isInput ? '' : `, ${formatCount(link.packets_retransmitted)} of them again`;
    block.push(line('packets', `${formatCount(packets)}${again}, ${formatCount(lost)} lost on the way`));
    const dropped = (isInput ? link.packets_dropped_receiving : link.packets_dropped_sending) ?? 0;
    const missing = `${counted(dropped, 'packet')} came too late and ${dropped === 1 ? 'is' : 'are'} missing`;
    if (dropped > 0) block.push(line('', style.bad(missing)));
  }
  const latencyNs = isInput ? link.latency_ns : link.peer_latency_ns;
  if (latencyNs !== null && link.connections > 0) {
    const trip = link.rtt_ns === null ? DASH : formatDuration(link.rtt_ns);
    block.push(line('latency', `${formatDuration(latencyNs)} agreed upon, round trip ${trip}`));
  }
  const failed = [
    [link.lost_connections, 'connection', 'lost'],
    [link.failed_attempts, 'call', 'failed'],
    [link.refused_peers ?? 0, 'peer', 'refused for a passphrase'],
    [link.turned_away_peers ?? 0, 'peer', 'turned away because there was one'],
  ] as const;
  const told = failed.filter(([count]) => count > 0).map(([count, what, how]) => `${counted(count, what)} ${how}`);
  if (told.length > 0) block.push(...lines('', told.join(', '), style.warn));
  if (link.octets_discarded > 0) {
    block.push(...lines('', `${formatOctets(link.octets_discarded)} discarded while no peer was there`, style.bad));
  }
  return block;
}
