/** What is looked at, in the order in which it is told. `docs/doctor.md` is tested against it. */
export const CHECKS = {
  'interface-up': 'the interface is there and switched on',
  'interface-carrier': 'somebody is at the other end of the cable',
  'interface-multicast': 'the interface has the MULTICAST flag',
  'interface-address': 'the interface has an address of the IP version, and IPv6 is not switched off',
  'interface-port': 'the interface is no port of a bridge or bond, which would take what it receives',
  route: 'where the kernel sends what goes to the group, and not by unicast to a router',
  'reverse-path': 'the reverse path filter lets through what the source sends',
  'membership-limit': 'how many groups the kernel lets one socket join (igmp_max_memberships)',
  'source-limit': 'how many sources of a group it lets one socket name (igmp_max_msf, mld_max_msf)',
  'membership-version': 'the IGMP or MLD version in use or forced, in which sources may not be named',
  membership: 'the interface still has the group joined',
  querier: 'somebody asks who is in which group, without which snooping switches cut streams off',
  members: 'who else of the network is in which group',
  ttl: 'the TTL gets through the routers that lie between',
  mtu: 'a datagram fits the MTU of the interface',
  'receive-buffer': 'the receive buffer that is granted holds long enough',
  'firewall-membership': 'no rule of this host drops IGMP or MLD',
  'firewall-group': 'no rule of this host drops what is sent to the group',
  'address-range': 'the group is of a range that is meant for the purpose, and of a sensible scope',
  'address-overlap': 'no two groups, nor a group and one of the control block, share an Ethernet address',
  'self-test': 'what this host sends through the interface comes back to a socket of its own',
  arrivals: 'what came, and why it got no further',
  timestamps: 'who can stamp what arrives: kernel, interface',
  clock: 'the clock is synchronised',
  cpu: 'processors that run slowly, or that a hypervisor keeps back',
  environment: 'container, WSL or cloud, whose networks often carry no multicast',
} as const;

export type CheckId = keyof typeof CHECKS;
export const CHECK_IDS = Object.keys(CHECKS) as readonly CheckId[];
