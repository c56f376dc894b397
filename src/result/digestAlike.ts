import { formatRealtime } from '../core/time.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { digestStream, numbersOf, streamIds } from './build.js';
import { Figure, type Figures, orNothing } from './figures.js';
import type { Measurement } from './measurement.js';
import type { AlikeStreams, OwnFields } from './streamDigest.js';
import { fillTimes, streamFigures, TIME_FIGURES, TIME_PLACE } from './streamFigures.js';

const RATE = TIME_PLACE[Figure.rate_packets_per_second]!;

/**
 * `rewrite` makes `stream`, which is the snapshot of the first of them, that of the one at `positions[i]`, and tells whether
 * the same was counted of both.
 */
export function digestAlike(
  positions: readonly number[],
  rewrite: (i: number) => boolean,
  stream: StreamSnapshot,
  measurement: Measurement,
): AlikeStreams {
  const alike = new AlikeDigest(positions, stream, measurement);
  for (let i = 0; i < positions.length; i++) alike.add(i, rewrite(i));
  return alike;
}

/** First and last arrival of a stream, by the epoch and by the start of the run. */
const Moment = { FirstRealNs: 0, LastRealNs: 1, FirstNs: 2, LastNs: 3, Count: 4 } as const;

/** As they are told, one after another by the same snapshot. */
class AlikeDigest implements AlikeStreams {
  readonly positions: readonly number[];
  readonly brief: AlikeStreams['brief'];
  readonly own: AlikeStreams['own'];
  readonly runs: { readonly first: number; count: number; readonly figures: Figures }[] = [];
  readonly times: Float64Array;
  startNs = Infinity;
  endNs = -Infinity;
  packetsPerSecond = 0;
  readonly #stream: StreamSnapshot;
  readonly #measurement: Measurement;
  readonly #flows: OwnFields['flow'][] = [];
  readonly #numbers: OwnFields['numbers'][] = [];
  /** By stream. */
  readonly #moments: Float64Array;
  #origin: string;

  constructor(positions: readonly number[], stream: StreamSnapshot, measurement: Measurement) {
    this.positions = positions;
    this.brief = digestStream(stream, measurement, null).brief;
    this.times = new Float64Array(positions.length * TIME_FIGURES.length);
    this.#stream = stream;
    this.#measurement = measurement;
    this.#moments = new Float64Array(positions.length * Moment.Count);
    this.#origin = stream.lossDetail.origin;
    const idOf = streamIds(stream, this.brief.interface);
    const { epoch } = measurement;
    this.own = {
      id: (i) => idOf(this.#flows[i]!),
      flow: (i) => this.#flows[i]!,
      start: (i) => formatRealtime(epoch, this.#moment(i, Moment.FirstRealNs)),
      end: (i) => formatRealtime(epoch, this.#moment(i, Moment.LastRealNs)),
      start_ns: (i) => this.#moment(i, Moment.FirstNs),
      end_ns: (i) => this.#moment(i, Moment.LastNs),
      numbers: (i) => this.#numbers[i]!,
    };
  }

  /** `isAlike`: the same was counted of the one before, if there is one. */
  add(i: number, isAlike: boolean): void {
    const stream = this.#stream;
    const { startMonoNs } = this.#measurement;
    const { origin } = stream.lossDetail;
    const isCountedAlike = isAlike && i > 0;
    if (isCountedAlike) this.runs.at(-1)!.count++;
    else this.runs.push({ first: i, count: 1, figures: streamFigures(stream, this.#measurement) });
    this.#numbers.push(isCountedAlike && origin === this.#origin ? this.#numbers[i - 1]! : numbersOf(stream));
    this.#origin = origin;
    fillTimes(stream, this.times, i * TIME_FIGURES.length);
    this.#flows.push(stream.flow);
    const moment = i * Moment.Count;
    this.#moments[moment + Moment.FirstRealNs] = stream.firstRealNs;
    this.#moments[moment + Moment.LastRealNs] = stream.lastRealNs;
    const startNs = stream.firstMonoNs - startMonoNs;
    const endNs = stream.lastMonoNs - startMonoNs;
    this.#moments[moment + Moment.FirstNs] = startNs;
    this.#moments[moment + Moment.LastNs] = endNs;
    if (startNs < this.startNs) this.startNs = startNs;
    if (endNs > this.endNs) this.endNs = endNs;
    this.packetsPerSecond += orNothing(this.times[i * TIME_FIGURES.length + RATE]!);
  }

  #moment(i: number, moment: number): number {
    return this.#moments[i * Moment.Count + moment]!;
  }
}
