/** What a session description lets a receiver join: an endpoint of our syntax for each media over RTP or UDP. */
import { addToAddress, formatAddress, isMulticast, parseAddress } from '../core/address.js';
import { formatEndpoint } from '../core/endpoint.js';
import { isRtpProtocol, isUdpProtocol } from './sdp.js';
import type { SdpConnection, SdpDescription, SdpExtmap, SdpMediaRead } from './sdp.js';

export interface SdpEndpoint {
  /** `rtp://S@G:P/ttl=n`, canonical. */
  readonly endpoint: string;
  /** Unlike those of the others; `null`: nothing names it, and it is the only one. */
  readonly name: string | null;
  /** Of the media's `m=`. */
  readonly line: number;
  /** First payload type of RTP; `null`: not RTP, or none that is a number. */
  readonly payloadType: number | null;
  /** Of that payload type, else the media subtype of plain datagrams. */
  readonly encoding: string | null;
  /** Hz */
  readonly clockRate: number | null;
  readonly extmaps: readonly SdpExtmap[];
  /** Index, in the list, of the endpoint whose duplicate this is (RFC 7104 section 3, `DUP`); `null`: none. */
  readonly duplicateOf: number | null;
}

/** RFC 3551 section 6: payload types that need no `a=rtpmap`. */
const STATIC_PAYLOAD_TYPES: Readonly<Record<number, readonly [encoding: string, clockRate: number]>> = {
  0: ['PCMU', 8000],
  3: ['GSM', 8000],
  8: ['PCMA', 8000],
  9: ['G722', 8000],
  10: ['L16', 44_100],
  11: ['L16', 44_100],
  14: ['MPA', 90_000],
  26: ['JPEG', 90_000],
  31: ['H261', 90_000],
  32: ['MPV', 90_000],
  33: ['MP2T', 90_000],
  34: ['H263', 90_000],
};

/** A description of some octets can claim very many. */
const MOST_ENDPOINTS = 4096;

interface Found {
  readonly media: SdpMediaRead;
  readonly endpoint: string;
}

interface Place {
  readonly connection: SdpConnection;
  readonly port: number;
}

/**
 * Endpoints in the order of the media. Left out are media without a port (RFC 8866 section 5.14), over other
 * transports, and repair flows of FEC. What cannot be joined as described is appended to `problems`, as
 * `<source>:<line>: <what>`.
 */
export function sdpEndpoints(
  description: SdpDescription<SdpMediaRead>,
  source: string,
  problems: string[],
): SdpEndpoint[] {
  const found: Found[] = [];
  // Media may share a transport (RFC 9143): joined once.
  const seen = new Set<string>();
  for (const media of description.media) {
    const isRtp = isRtpProtocol(media.protocol);
    if (media.port === 0 || !(isRtp || isUdpProtocol(media.protocol)) || isRepair(media)) continue;
    const where = `${source}:${media.line}`;
    const places = placesOf(media, isRtp);
    if (typeof places === 'string') {
      problems.push(`${where}: ${places}`);
      continue;
    }
    for (const place of places) {
      const read = readPlace(media, place, isRtp);
      if (typeof read === 'string') {
        problems.push(`${where}: ${read}`);
        break;
      }
      if (seen.has(read.endpoint)) continue;
      if (seen.size >= MOST_ENDPOINTS) {
        problems.push(`${where}: more than ${MOST_ENDPOINTS} endpoints are not read`);
        return [];
      }
      seen.add(read.endpoint);
      found.push({ media, ...read });
    }
  }
  const names = namesOf(description, found);
  const firstOf = duplicates(description, found);
  return found.map(({ media, endpoint }, i) => ({
    endpoint,
    name: names[i]!,
    line: media.line,
    ...encodingOf(media),
    extmaps: media.extmaps,
    duplicateOf: (media.mid === null ? undefined : firstOf.get(media.mid)) ?? null,
  }));
}

/** A payload that repairs another media (RFC 5956 section 4): `parityfec`, `ulpfec`, `1d-interleaved-parityfec`, `flexfec`. */
function isRepair(media: SdpMediaRead): boolean {
  return media.rtpmaps.length > 0 && media.rtpmaps.every(({ encoding }) => /fec$/i.test(encoding));
}

/**
 * Groups and ports of a media. RFC 8866 section 5.14: several ports, of which RTP takes every other one,
 * belong to as many addresses one by one, or all to one address.
 */
function placesOf(media: SdpMediaRead, isRtp: boolean): Place[] | string {
  const { connections, port, ports } = media;
  if (connections.length === 0) return 'this media has no c= line, nor has the session';
  const stride = isRtp ? 2 : 1;
  if (port + (ports - 1) * stride > 65_535) return `${ports} ports from ${port} on go beyond 65535`;
  if (ports === 1) return connections.map((connection) => ({ connection, port }));
  const single = connections.flatMap((connection) => singleAddresses(connection, ports));
  if (single.length !== 1 && single.length !== ports) {
    return `${ports} ports and another number of addresses: which belong together is not said`;
  }
  return Array.from({ length: ports }, (_, i) => ({
    connection: single.length === 1 ? single[0]! : single[i]!,
    port: port + i * stride,
  }));
}

/** The addresses of a connection one by one, at most one more than `most`. */
function singleAddresses(connection: SdpConnection, most: number): SdpConnection[] {
  const first = parseAddress(connection.address);
  if (first === null || connection.addresses === 1) return [connection];
  const length = Math.min(connection.addresses, most + 1);
  return Array.from({ length }, (_, i) => {
    const address = addToAddress(first, i);
    return { ...connection, addresses: 1, address: address === null ? connection.address : formatAddress(address) };
  });
}

/** The endpoint of a place, or what is wrong with it. */
function readPlace(
  media: SdpMediaRead,
  { connection, port }: Place,
  isRtp: boolean,
): { readonly endpoint: string } | string {
  const { family, address, ttl, addresses } = connection;
  const group = parseAddress(address);
  if (group === null) return `"${address}" is a name, which is not looked up: write the address in numbers`;
  if (addresses > 1 && addToAddress(group, addresses - 1) === null) {
    return `${addresses} addresses from ${address} on leave the multicast range`;
  }
  const sources: string[] = [];
  for (const filter of media.filters) {
    if (filter.family !== null && filter.family !== family) continue;
    if (filter.destination !== null && !covers(connection, filter.destination)) continue;
    // The sources to be left out would be received and measured as well.
    if (filter.mode === 'excl') return 'a=source-filter: excl is not supported: name the sources that are wanted';
    for (const one of filter.sources) {
      if (one.includes(':') === (family === 6) && !sources.includes(one)) sources.push(one);
    }
  }
  const endpoint = formatEndpoint({
    scheme: isRtp ? 'rtp' : 'udp',
    family,
    group: address,
    port,
    sources,
    groups: addresses,
    // Section 5.7: what the sender sets, so that a receiver can tell how many hops away it is.
    parameters: new Map(ttl === null || !isMulticast(group) ? [] : [['ttl', String(ttl)]]),
  });
  return { endpoint };
}

function covers(connection: SdpConnection, destination: string): boolean {
  if (connection.address === destination) return true;
  const wanted = parseAddress(destination);
  const first = parseAddress(connection.address);
  if (wanted === null || first === null || wanted.length !== first.length) return false;
  const span = wanted.reduce((sum, octet, i) => sum * 256 + octet - first[i]!, 0);
  return span >= 0 && span < connection.addresses;
}

function encodingOf(media: SdpMediaRead): Pick<SdpEndpoint, 'payloadType' | 'encoding' | 'clockRate'> {
  const format = media.formats[0];
  if (!isRtpProtocol(media.protocol)) return { payloadType: null, encoding: format ?? null, clockRate: null };
  const payloadType = format !== undefined && /^\d{1,3}$/.test(format) ? Number(format) : null;
  const mapped = media.rtpmaps.find((rtpmap) => rtpmap.payloadType === payloadType);
  if (mapped !== undefined) return { payloadType, encoding: mapped.encoding, clockRate: mapped.clockRate };
  const [encoding, clockRate] = STATIC_PAYLOAD_TYPES[payloadType ?? -1] ?? [null, null];
  return { payloadType, encoding, clockRate };
}

/** By the `mid` of each duplicate, the index of the endpoint that stands first in their group. */
function duplicates({ groups }: SdpDescription, found: readonly Found[]): Map<string, number | undefined> {
  const indexOf = new Map<string, number>();
  for (const [i, { media }] of found.entries()) {
    if (media.mid !== null && !indexOf.has(media.mid)) indexOf.set(media.mid, i);
  }
  const firstOf = new Map<string, number | undefined>();
  for (const { semantics, mids } of groups) {
    if (semantics !== 'DUP') continue;
    for (const mid of mids.slice(1)) firstOf.set(mid, indexOf.get(mids[0]!));
  }
  return firstOf;
}

/** The session's name, behind it what tells the media apart where there are several, and the place if still needed. */
function namesOf({ name, media: all }: SdpDescription<SdpMediaRead>, found: readonly Found[]): (string | null)[] {
  if (found.length === 1) return [name ?? found[0]!.media.title];
  const positions = new Map(all.map((media, i) => [media, i + 1]));
  const own = found.map(({ media }) => {
    const part = media.title ?? media.mid ?? `${media.type} ${positions.get(media)}`;
    return name === null ? part : `${name} ${part}`;
  });
  const times = new Map<string, number>();
  for (const text of own) times.set(text, (times.get(text) ?? 0) + 1);
  return own.map((text, i) =>
    times.get(text) === 1 ? text : `${text} ${found[i]!.endpoint.replace(/^\w+:\/\//, '')}`,
  );
}
