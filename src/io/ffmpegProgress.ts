/** What ffmpeg says of itself every half second. `null`: it does not know. */
export interface FfmpegProgress {
  /** Pictures put out so far. */
  readonly frames: number | null;
  readonly framesPerSecond: number | null;
  /** Of the whole output so far. */
  readonly rateBitPerSecond: number | null;
  readonly totalOctets: number | null;
  /** Media time put out so far, us. */
  readonly outTimeUs: number | null;
  readonly droppedFrames: number | null;
  readonly duplicatedFrames: number | null;
  /** Media time over time; below 1 for a live source it cannot keep up with. */
  readonly speed: number | null;
  /** The last report of the run. */
  readonly isLast: boolean;
}

const KEY_VALUE = /^([a-z0-9_]+)=\s*(.*?)\s*$/;
/** Longest line that is believed. */
const MOST_CHARACTERS = 1024;

/** Reads the blocks of `key=value` lines of `-progress`, each ended by the key `progress`. */
export class FfmpegProgressReader {
  readonly #onProgress: (progress: FfmpegProgress) => void;
  readonly #values = new Map<string, string>();
  #unfinished = '';

  constructor(onProgress: (progress: FfmpegProgress) => void) {
    this.#onProgress = onProgress;
  }

  /** The next piece of text, which may begin and end within a line. */
  add(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = lines.pop()!.slice(-MOST_CHARACTERS);
    for (const line of lines) {
      const [, key, value] = KEY_VALUE.exec(line) ?? [];
      if (key === undefined || value === undefined) continue;
      if (key !== 'progress') this.#values.set(key, value);
      else this.#report(value === 'end');
    }
  }

  #report(isLast: boolean): void {
    const kilobits = this.#number('bitrate', 'kbits/s');
    this.#onProgress({
      frames: this.#number('frame'),
      framesPerSecond: this.#number('fps'),
      rateBitPerSecond: kilobits === null ? null : Math.round(kilobits * 1000),
      totalOctets: this.#number('total_size'),
      outTimeUs: this.#number('out_time_us'),
      droppedFrames: this.#number('drop_frames'),
      duplicatedFrames: this.#number('dup_frames'),
      speed: this.#number('speed', 'x'),
      isLast,
    });
    // What the next block does not say is not known then.
    this.#values.clear();
  }

  #number(key: string, unit = ''): number | null {
    const text = this.#values.get(key);
    if (text === undefined || !text.endsWith(unit)) return null;
    const digits = text.slice(0, text.length - unit.length);
    return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(digits) ? Number(digits) : null;
  }
}
