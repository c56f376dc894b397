/** Which thread of a sender makes what, with every rule that limits that. */
import { McastError } from '../core/errors.js';
import { ALL_FLOWS, type Deal } from '../feed/dealtFlows.js';
import type { OptionValues } from './options.js';
import type { FlowReplay, SendPlan, SendStream } from './plan.js';
import { isIperf } from './streamValues.js';

type ThreadPlan = Pick<SendPlan, 'threads' | 'cpus'>;

/** What is wrong is appended to `problems`. `flows`: those of a capture, whose streams are not known yet; `null`: none. */
export function threadPlan(
  run: OptionValues,
  streams: readonly SendStream[],
  flows: FlowReplay | null,
  problems: McastError[],
): ThreadPlan {
  const threads = run.threads ?? 1;
  const cpus = run.cpu ?? [];
  const wrong = (message: string): void => void problems.push(new McastError('ERR_USAGE', message));
  if (threads === 1) return { threads, cpus: [onlyCpu(run, problems)].filter((cpu) => cpu !== null) };
  if (cpus.length > 0 && cpus.length !== threads) {
    wrong(`--cpu names ${cpus.length} for ${threads} threads: each has a processor of its own, as --cpu 0,1`);
  }
  if (flows !== null) {
    wrong('--threads: the flows of a capture are one schedule, which one thread keeps');
    return { threads, cpus };
  }
  const parts = streams.reduce((sum, stream) => sum + partsOf(stream), 0);
  if (streams.length > 0 && parts < threads) {
    wrong(
      `--threads ${threads}: there ${parts === 1 ? 'is 1 stream or flow' : `are ${parts} streams and flows`} to deal`,
    );
  }
  if (run.sdp !== undefined || run.announce === true) {
    wrong('--sdp and --announce describe the streams of one thread: leave out --threads');
  }
  if (streams.some(({ feed }) => (feed?.recovery ?? null) !== null)) {
    wrong('--recovery answers from one thread: leave out --threads');
  }
  if (streams.some((stream) => stream.sourcePort !== 0 && !isIperf(stream))) {
    wrong('--source-port is of one socket, and each of the threads has one: leave out one of both');
  }
  return { threads, cpus };
}

/** Of a command with one measuring thread; what is wrong is appended to `problems`. `null`: not pinned. */
export function onlyCpu({ cpu = [] }: OptionValues, problems: McastError[]): number | null {
  const several = '--cpu: several processors are for the threads of a sender (--threads)';
  if (cpu.length > 1 && !problems.some(({ message }) => message === several)) {
    problems.push(new McastError('ERR_USAGE', several));
  }
  return cpu[0] ?? null;
}

/**
 * What a thread makes of each stream: some of its flows, or all of it; `null`: nothing. What cannot be split stays whole: a
 * transport stream with its FEC and both legs, a feed, a capture, payloads, and what `--impair` does to all of a stream.
 */
export function dealtTo(thread: number, threads: number, streams: readonly SendStream[]): (Deal | null)[] {
  let before = 0;
  return streams.map((stream) => {
    const parts = partsOf(stream);
    // Who makes the first part of a stream is next to who made the last one of the stream before.
    const first = (thread + threads - (before % threads)) % threads;
    before += parts;
    if (first >= parts) return null;
    return isDealt(stream) ? { first, of: threads } : ALL_FLOWS;
  });
}

function partsOf(stream: SendStream): number {
  return isDealt(stream) ? stream.flows : 1;
}

/** Its flows may be made in different threads. Of iperf's each is impaired by itself. */
function isDealt(stream: SendStream): boolean {
  const { media, replay, feed, payload, impair } = stream;
  if (media !== null || replay !== null || feed !== null || payload !== null) return false;
  return impair === null || isIperf(stream);
}
