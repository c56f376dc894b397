import { setImmediate } from 'node:timers/promises';

/** So long may one thing take of a thread that has others to do: it feeds inputs and outputs of the run. */
const SLICE_MS = 5;

/** What a generator makes, joined; others have their turn in between. */
export async function inSlices(chunks: Iterable<string>): Promise<string> {
  return (await gatheredInSlices(chunks)).join('');
}

/** What a generator makes, in order; others have their turn in between. */
export async function gatheredInSlices<T>(made: Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  let untilMs = performance.now() + SLICE_MS;
  for (const one of made) {
    all.push(one);
    if (performance.now() < untilMs) continue;
    await setImmediate();
    untilMs = performance.now() + SLICE_MS;
  }
  return all;
}
