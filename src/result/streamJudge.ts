import { burstFigure } from './buildBursts.js';
import { REPAIRED_METRICS } from './buildRepair.js';
import { Figure, orNothing } from './figures.js';
import { histogramOf } from './histogramSummary.js';
import { BoundedEntries, limitEntry } from './limitEntries.js';
import type { Limit, LimitPlace } from './limits.js';
import type { HistogramSummary, LimitResult, Stream } from './model.js';
import type { AlikeStreams, StreamDigest } from './streamDigest.js';

/** Datagrams of further streams than the table holds: what they are is not known, and health says so. */
const OTHERS = 'others';
const BEYOND_DETAIL = 'beyond the streams in detail: raise --detail';

/** Limits at the streams of a result, as they come, one after another. */
export class StreamJudge {
  readonly #prefix: string;
  readonly #entries: ReadonlyMap<Limit, BoundedEntries>;
  readonly #recovered = new BoundedEntries();
  /** Datagrams that arrived, by group and port. */
  readonly received = new Map<string, number>();

  /** `limits`: those that are no figures of streams are left to others. `prefix`: of the names of streams, which are a receiver's. */
  constructor(limits: readonly Limit[], prefix = '') {
    this.#prefix = prefix;
    const ofStreams = limits.filter(({ target }) => target.kind !== 'path' && target.kind !== 'link');
    this.#entries = new Map(ofStreams.map((limit) => [limit, new BoundedEntries()]));
  }

  add(stream: StreamDigest): void {
    const { brief, figures } = stream;
    const id = this.#prefix + brief.id;
    const isMedia = brief.role === 'media' && brief.format !== OTHERS;
    if (isMedia) {
      this.#receive(brief, orNothing(figures.values[Figure.packets_received]!));
      if (this.#entries.size > 0) this.#judge(id, stream.whole());
    }
    const missing = brief.after?.metrics.messages_lost ?? null;
    if (brief.recovery !== null && missing !== null) this.#addRecovered(id, missing);
  }

  /** No limit is on figures of streams: each would be wanted whole. */
  get takesAlike(): boolean {
    return this.#entries.size === 0;
  }

  /** Where {@link takesAlike}; none of them has repair. */
  addAlike({ brief, runs }: AlikeStreams): void {
    if (brief.role !== 'media') return;
    let received = 0;
    for (const { count, figures } of runs) received += count * figures.values[Figure.packets_received]!;
    this.#receive(brief, received);
  }

  /** Of one limit, at each of the streams that it is for. */
  entries(limit: Limit): readonly LimitResult[] {
    return this.#entries.get(limit)?.entries ?? [];
  }

  /** `messages_lost == 0`, after repair, of every feed whose missing messages were asked for. */
  get recovered(): readonly LimitResult[] {
    return this.#recovered.entries;
  }

  #receive(stream: LimitPlace, packets: number): void {
    const place = placeText(stream);
    this.received.set(place, (this.received.get(place) ?? 0) + packets);
  }

  #judge(id: string, stream: Stream): void {
    for (const [limit, of] of this.#entries) {
      if (isIn(limit.places, stream)) of.add(judgeStream(limit, id, stream));
    }
  }

  #addRecovered(id: string, value: number): void {
    const reason = value === 0 ? null : 'nobody answered with them: see recovery.unrecovered';
    this.#recovered.add({
      expression: 'messages_lost == 0',
      stream: id,
      value,
      limit: 0,
      margin: 0 - value,
      ok: value === 0,
      reason,
    });
  }
}

/** As limits and their results name it. */
export function placeText({ group, port }: LimitPlace): string {
  return `${group} port ${port}`;
}

/** Whether a limit on these places is for a stream. */
export function isIn(places: Limit['places'], { group, port }: LimitPlace): boolean {
  return places === undefined || places.some((place) => place.group === group && place.port === port);
}

function judgeStream(limit: Limit, id: string, stream: Stream): LimitResult {
  const { target } = limit;
  if (target.kind === 'metric') {
    // What repair does not change is judged as it arrived.
    const from = REPAIRED_METRICS.has(target.id) ? (stream.after ?? stream) : stream;
    const why = from.not_measured[target.id] ?? `${target.id} was not measured`;
    if (target.id === 'dscp_received') return judgeDscp(limit, id, from.metrics.dscp_received, why);
    return limitEntry(limit, id, from.metrics[target.id], why);
  }
  if (target.kind === 'named') {
    if (target.section === 'burst') {
      const needsDrain = stream.bursts !== null && target.key.startsWith('queue_');
      const why = needsDrain ? 'give the rate of a link: --drain' : stream.not_measured['bursts'];
      return limitEntry(limit, id, burstFigure(stream.bursts, target.key), why ?? BEYOND_DETAIL);
    }
    const value = stream[target.section]?.[target.key] ?? null;
    const reasons = stream.not_measured;
    const why = reasons[`${target.section}.${target.key}`] ?? reasons[target.section];
    return limitEntry(limit, id, value, why ?? 'no transport stream was found in it');
  }
  if (target.kind !== 'histogram') return limitEntry(limit, id, null, 'not a figure of a stream');
  const summary = stream.histograms?.[target.id] ?? null;
  const why =
    stream.histograms === null ? BEYOND_DETAIL : (stream.not_measured[target.id] ?? `${target.id} was not measured`);
  if (summary === null) return limitEntry(limit, id, null, why);
  return limitEntry(limit, id, figureOf(summary, target.figure ?? '', target.fraction), 'no value was recorded');
}

/** Every arrival carried this DSCP (`==`), or none did (`!=`). */
function judgeDscp(limit: Limit, id: string, counts: Record<string, number> | null, why: string): LimitResult {
  if (counts === null) return limitEntry(limit, id, null, why);
  const values = Object.keys(counts).filter((dscp) => counts[dscp]! > 0);
  const others = values.filter((dscp) => Number(dscp) !== limit.value);
  const ok = limit.operator === '==' ? values.length > 0 && others.length === 0 : !values.includes(String(limit.value));
  return {
    ...limitEntry(limit, id, null, ''),
    value: values.join(' '),
    ok,
    reason: ok ? null : `arrivals carried DSCP ${values.join(', ') || 'nothing readable'}`,
  };
}

/** The figure of a histogram that a limit names; `null`: no value was recorded. `fraction`: of a percentile. */
export function figureOf(summary: HistogramSummary, figure: string, fraction: number | null): number | null {
  if (fraction === null) return summary[figure as 'count' | 'min' | 'mean' | 'max' | 'clamped'];
  return histogramOf(summary).percentile(fraction);
}
