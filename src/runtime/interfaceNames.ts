import type { OpenSource } from './receiverSetup.js';

/** Names of the interfaces that were joined, by index; `null`: another one. */
export function namesOf(sources: readonly OpenSource[]): (index: number) => string | null {
  const names = new Map<number, string>();
  for (const { via } of sources) names.set(via.index, via.name);
  return (index) => names.get(index) ?? null;
}
