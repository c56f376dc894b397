/**
 * Reads the text of an endpoint: `[scheme://][source[,source]@]group[+n][:port][/name=value]...`, and
 * the neighbouring forms people bring along (`udp://@G:P`, `?a=b&c=d`, a zone, no scheme, no port).
 * Nothing is percent-decoded. Never `URL`: it throws on IPv6 zones and takes a source for a user name.
 */
import {
  addToAddress,
  explainAddress,
  family,
  formatAddress,
  isMulticast,
  parseAddress,
  type Address,
} from './address.js';
import { DEFAULT_PORTS, type Endpoint, type Scheme } from './endpoint.js';
import { McastError, type ErrorCode } from './errors.js';
import { didYouMean } from './nearest.js';
import { parseSwitch } from './units.js';

/** More consecutive groups than this are surely a slip. */
export const MAX_GROUPS = 65_536;

/** Parameters that belong to the syntax itself; every other name comes from the table of options. */
export const SYNTAX_PARAMETERS: readonly string[] = ['port', 'groups'];

/** Names that other programs give to what is a parameter here. */
const FOREIGN_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['localaddr', 'iface'],
  ['miface', 'iface'],
  ['ifname', 'iface'],
  ['ifaddr', 'iface'],
  ['ifindex', 'iface'],
  ['interface', 'iface'],
  ['pkt_size', 'size'],
  ['localport', 'source-port'],
  ['srcport', 'source-port'],
  ['buffer_size', 'rcvbuf'],
  ['rcvbufsz', 'rcvbuf'],
  ['bitrate', 'rate'],
]);

export interface EndpointSyntax {
  /** Names that may stand in `/name=value`, besides {@link SYNTAX_PARAMETERS}. */
  readonly parameters: ReadonlySet<string>;
  /** A single host is meant: `--unicast`. */
  readonly unicast?: boolean;
  /** Consecutive groups of an endpoint that does not say; default 1. */
  readonly groups?: number;
  /** Family of the group `auto`. */
  readonly family?: 4 | 6;
  /** Uniform 32-bit number for the group `auto`; without it `auto` is refused. */
  readonly random?: () => number;
}

/** Throws ERR_ENDPOINT or ERR_UNICAST, in one line, with the likely meaning. */
export function parseEndpoint(text: string, syntax: EndpointSyntax): Endpoint {
  refuseFragment(text, syntax);
  const { scheme, rest } = splitScheme(text);
  const cut = rest.search(/[/?]/);
  const authority = cut < 0 ? rest : rest.slice(0, cut);
  const tail = cut < 0 ? '' : rest.slice(cut);
  const parameters = tail.startsWith('?') ? readQuery(text, tail, syntax) : readParameters(text, tail, syntax);

  const at = authority.lastIndexOf('@');
  const place = splitPlace(text, authority.slice(at + 1));
  const unicast = syntax.unicast === true || readUnicast(text, parameters);
  const groups = takeGroups(text, place.range, parameters) ?? syntax.groups ?? 1;
  const address =
    place.address === 'auto' ? chooseGroup(text, groups, syntax) : readAddress(text, place.address, 'group');
  checkGroup(text, address, groups, unicast);
  const sources = at > 0 ? readSources(text, authority.slice(0, at), address) : [];
  return {
    scheme,
    family: family(address),
    group: formatAddress(address),
    port: takePort(text, scheme, place, parameters),
    sources,
    groups,
    parameters: withZone(text, place.zone, parameters),
    name: null,
    text,
  };
}

function fail(text: string, why: string, code: ErrorCode = 'ERR_ENDPOINT'): McastError {
  return new McastError(code, `endpoint "${text}": ${why}`);
}

/** What a shell leaves of an endpoint that it has cut, and what is no endpoint at all. */
function refuseFragment(text: string, syntax: EndpointSyntax): void {
  if (text === '') throw fail(text, 'it is empty (an unset shell variable?)');
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the purpose
  if (/[\u0000-\u001f\u007f]/.test(text)) throw fail(JSON.stringify(text).slice(1, -1), 'it holds a control character');
  const parameter = /^[/&?]?([a-z][a-z0-9-]*)=/.exec(text);
  if (parameter !== null && (syntax.parameters.has(parameter[1]!) || SYNTAX_PARAMETERS.includes(parameter[1]!))) {
    const body = text.replace(/^[/&?]/, '');
    throw fail(text, `this is a parameter, cut off by a blank or the shell: write it behind the group as /${body}`);
  }
}

function splitScheme(text: string): { scheme: Scheme | null; rest: string } {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text);
  const known = [...DEFAULT_PORTS.keys()];
  if (match === null) {
    const bare = /^([A-Za-z]+):\/?(?!:)/.exec(text);
    const meant = known.find((scheme) => scheme === bare?.[1]?.toLowerCase());
    if (meant !== undefined) throw fail(text, `write ${meant}:// with both slashes`);
    return { scheme: null, rest: text };
  }
  const scheme = known.find((name) => name === match[1]!.toLowerCase());
  if (scheme === undefined) {
    throw fail(text, `unknown scheme "${match[1]}"${didYouMean(match[1]!, known)} (${known.join(' ')})`);
  }
  return { scheme, rest: match[2]! };
}

/** `/name=value/name=value`: a `/` that is not followed by `name=` belongs to the value before it. */
function readParameters(text: string, tail: string, syntax: EndpointSyntax): Map<string, string> {
  const parameters = new Map<string, string>();
  // A single slash at the end is a habit from web addresses.
  if (tail === '' || tail === '/') return parameters;
  const starts = [...tail.matchAll(/\/([A-Za-z_][A-Za-z0-9_-]*)=/g)];
  if (starts.length === 0 || starts[0]!.index !== 0) {
    const word = /^\/([^/=]*)/.exec(tail)![1]!;
    if (isParameter(word, syntax)) throw fail(text, `/${word} has no value (cut by the shell?): write /${word}=value`);
    throw fail(text, `"${tail}" is not /name=value${didYouMean(word, syntax.parameters, '/')}`);
  }
  for (let i = 0; i < starts.length; i++) {
    const name = starts[i]![1]!;
    const value = tail.slice(starts[i]!.index + name.length + 2, starts[i + 1]?.index ?? tail.length);
    addParameter(text, parameters, name, value, syntax);
  }
  return parameters;
}

/** `?a=b&c=d`, read for the sake of pasted addresses. */
function readQuery(text: string, tail: string, syntax: EndpointSyntax): Map<string, string> {
  const parameters = new Map<string, string>();
  const parts = tail.slice(1).split('&');
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals <= 0) {
      throw fail(
        text,
        `"${part}" behind ? or & is not name=value (cut by the shell?): write /name=value, without quotes`,
      );
    }
    addParameter(text, parameters, part.slice(0, equals), part.slice(equals + 1), syntax);
  }
  if (parts.length === 1) {
    // All that is left when an unquoted & has cut the command in two: the rest would be silently missing.
    const meant = text.replace('?', '/');
    throw fail(text, `a shell may have cut this at an unquoted &: write ${meant} and what followed, /name=value each`);
  }
  return parameters;
}

function isParameter(name: string, syntax: EndpointSyntax): boolean {
  return syntax.parameters.has(name) || SYNTAX_PARAMETERS.includes(name);
}

function addParameter(
  text: string,
  parameters: Map<string, string>,
  name: string,
  value: string,
  syntax: EndpointSyntax,
): void {
  if (!isParameter(name, syntax)) {
    const foreign = FOREIGN_PARAMETERS.get(name.toLowerCase());
    const near =
      foreign !== undefined && isParameter(foreign, syntax)
        ? `; here it is /${foreign}=`
        : didYouMean(name.replaceAll('_', '-'), [...syntax.parameters, ...SYNTAX_PARAMETERS], '/');
    throw fail(text, `unknown parameter "${name}"${near}`);
  }
  if (value === '') throw fail(text, `/${name}= has no value (an unset variable, or cut by the shell)`);
  if (parameters.has(name)) throw fail(text, `the parameter ${name} is given twice`);
  const last = /[/&]([a-z][a-z0-9-]*)$/.exec(value);
  if (last !== null && isParameter(last[1]!, syntax)) {
    throw fail(text, `/${last[1]} has no value (cut by the shell?): write /${last[1]}=value`);
  }
  const joined = /[/&]([A-Za-z_][A-Za-z0-9_-]*)=/.exec(value);
  if (joined !== null && (value[joined.index] === '/' || isParameter(joined[1]!, syntax))) {
    throw fail(text, `parameters are separated by /, all or none of them by & behind a ?: write /${joined[1]}=`);
  }
  parameters.set(name, value);
}

/** The part behind `@`: an address with its neighbours, nothing of it checked yet. */
interface Place {
  readonly address: string;
  readonly zone: string | null;
  /** Behind `+`. */
  readonly range: string | null;
  /** Behind `:`. */
  readonly port: string | null;
  /** IPv6 without brackets: its port can only be a parameter. */
  readonly bare: boolean;
}

function splitPlace(text: string, place: string): Place {
  if (place === '') throw fail(text, 'it names no group');
  const bracketed = /^\[([^\]%]*)(%[^\]]*)?\](%[^+:]*)?(\+[^:]*)?(:.*)?$/.exec(place);
  if (bracketed !== null) {
    if (!bracketed[1]!.includes(':')) throw fail(text, `brackets are for IPv6: write ${bracketed[1]} without them`);
    return found(bracketed[1]!, bracketed[2] ?? bracketed[3], bracketed[4], bracketed[5], false);
  }
  if (/[[\]]/.test(place)) throw fail(text, 'the brackets do not match: write [group]:port');
  if (place.split(':').length > 2) {
    const bare = /^([^%+]*)(%[^+]*)?(\+.*)?$/.exec(place)!;
    return found(bare[1]!, bare[2], bare[3], undefined, true);
  }
  const plain = /^([^%+:]*)(%[^+:]*)?(\+[^:]*)?(:.*)?$/.exec(place);
  if (plain === null) throw fail(text, `"${place}" is not group[%interface][+n][:port]`);
  return found(plain[1]!, plain[2], plain[3], plain[4], false);
}

function found(
  address: string,
  zone: string | undefined,
  range: string | undefined,
  port: string | undefined,
  bare: boolean,
): Place {
  return {
    address,
    zone: zone?.slice(1) ?? null,
    range: range?.slice(1) ?? null,
    port: port?.slice(1) ?? null,
    bare,
  };
}

function readAddress(text: string, word: string, what: 'group' | 'source'): Address {
  const address = parseAddress(word);
  if (address !== null) return address;
  if (word === '') throw fail(text, `it names no ${what}`);
  const why = explainAddress(word);
  if (why !== null) throw fail(text, `${word} is ${why}`);
  throw fail(text, `"${word}" is not an address: names are not looked up, write the ${what} in numbers`);
}

function readSources(text: string, list: string, group: Address): string[] {
  const sources: string[] = [];
  for (const word of list.split(',')) {
    const address = readAddress(text, /^\[.*\]$/.test(word) ? word.slice(1, -1) : word, 'source');
    const source = formatAddress(address);
    if (isMulticast(address)) throw fail(text, `the source ${source} is a multicast group: write source@group`);
    if (address.length !== group.length) {
      throw fail(text, `the source ${source} and the group ${formatAddress(group)} are of different IP versions`);
    }
    if (sources.includes(source)) throw fail(text, `the source ${source} is given twice`);
    sources.push(source);
  }
  return sources;
}

function readUnicast(text: string, parameters: ReadonlyMap<string, string>): boolean {
  const value = parameters.get('unicast');
  if (value === undefined) return false;
  try {
    return parseSwitch(value);
  } catch (error) {
    throw fail(text, `unicast: ${(error as Error).message}`);
  }
}

function checkGroup(text: string, address: Address, groups: number, unicast: boolean): void {
  const group = formatAddress(address);
  if (!isMulticast(address)) {
    if (address.length === 4 && address[0]! >= 240) throw fail(text, `${group} is neither a group nor a host`);
    if (!unicast) throw fail(text, `${group} is a single host, not a multicast group`, 'ERR_UNICAST');
  }
  if (addToAddress(address, groups - 1) === null) {
    throw fail(
      text,
      `${groups} groups from ${group} on leave the ${isMulticast(address) ? 'multicast' : 'address'} range`,
    );
  }
}

/** A random group: 239.255.0.0/16 (RFC 2365 section 6.1) or ff15::/16 with a dynamic group id (RFC 3307 section 4.3.2). */
function chooseGroup(text: string, groups: number, syntax: EndpointSyntax): Address {
  if (syntax.random === undefined) throw fail(text, 'the group auto has no meaning here: write the group');
  const random = syntax.random() >>> 0;
  if (syntax.family === 6) {
    const id = 0x8000_0000 + (random % (0x8000_0000 - groups));
    return addToAddress(parseAddress('ff15::')!, id)!;
  }
  // The highest 256 of this scope have fixed meanings (RFC 2365 section 9).
  const room = 0xff00 - groups;
  if (room <= 0) throw fail(text, `${groups} groups find no room in 239.255.0.0/16`);
  return addToAddress(parseAddress('239.255.0.0')!, random % room)!;
}

function takeGroups(text: string, range: string | null, parameters: Map<string, string>): number | null {
  const parameter = parameters.get('groups');
  parameters.delete('groups');
  if (range === null && parameter === undefined) return null;
  if (range !== null && parameter !== undefined && range !== parameter) {
    throw fail(text, `+${range} and /groups=${parameter} differ`);
  }
  const word = range ?? parameter!;
  if (!/^[1-9][0-9]{0,5}$/.test(word) || Number(word) > MAX_GROUPS) {
    throw fail(text, `+n is the number of consecutive groups, 1..${MAX_GROUPS}; "${word}" is not`);
  }
  return Number(word);
}

function takePort(text: string, scheme: Scheme | null, place: Place, parameters: Map<string, string>): number {
  const parameter = parameters.get('port');
  parameters.delete('port');
  if (place.port !== null && parameter !== undefined && place.port !== parameter) {
    throw fail(text, `:${place.port} and /port=${parameter} differ`);
  }
  const word = place.port ?? parameter;
  if (word !== undefined) {
    if (!/^[1-9][0-9]{0,4}$/.test(word) || Number(word) > 65_535) throw fail(text, `"${word}" is not a port: 1..65535`);
    return Number(word);
  }
  if (place.bare) {
    throw fail(text, `where does ${place.address} end and its port begin? Write the port as /port=n, or [group]:port`);
  }
  const port = DEFAULT_PORTS.get(scheme ?? 'udp');
  if (port === null || port === undefined) throw fail(text, `${scheme} has no usual port: write group:port`);
  return port;
}

function withZone(text: string, zone: string | null, parameters: ReadonlyMap<string, string>): Map<string, string> {
  if (zone === null) return new Map(parameters);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(zone)) throw fail(text, `"%${zone}" does not name an interface`);
  const iface = parameters.get('iface');
  if (iface !== undefined && iface !== zone) throw fail(text, `%${zone} and /iface=${iface} differ`);
  return new Map([['iface', zone], ...parameters]);
}
