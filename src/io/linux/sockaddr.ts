import type { AddressFamily } from '../datagram.js';
import { Domain, LITTLE_ENDIAN } from './sockopt.js';

/** Octets of an IPv4 or IPv6 address written in canonical text; `null` for anything else. No zone. */
export function addressOctets(text: string): Uint8Array | null {
  return text.includes(':') ? ipv6Octets(text) : ipv4Octets(text);
}

function ipv4Octets(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const octets = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    octets[index] = Number(part);
  }
  return octets;
}

function words(text: string): number[] | null {
  if (text === '') return [];
  const result: number[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
    result.push(Number.parseInt(part, 16));
  }
  return result;
}

function ipv6Octets(text: string): Uint8Array | null {
  let rest = text;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const tail = ipv4Octets(dotted[2]!);
    if (tail === null) return null;
    const [high, low] = [(tail[0]! << 8) | tail[1]!, (tail[2]! << 8) | tail[3]!];
    rest = `${dotted[1]!}${high.toString(16)}:${low.toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return null;
  const head = words(halves[0]!);
  const tail = halves.length === 2 ? words(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const all = [...head, ...new Array<number>(gap).fill(0), ...tail];
  const octets = new Uint8Array(16);
  for (const [index, word] of all.entries()) {
    octets[2 * index] = word >>> 8;
    octets[2 * index + 1] = word;
  }
  return octets;
}

/** 16 octets: IPv4 as ::ffff:a.b.c.d. */
export function mappedOctets(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const mapped = new Uint8Array(16).fill(0xff, 10, 12);
  mapped.set(address, 12);
  return mapped;
}

/** Text of 4 or 16 octets at `at`; IPv6 as in RFC 5952, and an IPv4-mapped one as IPv4. */
export function addressText(octets: Uint8Array, at: number, family: AddressFamily): string {
  if (family === 4) return Array.from(octets.subarray(at, at + 4)).join('.');
  const view = new DataView(octets.buffer, octets.byteOffset + at, 16);
  if (view.getUint32(0) === 0 && view.getUint32(4) === 0 && view.getUint32(8) === 0xffff)
    return addressText(octets, at + 12, 4);
  const text = Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16));
  let [start, length] = [0, 1];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && text[to] === '0') to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  if (length < 2) return text.join(':');
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`;
}

/** ff01, ff02 (RFC 4291 section 2.7) and their like with other flags, and fe80::/10: no meaning without a zone. */
export function needsZone(octets: Uint8Array): boolean {
  if (octets.length !== 16) return false;
  if (octets[0] === 0xff) return (octets[1]! & 0x0f) === 1 || (octets[1]! & 0x0f) === 2;
  return octets[0] === 0xfe && (octets[1]! & 0xc0) === 0x80;
}

export function isMulticast(octets: Uint8Array): boolean {
  return octets.length === 16 ? octets[0] === 0xff : (octets[0]! & 0xf0) === 0xe0;
}

/**
 * struct sockaddr_in (16 octets) or sockaddr_in6 (28). The zone is the interface, where the address
 * needs one. `out` may be a longer structure that has the address at `at`.
 */
export function writeSockaddr(
  out: Uint8Array,
  at: number,
  address: Uint8Array,
  port: number,
  interfaceIndex: number,
): number {
  const view = new DataView(out.buffer, out.byteOffset);
  view.setUint16(at, address.length === 4 ? Domain.Inet : Domain.Inet6, LITTLE_ENDIAN);
  view.setUint16(at + 2, port);
  if (address.length === 4) {
    out.set(address, at + 4);
    return 16;
  }
  out.set(address, at + 8);
  view.setUint32(at + 24, needsZone(address) ? interfaceIndex : 0, LITTLE_ENDIAN);
  return 28;
}

export function sockaddr(address: Uint8Array, port: number, interfaceIndex = 0): Uint8Array {
  const out = new Uint8Array(address.length === 4 ? 16 : 28);
  writeSockaddr(out, 0, address, port, interfaceIndex);
  return out;
}

/** Port of a sockaddr as the kernel wrote it. */
export function sockaddrPort(octets: Uint8Array): number {
  return (octets[2]! << 8) | octets[3]!;
}

/** Address text of a sockaddr as the kernel wrote it, at `at`. */
export function sockaddrAddress(octets: Uint8Array, at = 0): string {
  const family = new DataView(octets.buffer, octets.byteOffset).getUint16(at, LITTLE_ENDIAN);
  return family === Domain.Inet ? addressText(octets, at + 4, 4) : addressText(octets, at + 8, 6);
}
