/** Results of receivers over TCP: a line that says whose and how long, then the document, compressed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';

/** Begins the first line. */
export const RESULT_PROTOCOL = 'mcastkit-result/1';
export const MOST_RESULT_OCTETS = 8 << 20;
const MOST_TEXT_OCTETS = 64 << 20;
const MOST_HEAD_OCTETS = 512;
const MOST_CONNECTIONS = 64;
const PATIENCE_MS = 10_000;

export interface ResultHead {
  /** Eight hexadecimal digits each. */
  readonly run: string;
  readonly receiver: string;
  /** Of the compressed document. */
  readonly octets: number;
  /** HMAC-SHA-256 of the compressed document, hexadecimal; empty: none. */
  readonly proof: string;
}

export interface ReceivedResult {
  readonly head: ResultHead;
  readonly address: string;
  /** Whatever it holds. */
  readonly text: string;
}

export function proofOf(key: Uint8Array | null, octets: Uint8Array): string {
  return key === null ? '' : createHmac('sha256', key).update(octets).digest('hex');
}

export function formatHead({ run, receiver, octets, proof }: ResultHead): string {
  return `${RESULT_PROTOCOL} ${run} ${receiver} ${octets} ${proof === '' ? '-' : proof}\n`;
}

export function parseHead(line: string): ResultHead | null {
  const match = /^(\S+) ([0-9a-f]{8}) ([0-9a-f]{8}) (\d{1,9}) (-|[0-9a-f]{64})$/.exec(line);
  if (match === null || match[1] !== RESULT_PROTOCOL) return null;
  const octets = Number(match[4]);
  if (octets === 0 || octets > MOST_RESULT_OCTETS) return null;
  return { run: match[2]!, receiver: match[3]!, octets, proof: match[5] === '-' ? '' : match[5]! };
}

/** Takes results in. Whatever comes cannot end it: what is no result of this run is refused and counted. */
export class ResultServer {
  /** Connections that brought no result of this run. */
  refused = 0;
  readonly #server: Server;
  readonly #key: Uint8Array | null;
  readonly #onResult: (result: ReceivedResult) => boolean;
  readonly #sockets = new Set<Socket>();

  private constructor(key: Uint8Array | null, onResult: (result: ReceivedResult) => boolean) {
    this.#key = key;
    this.#onResult = onResult;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** `onResult` returns whether it is one that was wanted. Rejects with McastError. */
  static async open(
    address: string,
    port: number,
    key: Uint8Array | null,
    onResult: (result: ReceivedResult) => boolean,
  ): Promise<ResultServer> {
    const opened = new ResultServer(key, onResult);
    await new Promise<void>((resolve, reject) => {
      opened.#server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'ERR_PORT_IN_USE' : 'ERR_SOCKET';
        reject(new McastError(code, `results cannot be taken in at ${formatHostPort(address, port)}: ${error.code}`));
      });
      opened.#server.listen({ host: address, port, exclusive: true }, resolve);
    });
    opened.#server.on('error', () => {});
    return opened;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const parts: Buffer[] = [];
    let octets = 0;
    let head: ResultHead | null = null;
    let isDone = false;
    const end = (taken: boolean): void => {
      if (isDone) return;
      isDone = true;
      if (!taken) this.refused++;
      socket.end(taken ? 'taken\n' : 'refused\n');
    };
    socket.setTimeout(PATIENCE_MS, () => {
      end(false);
      socket.destroy();
    });
    // One that trickles is not waited for either.
    const patience = setTimeout(() => {
      end(false);
      socket.destroy();
    }, PATIENCE_MS);
    socket.on('error', () => end(false));
    socket.on('close', () => {
      clearTimeout(patience);
      end(false);
      this.#sockets.delete(socket);
    });
    socket.on('data', (part) => {
      if (isDone) return;
      parts.push(part);
      octets += part.length;
      if (head === null) {
        const all = Buffer.concat(parts.splice(0));
        const lineEnd = all.indexOf(0x0a);
        if (lineEnd < 0 && all.length <= MOST_HEAD_OCTETS) {
          parts.push(all);
          return;
        }
        head = lineEnd < 0 ? null : parseHead(all.subarray(0, lineEnd).toString('latin1'));
        if (head === null) {
          end(false);
          return;
        }
        parts.push(all.subarray(lineEnd + 1));
        octets = all.length - lineEnd - 1;
      }
      if (octets >= head.octets) end(this.#take(head, Buffer.concat(parts).subarray(0, head.octets), socket));
    });
  }

  #take(head: ResultHead, document: Buffer, socket: Socket): boolean {
    const proof = proofOf(this.#key, document);
    if (proof !== '' && (head.proof === '' || !timingSafeEqual(Buffer.from(proof), Buffer.from(head.proof))))
      return false;
    let text: string;
    try {
      text = gunzipSync(document, { maxOutputLength: MOST_TEXT_OCTETS }).toString('utf8');
    } catch {
      return false;
    }
    return this.#onResult({ head, address: (socket.remoteAddress ?? '').replace(/%.*$/, ''), text });
  }
}
