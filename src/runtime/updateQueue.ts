import { withResolvers, type Resolvers } from './resolvers.js';

/** Most updates that wait for a slow reader; older ones give way. */
const KEPT = 1000;

/** Updates on their way to one reader, who may be slow or gone: bounded, the newest are kept. */
export class UpdateQueue<T> implements AsyncIterableIterator<T> {
  /** Updates that gave way to newer ones. */
  missed = 0;
  readonly #items: T[] = [];
  readonly #readers: Resolvers<IteratorResult<T, undefined>>[] = [];
  #ended = false;

  push(item: T): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value: item, done: false });
      return;
    }
    if (this.#items.length >= KEPT) {
      this.#items.shift();
      this.missed++;
    }
    this.#items.push(item);
  }

  /** No more will come; what waits is still read. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    const reader = withResolvers<IteratorResult<T, undefined>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items.length = 0;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
