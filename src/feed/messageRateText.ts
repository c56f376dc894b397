/** Rates of messages as an operator writes them. */
import { McastError } from '../core/errors.js';
import { parseDurationNs } from '../core/units.js';
import type { RatePoint, RateProfile } from './messageRates.js';

/** Seen at equity feeds: four of five messages answer another one, within some milliseconds. */
export const BURSTS_BRANCHING = 0.8;
export const BURSTS_DECAY_NS = 10e6;
/** Beyond this a burst brings on so much that it may last for minutes. */
const MOST_BRANCHING = 0.99;

const HINT = 'A profile is constant, poisson, bursts[:<branching>/<decay>] as in bursts:0.8/10ms, or trace:<file>.';
const TRACE_HINT = 'A trace has lines <seconds>,<messages per second>, with rising seconds.';

/** `constant`, `poisson`, `bursts`, `bursts:0.8/10ms`. Throws McastError ERR_USAGE. */
export function parseRateProfile(text: string): RateProfile {
  if (text === 'constant' || text === 'poisson') return { kind: text };
  if (text === 'bursts') return { kind: 'bursts', branching: BURSTS_BRANCHING, decayNs: BURSTS_DECAY_NS };
  const match = /^bursts:([0-9]*\.?[0-9]+)\/(.+)$/u.exec(text);
  if (match === null) throw usage(`"${text}" is not a profile of rates`, HINT);
  const branching = Number(match[1]);
  if (branching > MOST_BRANCHING) throw usage(`branching ${match[1]}: at most ${MOST_BRANCHING}`, HINT);
  const decayNs = parseDurationNs(match[2]!);
  if (decayNs === 0) throw usage(`"${text}": a decay is above 0`, HINT);
  return { kind: 'bursts', branching, decayNs };
}

/** Lines of `seconds,rate`; empty ones and what follows a `#` are nothing. Throws McastError ERR_USAGE with the first line that is wrong. */
export function parseRateTrace(text: string): RatePoint[] {
  const points: RatePoint[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const content = line.trim().replace(/\s*#.*$/u, '');
    if (content === '') continue;
    const match = /^([0-9]*\.?[0-9]+)\s*,\s*([0-9]*\.?[0-9]+(?:[eE]\+?[0-9]+)?)$/u.exec(content);
    if (match === null) throw usage(`line ${i + 1} of the trace: "${content}" is not <seconds>,<rate>`, TRACE_HINT);
    const offsetNs = Math.round(Number(match[1]) * 1e9);
    const messagesPerSecond = Number(match[2]);
    if (!Number.isSafeInteger(offsetNs) || messagesPerSecond > MOST_RATE) {
      throw usage(`line ${i + 1} of the trace: "${content}" is too much`, TRACE_HINT);
    }
    if (offsetNs <= (points.at(-1)?.offsetNs ?? -1)) {
      throw usage(`line ${i + 1} of the trace: ${match[1]} s is not behind the line before`, TRACE_HINT);
    }
    points.push({ offsetNs, messagesPerSecond });
  }
  if (!points.some((point) => point.messagesPerSecond > 0)) throw usage('the trace has no messages', TRACE_HINT);
  return points;
}

/** One a ns. */
const MOST_RATE = 1e9;

function usage(message: string, hint: string): McastError {
  return new McastError('ERR_USAGE', message, { hint });
}
