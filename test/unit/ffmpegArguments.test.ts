import { FFMPEG_INPUT } from '../ffmpegPlan.js';
import { assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { type FfmpegInput, ffmpegPlan } from '../../src/io/ffmpegArguments.js';
import { type SourceMedia, sourceMedia } from '../../src/io/ffmpegProbe.js';
import type { FfmpegProgram } from '../../src/io/ffmpegProgram.js';
import { defaultVideoRate, leastMuxRate, videoRateWithin } from '../../src/io/ffmpegRates.js';
import { probeOptions } from '../../src/io/ffmpegSource.js';

const PROGRAM: FfmpegProgram = {
  path: '/opt/ffmpeg',
  origin: 'PATH',
  ffprobe: '/opt/ffprobe',
  version: '5.1.9',
  encoders: new Set(['libx264', 'libx265', 'mpeg2video', 'aac', 'mp2', 'ac3']),
  protocols: new Set(['file', 'http', 'srt']),
};
const INPUT: FfmpegInput = { ...FFMPEG_INPUT, source: 'film.mp4' };

function media(videoCodec: string | null, audioCodec: string | null, part: Partial<SourceMedia> = {}): SourceMedia {
  return {
    video:
      videoCodec === null
        ? null
        : { index: 0, codec: videoCodec, width: 1280, height: 720, fps: 25, rateBitPerSecond: 3_000_000 },
    audio: audioCodec === null ? null : { index: 1, codec: audioCodec, channels: 2, rateBitPerSecond: 128_000 },
    rateBitPerSecond: null,
    ...part,
  };
}

const H264 = media('h264', 'aac');
const RAW = media('rawvideo', null);

function plan(part: Partial<FfmpegInput> = {}, of: SourceMedia | null = H264, program = PROGRAM): string {
  return ffmpegPlan({ ...INPUT, ...part }, of, program).arguments.join(' ');
}

function errorOf(part: Partial<FfmpegInput>, of: SourceMedia | null = H264, program = PROGRAM): McastError {
  try {
    ffmpegPlan({ ...INPUT, ...part }, of, program);
  } catch (error) {
    if (error instanceof McastError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the command line', () => {
  it('copies what a transport stream carries, in whole', () => {
    expect(plan()).toBe(
      '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3 -fflags +genpts -i film.mp4 ' +
        '-map 0:0 -c:v copy -map 0:1 -c:a copy -muxdelay 0.7 -pcr_period 20 -abort_on empty_output -f mpegts pipe:1',
    );
  });

  it('transcodes with a constant rate, in whole', () => {
    const part = { videoCodec: 'h264', videoBitrateBitPerSecond: 2e6, muxRateBitPerSecond: 3e6 } as const;
    expect(plan({ ...part, resolution: '640x360', fps: 25, audioCodec: 'mp2' })).toBe(
      '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3 -i film.mp4 ' +
        '-map 0:0 -c:v libx264 -pix_fmt yuv420p -b:v 2000000 -maxrate 2000000 -bufsize 1000000 -s 640x360 -r 25 ' +
        '-g 50 -keyint_min 50 -bf 2 -flags +cgop -preset veryfast -sc_threshold 0 ' +
        '-map 0:1 -c:a mp2 -b:a 192000 -ar 48000 -ac 2 ' +
        '-muxrate 3000000 -muxdelay 0.7 -pcr_period 20 -abort_on empty_output -f mpegts pipe:1',
    );
  });

  it('puts the words of the operator where they win', () => {
    const words = plan({ inputOptions: ['-ss', '10'], outputOptions: ['-pcr_period', '30'] });
    expect(words).toContain('-ss 10 -i film.mp4');
    expect(words).toMatch(/-pcr_period 20 -pcr_period 30 -abort_on empty_output -f mpegts pipe:1$/);
  });

  it('reads at the pace of the source only when told to', () => {
    expect(plan()).not.toContain('-re ');
    expect(plan({ realTime: true })).toContain('-re -i film.mp4');
  });

  it('names the streams that were chosen', () => {
    const of = { ...H264, video: { ...H264.video!, index: 3 }, audio: { ...H264.audio!, index: 5 } };
    expect(plan({}, of)).toContain('-map 0:3 -c:v copy -map 0:5 -c:a copy');
  });
});

describe('the codec', () => {
  it.each(['h264', 'hevc', 'mpeg2video', 'mpeg1video'])('auto: %s is copied', (codec) => {
    expect(plan({}, media(codec, 'aac'))).toContain('-c:v copy');
  });

  it.each(['av1', 'vp9', 'theora', 'mpeg4', 'rawvideo'])('auto: %s is transcoded to H.264', (codec) => {
    expect(plan({}, media(codec, 'aac'))).toContain('-c:v libx264');
  });

  it.each(['mp2', 'mp3', 'aac', 'ac3', 'eac3', 'dts'])('auto: sound in %s is copied', (codec) => {
    expect(plan({}, media('h264', codec))).toContain('-c:a copy');
  });

  it.each(['vorbis', 'flac', 'opus', 'pcm_s16le'])('auto: sound in %s is transcoded to AAC', (codec) => {
    expect(plan({}, media('h264', codec))).toContain('-c:a aac -b:a 128000');
  });

  it('auto: pictures are transcoded when size, picture rate or bit rate are to change', () => {
    expect(plan({ resolution: '640x360' })).toContain('-c:v libx264');
    expect(plan({ fps: 30 })).toContain('-c:v libx264');
    expect(plan({ videoBitrateBitPerSecond: 1e6 })).toContain('-c:v libx264');
    expect(plan({ audioBitrateBitPerSecond: 96_000 })).toContain('-c:a aac -b:a 96000');
  });

  it.each(['av1', 'vp9'])('copy: %s is refused with what to do', (codec) => {
    const error = errorOf({ videoCodec: 'copy' }, media(codec, 'aac'));
    expect([error.code, error.message]).toEqual(['ERR_USAGE', `MPEG-TS cannot carry ${codec}: it cannot be copied`]);
    expect(error.hint).toContain('h264');
  });

  it.each(['vorbis', 'flac'])('copy: sound in %s is refused with what to do', (codec) => {
    const error = errorOf({ audioCodec: 'copy' }, media('h264', codec));
    expect([error.code, error.message]).toEqual(['ERR_USAGE', `MPEG-TS cannot carry ${codec}: it cannot be copied`]);
    expect(error.hint).toContain('aac');
  });

  it('copy: what decoders rarely know is copied when it was asked for', () => {
    expect(plan({ videoCodec: 'copy', audioCodec: 'copy' }, media('mpeg4', 'opus'))).toContain(
      '-c:v copy -map 0:1 -c:a copy',
    );
  });

  it('copy: excludes a change', () => {
    expect(errorOf({ videoCodec: 'copy', fps: 25 }).message).toContain('copied pictures keep');
    expect(errorOf({ audioCodec: 'copy', audioBitrateBitPerSecond: 1e5 }).message).toBe(
      'copied sound keeps its bit rate',
    );
  });

  it('h265: key pictures and its log are in its own words', () => {
    expect(plan({ videoCodec: 'h265' })).toContain(
      '-g 50 -keyint_min 50 -bf 2 -preset ultrafast -x265-params log-level=error:scenecut=0:open-gop=0',
    );
  });

  it('mpeg2: closed groups, and no key picture for a change of scene', () => {
    expect(plan({ videoCodec: 'mpeg2' })).toContain('-c:v mpeg2video');
    expect(plan({ videoCodec: 'mpeg2' })).toContain('-flags +cgop -sc_threshold 1000000000 -mpv_flags +strict_gop');
  });

  it('ac3 keeps its channels', () => {
    expect(plan({ audioCodec: 'ac3' })).toContain('-c:a ac3 -b:a 192000 -ar 48000 -muxdelay');
  });

  it('none: leaves that part out', () => {
    expect(plan({ audioCodec: 'none' })).toContain('-c:v copy -an -muxdelay');
    expect(plan({ videoCodec: 'none' })).toContain('-vn -map 0:1 -c:a copy');
    expect(errorOf({ videoCodec: 'none', audioCodec: 'none' }).message).toContain('neither picture nor sound');
  });

  it('says what the source lacks when that was asked for', () => {
    expect(errorOf({ videoCodec: 'h264' }, media(null, 'aac')).message).toBe('film.mp4 has no picture');
    expect(errorOf({ audioCodec: 'aac' }, media('h264', null)).message).toBe('film.mp4 has no sound');
    expect(plan({}, media('h264', null))).toContain('-c:v copy -an');
  });

  it('takes the encoder that this ffmpeg has, and says what it has when there is none', () => {
    const other = { ...PROGRAM, encoders: new Set(['libopenh264', 'mpeg2video', 'aac']) };
    expect(plan({ videoCodec: 'h264' }, H264, other)).toContain('-c:v libopenh264');
    const error = errorOf({ videoCodec: 'h265' }, H264, other);
    expect([error.code, error.message]).toEqual([
      'ERR_UNSUPPORTED',
      'this ffmpeg (5.1.9, /opt/ffmpeg) has no encoder libx265 for h265; it has h264 (libopenh264), mpeg2 (mpeg2video)',
    ]);
    expect(errorOf({ audioCodec: 'ac3' }, H264, other).message).toMatch(/no encoder ac3 for ac3; it has aac \(aac\)$/);
    const none = { ...PROGRAM, encoders: new Set<string>() };
    expect(errorOf({ videoCodec: 'mpeg2' }, H264, none).message).toMatch(/it has none that would do$/);
  });
});

describe('pictures', () => {
  it.each([
    [29.97, '30000/1001'],
    [23.976, '24000/1001'],
    [59.94, '60000/1001'],
    [30, '30'],
    [12.5, '12.5'],
  ])('%d pictures a second are %s', (fps, text) => {
    expect(plan({ fps })).toContain(`-r ${text} -g ${Math.round(2 * fps)} `);
  });

  it('has key pictures by time where no picture rate is known', () => {
    const of = { ...H264, video: { ...H264.video!, fps: null } };
    expect(plan({ videoCodec: 'h264' }, of)).toContain('-force_key_frames expr:gte(t,n_forced*2) -bf');
    expect(plan({ videoCodec: 'h264' }, of)).not.toContain('-g ');
  });

  it('makes odd sizes even', () => {
    const of = { ...H264, video: { ...H264.video!, width: 641, height: 361 } };
    expect(plan({ videoCodec: 'h264' }, of)).toContain('-s 640x360');
    expect(plan({ videoCodec: 'h264' })).not.toContain('-s ');
  });

  it.each(['640', '641x360', '640x361', '0x0', 'axb', '640x360x2'])('refuses the size %s', (resolution) => {
    expect(errorOf({ resolution }).message).toContain(`"${resolution}" is no size`);
  });

  it.each([0, -1, Number.NaN, 1001])('refuses %d pictures a second', (fps) => {
    expect(errorOf({ fps }).message).toContain('no picture rate');
  });
});

describe('rates', () => {
  it('fills the mux rate with pictures', () => {
    const rate = videoRateWithin(3e6, 128_000);
    expect(plan({ videoCodec: 'h264', muxRateBitPerSecond: 3e6 })).toContain(`-b:v ${rate} -maxrate ${rate} `);
    expect(rate).toBeGreaterThan(2.5e6);
  });

  it('follows size, picture rate and codec where none was said', () => {
    expect(plan({ videoCodec: 'h264' })).toContain('-b:v 2304000 ');
    expect(plan({ videoCodec: 'h264', resolution: '1920x1080', fps: 50 })).toContain('-b:v 10368000 ');
    expect(defaultVideoRate('h265', 1280, 720, 25)).toBe(1_382_400);
    expect(defaultVideoRate('mpeg2', 1280, 720, null)).toBe(4_608_000);
    expect(defaultVideoRate('h264', null, null, 25)).toBe(4_000_000);
    expect(defaultVideoRate('h264', 16, 16, 25)).toBe(500_000);
    expect(defaultVideoRate('h264', 7680, 4320, 60)).toBe(20_000_000);
  });

  it('refuses a mux rate that cannot hold what is known to go in', () => {
    const error = errorOf({ videoCodec: 'h264', videoBitrateBitPerSecond: 2e6, muxRateBitPerSecond: 2e6 });
    expect([error.code, error.message]).toEqual([
      'ERR_USAGE',
      'a mux rate of 2M is too low: 2M of pictures and 128k of sound need at least 2.371M',
    ]);
    expect(errorOf({ muxRateBitPerSecond: 2e6 }).message).toContain('3M of pictures and 128k of sound');
    expect(errorOf({ videoCodec: 'none', muxRateBitPerSecond: 2e5 }).message).toContain('low: 128k of sound need');
    expect(errorOf({ videoCodec: 'h264', muxRateBitPerSecond: 3e5 }).message).toContain('pictures need at least');
    const whole = media('h264', 'aac', { rateBitPerSecond: 5e6 });
    const unsaid = { ...whole, video: { ...whole.video!, rateBitPerSecond: null } };
    expect(errorOf({ muxRateBitPerSecond: 5e6 }, unsaid).message).toContain('4.872M of pictures');
  });

  it('never asks for more than the multiplex holds', () => {
    assert(
      property(integer({ min: 500_000, max: 80_000_000 }), integer({ min: 0, max: 192_000 }), (mux, audio) => {
        expect(leastMuxRate(videoRateWithin(mux, audio), audio)).toBeLessThanOrEqual(mux);
      }),
    );
  });
});

describe('lavfi', () => {
  const source = 'lavfi:testsrc2=size=1280x720:rate=25';

  it('is a device with a tone beside it, as long as the pictures', () => {
    expect(plan({ source }, RAW)).toMatch(
      /-f lavfi -i testsrc2=size=1280x720:rate=25 -f lavfi -i sine=\S+ -map 0:0 -c:v libx264 .* -map 1:a:0 -c:a aac .* -shortest /,
    );
    expect(plan({ source }, null)).toContain('-map 0:v:0? -c:v libx264');
  });

  it('has no tone where there is sound, no picture, or no wish for it', () => {
    expect(plan({ source, audioCodec: 'none' }, RAW)).not.toContain('sine');
    expect(plan({ source }, media('rawvideo', 'pcm_s16le'))).not.toMatch(/sine|-shortest/);
    expect(plan({ source }, media(null, 'pcm_s16le'))).not.toMatch(/sine|-shortest/);
  });

  it('cannot be copied', () => {
    expect(errorOf({ source, videoCodec: 'copy' }, RAW).message).toContain('cannot carry rawvideo');
    expect(errorOf({ source, audioCodec: 'copy' }, RAW).message).toContain('cannot carry pcm_s16le');
  });
});

describe('a source that was not looked at', () => {
  it('is copied when it is a transport stream by its nature', () => {
    expect(plan({ source: 'srt://127.0.0.1:9000' }, null)).toContain('-map 0:v:0? -c:v copy -map 0:a:0? -c:a copy');
  });

  it('is transcoded else', () => {
    expect(plan({}, null)).toContain('-map 0:v:0? -c:v libx264');
    expect(plan({}, null)).toContain('-map 0:a:0? -c:a aac');
  });

  it('is refused when this ffmpeg lacks the protocol', () => {
    const error = errorOf({ source: 'rist://127.0.0.1:9000' }, null);
    expect([error.code, error.message]).toEqual([
      'ERR_UNSUPPORTED',
      'this ffmpeg (5.1.9, /opt/ffmpeg) does not read rist://; it reads file, http, srt',
    ]);
    expect(plan({ source: 'rtsp://127.0.0.1/x' }, H264)).toContain('-i rtsp://127.0.0.1/x');
    expect(plan({ source: 'SRT://127.0.0.1:9000' }, H264)).toContain('-i SRT://');
  });
});

/** As ffprobe lists them. */
function stream(part: object): object {
  return { index: 0, codec_type: 'video', codec_name: 'h264', ...part };
}

function sound(index: number, isDefault: number): object {
  return { index, codec_type: 'audio', codec_name: 'aac', disposition: { default: isDefault } };
}

function read(streams: readonly object[], part: object = {}): SourceMedia {
  return sourceMedia(JSON.stringify({ streams, ...part }));
}

describe('what ffprobe says', () => {
  it('is read: codec, size, picture rate, bit rates', () => {
    const found = read(
      [
        stream({ width: 1920, height: 1080, avg_frame_rate: '30000/1001', bit_rate: '4000000' }),
        { index: 1, codec_type: 'audio', codec_name: 'ac3', channels: 6, bit_rate: '384000' },
      ],
      { format: { bit_rate: '4500000' } },
    );
    expect(found).toEqual({
      video: { index: 0, codec: 'h264', width: 1920, height: 1080, fps: 30000 / 1001, rateBitPerSecond: 4_000_000 },
      audio: { index: 1, codec: 'ac3', channels: 6, rateBitPerSecond: 384_000 },
      rateBitPerSecond: 4_500_000,
    });
  });

  it('may be little', () => {
    expect(read([])).toEqual({ video: null, audio: null, rateBitPerSecond: null });
    expect(sourceMedia('{}')).toEqual({ video: null, audio: null, rateBitPerSecond: null });
    const found = read([{ index: 0, codec_type: 'video', avg_frame_rate: '0/0', r_frame_rate: '25/1', width: 0 }]);
    expect(found.video).toEqual({
      index: 0,
      codec: 'unknown',
      width: null,
      height: null,
      fps: 25,
      rateBitPerSecond: null,
    });
    expect(read([stream({ avg_frame_rate: '0/0', r_frame_rate: '0/0' })]).video!.fps).toBeNull();
  });

  it('gives the largest picture, and no cover image', () => {
    const found = read([
      stream({ index: 0, width: 640, height: 360 }),
      stream({ index: 1, width: 1280, height: 720 }),
      stream({ index: 2, width: 3000, height: 3000, disposition: { attached_pic: 1 } }),
      stream({ index: 3, width: 1280, height: 720 }),
    ]);
    expect(found.video!.index).toBe(1);
    expect(read([stream({ disposition: { attached_pic: 1 } })]).video).toBeNull();
  });

  it('gives the default sound of the same program, else the first', () => {
    const streams = [stream({ index: 0 }), sound(1, 0), sound(2, 1), sound(3, 0)];
    expect(read(streams).audio!.index).toBe(2);
    const programs = [{ streams: [{ index: 2 }] }, { streams: [{ index: 0 }, { index: 3 }] }];
    expect(read(streams, { programs }).audio!.index).toBe(3);
    expect(read(streams, { programs: [{ streams: [{ index: 0 }] }] }).audio!.index).toBe(2);
    expect(read([stream({}), sound(1, 0), sound(2, 0)]).audio!.index).toBe(1);
  });
});

describe('options for ffprobe', () => {
  it('are those of ffmpeg without what it alone has', () => {
    const options = [
      '-re',
      '-ss',
      '10',
      '-rtsp_transport',
      'tcp',
      '-stream_loop',
      '-1',
      '-an',
      '-discard:v',
      'all',
      '-f',
      'h264',
    ];
    expect(probeOptions(options)).toEqual(['-rtsp_transport', 'tcp', '-f', 'h264']);
  });
});
