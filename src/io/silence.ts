import { existsSync, readFileSync } from 'node:fs';
import type { AddressFamily, DatagramSource, MembershipState } from './datagram.js';
import { SocketCounter } from './datagram.js';
import type { HostEvidence } from './hostEvidence.js';
import { evidenceGrowth, readHostEvidence } from './hostEvidence.js';
import type { NetworkInterface } from './interfaces.js';
import { listInterfaces } from './interfaces.js';
import { readInterfaceMembership } from './linux/membership.js';

/** What is listened for. */
export interface SilentAddress {
  readonly family: AddressFamily;
  readonly group: string;
  readonly port: number;
  readonly sources: readonly string[];
  readonly unicast: boolean;
  readonly interfaceName: string;
}

/** What can be seen from this host when nothing arrives. `null`: not readable. */
export interface SilenceFacts extends SilentAddress {
  /** As it is now; `null`: it has gone. */
  readonly interface: NetworkInterface | null;
  /** Whether the interface has the group joined now. */
  readonly joined: boolean | null;
  readonly protocol: MembershipState['protocol'];
  /** Reverse path filter in force on the interface, IPv4: 0 off, 1 strict, 2 loose. */
  readonly reversePathFilter: number | null;
  /** Datagrams that the kernel dropped at the socket. */
  readonly kernelDrops: number;
  /** Host counters since the join. */
  readonly growth: HostEvidence;
}

/** Reasons told at most. */
const REASONS_TOLD = 3;

/**
 * Why nothing arrives: the likeliest reasons, best first, each with what was seen and what to do. What
 * the kernel's counters prove comes before what they suggest, and that before what this host cannot see.
 */
export function silenceReasons(facts: SilenceFacts): string[] {
  const reasons = [...broken(facts), ...dropped(facts), ...unwanted(facts), ...elsewhere(facts), ...unseen(facts)];
  return reasons.slice(0, REASONS_TOLD);
}

/** Nothing can arrive as things are. */
function* broken(facts: SilenceFacts): Generator<string> {
  const { interface: iface, interfaceName, group, sources, protocol } = facts;
  if (iface === null) {
    yield `the interface ${interfaceName} has gone`;
    return;
  }
  if (!iface.up) yield `${interfaceName} is down: ip link set ${interfaceName} up`;
  else if (iface.carrier === false) yield `${interfaceName} has no carrier: no cable, or nobody at its other end`;
  if (facts.unicast) return;
  if (iface.multicast === false && !iface.loopback) {
    yield `${interfaceName} lacks the MULTICAST flag: ip link set ${interfaceName} multicast on`;
  }
  if (facts.joined === false) yield `${interfaceName} has lost its membership of ${group}: was it switched off and on?`;
  if (sources.length > 0 && (protocol === 'IGMPv1' || protocol === 'IGMPv2' || protocol === 'MLDv1')) {
    yield `a ${protocol} querier (or force_${facts.family === 4 ? 'igmp' : 'mld'}_version) holds ${interfaceName} in that mode, in which no source can be asked for: the network knows nothing of this join`;
  }
}

/** It came to this host, and the kernel says that it dropped it. */
function* dropped(facts: SilenceFacts): Generator<string> {
  const { family, interfaceName, growth, kernelDrops } = facts;
  if (kernelDrops > 0) yield `the socket's receive buffer dropped ${count(kernelDrops)}: larger with --rcvbuf`;
  const filtered = family === 4 ? (growth.counters.ip_reverse_path_filter ?? 0) : 0;
  if (filtered > 0) {
    yield `the reverse path filter dropped ${count(filtered)}: the route to the sender does not lead to ${interfaceName} (add one, or sysctl net.ipv4.conf.${interfaceName}.rp_filter=2 and of "all")`;
  }
  const checksum = growth.counters[family === 4 ? 'udp_in_csum_errors' : 'udp6_in_csum_errors'] ?? 0;
  if (checksum > 0) yield `${count(checksum)} came with a wrong UDP checksum`;
  const fragments = fragmentCount(facts);
  const whole = growth.counters[family === 4 ? 'ip_reasm_oks' : 'ip6_reasm_oks'];
  if (fragments > 0 && whole === 0) {
    yield `${fragments} fragments came, but no whole datagram: the sender's --size is above the MTU of the way, and parts get lost`;
  }
  // IPv4 counts a multicast packet when a membership wants it, and again when it gets through.
  const { ip_in_mcast_pkts: wanted, ip_in_delivers: delivered } = growth.counters;
  // Over loopback the join's own IGMP reports come back, wanted by no one.
  const overLoopback = facts.interface?.loopback === true;
  if (family === 4 && wanted !== null && delivered !== null && wanted > delivered && fragments === 0 && !overLoopback) {
    yield `a firewall of this host dropped ${count(wanted - delivered)}: nft list ruleset, iptables -L -v`;
  }
  const errors = growth.interfaces.get(interfaceName);
  if (errors !== undefined && errors.rxDropped + errors.rxErrors > 0) {
    yield `${interfaceName} dropped ${count(errors.rxDropped + errors.rxErrors)}: ethtool -S ${interfaceName}`;
  }
}

/** It came to this host, and nobody here had asked for it. */
function* unwanted(facts: SilenceFacts): Generator<string> {
  const { family, group, port, sources, growth, interfaceName, unicast } = facts;
  const { counters } = growth;
  const ignored = counters[family === 4 ? 'udp_ignored_multi' : 'udp6_ignored_multi'] ?? 0;
  if (!unicast && ignored > 0) {
    yield `${count(ignored)} of a joined group came for another port or source than was asked for: is ${port} the port?`;
  }
  const noPorts = counters[family === 4 ? 'udp_no_ports' : 'udp6_no_ports'] ?? 0;
  if (unicast && noPorts > 0) yield `${count(noPorts)} came for ports that nobody has open: is ${port} the port?`;
  const discarded = family === 6 && sources.length > 0 ? (counters.ip6_in_discards ?? 0) : 0;
  if (discarded > 0) yield `${count(discarded)} of the group came from another source than ${sources.join(', ')}`;
  const refused = notJoined(facts) - discarded;
  if (unicast || refused <= 0) return;
  const what = sources.length > 0 ? `that ${sources.join(', ')} sends to ${group}` : `that it is sent to ${group}`;
  yield `${count(refused)} came that no membership here wants: make sure ${what}, and that it comes in at ${interfaceName}`;
}

function fragmentCount({ family, growth: { counters } }: SilenceFacts): number {
  return counters[family === 4 ? 'ip_reasm_reqds' : 'ip6_reasm_reqds'] ?? 0;
}

/** Packets that IP received and gave to nobody, without an error; 0 where fragments blur the difference. */
function notJoined(facts: SilenceFacts): number {
  const { counters } = facts.growth;
  if (fragmentCount(facts) > 0) return 0;
  if (facts.family === 4) {
    const { ip_in_receives: received, ip_in_delivers: delivered, ip_in_mcast_pkts: wanted } = counters;
    if (received === null || delivered === null || wanted === null) return 0;
    const filtered = counters.ip_reverse_path_filter ?? 0;
    return received - Math.max(delivered, wanted) - (counters.ip_forwarded ?? 0) - filtered;
  }
  const { ip6_in_receives: received, ip6_in_delivers: delivered, ip6_forwarded: forwarded } = counters;
  return received === null || delivered === null ? 0 : received - delivered - (forwarded ?? 0);
}

/** The interface hears nothing, others do; or a filter whose counter cannot be read may swallow it. */
function* elsewhere(facts: SilenceFacts): Generator<string> {
  const { family, growth, interfaceName, interface: iface, reversePathFilter } = facts;
  const own = growth.interfaces.get(interfaceName);
  const busiest = [...growth.interfaces]
    .filter(([name, { rxPackets }]) => name !== interfaceName && rxPackets > 0)
    .sort((a, b) => b[1].rxPackets - a[1].rxPackets)[0];
  if (own !== undefined && own.rxPackets === 0 && busiest !== undefined && iface?.loopback !== true) {
    const [name, { rxPackets }] = busiest;
    yield `${interfaceName} received nothing at all, ${name} ${rxPackets} packets: is the stream there (--iface ${name})?`;
  }
  if (family === 4 && reversePathFilter === 1 && growth.counters.ip_reverse_path_filter === null) {
    yield `the reverse path filter of ${interfaceName} is strict: a sender without a route through it is dropped`;
  }
}

/** What lies beyond this host. */
function* unseen(facts: SilenceFacts): Generator<string> {
  const { group, port, sources, growth, interfaceName, interface: iface, unicast, family } = facts;
  const where = family === 4 ? `${group}:${port}` : `[${group}]:${port}`;
  const nothing = growth.interfaces.get(interfaceName)?.rxPackets === 0 ? ' (it received nothing at all)' : '';
  if (iface?.loopback === true) {
    yield `no sender of this host sends to ${where} on ${interfaceName}: others are not heard there, and a sender must name it too (--iface ${interfaceName})`;
    yield `the stream comes in at a real interface: name that one with --iface`;
    return;
  }
  const who = sources.length > 0 ? sources.join(', ') : 'nobody';
  const sends = sources.length > 0 ? 'does not send' : 'sends';
  yield `${who} ${sends} to ${where} on the network of ${interfaceName}${nothing}: is the sender running, on the right interface?`;
  if (unicast) {
    yield 'a firewall on the way, or of this host, drops it';
    return;
  }
  yield 'its TTL ends before it gets here: senders begin with 1, every router takes one off';
  yield `a switch or router on the way does not forward it: no ${family === 4 ? 'IGMP' : 'MLD'} querier for snooping, no multicast routing`;
}

function count(datagrams: number): string {
  return `${datagrams} datagram${datagrams === 1 ? '' : 's'}`;
}

/** Looks at the host. `before`: its counters at the join. */
export function gatherSilenceFacts(
  address: SilentAddress,
  source: Pick<DatagramSource, 'counters' | 'readDrops' | 'membership'>,
  before: HostEvidence,
): SilenceFacts {
  const { family, group, interfaceName, unicast } = address;
  const iface = listInterfaces().find(({ name }) => name === interfaceName) ?? null;
  const membership = source.membership();
  const memberships = family === 4 ? '/proc/net/igmp' : '/proc/net/igmp6';
  // readDrops also brings KernelDrops up to date.
  source.readDrops();
  return {
    ...address,
    interface: iface,
    joined:
      unicast || iface === null || !existsSync(memberships)
        ? null
        : readInterfaceMembership(family, group, iface.index).joined,
    protocol: membership.protocol,
    reversePathFilter: family === 4 ? effectiveFilter(interfaceName) : null,
    kernelDrops: source.counters[SocketCounter.KernelDrops]!,
    growth: evidenceGrowth(before, readHostEvidence()),
  };
}

/** The greater of the interface's value and that of all (Documentation/networking/ip-sysctl, rp_filter). */
function effectiveFilter(interfaceName: string): number | null {
  const [all, own] = ['all', interfaceName].map(readFilter);
  return all === null || own === null ? null : Math.max(all!, own!);
}

function readFilter(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, 'utf8'));
  } catch {
    return null;
  }
}
