/** Where sessions are announced (RFC 2974 section 3). */
import { formatAddress, isLinkLocalControl, isMulticast, parseAddress, type Address } from '../core/address.js';

export const SAP_PORT = 9875;
/** Section 3: announcements are sent with this TTL; scopes bound them, not hops. */
export const SAP_TTL = 255;
export const SAP_GLOBAL_GROUP = '224.2.127.254';
/** Highest address of 239.255.0.0/16, the local scope (RFC 2365 section 6.1). */
export const SAP_LOCAL_GROUP = '239.255.255.255';
/** Of 239.192.0.0/14, the organization-local scope (section 6.2). */
export const SAP_ORGANIZATION_GROUP = '239.195.255.255';
/** Of 224.0.0.0/24, which never leaves its link (section 6.3). */
export const SAP_LINK_GROUP = '224.0.0.255';

/**
 * The group on which a session to `group` (canonical) is announced; `null`: it is no group. RFC 2974
 * section 3: of a scope zone it is the highest address; in IPv6 `ff0X::2:7ffe` with the scope of the
 * session. Zones elsewhere in 239.0.0.0/8 are known to their routers only: such sessions are announced in
 * the local scope, the smallest, where listeners of every kind are.
 */
export function sapGroupFor(group: string): string | null {
  const address = parseAddress(group);
  if (address === null || !isMulticast(address)) return null;
  if (address.length === 16) return sapIpv6Group(address[1]! & 0x0f);
  if (isLinkLocalControl(address)) return SAP_LINK_GROUP;
  if (address[0] !== 239) return SAP_GLOBAL_GROUP;
  return (address[1]! & 0xfc) === 192 ? SAP_ORGANIZATION_GROUP : SAP_LOCAL_GROUP;
}

/** `scope`: 0 .. 15 (RFC 7346 section 2). */
export function sapIpv6Group(scope: number): string {
  const address = new Uint8Array(16);
  address.set([0xff, scope]);
  address.set([0x00, 0x02, 0x7f, 0xfe], 12);
  return formatAddress(address);
}

/** Those that a listener joins to hear all scopes. */
export function sapGroups(family: 4 | 6): string[] {
  if (family === 4) return [SAP_GLOBAL_GROUP, SAP_LOCAL_GROUP, SAP_ORGANIZATION_GROUP, SAP_LINK_GROUP];
  // Link, admin, site, organization and global (RFC 7346 section 2).
  return [0x2, 0x4, 0x5, 0x8, 0xe].map(sapIpv6Group);
}

/** Whether announcements to this group may leave the organization. */
export function isGlobalSapGroup(sapGroup: Address): boolean {
  return sapGroup.length === 4 ? sapGroup[0] !== 239 && !isLinkLocalControl(sapGroup) : (sapGroup[1]! & 0x0f) === 0x0e;
}
