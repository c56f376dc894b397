import { Histogram } from '../metrics/histogram.js';
import type { TapCounts, TapSnapshot, TapState, TapStreamSnapshot } from '../metrics/tapSnapshot.js';
import { summarise } from './histogramSummary.js';
import type { TapFile, Taps, TapStream } from './modelTaps.js';

/** What is known of a capture file beside the datagrams of its streams. */
export type TapFacts = Omit<TapFile, 'packets_received' | 'packets_duplicated' | 'packets_outside'>;

const REASONS: Readonly<Record<TapState, string | null>> = {
  compared: null,
  only_first: 'the second capture has nothing of it: all of it was lost between, or it was not captured there',
  only_second: 'the first capture has nothing of it',
  unnumbered: 'the format numbers nothing: which datagrams are the same cannot be told',
  no_room: 'there was no room in the stream table: raise --max-streams',
};

/** The section `taps`. Streams in order of first arrival; more than `detail` of them: worst first, the others only in the sums. */
export function buildTaps(snapshot: TapSnapshot, first: TapFacts, second: TapFacts, detail: number): Taps {
  const { streams } = snapshot;
  const compared = streams.filter(({ state }) => state === 'compared');
  const sum = (of: (stream: TapStreamSnapshot) => number): number =>
    compared.reduce((total, stream) => total + of(stream), 0);
  const inState = (state: TapState): number => streams.filter((stream) => stream.state === state).length;
  const delay = new Histogram();
  const delayAboveMin = new Histogram();
  for (const stream of compared) {
    delay.add(stream.delay);
    delayAboveMin.add(stream.delayAboveMin);
  }
  const whole = {
    matched: sum((stream) => stream.matched),
    lost: sum((stream) => stream.lost),
    onlySecond: sum((stream) => stream.onlySecond),
    reordered: sum((stream) => stream.reordered),
    delay,
    delayAboveMin,
  };
  return {
    first: { ...first, ...total(streams.map((stream) => stream.first)) },
    second: { ...second, ...total(streams.map((stream) => stream.second)) },
    ...(compared.length > 0 ? joinedFigures(whole) : NOT_JOINED),
    streams: worstFirst(streams, detail).map(buildTapStream),
    streams_total: streams.length,
    streams_compared: compared.length,
    streams_only_first: inState('only_first'),
    streams_only_second: inState('only_second'),
    packets_uncounted: snapshot.overflowed,
  };
}

function worstFirst(streams: readonly TapStreamSnapshot[], detail: number): readonly TapStreamSnapshot[] {
  if (streams.length <= detail) return streams;
  return streams.toSorted((a, b) => lossRatio(b) - lossRatio(a)).slice(0, detail);
}

function lossRatio({ lost, matched }: TapStreamSnapshot): number {
  return lost === 0 ? 0 : lost / (matched + lost);
}

function buildTapStream(stream: TapStreamSnapshot): TapStream {
  const isCompared = stream.state === 'compared';
  return {
    format: stream.format,
    group: stream.group,
    port: stream.port,
    flow: stream.flow,
    sender_run: stream.senderRun,
    not_compared: REASONS[stream.state],
    first: counts(stream.first),
    second: counts(stream.second),
    ...(isCompared ? joinedFigures(stream) : NOT_JOINED),
    loss_map: isCompared ? stream.lossMap.map(({ first, count }) => ({ first, count })) : null,
    loss_map_truncated: isCompared && stream.lossMapTruncated,
  };
}

type Joined = Pick<TapStreamSnapshot, 'matched' | 'lost' | 'onlySecond' | 'reordered' | 'delay' | 'delayAboveMin'>;
type JoinedFigures = Pick<
  TapStream,
  | 'packets_matched'
  | 'packets_lost'
  | 'loss_ratio'
  | 'packets_only_second'
  | 'packets_reordered'
  | 'reordered_ratio'
  | 'delay_ns'
  | 'delay_above_min_ns'
>;

const NOT_JOINED: JoinedFigures = {
  packets_matched: null,
  packets_lost: null,
  loss_ratio: null,
  packets_only_second: null,
  packets_reordered: null,
  reordered_ratio: null,
  delay_ns: null,
  delay_above_min_ns: null,
};

function joinedFigures(joined: Joined): JoinedFigures {
  const { matched, lost, reordered, delay, delayAboveMin } = joined;
  const ratio = matched + lost === 0 ? null : lost / (matched + lost);
  return {
    packets_matched: matched,
    packets_lost: lost,
    loss_ratio: ratio,
    packets_only_second: joined.onlySecond,
    packets_reordered: reordered,
    reordered_ratio: matched === 0 ? null : reordered / matched,
    delay_ns: delay.count === 0 ? null : summarise(delay, ratio),
    delay_above_min_ns: delayAboveMin.count === 0 ? null : summarise(delayAboveMin, ratio),
  };
}

function counts({ received, duplicated, outside }: TapCounts): TapStream['first'] {
  return { packets_received: received, packets_duplicated: duplicated, packets_outside: outside };
}

function total(taps: readonly TapCounts[]): TapStream['first'] {
  const sum = (of: (tap: TapCounts) => number): number => taps.reduce((all, tap) => all + of(tap), 0);
  return counts({
    received: sum((tap) => tap.received),
    duplicated: sum((tap) => tap.duplicated),
    outside: sum((tap) => tap.outside),
  });
}
