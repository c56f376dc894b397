/** What rules of packet filters compare: fields of a packet, and sets of values. */
import { isMulticast, parseAddress } from '../core/address.js';
import type { Condition, SamplePacket } from './packetFilter.js';
import { isInNetwork } from './subnet.js';

/** A field of the packet as a number or name; `null`: not known. `undefined`: the packet has none, so nothing matches it. */
export type FieldReader = (packet: SamplePacket) => string | number | null | undefined;

export const PROTOCOL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['ipv6-icmp', 58],
  ['icmpv6', 58],
  ['udplite', 136],
  ['sctp', 132],
]);

export const FIELDS = {
  family: ({ family }) => `ipv${family}`,
  protocol: ({ protocol }) => protocol,
  source4: ({ family, source }) => (family === 4 ? source : undefined),
  destination4: ({ family, destination }) => (family === 4 ? destination : undefined),
  protocol4: ({ family, protocol }) => (family === 4 ? protocol : undefined),
  ttl4: ({ family, ttl }) => (family === 4 ? ttl : undefined),
  source6: ({ family, source }) => (family === 6 ? source : undefined),
  destination6: ({ family, destination }) => (family === 6 ? destination : undefined),
  ttl6: ({ family, ttl }) => (family === 6 ? ttl : undefined),
  /** MLD has a hop-by-hop header before ICMPv6, which is what this field says then. */
  nextHeader6: ({ family, protocol }) => (family === 6 ? (protocol === 58 ? 0 : protocol) : undefined),
  udpDestinationPort: ({ protocol, destinationPort }) => (protocol === 17 ? destinationPort : undefined),
  udpSourcePort: ({ protocol }) => (protocol === 17 ? null : undefined),
  igmpType: ({ protocol, messageType }) => (protocol === 2 ? messageType : undefined),
  icmpv6Type: ({ protocol, messageType }) => (protocol === 58 ? messageType : undefined),
  inputInterface: ({ direction, interfaceName }) => (direction === 'in' ? interfaceName : undefined),
  outputInterface: ({ direction, interfaceName }) => (direction === 'out' ? interfaceName : undefined),
  /** What is sent has no type of its own yet; what comes to a group is multicast. */
  packetType: ({ direction }) => (direction === 'in' ? 'multicast' : null),
  /** As routing has it; of what goes to a host it is not known. */
  destinationType: ({ destination }) => (isMulticast(parseAddress(destination)!) ? 'multicast' : null),
  connection: ({ connection }) => connection,
  absent: () => undefined,
  unknown: () => null,
} as const satisfies Readonly<Record<string, FieldReader>>;

/** One value that a field is compared with; addresses may be a network or a range. */
export type Value =
  | { readonly kind: 'is'; readonly value: string | number }
  | { readonly kind: 'network'; readonly address: string; readonly bits: number }
  | { readonly kind: 'range'; readonly from: string | number; readonly to: string | number }
  /** The beginning of a name, as `eth*`. */
  | { readonly kind: 'begins'; readonly value: string }
  | { readonly kind: 'unknown' };

/** Whether the field is one of the values, or with `negated` none of them. A field that the packet lacks matches neither. */
export function fieldIs(field: FieldReader, values: readonly Value[], negated = false): Condition {
  return (packet) => {
    const found = field(packet);
    if (found === undefined) return false;
    if (found === null) return values.some((value) => value.kind === 'network' && value.bits === 0) ? !negated : null;
    let open = false;
    for (const value of values) {
      const met = isValue(found, value);
      if (met === true) return !negated;
      if (met === null) open = true;
    }
    return open ? null : negated;
  };
}

function isValue(found: string | number, value: Value): boolean | null {
  switch (value.kind) {
    case 'is':
      return typeof found === 'string' && typeof value.value === 'string' && parseAddress(found) !== null
        ? compare(found, value.value) === 0
        : found === value.value;
    case 'network':
      return isInNetwork(String(found), value.address, value.bits);
    case 'range': {
      const [low, high] = [compare(found, value.from), compare(found, value.to)];
      return low === null || high === null ? null : low >= 0 && high <= 0;
    }
    case 'begins':
      return String(found).startsWith(value.value);
    case 'unknown':
      return null;
  }
}

/** Below 0: `a` comes first. `null`: they cannot be compared. */
export function compare(a: string | number, b: string | number): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [parseAddress(String(a)), parseAddress(String(b))];
  if (x === null || y === null || x.length !== y.length) return null;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return 0;
}
