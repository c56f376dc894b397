import { basename } from 'node:path';
import { McastError } from '../core/errors.js';
import { type FedProgram, startFed } from './fedProgram.js';
import { type Environment, findProgram } from './findProgram.js';

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
export function startPlayer(program: PlayerProgram, title: string, environment: Environment): FedProgram {
  const name = program.kind ?? basename(program.path);
  return startFed(program.path, playerArguments(program.kind, title), { name, endVerb: 'was closed', environment });
}
