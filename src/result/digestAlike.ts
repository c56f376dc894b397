import { formatRealtime } from '../core/time.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { digestStream, numbersOf, streamIds } from './build.js';
import { FIGURE_IDS, type Figures } from './figures.js';
import type { Measurement } from './measurement.js';
import type { AlikeStreams, OwnFields } from './streamDigest.js';
import { fillFigures, fillTimes, receivedDscp } from './streamFigures.js';

const FIGURES = FIGURE_IDS.length;

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
  const { epoch, startMonoNs, capabilities } = measurement;
  const own = { id: [], flow: [], start: [], end: [], start_ns: [], end_ns: [], numbers: [] } as {
    -readonly [Field in keyof OwnFields]: OwnFields[Field][];
  };
  const dscp: Figures['dscp'][] = [];
  const runs: { first: number; count: number }[] = [];
  const figures = new Float64Array(positions.length * FIGURES).fill(NaN);
  const { brief } = digestStream(stream, measurement, null);
  const idOf = streamIds(stream, brief.interface);
  let { origin } = stream.lossDetail;
  for (let i = 0; i < positions.length; i++) {
    const isCountedAlike = rewrite(i) && i > 0;
    const at = i * FIGURES;
    if (isCountedAlike) {
      runs.at(-1)!.count++;
      figures.copyWithin(at, at - FIGURES, at);
      fillTimes(stream, figures, at);
    } else {
      runs.push({ first: i, count: 1 });
      fillFigures(stream, measurement, figures, at);
    }
    dscp.push(isCountedAlike ? dscp[i - 1]! : capabilities.tos ? receivedDscp(stream) : null);
    own.numbers.push(isCountedAlike && stream.lossDetail.origin === origin ? own.numbers[i - 1]! : numbersOf(stream));
    origin = stream.lossDetail.origin;
    own.id.push(idOf(stream.flow));
    own.flow.push(stream.flow);
    own.start.push(formatRealtime(epoch, stream.firstRealNs));
    own.end.push(formatRealtime(epoch, stream.lastRealNs));
    own.start_ns.push(stream.firstMonoNs - startMonoNs);
    own.end_ns.push(stream.lastMonoNs - startMonoNs);
  }
  return { brief, positions, own, dscp, runs, figures };
}
