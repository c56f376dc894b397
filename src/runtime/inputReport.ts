/** What became of the inputs of a sender, as its feeds have counted it. */
import { McastError } from '../core/errors.js';
import { withoutSecret } from '../core/secret.js';
import type { ItchFile } from '../feed/itchFile.js';
import type { MessagePacker } from '../feed/messagePacker.js';
import type { ReplayFeed } from '../feed/replayFeed.js';
import type { TsFeed } from '../feed/tsFeed.js';
import { TsStatus } from '../feed/tsStream.js';
import type { InputSource } from '../profile/plan.js';
import type { SenderInput, SentCapture } from '../result/model.js';

/** An input that is sent. */
export type SentInput = SentMedia | SentReplay | SentFile;

export interface SentMedia {
  /** As the operator named it. */
  readonly name: string;
  readonly feed: TsFeed;
}

export interface SentReplay {
  /** As the operator named it. */
  readonly name: string;
  readonly replay: ReplayFeed;
  readonly capture: SentCapture;
}

/** A file of messages. */
export interface SentFile {
  /** As the operator named it. */
  readonly name: string;
  readonly file: ItchFile;
  /** Takes the messages of the file. */
  readonly packer: MessagePacker;
}

export function inputName(input: InputSource): string {
  if (input.kind === 'named') return withoutSecret(input.name);
  return input.kind === 'stdin' ? '-' : 'testcard';
}

/** `stream`: id of the stream that it is sent to. */
export function inputReport(stream: string, input: SentInput): SenderInput {
  if ('file' in input) return fileReport(stream, input);
  return 'replay' in input ? replayReport(stream, input) : mediaReport(stream, input);
}

function mediaReport(stream: string, { name, feed }: SentMedia): SenderInput {
  return {
    stream,
    name,
    pcr_pid: feed.pcrPid < 0 ? null : feed.pcrPid,
    passes: feed.passes,
    underruns: feed.underruns,
    resyncs: feed.resyncs,
    skipped_octets: feed.skippedOctets,
    truncated_packets: feed.truncatedPackets,
    discontinuities: feed.discontinuities,
    unstamped_units: feed.unstampedUnits,
    left_out_packets: feed.leftOutPackets,
    correction_ppm: feed.correctionPpm,
    failure: inputFailure(feed.status),
    capture: null,
    messages: null,
  };
}

/** What is of transport streams alone. */
const NO_MEDIA = {
  pcr_pid: null,
  resyncs: 0,
  skipped_octets: 0,
  truncated_packets: 0,
  discontinuities: 0,
  unstamped_units: 0,
  left_out_packets: 0,
  correction_ppm: 0,
} as const;

function replayReport(stream: string, { name, replay, capture }: SentReplay): SenderInput {
  const { passes, underruns } = replay;
  return { ...NO_MEDIA, stream, name, passes, underruns, failure: capture.fault, capture, messages: null };
}

function fileReport(stream: string, { name, file, packer }: SentFile): SenderInput {
  const messages = {
    messages: packer.taken,
    too_long: packer.tooLong,
    empty: file.emptyMessages,
    backwards: file.backwardMessages,
  };
  return { ...NO_MEDIA, stream, name, passes: file.passes, underruns: 0, failure: file.fault, capture: null, messages };
}

/** An input of which nothing was sent, nor can be, is an error of the operator's. Throws ERR_FILE_FORMAT. */
export function refuseUnsent(streams: readonly { readonly input: SentInput | null }[]): void {
  for (const { input } of streams) {
    if (input === null || !('feed' in input) || input.feed.scheduled > 0) continue;
    const failure = inputFailure(input.feed.status);
    if (failure === null) continue;
    throw new McastError('ERR_FILE_FORMAT', `${input.name}: ${failure}`, {
      hint: 'Name another input, or say its clock with --pcr-pid or its rate with --mux-rate.',
    });
  }
}

/** Why nothing more can be sent of it; `null`: more can, or it is over. */
function inputFailure(status: TsStatus): string | null {
  if (status === TsStatus.NotTs) return 'no MPEG transport stream was found where reading began';
  if (status === TsStatus.NoPcr) return 'no clock (PCR) was found that sets the pace';
  return null;
}
