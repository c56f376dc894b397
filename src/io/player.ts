import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { McastError } from '../core/errors.js';
import { type Environment, findProgram } from './findProgram.js';
import { LastWords } from './lastWords.js';
import { endChild, endText, ownChild } from './ownedChild.js';

/** Players that are known, in the order in which they are looked for. */
const PLAYERS = ['ffplay', 'vlc', 'cvlc', 'mpv'] as const;

const FFPLAY =
  '-hide_banner -nostats -loglevel warning -autoexit -fflags nobuffer -flags low_delay -framedrop -f mpegts'.split(' ');
/** A pipe is a file to it; ms. */
const VLC = '--quiet --play-and-exit --no-video-title-show --file-caching=200 --demux=ts'.split(' ');
const MPV =
  '--really-quiet --msg-level=all=warn --profile=low-latency --force-window=yes --demuxer-lavf-format=mpegts'.split(
    ' ',
  );

export interface PlayerProgram {
  readonly path: string;
  /** `null`: none that is known; it is started with `-`. */
  readonly kind: (typeof PLAYERS)[number] | null;
}

export interface PlayerEnd {
  /** `ended`: closed by whoever watched, or because the stream ended; `failed`: it could not play. */
  readonly how: 'ended' | 'failed' | 'stopped';
  /** One line for people. */
  readonly text: string;
}

/** A player at work. */
export interface RunningPlayer {
  readonly program: PlayerProgram;
  /** Takes the transport stream. Once the player is gone whatever is written is dropped: it is no error. */
  readonly octets: Writable;
  /** Never rejects: the end of a player is no error of a measurement. */
  readonly ended: Promise<PlayerEnd>;
  /** Ends it, within two seconds at the latest. */
  stop(): Promise<void>;
}

/** The player `name`, a path or a name on the PATH; `null`: the first that is known. */
export function findPlayer(name: string | null, environment: Environment): PlayerProgram {
  if (name !== null) {
    const path = findProgram(name, environment);
    if (path === null) throw new McastError('ERR_PLAYER_MISSING', `there is no player ${name}`);
    const own = basename(path).replace(/\.exe$/i, '');
    return { path, kind: PLAYERS.find((kind) => kind === own) ?? null };
  }
  for (const kind of PLAYERS) {
    const path = findProgram(kind, environment);
    if (path !== null) return { path, kind };
  }
  throw new McastError('ERR_PLAYER_MISSING', `none of ${PLAYERS.join(', ')} was found`);
}

/** Words for the player to show a transport stream from its standard input, as soon as it can. */
export function playerArguments(kind: PlayerProgram['kind'], title: string): string[] {
  switch (kind) {
    case 'ffplay':
      return [...FFPLAY, '-window_title', title, '-i', 'pipe:0'];
    case 'vlc':
    case 'cvlc':
      return [...VLC, `--meta-title=${title}`, '-'];
    case 'mpv':
      return [...MPV, `--title=${title}`, '-'];
    case null:
      return ['-'];
  }
}

/** Starts the player; one that cannot be started has `failed`. `title` is for its window. */
export function startPlayer(program: PlayerProgram, title: string, environment: Environment): RunningPlayer {
  const child = spawn(program.path, playerArguments(program.kind, title), {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...environment },
    // In a group of its own: the interrupt of a terminal is for the measurement.
    detached: process.platform !== 'win32',
  });
  ownChild(child);
  const words = new LastWords();
  let isStopped = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.add(text));
  // Whoever closes the window breaks the pipe.
  child.stdin.on('error', () => {});
  const name = program.kind ?? basename(program.path);

  async function end(): Promise<PlayerEnd> {
    try {
      // The last words may come behind the exit.
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (isStopped) return { how: 'stopped', text: `${name} was ended` };
      if (code === 0) return { how: 'ended', text: `${name} was closed` };
      return { how: 'failed', text: `${name} failed (${endText(code, signal)}): ${words.line() || 'it said nothing'}` };
    } catch (error) {
      return { how: 'failed', text: `${name} cannot be started: ${(error as Error).message}` };
    }
  }

  return {
    program,
    octets: child.stdin,
    ended: end(),
    async stop() {
      isStopped = true;
      child.stdin.destroy();
      await endChild(child);
    },
  };
}
