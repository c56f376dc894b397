import { McastError } from '../core/errors.js';
import { encoderFor, isCopiedByDefault, requireCarried } from './ffmpegCodecs.js';
import type { SourceAudio, SourceMedia, SourceVideo } from './ffmpegProbe.js';
import type { FfmpegProgram } from './ffmpegProgram.js';
import { defaultVideoRate, requireMuxRate, videoRateWithin } from './ffmpegRates.js';
import { filterGraphOf, isTransportStream, requireReadable, sourceArguments } from './ffmpegSource.js';

/** A source that ffmpeg is to make an MPEG transport stream of. */
export interface FfmpegInput {
  /** A file, a URL, or `lavfi:` and a graph of filters. */
  readonly source: string;
  /** `auto`: copied when a transport stream can carry it and nothing below demands otherwise, else H.264. */
  readonly videoCodec: 'auto' | 'copy' | 'h264' | 'h265' | 'mpeg2' | 'none';
  /** Of the pictures; `null`: what fills the mux rate, else by size and rate of the pictures. */
  readonly videoBitrateBitPerSecond: number | null;
  /** `1280x720`; `null`: the source's. */
  readonly resolution: string | null;
  /** `null`: the source's. */
  readonly fps: number | null;
  readonly audioCodec: 'auto' | 'copy' | 'aac' | 'mp2' | 'ac3' | 'none';
  /** `null`: by codec. */
  readonly audioBitrateBitPerSecond: number | null;
  /** Of the transport stream, filled up with null packets; `null`: as many packets as the content needs. */
  readonly muxRateBitPerSecond: number | null;
  /** ffmpeg reads at the source's own pace (`-re`). Needless where the reader of its output has a pace. */
  readonly realTime: boolean;
  /** Words for ffmpeg before the source. */
  readonly inputOptions: readonly string[];
  /** Words for ffmpeg before its output; they come last, so they win. */
  readonly outputOptions: readonly string[];
}

export interface FfmpegPlan {
  /** Without the program itself. */
  readonly arguments: readonly string[];
  /** `copy`, an encoder's name, or `null`: none. */
  readonly video: string | null;
  readonly audio: string | null;
}

/** Reports on descriptor 3; stdin is nobody's. */
const GLOBAL_ARGUMENTS = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-progress', 'pipe:3'];
/**
 * PCR every 20 ms (at most 40 ms by ETSI TR 101 290 section 5.2.2, 100 ms by ISO/IEC 13818-1 section 2.7.2), and
 * decoding 0.7 s behind it: room for the half second of {@link BUFFER_S} and the sound beside it.
 */
const MUX_ARGUMENTS = ['-muxdelay', '0.7', '-pcr_period', '20'];
/** An output without a packet is a failure, not a success. */
const OUTPUT_ARGUMENTS = ['-abort_on', 'empty_output', '-f', 'mpegts', 'pipe:1'];
/** Size of the encoder's rate buffer in time at the full rate. */
const BUFFER_S = 0.5;
const GOP_S = 2;
const B_PICTURES = 2;

const AUDIO_BIT_PER_SECOND = { aac: 128_000, mp2: 192_000, ac3: 192_000 } as const;
/** Of copied sound whose rate is not known. */
const UNKNOWN_AUDIO_BIT_PER_SECOND = 192_000;
/** Sound for a graph that has pictures only. */
const TEST_TONE = 'sine=frequency=1000:sample_rate=48000';

interface Part {
  readonly words: readonly string[];
  /** `copy` or the encoder. */
  readonly how: string;
  /** `null`: not known. */
  readonly rateBitPerSecond: number | null;
}

/** ffmpeg's command line for `input`. `media`: what ffprobe found; `null`: the source was not looked at. */
export function ffmpegPlan(input: FfmpegInput, media: SourceMedia | null, program: FfmpegProgram): FfmpegPlan {
  requireReadable(input.source, program);
  const isGraph = filterGraphOf(input.source) !== null;
  const isTone = isGraph && input.audioCodec !== 'none' && media?.video !== null && (media?.audio ?? null) === null;
  const audio = audioPart(input, media, program, isTone);
  const video = videoPart(input, media, program, audio?.rateBitPerSecond ?? 0);
  if (video === null && audio === null) {
    throw new McastError('ERR_USAGE', `${input.source} has neither picture nor sound that may be sent`, {
      hint: 'Name another source, or do without none for the codec.',
    });
  }
  if (input.muxRateBitPerSecond !== null) {
    const known = video?.rateBitPerSecond ?? 0;
    requireMuxRate(input.muxRateBitPerSecond, known, audio?.rateBitPerSecond ?? 0);
  }
  return {
    video: video?.how ?? null,
    audio: audio?.how ?? null,
    arguments: [
      ...GLOBAL_ARGUMENTS,
      // Copied pictures of some containers have no times of their own.
      ...(video?.how === 'copy' ? ['-fflags', '+genpts'] : []),
      ...(input.realTime ? ['-re'] : []),
      ...sourceArguments(input.source, input.inputOptions),
      ...(isTone ? ['-f', 'lavfi', '-i', TEST_TONE] : []),
      ...(video?.words ?? ['-vn']),
      ...(audio?.words ?? ['-an']),
      // The tone has no end.
      ...(isTone ? ['-shortest'] : []),
      ...(input.muxRateBitPerSecond === null ? [] : ['-muxrate', String(Math.round(input.muxRateBitPerSecond))]),
      ...MUX_ARGUMENTS,
      ...input.outputOptions,
      ...OUTPUT_ARGUMENTS,
    ],
  };
}

function videoPart(
  input: FfmpegInput,
  media: SourceMedia | null,
  program: FfmpegProgram,
  audioBitPerSecond: number,
): Part | null {
  const video = media?.video ?? null;
  if (input.videoCodec === 'none' || (media !== null && video === null)) {
    if (input.videoCodec !== 'none' && input.videoCodec !== 'auto') throw lacking(input.source, 'picture');
    return null;
  }
  const map = ['-map', video === null ? '0:v:0?' : `0:${video.index}`];
  const isChanged = input.resolution !== null || input.fps !== null || input.videoBitrateBitPerSecond !== null;
  if (input.videoCodec === 'copy') {
    if (isChanged) {
      throw new McastError('ERR_USAGE', 'copied pictures keep their size, picture rate and bit rate', {
        hint: 'Name a codec in place of copy, or leave size and rates out.',
      });
    }
    if (video !== null) requireCarried(video.codec, 'h264');
  }
  const isCopied =
    input.videoCodec === 'copy' ||
    (input.videoCodec === 'auto' &&
      !isChanged &&
      (video === null ? isTransportStream(input.source) : isCopiedByDefault(video.codec)));
  if (isCopied) {
    const rest = media?.rateBitPerSecond ?? null;
    return {
      words: [...map, '-c:v', 'copy'],
      how: 'copy',
      rateBitPerSecond: video?.rateBitPerSecond ?? (rest === null ? null : Math.max(0, rest - audioBitPerSecond)),
    };
  }
  const codec = input.videoCodec === 'auto' ? 'h264' : input.videoCodec;
  return transcodedVideo(codec, input, video, program, audioBitPerSecond, map);
}

function transcodedVideo(
  codec: 'h264' | 'h265' | 'mpeg2',
  input: FfmpegInput,
  video: SourceVideo | null,
  program: FfmpegProgram,
  audioBitPerSecond: number,
  map: readonly string[],
): Part {
  const encoder = encoderFor(codec, program);
  const size = targetSize(input.resolution, video);
  const fps = input.fps ?? video?.fps ?? null;
  const rate = Math.round(
    input.videoBitrateBitPerSecond ??
      (input.muxRateBitPerSecond === null
        ? defaultVideoRate(codec, size.width ?? video?.width ?? null, size.height ?? video?.height ?? null, fps)
        : videoRateWithin(input.muxRateBitPerSecond, audioBitPerSecond)),
  );
  return {
    how: encoder,
    rateBitPerSecond: rate,
    words: [
      ...map,
      '-c:v',
      encoder,
      '-pix_fmt',
      'yuv420p',
      '-b:v',
      String(rate),
      '-maxrate',
      String(rate),
      '-bufsize',
      String(Math.round(rate * BUFFER_S)),
      ...(size.width === null ? [] : ['-s', `${size.width}x${size.height}`]),
      ...(input.fps === null ? [] : ['-r', pictureRate(input.fps)]),
      ...gopWords(fps),
      ...encoderWords(encoder),
    ],
  };
}

/** Random access every two seconds, whatever happens in the picture. */
function gopWords(fps: number | null): string[] {
  // Without a picture rate times are all there is.
  if (fps === null) return ['-force_key_frames', `expr:gte(t,n_forced*${GOP_S})`];
  const pictures = String(Math.max(1, Math.round(fps * GOP_S)));
  return ['-g', pictures, '-keyint_min', pictures];
}

/** What each encoder needs to keep up with real time, and to make key pictures only where they are due. */
function encoderWords(encoder: string): string[] {
  const groups = ['-bf', String(B_PICTURES), '-flags', '+cgop'];
  if (encoder === 'libx264') return [...groups, '-preset', 'veryfast', '-sc_threshold', '0'];
  // It writes its own log to stderr, where only warnings are wanted.
  if (encoder === 'libx265') {
    return ['-bf', String(B_PICTURES), '-preset', 'ultrafast', '-x265-params', 'log-level=error:scenecut=0:open-gop=0'];
  }
  // With closed groups it refuses any threshold that could be reached, and shortens groups unless it is told not to.
  if (encoder === 'mpeg2video') return [...groups, '-sc_threshold', '1000000000', '-mpv_flags', '+strict_gop'];
  return [];
}

/** The size to scale to; `null`: the source's. 4:2:0 needs even numbers. */
function targetSize(
  resolution: string | null,
  video: SourceVideo | null,
): { readonly width: number | null; readonly height: number | null } {
  if (resolution !== null) {
    const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(resolution)?.map(Number) ?? [];
    if (width === undefined || height === undefined || width % 2 !== 0 || height % 2 !== 0) {
      throw new McastError('ERR_USAGE', `"${resolution}" is no size of a picture: two even numbers as in 1280x720`);
    }
    return { width, height };
  }
  if (video === null || video.width === null || video.height === null) return { width: null, height: null };
  const width = Math.max(2, video.width - (video.width % 2));
  const height = Math.max(2, video.height - (video.height % 2));
  return width === video.width && height === video.height ? { width: null, height: null } : { width, height };
}

/** `25`, and `30000/1001` for what people write as 29.97. */
function pictureRate(fps: number): string {
  if (!(fps > 0 && fps <= 1000)) throw new McastError('ERR_USAGE', `${fps} is no picture rate: above 0, at most 1000`);
  const nominal = Math.ceil(fps);
  const isSlowed = !Number.isInteger(fps) && Math.abs(fps - (nominal * 1000) / 1001) < 0.005;
  return isSlowed ? `${nominal * 1000}/1001` : String(fps);
}

function audioPart(
  input: FfmpegInput,
  media: SourceMedia | null,
  program: FfmpegProgram,
  isTone: boolean,
): Part | null {
  if (input.audioCodec === 'none') return null;
  const audio = media?.audio ?? null;
  if (media !== null && audio === null && !isTone) {
    if (input.audioCodec !== 'auto') throw lacking(input.source, 'sound');
    return null;
  }
  const map = ['-map', isTone ? '1:a:0' : audio === null ? '0:a:0?' : `0:${audio.index}`];
  if (input.audioCodec === 'copy') {
    if (input.audioBitrateBitPerSecond !== null) {
      throw new McastError('ERR_USAGE', 'copied sound keeps its bit rate', { hint: 'Name a codec in place of copy.' });
    }
    if (isTone) requireCarried('pcm_s16le', 'aac');
    if (audio !== null) requireCarried(audio.codec, 'aac');
  }
  if (isAudioCopied(input, audio, isTone)) {
    const rate = audio?.rateBitPerSecond ?? UNKNOWN_AUDIO_BIT_PER_SECOND;
    return { words: [...map, '-c:a', 'copy'], how: 'copy', rateBitPerSecond: rate };
  }
  const codec = input.audioCodec === 'auto' || input.audioCodec === 'copy' ? 'aac' : input.audioCodec;
  const encoder = encoderFor(codec, program);
  const rate = Math.round(input.audioBitrateBitPerSecond ?? AUDIO_BIT_PER_SECOND[codec]);
  // AC-3 alone is commonly decoded with more than two channels.
  const channels = codec === 'ac3' ? [] : ['-ac', '2'];
  return {
    words: [...map, '-c:a', encoder, '-b:a', String(rate), '-ar', '48000', ...channels],
    how: encoder,
    rateBitPerSecond: rate,
  };
}

function isAudioCopied(input: FfmpegInput, audio: SourceAudio | null, isTone: boolean): boolean {
  if (input.audioCodec === 'copy') return true;
  if (input.audioCodec !== 'auto' || input.audioBitrateBitPerSecond !== null || isTone) return false;
  return audio === null ? isTransportStream(input.source) : isCopiedByDefault(audio.codec);
}

function lacking(source: string, what: 'picture' | 'sound'): McastError {
  return new McastError('ERR_USAGE', `${source} has no ${what}`, { hint: 'Say none, or leave the codec out.' });
}
