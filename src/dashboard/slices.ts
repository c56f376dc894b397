import { setImmediate } from 'node:timers/promises';

/** So long may one thing take of a thread that has others to do: it feeds inputs and outputs of the run. */
const SLICE_MS = 5;

/** What a generator makes, joined; others have their turn in between. */
export async function inSlices(chunks: Iterable<string>): Promise<string> {
  const parts: string[] = [];
  let untilMs = performance.now() + SLICE_MS;
  for (const chunk of chunks) {
    parts.push(chunk);
    if (performance.now() < untilMs) continue;
    await setImmediate();
    untilMs = performance.now() + SLICE_MS;
  }
  return parts.join('');
}
