import type { ServerResponse } from 'node:http';
import type { Part } from '../report/dashboard/liveParts.js';

/** Octets that may wait in a connection: beyond that its reader is slow, and is told less often instead of later. */
const MOST_WAITING = 1024 * 1024;

/**
 * Server-sent events (HTML Living Standard section 9.2) to one reader. What a reader has not taken yet is followed by
 * nothing: it gets, when it has, what changed since it was told last, however many updates that leaves out.
 */
export class EventStream {
  readonly #response: ServerResponse;
  /** What the reader has, by part: the texts are shared by all of one view. */
  readonly #told = new Map<string, string>();
  #title = '';
  #isClosed = false;

  /** `onClose`: it is gone, whoever ended it. */
  constructor(response: ServerResponse, build: string, onClose: () => void) {
    this.#response = response;
    response.on('close', () => {
      this.#isClosed = true;
      onClose();
    });
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    // Data are JSON: no line ends in them.
    this.#write('hello', build);
  }

  /** It has not taken what it was told. */
  get isBehind(): boolean {
    return this.#response.writableLength > 0;
  }

  /** Whatever of these changed for this reader. A slow one is told nothing. */
  tell(title: string, parts: readonly Part[]): void {
    if (this.isBehind) return;
    const changed = parts.filter(({ id, html }) => this.#told.get(id) !== html);
    if (changed.length === 0 && title === this.#title) {
      this.#write('alive', '');
      return;
    }
    for (const { id, html } of changed) this.#told.set(id, html);
    this.#title = title;
    this.#write(
      'parts',
      JSON.stringify({ title, parts: Object.fromEntries(changed.map(({ id, html }) => [id, html])) }),
    );
  }

  /** Ends it with a last word. */
  end(event: 'over' | 'full'): void {
    this.#write(event, '');
    this.#isClosed = true;
    this.#response.end();
  }

  #write(event: string, data: string): void {
    if (this.#isClosed || this.#response.writableLength > MOST_WAITING) return;
    this.#response.write(`event: ${event}\ndata: ${data}\n\n`);
  }
}
