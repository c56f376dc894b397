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

/** Fields of a stream that tell it from those that are alike. */
export interface OwnFields extends Pick<BriefStream, 'id' | 'flow' | 'start' | 'end' | 'numbers'> {
  readonly start_ns: number;
  readonly end_ns: number;
}

/** `count` streams from the one at `first` on, of which the same was counted. */
export interface CountedAlike {
  readonly first: number;
  readonly count: number;
  /** Of the first one; those of the others differ in their times. */
  readonly figures: Figures;
}

/** Streams beyond the detail limit that differ in nothing but {@link OwnFields} and figures: never an object each. */
export interface AlikeStreams {
  /** Of the first of them, whose other fields all have. */
  readonly brief: BriefStream;
  /** Where they come among all streams, ascending. */
  readonly positions: readonly number[];
  /** By stream; texts are made anew by each call. */
  readonly own: { readonly [Field in keyof OwnFields]: (i: number) => OwnFields[Field] };
  /** All of them, in order. */
  readonly runs: readonly CountedAlike[];
  /** By stream, `TIME_FIGURES` of each; NaN: not measured. */
  readonly times: Float64Array;
  /** Of all of them: first and last arrival since the run began, and their rates together. */
  readonly startNs: number;
  readonly endNs: number;
  readonly packetsPerSecond: number;
}

/** Of one that is whole already. */
export function digestOf(stream: Stream): StreamDigest {
  const { metrics, histograms, bursts, transport } = stream;
  return { brief: stream, figures: figuresOf(metrics), histograms, bursts, transport, whole: () => stream };
}
