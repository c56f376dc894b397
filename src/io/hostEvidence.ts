import { readFileSync } from 'node:fs';
import { whole } from '../core/steps.js';

/**
 * Counters that the kernel keeps for the whole network namespace, all programs included: where each is
 * found. `Ip`, `Udp` (RFC 4293, RFC 4113) are of IPv4; the names behind the colon are the kernel's own.
 */
export const HOST_COUNTERS = {
  ip_in_receives: 'snmp:Ip.InReceives',
  ip_in_delivers: 'snmp:Ip.InDelivers',
  ip_forwarded: 'snmp:Ip.ForwDatagrams',
  ip_reasm_reqds: 'snmp:Ip.ReasmReqds',
  ip_reasm_oks: 'snmp:Ip.ReasmOKs',
  ip_in_mcast_pkts: 'netstat:IpExt.InMcastPkts',
  ip_reverse_path_filter: 'netstat:TcpExt.IPReversePathFilter',
  udp_in_datagrams: 'snmp:Udp.InDatagrams',
  udp_no_ports: 'snmp:Udp.NoPorts',
  udp_ignored_multi: 'snmp:Udp.IgnoredMulti',
  udp_rcvbuf_errors: 'snmp:Udp.RcvbufErrors',
  udp_sndbuf_errors: 'snmp:Udp.SndbufErrors',
  udp_in_csum_errors: 'snmp:Udp.InCsumErrors',
  ip6_in_receives: 'snmp6:Ip6InReceives',
  ip6_in_delivers: 'snmp6:Ip6InDelivers',
  ip6_forwarded: 'snmp6:Ip6OutForwDatagrams',
  ip6_reasm_reqds: 'snmp6:Ip6ReasmReqds',
  ip6_reasm_oks: 'snmp6:Ip6ReasmOKs',
  ip6_in_discards: 'snmp6:Ip6InDiscards',
  ip6_in_mcast_pkts: 'snmp6:Ip6InMcastPkts',
  udp6_in_datagrams: 'snmp6:Udp6InDatagrams',
  udp6_no_ports: 'snmp6:Udp6NoPorts',
  udp6_ignored_multi: 'snmp6:Udp6IgnoredMulti',
  udp6_rcvbuf_errors: 'snmp6:Udp6RcvbufErrors',
  udp6_sndbuf_errors: 'snmp6:Udp6SndbufErrors',
  udp6_in_csum_errors: 'snmp6:Udp6InCsumErrors',
  softnet_dropped: 'softnet:dropped',
  softnet_time_squeeze: 'softnet:time_squeeze',
} as const;

export type HostCounter = keyof typeof HOST_COUNTERS;

/** What /proc/net/dev counts of one interface. Dropped includes what the driver missed. */
export interface InterfaceCounters {
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txPackets: number;
  readonly txDropped: number;
}

/** The counters at one moment, or their growth between two. `null`: not readable. */
export interface HostEvidence {
  readonly counters: Readonly<Record<HostCounter, number | null>>;
  readonly interfaces: ReadonlyMap<string, InterfaceCounters>;
}

/** /proc/net/snmp and netstat: pairs of lines, names and values, each begun by the protocol. Keys `Udp.NoPorts`. */
export function parseSnmp(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const lines = text.split('\n');
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [protocol = '', ...names] = lines[i]!.trim().split(/\s+/);
    const [again, ...numbers] = lines[i + 1]!.trim().split(/\s+/);
    if (!protocol.endsWith(':') || again !== protocol) continue;
    for (const [column, name] of names.entries()) put(values, `${protocol.slice(0, -1)}.${name}`, numbers[column]);
  }
  return values;
}

/** /proc/net/snmp6: a name and a value per line. */
export function parseSnmp6(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', number] = line.trim().split(/\s+/);
    put(values, name, number);
  }
  return values;
}

/** /proc/net/softnet_stat: a line of hexadecimal columns per CPU; packets, dropped, time_squeeze come first. */
export function parseSoftnet(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 3) continue;
    const [dropped, squeezed] = [Number.parseInt(columns[1]!, 16), Number.parseInt(columns[2]!, 16)];
    values.set('dropped', (values.get('dropped') ?? 0) + dropped);
    values.set('time_squeeze', (values.get('time_squeeze') ?? 0) + squeezed);
  }
  return values;
}

/** /proc/net/dev: of this process's own network namespace, which /sys/class/net need not be. */
export function parseInterfaceCounters(text: string): Map<string, InterfaceCounters> {
  const interfaces = new Map<string, InterfaceCounters>();
  for (const [, name, rest] of text.matchAll(/^\s*([^\s:]+):(.*)$/gm)) {
    const columns = rest!.trim().split(/\s+/).map(Number);
    if (columns.length < 12 || columns.some(Number.isNaN)) continue;
    interfaces.set(name!, {
      rxPackets: columns[1]!,
      rxErrors: columns[2]!,
      rxDropped: columns[3]!,
      txPackets: columns[9]!,
      txDropped: columns[11]!,
    });
  }
  return interfaces;
}

function put(values: Map<string, number>, name: string, text: string | undefined): void {
  if (text !== undefined && text !== '' && !Number.isNaN(Number(text))) values.set(name, Number(text));
}

/** Texts of the files; `null`: not readable. */
export interface EvidenceFiles {
  readonly snmp: string | null;
  readonly snmp6: string | null;
  readonly netstat: string | null;
  readonly softnet: string | null;
  readonly dev: string | null;
}

export function composeEvidence(files: EvidenceFiles): HostEvidence {
  const tables: Record<string, Map<string, number>> = {
    snmp: parseSnmp(files.snmp ?? ''),
    netstat: parseSnmp(files.netstat ?? ''),
    snmp6: parseSnmp6(files.snmp6 ?? ''),
    softnet: parseSoftnet(files.softnet ?? ''),
  };
  const counters = mapCounters((name) => {
    const [file = '', key = ''] = HOST_COUNTERS[name].split(':');
    return tables[file]!.get(key) ?? null;
  });
  return { counters, interfaces: parseInterfaceCounters(files.dev ?? '') };
}

/** Reads the counters; takes some half a millisecond. */
export function readHostEvidence(): HostEvidence {
  return whole(hostEvidenceInSteps());
}

/** The same, yielding between the files. */
export function* hostEvidenceInSteps(): Generator<void, HostEvidence> {
  const snmp = read('/proc/net/snmp');
  yield;
  const snmp6 = read('/proc/net/snmp6');
  yield;
  const netstat = read('/proc/net/netstat');
  yield;
  const softnet = read('/proc/net/softnet_stat');
  yield;
  const dev = read('/proc/net/dev');
  yield;
  return composeEvidence({ snmp, snmp6, netstat, softnet, dev });
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** What was counted between two readings. An interface that came or went in between is left out. */
export function evidenceGrowth(before: HostEvidence, after: HostEvidence): HostEvidence {
  const counters = mapCounters((name) => growth(before.counters[name], after.counters[name]));
  const interfaces = new Map<string, InterfaceCounters>();
  for (const [name, now] of after.interfaces) {
    const then = before.interfaces.get(name);
    if (then === undefined || now.rxPackets < then.rxPackets) continue;
    interfaces.set(name, {
      rxPackets: now.rxPackets - then.rxPackets,
      rxErrors: now.rxErrors - then.rxErrors,
      rxDropped: now.rxDropped - then.rxDropped,
      txPackets: now.txPackets - then.txPackets,
      txDropped: now.txDropped - then.txDropped,
    });
  }
  return { counters, interfaces };
}

/** A counter that has become smaller was reset: nothing is known. */
function growth(before: number | null, after: number | null): number | null {
  return before === null || after === null || after < before ? null : after - before;
}

/**
 * As plain figures for a result: the counters by name, those of interfaces as `eth0.rx_dropped`.
 * What was not readable is left out, and so are interfaces on which nothing happened.
 */
export function flattenEvidence(evidence: HostEvidence): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const [name, value] of Object.entries(evidence.counters)) if (value !== null) flat[name] = value;
  for (const [name, counters] of evidence.interfaces) {
    if (Object.values(counters).every((value) => value === 0)) continue;
    flat[`${name}.rx_packets`] = counters.rxPackets;
    flat[`${name}.rx_errors`] = counters.rxErrors;
    flat[`${name}.rx_dropped`] = counters.rxDropped;
    flat[`${name}.tx_packets`] = counters.txPackets;
    flat[`${name}.tx_dropped`] = counters.txDropped;
  }
  return flat;
}

function mapCounters(value: (name: HostCounter) => number | null): Record<HostCounter, number | null> {
  const names = Object.keys(HOST_COUNTERS) as HostCounter[];
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<HostCounter, number | null>;
}
