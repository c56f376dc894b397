/** Receivers, senders and analyses for programs: the command's own plans and runs behind promises. */
import { McastError } from '../core/errors.js';
import { planAnalyze } from '../profile/analyzePlan.js';
import { planReceive, planSend } from '../profile/makePlan.js';
import { readOptionObject, type RunOptions } from '../profile/optionObject.js';
import type { RunResult } from '../result/model.js';
import { startAnalysis } from './analysisRun.js';
import { FeedMessages, type FeedMessage } from './feedMessages.js';
import { hasMediaSinks, openMediaSinks } from './mediaSinks.js';
import type { ReadyInfo, RunMessage } from './messages.js';
import { planContext } from './planContext.js';
import { withResolvers, type Resolvers } from './resolvers.js';
import { startReceiver, startSender, type Run, type RunListener } from './run.js';
import { openSenderInputs } from './senderInputs.js';
import { UpdateQueue } from './updateQueue.js';
import { withProfile, withProfileBeside } from './withProfile.js';

/** What a run tells while it goes on. */
export type RunUpdate = Extract<RunMessage, { readonly type: 'interval' | 'event' | 'tables' | 'stream_end' }>;

/** Options of {@link openSender} and {@link analyzeCapture}. */
export type OpenOptions = RunOptions & {
  /** Aborting it before the run is open rejects with its reason; afterwards it stops the run as {@link OpenRun.stop} does. */
  readonly signal?: AbortSignal | undefined;
};

/** Options of {@link openReceiver}. */
export type ReceiverOptions = OpenOptions & {
  /** Messages of feeds are kept for {@link OpenRun.messages}, 8 MiB of each feed. */
  readonly messages?: boolean | undefined;
};

/**
 * A run that is open: a receiver has joined, a sender has begun. Iterating tells its intervals and
 * events as they come, until it is over; a reader that falls 1000 behind misses the oldest.
 *
 * It ends by itself as the command does (`duration`, `count`, `once`, ...), by {@link stop}, by its signal
 * or by disposal, after which nothing of it is left in the process.
 */
export class OpenRun implements AsyncDisposable, AsyncIterable<RunUpdate> {
  /** Its run id, the time of its start, what it joined or sends to. */
  readonly info: ReadyInfo;
  /** The result, once it is over. Rejects with a McastError when it could not go on. */
  readonly finished: Promise<RunResult>;
  readonly #run: Run;
  readonly #feed: RunFeed;
  readonly #messages: FeedMessages | null;

  /** For {@link openReceiver} and {@link openSender}. */
  constructor(info: ReadyInfo, run: Run, feed: RunFeed, messages: FeedMessages | null = null) {
    this.info = info;
    this.finished = run.finished;
    this.#run = run;
    this.#feed = feed;
    this.#messages = messages;
  }

  /** Ends it cleanly. Resolves with the result; calling it again changes nothing. */
  stop(): Promise<RunResult> {
    this.#run.stop();
    return this.finished;
  }

  /** The result so far; the final one when it is over. */
  snapshot(): Promise<RunResult> {
    const partial = this.#feed.nextPartial();
    this.#run.snapshot();
    return Promise.race([partial, this.finished]);
  }

  [Symbol.asyncIterator](): AsyncIterator<RunUpdate, undefined> {
    return this.#feed.reader();
  }

  /**
   * Of a receiver that was opened with `messages`: the messages of its feeds, merged and in order, until it is over. A
   * reader that is too slow misses what finds no room, counted in `outputs` of the result; it never holds up the
   * measurement. Of several readers each gets other ones.
   */
  messages(): AsyncGenerator<FeedMessage, void, undefined> {
    if (this.#messages !== null) return this.#messages.read();
    throw new McastError('ERR_USAGE', 'the messages of a run are kept only if it is opened with { messages: true }');
  }

  /** Ends it, and waits until its thread is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#run.stop();
    await Promise.allSettled([this.finished, this.#run.exited]);
  }
}

/** Passes on what a run posts. */
class RunFeed {
  /** What came before anyone read. */
  #early: UpdateQueue<RunUpdate> | null = new UpdateQueue();
  readonly #queues = new Set([this.#early!]);
  readonly #partials: Resolvers<RunResult>[] = [];
  #ended = false;

  readonly listen: RunListener = (message) => {
    const { type } = message;
    if (type === 'interval' || type === 'event' || type === 'tables' || type === 'stream_end') {
      for (const queue of this.#queues) queue.push(message);
    } else if (type === 'partial') {
      for (const partial of this.#partials.splice(0)) partial.resolve(message.result);
    }
  };

  reader(): UpdateQueue<RunUpdate> {
    const queue = this.#early ?? new UpdateQueue<RunUpdate>();
    this.#early = null;
    if (this.#ended) queue.end();
    else this.#queues.add(queue);
    return queue;
  }

  nextPartial(): Promise<RunResult> {
    const partial = withResolvers<RunResult>();
    this.#partials.push(partial);
    return partial.promise;
  }

  end(): void {
    this.#ended = true;
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
  }
}

/**
 * Joins, and resolves when it has. `endpoints` and `options` are those of `mcast recv`; problems reject
 * with a McastError that holds all of them. Without an end among the options it runs until stopped.
 */
export async function openReceiver(
  endpoints: string | readonly string[],
  options: ReceiverOptions = {},
): Promise<OpenRun> {
  const { signal, messages: wantsMessages = false, ...own } = options;
  signal?.throwIfAborted();
  const asked = await withProfile(listOf(endpoints), readOptionObject('recv', own), planContext([]));
  const { plan, output } = planReceive(asked.operands, asked.given, asked.context);
  const messages = wantsMessages ? new FeedMessages(plan) : null;
  const others = hasMediaSinks(plan) ? await openMediaSinks(plan, () => {}) : null;
  const sinks = messages === null ? others : messages.beside(others);
  return await open((listener) => startReceiver(plan, output, listener, { sinks, summaries: true }), signal, messages);
}

/**
 * Opens the sockets of a sender and resolves when it begins. `endpoints` and `options` are those of
 * `mcast send`, its refusals included.
 */
export async function openSender(endpoints: string | readonly string[], options: OpenOptions = {}): Promise<OpenRun> {
  const { signal, ...own } = options;
  signal?.throwIfAborted();
  const asked = await withProfile(listOf(endpoints), readOptionObject('send', own), planContext([]));
  const { plan, output } = planSend(asked.operands, asked.given, asked.context);
  const inputs = await openSenderInputs(plan);
  return await open((listener) => startSender(inputs?.plan ?? plan, output, listener, inputs), signal);
}

/**
 * Measures a capture (pcap or pcapng, plain or gzip) by its own stamps, or a transport stream by its program clock, as
 * `mcast analyze` does; `path` may be `-` for standard input, and behind it in an array the endpoints to measure. Aborting rejects with the signal's reason.
 */
export async function analyzeCapture(path: string | readonly string[], options: OpenOptions = {}): Promise<RunResult> {
  const { signal, ...own } = options;
  signal?.throwIfAborted();
  const asked = await withProfileBeside(readOptionObject('analyze', own), planContext([]));
  const { plan, output } = planAnalyze(listOf(path), asked.given, planContext([]), asked.judged);
  const run = startAnalysis(plan, output);
  const onAbort = (): void => run.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const result = await run.finished;
    signal?.throwIfAborted();
    return result;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function open(
  start: (listener: RunListener) => Run,
  signal: AbortSignal | undefined,
  messages: FeedMessages | null = null,
): Promise<OpenRun> {
  const feed = new RunFeed();
  const run = start(feed.listen);
  const onAbort = (): void => run.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  const ended = Promise.allSettled([run.finished]).then(() => {
    signal?.removeEventListener('abort', onAbort);
    return feed.end();
  });
  try {
    const info = await run.ready;
    signal?.throwIfAborted();
    return new OpenRun(info, run, feed, messages);
  } catch (error) {
    run.stop();
    await Promise.all([ended, run.exited]);
    signal?.throwIfAborted();
    throw error;
  }
}

function listOf(endpoints: string | readonly string[]): readonly string[] {
  return typeof endpoints === 'string' ? [endpoints] : endpoints;
}
