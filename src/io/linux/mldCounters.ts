import { readFileSync } from 'node:fs';
import { parseSnmp6 } from '../hostEvidence.js';

/** What the kernel counts of MLD on one interface, since it was made. */
export interface MldCounters {
  readonly queriesHeard: number;
  readonly reportsV1Sent: number;
  readonly reportsV2Sent: number;
}

/** From /proc/net/dev_snmp6; `null`: not readable. Needs no privilege. */
export function readMldCounters(interfaceName: string): MldCounters | null {
  let text: string;
  try {
    text = readFileSync(`/proc/net/dev_snmp6/${interfaceName}`, 'utf8');
  } catch {
    return null;
  }
  const values = parseSnmp6(text);
  return {
    queriesHeard: values.get('Icmp6InGroupMembQueries') ?? 0,
    reportsV1Sent: values.get('Icmp6OutGroupMembResponses') ?? 0,
    reportsV2Sent: values.get('Icmp6OutMLDv2Reports') ?? 0,
  };
}
