import { figuresOf, type Figures } from './figures.js';
import type { Stream } from './modelStream.js';

/** What a stream beyond the detail limit does not have: everything but its counters and what names it. */
export const LEFT_OUT = {
  histograms: null,
  series: null,
  loss_map: null,
  bursts: null,
  transport: null,
  not_measured: {},
} as const satisfies Partial<Stream>;

/** What every stream has beside its metrics, in detail or not. */
export type BriefStream = Omit<Stream, keyof typeof LEFT_OUT | 'metrics'>;

/** A stream as it is told to what goes over all of them: what they look at. Of ten thousand few are ever whole. */
export interface StreamDigest extends Pick<Stream, 'histograms' | 'bursts' | 'transport'> {
  readonly brief: BriefStream;
  readonly figures: Figures;
  /** With all that is shown of it in detail; made by each call. */
  readonly whole: () => Stream;
}

/** Of one that is whole already. */
export function digestOf(stream: Stream): StreamDigest {
  const { metrics, histograms, bursts, transport } = stream;
  return { brief: stream, figures: figuresOf(metrics), histograms, bursts, transport, whole: () => stream };
}
