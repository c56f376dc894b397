import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type FedProgram, startFed } from './fedProgram.js';
import { type FfmpegSearch, findFfmpegPaths } from './ffmpegProgram.js';
import { fileError } from './fileError.js';

/** Segments of 2 s at the least, cut at key pictures, the last six in the play list (RFC 8216); older ones are deleted. */
const ARGUMENTS =
  '-hide_banner -nostats -nostdin -loglevel warning -y -f mpegts -i pipe:0 -c copy -f hls -hls_time 2 -hls_list_size 6 -hls_flags delete_segments index.m3u8'.split(
    ' ',
  );

/**
 * ffmpeg, which writes `index.m3u8` and its segments into the folder, which is made; the stream's end writes the last
 * one. Throws ERR_FFMPEG_MISSING, and ERR_FILE where there can be no folder.
 */
export function startHls(folder: string, search: FfmpegSearch): FedProgram {
  const { path } = findFfmpegPaths(search);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError(folder, 'written', error);
  }
  // In it no character of its name means anything to ffmpeg.
  return startFed(resolve(path), ARGUMENTS, {
    name: 'ffmpeg',
    endVerb: 'ended',
    environment: search.environment,
    folder,
  });
}
