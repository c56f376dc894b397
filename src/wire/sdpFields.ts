/** Values of single lines of a session description. Each reader returns what it read, or a text that says what is wrong. */
import { explainAddress, formatAddress, isMulticast, parseAddress } from '../core/address.js';
import type {
  SdpConnection,
  SdpExtmap,
  SdpFormatParameters,
  SdpGroup,
  SdpOrigin,
  SdpRtcp,
  SdpRtpmap,
  SdpSourceFilter,
} from './sdp.js';

/** What an `m=` itself says. */
export interface SdpMediaLine {
  readonly type: string;
  readonly port: number;
  readonly ports: number;
  readonly protocol: string;
  readonly formats: readonly string[];
}

/** More ports or addresses in one line than this are surely a slip. */
const MOST_PORTS = 1024;
const MOST_ADDRESSES = 65_536;

/** RFC 8866 section 5.2: `<username> <sess-id> <sess-version> IN IP4|IP6 <address>`. */
export function readOrigin(value: string): SdpOrigin | string {
  const match = /^(\S+)\s+(\S+)\s+(\S+)\s+IN\s+IP([46])\s+(\S+)$/.exec(value);
  if (match === null) return 'o= is <username> <id> <version> IN IP4|IP6 <address>';
  const [, username, sessionId, sessionVersion, family, address] = match;
  return {
    username: username!,
    sessionId: sessionId!,
    sessionVersion: sessionVersion!,
    family: family === '4' ? 4 : 6,
    address: address!,
  };
}

/** RFC 8866 section 5.7: IPv4 groups end in `/ttl[/addresses]`, IPv6 groups in `[/addresses]`. */
export function readConnection(value: string): SdpConnection | string {
  const match = /^IN\s+IP([46])\s+(\S+)$/.exec(value);
  if (match === null) return 'c= is IN IP4 <address>[/<ttl>[/<addresses>]] or IN IP6 <address>[/<addresses>]';
  const family = match[1] === '4' ? 4 : 6;
  const [word, ...numbers] = match[2]!.split('/');
  const address = readDestination(word!, family);
  if (address === null) return addressProblem(word!, family);
  if (numbers.length > (family === 4 ? 2 : 1)) return `"${match[2]}" has too many parts behind its address`;
  const ttl = family === 6 || numbers[0] === undefined ? null : integer(numbers[0], 0, 255);
  if (Number.isNaN(ttl)) return `the TTL "${numbers[0]}" is not 0..255`;
  const count = numbers[family === 4 ? 1 : 0] ?? '1';
  const addresses = integer(count, 1, MOST_ADDRESSES);
  if (Number.isNaN(addresses)) return `the number of addresses "${count}" is not 1..${MOST_ADDRESSES}`;
  return { family, address, ttl, addresses };
}

/** RFC 8866 section 5.14: `<media> <port>[/<ports>] <protocol> <format>...`. */
export function readMediaLine(value: string): SdpMediaLine | string {
  const match = /^(\S+)\s+([^\s/]+)(?:\/(\S+))?\s+(\S+)(?:\s+(.+))?$/.exec(value);
  if (match === null) return 'm= is <media> <port>[/<ports>] <protocol> <format>...';
  const port = integer(match[2]!, 0, 65_535);
  if (Number.isNaN(port)) return `the port "${match[2]}" is not 0..65535`;
  const ports = integer(match[3] ?? '1', 1, MOST_PORTS);
  if (Number.isNaN(ports)) return `the number of ports "${match[3]}" is not 1..${MOST_PORTS}`;
  return { type: match[1]!, port, ports, protocol: match[4]!, formats: match[5]?.split(/\s+/) ?? [] };
}

/** RFC 4570 section 3: `incl|excl IN IP4|IP6|* <destination>|* <source>...`. */
export function readSourceFilter(value: string): SdpSourceFilter | string {
  const match = /^(incl|excl)\s+IN\s+(IP4|IP6|\*)\s+(\S+)\s+(.+)$/i.exec(value);
  if (match === null) return 'a=source-filter: is incl|excl IN IP4|IP6|* <destination>|* <source>...';
  const family = match[2] === '*' ? null : match[2]!.toUpperCase() === 'IP4' ? 4 : 6;
  const destination = match[3] === '*' ? null : readDestination(match[3]!, family);
  if (destination === null && match[3] !== '*') return addressProblem(match[3]!, family);
  const sources: string[] = [];
  for (const word of match[4]!.split(/\s+/)) {
    const source = parseAddress(word);
    if (source === null) return `the source "${word}" is ${explainAddress(word) ?? 'a name, which is not looked up'}`;
    if (isMulticast(source)) return `the source ${word} is a multicast group`;
    if (family !== null && source.length !== (family === 4 ? 4 : 16)) return `the source ${word} is not of IP${family}`;
    if (!sources.includes(formatAddress(source))) sources.push(formatAddress(source));
  }
  return { mode: match[1]!.toLowerCase() as 'incl' | 'excl', family, destination, sources };
}

/** RFC 8866 section 6.6: `<payload type> <encoding>/<clock rate>[/<channels>]`. */
export function readRtpmap(value: string): SdpRtpmap | string {
  const match = /^(\d+)\s+([^\s/]+)\/(\d+)(?:\/(\d+))?$/.exec(value);
  if (match === null) return 'a=rtpmap: is <payload type> <encoding>/<clock rate>[/<channels>]';
  const payloadType = integer(match[1]!, 0, 127);
  if (Number.isNaN(payloadType)) return `the payload type ${match[1]} is not 0..127`;
  const clockRate = integer(match[3]!, 1, 0xffff_ffff);
  if (Number.isNaN(clockRate)) return `the clock rate ${match[3]} is not 1..4294967295`;
  const channels = match[4] === undefined ? null : integer(match[4], 1, 65_535);
  if (Number.isNaN(channels)) return `the number of channels ${match[4]} is not 1..65535`;
  return { payloadType, encoding: match[2]!, clockRate, channels };
}

/** RFC 8285 section 5: `<id>[/<direction>] <URI> [<attributes>]`; ids of 4096 on are offers without a number yet. */
export function readExtmap(value: string): SdpExtmap | string {
  const match = /^(\d+)(?:\/(sendonly|recvonly|sendrecv|inactive))?\s+(\S+)(?:\s+(.+))?$/.exec(value);
  if (match === null) return 'a=extmap: is <id>[/<direction>] <URI> [<attributes>]';
  const id = integer(match[1]!, 1, 4351);
  if (Number.isNaN(id) || (id > 255 && id < 4096)) return `the extension id ${match[1]} is not 1..255 or 4096..4351`;
  return { id, direction: match[2] ?? null, uri: match[3]!, attributes: match[4] ?? null };
}

/** RFC 3605 section 2.1: `<port> [IN IP4|IP6 <address>]`. */
export function readRtcp(value: string): SdpRtcp | string {
  const match = /^(\d+)(?:\s+IN\s+IP[46]\s+(\S+))?$/.exec(value);
  if (match === null) return 'a=rtcp: is <port> [IN IP4|IP6 <address>]';
  const port = integer(match[1]!, 0, 65_535);
  if (Number.isNaN(port)) return `the RTCP port ${match[1]} is not 0..65535`;
  return { port, address: match[2] ?? null };
}

export function readFormatParameters(value: string): SdpFormatParameters | string {
  const match = /^(\S+)\s+(.+)$/.exec(value);
  return match === null ? 'a=fmtp: is <format> <parameters>' : { format: match[1]!, text: match[2]! };
}

/** RFC 5888 section 5: `<semantics> <mid>...`. */
export function readGroup(value: string): SdpGroup | string {
  const [semantics, ...mids] = value.split(/\s+/);
  return semantics === '' ? 'a=group: is <semantics> <mid>...' : { semantics: semantics!, mids };
}

/** Canonical address, a host name as it stands, or `null`: neither, or of the other IP version. */
function readDestination(word: string, family: 4 | 6 | null): string | null {
  const address = parseAddress(word);
  if (address !== null) {
    return family !== null && address.length !== (family === 4 ? 4 : 16) ? null : formatAddress(address);
  }
  return explainAddress(word) === null && /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(word) ? word : null;
}

function addressProblem(word: string, family: 4 | 6 | null): string {
  if (parseAddress(word) !== null) return `${word} is not an address of IP${family}`;
  return `"${word}" is ${explainAddress(word) ?? 'not an address'}`;
}

/** NaN: not a decimal integer in the range. */
function integer(word: string, from: number, to: number): number {
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  return value >= from && value <= to ? value : Number.NaN;
}
