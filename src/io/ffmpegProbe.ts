import { execFile } from 'node:child_process';
import { McastError } from '../core/errors.js';
import { probeOptions, sourceArguments } from './ffmpegSource.js';
import { LastWords } from './lastWords.js';

export interface SourceVideo {
  /** Of the stream within the source. */
  readonly index: number;
  /** ffmpeg's name: `h264`, `hevc`, `rawvideo`. */
  readonly codec: string;
  /** Pixels; `null`: not known before the first picture. */
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly rateBitPerSecond: number | null;
}

export interface SourceAudio {
  readonly index: number;
  readonly codec: string;
  readonly channels: number | null;
  readonly rateBitPerSecond: number | null;
}

/** What of a source would be sent: one picture and one sound. */
export interface SourceMedia {
  readonly video: SourceVideo | null;
  readonly audio: SourceAudio | null;
  /** Of the whole source; `null`: unknown, as with live ones. */
  readonly rateBitPerSecond: number | null;
}

interface ProbedStream {
  readonly index: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
  readonly bit_rate?: string;
  readonly disposition?: { readonly default?: number; readonly attached_pic?: number };
}

interface Probed {
  readonly programs?: readonly { readonly streams?: readonly { readonly index: number }[] }[];
  readonly streams?: readonly ProbedStream[];
  readonly format?: { readonly bit_rate?: string };
}

const HINT = 'Check the source; ffprobe <source> says the same.';
/** A source that says nothing for so long is given up, ms. */
const ANSWER_MS = 30_000;

/** Opens the source with ffprobe, which for a live source makes a connection of its own, and closes it again. */
export async function probeSource(
  ffprobe: string,
  source: string,
  inputOptions: readonly string[],
  signal?: AbortSignal,
): Promise<SourceMedia> {
  const words = ['-hide_banner', '-v', 'error', '-of', 'json', '-show_streams', '-show_programs', '-show_format'];
  const answer = await new Promise<string>((resolve, reject) => {
    const limits = { timeout: ANSWER_MS, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 } as const;
    const child = execFile(
      ffprobe,
      [...words, ...sourceArguments(source, probeOptions(inputOptions))],
      signal === undefined ? limits : { ...limits, signal },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (signal?.aborted === true) return reject(error);
        const said = new LastWords();
        said.add(stderr);
        const silent = error.killed === true ? `it said nothing for ${ANSWER_MS / 1000} s` : error.message;
        // ffprobe begins with the source's name, and so does the message.
        const why = (said.line() || silent.split('\n', 1)[0]!).replace(`${source}: `, '');
        const name = source.replace(/^file:/, '');
        reject(new McastError('ERR_FFMPEG_FAILED', `${name} cannot be opened: ${why}`, { cause: error, hint: HINT }));
      },
    );
    child.stdin?.destroy();
  });
  return sourceMedia(answer);
}

/**
 * What of ffprobe's answer would be sent: the largest picture that is no cover image, and the default sound of its
 * program, else the first.
 */
export function sourceMedia(json: string): SourceMedia {
  const { programs = [], streams = [], format } = JSON.parse(json) as Probed;
  let video: ProbedStream | null = null;
  for (const stream of streams) {
    if (stream.codec_type !== 'video' || stream.disposition?.attached_pic === 1) continue;
    if (video === null || pixels(stream) > pixels(video)) video = stream;
  }
  const together = programs
    .map((program) => new Set(program.streams?.map(({ index }) => index)))
    .find((indices) => video !== null && indices.has(video.index));
  const sounds = streams.filter(({ codec_type: type }) => type === 'audio');
  const own = together === undefined ? [] : sounds.filter(({ index }) => together.has(index));
  const choice = own.length > 0 ? own : sounds;
  const audio = choice.find(({ disposition }) => disposition?.default === 1) ?? choice[0];
  return {
    video:
      video === null
        ? null
        : {
            index: video.index,
            codec: video.codec_name ?? 'unknown',
            width: video.width || null,
            height: video.height || null,
            fps: ratio(video.avg_frame_rate) ?? ratio(video.r_frame_rate),
            rateBitPerSecond: positive(video.bit_rate),
          },
    audio:
      audio === undefined
        ? null
        : {
            index: audio.index,
            codec: audio.codec_name ?? 'unknown',
            channels: audio.channels || null,
            rateBitPerSecond: positive(audio.bit_rate),
          },
    rateBitPerSecond: positive(format?.bit_rate),
  };
}

function pixels({ width = 0, height = 0 }: ProbedStream): number {
  return width * height;
}

/** `30000/1001`; `0/0` is ffprobe's way to say that it does not know. */
function ratio(text: string | undefined): number | null {
  const [numerator, denominator] = (text ?? '').split('/').map(Number);
  const value = numerator! / denominator!;
  return Number.isFinite(value) && value > 0 ? value : null;
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}
