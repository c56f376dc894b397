/** Options that only streams of some make can use. Where no endpoint has such a stream, what was said would do nothing. */
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import type { OptionName, OptionValues } from './options.js';
import type { SendStream } from './plan.js';
import type { Targets } from './targets.js';

interface Use {
  /** As messages name it. */
  readonly whose: string;
  /** Also where a rule of its own says what is wrong, and better. */
  readonly takes: (stream: SendStream) => boolean;
}

const FEEDS: Use = { whose: 'feeds (mold://, mdp://, xdp://)', takes: ({ feed }) => feed !== null };
const MOLD: Use = { ...FEEDS, whose: 'mold:// alone' };
const MEDIA: Use = { whose: 'transport streams (rtp://, udp://)', takes: ({ media }) => media !== null };
const RTP: Use = { whose: 'rtp:// alone', takes: ({ media }) => (media?.rtp ?? null) !== null };
const FEC: Use = { ...RTP, takes: ({ media, feed }) => media !== null || feed !== null };
const INPUT: Use = {
  whose: 'inputs that end: a file for rtp://, udp://, mold://, mdp:// or xdp://, or a capture',
  takes: ({ media, replay, feed }) => media !== null || replay !== null || feed?.input.kind === 'itch',
};

const USES: Readonly<Partial<Record<OptionName, Use>>> = {
  mps: FEEDS,
  arrivals: FEEDS,
  symbols: FEEDS,
  mtu: FEEDS,
  'messages-per-datagram': FEEDS,
  'flush-after': FEEDS,
  session: MOLD,
  'first-sequence': FEEDS,
  heartbeat: FEEDS,
  'stamp-every': MOLD,
  'message-time': MOLD,
  loop: INPUT,
  'mux-rate': MEDIA,
  'pcr-pid': MEDIA,
  'ts-per-datagram': MEDIA,
  'no-send-time': RTP,
  'video-codec': MEDIA,
  'video-bitrate': MEDIA,
  resolution: MEDIA,
  fps: MEDIA,
  'audio-codec': MEDIA,
  ffmpeg: MEDIA,
  'ffmpeg-input': MEDIA,
  'ffmpeg-output': MEDIA,
  fec: FEC,
};

/**
 * `ofTarget`: the streams of each of the targets; `planned`: all that are sent, without a target too. What is wrong is
 * appended to `problems`.
 */
export function refuseUnusedBySender(
  { list, run, said }: Targets,
  ofTarget: readonly (readonly SendStream[])[],
  planned: readonly SendStream[],
  problems: McastError[],
): void {
  // What cannot be sent at all has been told.
  if (planned.length === 0 || ofTarget.some((streams) => streams.length === 0)) return;
  for (const [option, { whose, takes }] of Object.entries(USES)) {
    const name = option as OptionName;
    if (said.has(name) && isSaid(run, name) && !planned.some(takes)) problems.push(usage(`--${name} is for ${whose}`));
    for (const [index, { endpoint, own, isOfProfile }] of list.entries()) {
      if (isOfProfile || !isSaid(own, name) || ofTarget[index]!.some(takes)) continue;
      problems.push(usage(`endpoint "${endpoint.text}": ${name} is for ${whose}`));
    }
  }
}

/** Which feeds carry times of messages; without a scheme a receiver finds out what comes. */
const HAVE_MESSAGE_TIME: ReadonlySet<Scheme | null> = new Set<Scheme | null>(['mold', null]);

/** `list`: empty where all that a capture holds is measured. */
export function refuseUnusedByReceiver({ list, run, said }: Targets, problems: McastError[]): void {
  const isTimed = run['message-time'] === true;
  const mayHave = list.length === 0 || list.some(({ endpoint }) => HAVE_MESSAGE_TIME.has(endpoint.scheme));
  if (isTimed && said.has('message-time') && !mayHave) problems.push(usage(`--message-time is for ${MOLD.whose}`));
  if (!isTimed && said.has('zone')) problems.push(usage('--zone is for --message-time: give both'));
}

/** A switch that is off asks for nothing. */
function isSaid(values: OptionValues, name: OptionName): boolean {
  return values[name] !== undefined && values[name] !== false;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
