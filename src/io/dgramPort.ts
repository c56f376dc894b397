import type { Socket } from 'node:dgram';
import { parseAddress } from '../core/address.js';
import { copyBytes } from '../core/copyBytes.js';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import type { Clock, Nanos } from '../core/time.js';
import type { DatagramPort, PortSpec } from './datagram.js';
import { bound, dgramError, numericSocket } from './dgramSocket.js';

/** Datagrams that wait to be received; what comes beyond is dropped, as by a kernel. */
const WAITING = 1024;
/** Datagrams that Node holds because the system did not take them at once. */
const QUEUED = 64;

interface Waiting {
  readonly octets: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly realNs: Nanos;
}

export async function openDgramPort(
  closed: (port: object) => void,
  spec: PortSpec,
  clock: Clock,
): Promise<DatagramPort> {
  const { family, address, port } = spec;
  const octets = address === null ? null : parseAddress(address);
  if (address !== null && (octets === null || (octets.length === 4) !== (family === 4))) {
    throw new McastError('ERR_USAGE', `address ${address} is not an IPv${family} address`);
  }
  const socket = numericSocket(family, {});
  try {
    await bound(socket, port, address ?? undefined);
  } catch (error) {
    socket.close();
    const where = formatHostPort(address ?? (family === 4 ? '0.0.0.0' : '::'), port);
    throw dgramError(`cannot use ${where}`, error, { EADDRNOTAVAIL: 'ERR_SOURCE_ADDRESS' });
  }
  return new DgramPort(closed, family, socket, clock);
}

/** A port of node:dgram, which hands datagrams over between two waits of the loop. */
class DgramPort implements DatagramPort {
  readonly port: number;
  readonly notes: readonly string[] = [];
  sourceAddress = '';
  sourcePort = 0;
  receivedRealNs: Nanos = NaN;
  readonly #closed: (port: object) => void;
  readonly #family: 4 | 6;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  /** With its zone, as Node gave it. */
  #sourceName = '';
  #open = true;

  constructor(closed: (port: object) => void, family: 4 | 6, socket: Socket, clock: Clock) {
    this.#closed = closed;
    this.#family = family;
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (octets, { address, port: from }) => {
      if (this.#waiting.length < WAITING) this.#waiting.push({ octets, address, port: from, realNs: clock.realNs() });
    });
    // What the system says of a datagram that was sent long ago: nobody waits for that.
    socket.on('error', () => {});
  }

  receive(bytes: Uint8Array): number {
    const next = this.#waiting.shift();
    if (next === undefined) return -1;
    const octets = Math.min(next.octets.length, bytes.length);
    copyBytes(next.octets, 0, octets, bytes, 0);
    this.#sourceName = next.address;
    this.sourceAddress = next.address.replace(/%.*$/, '');
    this.sourcePort = next.port;
    this.receivedRealNs = next.realNs;
    return octets;
  }

  send(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    if (!this.#open || address.includes(':') !== (this.#family === 6)) return false;
    if (this.#socket.getSendQueueCount() >= QUEUED) return false;
    const name = address === this.sourceAddress ? this.#sourceName : address;
    // Node may keep what it could not send at once, and the caller's octets are the caller's again.
    this.#socket.send(Buffer.from(bytes.subarray(0, octets)), 0, octets, port, name, () => {});
    return true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting.length = 0;
    this.#socket.close();
    this.#closed(this);
  }
}
