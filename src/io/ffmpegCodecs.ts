import { McastError } from '../core/errors.js';
import type { FfmpegProgram } from './ffmpegProgram.js';

/** Codecs that can be asked for. */
export type TargetCodec = 'h264' | 'h265' | 'mpeg2' | 'aac' | 'mp2' | 'ac3';

/** Encoders of each in the order of preference; those that need special hardware are never taken unasked. */
const ENCODERS: Readonly<Record<TargetCodec, readonly string[]>> = {
  h264: ['libx264', 'libopenh264', 'h264_videotoolbox'],
  h265: ['libx265', 'libkvazaar', 'hevc_videotoolbox'],
  mpeg2: ['mpeg2video'],
  aac: ['aac', 'libfdk_aac'],
  mp2: ['mp2', 'libtwolame'],
  ac3: ['ac3'],
};

const VIDEO_TARGETS: ReadonlySet<TargetCodec> = new Set(['h264', 'h265', 'mpeg2']);

/**
 * Codecs, by ffmpeg's names, with a stream_type or registered descriptor for MPEG-2 transport streams (ISO/IEC 13818-1
 * table 2-34, ETSI EN 300 468, SMPTE 302M), and whether decoders of transport streams can be expected to know them.
 * ffmpeg writes what is not among them (AV1, VP9, FLAC) as private data that nothing decodes.
 */
const CARRIED: ReadonlyMap<string, 'common' | 'rare'> = new Map([
  ['h264', 'common'],
  ['hevc', 'common'],
  ['mpeg1video', 'common'],
  ['mpeg2video', 'common'],
  ['mpeg4', 'rare'],
  ['vc1', 'rare'],
  ['mp1', 'common'],
  ['mp2', 'common'],
  ['mp3', 'common'],
  ['aac', 'common'],
  ['aac_latm', 'common'],
  ['ac3', 'common'],
  ['eac3', 'common'],
  ['dts', 'common'],
  ['opus', 'rare'],
  ['truehd', 'rare'],
  ['s302m', 'rare'],
]);

/** Whether a stream of `codec` goes into a transport stream as it is, when nothing was asked for. */
export function isCopiedByDefault(codec: string): boolean {
  return CARRIED.get(codec) === 'common';
}

/** Refuses to copy what a transport stream cannot carry. `instead` names the option's value that helps. */
export function requireCarried(codec: string, instead: TargetCodec): void {
  if (CARRIED.has(codec)) return;
  throw new McastError('ERR_USAGE', `MPEG-TS cannot carry ${codec}: it cannot be copied`, {
    hint: `Let it be transcoded: ${instead} or auto in place of copy.`,
  });
}

/** The encoder of this ffmpeg for `codec`. */
export function encoderFor(codec: TargetCodec, program: FfmpegProgram): string {
  const encoder = ENCODERS[codec].find((name) => program.encoders.has(name));
  if (encoder !== undefined) return encoder;
  const isVideo = VIDEO_TARGETS.has(codec);
  const offered = (Object.keys(ENCODERS) as TargetCodec[])
    .filter((other) => VIDEO_TARGETS.has(other) === isVideo)
    .flatMap((other) => {
      const name = ENCODERS[other].find((candidate) => program.encoders.has(candidate));
      return name === undefined ? [] : [`${other} (${name})`];
    });
  throw new McastError(
    'ERR_UNSUPPORTED',
    `this ffmpeg (${program.version}, ${program.path}) has no encoder ${ENCODERS[codec][0]} for ${codec}; ` +
      `it has ${offered.length === 0 ? 'none that would do' : offered.join(', ')}`,
    { hint: 'Choose another codec, or name another ffmpeg with --ffmpeg or FFMPEG_PATH.' },
  );
}
