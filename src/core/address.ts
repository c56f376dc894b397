/**
 * IPv4 and IPv6 addresses as text and as octets. Strict: the forms that libraries read differently
 * (leading zeros as octal, hexadecimal, fewer than four parts) are no addresses here, and
 * {@link explainAddress} says what they probably meant. IPv6 text is RFC 4291 section 2.2, written as RFC 5952.
 */

/** 4 or 16 octets in network order. Treat as immutable. */
export type Address = Uint8Array;

export function family(address: Address): 4 | 6 {
  return address.length === 4 ? 4 : 6;
}

/** `null` when `text` is not exactly one address, without zone, brackets or port. */
export function parseAddress(text: string): Address | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Four decimal parts of 0..255 without leading zeros. */
export function parseIpv4(text: string): Address | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const octets = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!;
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    octets[i] = Number(part);
  }
  return octets;
}

export function parseIpv6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group.
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  const octets = new Uint8Array(16);
  octets.set(head, 0);
  octets.set(tail, 16 - tail.length);
  return octets;
}

/** Octets of `1:2:3`; the last group may be dotted IPv4 where `dotted`. `null`: malformed. */
function parseGroups(text: string, dotted: boolean): number[] | null {
  if (text === '') return [];
  const octets: number[] = [];
  const groups = text.split(':');
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (dotted && i === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === null) return null;
      octets.push(...ipv4);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    const value = Number.parseInt(group, 16);
    octets.push(value >>> 8, value & 0xff);
  }
  return octets;
}

/** Canonical text: dotted decimal, or RFC 5952 (lower case, no leading zeros, the first longest run of zero groups as `::`). */
export function formatAddress(address: Address): string {
  if (address.length === 4) return address.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((address[i]! << 8) | address[i + 1]!);
  // RFC 5952 section 5: addresses known to embed IPv4 end in dotted decimal.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${address.subarray(12).join('.')}`;
  }
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      from = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  if (from < 0) return groupsText(groups);
  return `${groupsText(groups.slice(0, from))}::${groupsText(groups.slice(from + length))}`;
}

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** Why `text` is not an address and what was probably meant, as the end of a sentence; `null`: it is none at all (a name, say). */
export function explainAddress(text: string): string | null {
  if (text.includes(':')) {
    if (!/^[0-9a-fA-F:.]+$/.test(text)) return null;
    return 'not an IPv6 address';
  }
  if (/^0[xX][0-9a-fA-F]{1,8}$/.test(text)) {
    return `hexadecimal, which programs read differently; probably ${dotted(Number(text))}`;
  }
  if (/^[0-9]+$/.test(text)) {
    if (text.length <= 3) return 'an IPv4 address of one part; write all four';
    return Number(text) <= 0xffff_ffff
      ? `one decimal number, which programs read differently; probably ${dotted(Number(text))}`
      : 'not an IPv4 address';
  }
  const parts = text.split('.');
  if (!parts.every((part) => /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(part))) {
    return parts.length === 4 && /^[0-9.]+$/.test(text) ? 'an IPv4 address with an empty part' : null;
  }
  if (parts.some((part) => /^0[xX]/.test(part))) {
    const values = parts.map(Number);
    const likely = values.length === 4 && values.every((value) => value <= 255) ? `; probably ${values.join('.')}` : '';
    return `partly hexadecimal, which programs read differently${likely}`;
  }
  const decimal = parts.map(Number);
  if (parts.length !== 4) {
    if (parts.length > 4) return `${parts.length} parts long; an IPv4 address has four`;
    return `an IPv4 address of ${parts.length} parts, which programs fill up differently; write all four`;
  }
  const tooLarge = decimal.find((value) => value > 255);
  if (tooLarge !== undefined) return `not an IPv4 address: ${tooLarge} is above 255`;
  return `written with leading zeros, which some programs read as octal; probably ${decimal.join('.')}`;
}

function dotted(value: number): string {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff].join('.');
}

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 section 2.7). */
export function isMulticast(address: Address): boolean {
  return address.length === 4 ? address[0]! >>> 4 === 14 : address[0] === 0xff;
}

/** 232.0.0.0/8 and ff3x::/32 (RFC 4607 section 1): source-specific only. */
export function isSsmRange(address: Address): boolean {
  if (address.length === 4) return address[0] === 232;
  return address[0] === 0xff && address[1]! >>> 4 === 3 && address[2] === 0 && address[3] === 0;
}

/** What routers never forward, and senders here refuse: 224.0.0.0/24 (RFC 5771 section 4) and ff02::/16. */
export function isLinkLocalControl(address: Address): boolean {
  if (address.length === 4) return address[0] === 224 && address[1] === 0 && address[2] === 0;
  return address[0] === 0xff && address[1] === 0x02;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: Address): boolean {
  if (address.length === 4) return address[0] === 127;
  return address.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

/** 0.0.0.0 or ::. */
export function isUnspecified(address: Address): boolean {
  return address.every((octet) => octet === 0);
}

/** Needs an interface to mean anything: fe80::/10, and multicast of interface-local or link-local scope in IPv6. */
export function needsZone(address: Address): boolean {
  if (address.length === 4) return false;
  if (address[0] === 0xff) return (address[1]! & 0x0f) <= 2;
  return address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
}

export type MulticastScope = 'interface' | 'link' | 'admin' | 'site' | 'organization' | 'global' | 'reserved';

/** Scope of a multicast address: RFC 2365 and 5771 (IPv4), the scop field of RFC 7346 (IPv6). `null`: not multicast. */
export function multicastScope(address: Address): MulticastScope | null {
  if (!isMulticast(address)) return null;
  if (address.length === 4) {
    if (isLinkLocalControl(address)) return 'link';
    if (address[0] !== 239) return 'global';
    if (address[1] === 255) return 'site';
    return (address[1]! & 0xfc) === 192 ? 'organization' : 'admin';
  }
  switch (address[1]! & 0x0f) {
    case 1:
      return 'interface';
    case 2:
      return 'link';
    case 4:
      return 'admin';
    case 5:
      return 'site';
    case 8:
      return 'organization';
    case 14:
      return 'global';
    default:
      return 'reserved';
  }
}

/**
 * The address `by` (0 or more, below 2^32) further on. `null` when that leaves the range in which the
 * first one lies: 224.0.0.0/4, the same IPv6 prefix, flags and scope (the first 12 octets), or all of IPv4.
 */
export function addToAddress(address: Address, by: number): Address | null {
  const next = Uint8Array.from(address);
  let carry = by;
  for (let i = address.length - 1; i >= address.length - 4; i--) {
    carry += next[i]!;
    next[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
  if (carry > 0 || isMulticast(next) !== isMulticast(address)) return null;
  return next;
}
