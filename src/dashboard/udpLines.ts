import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';

/** Whole lines in datagrams that fit any usual MTU. */
export const DATAGRAM_OCTETS = 1400;

/** Lines to a host and port by UDP: nothing is heard of them but what the system itself says. */
export class UdpLines {
  readonly #socket: Socket;
  readonly #say: (text: string) => void;
  readonly #place: string;
  #datagrams = 0;
  #failures = 0;

  /** Rejects with ERR_SOCKET: the name has no address. */
  static async open(what: string, host: string, port: number, say: (text: string) => void): Promise<UdpLines> {
    let found;
    try {
      found = await lookup(host);
    } catch (error) {
      throw new McastError('ERR_SOCKET', `${what}: ${host} has no address that can be found`, {
        cause: error,
        hint: '',
      });
    }
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    // Connected, so that the system tells when nobody is there.
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) =>
        reject(
          new McastError('ERR_SOCKET', `${what}: ${formatHostPort(host, port)}: ${error.message}`, { cause: error }),
        ),
      );
      socket.connect(port, found.address, resolve);
    });
    socket.removeAllListeners('error');
    return new UdpLines(socket, what, formatHostPort(host, port), say);
  }

  private constructor(socket: Socket, what: string, place: string, say: (text: string) => void) {
    this.#socket = socket;
    this.#place = `${what}: ${place}`;
    this.#say = say;
    socket.on('error', (error) => this.#fail(error));
  }

  send(lines: Iterable<string>): void {
    let datagram = '';
    for (const line of lines) {
      if (line === '') continue;
      if (datagram !== '' && Buffer.byteLength(datagram) + Buffer.byteLength(line) > DATAGRAM_OCTETS) {
        this.#post(datagram);
        datagram = '';
      }
      datagram += line;
    }
    if (datagram !== '') this.#post(datagram);
  }

  /** Waits until the last datagram is gone, and tells how many were not taken. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    if (this.#failures > 0)
      this.#say(`${this.#place}: ${this.#failures} of ${this.#datagrams} datagrams were not taken`);
  }

  #post(datagram: string): void {
    this.#datagrams++;
    this.#socket.send(datagram, (error) => {
      if (error !== null) this.#fail(error);
    });
  }

  #fail(error: Error): void {
    if (this.#failures++ === 0) this.#say(`${this.#place}: ${error.message}; further ones are counted`);
  }
}
