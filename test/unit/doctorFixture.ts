/** A host on which nothing is wrong, of which tests break one thing each. */
import { blankPlace } from '../../src/diagnosis/blankPlace.js';
import { examine, type Examination } from '../../src/diagnosis/examine.js';
import { known } from '../../src/diagnosis/fact.js';
import type { Fact } from '../../src/diagnosis/fact.js';
import type { HostFacts, InterfaceFacts, PlaceFacts, RouteFacts, WantedGroup } from '../../src/diagnosis/facts.js';

export const ETH0: InterfaceFacts = {
  name: 'eth0',
  index: 2,
  addresses: [
    { family: 4, address: '10.0.0.2', prefixBits: 24 },
    { family: 6, address: 'fd00::2', prefixBits: 64 },
  ],
  up: true,
  carrier: true,
  multicast: true,
  loopback: false,
  mtuOctets: 1500,
};

export function wanted(change: Partial<WantedGroup> = {}): WantedGroup {
  return {
    group: '239.1.1.1',
    port: 5001,
    sources: [],
    ttl: null,
    sizeOctets: 1316,
    packetsPerSecond: null,
    ...change,
  };
}

export function sure<T>(value: T): Fact<T> {
  return known(value, 'test');
}

export function routes(to: Readonly<Record<string, RouteFacts>>): ReadonlyMap<string, Fact<RouteFacts>> {
  return new Map(Object.entries(to).map(([address, route]) => [address, sure(route)]));
}

export const THERE: RouteFacts = { interfaceName: 'eth0', gateway: null };

export function healthyPlace(change: Partial<PlaceFacts> = {}): PlaceFacts {
  const { family = 4, groups = [wanted()] } = change;
  const to = Object.fromEntries(groups.map(({ group }) => [group, THERE]));
  return blankPlace({
    family,
    interfaceName: 'eth0',
    interface: ETH0,
    groups,
    ipv6Enabled: sure(true),
    master: sure(null),
    bridge: sure(null),
    routes: routes(to),
    routesHere: routes(to),
    sourceRoutes: routes(Object.fromEntries(groups.flatMap(({ sources }) => sources.map((source) => [source, THERE])))),
    reversePathFilter: sure({ own: 0, all: 0 }),
    membershipLimit: sure(20),
    sourceLimit: sure(family === 4 ? 10 : 64),
    forcedVersion: sure({ own: 0, all: 0 }),
    protocol: sure(family === 4 ? 'IGMPv3' : 'MLDv2'),
    querier: sure({
      listenedNs: 0.3e9,
      queriers: [{ address: '10.0.0.1', version: 3, intervalSeconds: 125 }],
      hearsAll: true,
      asked: '239.255.9.9',
      answeredNs: 12e6,
    }),
    members: sure([]),
    selfTests: sure([{ group: '239.255.9.8', port: 20_001, ttl: 1, sent: 5, received: 5, refusal: null }]),
    buffer: sure({ askedOctets: 67_108_864, grantedOctets: 67_108_864, mostOctets: 67_108_864 }),
    stamps: sure({
      receiveSoftware: true,
      receiveHardware: false,
      transmitSoftware: true,
      hardwareAll: false,
      clock: -1,
    }),
    growth: sure({ counters: {}, interfaces: new Map([['eth0', { rxPackets: 9, rxErrors: 0, rxDropped: 0 }]]) }),
    ...change,
  });
}

export function healthyHost(change: Partial<HostFacts> = {}): HostFacts {
  return {
    packetFilter: sure([]),
    clock: sure({ synchronised: true, maximumErrorNs: 1e6 }),
    processors: sure({ governors: ['performance'], stealSinceBoot: 0, stealNow: 0 }),
    environment: sure({ container: null, wsl: null, cloud: null }),
    ...change,
  };
}

/** What is broken or warned of, as `id severity: text`. */
export function troubles({ findings }: Examination, ...severities: readonly string[]): string[] {
  const wantedOnes = severities.length === 0 ? ['broken', 'warning'] : severities;
  return findings
    .filter(({ severity }) => wantedOnes.includes(severity))
    .map(({ id, severity, text }) => `${id} ${severity}: ${text}`);
}

export function examined(place: Partial<PlaceFacts>, host: Partial<HostFacts> = {}): Examination {
  return examine(healthyHost(host), [healthyPlace(place)]);
}
