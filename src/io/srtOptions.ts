import { McastError } from '../core/errors.js';
import { formatDurationNs } from '../core/units.js';

/** Who opens the connection: one calls, the other listens; or both call each other. */
export type SrtMode = 'caller' | 'listener' | 'rendezvous';

/** Seven MPEG-TS packets: what SRT carries in one message unless it is told otherwise. */
export const SRT_PAYLOAD_OCTETS = 1316;
/** An Ethernet frame's 1500 without the headers of IPv4, UDP (28) and SRT (16). */
export const SRT_MOST_PAYLOAD_OCTETS = 1456;

/** One SRT connection as an operator describes it. The passphrase is for the library alone: see {@link describeSrt}. */
export interface SrtOptions {
  readonly mode: SrtMode;
  /** Name or canonical address of the peer, or the address to listen on; empty: any of this host's. */
  readonly host: string;
  readonly port: number;
  /** Address to call from; empty: the system chooses. */
  readonly localAddress: string;
  /** Port to call from; 0: the system chooses. */
  readonly localPort: number;
  /** Delay that both ends agree upon, the larger of both counts; ms, 0..65535. */
  readonly latencyMs: number;
  /** 10..79 octets; `null`: not encrypted, or {@link passphraseFile} has it. */
  readonly passphrase: string | null;
  /** File whose first line is the passphrase. */
  readonly passphraseFile: string | null;
  /** AES key in octets; 0: the library's choice (16, or what the peer has). */
  readonly keyOctets: 0 | 16 | 24 | 32;
  /** What a caller asks a listener for; empty: nothing. */
  readonly streamId: string;
  /** Most octets of a message. Only whole MPEG-TS packets of it are used. */
  readonly payloadOctets: number;
  /** Whether what cannot arrive in time any more is given up; otherwise it delays all that follows. */
  readonly dropTooLate: boolean;
  /** How long a call waits for an answer, ms. */
  readonly connectTimeoutMs: number;
  /** How long a silent peer counts as there, ms. */
  readonly peerIdleTimeoutMs: number;
}

/** SRT's own defaults; an empty host makes a listener. */
export function srtOptions(given: Partial<SrtOptions> & Pick<SrtOptions, 'host' | 'port'>): SrtOptions {
  return {
    mode: given.host === '' ? 'listener' : 'caller',
    localAddress: '',
    localPort: 0,
    latencyMs: 120,
    passphrase: null,
    passphraseFile: null,
    keyOctets: 0,
    streamId: '',
    payloadOctets: SRT_PAYLOAD_OCTETS,
    dropTooLate: true,
    connectTimeoutMs: 3000,
    peerIdleTimeoutMs: 5000,
    ...given,
  };
}

/** Throws ERR_USAGE. Says how long the passphrase is, never what. */
export function checkPassphrase(passphrase: string): void {
  const octets = new TextEncoder().encode(passphrase).length;
  if (octets >= 10 && octets <= 79 && !passphrase.includes('\0')) return;
  throw new McastError('ERR_USAGE', `an SRT passphrase has 10..79 characters, this one ${octets}`);
}

/** `host:port`, brackets around IPv6. */
export function srtAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Canonical text for people and results, in the syntax of endpoints. Says that there is a passphrase, not which. */
export function describeSrt(options: SrtOptions): string {
  const { passphrase, passphraseFile } = options;
  const usual = srtOptions({ host: options.host, port: options.port });
  const local = options.localAddress.includes(':') ? `[${options.localAddress}]` : options.localAddress;
  let text = `srt://${local === '' ? '' : `${local}@`}${srtAddress(options.host, options.port)}/mode=${options.mode}`;
  text += `/latency=${ms(options.latencyMs)}`;
  if (options.localPort !== 0) text += `/local-port=${options.localPort}`;
  if (passphraseFile !== null) text += `/passphrase-file=${passphraseFile}`;
  else if (passphrase !== null) text += '/passphrase=***';
  if (options.keyOctets !== 0) text += `/pbkeylen=${options.keyOctets}`;
  if (options.streamId !== '') text += `/streamid=${options.streamId}`;
  if (options.payloadOctets !== usual.payloadOctets) text += `/size=${options.payloadOctets}`;
  if (!options.dropTooLate) text += '/tlpktdrop=no';
  if (options.connectTimeoutMs !== usual.connectTimeoutMs) text += `/conntimeo=${ms(options.connectTimeoutMs)}`;
  if (options.peerIdleTimeoutMs !== usual.peerIdleTimeoutMs) text += `/peeridletimeo=${ms(options.peerIdleTimeoutMs)}`;
  return text;
}

function ms(value: number): string {
  return formatDurationNs(value * 1e6);
}
