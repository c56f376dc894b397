import { everyStream } from './briefStreams.js';
import { REPAIRED_METRICS } from './buildRepair.js';
import { burstFigure } from './buildBursts.js';
import { histogramOf } from './histogramSummary.js';
import type { Limit, LimitOperator, LimitPlace } from './limits.js';
import { parseExpect } from './limits.js';
import { percentileFraction, type LinkFigure } from './limitNames.js';
import type {
  BenchClasses,
  BenchDelays,
  BenchGroups,
  HistogramSummary,
  LimitResult,
  Link,
  RunResult,
  Stream,
  Zap,
} from './model.js';

export interface JudgeOptions {
  /** A receiver that received nothing is as it should be. */
  readonly allowSilence?: boolean;
  /** Where something is to have come, beside what the run has joined. */
  readonly expected?: readonly { readonly group: string; readonly port: number }[];
}

/** Datagrams of further streams than the table holds: what they are is not known, and health says so. */
const OTHERS = 'others';
const BEYOND_DETAIL = 'beyond the streams in detail: raise --detail';
/** Most entries of one limit: beyond that those with the smallest margin. */
const ENTRIES = 256;

/** Every limit over every stream it concerns, the implicit ones on silence and on what was asked for included: `limits[]`. */
export function judgeLimits(result: Judged, limits: readonly Limit[], options: JudgeOptions = {}): LimitResult[] {
  const judged = [
    ...limits.flatMap((limit) => boundEntries(judgeLimit(result, limit))),
    ...judgeRefused(result),
    ...boundEntries(judgeRecovered(result)),
  ];
  return options.allowSilence === true
    ? judged
    : [...judged, ...boundEntries(judgeSilence(result, '', options.expected))];
}

/** The limits of a result that has changed since it was judged; what was judged of its intervals stays. */
export function judgeAgain(result: RunResult, limits: readonly Limit[], options: JudgeOptions = {}): LimitResult[] {
  const each = result.limits.filter(({ intervals }) => intervals !== undefined);
  return [...judgeLimits(result, limits, options), ...each];
}

/** What judging needs of a result. */
export type Judged = Omit<RunResult, 'limits'>;

/**
 * The limits that a result exceeds, for tests: `expect(exceeded(result, ['packets_lost == 0'])).toEqual([])`.
 * Texts are read as `--expect` reads them. Throws ERR_USAGE on a limit that cannot be read.
 */
export function exceeded(
  result: Judged,
  limits: readonly (string | Limit)[],
  options: JudgeOptions = {},
): LimitResult[] {
  const parsed = limits.map((limit) => (typeof limit === 'string' ? parseExpect(limit) : limit));
  return judgeLimits(result, parsed, options).filter((judged) => !judged.ok);
}

/** The entries of one limit, as many as are kept. */
export function boundEntries(entries: readonly LimitResult[]): LimitResult[] {
  if (entries.length <= ENTRIES) return [...entries];
  return entries
    .toSorted((a, b) => Number(a.ok) - Number(b.ok) || (a.margin ?? -Infinity) - (b.margin ?? -Infinity) || 0)
    .slice(0, ENTRIES);
}

/** Streams of the run itself and of every receiver that reported to it. */
function allStreams(result: Judged, prefix = ''): { readonly id: string; readonly stream: Stream }[] {
  const own = everyStream(result).map((stream) => ({ id: prefix + stream.id, stream }));
  const reported = result.receivers.flatMap(({ name, result: of }) =>
    of === null ? [] : allStreams(of, `${prefix}${name}: `),
  );
  return [...own, ...reported];
}

function judgeLimit(result: Judged, limit: Limit): LimitResult[] {
  const { target } = limit;
  if (target.kind === 'path') return [judgePath(result, limit, target.path)];
  if (target.kind === 'link') return judgeLinks(result.links, limit, target.key);
  if (target.kind === 'histogram' && target.id === 'departure_error_ns' && result.sender !== null) {
    const figure = target.figure ?? '';
    const summary = result.sender.departure_error_ns;
    const value = summary === null ? null : figureOf(summary, figure, target.fraction);
    return [entry(limit, null, value, 'nothing was sent')];
  }
  const { places } = limit;
  const streams = allStreams(result).filter(
    ({ stream }) => stream.role === 'media' && stream.format !== OTHERS && isIn(places, stream),
  );
  if (streams.length === 0) {
    const why =
      result.run.role === 'sender'
        ? 'no receiver reported: use a sender. figure, or judge at the receiver'
        : 'nothing arrived';
    const silent = places === undefined ? [null] : places.map(({ group, port }) => `${group} port ${port}`);
    return silent.map((place) => entry(limit, place, null, why));
  }
  return streams.map(({ id, stream }) => judgeStream(limit, id, stream));
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
    return entry(limit, id, from.metrics[target.id], why);
  }
  if (target.kind === 'named') {
    if (target.section === 'burst') {
      const needsDrain = stream.bursts !== null && target.key.startsWith('queue_');
      const why = needsDrain ? 'give the rate of a link: --drain' : stream.not_measured['bursts'];
      return entry(limit, id, burstFigure(stream.bursts, target.key), why ?? BEYOND_DETAIL);
    }
    const value = stream[target.section]?.[target.key] ?? null;
    const reasons = stream.not_measured;
    const why = reasons[`${target.section}.${target.key}`] ?? reasons[target.section];
    return entry(limit, id, value, why ?? 'no transport stream was found in it');
  }
  if (target.kind !== 'histogram') return entry(limit, id, null, 'not a figure of a stream');
  const summary = stream.histograms?.[target.id] ?? null;
  const why =
    stream.histograms === null ? BEYOND_DETAIL : (stream.not_measured[target.id] ?? `${target.id} was not measured`);
  if (summary === null) return entry(limit, id, null, why);
  return entry(limit, id, figureOf(summary, target.figure ?? '', target.fraction), 'no value was recorded');
}

function figureOf(summary: HistogramSummary, figure: string, fraction: number | null): number | null {
  if (fraction === null) return summary[figure as 'count' | 'min' | 'mean' | 'max' | 'clamped'];
  return histogramOf(summary).percentile(fraction);
}

/** Of each link. */
function judgeLinks(links: readonly Link[], limit: Limit, key: LinkFigure): LimitResult[] {
  if (links.length === 0) return [entry(limit, null, null, 'there was no link to one peer (srt://)')];
  return links.map((link) => entry(limit, link.name, link[key], `${key} was not measured: ${link.implementation}`));
}

/**
 * The limits of a result whose links have become known after it was judged: what was judged of links is judged anew.
 */
export function limitsWithLinks(result: RunResult, limits: readonly Limit[]): LimitResult[] {
  const ofLinks = limits.filter(({ target }) => target.kind === 'link');
  const stale = new Set(ofLinks.map(({ expression }) => expression));
  const others = result.limits.filter(({ expression }) => !stale.has(expression));
  return [...others, ...ofLinks.flatMap((limit) => boundEntries(judgeLimit(result, limit)))];
}

/** Every arrival carried this DSCP (`==`), or none did (`!=`). */
function judgeDscp(limit: Limit, id: string, counts: Record<string, number> | null, why: string): LimitResult {
  if (counts === null) return entry(limit, id, null, why);
  const values = Object.keys(counts).filter((dscp) => counts[dscp]! > 0);
  const others = values.filter((dscp) => Number(dscp) !== limit.value);
  const ok = limit.operator === '==' ? values.length > 0 && others.length === 0 : !values.includes(String(limit.value));
  return {
    ...entry(limit, id, null, ''),
    value: values.join(' '),
    ok,
    reason: ok ? null : `arrivals carried DSCP ${values.join(', ') || 'nothing readable'}`,
  };
}

function judgePath(result: Judged, limit: Limit, path: readonly string[]): LimitResult {
  let value: unknown = result;
  for (const [depth, part] of path.entries()) {
    if (value === null || value === undefined || typeof value !== 'object') {
      const where = path.slice(0, depth).join('.');
      return entry(
        limit,
        null,
        null,
        depth === 1 ? `this result has no ${where} section` : `${where} was not measured`,
      );
    }
    const fraction = percentileFraction(part);
    value =
      fraction !== null && 'buckets' in value
        ? histogramOf(value as HistogramSummary).percentile(fraction)
        : Array.isArray(value)
          ? (value as { leg: string }[]).find(({ leg }) => leg === part)
          : (value as Record<string, unknown>)[part];
  }
  const known = typeof value === 'number' || typeof value === 'string' ? value : null;
  return entry(limit, null, known, `${path.join('.')} was not measured`);
}

function entry(limit: Limit, stream: string | null, value: number | string | null, whyNull: string): LimitResult {
  const base = { expression: limit.expression, stream, value, limit: limit.value };
  if (value === null) return { ...base, margin: null, ok: false, reason: whyNull };
  const ok = holds(value, limit.operator, limit.value);
  return { ...base, margin: marginOf(value, limit.operator, limit.value), ok, reason: null };
}

function holds(value: number | string, operator: LimitOperator, limit: number | string): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}

function marginOf(value: number | string, operator: LimitOperator, limit: number | string): number | null {
  if (typeof value === 'string' || typeof limit === 'string') return null;
  if (operator === '<' || operator === '<=') return limit - value;
  if (operator === '>' || operator === '>=') return value - limit;
  return operator === '==' ? 0 - Math.abs(value - limit) : Math.abs(value - limit);
}

/** `sender.sent > 0`, where datagrams were due and none of them left: a run that did nothing has not succeeded. */
function judgeRefused({ sender }: Judged): LimitResult[] {
  if (sender === null || sender.scheduled === 0 || sender.sent > 0) return [];
  const reason = 'nothing left this host: see sender.not_sent_by_reason';
  return [{ expression: 'sender.sent > 0', stream: null, value: 0, limit: 0, margin: 0, ok: false, reason }];
}

/** `messages_lost == 0`, after repair, of every feed whose missing messages were asked for. */
function judgeRecovered(result: Judged): LimitResult[] {
  return allStreams(result).flatMap(({ id, stream }) => {
    const value = stream.after?.metrics.messages_lost ?? null;
    if (stream.recovery === null || value === null) return [];
    const reason = value === 0 ? null : 'nobody answered with them: see recovery.unrecovered';
    return [
      { expression: 'messages_lost == 0', stream: id, value, limit: 0, margin: 0 - value, ok: value === 0, reason },
    ];
  });
}

/** `failures == 0` of every channel that was changed to. */
function judgeFailures({ channels }: Zap): LimitResult[] {
  return channels.map(({ group, port, attempts, failures }) => ({
    expression: 'failures == 0',
    stream: `${group} port ${port}`,
    value: failures,
    limit: 0,
    margin: -failures + 0,
    ok: failures === 0,
    reason: failures === 0 ? null : `nothing came ${failures} of ${attempts} times`,
  }));
}

function delayEntry(name: string, value: number, ok: boolean, reason: string | null): LimitResult {
  const isCount = name.endsWith('count');
  return {
    expression: `bench.delays.${name} ${isCount ? '>' : '=='} 0`,
    stream: null,
    value,
    limit: 0,
    margin: isCount ? value : -value + 0,
    ok,
    reason: ok ? null : reason,
  };
}

function noTimeouts(name: string, times: number, what: string): LimitResult {
  return delayEntry(`${name}.timeouts`, times, times === 0, `${what} ${times} times`);
}

function isMeasured(name: string, delay: HistogramSummary | null, why: string | null): LimitResult {
  const count = delay?.count ?? 0;
  return delayEntry(`${name}.delay_ns.count`, count, count > 0, why);
}

/** Of cycles of joining and leaving: that each join brought something, and that what is asked for is known. */
function judgeDelays({ join, leave }: BenchDelays, test: string): LimitResult[] {
  const joins = noTimeouts('join', join.timeouts, 'nothing came');
  if (test === 'join') {
    const why = join.unpruned > 0 ? 'the group came before it was joined' : 'nothing came';
    return [joins, isMeasured('join', join.delay_ns, why)];
  }
  const leaves = noTimeouts('leave', leave.timeouts, 'the group did not end');
  return [joins, leaves, isMeasured('leave', leave.delay_ns, leave.why_not)];
}

/** That groups came at all, and that none was lost as others were joined. How many there can be is what is asked. */
function judgeGroups({ capacity, failed, silent, silent_groups }: BenchGroups): LimitResult[] {
  const [first] = silent_groups;
  const came = { expression: 'bench.groups.capacity > 0', stream: null, value: capacity, limit: 0, margin: capacity };
  const stay = { expression: 'bench.groups.silent == 0', stream: null, value: silent, limit: 0, margin: 0 - silent };
  return [
    { ...came, ok: capacity > 0, reason: capacity > 0 ? null : (failed?.reason ?? 'it was stopped') },
    { ...stay, ok: silent === 0, reason: silent === 0 ? null : `with all joined nothing came of ${first}` },
  ];
}

/** One class alone competes with nothing. */
function judgeClasses({ classes_total: value }: BenchClasses): LimitResult {
  const reason = value > 1 ? null : 'classes are told apart by their DSCP: send at least two at a time';
  return {
    expression: 'bench.classes.classes_total > 1',
    stream: null,
    value,
    limit: 1,
    margin: value - 1,
    ok: value > 1,
    reason,
  };
}

/** `packets_received > 0` of every group and port that was joined: a dead channel has no stream that could be judged. */
function judgeSilence(result: Judged, prefix: string, expected: JudgeOptions['expected'] = []): LimitResult[] {
  const received = new Map<string, number>();
  if (result.zap !== null) return judgeFailures(result.zap);
  const delays = result.bench?.delays ?? null;
  if (delays !== null) return judgeDelays(delays, result.bench!.test);
  const groups = result.bench?.groups ?? null;
  if (groups !== null) return judgeGroups(groups);
  if (result.run.role !== 'sender') {
    for (const { group, port } of [...result.memberships, ...expected]) received.set(`${group} port ${port}`, 0);
    for (const { group, port, metrics, format, role } of everyStream(result)) {
      if (format === OTHERS || role !== 'media') continue;
      const key = `${group} port ${port}`;
      received.set(key, (received.get(key) ?? 0) + (metrics.packets_received ?? 0));
    }
    if (received.size === 0) received.set('', 0);
  }
  const classes = result.bench?.classes ?? null;
  const own = [...received].map(([where, value]) => ({
    expression: 'packets_received > 0',
    stream: where === '' ? null : prefix + where,
    value,
    limit: 0,
    margin: value,
    ok: value > 0,
    reason: value > 0 ? null : 'nothing arrived',
  }));
  const reported = result.receivers.flatMap((one) =>
    one.result === null ? [] : judgeSilence(one.result, `${prefix}${one.name}: `),
  );
  return [...own, ...(classes === null ? [] : [judgeClasses(classes)]), ...reported];
}
