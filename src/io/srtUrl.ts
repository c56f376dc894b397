/**
 * Reads the text of an SRT endpoint: `srt://[local@][host]:port`, then parameters as SRT's own programs write them
 * (`?mode=listener&latency=120`, times in ms) or as endpoints have them here (`/mode=listener/latency=120ms`).
 * Nothing is percent-decoded. A passphrase never gets into a message, nor does what may be the rest of one.
 */
import { explainAddress, formatAddress, isMulticast, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { withoutSecret } from '../core/secret.js';
import { parseDurationNs, parseSizeOctets, parseSwitch } from '../core/units.js';
import { checkPassphrase, SRT_MOST_PAYLOAD_OCTETS, srtOptions, type SrtMode, type SrtOptions } from './srtOptions.js';

const NAMES = [
  'mode',
  'latency',
  'passphrase',
  'passphrase-file',
  'pbkeylen',
  'streamid',
  'size',
  'tlpktdrop',
  'conntimeo',
  'peeridletimeo',
  'local-port',
  'adapter',
] as const;
type Name = (typeof NAMES)[number];

/** Other programs' names for the same. */
const SYNONYMS: ReadonlyMap<string, Name> = new Map<string, Name>([
  ['payloadsize', 'size'],
  ['payload_size', 'size'],
  ['pkt_size', 'size'],
  ['rcvlatency', 'latency'],
  ['srt_streamid', 'streamid'],
  ['connect_timeout', 'conntimeo'],
  ['localport', 'local-port'],
  ['passphrase_file', 'passphrase-file'],
]);

/** Whether a text is meant for {@link parseSrtUrl}. */
export function isSrtUrl(text: string): boolean {
  return /^srt:\/\//i.test(text);
}

/** Throws ERR_ENDPOINT in one line. */
export function parseSrtUrl(text: string): SrtOptions {
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the purpose
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new McastError('ERR_ENDPOINT', 'srt endpoint: it holds a control character');
  if (!isSrtUrl(text)) throw fail(text, 'it begins with srt://');
  const rest = text.slice(6);
  const cut = rest.search(/[/?]/);
  const authority = cut < 0 ? rest : rest.slice(0, cut);
  // "/?" is a habit from web addresses.
  const tail = (cut < 0 ? '' : rest.slice(cut)).replace(/^\/\?/, '?');
  const query = tail.startsWith('?');
  const parameters = query ? readQuery(text, tail) : readParameters(text, tail);
  const place = readPlace(text, authority, parameters);
  try {
    return check(text, place, parameters, query);
  } catch (error) {
    if (!(error instanceof McastError) || error.code === 'ERR_ENDPOINT') throw error;
    throw fail(text, error.message);
  }
}

/** The text as it may be shown: cut off behind the first word that could hold a secret. */
function shown(text: string): string {
  // What stands before an @ is an address, or somebody's user name and password.
  return withoutSecret(text).replace(/^(srt:\/\/)(?![0-9a-fA-F.:[\]]*@)[^@/?]+@/i, '$1***@');
}

/** A stray word of the text, unless it may belong to a passphrase. */
function quoted(text: string, word: string): string {
  return shown(text).includes(word) ? `"${word}"` : 'what follows the passphrase';
}

function fail(text: string, why: string): McastError {
  return new McastError('ERR_ENDPOINT', `endpoint "${shown(text)}": ${why}`, {
    hint: 'An SRT endpoint is srt://[host]:port, then /mode=listener, /latency=120ms, /passphrase-file=<path> and so on.',
  });
}

function readQuery(text: string, tail: string): Map<Name, string> {
  const parameters = new Map<Name, string>();
  for (const part of tail.slice(1).split('&')) {
    const equals = part.indexOf('=');
    if (equals <= 0) throw fail(text, `${quoted(text, part)} is not name=value, separated by &`);
    add(text, parameters, part.slice(0, equals), part.slice(equals + 1));
  }
  return parameters;
}

/** `/name=value/name=value`: a `/` that is not followed by `name=` belongs to the value before it. */
function readParameters(text: string, tail: string): Map<Name, string> {
  const parameters = new Map<Name, string>();
  if (tail === '' || tail === '/') return parameters;
  const starts = [...tail.matchAll(/\/([A-Za-z_][A-Za-z0-9_-]*)=/g)];
  if (starts[0]?.index !== 0) throw fail(text, `${quoted(text, tail)} is not /name=value`);
  for (let i = 0; i < starts.length; i++) {
    const name = starts[i]![1]!;
    add(text, parameters, name, tail.slice(starts[i]!.index + name.length + 2, starts[i + 1]?.index ?? tail.length));
  }
  return parameters;
}

function add(text: string, parameters: Map<Name, string>, word: string, value: string): void {
  const lower = word.toLowerCase();
  const name = NAMES.find((known) => known === lower) ?? SYNONYMS.get(lower);
  if (name === undefined) {
    throw fail(
      text,
      `${quoted(text, word)} is no parameter of SRT here${didYouMean(lower, NAMES)} (${NAMES.join(' ')})`,
    );
  }
  if (value === '') throw fail(text, `${name} has no value (an unset variable, or cut by the shell)`);
  if (parameters.has(name)) throw fail(text, `the parameter ${name} is given twice`);
  parameters.set(name, value);
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
}

function readPlace(text: string, authority: string, parameters: ReadonlyMap<Name, string>): Place {
  const at = authority.lastIndexOf('@');
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(authority.slice(at + 1));
  if (match === null) throw fail(text, 'write IPv6 in brackets, and the port behind them: srt://[2001:db8::1]:9000');
  const word = match[3];
  if (word === undefined || word === '') throw fail(text, 'SRT has no usual port: write host:port');
  if (!/^[1-9][0-9]{0,4}$/.test(word) || Number(word) > 65_535) throw fail(text, `"${word}" is not a port: 1..65535`);
  const before = at > 0 ? authority.slice(0, at) : '';
  const adapter = parameters.get('adapter');
  if (before !== '' && adapter !== undefined)
    throw fail(text, 'the local address is given twice, before the @ and as adapter');
  return {
    host: readHost(text, match[1] === undefined ? match[2]! : `[${match[1]}]`),
    port: Number(word),
    localAddress: before !== '' || adapter !== undefined ? readLocal(text, before === '' ? adapter! : before) : '',
  };
}

function readHost(text: string, word: string): string {
  if (word === '') return '';
  const bracketed = word.startsWith('[');
  const bare = bracketed ? word.slice(1, -1) : word;
  const address = parseAddress(bare);
  if (address !== null && bracketed && address.length === 4) {
    throw fail(text, `brackets are for IPv6: write ${bare} without them`);
  }
  if (address !== null) {
    if (isMulticast(address))
      throw fail(text, `${formatAddress(address)} is a group: SRT goes from one host to one other`);
    return formatAddress(address);
  }
  if (bare.includes('%')) throw fail(text, 'an IPv6 zone is not read here: use an address that needs none');
  const why = explainAddress(bare);
  if (why !== null) throw fail(text, `${bare} is ${why}`);
  if (!bracketed && /^(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.?$/.test(bare)) return bare;
  throw fail(text, `"${bare}" is neither a host name nor an address`);
}

function readLocal(text: string, word: string): string {
  const address = parseAddress(/^\[.*\]$/.test(word) ? word.slice(1, -1) : word);
  if (address === null) throw fail(text, 'what stands before the @, or as adapter, is a local address in numbers');
  return formatAddress(address);
}

function check(text: string, place: Place, parameters: ReadonlyMap<Name, string>, query: boolean): SrtOptions {
  const usual = srtOptions({ host: place.host, port: place.port });
  const read = <T>(name: Name, otherwise: T, reader: (value: string) => T): T => {
    const value = parameters.get(name);
    return value === undefined ? otherwise : reader(value);
  };
  const milliseconds = (name: Name, otherwise: number): number =>
    read(name, otherwise, (value) => readMs(text, name, value, query));

  const mode = read<SrtMode>('mode', usual.mode, (value) => readMode(text, value));
  if (place.host === '' && mode !== 'listener') throw fail(text, `a ${mode} needs the host of its peer`);
  const { localAddress } = place;
  if (mode === 'listener' && localAddress !== '' && place.host !== '') {
    throw fail(text, 'a listener has one address, its own: write it as the host');
  }
  if (
    localAddress !== '' &&
    place.host.includes(':') !== localAddress.includes(':') &&
    parseAddress(place.host) !== null
  ) {
    throw fail(text, `${localAddress} and ${place.host} are of different IP versions`);
  }
  const passphrase = parameters.get('passphrase') ?? null;
  const passphraseFile = parameters.get('passphrase-file') ?? null;
  if (passphrase !== null && passphraseFile !== null)
    throw fail(text, 'passphrase and passphrase-file exclude each other');
  if (passphrase !== null) checkPassphrase(passphrase);
  const keyOctets = read('pbkeylen', usual.keyOctets, (value) => readKeyOctets(text, value));
  if (keyOctets !== 0 && passphrase === null && passphraseFile === null) {
    throw fail(text, 'pbkeylen without a passphrase encrypts nothing: add passphrase-file');
  }
  return {
    ...usual,
    mode,
    ...(mode === 'listener' && localAddress !== '' ? { host: localAddress } : { localAddress }),
    localPort: read('local-port', 0, (value) => readLocalPort(text, value, mode)),
    latencyMs: milliseconds('latency', usual.latencyMs),
    passphrase,
    passphraseFile,
    keyOctets,
    streamId: read('streamid', '', (value) => readStreamId(text, value, mode)),
    payloadOctets: read('size', usual.payloadOctets, (value) => readPayload(text, value)),
    dropTooLate: read('tlpktdrop', usual.dropTooLate, parseSwitch),
    connectTimeoutMs: milliseconds('conntimeo', usual.connectTimeoutMs),
    peerIdleTimeoutMs: milliseconds('peeridletimeo', usual.peerIdleTimeoutMs),
  };
}

function readMode(text: string, value: string): SrtMode {
  // "client" and "server" are synonyms in SRT's own programs.
  if (value === 'caller' || value === 'client') return 'caller';
  if (value === 'listener' || value === 'server') return 'listener';
  if (value === 'rendezvous') return value;
  throw fail(text, `mode is caller, listener or rendezvous, not "${value}"`);
}

/** Behind a ? a bare number is ms, as SRT's programs have it; elsewhere here it would be seconds, so neither is guessed. */
function readMs(text: string, name: Name, value: string, query: boolean): number {
  const bare = /^[0-9]+$/.test(value);
  if (bare && !query && value !== '0')
    throw fail(text, `${name}=${value} lacks a unit: write ${value}ms (or ${value}s)`);
  const ms = parseDurationNs(bare ? `${value}ms` : value) / 1e6;
  if (Number.isInteger(ms) && ms <= 65_535) return ms;
  throw fail(text, `${name} is 0..65535 whole ms, not ${value}`);
}

function readKeyOctets(text: string, value: string): 16 | 24 | 32 {
  if (value === '16' || value === '24' || value === '32') return Number(value) as 16 | 24 | 32;
  const bits = /^(128|192|256)$/.test(value) ? `; for AES-${value} write ${Number(value) / 8}` : '';
  throw fail(text, `pbkeylen is 16, 24 or 32 octets, not ${value}${bits}`);
}

function readStreamId(text: string, value: string, mode: SrtMode): string {
  if (mode === 'listener') throw fail(text, 'streamid is what a caller asks for: a listener has none');
  if (new TextEncoder().encode(value).length > 512) throw fail(text, 'streamid has at most 512 octets');
  return value;
}

function readPayload(text: string, value: string): number {
  const octets = parseSizeOctets(value);
  if (octets >= 188 && octets <= SRT_MOST_PAYLOAD_OCTETS) return octets;
  throw fail(text, `size is 188..${SRT_MOST_PAYLOAD_OCTETS} octets of a message, not ${value}`);
}

function readLocalPort(text: string, value: string, mode: SrtMode): number {
  if (mode !== 'caller') throw fail(text, `a ${mode} uses the port of its endpoint: local-port is for callers`);
  if (/^[1-9][0-9]{0,4}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw fail(text, `local-port=${value} is not a port: 1..65535`);
}
