import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Stats, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { McastError } from '../core/errors.js';
import { type FfmpegInput, type FfmpegPlan, ffmpegPlan } from './ffmpegArguments.js';
import { probeSource } from './ffmpegProbe.js';
import { type FfmpegProgram, type FfmpegSearch, findFfmpeg } from './ffmpegProgram.js';
import { type FfmpegProgress, FfmpegProgressReader } from './ffmpegProgress.js';
import { filterGraphOf, isTransportStream, requireReadable, schemeOf } from './ffmpegSource.js';
import { fileError } from './fileError.js';
import { LastWords } from './lastWords.js';
import { endChild, endText, ownChild } from './ownedChild.js';

export type { FfmpegInput, FfmpegPlan } from './ffmpegArguments.js';

export interface OpenFfmpegOptions extends FfmpegSearch {
  /** Called some twice a second while ffmpeg runs. */
  readonly onProgress?: (progress: FfmpegProgress) => void;
  /** Gives up opening: looking at a live source may take long. Nothing after it: that is {@link RunningFfmpeg.stop}. */
  readonly signal?: AbortSignal;
}

export interface FfmpegEnd {
  /** `ended`: the source is over; `stopped`: it was asked to end. */
  readonly how: 'ended' | 'stopped';
  /** Warnings, oldest first, at most 20. */
  readonly lastWords: readonly string[];
}

/** ffmpeg at work. */
export interface RunningFfmpeg {
  readonly pid: number;
  readonly program: FfmpegProgram;
  readonly plan: FfmpegPlan;
  /** The transport stream. Whoever reads it sets the pace: unread, the pipe fills and ffmpeg waits. */
  readonly octets: Readable;
  /** The newest report; `null`: none yet. */
  readonly progress: FfmpegProgress | null;
  /**
   * Rejects with ERR_FFMPEG_FAILED and ffmpeg's last words when it died, or gave up a source that it could no longer
   * read. What it wrote until then may still be in {@link octets}.
   */
  readonly finished: Promise<FfmpegEnd>;
  /** The last lines on its standard error so far. */
  lastWords(): readonly string[];
  /** Ends it, within two seconds at the latest, and with it {@link octets}; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Finds ffmpeg, looks at the source, and starts to make a transport stream of it. */
export async function openFfmpegInput(input: FfmpegInput, options: OpenFfmpegOptions): Promise<RunningFfmpeg> {
  const program = await findFfmpeg(options);
  const local = { ...input, source: unmistakable(input.source) };
  requireReadable(local.source, program);
  const media =
    program.ffprobe === null || !isLookedAt(input.source)
      ? null
      : await probeSource(program.ffprobe, local.source, local.inputOptions, options.signal);
  options.signal?.throwIfAborted();
  return await startFfmpeg(program, ffmpegPlan(local, media, program), local.source, options);
}

/** A file with a colon in its name is not to be taken for a protocol. */
function unmistakable(source: string): string {
  return fileOf(source) === null ? source : `file:${source}`;
}

/** A first look would eat what a pipe holds, and the one connection of a contribution link. */
function isLookedAt(source: string): boolean {
  const file = fileOf(source);
  return file === null ? !isTransportStream(source) : file.isFile();
}

function fileOf(source: string): Stats | null {
  if (schemeOf(source) !== null || filterGraphOf(source) !== null) return null;
  try {
    return statSync(source, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw fileError(source, 'read', error);
  }
}

async function startFfmpeg(
  program: FfmpegProgram,
  plan: FfmpegPlan,
  source: string,
  options: OpenFfmpegOptions,
): Promise<RunningFfmpeg> {
  const child = spawn(program.path, plan.arguments, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...options.environment },
    // In a group of its own: the interrupt of a terminal is for this program, which ends ffmpeg in its turn.
    detached: process.platform !== 'win32',
  });
  ownChild(child);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new McastError('ERR_FFMPEG_MISSING', `${program.path} cannot be started: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return new FfmpegProcess(child, program, plan, source, options.onProgress);
}

class FfmpegProcess implements RunningFfmpeg {
  readonly pid: number;
  readonly program: FfmpegProgram;
  readonly plan: FfmpegPlan;
  readonly octets: Readable;
  readonly finished: Promise<FfmpegEnd>;
  progress: FfmpegProgress | null = null;
  readonly #child: ChildProcess;
  readonly #source: string;
  readonly #words = new LastWords();
  #isStopped = false;

  constructor(
    child: ChildProcess,
    program: FfmpegProgram,
    plan: FfmpegPlan,
    source: string,
    onProgress: ((progress: FfmpegProgress) => void) | undefined,
  ) {
    this.pid = child.pid!;
    this.program = program;
    this.plan = plan;
    this.octets = child.stdout!;
    this.#child = child;
    this.#source = source;
    const reader = new FfmpegProgressReader((progress) => {
      this.progress = progress;
      onProgress?.(progress);
    });
    const reports = child.stdio[3] as Readable;
    reports.setEncoding('utf8').on('data', (text: string) => reader.add(text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#words.add(text));
    this.finished = this.#finish([child.stderr!, reports]);
    // Whoever waits for it hears of a failure; nobody need wait.
    this.finished.catch(() => {});
  }

  lastWords(): readonly string[] {
    return this.#words.lines();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    // It may hang in a write that nobody reads any more: that one has to fail for the signal to be seen.
    this.octets.destroy();
    await endChild(this.#child);
  }

  async #finish(told: readonly Readable[]): Promise<FfmpegEnd> {
    const closed = told.map(async (stream) => await once(stream, 'close'));
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
    // The last words may come behind the end.
    await Promise.all(closed);
    const lastWords = this.#words.lines();
    if (this.#isStopped) return { how: 'stopped', lastWords };
    if (code === 0 && !lastWords.some((line) => this.#isReadError(line))) return { how: 'ended', lastWords };
    const how = code === 0 ? 'ffmpeg could not read on' : `ffmpeg failed (${endText(code, signal)})`;
    const said = this.#words.line();
    throw new McastError('ERR_FFMPEG_FAILED', `${how}: ${said === '' ? 'it said nothing' : said}`, {
      hint: 'Try the same source with ffprobe; see docs/errors.md.',
    });
  }

  /**
   * A source that breaks off is to ffmpeg a source that ends, with exit status 0. Only a line tells: up to version 6
   * the source and the system's error, since then by name.
   */
  #isReadError(line: string): boolean {
    if (/Error during demuxing: /.test(line)) return true;
    return line.startsWith(`${this.#source}: `) && !line.slice(this.#source.length).startsWith(': corrupt ');
  }
}
