import { everyStream } from './briefStreams.js';
import { histogramOf } from './histogramSummary.js';
import { figureOf, placeText, StreamJudge } from './streamJudge.js';
import { NOTHING, silenceText } from './malformed.js';
import { boundEntries, limitEntry } from './limitEntries.js';
import { percentileFraction, type LinkFigure } from './limitNames.js';
import { parseExpect, type Limit, type LimitPlace } from './limits.js';
import type {
  BenchClasses,
  BenchDelays,
  BenchGroups,
  HistogramSummary,
  LimitResult,
  Link,
  RunResult,
  Zap,
} from './model.js';
import { digestOf } from './streamDigest.js';

export interface JudgeOptions {
  /** A receiver that received nothing is as it should be. */
  readonly allowSilence?: boolean;
  /** Where something is to have come, beside what the run has joined. */
  readonly expected?: readonly { readonly group: string; readonly port: number }[];
}

/** What judging needs of a result. */
export type Judged = Omit<RunResult, 'limits'>;

/** A result beside what came of limits at its streams, and so the receivers that reported to it. */
interface Told {
  readonly result: Judged;
  /** Of the names of its streams. */
  readonly prefix: string;
  readonly streams: StreamJudge;
  readonly reported: readonly Told[];
}

/**
 * Every limit over every stream it concerns, the implicit ones on silence and on what was asked for included: `limits[]`.
 * `streams`: its own have been judged already, before detail was left out.
 */
export function judgeLimits(
  result: Judged,
  limits: readonly Limit[],
  options: JudgeOptions = {},
  streams: StreamJudge = judgeStreams(result, limits, ''),
): LimitResult[] {
  const told: Told = { result, prefix: '', streams, reported: reportedTo(result, limits, '') };
  const all = flatten(told);
  const judged = [
    ...limits.flatMap((limit) => boundEntries(judgeLimit(all, result, limit))),
    ...judgeRefused(result),
    ...judgeKept(result),
    ...boundEntries(all.flatMap((one) => one.streams.recovered)),
  ];
  return options.allowSilence === true ? judged : [...judged, ...boundEntries(judgeSilence(told, options.expected))];
}

function judgeStreams(result: Judged, limits: readonly Limit[], prefix: string): StreamJudge {
  const judge = new StreamJudge(limits, prefix);
  for (const stream of everyStream(result)) judge.add(digestOf(stream));
  return judge;
}

function reportedTo({ receivers }: Judged, limits: readonly Limit[], before: string): Told[] {
  return receivers.flatMap(({ name, result }) => {
    if (result === null) return [];
    const prefix = `${before}${name}: `;
    const streams = judgeStreams(result, limits, prefix);
    return [{ result, prefix, streams, reported: reportedTo(result, limits, prefix) }];
  });
}

function flatten(told: Told): Told[] {
  return [told, ...told.reported.flatMap(flatten)];
}

/** The limits of a result that has changed since it was judged; what was judged of its intervals stays. */
export function judgeAgain(result: RunResult, limits: readonly Limit[], options: JudgeOptions = {}): LimitResult[] {
  const each = result.limits.filter(({ intervals }) => intervals !== undefined);
  return [...judgeLimits(result, limits, options), ...each];
}

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

function judgeLimit(all: readonly Told[], result: Judged, limit: Limit): LimitResult[] {
  const { target } = limit;
  if (target.kind === 'path') return [judgePath(result, limit, target.path)];
  if (target.kind === 'link') return judgeLinks(result.links, limit, target.key);
  if (target.kind === 'histogram' && target.id === 'departure_error_ns' && result.sender !== null) {
    const figure = target.figure ?? '';
    const summary = result.sender.departure_error_ns;
    const value = summary === null ? null : figureOf(summary, figure, target.fraction);
    return [limitEntry(limit, null, value, 'nothing was sent')];
  }
  const ofStreams = all.flatMap(({ streams }) => streams.entries(limit));
  if (ofStreams.length > 0) return ofStreams;
  const why =
    result.run.role === 'sender' ? 'no receiver reported: use a sender. figure, or judge at the receiver' : null;
  const silent = limit.places ?? [null];
  return silent.map((place) => {
    const where = place === null ? null : placeText(place);
    return limitEntry(limit, where, null, why ?? silenceText(result.sockets, place));
  });
}

/** Of each link. */
function judgeLinks(links: readonly Link[], limit: Limit, key: LinkFigure): LimitResult[] {
  if (links.length === 0) return [limitEntry(limit, null, null, 'there was no link to one peer (srt://)')];
  return links.map((link) =>
    limitEntry(limit, link.name, link[key], `${key} was not measured: ${link.implementation}`),
  );
}

/**
 * The limits of a result whose links have become known after it was judged: what was judged of links is judged anew.
 */
export function limitsWithLinks(result: RunResult, limits: readonly Limit[]): LimitResult[] {
  const ofLinks = limits.filter(({ target }) => target.kind === 'link');
  const stale = new Set(ofLinks.map(({ expression }) => expression));
  const others = result.limits.filter(({ expression }) => !stale.has(expression));
  const judged = ofLinks.flatMap((limit) =>
    limit.target.kind === 'link' ? boundEntries(judgeLinks(result.links, limit, limit.target.key)) : [],
  );
  return [...others, ...judged];
}

function judgePath(result: Judged, limit: Limit, path: readonly string[]): LimitResult {
  let value: unknown = result;
  for (const [depth, part] of path.entries()) {
    if (value === null || value === undefined || typeof value !== 'object') {
      const where = path.slice(0, depth).join('.');
      return limitEntry(
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
  return limitEntry(limit, null, known, `${path.join('.')} was not measured`);
}

/** `sender.sent > 0`, where datagrams were due and none of them left: a run that did nothing has not succeeded. */
function judgeRefused({ sender }: Judged): LimitResult[] {
  if (sender === null || sender.scheduled === 0 || sender.sent > 0) return [];
  const reason = 'nothing left this host: see sender.not_sent_by_reason';
  return [{ expression: 'sender.sent > 0', stream: null, value: 0, limit: 0, margin: 0, ok: false, reason }];
}

/** `sender.recovery.not_kept == 0`, where messages that are to be asked for could not be kept. */
function judgeKept({ sender }: Judged): LimitResult[] {
  const value = sender?.recovery?.not_kept ?? 0;
  if (value === 0) return [];
  const expression = 'sender.recovery.not_kept == 0';
  const reason = 'their file could not be written: nobody can ask for them';
  return [{ expression, stream: null, value, limit: 0, margin: -value, ok: false, reason }];
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

/** Why nothing was received at one of so many places; `place`: `null` where there is a stream, or no place. */
function silenceAt({ sockets, run, streams_total: total }: Judged, place: LimitPlace | null, places: number): string {
  // A capture has one socket for all that is expected in it.
  if (places === 1 && (place === null || run.role === 'analyzer')) return total === 0 ? silenceText(sockets) : NOTHING;
  return place === null ? NOTHING : silenceText(sockets, place);
}

/** `packets_received > 0` of every group and port that was joined: a dead channel has no stream that could be judged. */
function judgeSilence(
  { result, prefix, streams, reported }: Told,
  expected: JudgeOptions['expected'] = [],
): LimitResult[] {
  if (result.zap !== null) return judgeFailures(result.zap);
  const delays = result.bench?.delays ?? null;
  if (delays !== null) return judgeDelays(delays, result.bench!.test);
  const groups = result.bench?.groups ?? null;
  if (groups !== null) return judgeGroups(groups);
  const received = new Map<string, number>();
  const silent = new Map<string, LimitPlace>();
  if (result.run.role !== 'sender') {
    for (const place of [...result.memberships, ...expected]) {
      received.set(placeText(place), 0);
      if (!streams.received.has(placeText(place))) silent.set(placeText(place), place);
    }
    for (const [place, packets] of streams.received) received.set(place, packets);
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
    reason: value > 0 ? null : silenceAt(result, silent.get(where) ?? null, received.size),
  }));
  return [
    ...own,
    ...(classes === null ? [] : [judgeClasses(classes)]),
    ...reported.flatMap((one) => judgeSilence(one)),
  ];
}
