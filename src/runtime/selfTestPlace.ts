import { randomInt } from 'node:crypto';
import { isSsmRange, parseAddress } from '../core/address.js';
import { known, unknown } from '../diagnosis/fact.js';
import type { PlaceFacts, SelfTestFacts } from '../diagnosis/facts.js';
import type { Io } from '../io/datagram.js';
import { readInterfaceMembership } from '../io/linux/membership.js';
import { readSysctl } from '../io/linux/sysctl.js';
import type { DoctorPlace } from './doctorPlaces.js';
import { randomLocalGroup } from './randomGroup.js';
import { selfTest } from './selfTest.js';

/** Of the groups that are wanted. */
const GROUPS_TRIED = 4;
const PORTS = [20_000, 30_000] as const;

/**
 * Tries the interface with a group that nobody uses, at a TTL of 1, and the groups that are wanted at a TTL of 0, so that
 * no receiver elsewhere gets anything; those that another program of this host has joined are left alone.
 */
export async function selfTestPlace(
  io: Io,
  { via, family, groups }: DoctorPlace,
  receiveBufferOctets: number,
): Promise<Pick<PlaceFacts, 'selfTests' | 'buffer'>> {
  if (!via.up) return { selfTests: unknown(`${via.name} is down`), buffer: unknown(`${via.name} is down`) };
  const tests: SelfTestFacts[] = [];
  const tried = new Set<string>();
  for (const { address } of groups) {
    const { group, port, sources } = address;
    if (tried.size >= GROUPS_TRIED || tried.has(`${group} ${port}`)) continue;
    if (readInterfaceMembership(family, group, via.index).users > 0) continue;
    tried.add(`${group} ${port}`);
    const isSourceSpecific = sources.length > 0 || isSsmRange(parseAddress(group)!);
    const spec = { family, via, group, port, ttl: 0, isSourceSpecific, receiveBufferOctets: 0 };
    tests.push((await selfTest(io, spec)).facts);
  }
  const spec = { family, via, group: randomLocalGroup(family), port: randomInt(...PORTS), ttl: 1 };
  const own = await selfTest(io, { ...spec, isSourceSpecific: false, receiveBufferOctets });
  tests.push(own.facts);
  const granted = own.receiveBufferOctets;
  return {
    selfTests: known(tests, 'sockets'),
    buffer:
      granted === null
        ? unknown('the size of a receive buffer cannot be read')
        : known(
            { askedOctets: receiveBufferOctets, grantedOctets: granted, mostOctets: readSysctl('net/core/rmem_max') },
            'SO_RCVBUF',
          ),
  };
}
