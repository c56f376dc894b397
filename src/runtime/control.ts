/** Commands from the main thread to a run's worker: bits, so that none can queue up or get lost. */
export const Command = {
  /** End cleanly: markers are sent, the result is made. */
  Stop: 1 << 0,
  /** Post the result so far and go on. */
  Snapshot: 1 << 1,
  /** Reopen output files. */
  Reopen: 1 << 2,
  /** Post the result so far in outline and go on. */
  Outline: 1 << 3,
  /** A receiver: end when nothing comes any more. */
  EndWhenSilent: 1 << 4,
} as const;

/** Streams that may be looked at in full: behind the word of commands there is one for each. */
const MOST_IN_FULL = 16;

/** One word in shared memory; the main thread sets bits, the worker takes them. */
export class RunControl {
  readonly words: Int32Array<SharedArrayBuffer>;

  constructor(words = new Int32Array(new SharedArrayBuffer(4 * (1 + MOST_IN_FULL)))) {
    this.words = words;
  }

  give(command: number): void {
    Atomics.or(this.words, 0, command);
  }

  /** Asks for an outline. `keys`: of the streams that are to be in it in full (`streamKey`). */
  giveOutline(keys: readonly number[]): void {
    for (let i = 0; i < MOST_IN_FULL; i++) Atomics.store(this.words, 1 + i, keys[i] ?? 0);
    this.give(Command.Outline);
  }

  /** Those of the last question. */
  inFull(): ReadonlySet<number> {
    return new Set(Array.from({ length: MOST_IN_FULL }, (_, i) => Atomics.load(this.words, 1 + i)));
  }

  /** The commands given, without taking them. */
  peek(): number {
    return Atomics.load(this.words, 0);
  }

  /** Takes all commands given since the last call. One atomic load when there is none. */
  take(): number {
    return Atomics.load(this.words, 0) === 0 ? 0 : Atomics.exchange(this.words, 0, 0);
  }
}
