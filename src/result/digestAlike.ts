import { formatRealtime } from '../core/time.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { digestStream, numbersOf, streamIds } from './build.js';
import type { Figures } from './figures.js';
import type { Measurement } from './measurement.js';
import type { AlikeStreams, OwnFields } from './streamDigest.js';
import { fillTimes, streamFigures, TIME_FIGURES } from './streamFigures.js';

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

/** As they are told, one after another by the same snapshot. */
class AlikeDigest implements AlikeStreams {
  readonly positions: readonly number[];
  readonly brief: AlikeStreams['brief'];
  readonly own = { id: [], flow: [], start: [], end: [], start_ns: [], end_ns: [], numbers: [] } as {
    -readonly [Field in keyof OwnFields]: OwnFields[Field][];
  };
  readonly runs: { readonly first: number; count: number; readonly figures: Figures }[] = [];
  readonly times: Float64Array;
  readonly #stream: StreamSnapshot;
  readonly #measurement: Measurement;
  readonly #idOf: ReturnType<typeof streamIds>;
  #origin: string;

  constructor(positions: readonly number[], stream: StreamSnapshot, measurement: Measurement) {
    this.positions = positions;
    this.brief = digestStream(stream, measurement, null).brief;
    this.times = new Float64Array(positions.length * TIME_FIGURES.length);
    this.#stream = stream;
    this.#measurement = measurement;
    this.#idOf = streamIds(stream, this.brief.interface);
    this.#origin = stream.lossDetail.origin;
  }

  /** `isAlike`: the same was counted of the one before, if there is one. */
  add(i: number, isAlike: boolean): void {
    const stream = this.#stream;
    const { epoch, startMonoNs } = this.#measurement;
    const { own } = this;
    const { origin } = stream.lossDetail;
    const isCountedAlike = isAlike && i > 0;
    if (isCountedAlike) this.runs.at(-1)!.count++;
    else this.runs.push({ first: i, count: 1, figures: streamFigures(stream, this.#measurement) });
    own.numbers.push(isCountedAlike && origin === this.#origin ? own.numbers[i - 1]! : numbersOf(stream));
    this.#origin = origin;
    fillTimes(stream, this.times, i * TIME_FIGURES.length);
    own.id.push(this.#idOf(stream.flow));
    own.flow.push(stream.flow);
    own.start.push(formatRealtime(epoch, stream.firstRealNs));
    own.end.push(formatRealtime(epoch, stream.lastRealNs));
    own.start_ns.push(stream.firstMonoNs - startMonoNs);
    own.end_ns.push(stream.lastMonoNs - startMonoNs);
  }
}
