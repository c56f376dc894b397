import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { INTERVAL_FIGURES } from './intervalFigures.js';
import { parseMax, parseMin, type Limit, type LimitPlace } from './limits.js';

/** What a figure must satisfy in every interval. Made by {@link parseMaxEach}, {@link parseMinEach}; plain data. */
export interface EachLimit {
  /** `each <name> <operator> <value>`, as written. */
  readonly expression: string;
  /** A key of `INTERVAL_FIGURES`. */
  readonly figure: string;
  readonly operator: '<=' | '>=';
  readonly value: number;
  /** Only of streams in these places; left out: of all. */
  readonly places?: readonly LimitPlace[];
}

/** `--max-each name=value`: the figure may be at most so much in any interval. Throws ERR_USAGE. */
export function parseMaxEach(text: string): EachLimit {
  return perInterval('--max-each', text, parseMax);
}

/** `--min-each name=value`: the figure must be at least so much in every interval. Throws ERR_USAGE. */
export function parseMinEach(text: string): EachLimit {
  return perInterval('--min-each', text, parseMin);
}

function perInterval(option: string, text: string, read: (text: string, option: string) => Limit): EachLimit {
  const { expression, operator, value } = read(text, option);
  const [figure = ''] = expression.split(' ');
  if (!INTERVAL_FIGURES.has(figure) || typeof value === 'string') {
    const near = didYouMean(figure, INTERVAL_FIGURES.keys());
    const list = near === '' ? ', but for the whole run: docs/metrics.md lists those that are' : near;
    throw new McastError('ERR_USAGE', `${option} ${figure}: this is not told per interval${list}`);
  }
  return { expression: `each ${expression}`, figure, operator: operator as EachLimit['operator'], value };
}
