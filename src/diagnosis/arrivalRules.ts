import type { Growth, PlaceFacts, WantedGroup } from './facts.js';
import { finding, plural, type Outcome } from './outcome.js';
import { filteredRules } from './routeRules.js';

/** It came to this host, and the kernel says that it dropped it. */
export function* droppedRules(place: PlaceFacts): Generator<Outcome> {
  const { family, interface: iface, growth, socketDrops } = place;
  if (socketDrops > 0) {
    const text = `the socket's receive buffer dropped ${plural(socketDrops, 'datagram')}`;
    const evidence = [{ from: 'SO_MEMINFO', value: String(socketDrops) }];
    yield finding('receive-buffer', 'broken', text, evidence, 'larger with --rcvbuf');
  }
  if (!growth.known) return;
  yield* filteredRules(place);
  yield* damagedRules(place);
  const fragments = fragmentCount(family, growth.value);
  const whole = growth.value.counters[family === 4 ? 'ip_reasm_oks' : 'ip6_reasm_oks'] ?? null;
  if (fragments > 0 && whole === 0) {
    const text = `${fragments} fragments came, but no whole datagram: the sender's --size is above the MTU of the way, and parts get lost`;
    yield finding('mtu', 'broken', text, [counted('ReasmReqds', fragments)]);
  }
  // IPv4 counts a multicast packet when a membership wants it, and again when it gets through.
  const { ip_in_mcast_pkts: wanted = null, ip_in_delivers: delivered = null } = growth.value.counters;
  // Over loopback the join's own IGMP reports come back, wanted by no one.
  const overLoopback = iface?.loopback === true;
  if (family === 4 && wanted !== null && delivered !== null && wanted > delivered && fragments === 0 && !overLoopback) {
    const text = `a firewall of this host dropped ${plural(wanted - delivered, 'datagram')}`;
    const evidence = [counted('IpExt InMcastPkts', wanted), counted('Ip InDelivers', delivered)];
    yield finding('firewall-group', 'broken', text, evidence, 'nft list ruleset, iptables -L -v');
  }
  yield* interfaceDrops(place);
}

/** What arrives in bad condition, whoever it is for. */
export function* damagedRules({ family, growth }: PlaceFacts): Generator<Outcome> {
  if (!growth.known) return;
  const checksum = growth.value.counters[family === 4 ? 'udp_in_csum_errors' : 'udp6_in_csum_errors'] ?? 0;
  if (checksum === 0) return;
  const text = `${plural(checksum, 'datagram')} came with a wrong UDP checksum`;
  yield finding('arrivals', 'warning', text, [counted('Udp InCsumErrors', checksum)]);
}

export function* interfaceDrops({ growth, interfaceName: name }: PlaceFacts): Generator<Outcome> {
  const own = growth.known ? growth.value.interfaces.get(name) : undefined;
  if (own === undefined || own.rxDropped + own.rxErrors === 0) return;
  const text = `${name} dropped ${plural(own.rxDropped + own.rxErrors, 'datagram')}`;
  const evidence = [{ from: `/proc/net/dev ${name}`, value: `${own.rxDropped} dropped, ${own.rxErrors} errors` }];
  yield finding('arrivals', 'warning', text, evidence, `ethtool -S ${name}`);
}

/** It came to this host, and nobody here had asked for it. */
export function* unwantedRules(place: PlaceFacts): Generator<Outcome> {
  const { family, growth, interfaceName, unicast } = place;
  const wanted = place.groups[0];
  if (!growth.known || wanted === undefined) return;
  const { group, port, sources } = wanted;
  const { counters } = growth.value;
  const ignored = counters[family === 4 ? 'udp_ignored_multi' : 'udp6_ignored_multi'] ?? 0;
  if (!unicast && ignored > 0) {
    const text = `${plural(ignored, 'datagram')} of a joined group came for another port or source than was asked for: is ${port} the port?`;
    yield finding('arrivals', 'warning', text, [counted('Udp IgnoredMulti', ignored)]);
  }
  const noPorts = counters[family === 4 ? 'udp_no_ports' : 'udp6_no_ports'] ?? 0;
  if (unicast && noPorts > 0) {
    const text = `${plural(noPorts, 'datagram')} came for ports that nobody has open: is ${port} the port?`;
    yield finding('arrivals', 'warning', text, [counted('Udp NoPorts', noPorts)]);
  }
  const discarded = family === 6 && sources.length > 0 ? (counters['ip6_in_discards'] ?? 0) : 0;
  if (discarded > 0) {
    const text = `${plural(discarded, 'datagram')} of the group came from another source than ${sources.join(', ')}`;
    yield finding('arrivals', 'warning', text, [counted('Ip6InDiscards', discarded)]);
  }
  const refused = notJoined(family, growth.value) - discarded;
  if (unicast || refused <= 0) return;
  const what = sources.length > 0 ? `that ${sources.join(', ')} sends to ${group}` : `that it is sent to ${group}`;
  const text = `${plural(refused, 'datagram')} came that no membership here wants: make sure ${what}, and that it comes in at ${interfaceName}`;
  yield finding('arrivals', 'warning', text, [counted('Ip InReceives without InDelivers', refused)]);
}

function fragmentCount(family: 4 | 6, { counters }: Growth): number {
  return counters[family === 4 ? 'ip_reasm_reqds' : 'ip6_reasm_reqds'] ?? 0;
}

/** Packets that IP received and gave to nobody, without an error; 0 where fragments blur the difference. */
function notJoined(family: 4 | 6, growth: Growth): number {
  const { counters } = growth;
  const counter = (name: string): number | null => counters[name] ?? null;
  if (fragmentCount(family, growth) > 0) return 0;
  if (family === 4) {
    const [received, delivered] = [counter('ip_in_receives'), counter('ip_in_delivers')];
    const wanted = counter('ip_in_mcast_pkts');
    if (received === null || delivered === null || wanted === null) return 0;
    const filtered = counter('ip_reverse_path_filter') ?? 0;
    return received - Math.max(delivered, wanted) - (counter('ip_forwarded') ?? 0) - filtered;
  }
  const [received, delivered] = [counter('ip6_in_receives'), counter('ip6_in_delivers')];
  return received === null || delivered === null ? 0 : received - delivered - (counter('ip6_forwarded') ?? 0);
}

/** The interface hears nothing, others do; or a filter whose counter cannot be read may swallow it. */
export function* elsewhereRules(place: PlaceFacts): Generator<Outcome> {
  const { family, growth, interfaceName, interface: iface, reversePathFilter: filter } = place;
  if (!growth.known) return;
  const own = growth.value.interfaces.get(interfaceName);
  const busiest = [...growth.value.interfaces]
    .filter(([name, { rxPackets }]) => name !== interfaceName && rxPackets > 0)
    .sort((a, b) => b[1].rxPackets - a[1].rxPackets)[0];
  if (own !== undefined && own.rxPackets === 0 && busiest !== undefined && iface?.loopback !== true) {
    const [name, { rxPackets }] = busiest;
    const text = `${interfaceName} received nothing at all, ${name} ${rxPackets} packets: is the stream there (--iface ${name})?`;
    yield finding('arrivals', 'warning', text, [
      { from: '/proc/net/dev', value: `${interfaceName} 0, ${name} ${rxPackets}` },
    ]);
  }
  const isStrict = filter.known && Math.max(filter.value.own, filter.value.all) === 1;
  if (family === 4 && isStrict && (growth.value.counters['ip_reverse_path_filter'] ?? null) === null) {
    const text = `the reverse path filter of ${interfaceName} is strict: a sender without a route through it is dropped`;
    yield finding('reverse-path', 'warning', text);
  }
}

/** What lies beyond this host. */
export function* unseenRules(place: PlaceFacts): Generator<Outcome> {
  const { growth, interfaceName, interface: iface, unicast, family } = place;
  const wanted = place.groups[0];
  if (wanted === undefined) return;
  const { sources } = wanted;
  const where = whereText(family, wanted);
  const received = growth.known ? growth.value.interfaces.get(interfaceName)?.rxPackets : undefined;
  const nothing = received === 0 ? ' (it received nothing at all)' : '';
  if (iface?.loopback === true) {
    const text = `no sender of this host sends to ${where} on ${interfaceName}: others are not heard there, and a sender must name it too (--iface ${interfaceName})`;
    yield finding('arrivals', 'note', text);
    yield finding('arrivals', 'note', 'the stream comes in at a real interface: name that one with --iface');
    return;
  }
  const who = sources.length > 0 ? sources.join(', ') : 'nobody';
  const sends = sources.length > 0 ? 'does not send' : 'sends';
  const text = `${who} ${sends} to ${where} on the network of ${interfaceName}${nothing}: is the sender running, on the right interface?`;
  yield finding('arrivals', 'note', text);
  if (unicast) {
    yield finding('firewall-group', 'note', 'a firewall on the way, or of this host, drops it');
    return;
  }
  yield finding('ttl', 'note', 'its TTL ends before it gets here: senders begin with 1, every router takes one off');
  const way = `a switch or router on the way does not forward it: no ${family === 4 ? 'IGMP' : 'MLD'} querier for snooping, no multicast routing`;
  yield finding('querier', 'note', way);
}

function whereText(family: 4 | 6, { group, port }: WantedGroup): string {
  return family === 4 ? `${group}:${port}` : `[${group}]:${port}`;
}

function counted(name: string, by: number): { from: string; value: string } {
  return { from: name, value: `+${by}` };
}
