import type { WireStatus } from './status.js';

/** The uniform face of a wire module for `dump`, registries, tests and fuzzers. Never called per datagram. */
export interface Codec<H> {
  readonly name: string;
  /** Where the format is specified, e.g. "RFC 3550 section 5.1". */
  readonly reference: string;
  create(): H;
  check(bytes: Uint8Array, at: number, length: number): WireStatus;
  parse(bytes: Uint8Array, at: number, length: number, out: H): WireStatus;
  /** Octets that `write` will write. */
  octets(header: Readonly<H>): number;
  /** Writes every octet of the header (slots are reused: nothing may be left over) and returns their number. */
  write(bytes: Uint8Array, at: number, header: Readonly<H>): number;
  /** One line for a person. */
  describe(header: Readonly<H>): string;
}
