import type { Clock, Nanos } from '../core/time.js';
import type { RunResult } from '../result/model.js';
import { outlineResult, outlineStream, type Glance } from '../result/outline.js';
import type { Agent } from './agent.js';
import type { WorkerMessage } from './messages.js';
import { workOn } from './turns.js';

/**
 * Tells results while the run goes on. Those of a hundred streams take a tenth of a second: they are made a little in
 * each turn of the loop, so that nothing waits for them. A run that ends meanwhile has a last result instead.
 */
export class ResultSoFar implements Agent {
  readonly #clock: Clock;
  readonly #make: () => Generator<void, RunResult>;
  readonly #post: (message: WorkerMessage) => void;
  readonly #others: readonly Agent[];
  /** What is being told; `null`: nothing is. */
  #telling: Generator<void, void> | null = null;
  #isTellingOutline = false;
  /** The whole is wanted behind the outline that is being told. */
  #isWholeNext = false;

  /** `make`: the result of now, yielding where a turn may end. It ends with the others. */
  constructor(
    clock: Clock,
    make: () => Generator<void, RunResult>,
    post: (message: WorkerMessage) => void,
    others: readonly Agent[],
  ) {
    this.#clock = clock;
    this.#make = make;
    this.#post = post;
    this.#others = others;
  }

  /** One is wanted. What is being told already is as good. */
  ask(): void {
    if (this.#telling === null) this.#telling = this.#tell();
    else if (this.#isTellingOutline) this.#isWholeNext = true;
  }

  /** An outline is wanted; the whole that is being told already is as good. */
  askOutline(glance: Glance): void {
    if (this.#telling !== null) return;
    this.#isTellingOutline = true;
    this.#telling = this.#tellOutline(glance);
  }

  get finished(): boolean {
    return this.#others.every((agent) => agent.finished);
  }

  doWork(): number {
    if (this.#telling === null || workOn(this.#telling, this.#clock)) return 0;
    this.#telling = this.#isWholeNext ? this.#tell() : null;
    this.#isTellingOutline = this.#isWholeNext = false;
    return 0;
  }

  nextDueNs(): Nanos {
    return this.#telling === null ? Infinity : 0;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}

  *#tell(): Generator<void, void> {
    const result = yield* this.#make();
    // One by one, and as text: a clone of so many small arrays takes five times as long.
    for (const stream of result.streams) {
      yield;
      this.#post({ type: 'stream', json: JSON.stringify(stream) });
    }
    yield;
    this.#post({ type: 'partial', result: { ...result, streams: [] } });
  }

  *#tellOutline(glance: Glance): Generator<void, void> {
    const result = yield* this.#make();
    for (const stream of result.streams) {
      yield;
      this.#post({ type: 'stream', json: JSON.stringify(outlineStream(stream, glance, result.streams.length)) });
    }
    yield;
    this.#post({ type: 'outline', result: outlineResult(result, glance) });
  }
}
