import type { NativeAddon } from '../addon.js';
import type { AddressFamily } from '../datagram.js';
import { Domain, intOption, readInt, SocketType } from './sockopt.js';
import { systemError } from './systemError.js';

const DOMAINS = { 4: Domain.Inet, 6: Domain.Inet6, packet: Domain.Packet } as const;

/** A socket while its options are being set; what is refused and can be done without becomes a note. */
export class RawSocket {
  readonly fd: number;
  readonly notes: string[] = [];
  readonly #addon: NativeAddon;
  #owned = true;

  /** `packet`: below IP, which needs CAP_NET_RAW. */
  constructor(addon: NativeAddon, family: AddressFamily | 'packet', type: number = SocketType.Datagram, protocol = 0) {
    this.#addon = addon;
    this.fd = addon.socket(DOMAINS[family], type, protocol);
    if (this.fd < 0) throw systemError('no socket could be opened', this.fd);
  }

  /** Sets an option that nothing works without. */
  demand(level: number, name: number, value: number | Uint8Array, what: string): void {
    const result = this.set(level, name, value);
    if (result < 0) throw systemError(what, result);
  }

  /** Sets an option whose refusal is only noted. Returns whether it was taken. */
  wish(level: number, name: number, value: number | Uint8Array, what: string): boolean {
    const result = this.set(level, name, value);
    if (result < 0) this.notes.push(systemError(what, result).message);
    return result >= 0;
  }

  set(level: number, name: number, value: number | Uint8Array): number {
    return this.#addon.setOption(this.fd, level, name, typeof value === 'number' ? intOption(value) : value);
  }

  /** An int option; `null`: not readable. */
  read(level: number, name: number): number | null {
    const octets = new Uint8Array(4);
    return this.#addon.getOption(this.fd, level, name, octets) < 4 ? null : readInt(octets);
  }

  /**
   * Asks for a buffer of `octets` of kernel memory, forced where the process may; returns what was
   * granted. The kernel doubles the number it is given (socket(7), SO_RCVBUF).
   */
  buffer(level: number, name: number, force: number, octets: number, what: string): number | null {
    if (octets > 0 && this.set(level, force, Math.ceil(octets / 2)) < 0) this.set(level, name, Math.ceil(octets / 2));
    const granted = this.read(level, name);
    if (octets > 0 && granted !== null && granted < octets) {
      this.notes.push(`${what}: asked for ${octets} octets, the system granted ${granted}`);
    }
    return granted;
  }

  /** A receiver or sender of the addon has taken the descriptor over, and will close it. */
  handOver(): void {
    this.#owned = false;
  }

  /** Nothing when it was handed over: the number may mean another file by then. */
  close(): void {
    if (this.#owned) this.#addon.close(this.fd);
    this.#owned = false;
  }
}
