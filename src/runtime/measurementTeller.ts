import type { MeasurementEvent } from '../analysis/eventRing.js';
import type { Measurement } from '../analysis/measurement.js';
import type { Clock } from '../core/time.js';
import type { Series } from '../metrics/series.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { buildStream, streamId } from '../result/build.js';
import type { MediaFacts } from '../result/buildTransport.js';
import type { EachLimit } from '../result/eachLimits.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import { ContentTeller } from './contentTeller.js';
import type { EventLog } from './eventLog.js';
import { IntervalTeller, type IntervalListener } from './intervalTeller.js';
import { intervalJudge } from './limitEvents.js';
import type { MediaReceiver } from './mediaReceiver.js';
import type { RunMessage } from './messages.js';
import { streamIdentities, tellEvent, type NamedStream } from './receiverEvents.js';
import { workOn } from './turns.js';

/** Each takes about as long as a hundred datagrams: of many streams that end together the others wait. */
const SUMMARIES_AT_ONCE = 2;

export interface MeasurementTellerOptions {
  readonly measurement: Measurement;
  readonly provenance: Provenance;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly intervalNs: number;
  /** Streams, in order of first arrival, that have a series; and most rows of an interval. */
  readonly detail: number;
  /** Whether streams that end are told of at once. */
  readonly summaries: boolean;
  readonly post: (message: RunMessage) => void;
  readonly media: MediaReceiver;
  /** What is known of a stream's content. */
  readonly contentOf: (stream: StreamSnapshot) => MediaFacts | null;
  /** Sees each interval of the streams in detail. */
  readonly listener?: IntervalListener;
  readonly eachLimits: readonly EachLimit[];
}

/** Tells what a measurement finds while it goes on: closed intervals as rows, events in words. */
export class MeasurementTeller {
  /** Of the limits on every interval. */
  readonly judge: IntervalJudge;
  readonly #options: MeasurementTellerOptions;
  readonly #identityOf: (stream: number) => NamedStream;
  readonly #content: ContentTeller;
  readonly #intervals: IntervalTeller;
  /** What is being told; `null`: nothing is. */
  #telling: Generator<void, void> | null = null;
  /** Streams whose summary is to come. */
  readonly #ended: number[] = [];

  constructor(options: MeasurementTellerOptions) {
    const { measurement, provenance } = options;
    this.#options = options;
    this.judge = intervalJudge(options.eachLimits, options.intervalNs, options.log, provenance.startMonoNs);
    this.#identityOf = streamIdentities(
      measurement,
      (snapshot) => streamId(snapshot, provenance.interfaceName(snapshot.interfaceIndex)),
      (snapshot) => provenance.place(snapshot).role,
    );
    this.#content = new ContentTeller({
      ...options,
      startMonoNs: provenance.startMonoNs,
      identityOf: this.#identityOf,
      seriesOf: (stream) => this.series.get(stream),
    });
    this.#intervals = new IntervalTeller({
      ...options,
      identityOf: this.#identityOf,
      content: this.#content,
      judge: this.judge,
    });
  }

  /** Of streams in detail, by index. */
  get series(): ReadonlyMap<number, Series> {
    return this.#intervals.series;
  }

  /** The run is over: nothing waits any more. */
  finish(): void {
    this.tell();
    for (const stream of this.#ended.splice(0)) this.#tellEnd(stream);
  }

  /** Everything since the last call: what happened in an interval before the interval itself. */
  tell(): void {
    // What is being told is of before.
    if (this.#telling !== null) while (this.tellSome());
    while (this.tellSome());
  }

  /** The same, as far as one turn may go; whether there is more to tell. */
  tellSome(): boolean {
    this.#telling ??= this.#tellAll();
    if (workOn(this.#telling, this.#options.clock)) return true;
    this.#telling = null;
    return false;
  }

  /** Yields where a turn may end. */
  *#tellAll(): Generator<void, void> {
    const { measurement } = this.#options;
    const intervals = measurement.takeIntervals();
    const events = measurement.takeEvents();
    let told = 0;
    for (const interval of intervals) {
      for (; told < events.length && events[told]!.monoNs < interval.endMonoNs; told++) {
        this.#tellEvent(events[told]!);
        yield;
      }
      this.#options.media.closeInterval();
      yield* this.#intervals.tell(interval);
    }
    for (; told < events.length; told++) {
      this.#tellEvent(events[told]!);
      yield;
    }
    for (const stream of this.#ended.splice(0, SUMMARIES_AT_ONCE)) {
      this.#tellEnd(stream);
      yield;
    }
    this.#content.tend(this.#options.clock.monoNs());
  }

  #tellEvent(event: MeasurementEvent): void {
    const { log, measurement } = this.#options;
    const stream = this.#identityOf(event.stream);
    const origin = measurement.table.origin(event.stream);
    const { text, detail } = tellEvent(event, stream, origin, (other) => this.#identityOf(other).id);
    log.add(event.kind, event.monoNs, stream.id, text, detail);
    if (event.kind === 'stream_end' && this.#options.summaries) this.#ended.push(event.stream);
  }

  #tellEnd(stream: number): void {
    const { measurement, provenance, contentOf, post } = this.#options;
    const snapshot = measurement.snapshot(stream);
    post({ type: 'stream_end', stream: buildStream(snapshot, provenance, null, contentOf(snapshot)) });
  }
}
