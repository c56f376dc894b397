import { existsSync } from 'node:fs';
import { blankPlace } from '../diagnosis/blankPlace.js';
import { known, unknown } from '../diagnosis/fact.js';
import type { PlaceFacts } from '../diagnosis/facts.js';
import { silenceReasons } from '../diagnosis/silence.js';
import { loadNative } from '../io/addon.js';
import { SocketCounter, type AddressFamily, type DatagramSource } from '../io/datagram.js';
import { evidenceGrowth, readHostEvidence, type HostEvidence } from '../io/hostEvidence.js';
import { listInterfaces } from '../io/interfaces.js';
import { readInterfaceMembership } from '../io/linux/membership.js';
import { readPlaceSettings } from './placeSettings.js';
import type { OpenSource } from './receiverSetup.js';

/** What is listened for. */
export interface SilentAddress {
  readonly family: AddressFamily;
  readonly group: string;
  readonly port: number;
  readonly sources: readonly string[];
  readonly unicast: boolean;
  readonly interfaceName: string;
}

/** Of a datagram of which nothing is known: one that fits any MTU. */
const SIZE_OCTETS = 1;

/** Why nothing arrives, likeliest first: found by looking at the first socket, which stands for the others. */
export function reasonsForSilence(sources: readonly OpenSource[], unicast: boolean, before: HostEvidence): string[] {
  const first = sources[0];
  if (first === undefined) return [];
  const { family, group, port, sources: from } = first.planned;
  const address = { family, group, port, sources: from, unicast, interfaceName: first.via.name };
  return silenceReasons(gatherSilence(address, first.source, before));
}

/** Looks at the host. `before`: its counters at the join. */
export function gatherSilence(
  { family, group, port, sources, unicast, interfaceName }: SilentAddress,
  source: Pick<DatagramSource, 'counters' | 'readDrops' | 'membership'>,
  before: HostEvidence,
): PlaceFacts {
  const via = listInterfaces().find(({ name }) => name === interfaceName) ?? null;
  const memberships = family === 4 ? '/proc/net/igmp' : '/proc/net/igmp6';
  const { protocol, evidence } = source.membership();
  // readDrops also brings KernelDrops up to date.
  source.readDrops();
  const wanted = { group, port, sources, ttl: null, sizeOctets: SIZE_OCTETS, packetsPerSecond: null };
  const place = { family, interfaceName, interface: via, unicast, groups: [wanted] };
  return blankPlace({
    ...(via === null ? {} : readPlaceSettings(loadNative(), family, via, sources)),
    ...place,
    joined:
      unicast || via === null || !existsSync(memberships)
        ? unknown(`${memberships} is not there`)
        : known(readInterfaceMembership(family, group, via.index).joined, memberships),
    protocol: protocol === null ? unknown('the kernel does not tell the version in use') : known(protocol, evidence),
    socketDrops: source.counters[SocketCounter.KernelDrops]!,
    growth: known(evidenceGrowth(before, readHostEvidence()), '/proc/net'),
  });
}
