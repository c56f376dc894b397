/** An ffmpeg input that asks for nothing. */
import type { FfmpegInput } from '../src/io/ffmpegInput.js';

export const FFMPEG_INPUT: FfmpegInput = {
  source: '',
  videoCodec: 'auto',
  videoBitrateBitPerSecond: null,
  resolution: null,
  fps: null,
  audioCodec: 'auto',
  audioBitrateBitPerSecond: null,
  muxRateBitPerSecond: null,
  realTime: false,
  inputOptions: [],
  outputOptions: [],
};
