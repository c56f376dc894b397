/** What generators of steps give, all steps at once: for callers that nothing waits for. */
export function whole<T>(steps: Iterator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
