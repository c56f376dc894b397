/** SRT as an input or an output: a link that carries octets between a ring and a peer, on a thread of its own. */
import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { Worker } from 'node:worker_threads';
import { parseAddress } from '../core/address.js';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import { loadSrt, srtFailure } from './srtAddon.js';
import { SrtShared, type SrtCounters } from './srtCounters.js';
import { LiveTransmit, liveTransmitUrl, SRT_LIVE_TRANSMIT } from './srtLiveTransmit.js';
import { checkPassphrase, describeSrt, type SrtOptions } from './srtOptions.js';
import { SRT_LARGEST_CLAIM, type SrtDirection, type SrtEvent, type SrtMessage, type SrtTask } from './srtTask.js';
import { readWhole } from './wholeFile.js';

export type { SrtCounters, SrtState } from './srtCounters.js';
export { describeSrt, type SrtMode, type SrtOptions } from './srtOptions.js';
export type { SrtDirection, SrtEvent } from './srtTask.js';
export { isSrtUrl, parseSrtUrl } from './srtUrl.js';

export type SrtImplementation = 'libsrt' | 'srt-live-transmit';

export interface SrtOpening {
  /** `receive`: the link writes the ring, the caller reads it. `send`: the other way round; closing the ring ends it. */
  readonly direction: SrtDirection;
  /** Octets of the ring, a power of two; 4 MiB are 1.6 s at 20 Mbit/s. */
  readonly ringOctets?: number;
  /** What happens to the link; at most some ten a second. */
  readonly onEvent?: (event: SrtEvent) => void;
  /** Default: the addon, or the program where it is not built. */
  readonly implementation?: SrtImplementation;
}

export interface OpenSrt {
  readonly implementation: SrtImplementation;
  /** Without the passphrase. */
  readonly description: string;
  /** Of a `ByteRing`; claims of at most 65,536 octets. A receiving link closes it when it ends. */
  readonly ring: SharedArrayBuffer;
  /** As of at most a second ago. */
  counters(): SrtCounters;
  /** The totals, when the link has ended: stopped, or all of a closed ring sent. Rejects with what ended it otherwise. */
  readonly ended: Promise<SrtCounters>;
  /** Ends it at once; what was not yet sent or read is lost. Calling it again changes nothing. */
  stop(): Promise<SrtCounters>;
}

const HOW_TO_GET_ONE =
  'Install libsrt-openssl-dev and run npm run build:native, or install srt-tools (both are Debian packages).';

/** The implementation that {@link openSrt} takes. Throws ERR_UNSUPPORTED, saying how to get one. */
export function srtImplementation(): SrtImplementation {
  if (loadSrt() !== null) return 'libsrt';
  const tried = spawnSync(SRT_LIVE_TRANSMIT, ['-version'], { stdio: 'ignore' });
  if (tried.error === undefined) return 'srt-live-transmit';
  throw new McastError('ERR_UNSUPPORTED', `SRT: ${srtFailure()}, and ${SRT_LIVE_TRANSMIT} is not installed`, {
    hint: HOW_TO_GET_ONE,
  });
}

/**
 * Opens a link; it need not have a peer yet. A caller calls until it is answered, a listener lets in one peer at a time,
 * both go on when a peer is lost. Throws what is wrong before that: the host's name, the passphrase's file.
 */
export async function openSrt(options: SrtOptions, opening: SrtOpening): Promise<OpenSrt> {
  const implementation = opening.implementation ?? srtImplementation();
  const task: SrtTask = {
    direction: opening.direction,
    options: { ...options, host: await resolveHost(options), passphrase: passphraseOf(options) },
    ring: ByteRing.allocate(opening.ringOctets ?? 4 * 2 ** 20, SRT_LARGEST_CLAIM),
    shared: SrtShared.allocate(),
  };
  if (implementation === 'srt-live-transmit') liveTransmitUrl(task.options);
  const shared = new SrtShared(task.shared);
  const ended = new Promise<SrtCounters>((resolve, reject) => {
    const hear = (message: SrtMessage): void => {
      if (message.type === 'ended') resolve(shared.read());
      else if (message.type === 'failed') reject(new McastError(message.code, message.message, { hint: message.hint }));
      else opening.onEvent?.(message);
    };
    if (implementation === 'libsrt') startWorker(task, hear, reject);
    else new LiveTransmit(task, hear).run();
  });
  // It is told to whoever waits for it; nobody may.
  ended.catch(() => {});
  return {
    implementation,
    description: describeSrt(options),
    ring: task.ring,
    counters: () => shared.read(),
    ended,
    stop: () => {
      shared.stop();
      return ended;
    },
  };
}

function startWorker(task: SrtTask, hear: (message: SrtMessage) => void, fail: (error: unknown) => void): void {
  const worker = new Worker(new URL('./srtWorker.js', import.meta.url), {
    workerData: task,
    stdout: false,
    stderr: false,
    // How the text of `node --input-type=module -e` is read must not be said for a file.
    ...(process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {}),
  });
  worker.on('message', hear);
  worker.once('error', fail);
  worker.once('exit', (status) => fail(new Error(`the SRT worker ended with status ${status}`)));
}

/** The library is given numbers: it would wait for a name server without an end. */
async function resolveHost({ host, localAddress }: SrtOptions): Promise<string> {
  if (host === '' || parseAddress(host) !== null) return host;
  try {
    const family = localAddress === '' ? 0 : localAddress.includes(':') ? 6 : 4;
    return (await lookup(host, { family })).address;
  } catch (error) {
    throw new McastError('ERR_SOCKET', `SRT: the host name ${host} was not found`, {
      cause: error,
      hint: 'Check the name, or give the address in numbers.',
    });
  }
}

function passphraseOf({ passphrase, passphraseFile }: SrtOptions): string | null {
  if (passphraseFile === null) return passphrase;
  const text = new TextDecoder().decode(readWhole(passphraseFile, 65_536));
  const line = text.split('\n')[0]!.replace(/\r$/, '');
  try {
    checkPassphrase(line);
  } catch (error) {
    throw new McastError('ERR_FILE_FORMAT', `${passphraseFile}: ${(error as Error).message}`, {
      hint: 'Its first line is the passphrase, and nothing else.',
    });
  }
  return line;
}
