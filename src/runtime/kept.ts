const KEPT: unknown[] = [];

/**
 * Keeps what a warm-up made for as long as the thread lives. Compiled code depends on the shapes of its objects, and a
 * shape (V8: map) dies with its last object at a garbage collection, and with it the code: just when a run has begun.
 */
export function keep(...objects: unknown[]): void {
  KEPT.push(...objects);
}
