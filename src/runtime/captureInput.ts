import { statSync } from 'node:fs';
import { fileOctets } from '../io/captureOctets.js';

/** What a pipe's writer gets to write the rest, once the end was asked for: it is stopped by the same Ctrl-C. */
const DRAIN_MS = 1000;

/** The octets of a capture file or pipe: counted, and ended early when asked to. */
export class CaptureInput implements AsyncIterable<Uint8Array> {
  /** As messages name it. */
  readonly name: string;
  /** Octets that the file has; `null`: a pipe. */
  readonly totalOctets: number | null;
  octets = 0;
  readonly #stream: ReturnType<typeof fileOctets>;
  readonly #onChunk: (input: CaptureInput) => void;
  #ended = false;

  /** `path`: `-` is standard input. `onChunk` is told after every chunk that was read. */
  constructor(path: string, onChunk: (input: CaptureInput) => void) {
    const stat = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false });
    this.name = path === '-' ? 'standard input' : path;
    this.totalOctets = stat?.isFile() === true ? stat.size : null;
    this.#stream = fileOctets(path);
    this.#onChunk = onChunk;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#stream) {
        const octets = chunk as Uint8Array;
        this.octets += octets.length;
        this.#onChunk(this);
        yield octets;
      }
    } catch (error) {
      // A stream that is destroyed under its reader says that it was.
      if (!this.#ended) throw error;
    }
  }

  /** Ends it: a file at once, a pipe when its writer has closed it, at the latest after a second. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.totalOctets !== null) {
      this.#stream.destroy();
      return;
    }
    const timer = setTimeout(() => this.#stream.destroy(), DRAIN_MS);
    this.#stream.once('close', () => clearTimeout(timer));
  }
}
