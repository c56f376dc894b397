import type { ClockQuality, Stream } from './model.js';

/** What `clock` says of the times that datagrams carried, and of their receive stamps. */
export function stampsOf(
  streams: readonly Stream[],
): Pick<ClockQuality, 'send_time' | 'shared_time_datagrams' | 'user_time_datagrams'> {
  const kinds = new Set(streams.map((stream) => stream.send_time));
  const sum = (id: 'shared_time_datagrams' | 'user_time_datagrams'): number =>
    streams.reduce((total, { metrics }) => total + (metrics[id] ?? 0), 0);
  return {
    // The least exact one stands for the run.
    send_time: (['due', 'departure'] as const).find((kind) => kinds.has(kind)) ?? null,
    shared_time_datagrams: sum('shared_time_datagrams'),
    user_time_datagrams: sum('user_time_datagrams'),
  };
}
