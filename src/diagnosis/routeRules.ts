import { needsZone, parseAddress } from '../core/address.js';
import type { Fact } from './fact.js';
import type { PlaceFacts, RouteFacts } from './facts.js';
import { finding, listed, notChecked, plural, seen, type Evidence, type Outcome } from './outcome.js';

/** Where what goes to the groups would go. */
export function* routeRules(place: PlaceFacts): Generator<Outcome> {
  const { interfaceName: name, family, isNamed } = place;
  const routed = [...place.routes].filter(([group]) => !isLinkBound(group));
  const none = groupsWhere(routed, (route) => route.interfaceName === null);
  const elsewhere = groupsWhere(routed, (route) => route.interfaceName !== null && route.interfaceName !== name);
  const here = groupsWhere(routed, (route) => route.interfaceName === name);
  if (none.length > 0) {
    const remedy =
      family === 4
        ? `ip route add 224.0.0.0/4 dev ${name}`
        : `ip -6 route add multicast ff00::/8 dev ${name} table local`;
    const text = isNamed
      ? `no route leads to ${listed(none)}: only a program that is told ${name} can send or join there`
      : `no route leads to ${listed(none)}: who names no interface cannot send or join there`;
    yield finding('route', isNamed ? 'note' : 'broken', text, routeEvidence(routed, none), remedy);
  }
  if (elsewhere.length > 0) {
    const other = interfaceOf(routed, elsewhere[0]!);
    yield finding(
      'route',
      'note',
      `the route to ${listed(elsewhere)} leads to ${other}: a program that is not told ${name} uses that`,
      routeEvidence(routed, elsewhere),
      family === 4 ? `ip route add ${elsewhere[0]}/32 dev ${name}` : `--iface ${name}`,
    );
  }
  const throughRouter = groupsWhere([...place.routesHere], ({ gateway }) => gateway !== null);
  if (throughRouter.length > 0) {
    yield finding(
      'route',
      'broken',
      `the route to ${listed(throughRouter)} names a router: it would be sent to that one alone, by unicast on the link`,
      routeEvidence([...place.routesHere], throughRouter),
      `ip route replace ${throughRouter[0]}/${family === 4 ? 32 : 128} dev ${name}`,
    );
  }
  if (here.length > 0 && throughRouter.length === 0) {
    yield finding('route', 'ok', `the route to ${listed(here)} leads to ${name}`, routeEvidence(routed, here));
  }
  const unknown = routed.find(([, route]) => !route.known)?.[1];
  if (unknown !== undefined && !unknown.known) yield notChecked('route', unknown);
}

type Routes = readonly (readonly [string, Fact<RouteFacts>])[];

function groupsWhere(routes: Routes, wanted: (route: RouteFacts) => boolean): string[] {
  return routes.flatMap(([group, route]) => (route.known && wanted(route.value) ? [group] : []));
}

function interfaceOf(routes: Routes, wanted: string): string {
  const route = routes.find(([group]) => group === wanted)?.[1];
  return route?.known === true ? (route.value.interfaceName ?? 'none') : 'none';
}

function routeEvidence(routes: Routes, groups: readonly string[]): Evidence {
  const first = routes.find(([group]) => group === groups[0]);
  return first === undefined ? [] : [seen(first[1], (route) => `to ${first[0]}: ${routeText(route)}`)];
}

export function routeText({ interfaceName, gateway }: RouteFacts): string {
  if (interfaceName === null) return 'none';
  return gateway === null ? `dev ${interfaceName}` : `via ${gateway} dev ${interfaceName}`;
}

/** Of IPv6 scopes that end at the link: the interface has to be named in any case. */
function isLinkBound(group: string): boolean {
  const address = parseAddress(group);
  return address !== null && needsZone(address);
}

/** Whether the reverse path filter drops what the sources send. IPv6 has none but in packet filters. */
export function* reversePathRules(place: PlaceFacts): Generator<Outcome> {
  const { family, interfaceName: name, reversePathFilter: filter, unicast } = place;
  if (family === 6 || place.interface?.loopback === true || unicast) return;
  if (!filter.known) {
    yield notChecked('reverse-path', filter);
    return;
  }
  const force = Math.max(filter.value.own, filter.value.all);
  const evidence = [seen(filter, ({ own, all }) => `${name} ${own}, all ${all}: ${FILTERS[force] ?? force}`)];
  if (force === 0) {
    yield finding('reverse-path', 'ok', `the reverse path filter of ${name} is off`, evidence);
    return;
  }
  const dropped = sourcesOf(place).filter((source) => isDropped(place, source, force));
  if (dropped.length > 0) {
    const route = place.sourceRoutes.get(dropped[0]!)!;
    const where =
      route.known && route.value.interfaceName !== null ? `leads to ${route.value.interfaceName}` : 'is missing';
    yield finding(
      'reverse-path',
      'broken',
      `the reverse path filter of ${name} drops what ${listed(dropped)} sends: the route to it ${where}`,
      [...evidence, seen(route, (value) => `to ${dropped[0]}: ${routeText(value)}`)],
      force === 1 ? `sysctl -w net.ipv4.conf.${name}.rp_filter=2` : `ip route add ${dropped[0]}/32 dev ${name}`,
    );
    return;
  }
  const unjudged = sourcesOf(place).find((source) => place.sourceRoutes.get(source)?.known !== true);
  if (unjudged !== undefined) {
    yield notChecked('reverse-path', { why: `the route to ${unjudged} could not be asked`, wantsRoot: false });
  } else if (force === 1 && sourcesOf(place).length === 0) {
    yield finding(
      'reverse-path',
      'note',
      `the reverse path filter of ${name} is strict: senders to which no route leads through ${name} are dropped`,
      evidence,
      `sysctl -w net.ipv4.conf.${name}.rp_filter=2`,
    );
  } else yield finding('reverse-path', 'ok', `the reverse path filter of ${name} lets the sources through`, evidence);
}

const FILTERS: readonly string[] = ['off', 'strict', 'loose'];

function sourcesOf({ groups }: PlaceFacts): string[] {
  return [...new Set(groups.flatMap(({ sources }) => sources))];
}

/** RFC 3704: strict wants the way back through the same interface, loose any way back. */
function isDropped({ sourceRoutes, interfaceName }: PlaceFacts, source: string, force: number): boolean {
  const route = sourceRoutes.get(source);
  if (route?.known !== true) return false;
  const { interfaceName: back } = route.value;
  // An address of this host itself is reached through loopback.
  return back === null || (force === 1 && back !== interfaceName && back !== 'lo');
}

/** How many packets were filtered, as a counter of the whole host says; judged only where the filter is on. */
export function* filteredRules(place: PlaceFacts): Generator<Outcome> {
  const { family, growth, interfaceName: name, reversePathFilter: filter } = place;
  if (family === 6 || !growth.known) return;
  const filtered = growth.value.counters['ip_reverse_path_filter'] ?? 0;
  if (filtered === 0) return;
  const force = filter.known ? Math.max(filter.value.own, filter.value.all) : null;
  if (force === 0) return;
  yield finding(
    'reverse-path',
    'broken',
    `the reverse path filter dropped ${plural(filtered, 'datagram')}: the route to the sender does not lead to ${name}`,
    [{ from: '/proc/net/netstat TcpExt IPReversePathFilter', value: `+${filtered}` }],
    force === 2 ? `ip route add <sender>/32 dev ${name}` : `sysctl -w net.ipv4.conf.${name}.rp_filter=2`,
  );
}
