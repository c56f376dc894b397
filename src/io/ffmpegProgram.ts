import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { McastError } from '../core/errors.js';
import { type Environment, findProgram, programIn } from './findProgram.js';
import { LastWords } from './lastWords.js';

/** Where an ffmpeg was found. */
export type FfmpegOrigin = '--ffmpeg' | 'FFMPEG_PATH' | 'FFMPEG_BIN' | 'ffmpeg-static' | 'PATH';

export interface FfmpegSearch {
  /** `--ffmpeg`: a path, or a name on the PATH; `null`: not given. */
  readonly option: string | null;
  readonly environment: Environment;
  /** The path that the package ffmpeg-static names, which need not exist; `null`: not installed. */
  readonly packaged?: () => string | null;
}

export interface FfmpegPaths {
  readonly path: string;
  readonly origin: FfmpegOrigin;
  /** `null`: there is none, so that sources cannot be looked at before they are opened. */
  readonly ffprobe: string | null;
}

/** An ffmpeg and what it can do. */
export interface FfmpegProgram extends FfmpegPaths {
  /** As it says it, `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  /** Those that it reads. `rtsp` is none of them: it is a format. */
  readonly protocols: ReadonlySet<string>;
}

/** Long enough for a slow disk; they answer in 50 ms. */
const ANSWER_MS = 15_000;

/** `--ffmpeg`, then FFMPEG_PATH, FFMPEG_BIN, the package ffmpeg-static, the PATH. What is named must be there. */
export function findFfmpegPaths({ option, environment, packaged = packagedPath }: FfmpegSearch): FfmpegPaths {
  const named: readonly (readonly [FfmpegOrigin, string | null | undefined])[] = [
    ['--ffmpeg', option],
    ['FFMPEG_PATH', environment['FFMPEG_PATH']],
    ['FFMPEG_BIN', environment['FFMPEG_BIN']],
  ];
  for (const [origin, name] of named) {
    if (name === null || name === undefined || name === '') continue;
    const path = findProgram(name, environment);
    if (path === null) throw new McastError('ERR_FFMPEG_MISSING', `${origin} names ${name}, which is no program`);
    return { path, origin, ffprobe: findFfprobe(path, environment) };
  }
  // The package names a file that a failed or forbidden download never wrote.
  const shipped = packaged();
  if (shipped !== null && existsSync(shipped)) {
    return { path: shipped, origin: 'ffmpeg-static', ffprobe: findFfprobe(shipped, environment) };
  }
  const path = findProgram('ffmpeg', environment);
  if (path === null) throw new McastError('ERR_FFMPEG_MISSING', 'ffmpeg was not found');
  return { path, origin: 'PATH', ffprobe: findFfprobe(path, environment) };
}

/** Beside ffmpeg stands the one of the same version. */
function findFfprobe(ffmpeg: string, environment: Environment): string | null {
  const named = environment['FFPROBE_PATH'];
  if (named !== undefined && named !== '') {
    const path = findProgram(named, environment);
    if (path === null) throw new McastError('ERR_FFMPEG_MISSING', `FFPROBE_PATH names ${named}, which is no program`);
    return path;
  }
  return programIn(dirname(ffmpeg), 'ffprobe') ?? findProgram('ffprobe', environment);
}

function packagedPath(): string | null {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static');
    return typeof path === 'string' ? path : null;
  } catch {
    return null;
  }
}

const asked = new Map<string, Promise<Pick<FfmpegProgram, 'version' | 'encoders' | 'protocols'>>>();

/** Finds ffmpeg and asks it, once in the life of this process, what it can do. */
export async function findFfmpeg(search: FfmpegSearch): Promise<FfmpegProgram> {
  const paths = findFfmpegPaths(search);
  let answers = asked.get(paths.path);
  if (answers === undefined) {
    answers = askFfmpeg(paths.path);
    asked.set(paths.path, answers);
    answers.catch(() => asked.delete(paths.path));
  }
  return { ...paths, ...(await answers) };
}

async function askFfmpeg(path: string): Promise<Pick<FfmpegProgram, 'version' | 'encoders' | 'protocols'>> {
  const [version, encoders, protocols] = await Promise.all([
    answerOf(path, ['-version']),
    answerOf(path, ['-hide_banner', '-encoders']),
    answerOf(path, ['-hide_banner', '-protocols']),
  ]);
  const said = /^ffmpeg version (\S+)/m.exec(version)?.[1];
  if (said === undefined)
    throw new McastError('ERR_FFMPEG_MISSING', `${path} is not ffmpeg: it does not say its version`);
  return { version: said, encoders: encoderNames(encoders), protocols: inputProtocols(protocols) };
}

async function answerOf(path: string, words: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(path, words, { timeout: ANSWER_MS, maxBuffer: 2 ** 22 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = new LastWords();
      said.add(stderr);
      const why = said.line() || (error.killed === true ? 'it did not answer' : error.message.split('\n', 1)[0]!);
      reject(new McastError('ERR_FFMPEG_MISSING', `${path} cannot be used as ffmpeg: ${why}`, { cause: error }));
    });
  });
}

/** Names of `-encoders`: six flags and a name, below a line of dashes. */
export function encoderNames(text: string): Set<string> {
  const list = text.slice(Math.max(0, text.indexOf('------')));
  return new Set([...list.matchAll(/^ [VAS][A-Z.]{5} (\S+)/gm)].map(([, name]) => name!));
}

/** Names of `-protocols` between `Input:` and `Output:`. */
export function inputProtocols(text: string): Set<string> {
  const [, list = ''] = /^Input:\n([\s\S]*?)(?:^Output:|$(?![\s\S]))/m.exec(text) ?? [];
  return new Set(list.split(/\s+/).filter((name) => name !== ''));
}
