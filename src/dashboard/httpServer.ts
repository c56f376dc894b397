/**
 * The one HTTP server of a run, for figures and pages: it shows and takes nothing. GET and HEAD only; no page of another
 * origin and no name that an attacker's DNS gave this host gets anything (DNS rebinding); connections, requests and
 * answers are bounded in number, size and time.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { McastError, type ErrorCode } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';

const LOOPBACK = '127.0.0.1';
const CONNECTIONS = 32;
const HEADER_OCTETS = 8192;
/** From the first octet of a request to its last. */
const REQUEST_MS = 10_000;
/** Between two requests of a connection: more than readers usually wait. */
const IDLE_MS = 75_000;
/** In which a reader takes nothing of its answer. */
const STUCK_MS = 15_000;
/** At the end, for answers that are under way. */
const ENDING_MS = 500;

export interface HttpServerOptions {
  /** The option that asked for it, for messages. */
  readonly what: string;
  /** Address or name to listen at; `null`: this host alone. */
  readonly host: string | null;
  /** 0: the system's choice. */
  readonly port: number;
  /** A request that may be answered. `path`: without the query. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void> | void;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:9464`, without a path. */
  readonly url: string;
  /** Nobody but this host reaches it. */
  readonly isLoopback: boolean;
  /** Takes no more requests, and ends what is under way after half a second. Never rejects. */
  close(): Promise<void>;
}

/** Rejects with ERR_PORT_IN_USE, ERR_PERMISSION, ERR_SOCKET. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { what, port } = options;
  const host = options.host ?? LOOPBACK;
  const names = new Set([hostname().toLowerCase(), host.toLowerCase()]);
  const server = createServer(
    {
      maxHeaderSize: HEADER_OCTETS,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      response.setTimeout(STUCK_MS, () => response.destroy());
      // A reader that went away is no error of this program.
      response.on('error', () => {});
      const refusal = refusalOf(request, names, what);
      if (refusal !== null) {
        refuse(response, refusal);
        return;
      }
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Cache-Control', 'no-store');
      void options.answer(request, response, (request.url ?? '/').replace(/[?#].*$/su, ''));
    },
  );
  server.maxConnections = CONNECTIONS;
  // Those that only wait give way to one that comes.
  server.on('drop', () => server.closeIdleConnections());
  await listening(server, host, port, what);
  const { address, port: bound } = server.address() as AddressInfo;
  const shown = options.host === null || isIP(host) > 0 ? address : host;
  const isLoopback = address === '::1' || /^(?:::ffff:)?127\./u.test(address);
  return { url: `http://${formatHostPort(shown, bound)}`, isLoopback, close: () => closing(server) };
}

/** Answers with a line of text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  const body = `${text}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a request is not answered; `null`: it is. */
function refusalOf({ method, headers }: IncomingMessage, names: ReadonlySet<string>, what: string): Refusal | null {
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, text: 'GET and HEAD only', headers: { Allow: 'GET, HEAD' } };
  }
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
    return { status: 413, text: 'nothing is taken here' };
  }
  const { host, origin } = headers;
  if (host === undefined || !isOwnHost(host, names)) {
    return {
      status: 421,
      text: `this host is not known by that name: use its address, or give the name where the address is given, as ${what}=<name>:<port>`,
    };
  }
  const isNavigation = headers['sec-fetch-mode'] === 'navigate';
  const isForeign = origin !== undefined && origin !== `http://${host}`;
  if (isForeign || (headers['sec-fetch-site'] === 'cross-site' && !isNavigation)) {
    return { status: 403, text: 'not for pages of another origin' };
  }
  return null;
}

/** An address is what no attacker can point at another host; a name is, but for those that are this host's own. */
export function isOwnHost(header: string, names: ReadonlySet<string>): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/u.exec(header.toLowerCase()) ?? [];
  const host = bracketed ?? plain?.replace(/\.$/u, '') ?? '';
  return isIP(host) > 0 || host === 'localhost' || names.has(host);
}

function refuse(response: ServerResponse, { status, text, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // What else the connection brings is not read.
  response.setHeader('Connection', 'close');
  sendText(response, status, text);
}

const CODES: Readonly<Record<string, ErrorCode>> = { EADDRINUSE: 'ERR_PORT_IN_USE', EACCES: 'ERR_PERMISSION' };
const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be used',
  EADDRNOTAVAIL: 'is no address of this host',
  ENOTFOUND: 'has no address that can be found',
  EAI_AGAIN: 'has no address that can be found now',
};

async function listening(server: Server, host: string, port: number, what: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      const place =
        code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? host : formatHostPort(host, port);
      const text = `${what}: ${place} ${WORDS[code] ?? `cannot be listened at (${code})`}`;
      const hint = CODES[code] === undefined ? 'Name an address of this host, or 0.0.0.0 for all of them.' : undefined;
      reject(
        new McastError(CODES[code] ?? 'ERR_SOCKET', text, { cause: error, ...(hint === undefined ? {} : { hint }) }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}

async function closing(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const patience = setTimeout(() => server.closeAllConnections(), ENDING_MS);
    server.close(() => {
      clearTimeout(patience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
