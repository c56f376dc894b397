import type { SendStream } from '../profile/plan.js';
import { sendLoads } from '../profile/sendLoads.js';
import { bandwidthLines } from '../report/startLine.js';

/** Bandwidth of streams whose rates are known, on all layers. */
export function loadLines(streams: readonly SendStream[]): string[] {
  const also = [
    ...(streams.some(({ legB }) => legB !== null) ? ['second legs'] : []),
    ...(streams.some(({ media }) => (media?.fec ?? null) !== null) ? ['FEC'] : []),
  ];
  return bandwidthLines(streams.flatMap(sendLoads), streams.length, also);
}
