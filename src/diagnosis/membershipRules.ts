import { isSsmRange, parseAddress } from '../core/address.js';
import type { MembershipProtocol, PlaceFacts, WantedGroup } from './facts.js';
import { finding, listed, notChecked, seen, type Outcome } from './outcome.js';

/** What the kernel lets sockets join, and in which version the network is told of it. */
export function* membershipRules(place: PlaceFacts): Generator<Outcome> {
  if (place.unicast || place.interface?.loopback === true) return;
  yield* membershipLimit(place);
  yield* sourceLimit(place);
  yield* version(place);
}

function* membershipLimit({ family, membershipLimit: limit, groups }: PlaceFacts): Generator<Outcome> {
  // IPv6 has no such limit.
  if (family === 6) return;
  if (!limit.known) {
    yield notChecked('membership-limit', limit);
    return;
  }
  const most = limit.value;
  const wanted = new Set(groups.map(({ group }) => group)).size;
  const evidence = [seen(limit, String)];
  const remedy = `sysctl -w net.ipv4.igmp_max_memberships=${Math.max(20, wanted)}`;
  if (most < 1) {
    yield finding(
      'membership-limit',
      'broken',
      'no socket may join any group (igmp_max_memberships is 0)',
      evidence,
      remedy,
    );
  } else if (wanted > most) {
    const text = `${wanted} groups are wanted, and one socket may join ${most}: a program with one socket for all is refused (ENOBUFS); mcast takes one for each`;
    yield finding('membership-limit', 'warning', text, evidence, remedy);
  } else yield finding('membership-limit', 'ok', `a socket may join ${most} groups`, evidence);
}

function* sourceLimit({ family, sourceLimit: limit, groups }: PlaceFacts): Generator<Outcome> {
  if (!limit.known) {
    yield notChecked('source-limit', limit);
    return;
  }
  const most = limit.value;
  const name = family === 4 ? 'net.ipv4.igmp_max_msf' : 'net.ipv6.mld_max_msf';
  const wanted = Math.max(0, ...groups.map(({ sources }) => sources.length));
  const evidence = [seen(limit, String)];
  const remedy = `sysctl -w ${name}=${Math.max(family === 4 ? 10 : 64, wanted)}`;
  if (most < 1 && wanted > 0) {
    yield finding('source-limit', 'broken', `no socket may name any source (${name} is ${most})`, evidence, remedy);
  } else if (wanted > most) {
    const text = `${wanted} sources of one group are wanted, and one socket may name ${most}: other programs are refused (ENOBUFS); mcast takes several sockets`;
    yield finding('source-limit', 'warning', text, evidence, remedy);
  } else yield finding('source-limit', 'ok', `a socket may name ${most} sources of a group`, evidence);
}

/** In IGMPv1, IGMPv2 and MLDv1 nothing but the group can be asked for (RFC 3376 section 7.2, RFC 3810 section 8.2). */
function* version({ family, interfaceName: name, forcedVersion, protocol, groups }: PlaceFacts): Generator<Outcome> {
  const word = family === 4 ? 'IGMP' : 'MLD';
  const newest = family === 4 ? 3 : 2;
  const sourced = groups.filter(wantsSource);
  const hurts = sourced.length > 0;
  const cannot = hurts
    ? `in which no source can be asked for: the network knows nothing of a join of ${listed(sourced.map(sourcedText))}`
    : 'in which no source can be asked for';
  const severity = hurts ? 'broken' : groups.length > 0 ? 'note' : 'warning';
  const forced = forcedVersion.known ? forcedVersion.value.own || forcedVersion.value.all : 0;
  if (forcedVersion.known && forced > 0 && forced < newest) {
    const whose = forcedVersion.value.own > 0 ? name : 'all';
    yield finding(
      'membership-version',
      severity,
      `${name} is forced to ${word}v${forced}, ${cannot}`,
      [seen(forcedVersion, ({ own, all }) => `${name} ${own}, all ${all}`)],
      `sysctl -w net.ipv${family}.conf.${whose}.force_${word.toLowerCase()}_version=0`,
    );
    return;
  }
  if (!protocol.known) {
    yield notChecked('membership-version', protocol);
    return;
  }
  const evidence = [seen(protocol, String)];
  if (!isOld(protocol.value)) {
    yield finding('membership-version', 'ok', `${name} speaks ${protocol.value}`, evidence);
    return;
  }
  yield finding(
    'membership-version',
    severity,
    `an ${protocol.value} querier holds ${name} in that version, ${cannot}`,
    evidence,
    `have the querier of this network speak ${word}v${newest}; the host follows ${OTHER_QUERIER_SECONDS} s later at most`,
  );
}

/** Older Version Querier Present Timeout with the defaults of RFC 3376 section 8.12: 2 x 125 + 10. */
const OTHER_QUERIER_SECONDS = 260;

function isOld(protocol: MembershipProtocol): boolean {
  return protocol === 'IGMPv1' || protocol === 'IGMPv2' || protocol === 'MLDv1';
}

function wantsSource({ group, sources }: WantedGroup): boolean {
  const address = parseAddress(group);
  return sources.length > 0 || (address !== null && isSsmRange(address));
}

function sourcedText({ group, sources }: WantedGroup): string {
  return sources.length === 0 ? group : `${sources[0]}@${group}`;
}

/** Of a group that somebody here has joined. */
export function* joinedRules({ joined, unicast, interfaceName: name, groups }: PlaceFacts): Generator<Outcome> {
  const first = groups[0];
  if (unicast || first === undefined || !joined.known || joined.value) return;
  const text = `${name} has lost its membership of ${first.group}: was it switched off and on?`;
  yield finding('membership', 'broken', text, [seen(joined, () => 'not joined')]);
}
