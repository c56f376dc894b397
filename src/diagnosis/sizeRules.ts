import { formatDuration, formatHostPort, formatRate } from '../core/format.js';
import { IPV4_HEADER_OCTETS, IPV6_HEADER_OCTETS, packetsPerSecondAt, UDP_HEADER_OCTETS } from '../core/layers.js';
import { truesize } from '../core/truesize.js';
import type { PlaceFacts, WantedGroup } from './facts.js';
import { finding, listed, notChecked, plural, seen, type Outcome } from './outcome.js';
import { isInNetwork } from './subnet.js';

/** Of a stream of which no rate is said: a usual one in high definition. */
const USUAL_BIT_PER_SECOND = 20e6;
/** A buffer that holds less is overrun by what a busy host does beside. */
const SHORT_BUFFER_NS = 50e6;
/** What `mcast recv` asks for. */
const ASKED_BY_DEFAULT = 64 * 1024 * 1024;

/** How far, how large, how long. */
export function* sizeRules(place: PlaceFacts): Generator<Outcome> {
  if (place.groups.length > 0 && !place.unicast && place.interface?.loopback !== true) yield* ttl(place);
  if (place.groups.length > 0) yield* mtu(place);
  yield* receiveBuffer(place);
}

function* ttl(place: PlaceFacts): Generator<Outcome> {
  const { groups } = place;
  const stays = groups.filter((wanted) => wanted.ttl === 0);
  if (stays.length > 0) {
    const text = `with a TTL of 0 nothing leaves the host that sends to ${names(stays)}`;
    yield finding('ttl', 'broken', text, [{ from: 'endpoint', value: 'ttl 0' }], '--ttl 1');
  }
  const routed = groups.filter((wanted) => isBehindRouter(place, wanted));
  const evidence = routed[0] === undefined ? [] : sourceEvidence(place, routed[0]);
  const ends = routed.filter((wanted) => wanted.ttl === 1);
  if (ends.length > 0) {
    yield finding(
      'ttl',
      'broken',
      `${names(ends)}: ${ends[0]!.sources.join(', ')} is behind a router, and with a TTL of 1 what it sends ends at the first one`,
      [...evidence, { from: 'endpoint', value: 'ttl 1' }],
      'at the sender: --ttl 16',
    );
  }
  const open = routed.filter((wanted) => wanted.ttl === null);
  if (open.length > 0) {
    yield finding(
      'ttl',
      'note',
      `${names(open)}: ${open[0]!.sources.join(', ')} is behind a router, and senders begin with a TTL of 1`,
      evidence,
      'at the sender: --ttl 16',
    );
  }
  const short = groups.filter((wanted) => wanted.ttl === 1 && !routed.includes(wanted));
  if (short.length > 0) {
    yield finding('ttl', 'note', `a TTL of 1 takes ${names(short)} no further than this network`, [], '--ttl 16');
  }
  if (stays.length + ends.length + open.length + short.length === 0) {
    yield finding('ttl', 'ok', 'no router is known at which the TTL would end', evidence);
  }
}

/** None of its sources is of a network of the interface, and the kernel reaches them through a router. */
function isBehindRouter({ interface: iface, sourceRoutes }: PlaceFacts, { sources }: WantedGroup): boolean {
  if (sources.length === 0 || iface === null) return false;
  return sources.every((source) => {
    if (iface.addresses.some(({ address, prefixBits }) => isInNetwork(source, address, prefixBits))) return false;
    const route = sourceRoutes.get(source);
    return route?.known === true && route.value.gateway !== null;
  });
}

function sourceEvidence({ sourceRoutes }: PlaceFacts, { sources }: WantedGroup): { from: string; value: string }[] {
  const route = sourceRoutes.get(sources[0]!);
  return route === undefined ? [] : [seen(route, ({ gateway }) => `to ${sources[0]}: via ${gateway}`)];
}

function names(groups: readonly WantedGroup[]): string {
  return listed(groups.map(({ group }) => group));
}

function* mtu({ family, interface: iface, interfaceName: name, groups }: PlaceFacts): Generator<Outcome> {
  const most = iface?.mtuOctets ?? null;
  if (most === null) {
    yield notChecked('mtu', { why: `the MTU of ${name} cannot be read`, wantsRoot: false });
    return;
  }
  const headers = UDP_HEADER_OCTETS + (family === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS);
  const largest = groups.reduce((a, b) => (b.sizeOctets > a.sizeOctets ? b : a));
  const packet = largest.sizeOctets + headers;
  const evidence = [{ from: `MTU of ${name}`, value: String(most) }];
  if (packet <= most) {
    yield finding('mtu', 'ok', `datagrams of ${largest.sizeOctets} octets fit the MTU of ${name}, ${most}`, evidence);
    return;
  }
  const place = formatHostPort(largest.group, largest.port);
  yield finding(
    'mtu',
    'warning',
    `datagrams of ${largest.sizeOctets} octets (${place}) do not fit the MTU of ${name}, ${most}: sent here they leave in fragments, and larger frames of others are not received; the largest that fits is --size ${Math.max(0, most - headers)}`,
    evidence,
    `ip link set ${name} mtu ${packet}`,
  );
}

function* receiveBuffer({ buffer, groups }: PlaceFacts): Generator<Outcome> {
  if (!buffer.known) {
    yield notChecked('receive-buffer', buffer);
    return;
  }
  const { askedOctets: asked, grantedOctets: granted, mostOctets: most } = buffer.value;
  const fastest = groups.reduce<WantedGroup | null>(
    (a, b) => (a === null || perSecond(b) * truesize(b.sizeOctets) > perSecond(a) * truesize(a.sizeOctets) ? b : a),
    null,
  );
  const size = fastest?.sizeOctets ?? 1316;
  const rate = fastest === null ? packetsPerSecondAt(USUAL_BIT_PER_SECOND, size, 4, 'payload') : perSecond(fastest);
  const holds = Math.floor(granted / truesize(size));
  const holdsNs = (holds / rate) * 1e9;
  const evidence = [
    seen(buffer, () => `${granted} octets of ${asked} asked for`),
    ...(most === null ? [] : [{ from: '/proc/sys/net/core/rmem_max', value: String(most) }]),
  ];
  const text = `a receive buffer holds ${plural(holds, 'datagram')} of ${size} octets: ${formatDuration(holdsNs)} at ${formatRate(rate * size * 8)}`;
  const remedy =
    granted < asked
      ? `sysctl -w net.core.rmem_max=${Math.ceil(asked / 2)}`
      : `--rcvbuf ${ASKED_BY_DEFAULT / 1024 ** 2}Mi`;
  if (holdsNs < SHORT_BUFFER_NS) yield finding('receive-buffer', 'warning', text, evidence, remedy);
  else if (granted < asked) yield finding('receive-buffer', 'note', `${text}; less than asked for`, evidence, remedy);
  else yield finding('receive-buffer', 'ok', text, evidence);
}

function perSecond({ packetsPerSecond, sizeOctets }: WantedGroup): number {
  return packetsPerSecond ?? packetsPerSecondAt(USUAL_BIT_PER_SECOND, sizeOctets, 4, 'payload');
}
