/** Readers of what says how datagrams follow each other, and how flows share their rate. They throw McastError ERR_USAGE. */
import { parseCount, parseRatio } from '../core/units.js';
import type { FlowRates } from '../feed/flowRates.js';
import { parseSpanNs, usage } from './optionValues.js';
import type { Pattern } from './plan.js';

type Telemetry = Extract<Pattern, { kind: 'telemetry' }>;

/** A tenth of the period earlier or later is what clocks of small devices and their wake-ups make. */
const TELEMETRY: Telemetry = { kind: 'telemetry', jitter: 0.1, alarms: 0.001, burst: 5 };
const MOST_BURST = 65_535;

const PATTERNS =
  'cbr, poisson, burst:<datagrams>/<period> as in burst:10/1ms, or telemetry[:jitter=10%,alarms=0.1%,burst=5]';

/** `cbr`, `poisson`, `burst:<n>/<period>` or `telemetry[:jitter=<ratio>,alarms=<ratio>,burst=<n>]`. */
export function parsePattern(text: string): Pattern {
  if (text === 'cbr' || text === 'poisson') return { kind: text };
  if (text === TELEMETRY.kind) return TELEMETRY;
  if (text.startsWith('telemetry:')) return parseTelemetry(text, text.slice('telemetry:'.length));
  const burst = /^burst:([^/]+)\/(.+)$/.exec(text);
  if (burst === null) throw usage(`"${text}" is not a pattern: ${PATTERNS}`);
  return { kind: 'burst', datagrams: burstOf(text, burst[1]!), periodNs: parseSpanNs(burst[2]!) };
}

function burstOf(text: string, datagrams: string): number {
  const count = parseCount(datagrams);
  if (count === 0) throw usage(`"${text}": a burst has at least one datagram`);
  if (count > MOST_BURST) throw usage(`"${text}": a burst has at most ${MOST_BURST} datagrams`);
  return count;
}

function parseTelemetry(text: string, settings: string): Telemetry {
  const spec: { -readonly [K in keyof Telemetry]: Telemetry[K] } = { ...TELEMETRY };
  for (const setting of settings.split(',')) {
    const [name, value] = [setting.replace(/=.*$/, ''), setting.replace(/^[^=]*=?/, '')];
    if (name === 'jitter') spec.jitter = parseRatio(value);
    else if (name === 'alarms') spec.alarms = parseRatio(value);
    else if (name === 'burst') spec.burst = burstOf(text, value);
    else throw usage(`"${text}": "${setting}" is none of jitter=<ratio>, alarms=<ratio>, burst=<datagrams>`);
  }
  return spec;
}

/** As {@link parsePattern} reads it. */
export function formatPattern(pattern: Pattern): string {
  if (pattern.kind === 'burst') return `burst:${pattern.datagrams}/${pattern.periodNs}ns`;
  if (pattern.kind !== 'telemetry') return pattern.kind;
  return `telemetry:jitter=${pattern.jitter},alarms=${pattern.alarms},burst=${pattern.burst}`;
}

const MOST_RATIO = 1e6;
const MOST_EXPONENT = 10;

/** `turns`, `equal`, `uniform:<ratio>` or `zipf[:<exponent>]`. */
export function parseFlowRates(text: string): FlowRates {
  const [kind, value] = [text.replace(/:.*$/, ''), text.replace(/^[^:]*:?/, '')];
  if ((kind === 'turns' || kind === 'equal') && text === kind) return { kind };
  if (kind === 'uniform' && text !== kind) return { kind, ratio: numberFrom(text, value, 1, MOST_RATIO) };
  if (kind === 'zipf') return { kind, exponent: text === kind ? 1 : numberFrom(text, value, 0, MOST_EXPONENT) };
  throw usage(
    `"${text}" is not how flows share a rate: turns, equal, uniform:<ratio> as in uniform:10, or zipf[:<exponent>]`,
  );
}

/** As {@link parseFlowRates} reads it. */
export function formatFlowRates(rates: FlowRates): string {
  if (rates.kind === 'uniform') return `uniform:${rates.ratio}`;
  return rates.kind === 'zipf' ? `zipf:${rates.exponent}` : rates.kind;
}

function numberFrom(text: string, value: string, least: number, most: number): number {
  const number = /^[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) throw usage(`"${text}": a number from ${least} to ${most} is wanted`);
  return number;
}
