import ipaddr from 'ipaddr.js';
import { putU32be, u32be } from '../core/bytes.js';
import type { UdpLocation } from '../wire/ip.js';
import type { Path } from './datagram.js';
import { MAX_PATHS } from './pathTable.js';

/** Two addresses of sixteen octets, two ports, family, interface index. */
const KEY_OCTETS = 44;
const UNKNOWN: Path = { source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 };

/**
 * Numbers the paths of captured datagrams by the octets of their headers, so that only a path's first
 * datagram costs strings. Index 0: the table was full.
 */
export class CapturePaths {
  readonly #limit: number;
  readonly #paths: Path[] = [UNKNOWN];
  /** Open addressing: path indexes, 0 free; at most half of the slots are in use. */
  #slots = new Uint32Array(128);
  /** The key of path i at `i * KEY_OCTETS`. */
  #keys = new Uint8Array(64 * KEY_OCTETS);
  readonly #key = new Uint8Array(KEY_OCTETS);

  constructor(limit = MAX_PATHS) {
    this.#limit = limit;
  }

  /** Paths known, index 0 included. */
  get count(): number {
    return this.#paths.length;
  }

  path(index: number): Path {
    return this.#paths[index] ?? UNKNOWN;
  }

  /** The path's index, new or known; 0 when there is no room. */
  intern(bytes: Uint8Array, location: UdpLocation, interfaceIndex: number): number {
    this.#writeKey(bytes, location, interfaceIndex);
    const known = this.#slots[this.#slotOf(this.#key, 0)]!;
    if (known !== 0 || this.#paths.length >= this.#limit) return known;
    const index = this.#paths.length;
    if ((index + 1) * KEY_OCTETS > this.#keys.length) this.#grow();
    this.#paths.push(describe(bytes, location, interfaceIndex));
    this.#keys.set(this.#key, index * KEY_OCTETS);
    this.#slots[this.#slotOf(this.#key, 0)] = index;
    return index;
  }

  #writeKey(bytes: Uint8Array, location: UdpLocation, interfaceIndex: number): void {
    const key = this.#key;
    const octets = location.family === 4 ? 4 : 16;
    key.fill(0);
    for (let i = 0; i < octets; i++) {
      key[i] = bytes[location.sourceAt + i]!;
      key[16 + i] = bytes[location.destinationAt + i]!;
    }
    key[32] = location.sourcePort >> 8;
    key[33] = location.sourcePort;
    key[34] = location.destinationPort >> 8;
    key[35] = location.destinationPort;
    // An IPv4 address and an IPv6 address of the same first octets must differ.
    key[36] = location.family;
    putU32be(key, 40, interfaceIndex);
  }

  /** The slot of the path with this key, or the free one where it belongs. */
  #slotOf(keys: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(keys, at) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index === 0 || isSame(this.#keys, index * KEY_OCTETS, keys, at)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const keys = new Uint8Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 1; index < this.#paths.length; index++) {
      this.#slots[this.#slotOf(keys, index * KEY_OCTETS)] = index;
    }
  }
}

function isSame(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (let i = 0; i < KEY_OCTETS; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/** FNV-1a over words, mixed so that the low bits depend on all of them. */
function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c_9dc5 | 0;
  for (let i = at; i < at + KEY_OCTETS; i += 4) hash = Math.imul(hash ^ u32be(bytes, i), 0x0100_0193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function describe(bytes: Uint8Array, location: UdpLocation, interfaceIndex: number): Path {
  const octets = location.family === 4 ? 4 : 16;
  const text = (at: number): string => ipaddr.fromByteArray(Array.from(bytes.subarray(at, at + octets))).toString();
  return {
    source: text(location.sourceAt),
    sourcePort: location.sourcePort,
    group: text(location.destinationAt),
    port: location.destinationPort,
    interfaceIndex,
  };
}
