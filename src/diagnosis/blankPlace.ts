import { unknown } from './fact.js';
import type { PlaceFacts } from './facts.js';

const NOT_LOOKED_AT = unknown('not looked at');

/** A place of which nothing is known but what is said. */
export function blankPlace(
  said: Pick<PlaceFacts, 'family' | 'interfaceName' | 'interface'> & Partial<PlaceFacts>,
): PlaceFacts {
  return {
    isNamed: false,
    groups: [],
    unicast: false,
    ipv6Enabled: NOT_LOOKED_AT,
    master: NOT_LOOKED_AT,
    bridge: NOT_LOOKED_AT,
    routes: new Map(),
    routesHere: new Map(),
    sourceRoutes: new Map(),
    reversePathFilter: NOT_LOOKED_AT,
    membershipLimit: NOT_LOOKED_AT,
    sourceLimit: NOT_LOOKED_AT,
    forcedVersion: NOT_LOOKED_AT,
    protocol: NOT_LOOKED_AT,
    joined: NOT_LOOKED_AT,
    querier: NOT_LOOKED_AT,
    members: NOT_LOOKED_AT,
    selfTests: NOT_LOOKED_AT,
    buffer: NOT_LOOKED_AT,
    stamps: NOT_LOOKED_AT,
    growth: NOT_LOOKED_AT,
    socketDrops: 0,
    ...said,
  };
}
