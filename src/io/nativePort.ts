import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import type { Clock, Nanos } from '../core/time.js';
import type { NativeAddon } from './addon.js';
import type { DatagramPort, PortSpec } from './datagram.js';
import { addressOctets, sockaddr, sockaddrAddress, sockaddrPort } from './linux/sockaddr.js';
import { RawSocket } from './linux/socket.js';
import { Ipv6Option, Level, SocketOption, Timestamping } from './linux/sockopt.js';
import { stampsFlow } from './linux/stampProbe.js';
import { Errno, systemError } from './linux/systemError.js';

export interface NativePortShare {
  readonly addon: NativeAddon;
  readonly clock: Clock;
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
  receivedRealNs: Nanos = NaN;
  readonly #share: NativePortShare;
  readonly #interfaceIndex: number;
  readonly #socket: RawSocket;
  /** As the kernel wrote it: of the datagram received last, and the one that the text above is of. */
  readonly #sender: Uint8Array;
  readonly #told: Uint8Array;
  readonly #stamp = new BigInt64Array(1);
  /** Whom something was sent to last that did not come from there. */
  #target = '';
  #targetPort = 0;
  #targetOctets: Uint8Array = new Uint8Array(0);
  #open = true;

  constructor(share: NativePortShare, spec: PortSpec) {
    this.#share = share;
    this.#interfaceIndex = spec.interfaceIndex ?? 0;
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
      const bound = share.addon.bind(this.#socket.fd, sockaddr(octets, port, this.#interfaceIndex));
      if (bound < 0) {
        const where = formatHostPort(address ?? (family === 4 ? '0.0.0.0' : '::'), port);
        throw systemError(`cannot use ${where}`, bound, { [Errno.EADDRNOTAVAIL]: 'ERR_SOURCE_ADDRESS' });
      }
      const local = new Uint8Array(SOCKADDR_OCTETS);
      share.addon.localAddress(this.#socket.fd, local);
      this.port = sockaddrPort(local);
      if (spec.stamps === true) this.#askForStamps();
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    this.notes = this.#socket.notes;
  }

  receive(bytes: Uint8Array): number {
    if (!this.#open) return -1;
    const octets = this.#share.addon.receiveFrom(this.#socket.fd, bytes, this.#sender, this.#stamp);
    if (octets < 0) return -1;
    const { clock } = this.#share;
    const stamp = this.#stamp[0]!;
    this.receivedRealNs = stamp === 0n ? clock.realNs() : Number(stamp - clock.epoch.realtimeNs);
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

  #askForStamps(): void {
    const wanted = Timestamping.RxSoftware | Timestamping.Software;
    const socket = this.#socket;
    if (!socket.wish(Level.Socket, SocketOption.Timestamping, wanted, 'no kernel receive stamps')) return;
    const refusal = stampsFlow(this.#share.addon);
    if (refusal !== null) socket.notes.push(refusal);
  }

  /** `null`: no address of this port's family. */
  #octetsOf(address: string, port: number): Uint8Array | null {
    if (port === this.sourcePort && address === this.sourceAddress) return this.#told;
    if (port === this.#targetPort && address === this.#target) return this.#targetOctets;
    const octets = addressOctets(address);
    if (octets === null) return null;
    const made = sockaddr(octets, port, this.#interfaceIndex);
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
