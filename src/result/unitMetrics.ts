/** Metrics of what a stream counts, by the unit that it counts in: names made once, not for each of ten thousand streams. */
export const UNIT_METRICS = { packets: namesIn('packets'), messages: namesIn('messages') };

function namesIn<Unit extends 'packets' | 'messages'>(unit: Unit) {
  return {
    expected: `${unit}_expected`,
    received: `${unit}_received`,
    lost: `${unit}_lost`,
    duplicated: `${unit}_duplicated`,
    reordered: `${unit}_reordered`,
  } as const;
}
