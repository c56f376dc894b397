/** Outputs of a receiver on the main thread: files, players, HLS folders, SRT links, each behind a queue of its own. */
import type { Writable } from 'node:stream';
import { ByteRing } from '../core/byteRing.js';
import { formatHostPort } from '../core/format.js';
import { emptyRing } from '../io/emptyRing.js';
import type { Environment } from '../io/findProgram.js';
import { isReaderGone } from '../io/readerGone.js';
import { openRingFile } from '../io/ringFile.js';
import type { SrtEvent } from '../io/srt.js';
import type { ReceivePlan, StreamAddress } from '../profile/plan.js';
import type { Link } from '../result/model.js';
import type { OutputFailure } from './outputFailure.js';
import { OutputProgress } from './outputProgress.js';
import { countedQueue, type OutputQueue } from './receiverOutputs.js';

type CountedQueue = ReturnType<typeof countedQueue>;

/** What a program or a peer gets to take the rest and end by itself. */
const ENDING_MS = 3000;
/** Of an SRT link, a power of two, as the queues of other outputs. */
const SRT_RING_OCTETS = 8 << 20;

export interface MediaSinks {
  /** For the receiving thread, which fills and closes them. */
  readonly queues: readonly OutputQueue[];
  /** Outputs that ended early, by their names in {@link queues}. All are known when {@link finished} is fulfilled. */
  failures(): ReadonlyMap<string, OutputFailure>;
  /** Tells of each of them once, of those that are known at once. */
  onFailure(listener: (name: string, failure: OutputFailure) => void): void;
  /** The links among them, as they are now. */
  links(): Link[];
  /** All that was queued has been handed on and every output has ended. Never rejects: what an output did is in {@link failures}. */
  readonly finished: Promise<void>;
  /**
   * Nothing more will come, whether the receiving thread has said so or is gone: files are written to the end, a program
   * or peer that has not taken the rest and ended within 3 s is ended. Resolves with {@link finished}; calling it again
   * changes nothing.
   */
  stop(): Promise<void>;
}

type EarlyEnd = Pick<OutputFailure, 'why' | 'failed'>;

/** An output at work. */
interface OpenSink {
  readonly queue: OutputQueue;
  /** How it ended early; `null`: it did not. Never rejects. */
  readonly over: Promise<EarlyEnd | null>;
  /** Of what came out of the queue; left out: it is counted elsewhere. */
  readonly progress?: OutputProgress;
  /** Whether it may still take the rest: if not, it is not waited for. */
  isUseful(): boolean;
  /** Ends it without patience. */
  end(): void;
  /** Of a link, as it is now. */
  link?(): Link;
}

/** What plays or cuts the stream as it is written to its standard input. */
interface RunningProgram {
  readonly octets: Writable;
  readonly ended: Promise<{ readonly how: 'ended' | 'failed' | 'stopped'; readonly text: string }>;
  stop(): Promise<void>;
}

/** Whether a plan has outputs that need {@link openMediaSinks}: others need no other thread. */
export function hasMediaSinks({ mediaOutputs }: ReceivePlan): boolean {
  return mediaOutputs.some((outputs) => {
    if (outputs === null) return false;
    const { save, play, hls, forward } = outputs;
    return save !== null || play !== null || hls !== null || forward.some(({ kind }) => kind === 'srt');
  });
}

/**
 * Opens all outputs of the plan but those that are datagrams. Throws McastError for one that cannot be opened; what was
 * open by then is ended. `tell`: a line for the operator about a link that came or went.
 */
export async function openMediaSinks(
  plan: ReceivePlan,
  tell: (text: string) => void,
  environment: Environment = process.env,
): Promise<MediaSinks> {
  const sinks: OpenSink[] = [];
  try {
    for (const [position, outputs] of plan.mediaOutputs.entries()) {
      if (outputs === null) continue;
      const address = plan.streams[position]!;
      const queueFor = (name: string): CountedQueue => countedQueue(position, distinctName(name, address, sinks));
      const { save, play, hls, forward } = outputs;
      if (save !== null) sinks.push(await saveSink(queueFor(`save ${save}`), save));
      if (play !== null)
        sinks.push(await playSink(queueFor(play === '-' ? 'play' : `play ${play}`), play, address, environment));
      if (hls !== null) sinks.push(await hlsSink(queueFor(`hls ${hls}`), hls, environment));
      for (const one of forward) if (one.kind === 'srt') sinks.push(await srtSink(position, one.text, tell));
    }
  } catch (error) {
    await endAll(sinks, 0);
    throw error;
  }
  const failures = new Map<string, OutputFailure>();
  const listeners: ((name: string, failure: OutputFailure) => void)[] = [];
  const finished = noteAll(sinks, (name, failure) => {
    failures.set(name, failure);
    for (const listener of listeners) listener(name, failure);
  });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await endAll(sinks, ENDING_MS);
    await finished;
  };
  return {
    queues: sinks.map(({ queue }) => queue),
    failures: () => failures,
    onFailure: (listener) => {
      listeners.push(listener);
      for (const [name, failure] of failures) listener(name, failure);
    },
    links: () => sinks.flatMap((sink) => sink.link?.() ?? []),
    finished,
    stop: () => (stopping ??= stop()),
  };
}

async function noteAll(
  sinks: readonly OpenSink[],
  note: (name: string, failure: OutputFailure) => void,
): Promise<void> {
  const noteOne = async ({ queue, over, progress }: OpenSink): Promise<void> => {
    const end = await over;
    if (end === null) return;
    const written = progress === undefined ? null : { datagrams: progress.datagrams, octets: progress.octets };
    note(queue.name, { ...end, atUnixMs: Date.now(), written });
  };
  await Promise.all(sinks.map(noteOne));
}

/** Of several players each is told apart by its stream. */
function distinctName(name: string, { group, port }: StreamAddress, sinks: readonly OpenSink[]): string {
  return sinks.some(({ queue }) => queue.name === name) ? `${name} (${formatHostPort(group, port)})` : name;
}

async function endAll(sinks: readonly OpenSink[], patienceMs: number): Promise<void> {
  for (const { queue } of sinks) new ByteRing(queue.ring).close();
  for (const sink of sinks) if (!sink.isUseful()) sink.end();
  const timer = setTimeout(() => {
    for (const sink of sinks) sink.end();
  }, patienceMs);
  await Promise.all(sinks.map(({ over }) => over));
  clearTimeout(timer);
}

async function saveSink(queue: CountedQueue, path: string): Promise<OpenSink> {
  const progress = new OutputProgress(queue.lengths);
  const { finished } = await openRingFile(path, queue.ring, (octets) => progress.add(octets));
  const over = finished.then(
    () => null,
    (error: unknown) => {
      // Whoever reads standard output may have seen enough: that ends the run.
      const isEnough = path === '-' && error instanceof Error && isReaderGone(error.cause);
      return { why: textOf(error), failed: !isEnough };
    },
  );
  // A file is written to the end, however long it takes.
  return { queue, over, progress, isUseful: () => true, end: () => {} };
}

async function playSink(
  queue: CountedQueue,
  player: string,
  { name, endpoint }: StreamAddress,
  environment: Environment,
): Promise<OpenSink> {
  const { findPlayer, startPlayer } = await import('../io/player.js');
  const program = findPlayer(player === '-' ? null : player, environment);
  // Whoever closes its window has seen enough.
  return programSink(queue, startPlayer(program, name ?? endpoint, environment), true);
}

async function hlsSink(queue: CountedQueue, folder: string, environment: Environment): Promise<OpenSink> {
  const { startHls } = await import('../io/hlsWriter.js');
  return programSink(queue, startHls(folder, { option: null, environment }), false);
}

function programSink(queue: CountedQueue, program: RunningProgram, mayEnd: boolean): OpenSink {
  const progress = new OutputProgress(queue.lengths);
  const over = feedProgram(queue, program, progress, mayEnd);
  return { queue, over, progress, isUseful: () => true, end: () => void program.stop() };
}

/** `progress`: of what went into its pipe; what of that it made use of is not known. `mayEnd`: it is no fault if it does. */
async function feedProgram(
  { ring }: OutputQueue,
  { octets: input, ended }: RunningProgram,
  progress: OutputProgress,
  mayEnd: boolean,
): Promise<EarlyEnd | null> {
  let isGone = false;
  let givenOctets = 0;
  const gone = ended.finally(() => {
    isGone = true;
  });
  const give = async (octets: Uint8Array): Promise<void> => {
    givenOctets += octets.length;
    // A program that is gone takes nothing and refuses nothing.
    await Promise.race([written(input, octets, progress), gone]);
  };
  await emptyRing(new ByteRing(ring), give, () => !isGone);
  const isFed = !isGone;
  input.end();
  const { how, text } = await gone;
  if (how === 'stopped' || (isFed && how === 'ended')) return null;
  // Who was given nothing to the end has nothing to show for it.
  return isFed && givenOctets === 0 ? null : { why: text, failed: !mayEnd || how === 'failed' };
}

/** The octets are the writer's again when it resolves. */
function written(stream: Writable, octets: Uint8Array, progress: OutputProgress): Promise<void> {
  return new Promise((resolve) => {
    stream.write(octets, (error) => {
      if (!error) progress.add(octets.length);
      resolve();
    });
  });
}

/** The link reads the queue itself, in a thread of its own. */
async function srtSink(position: number, text: string, tell: (text: string) => void): Promise<OpenSink> {
  const { describeSrt, openSrt, parseSrtUrl } = await import('../io/srt.js');
  const { linkReport } = await import('./linkReport.js');
  const options = parseSrtUrl(text);
  const name = `forward ${describeSrt(options)}`;
  let told = '';
  const onEvent = (event: SrtEvent): void => {
    if (event.type === 'listening') return;
    const line = event.type === 'connected' ? `connected to ${event.peer}` : event.why;
    // A call that is not answered is repeated for ever.
    if (line !== told) tell(`${name}: ${line}`);
    told = line;
  };
  const link = await openSrt(options, { direction: 'send', ringOctets: SRT_RING_OCTETS, onEvent });
  const over = link.ended.then(
    ({ connections }) => (connections === 0 ? { why: 'there was no peer', failed: true } : null),
    (error: unknown) => ({ why: textOf(error), failed: true }),
  );
  return {
    queue: { position, name, ring: link.ring },
    over,
    isUseful: () => link.counters().state === 'connected',
    // How it ended is told by `over`.
    end: () => void link.stop().catch(() => {}),
    link: () => linkReport(link, options, 'send'),
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
