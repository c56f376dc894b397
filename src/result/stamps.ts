import { Figure, orNothing } from './figures.js';
import type { ClockQuality, Stream } from './model.js';
import type { AlikeStreams, StreamDigest } from './streamDigest.js';

/** What `clock` says of the times that datagrams of all streams carried, and of their receive stamps. */
export class StreamStamps {
  readonly #kinds = new Set<Stream['send_time']>();
  #sharedTime = 0;
  #userTime = 0;

  add({ brief, figures: { values } }: StreamDigest): void {
    this.#kinds.add(brief.send_time);
    this.#sharedTime += orNothing(values[Figure.shared_time_datagrams]!);
    this.#userTime += orNothing(values[Figure.user_time_datagrams]!);
  }

  addAlike({ brief, runs }: AlikeStreams): void {
    this.#kinds.add(brief.send_time);
    for (const { count, figures } of runs) {
      this.#sharedTime += count * figures.values[Figure.shared_time_datagrams]!;
      this.#userTime += count * figures.values[Figure.user_time_datagrams]!;
    }
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
