/** Posts to one URL over one connection, with everything bounded: time, and what is read of an answer. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { McastError } from '../core/errors.js';

/** From the beginning of a post to the end of its answer. */
const POST_MS = 10_000;
const ANSWER_OCTETS = 64 * 1024;
/** Smaller bodies gain nothing. */
const COMPRESS_FROM = 1024;
const compress = promisify(gzip);

export interface PostAnswer {
  readonly status: number;
  /** `Retry-After` (RFC 9110 section 10.2.3); `null`: not said. */
  readonly retryAfterMs: number | null;
  /** `Location` of a redirection, which is not followed. */
  readonly location: string | null;
  /** The beginning of the answer. */
  readonly text: string;
}

export class HttpPush implements Disposable {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.url = url;
    this.#headers = headers;
    const isSecure = url.startsWith('https:');
    this.#request = isSecure ? httpsRequest : httpRequest;
    this.#agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 });
  }

  /** Rejects with what the system or the protocol met; with the signal's reason when it is given up. */
  async post(body: string, signal: AbortSignal): Promise<PostAnswer> {
    const octets = Buffer.from(body);
    const isLarge = octets.length >= COMPRESS_FROM;
    const sent = isLarge ? await compress(octets, { level: constants.Z_BEST_SPEED }) : octets;
    const ending = AbortSignal.any([signal, AbortSignal.timeout(POST_MS)]);
    return await new Promise((resolve, reject) => {
      const request = this.#request(this.url, {
        method: 'POST',
        agent: this.#agent,
        signal: ending,
        headers: {
          'User-Agent': 'mcastkit',
          ...this.#headers,
          'Content-Length': sent.length,
          ...(isLarge ? { 'Content-Encoding': 'gzip' } : {}),
        },
      });
      request.on('error', (error) =>
        reject(ending.aborted && !signal.aborted ? new Error(`no answer within ${POST_MS / 1000} s`) : error),
      );
      request.on('response', (response) => {
        const parts: Buffer[] = [];
        let length = 0;
        const answer = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfterMs: retryAfterMs(response.headers['retry-after']),
            location: response.headers.location ?? null,
            text: Buffer.concat(parts).toString('utf8'),
          });
        response.on('data', (part: Buffer) => {
          parts.push(part);
          length += part.length;
          if (length <= ANSWER_OCTETS) return;
          answer();
          response.destroy();
        });
        response.on('end', answer);
        response.on('error', reject);
      });
      request.end(sent);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Seconds, or a date. */
function retryAfterMs(header: string | undefined): number | null {
  if (header === undefined) return null;
  const ms = /^\d+$/u.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Names and values of headers as an environment variable has them: `name=value,other=value`, percent-encoded. Throws ERR_USAGE. */
export function headersOf(variable: string, text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, name, value] = /^\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*(.*?)\s*$/su.exec(part) ?? [];
    const decoded = value === undefined ? null : decodedValue(value);
    if (name === undefined || decoded === null) {
      throw new McastError('ERR_USAGE', `${variable} is not a list of name=value`, {
        hint: 'As in api-key=..., several joined by commas, what is special percent-encoded.',
      });
    }
    headers[name] = decoded;
  }
  return headers;
}

/** `null`: no value of a header. */
function decodedValue(text: string): string | null {
  try {
    const value = decodeURIComponent(text);
    return /^[\t\u0020-\u007e\u0080-\u00ff]*$/u.test(value) ? value : null;
  } catch {
    return null;
  }
}
