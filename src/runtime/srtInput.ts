/** A transport stream that comes by SRT: through a link of our own, or as ffmpeg is told to read it. */
import { setTimeout as delay } from 'node:timers/promises';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import { describeSrt, openSrt, parseSrtUrl, srtImplementation, type SrtEvent, type SrtOptions } from '../io/srt.js';
import { srtAddress } from '../io/srtOptions.js';
import type { Link } from '../result/model.js';
import { linkReport } from './linkReport.js';

/** How long the reading side rests when nothing is there. */
const REST_MS = 5;
const CHUNK_OCTETS = 64 << 10;

export interface SrtInput {
  /** Without the passphrase. */
  readonly name: string;
  /** What comes, as it comes, to the end of the link. */
  readonly octets: AsyncIterable<Uint8Array>;
  /** Rejects with what ended the link, unless that was {@link stop}. */
  readonly ended: Promise<void>;
  link(): Link;
  /** Never rejects. */
  stop(): Promise<void>;
}

/** `tell`: a line for the operator about a peer that came or went. Throws McastError. */
export async function openSrtInput(text: string, tell: (line: string) => void): Promise<SrtInput> {
  const options = parseSrtUrl(text);
  const name = describeSrt(options);
  const link = await openSrt(options, { direction: 'receive', onEvent: tellerOf(name, tell) });
  const state = { hasEnded: false };
  const follow = async (): Promise<void> => {
    try {
      await link.ended;
    } finally {
      state.hasEnded = true;
    }
  };
  const ended = follow();
  // It is told to whoever waits for it; nobody may.
  ended.catch(() => {});
  return {
    name,
    octets: octetsOf(new ByteRing(link.ring), state),
    ended,
    link: () => linkReport(link, options, 'receive'),
    stop: async () => {
      await link.stop().catch(() => {});
    },
  };
}

/** What happens to a link as a line each; a call that is not answered is repeated for ever, and told once. */
export function tellerOf(name: string, tell: (line: string) => void): (event: SrtEvent) => void {
  let told = '';
  return (event) => {
    const line =
      event.type === 'connected'
        ? `connected to ${event.peer}`
        : event.type === 'listening'
          ? 'waiting for a peer'
          : event.why;
    if (line !== told) tell(`${name}: ${line}`);
    told = line;
  };
}

async function* octetsOf(ring: ByteRing, state: { readonly hasEnded: boolean }): AsyncGenerator<Uint8Array, undefined> {
  const chunk = new Uint8Array(CHUNK_OCTETS);
  for (;;) {
    // Read first: what came before the end is then seen below.
    const { hasEnded } = state;
    const octets = ring.read(chunk);
    if (octets > 0) yield chunk.slice(0, octets);
    // A link that failed early may not have closed the ring.
    else if (octets < 0 || hasEnded) return;
    else await delay(REST_MS);
  }
}

/**
 * Why there can be no link of our own here; `null`: there can. Throws what is wrong with the text, so that nobody
 * else is asked about it.
 */
export function whyNoSrt(text: string): McastError | null {
  parseSrtUrl(text);
  try {
    srtImplementation();
    return null;
  } catch (error) {
    if (error instanceof McastError && error.code === 'ERR_UNSUPPORTED') return error;
    throw error;
  }
}

/** The address as ffmpeg reads it, and as it may be shown. Throws ERR_UNSUPPORTED for what cannot be handed over. */
export function ffmpegSrt(text: string): {
  readonly source: string;
  readonly name: string;
  hide(error: unknown): unknown;
} {
  const options = parseSrtUrl(text);
  const { passphrase } = options;
  if (options.passphraseFile !== null) {
    throw new McastError('ERR_UNSUPPORTED', 'ffmpeg would show the passphrase in the list of processes', {
      hint: 'Let the link be our own: leave out what only ffmpeg does, and see docs/dependencies.md for libsrt.',
    });
  }
  return {
    source: ffmpegUrl(options),
    name: describeSrt(options),
    // ffmpeg quotes the address in what it says.
    hide: (error) => {
      if (passphrase === null || !(error instanceof McastError)) return error;
      const message = error.message.replaceAll(passphrase, '***');
      return new McastError(error.code, message, { hint: error.hint.replaceAll(passphrase, '***') });
    },
  };
}

function ffmpegUrl(options: SrtOptions): string {
  if (options.localAddress !== '' || options.localPort !== 0) {
    throw new McastError('ERR_UNSUPPORTED', 'ffmpeg calls from an address and a port of its own choice', {
      hint: 'Leave out the local address and local-port.',
    });
  }
  // In microseconds.
  const parameters = [`mode=${options.mode}`, `latency=${options.latencyMs * 1000}`];
  if (options.passphrase !== null) parameters.push(`passphrase=${options.passphrase}`);
  if (options.keyOctets !== 0) parameters.push(`pbkeylen=${options.keyOctets}`);
  if (options.streamId !== '') parameters.push(`streamid=${options.streamId}`);
  parameters.push(`tlpktdrop=${options.dropTooLate ? 1 : 0}`, `connect_timeout=${options.connectTimeoutMs}`);
  if (parameters.some((parameter) => /[&%#+]/.test(parameter))) {
    throw new McastError('ERR_UNSUPPORTED', 'ffmpeg takes no &, %, # or + in a passphrase or a streamid', {
      hint: 'Choose another one, or see docs/dependencies.md for libsrt.',
    });
  }
  return `srt://${srtAddress(options.host, options.port)}?${parameters.join('&')}`;
}
