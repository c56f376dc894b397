import { McastError } from '../core/errors.js';
import { formatDuration, formatHostPort } from '../core/format.js';
import { everyStream } from './briefStreams.js';
import { RUN_FIGURES, runFigure, STREAM_FIGURES, streamFigure, type FigureCarrier } from './comparedFigures.js';
import { COMPARISON_SCHEMA, type ComparedFigure, type Comparison } from './comparison.js';
import type { LimitResult, RunResult, Stream } from './model.js';
import type { NamedResult } from './namedResult.js';

/** How much worse a figure may be than that of the first run. */
export interface RegressionLimit {
  /** As limits name it; `null`: every figure of which one side is better. */
  readonly name: string | null;
  /** 0.05: by a twentieth. */
  readonly ratio: number;
}

/** Runs that differ by more than this in length are not alike. */
const ALIKE_LENGTH = 1.1;
const ALL_STREAMS = 'all streams';

/** Throws ERR_USAGE when there are fewer than two, or when they have no figure in common. */
export function compareResults(given: readonly NamedResult[], limits: readonly RegressionLimit[] = []): Comparison {
  if (given.length < 2) {
    throw new McastError('ERR_USAGE', `--compare needs two results at least, ${given.length} was read`, { hint: '' });
  }
  const results = given.map(({ result }) => result);
  const pairing = pairStreams(results);
  const figures = [
    ...pairing.pairs.flatMap(({ stream, carriers }) => compared(STREAM_FIGURES, stream, carriers, streamFigure)),
    ...compared(RUN_FIGURES, null, results, runFigure),
  ];
  // The instrument's own figures make no two runs comparable.
  if (figures.every(({ name, values }) => name.startsWith('health.') || values.filter(isKnown).length < 2)) {
    const what = given.map(({ source, result }) => `${source} is of ${describe(result)}`).join(', ');
    throw new McastError('ERR_USAGE', `there is nothing to compare: ${what}`, { hint: '' });
  }
  return {
    schema: COMPARISON_SCHEMA,
    runs: given.map(({ source, result: { run, host, health } }) => ({
      source,
      id: run.id,
      name: run.name,
      host: host.name,
      start: run.start,
      duration_ns: run.duration_ns,
      verdict: health.verdict,
    })),
    differences: [...differences(given), ...pairing.unpaired],
    figures,
    limits: judge(
      figures,
      limits,
      given.map(({ source }) => source),
    ),
  };
}

function isKnown(value: number | null): boolean {
  return value !== null;
}

function describe({ run, zap, taps, bench }: RunResult): string {
  if (zap !== null) return 'channel changes';
  if (bench !== null) return `a benchmark of ${bench.test}`;
  if (taps !== null) return 'two captures';
  return run.role === 'sender' ? 'a sender' : run.role === 'pair' ? 'a sender and a receiver' : 'a receiver';
}

function compared<Of>(
  rows: typeof STREAM_FIGURES,
  stream: string | null,
  of: readonly Of[],
  read: (of: Of, name: string) => number | null,
): ComparedFigure[] {
  return rows.flatMap(([name, better]) => {
    const values = of.map((one) => read(one, name));
    const base = values[0] ?? null;
    // Without that of the first run two others at least; with it, that another run lacks it is told.
    if (base === null && values.filter(isKnown).length < 2) return [];
    const changes = values.map((value) => (base === null || value === null || base <= 0 ? null : value / base - 1));
    return [{ stream, name, better, values, changes }];
  });
}

interface Pairing {
  readonly pairs: readonly { readonly stream: string; readonly carriers: readonly FigureCarrier[] }[];
  readonly unpaired: readonly string[];
}

/** Streams by what they are called in every run; where each run has one alone, these. */
function pairStreams(results: readonly RunResult[]): Pairing {
  const all = results.map(mediaByName);
  const [first] = all;
  const aggregates = results.flatMap(({ aggregate }) => (aggregate === null ? [] : [aggregate]));
  if (all.every((streams) => streams.size === 1)) {
    const names = [...new Set(all.flatMap((streams) => [...streams.keys()]))];
    return {
      pairs: [{ stream: names.join(', '), carriers: all.flatMap((streams) => [...streams.values()]) }],
      unpaired: [],
    };
  }
  const names = [...first!.keys()].filter((name) => all.every((streams) => streams.has(name)));
  const pairs = names.map((name) => ({ stream: name, carriers: all.map((streams) => streams.get(name)!) }));
  const others = new Set(all.flatMap((streams) => [...streams.keys()].filter((name) => !names.includes(name))));
  const unpaired =
    others.size === 0 ? [] : [`${others.size} streams are not in all of the runs: ${listed([...others])}`];
  if (aggregates.length < results.length) return { pairs, unpaired };
  return { pairs: [{ stream: ALL_STREAMS, carriers: aggregates }, ...pairs], unpaired };
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ');
}

/**
 * Ports and identifiers of sources are new in every run: places and names are not, nor the numbers of a sender's flows.
 * What is still of one name is counted.
 */
function mediaByName(result: RunResult): Map<string, Stream> {
  const byName = new Map<string, Stream>();
  const counts = new Map<string, number>();
  for (const stream of everyStream(result)) {
    if (stream.role !== 'media') continue;
    const plain = nameOf(stream);
    const count = (counts.get(plain) ?? 0) + 1;
    counts.set(plain, count);
    byName.set(count === 1 ? plain : `${plain} (${count})`, stream);
  }
  return byName;
}

/** Flow 0 is the only one of most senders. */
function nameOf({ name, format, group, port, leg, flow }: Stream): string {
  const place = name ?? (group === '' ? format : formatHostPort(group, port));
  const numbered = format === 'probe' && flow !== null && flow !== '0' ? ` flow ${flow}` : '';
  return `${place}${numbered}${leg === null ? '' : ` leg ${leg}`}`;
}

/** What makes figures differ that are no better and no worse. */
function differences(given: readonly NamedResult[]): string[] {
  const { result: first } = given[0]!;
  const told: string[] = [];
  const tell = (what: string, of: (result: RunResult) => string): void => {
    const texts = given.map(({ result }) => of(result));
    if (new Set(texts).size > 1) told.push(`${what}: ${texts.join(' and ')}`);
  };
  const lengths = given.map(({ result }) => result.run.duration_ns);
  if (Math.max(...lengths) > ALIKE_LENGTH * Math.min(...lengths)) {
    tell('lengths', ({ run }) => formatDuration(run.duration_ns));
  }
  tell('roles', ({ run }) => run.role);
  tell('receive stamps', ({ clock }) => clock.receive_time ?? 'none');
  tell('implementations', ({ run }) => run.io.implementation);
  tell('versions', ({ tool }) => tool.version);
  tell('hosts', ({ host }) => host.name);
  for (const { source, result } of given) {
    if (!result.run.complete) told.push(`${source} was cut short`);
    if (result.health.verdict !== 'valid') told.push(`the measurement of ${source} is ${result.health.verdict}`);
  }
  if (given.slice(1).some(({ result }) => result.run.id === first.run.id)) told.push('the same run was given twice');
  return told;
}

/** A figure's own limit goes before that on all. */
function judge(
  figures: readonly ComparedFigure[],
  limits: readonly RegressionLimit[],
  sources: readonly string[],
): LimitResult[] {
  if (limits.length === 0) return [];
  const ofAll = limits.findLast(({ name }) => name === null);
  const named = limits.filter((limit) => limit.name !== null);
  const judged = figures.flatMap((figure) => {
    const limit = named.findLast(({ name }) => name === figure.name) ?? ofAll;
    if (limit === undefined || figure.better === null) return [];
    return figure.values.slice(1).flatMap((_, i) => judgeOne(figure, i + 1, limit.ratio, sources));
  });
  const unknown = named.filter(({ name }) => figures.every((figure) => figure.name !== name));
  return [
    ...judged,
    ...unknown.map(({ name, ratio }): LimitResult => ({
      expression: expressionOf(name!, ratio),
      stream: null,
      value: null,
      limit: ratio,
      margin: null,
      ok: false,
      reason: 'no two of the runs have this figure',
    })),
  ];
}

function expressionOf(name: string, ratio: number): string {
  return `${name} regression <= ${Number((ratio * 100).toPrecision(6))}%`;
}

function judgeOne(
  { name, better, stream, values, changes }: ComparedFigure,
  run: number,
  limit: number,
  sources: readonly string[],
): LimitResult[] {
  const base = values[0] ?? null;
  const value = values[run]!;
  // A baseline without it demands nothing, nor does one below 0, which is an offset of clocks.
  if (base === null || base < 0) return [];
  const where = [sources[run]!, ...(stream === null ? [] : [stream])].join(': ');
  const entry = { expression: expressionOf(name, limit), stream: where, limit };
  if (value === null)
    return [{ ...entry, value: null, margin: null, ok: false, reason: 'it was not measured in this run' }];
  // No share of nothing: what was 0 is to stay so.
  if (base === 0) {
    if (better === 'higher') return [];
    const margin = 0 - value;
    const reason = margin >= 0 ? null : 'it was 0 in the first run';
    return [{ expression: `${name} <= 0`, stream: where, value, limit: 0, margin, ok: margin >= 0, reason }];
  }
  const change = changes[run]!;
  // Nothing is worse than it was: 0, not -0.
  const worse = better === 'lower' ? change : 0 - change;
  return [{ ...entry, value: worse, margin: limit - worse, ok: worse <= limit, reason: null }];
}
