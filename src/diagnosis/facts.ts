/** What can be seen of a host and its networks: what the rules judge. Whoever can read it fills it in. */
import type { Fact } from './fact.js';
import type { Ruleset } from './packetFilter.js';

/** An interface as it is now. `null`: the system does not tell. */
export interface InterfaceFacts {
  readonly name: string;
  readonly index: number;
  readonly addresses: readonly { readonly family: 4 | 6; readonly address: string; readonly prefixBits: number }[];
  readonly up: boolean;
  readonly carrier: boolean | null;
  readonly multicast: boolean | null;
  readonly loopback: boolean;
  readonly mtuOctets: number | null;
}

/** What somebody wants to send or receive. */
export interface WantedGroup {
  readonly group: string;
  readonly port: number;
  /** Empty: any source. */
  readonly sources: readonly string[];
  /** As said; `null`: not said. */
  readonly ttl: number | null;
  /** UDP payload of its largest datagram. */
  readonly sizeOctets: number;
  /** `null`: not said. */
  readonly packetsPerSecond: number | null;
}

/** A way that the kernel would take; `interfaceName` `null`: it has none. */
export interface RouteFacts {
  readonly interfaceName: string | null;
  readonly gateway: string | null;
}

/** Version that a host speaks on an interface, as its querier or its administrator demands. */
export type MembershipProtocol = 'IGMPv1' | 'IGMPv2' | 'IGMPv3' | 'MLDv1' | 'MLDv2';

/** A querier that was heard. */
export interface HeardQuerier {
  /** `null`: the kernel told that somebody asks, not who. 0.0.0.0: a switch that has no address. */
  readonly address: string | null;
  readonly version: number | null;
  /** How often it asks, as it says; `null`: it does not. */
  readonly intervalSeconds: number | null;
}

export interface QuerierFacts {
  readonly listenedNs: number;
  readonly queriers: readonly HeardQuerier[];
  /** Queries could be heard at all; without that only answers to `asked` can. */
  readonly hearsAll: boolean;
  /** A group that was left so that a querier asks whether others remain; `null`: none was. */
  readonly asked: string | null;
  /** From the leave to the question, ns; `null`: nobody asked. */
  readonly answeredNs: number | null;
}

/** Others of the network that told which groups they are in. */
export interface HeardMember {
  readonly address: string;
  readonly groups: readonly string[];
}

/** Datagrams that this host sent to itself, through the interface. */
export interface SelfTestFacts {
  readonly group: string;
  readonly port: number;
  /** With a TTL of 0 nothing leaves the host. */
  readonly ttl: number;
  readonly sent: number;
  readonly received: number;
  /** What the system refused, in words, and what to do about it; `null`: nothing. */
  readonly refusal: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

export interface BufferFacts {
  readonly askedOctets: number;
  readonly grantedOctets: number;
  /** net.core.rmem_max; `null`: not readable. */
  readonly mostOctets: number | null;
}

export interface StampFacts {
  readonly receiveSoftware: boolean;
  readonly receiveHardware: boolean;
  readonly transmitSoftware: boolean;
  /** Every received datagram can be stamped by the interface. */
  readonly hardwareAll: boolean;
  /** Number of its clock, /dev/ptp<n>; -1: none. */
  readonly clock: number;
}

/** What the kernel counted between two moments. */
export interface Growth {
  readonly counters: Readonly<Record<string, number | null>>;
  readonly interfaces: ReadonlyMap<
    string,
    { readonly rxPackets: number; readonly rxErrors: number; readonly rxDropped: number }
  >;
}

/** One interface and IP version, and what is wanted there. */
export interface PlaceFacts {
  readonly family: 4 | 6;
  readonly interfaceName: string;
  /** It was named by whoever asks; else it is where the kernel would go, or the likeliest. */
  readonly isNamed: boolean;
  /** Empty: nothing in particular. With `unicast` one, whose `group` is the local address. */
  readonly groups: readonly WantedGroup[];
  readonly unicast: boolean;
  /** `null`: there is none of that name (any more). */
  readonly interface: InterfaceFacts | null;
  /** IPv6 can be used on it. */
  readonly ipv6Enabled: Fact<boolean>;
  /** The bridge or bond that it is a part of. */
  readonly master: Fact<{ readonly name: string; readonly kind: string | null } | null>;
  /** Of an interface that is a bridge; `null`: it is none. */
  readonly bridge: Fact<{ readonly snooping: boolean; readonly querier: boolean } | null>;
  /** Where the kernel sends what goes to a group, when no interface is named. */
  readonly routes: ReadonlyMap<string, Fact<RouteFacts>>;
  /** The same with this interface named. */
  readonly routesHere: ReadonlyMap<string, Fact<RouteFacts>>;
  /** Back to the sources. */
  readonly sourceRoutes: ReadonlyMap<string, Fact<RouteFacts>>;
  /** Of the interface and of "all": the greater one is in force (ip-sysctl, rp_filter). 0 off, 1 strict, 2 loose. */
  readonly reversePathFilter: Fact<{ readonly own: number; readonly all: number }>;
  readonly membershipLimit: Fact<number>;
  readonly sourceLimit: Fact<number>;
  /** force_igmp_version or force_mld_version of the interface and of "all"; 0: not forced. */
  readonly forcedVersion: Fact<{ readonly own: number; readonly all: number }>;
  /** What the host speaks there now. */
  readonly protocol: Fact<MembershipProtocol>;
  /** Whether the interface has the group joined. */
  readonly joined: Fact<boolean>;
  readonly querier: Fact<QuerierFacts>;
  readonly members: Fact<readonly HeardMember[]>;
  /** Each with a group of its own, the wanted ones first. */
  readonly selfTests: Fact<readonly SelfTestFacts[]>;
  readonly buffer: Fact<BufferFacts>;
  readonly stamps: Fact<StampFacts>;
  readonly growth: Fact<Growth>;
  /** Datagrams that the kernel dropped at the socket of whoever asks. */
  readonly socketDrops: number;
}

export interface ClockFacts {
  readonly synchronised: boolean;
  readonly maximumErrorNs: number;
}

export interface ProcessorFacts {
  /** Of each processor that has one, as `powersave`. */
  readonly governors: readonly string[];
  /** Of the time since the host started, and of the time that was listened: what a hypervisor kept back, 0..1. */
  readonly stealSinceBoot: number | null;
  readonly stealNow: number | null;
}

/** What this host runs in. */
export interface EnvironmentFacts {
  /** As `docker`; `null`: none was found. */
  readonly container: string | null;
  readonly wsl: 1 | 2 | null;
  /** As `Amazon EC2`; `null`: none was found. */
  readonly cloud: string | null;
}

/** What holds for the whole host. */
export interface HostFacts {
  readonly packetFilter: Fact<Ruleset>;
  readonly clock: Fact<ClockFacts>;
  readonly processors: Fact<ProcessorFacts>;
  readonly environment: Fact<EnvironmentFacts>;
}
