/** What hosts and queriers say to each other of memberships, whichever protocol (IGMP, MLD) carries it. */
export type MembershipMessage =
  | {
      readonly kind: 'query';
      /** 1..3 of IGMP, 1..2 of MLD. */
      readonly version: number;
      /** `null`: a general query. */
      readonly group: string | null;
      /** How often this querier asks, as it says; `null`: its version has no field for it. */
      readonly intervalSeconds: number | null;
    }
  | {
      readonly kind: 'report';
      readonly version: number;
      /** At most {@link GROUPS_READ}; groups that are only left are not among them. */
      readonly groups: readonly string[];
    }
  | { readonly kind: 'leave'; readonly group: string };

/** Groups of one report that are read. */
export const GROUPS_READ = 64;

/** Record types of a report, RFC 3376 section 4.2.12 and RFC 3810 section 5.2.12. */
const ChangeToInclude = 3;
const BlockOldSources = 6;

/** Whether a group record says that somebody listens: not that it has left, or blocks sources. */
export function saysListening(type: number, sources: number): boolean {
  if (type === BlockOldSources) return false;
  return type !== ChangeToInclude || sources > 0;
}

/** Querier's Query Interval Code: seconds, above 127 a mantissa and an exponent (RFC 3376 section 4.1.7, RFC 3810 section 5.1.9). */
export function queryIntervalSeconds(code: number): number {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >>> 4) & 0x07) + 3);
}
