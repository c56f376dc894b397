/** How rates of pictures, sound and the multiplex of ffmpeg's transport streams hang together. All in bit/s. */
import { McastError } from '../core/errors.js';
import { shortNumber } from '../core/units.js';

/**
 * Tables, PCR of their own and the padding of last packets, at the periods that the muxer is told: 25 packets/s
 * of PAT, PMT and SDT, 50 of PCR, 25 to 60 ends of pictures.
 */
const FIXED_BIT_PER_SECOND = 150_000;
/** Headers of packets and of PES: 188 octets for 184, and one PES header for every picture. */
const VIDEO_SHARE = 1.04;
/** PES of sound are short. */
const AUDIO_SHARE = 1.1;
const LEAST_VIDEO_BIT_PER_SECOND = 50_000;

/** Bits of a pixel in H.264 with the fast presets that keep up with real time. */
const BITS_PER_PIXEL = 0.1;
const LOWEST_DEFAULT = 500_000;
const HIGHEST_DEFAULT = 20_000_000;
const UNKNOWN_DEFAULT = 4_000_000;
const CODEC_SHARE = { h264: 1, h265: 0.6, mpeg2: 2 } as const;

/** The lowest rate of a multiplex that holds both. */
export function leastMuxRate(videoBitPerSecond: number, audioBitPerSecond: number): number {
  return Math.ceil(FIXED_BIT_PER_SECOND + VIDEO_SHARE * videoBitPerSecond + AUDIO_SHARE * audioBitPerSecond);
}

/** The rate of pictures that fills a multiplex. */
export function videoRateWithin(muxRateBitPerSecond: number, audioBitPerSecond: number): number {
  const room = muxRateBitPerSecond - leastMuxRate(0, audioBitPerSecond);
  const rate = Math.floor(room / VIDEO_SHARE);
  if (rate < LEAST_VIDEO_BIT_PER_SECOND) {
    const least = leastMuxRate(LEAST_VIDEO_BIT_PER_SECOND, audioBitPerSecond);
    throw muxTooSmall(muxRateBitPerSecond, `pictures need at least ${shortNumber(least)}`);
  }
  return rate;
}

/** Refuses a multiplex that cannot hold what shall go into it. */
export function requireMuxRate(
  muxRateBitPerSecond: number,
  videoBitPerSecond: number,
  audioBitPerSecond: number,
): void {
  const least = leastMuxRate(videoBitPerSecond, audioBitPerSecond);
  if (muxRateBitPerSecond >= least) return;
  const parts = [
    ...(videoBitPerSecond > 0 ? [`${shortNumber(videoBitPerSecond)} of pictures`] : []),
    ...(audioBitPerSecond > 0 ? [`${shortNumber(audioBitPerSecond)} of sound`] : []),
  ];
  throw muxTooSmall(muxRateBitPerSecond, `${parts.join(' and ')} need at least ${shortNumber(least)}`);
}

function muxTooSmall(muxRateBitPerSecond: number, why: string): McastError {
  return new McastError('ERR_USAGE', `a mux rate of ${shortNumber(muxRateBitPerSecond)} is too low: ${why}`, {
    hint: 'Raise the mux rate, or lower the rate of the pictures.',
  });
}

/** What is taken when nobody said a rate. `null` for a size or picture rate: not known. */
export function defaultVideoRate(
  codec: keyof typeof CODEC_SHARE,
  width: number | null,
  height: number | null,
  fps: number | null,
): number {
  if (width === null || height === null) return UNKNOWN_DEFAULT * CODEC_SHARE[codec];
  const rate = width * height * (fps ?? 25) * BITS_PER_PIXEL;
  return Math.round(Math.min(Math.max(rate, LOWEST_DEFAULT), HIGHEST_DEFAULT) * CODEC_SHARE[codec]);
}
