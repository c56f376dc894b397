import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { type FfmpegSearch, findFfmpegPaths } from './ffmpegProgram.js';
import { fileError } from './fileError.js';
import { LastWords } from './lastWords.js';
import { endChild, endText, ownChild } from './ownedChild.js';

/** Segments of 2 s at the least, cut at key pictures, the last six in the play list (RFC 8216); older ones are deleted. */
const ARGUMENTS =
  '-hide_banner -nostats -nostdin -loglevel warning -y -f mpegts -i pipe:0 -c copy -f hls -hls_time 2 -hls_list_size 6 -hls_flags delete_segments index.m3u8'.split(
    ' ',
  );

export interface HlsEnd {
  /** `ended`: the stream ended; `failed`: ffmpeg gave up. */
  readonly how: 'ended' | 'failed' | 'stopped';
  /** One line for people. */
  readonly text: string;
}

/** ffmpeg, writing a play list and its segments. */
export interface RunningHls {
  /** Takes the transport stream; its end writes the last segment. Once ffmpeg is gone whatever is written is dropped. */
  readonly octets: Writable;
  /** Never rejects: the end of an output is no error of a measurement. */
  readonly ended: Promise<HlsEnd>;
  /** Ends it, within two seconds at the latest. */
  stop(): Promise<void>;
}

/** Makes the folder and writes `index.m3u8` there. Throws ERR_FFMPEG_MISSING, and ERR_FILE where there can be no folder. */
export function startHls(folder: string, search: FfmpegSearch): RunningHls {
  const { path } = findFfmpegPaths(search);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError(folder, 'written', error);
  }
  const child = spawn(resolve(path), ARGUMENTS, {
    stdio: ['pipe', 'ignore', 'pipe'],
    // No character of its name means anything to ffmpeg then.
    cwd: folder,
    env: { ...search.environment },
    // In a group of its own: the interrupt of a terminal is for the measurement.
    detached: process.platform !== 'win32',
  });
  ownChild(child);
  const words = new LastWords();
  let isStopped = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.add(text));
  // Its end is told by `ended`.
  child.stdin.on('error', () => {});

  async function end(): Promise<HlsEnd> {
    try {
      // The last words may come behind the exit.
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (isStopped) return { how: 'stopped', text: 'ffmpeg was ended' };
      if (code === 0) return { how: 'ended', text: 'ffmpeg ended' };
      return { how: 'failed', text: `ffmpeg failed (${endText(code, signal)}): ${words.line() || 'it said nothing'}` };
    } catch (error) {
      return { how: 'failed', text: `ffmpeg cannot be started: ${(error as Error).message}` };
    }
  }

  return {
    octets: child.stdin,
    ended: end(),
    async stop() {
      isStopped = true;
      child.stdin.destroy();
      await endChild(child);
    },
  };
}
