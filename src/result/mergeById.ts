/** Items in order of first appearance; those with one id become one. */
export function mergeById<T extends { readonly id: string }>(items: readonly T[], merge: (a: T, b: T) => T): T[] {
  const merged = new Map<string, T>();
  for (const item of items) {
    const before = merged.get(item.id);
    merged.set(item.id, before === undefined ? item : merge(before, item));
  }
  return [...merged.values()];
}
