import { known, unknown, type Fact } from '../diagnosis/fact.js';
import type { PlaceFacts, RouteFacts } from '../diagnosis/facts.js';
import type { NativeAddon } from '../io/addon.js';
import { nativeFailure } from '../io/addon.js';
import { listInterfaces, type NetworkInterface } from '../io/interfaces.js';
import { readLinkShapes } from '../io/linux/links.js';
import { readInterfaceMembership } from '../io/linux/membership.js';
import { lookUpRoute } from '../io/linux/routeLookup.js';
import { readSysctl } from '../io/linux/sysctl.js';

/** Sources and groups whose routes are asked for. */
const ROUTES_ASKED = 256;
const ALL_HOSTS = '224.0.0.1';

type Settings = Pick<
  PlaceFacts,
  | 'ipv6Enabled'
  | 'master'
  | 'bridge'
  | 'sourceRoutes'
  | 'reversePathFilter'
  | 'membershipLimit'
  | 'sourceLimit'
  | 'forcedVersion'
  | 'protocol'
>;

/** What the settings of this host say of one interface: read without waiting for anything. */
export function readPlaceSettings(
  addon: NativeAddon | null,
  family: 4 | 6,
  via: NetworkInterface,
  sources: readonly string[],
): Settings {
  const { name, index } = via;
  const links = addon === null ? null : readLinkShapes(addon);
  const own = links?.get(index);
  const master = own === undefined || own.master === 0 ? undefined : links?.get(own.master);
  const noLinks = addon === null ? nativeFailure() : 'the kernel does not list its interfaces (netlink)';
  return {
    ipv6Enabled: ipv6Enabled(name),
    master:
      own === undefined
        ? unknown(noLinks)
        : known(master === undefined ? null : { name: master.name, kind: master.kind }, 'RTM_GETLINK'),
    bridge: own === undefined ? unknown(noLinks) : known(own.bridge, 'RTM_GETLINK'),
    sourceRoutes: readRoutes(addon, family, sources),
    reversePathFilter: family === 4 ? both(name, 'net/ipv4/conf', 'rp_filter') : unknown('IPv6 has none'),
    membershipLimit: sysctl('net/ipv4/igmp_max_memberships', (value) => value),
    sourceLimit: sysctl(family === 4 ? 'net/ipv4/igmp_max_msf' : 'net/ipv6/mld_max_msf', (value) => value),
    forcedVersion:
      family === 4
        ? both(name, 'net/ipv4/conf', 'force_igmp_version')
        : both(name, 'net/ipv6/conf', 'force_mld_version'),
    protocol: family === 4 ? igmpVersion(index, name) : unknown('the kernel does not tell the MLD version in use'),
  };
}

/** Every interface that has joined anything, so each that is up, has joined this one. */
function igmpVersion(index: number, name: string): PlaceFacts['protocol'] {
  const { protocol } = readInterfaceMembership(4, ALL_HOSTS, index);
  return protocol === null ? unknown(`/proc/net/igmp does not have ${name}`) : known(protocol, '/proc/net/igmp');
}

/** An interface whose MTU is too small for it has no settings of IPv6 at all. */
function ipv6Enabled(name: string): Fact<boolean> {
  const file = `net/ipv6/conf/${name}/disable_ipv6`;
  const isMissing = readSysctl(file) === null && readSysctl('net/ipv6/conf/all/disable_ipv6') !== null;
  return isMissing ? known(false, `/proc/sys/${file}`) : sysctl(file, (value) => value === 0);
}

function sysctl<T>(name: string, take: (value: number) => T): Fact<T> {
  const value = readSysctl(name);
  return value === null ? unknown(`/proc/sys/${name} cannot be read`) : known(take(value), `/proc/sys/${name}`);
}

function both(interfaceName: string, folder: string, name: string): Fact<{ own: number; all: number }> {
  const [own, all] = [readSysctl(`${folder}/${interfaceName}/${name}`), readSysctl(`${folder}/all/${name}`)];
  if (own === null || all === null) return unknown(`/proc/sys/${folder}/${interfaceName}/${name} cannot be read`);
  return known({ own, all }, `/proc/sys/${folder}/*/${name}`);
}

/** Routes to addresses, with `via` out of that interface; further ones than the first 256 are not asked for. */
export function readRoutes(
  addon: NativeAddon | null,
  family: 4 | 6,
  addresses: Iterable<string>,
  via = 0,
): ReadonlyMap<string, Fact<RouteFacts>> {
  const routes = new Map<string, Fact<RouteFacts>>();
  let names: ReadonlyMap<number, string> | null = null;
  for (const address of new Set(addresses)) {
    if (routes.size >= ROUTES_ASKED) break;
    names ??= new Map(listInterfaces().map(({ index, name }) => [index, name]));
    routes.set(address, routeOf(addon, family, address, via, names));
  }
  return routes;
}

function routeOf(
  addon: NativeAddon | null,
  family: 4 | 6,
  address: string,
  via: number,
  names: ReadonlyMap<number, string>,
): Fact<RouteFacts> {
  if (addon === null) return unknown(nativeFailure());
  const answer = lookUpRoute(addon, family, address.replace(/%.*$/, ''), via);
  if (answer === null) return unknown(`the kernel does not tell the route to ${address}`);
  if (answer === 'none') return known({ interfaceName: null, gateway: null }, 'RTM_GETROUTE');
  const { interfaceIndex, gateway } = answer;
  return known({ interfaceName: names.get(interfaceIndex) ?? String(interfaceIndex), gateway }, 'RTM_GETROUTE');
}
