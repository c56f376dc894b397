import type { StreamMetrics } from '../../result/model.js';

/** Packets, or messages of a feed; `null`: they are not numbered. */
export function lostOf(metrics: StreamMetrics): number | null {
  return metrics.messages_lost ?? metrics.packets_lost;
}
