import { formatRealtime } from '../core/time.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { digestStream, numbersOf, streamId } from './build.js';
import { FIGURE_IDS, noFigures, type Figures } from './figures.js';
import type { Measurement } from './measurement.js';
import type { AlikeStreams, OwnFields } from './streamDigest.js';
import { fillFigures, receivedDscp } from './streamFigures.js';

const FIGURES = FIGURE_IDS.length;

/** `rewrite` makes `stream`, which is the snapshot of the first of them, that of the one at `positions[i]`. */
export function digestAlike(
  positions: readonly number[],
  rewrite: (i: number) => void,
  stream: StreamSnapshot,
  measurement: Measurement,
): AlikeStreams {
  const { epoch, startMonoNs, capabilities } = measurement;
  const own = { id: [], flow: [], start: [], end: [], start_ns: [], end_ns: [], numbers: [] } as {
    -readonly [Field in keyof OwnFields]: OwnFields[Field][];
  };
  const dscp: Figures['dscp'][] = [];
  const figures = new Float64Array(positions.length * FIGURES);
  const values = noFigures();
  const { brief } = digestStream(stream, measurement, null);
  let at = 0;
  for (let i = 0; i < positions.length; i++) {
    rewrite(i);
    own.id.push(streamId(stream, brief.interface));
    own.flow.push(stream.flow);
    own.start.push(formatRealtime(epoch, stream.firstRealNs));
    own.end.push(formatRealtime(epoch, stream.lastRealNs));
    own.start_ns.push(stream.firstMonoNs - startMonoNs);
    own.end_ns.push(stream.lastMonoNs - startMonoNs);
    own.numbers.push(numbersOf(stream));
    dscp.push(capabilities.tos ? receivedDscp(stream) : null);
    values.fill(NaN);
    fillFigures(stream, measurement, values);
    for (let figure = 0; figure < FIGURES; figure++) figures[at++] = values[figure]!;
  }
  return { brief, positions, own, dscp, figures };
}
