import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import type { NativeAddon } from './addon.js';
import type { DatagramPort, PortSpec } from './datagram.js';
import { addressOctets, sockaddr, sockaddrAddress, sockaddrPort } from './linux/sockaddr.js';
import { RawSocket } from './linux/socket.js';
import { Ipv6Option, Level } from './linux/sockopt.js';
import { Errno, systemError } from './linux/systemError.js';

export interface NativePortShare {
  readonly addon: NativeAddon;
  closed(socket: object): void;
}

const ANY = { 4: new Uint8Array(4), 6: new Uint8Array(16) } as const;
const SOCKADDR_OCTETS = 28;

/** A port of the native implementation: plain calls of the system, one datagram each. */
export class NativePort implements DatagramPort {
  readonly port: number;
  readonly notes: readonly string[];
  sourceAddress = '';
  sourcePort = 0;
  readonly #share: NativePortShare;
  readonly #socket: RawSocket;
  /** As the kernel wrote it: of the datagram received last, and the one that the text above is of. */
  readonly #sender: Uint8Array;
  readonly #told: Uint8Array;
  /** Whom something was sent to last that did not come from there. */
  #target = '';
  #targetPort = 0;
  #targetOctets: Uint8Array = new Uint8Array(0);
  #open = true;

  constructor(share: NativePortShare, spec: PortSpec) {
    this.#share = share;
    const { family, address, port } = spec;
    const octets = address === null ? ANY[family] : addressOctets(address);
    if (octets === null || (octets.length === 4) !== (family === 4)) {
      throw new McastError('ERR_USAGE', `address ${address} is not an IPv${family} address`);
    }
    this.#socket = new RawSocket(share.addon, family);
    this.#sender = sockaddr(ANY[family], 0);
    this.#told = sockaddr(ANY[family], 0);
    try {
      if (family === 6) this.#socket.demand(Level.Ipv6, Ipv6Option.V6Only, 1, 'IPv6 only');
      const bound = share.addon.bind(this.#socket.fd, sockaddr(octets, port));
      if (bound < 0) {
        const where = formatHostPort(address ?? (family === 4 ? '0.0.0.0' : '::'), port);
        throw systemError(`cannot use ${where}`, bound, { [Errno.EADDRNOTAVAIL]: 'ERR_SOURCE_ADDRESS' });
      }
      const local = new Uint8Array(SOCKADDR_OCTETS);
      share.addon.localAddress(this.#socket.fd, local);
      this.port = sockaddrPort(local);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    this.notes = this.#socket.notes;
  }

  receive(bytes: Uint8Array): number {
    if (!this.#open) return -1;
    const octets = this.#share.addon.receiveFrom(this.#socket.fd, bytes, this.#sender);
    if (octets < 0) return -1;
    if (!isSame(this.#sender, this.#told)) {
      this.#told.set(this.#sender);
      this.sourceAddress = sockaddrAddress(this.#sender);
      this.sourcePort = sockaddrPort(this.#sender);
    }
    return octets;
  }

  send(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    if (!this.#open) return false;
    const to = this.#octetsOf(address, port);
    const datagram = octets === bytes.length ? bytes : bytes.subarray(0, octets);
    return to !== null && this.#share.addon.sendTo(this.#socket.fd, datagram, to) >= 0;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    this.#share.closed(this);
  }

  /** `null`: no address of this port's family. */
  #octetsOf(address: string, port: number): Uint8Array | null {
    if (port === this.sourcePort && address === this.sourceAddress) return this.#told;
    if (port === this.#targetPort && address === this.#target) return this.#targetOctets;
    const octets = addressOctets(address);
    if (octets === null) return null;
    const made = sockaddr(octets, port);
    if (made.length !== this.#told.length) return null;
    this.#target = address;
    this.#targetPort = port;
    this.#targetOctets = made;
    return made;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
