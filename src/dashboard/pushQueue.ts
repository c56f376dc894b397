import { setTimeout as delay } from 'node:timers/promises';

/** What became of one thing that was sent. */
export type PushOutcome =
  /** `but`: it says that it did not take all. */
  | { readonly kind: 'taken'; readonly but: string | null }
  /** Later, after so long if it says so. */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs: number | null }
  /** Never: it is dropped. */
  | { readonly kind: 'refused'; readonly why: string };

export interface PushQueueOptions {
  /** The option that asked for it, for messages. */
  readonly what: string;
  /** Rejects with what kept it from being sent, which may go away. */
  readonly send: (body: string, signal: AbortSignal) => Promise<PushOutcome>;
  /** A line for people. */
  readonly say: (text: string) => void;
  readonly patience?: Patience;
}

export interface Patience {
  /** Between two attempts: the first, and the longest, each doubled from the one before. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** All that waiting for others may delay the end of a run. */
  readonly flushMs: number;
}

const PATIENCE: Patience = { firstWaitMs: 1000, longestWaitMs: 30_000, flushMs: 5000 };

/** What waits while nobody takes it: beyond that the oldest is dropped, and counted. */
const MOST_BODIES = 64;
const MOST_OCTETS = 32 * 1024 * 1024;
/** Between two attempts at the end of a run, when there is no time for more. */
const FLUSHING_WAIT_MS = 500;

/** Hands bodies to something that may be down, slow or full: in order, one at a time, again when that may help. */
export class PushQueue {
  readonly #options: PushQueueOptions;
  readonly #patience: Patience;
  readonly #bodies: string[] = [];
  readonly #closing = new AbortController();
  #octets = 0;
  #added = 0;
  #dropped = 0;
  #hasFailed = false;
  #flushLeftMs: number;
  #working: Promise<void> | null = null;
  /** Ends the wait before the next attempt; `null`: none is waited for. */
  #waiting: AbortController | null = null;
  #isFlushing = false;

  constructor(options: PushQueueOptions) {
    this.#options = options;
    this.#patience = options.patience ?? PATIENCE;
    this.#flushLeftMs = this.#patience.flushMs;
  }

  /** Of all that was added so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(body: string): void {
    if (this.#closing.signal.aborted) return;
    this.#added++;
    this.#bodies.push(body);
    this.#octets += body.length;
    // The first one is under way.
    while (this.#bodies.length > 2 && (this.#bodies.length > MOST_BODIES || this.#octets > MOST_OCTETS)) {
      const [oldest] = this.#bodies.splice(1, 1);
      this.#octets -= oldest!.length;
      this.#dropped++;
    }
    this.#working ??= this.#work();
  }

  /** Waits until all is gone, for 5 s in the whole life of the queue. */
  async flush(): Promise<void> {
    const beganMs = performance.now();
    this.#isFlushing = true;
    this.#waiting?.abort();
    const done = new AbortController();
    const tooLong = delay(this.#flushLeftMs, null, { signal: done.signal }).catch(() => {});
    await Promise.race([this.#working, tooLong]);
    done.abort();
    this.#isFlushing = false;
    this.#flushLeftMs = Math.max(0, this.#flushLeftMs - (performance.now() - beganMs));
  }

  /** Gives up what is left, and tells how much was lost. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#waiting?.abort();
    await this.#working;
    this.#dropped += this.#bodies.splice(0).length;
    const { what, say } = this.#options;
    if (this.#dropped > 0) say(`${what}: ${this.#dropped} of ${this.#added} did not arrive`);
  }

  /** As long as there is something: it waits at least once. */
  async #work(): Promise<void> {
    const { firstWaitMs, longestWaitMs } = this.#patience;
    let waitMs = firstWaitMs;
    while (this.#bodies.length > 0 && !this.#closing.signal.aborted) {
      const outcome = await this.#attempt(this.#bodies[0]!);
      if (outcome === null) break;
      if (outcome.kind !== 'later') {
        this.#octets -= this.#bodies.shift()!.length;
        waitMs = firstWaitMs;
        if (outcome.kind === 'refused') this.#dropped++;
        const why = outcome.kind === 'refused' ? outcome.why : outcome.but;
        if (why !== null) this.#sayOnce(why, outcome.kind === 'refused' ? 'dropped' : 'partly dropped');
        continue;
      }
      this.#sayOnce(outcome.why, 'tried again');
      await this.#wait(outcome.afterMs, waitMs);
      waitMs = Math.min(longestWaitMs, 2 * waitMs);
    }
    this.#working = null;
  }

  /** `null`: it was given up. */
  async #attempt(body: string): Promise<PushOutcome | null> {
    try {
      return await this.#options.send(body, this.#closing.signal);
    } catch (error) {
      if (this.#closing.signal.aborted) return null;
      return { kind: 'later', why: error instanceof Error ? error.message : String(error), afterMs: null };
    }
  }

  async #wait(toldMs: number | null, waitMs: number): Promise<void> {
    // Some spread, or many instruments would come back at the same instant.
    const ownMs = Math.min(waitMs, this.#isFlushing ? FLUSHING_WAIT_MS : Infinity) * (0.8 + 0.4 * Math.random());
    this.#waiting = new AbortController();
    await delay(Math.min(this.#patience.longestWaitMs, toldMs ?? ownMs), null, { signal: this.#waiting.signal }).catch(
      () => {},
    );
    this.#waiting = null;
  }

  #sayOnce(why: string, then: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { what, say } = this.#options;
    say(`${what}: ${why}; ${then}, and counted`);
  }
}
