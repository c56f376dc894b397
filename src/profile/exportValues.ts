/** Readers of where figures are exported to. All throw McastError ERR_USAGE. */
import { McastError } from '../core/errors.js';
import { parseText } from './optionValues.js';

/** Where something listens for HTTP. */
export interface HttpPlace {
  /** Address or name; `null`: this host alone. */
  readonly host: string | null;
  /** 0: the system's choice. */
  readonly port: number;
}

/** Port of Prometheus exporters of OpenTelemetry, which has become that of many programs without one of their own. */
const METRICS_PORT = 9464;
/** What programs with a page for people usually have. */
const WEB_PORT = 8080;

/** `-` (nothing was given), `9464`, `:9464`, `0.0.0.0`, `0.0.0.0:9464`, `[::]:9464`, `host.example:9464`. */
export function parseHttpPlace(defaultPort: number): (text: string) => HttpPlace {
  return (text) => {
    if (text === '-') return { host: null, port: defaultPort };
    const [, bracketed, plain = '', port] =
      /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]/\s]*))(?::(\d{1,5}))?$/u.exec(text) ?? [];
    const isPort = /^\d+$/u.test(plain) && port === undefined;
    const host = bracketed ?? (plain === '' || isPort ? null : plain);
    const number = Number(isPort ? plain : (port ?? defaultPort));
    if ((bracketed === undefined && plain === '' && port === undefined) || number > 65_535) {
      throw usage(
        `"${text}" is not [<address>:]<port>, as ${defaultPort}, 0.0.0.0:${defaultPort} or [::]:${defaultPort}`,
      );
    }
    return { host, port: number };
  };
}

export const parseMetricsPlace = parseHttpPlace(METRICS_PORT);
export const parseWebPlace = parseHttpPlace(WEB_PORT);

/** URL of an OpenTelemetry collector; without a path that of its metrics. */
export function parseOtlpUrl(text: string): string {
  const url = httpUrl(text, 'http://127.0.0.1:4318');
  if (url.pathname === '/') url.pathname = '/v1/metrics';
  return url.href;
}

/** Where lines for InfluxDB go. */
export type InfluxTarget =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  /** `-`: standard output. */
  | { readonly kind: 'file'; readonly path: string };

const INFLUX_EXAMPLE = 'http://127.0.0.1:8086/org=lab/bucket=mcast';

/**
 * `http://host:8086/org=<org>/bucket=<bucket>` (the write API of InfluxDB 2), a whole URL with a query, `udp://host:port`,
 * or a file.
 */
export function parseInfluxTarget(text: string): InfluxTarget {
  if (/^https?:/iu.test(text)) return { kind: 'http', url: influxUrl(text) };
  const udp = /^udp:\/\/(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]/@\s]+)):(\d{1,5})\/?$/iu.exec(text);
  if (udp !== null && Number(udp[3]) > 0 && Number(udp[3]) < 65_536) {
    return { kind: 'udp', host: udp[1] ?? udp[2]!, port: Number(udp[3]) };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//iu.exec(text)?.[1];
  if (scheme !== undefined)
    throw usage(`"${text}": lines go to http://, https:// or udp://<host>:<port>, or to a file`);
  return { kind: 'file', path: parseText(text) };
}

function influxUrl(text: string): string {
  const url = httpUrl(text, INFLUX_EXAMPLE);
  // Shells take ? and & for their own: the words that endpoints have serve here, too.
  const words = url.pathname.split('/').filter((word) => word !== '');
  const named = words.every((word) => /^(?:org|bucket)=./u.test(word));
  if (named) {
    for (const word of words) url.searchParams.set(word.replace(/=.*$/u, ''), decoded(word.replace(/^\w+=/u, '')));
    url.pathname = '/api/v2/write';
    if (!url.searchParams.has('bucket')) throw usage(`"${text}" names no bucket: ${INFLUX_EXAMPLE}`);
  }
  if (url.pathname === '/api/v2/write') url.searchParams.set('precision', 'ns');
  return url.href;
}

/** As the parser of URLs left it: a `%` that begins nothing stays. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** Names of query parameters that are secrets: InfluxDB 1 has `u` and `p`. */
const SECRETS = ['p', 'password', 'token', 'u'];

function httpUrl(text: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/u.test(url.protocol)) throw usage(`"${text}" is not a URL, as ${example}`);
  if (url.username !== '' || url.password !== '' || SECRETS.some((name) => url.searchParams.has(name))) {
    throw new McastError('ERR_USAGE', 'a URL that holds a password would be read by every user of this host', {
      hint: 'Give it in a file or in the environment: docs/export.md.',
    });
  }
  url.hash = '';
  return url;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
