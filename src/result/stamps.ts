import type { ClockQuality, Stream } from './model.js';

/** What `clock` says of the times that datagrams of all streams carried, and of their receive stamps. */
export class StreamStamps {
  readonly #kinds = new Set<Stream['send_time']>();
  #sharedTime = 0;
  #userTime = 0;

  add({ send_time, metrics }: Stream): void {
    this.#kinds.add(send_time);
    this.#sharedTime += metrics.shared_time_datagrams ?? 0;
    this.#userTime += metrics.user_time_datagrams ?? 0;
  }

  section(): Pick<ClockQuality, 'send_time' | 'shared_time_datagrams' | 'user_time_datagrams'> {
    return {
      // The least exact one stands for the run.
      send_time: (['due', 'departure'] as const).find((kind) => this.#kinds.has(kind)) ?? null,
      shared_time_datagrams: this.#sharedTime,
      user_time_datagrams: this.#userTime,
    };
  }
}
