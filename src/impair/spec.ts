import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import { parseCount, parseDurationNs, parseRate, parseRatio, parseSizeOctets } from '../core/units.js';

/** Gilbert-Elliott loss model: a good and a bad state, one step per datagram of the flow. */
export interface GilbertElliott {
  /** Probability to go from the good to the bad state. */
  readonly p: number;
  /** Probability to go from the bad to the good state. */
  readonly r: number;
  readonly lossGood: number;
  readonly lossBad: number;
}

/** `--impair`, all probabilities 0..1, all times ns. */
export interface ImpairSpec {
  readonly loss: number;
  readonly gilbertElliott: GilbertElliott | null;
  /** Ordinals of the flow's datagrams (0 the first) to lose, ascending ranges. */
  readonly lossList: readonly (readonly [first: number, last: number])[];
  readonly duplicate: number;
  readonly reorder: number;
  readonly corrupt: number;
  readonly delayNs: Nanos;
  /** Each copy is delayed by `delayNs` and a uniform part of -jitterNs .. +jitterNs, together at least 0. */
  readonly jitterNs: Nanos;
  /** Rate limit, bit/s of UDP payload, with its queue in octets; `null`: none. */
  readonly rateBitPerSecond: number | null;
  readonly queueOctets: number;
  /** `null`: drawn at random by the shell and written into the result. */
  readonly seed: number | null;
  /** Delays beyond the reorder window are refused unless this is set. */
  readonly beyondWindow: boolean;
}

/** No impairment: what a specification says of all that it does not name. */
export const NO_IMPAIRMENT: ImpairSpec = {
  loss: 0,
  gilbertElliott: null,
  lossList: [],
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  delayNs: 0,
  jitterNs: 0,
  rateBitPerSecond: null,
  queueOctets: 0,
  seed: null,
  beyondWindow: false,
};

/** The receiver's default reorder window: the smaller of both (ENGINE rules in `docs/architecture.md`). */
export const REORDER_WINDOW_NS: Nanos = 1e9;
export const REORDER_WINDOW_PACKETS = 65_536;
/** ... of each stream that a receiver has beyond 256. */
export const REORDER_WINDOW_PACKETS_MANY = 1_024;
const FEW_STREAMS = 256;
/** A datagram that `reorder` holds back leaves at most this long after the one that overtook it. */
export const REORDER_HOLD_NS: Nanos = 50e6;

/** Queue of a rate limit when none is given: 100 ms at that rate, but two full Ethernet frames at least. */
const QUEUE_SECONDS = 0.1;
const QUEUE_MIN_OCTETS = 3_000;

const SYNTAX =
  'impair is loss=1%,ge=1%,30%,list=3,10-20,dup=1%,reorder=1%,corrupt=1%,delay=2ms,jitter=1ms,rate=10M,queue=64k,seed=7,beyond-window=yes';

/**
 * Reads `loss=1%,dup=0.1%,delay=2ms,...`. A part without `=` belongs to the value before it
 * (`ge=1%,30%`, `list=3,10-20`). Throws McastError ERR_USAGE with all problems at once.
 *
 * `loss dup reorder corrupt` ratios; `ge=p,r[,lossGood,lossBad]` (default 0 and 1); `list` ordinals and
 * ranges, per flow, 0 the first; `delay jitter` times; `rate` bit/s with `queue` octets; `seed`;
 * `beyond-window=yes|no`.
 */
export function parseImpair(text: string): ImpairSpec {
  const problems: string[] = [];
  const values = new Map<string, string>();
  let key = '';
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      if (key === '') problems.push(`"${part}" has no name`);
      else values.set(key, `${values.get(key)},${part}`);
      continue;
    }
    key = part.slice(0, equals);
    if (values.has(key)) problems.push(`${key} is given twice`);
    values.set(key, part.slice(equals + 1));
  }
  const spec: { -readonly [K in keyof ImpairSpec]: ImpairSpec[K] } = { ...NO_IMPAIRMENT };
  for (const [name, value] of values) {
    try {
      if (!readValue(spec, name, value)) problems.push(`"${name}" is not known`);
    } catch (error) {
      if (!(error instanceof McastError)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  if (values.has('queue') && !values.has('rate')) problems.push('queue needs rate');
  if (spec.rateBitPerSecond !== null && !values.has('queue')) {
    spec.queueOctets = Math.max(QUEUE_MIN_OCTETS, Math.ceil((spec.rateBitPerSecond / 8) * QUEUE_SECONDS));
  }
  if (problems.length === 0) problems.push(...impairProblems(spec));
  if (problems.length > 0) {
    throw new McastError('ERR_USAGE', `impair "${text}": ${problems.join('; ')}`, { hint: `Write it as: ${SYNTAX}.` });
  }
  return spec;
}

function readValue(spec: { -readonly [K in keyof ImpairSpec]: ImpairSpec[K] }, name: string, value: string): boolean {
  if (name === 'loss') spec.loss = parseRatio(value);
  else if (name === 'dup') spec.duplicate = parseRatio(value);
  else if (name === 'reorder') spec.reorder = parseRatio(value);
  else if (name === 'corrupt') spec.corrupt = parseRatio(value);
  else if (name === 'delay') spec.delayNs = parseDurationNs(value);
  else if (name === 'jitter') spec.jitterNs = parseDurationNs(value);
  else if (name === 'ge') spec.gilbertElliott = readGilbertElliott(value);
  else if (name === 'list') spec.lossList = readList(value);
  else if (name === 'rate') spec.rateBitPerSecond = parseRate(value);
  else if (name === 'queue') spec.queueOctets = parseSizeOctets(value);
  else if (name === 'seed') spec.seed = parseCount(value);
  else if (name === 'beyond-window') spec.beyondWindow = readSwitch(value);
  else return false;
  return true;
}

function readGilbertElliott(value: string): GilbertElliott {
  const [p, r, lossGood, lossBad, ...more] = value.split(',').map(parseRatio);
  if (p === undefined || r === undefined || more.length > 0) {
    throw new McastError('ERR_USAGE', `"${value}" is not p,r or p,r,loss in the good,loss in the bad state`);
  }
  return { p, r, lossGood: lossGood ?? 0, lossBad: lossBad ?? 1 };
}

/** Ranges in ascending order, those that touch or overlap joined. */
function readList(value: string): (readonly [number, number])[] {
  const ranges = value.split(',').map((part): [number, number] => {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!(first <= last && last <= Number.MAX_SAFE_INTEGER)) {
      throw new McastError('ERR_USAGE', `"${part}" is not an ordinal or a range as 10-20`);
    }
    return [first, last];
  });
  ranges.sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before !== undefined && range[0] <= before[1] + 1) before[1] = Math.max(before[1], range[1]);
    else joined.push(range);
  }
  return joined;
}

function readSwitch(value: string): boolean {
  if (value !== 'yes' && value !== 'no') throw new McastError('ERR_USAGE', `"${value}" is neither yes nor no`);
  return value === 'yes';
}

/** Longest that one datagram may leave behind another that came after it, ns; queueing does not reorder. */
export function impairSpreadNs(spec: ImpairSpec): Nanos {
  const spread = spec.delayNs + spec.jitterNs - Math.max(0, spec.delayNs - spec.jitterNs);
  return spread + (spec.reorder > 0 ? REORDER_HOLD_NS : 0);
}

/** Longest that a datagram can be on its way, ns. */
export function impairLongestNs(spec: ImpairSpec): Nanos {
  const queueNs = spec.rateBitPerSecond === null ? 0 : (spec.queueOctets * 8e9) / spec.rateBitPerSecond;
  return spec.delayNs + spec.jitterNs + queueNs + (spec.reorder > 0 ? REORDER_HOLD_NS : 0);
}

/**
 * What makes this specification impossible, in words; none when it can be done. `packetsPerSecond` is
 * the rate of the fastest flow, where it is known; `flows` how many there are.
 */
export function impairProblems(spec: ImpairSpec, packetsPerSecond: number | null = null, flows = 1): string[] {
  const problems: string[] = [];
  const ge = spec.gilbertElliott;
  const ratios: [string, number][] = [
    ['loss', spec.loss],
    ['dup', spec.duplicate],
    ['reorder', spec.reorder],
    ['corrupt', spec.corrupt],
    ...(ge === null ? [] : [ge.p, ge.r, ge.lossGood, ge.lossBad].map((ratio): [string, number] => ['ge', ratio])),
  ];
  for (const [name, ratio] of ratios) if (!(ratio >= 0 && ratio <= 1)) problems.push(`${name} is not within 0..1`);
  if (!(spec.delayNs >= 0 && spec.jitterNs >= 0)) problems.push('delay and jitter cannot be negative');
  if (spec.rateBitPerSecond !== null && !(spec.rateBitPerSecond > 0)) problems.push('rate is not above 0');
  if (spec.beyondWindow || problems.length > 0) return problems;
  const hold = spec.reorder > 0 ? ' (50ms of it for reorder)' : '';
  const longestNs = spec.delayNs + spec.jitterNs + (spec.reorder > 0 ? REORDER_HOLD_NS : 0);
  if (longestNs >= REORDER_WINDOW_NS) {
    problems.push(
      `a delay of up to ${longestNs / 1e6}ms${hold} is beyond the receiver's reorder window of 1s: datagrams that come later count as lost; shorten it, or add beyond-window=yes`,
    );
  }
  const spreadPackets = packetsPerSecond === null ? 0 : (impairSpreadNs(spec) * packetsPerSecond) / 1e9;
  const window = flows > FEW_STREAMS ? REORDER_WINDOW_PACKETS_MANY : REORDER_WINDOW_PACKETS;
  if (Number.isFinite(spreadPackets) && spreadPackets >= window) {
    problems.push(
      `jitter and reorder shift datagrams by up to ${Math.ceil(spreadPackets)} others, beyond the receiver's reorder window of ${window}; lower the rate or the jitter, or add beyond-window=yes`,
    );
  }
  return problems;
}
