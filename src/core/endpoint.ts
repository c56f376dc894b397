/**
 * An endpoint: whom to send to or what to join. Its text is read by `parseEndpoint.ts`; the canonical
 * text of {@link formatEndpoint} needs no quotes in any common shell.
 */
import { addToAddress, formatAddress, isLinkLocalControl, parseAddress } from './address.js';
import { McastError } from './errors.js';

/** Schemes of an endpoint; each later framing adds its own here. */
export type Scheme = 'probe' | 'udp' | 'rtp' | 'iperf' | 'mold' | 'mdp' | 'xdp' | 'srt' | 'sap';

/** Port of an endpoint that names none; `null`: the scheme has no usual one. Without a scheme it is that of `udp`. */
export const DEFAULT_PORTS: ReadonlyMap<Scheme, number | null> = new Map<Scheme, number | null>([
  ['probe', 5001],
  ['udp', 1234],
  ['rtp', 5004],
  ['iperf', 5001],
  ['mold', 26_400],
  ['mdp', 26_500],
  ['xdp', 26_600],
  ['srt', null],
  // RFC 2974 section 3.
  ['sap', 9875],
]);

/** One group (or, with `--unicast`, host) and port, as an endpoint names it, in canonical form. */
export interface Endpoint {
  /** `null`: none was written; a receiver then recognises what comes. */
  readonly scheme: Scheme | null;
  readonly family: 4 | 6;
  /** Canonical address without zone; `auto` was replaced by then. */
  readonly group: string;
  readonly port: number;
  /** Source-specific: whom the receiver joins, and what the sender binds to. Empty: any source. */
  readonly sources: readonly string[];
  /** Consecutive groups that this endpoint stands for (`+n`); at least 1. */
  readonly groups: number;
  /** `/name=value` parameters in order of writing, `iface` from a zone included; never `port` or `groups`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Name from a line-up. */
  readonly name: string | null;
  /** As it was written. */
  readonly text: string;
}

/**
 * Canonical text: `[scheme://][source[,source]@]group[+n]:port[/name=value]...`. IPv6 stands bare with
 * its port as a parameter, because zsh takes brackets for a pattern.
 */
export function formatEndpoint(endpoint: Omit<Endpoint, 'text' | 'name'>): string {
  const scheme = endpoint.scheme === null ? '' : `${endpoint.scheme}://`;
  const sources = endpoint.sources.length === 0 ? '' : `${endpoint.sources.join(',')}@`;
  const range = endpoint.groups === 1 ? '' : `+${endpoint.groups}`;
  const port = `${endpoint.family === 4 ? ':' : '/port='}${endpoint.port}`;
  let text = `${scheme}${sources}${endpoint.group}${range}${port}`;
  for (const [name, value] of endpoint.parameters) text += `/${name}=${value}`;
  return text;
}

/** The addresses of an endpoint's consecutive groups, in order. */
export function groupAddresses(group: string, groups: number): string[] {
  const first = parseAddress(group)!;
  return Array.from({ length: groups }, (_, i) => formatAddress(addToAddress(first, i)!));
}

/** Throws ERR_RESERVED_GROUP for 224.0.0.0/24 (RFC 5771 section 4) and ff02::/16. For senders: to listen there is harmless. */
export function refuseReservedGroup(endpoint: Endpoint): void {
  if (!isLinkLocalControl(parseAddress(endpoint.group)!)) return;
  const range = endpoint.family === 4 ? '224.0.0.0/24' : 'ff02::/16';
  throw new McastError(
    'ERR_RESERVED_GROUP',
    `endpoint "${endpoint.text}": ${endpoint.group} is in ${range}, which routing protocols and hosts use themselves`,
  );
}
