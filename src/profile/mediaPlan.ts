/** How an endpoint's transport stream is made and sent, with every rule that limits it. */
import { shortNumber } from '../core/units.js';
import { TESTCARD_BIT_PER_SECOND, TESTCARD_MOST_BIT_PER_SECOND } from '../feed/testcard.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import { SEND_TIME_EXTENSION_OCTETS } from '../wire/rtpSendTime.js';
import type { InputSource, MediaPlan } from './plan.js';
import { OPTIONS, type OptionValues } from './options.js';
import type { Target } from './targets.js';

const TS_PER_DATAGRAM = OPTIONS['ts-per-datagram'].read(OPTIONS['ts-per-datagram'].fallback!);

/** What only ffmpeg does. */
const TRANSCODING = ['video-codec', 'video-bitrate', 'resolution', 'fps', 'audio-codec'] as const;

const TESTCARD: InputSource = { kind: 'testcard' };

/** `own` before `run` before defaults; what is wrong is told to `wrong`. */
export function mediaPlan(
  { endpoint, own, legB }: Target,
  scheme: 'rtp' | 'udp',
  run: OptionValues,
  wrong: (message: string) => void,
): MediaPlan {
  const chosen = own.input ?? run.input ?? TESTCARD;
  if (chosen.kind === 'synthetic') {
    wrong('"synthetic" is an input of market-data feeds: rtp and udp take testcard or a file');
  }
  const input = chosen.kind === 'synthetic' ? TESTCARD : chosen;
  const isTestcard = input.kind === 'testcard';
  const loop = isTestcard || (own.loop ?? run.loop) === true;
  if (loop && input.kind === 'stdin') wrong('loop: standard input comes once; give a file');
  const isSrt = input.kind === 'named' && /^srt:/i.test(input.name);
  if (loop && isSrt) wrong('loop: what SRT brings comes once; give a file');
  if (isSrt && endpoint.groups > 1) wrong('an SRT input is for one group: name each by itself');
  const fec = own.fec ?? run.fec ?? null;
  if (fec !== null && scheme !== 'rtp') wrong('fec protects RTP: say rtp:// in the endpoint');
  if (isTestcard) {
    for (const name of TRANSCODING) {
      if ((own[name] ?? run[name]) !== undefined) wrong(`${name} is for other inputs: the test card is sent as it is`);
    }
  }
  const muxRate = own['mux-rate'] ?? run['mux-rate'] ?? null;
  if (isTestcard && muxRate !== null) {
    const [least, most] = [TESTCARD_BIT_PER_SECOND, TESTCARD_MOST_BIT_PER_SECOND];
    if (muxRate < least) wrong(`mux-rate: the test card alone has ${shortNumber(least)}bit/s`);
    else if (muxRate > most) wrong(`mux-rate: the test card is filled up to ${shortNumber(most)}bit/s at most`);
  }
  // What is protected, or the same on two legs, must not change when it leaves: such packets carry no time of departure.
  const sendTime = (own['no-send-time'] ?? run['no-send-time']) !== true && fec === null && legB === null;
  return {
    input,
    transcode: {
      videoCodec: own['video-codec'] ?? run['video-codec'] ?? 'auto',
      videoBitPerSecond: own['video-bitrate'] ?? run['video-bitrate'] ?? null,
      resolution: own.resolution ?? run.resolution ?? null,
      fps: own.fps ?? run.fps ?? null,
      audioCodec: own['audio-codec'] ?? run['audio-codec'] ?? 'auto',
      program: run.ffmpeg ?? null,
      inputOptions: run['ffmpeg-input'] ?? [],
      outputOptions: run['ffmpeg-output'] ?? [],
    },
    loop,
    muxRateBitPerSecond: muxRate,
    pcrPid: own['pcr-pid'] ?? run['pcr-pid'] ?? null,
    tsPerDatagram: own['ts-per-datagram'] ?? run['ts-per-datagram'] ?? TS_PER_DATAGRAM,
    rtp: scheme === 'rtp' ? { sendTime } : null,
    fec,
    startShare: 0,
  };
}

/** UDP payload of a full datagram. */
export function mediaSizeOctets({ rtp, tsPerDatagram }: MediaPlan): number {
  const header = rtp === null ? 0 : RTP_FIXED_OCTETS + (rtp.sendTime ? SEND_TIME_EXTENSION_OCTETS : 0);
  return header + tsPerDatagram * TS_PACKET_OCTETS;
}

/** Whether anything that only ffmpeg does was asked for. */
export function wantsTranscoding({ transcode }: MediaPlan): boolean {
  return (
    (transcode.videoCodec !== 'auto' && transcode.videoCodec !== 'copy') ||
    (transcode.audioCodec !== 'auto' && transcode.audioCodec !== 'copy') ||
    transcode.videoBitPerSecond !== null ||
    transcode.resolution !== null ||
    transcode.fps !== null
  );
}
