import { sockaddrAddress, writeSockaddr } from './sockaddr.js';
import { LITTLE_ENDIAN, POINTER_OCTETS } from './sockopt.js';

/** Protocol-independent multicast requests of RFC 3678 section 5, as Linux lays them out (linux/in.h). */
const STORAGE_OCTETS = 128;
const GROUP_AT = POINTER_OCTETS;

/** struct group_req: any-source membership. */
export function groupRequest(group: Uint8Array, interfaceIndex: number): Uint8Array {
  const out = new Uint8Array(GROUP_AT + STORAGE_OCTETS);
  new DataView(out.buffer).setUint32(0, interfaceIndex, LITTLE_ENDIAN);
  writeSockaddr(out, GROUP_AT, group, 0, interfaceIndex);
  return out;
}

/** struct group_source_req: one source of one group. */
export function groupSourceRequest(group: Uint8Array, source: Uint8Array, interfaceIndex: number): Uint8Array {
  const out = new Uint8Array(GROUP_AT + 2 * STORAGE_OCTETS);
  new DataView(out.buffer).setUint32(0, interfaceIndex, LITTLE_ENDIAN);
  writeSockaddr(out, GROUP_AT, group, 0, interfaceIndex);
  writeSockaddr(out, GROUP_AT + STORAGE_OCTETS, source, 0, interfaceIndex);
  return out;
}

const MODE_AT = GROUP_AT + STORAGE_OCTETS;
const SOURCES_AT = MODE_AT + 8;
const MODE_INCLUDE = 1;

/** struct group_filter with room for `sources`, to be filled by getsockopt(MCAST_MSFILTER). */
export function sourceFilterRequest(group: Uint8Array, interfaceIndex: number, sources: number): Uint8Array {
  const out = new Uint8Array(SOURCES_AT + sources * STORAGE_OCTETS);
  const view = new DataView(out.buffer);
  view.setUint32(0, interfaceIndex, LITTLE_ENDIAN);
  writeSockaddr(out, GROUP_AT, group, 0, interfaceIndex);
  view.setUint32(MODE_AT + 4, sources, LITTLE_ENDIAN);
  return out;
}

export interface SourceFilter {
  readonly mode: 'include' | 'exclude';
  readonly sources: readonly string[];
}

/** What the kernel wrote into a {@link sourceFilterRequest}; sources beyond its room are not listed. */
export function parseSourceFilter(octets: Uint8Array): SourceFilter {
  const view = new DataView(octets.buffer, octets.byteOffset);
  const room = Math.floor((octets.length - SOURCES_AT) / STORAGE_OCTETS);
  const count = Math.min(view.getUint32(MODE_AT + 4, LITTLE_ENDIAN), room);
  const sources: string[] = [];
  for (let i = 0; i < count; i++) sources.push(sockaddrAddress(octets, SOURCES_AT + i * STORAGE_OCTETS));
  return { mode: view.getUint32(MODE_AT, LITTLE_ENDIAN) === MODE_INCLUDE ? 'include' : 'exclude', sources };
}
