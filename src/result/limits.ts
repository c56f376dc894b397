import { McastError } from '../core/errors.js';
import { limitTarget, type LimitTarget } from './limitNames.js';
import { parseLimitValue } from './limitValue.js';

export type LimitOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** What a figure of the result must satisfy. Made by {@link parseMax}, {@link parseMin}, {@link parseExpect}. */
export interface Limit {
  /** `<name> <operator> <value>`, as written. */
  readonly expression: string;
  readonly target: LimitTarget;
  readonly operator: LimitOperator;
  readonly value: number | string;
  /** Only streams in these places; left out: all. What is no figure of streams is judged all the same. */
  readonly places?: readonly LimitPlace[];
}

/** Where streams are that a limit is for. */
export interface LimitPlace {
  readonly group: string;
  readonly port: number;
}

/** `--max name=value`: the figure may be at most so much. `option`: how it is called in messages. */
export function parseMax(text: string, option = '--max'): Limit {
  return assignment(option, text, '<=');
}

/** `--min name=value`: the figure must be at least so much. */
export function parseMin(text: string, option = '--min'): Limit {
  return assignment(option, text, '>=');
}

function assignment(option: string, text: string, operator: LimitOperator): Limit {
  const equals = text.indexOf('=');
  if (
    equals <= 0 ||
    equals === text.length - 1 ||
    /[<>!=]/u.test(text.slice(equals + 1)) ||
    /[<>!]/u.test(text.slice(0, equals))
  ) {
    const name = /^[a-z0-9_.]+/u.exec(text)?.[0] ?? 'name';
    throw new McastError('ERR_USAGE', `${option} "${text}" is not name=value: write ${option} ${name}=<value>`);
  }
  return limit(option, text.slice(0, equals).trim(), operator, text.slice(equals + 1).trim());
}

const OPERATORS: readonly LimitOperator[] = ['<=', '>=', '==', '!=', '<', '>'];

/** `--expect '<name><op><value>'` with `< <= > >= == != =`. */
export function parseExpect(text: string): Limit {
  const match = /^\s*([A-Za-z0-9_.]*)\s*([<>=!]*)\s*(.*?)\s*$/u.exec(text)!;
  const [, name = '', written = '', value = ''] = match;
  const operator = written === '=' ? '==' : OPERATORS.find((one) => one === written);
  if (name !== '' && operator !== undefined && value !== '') return limit('--expect', name, operator, value);
  if (written === '') throw new McastError('ERR_USAGE', lostOperator(text, name, value));
  if (operator === undefined) {
    const swapped = [...written].toReversed().join('');
    const meant = OPERATORS.some((one) => one === swapped)
      ? `: write ${name}${swapped}${value}`
      : `: one of ${OPERATORS.join(' ')}`;
    throw new McastError('ERR_USAGE', `--expect "${text}": "${written}" is no operator${meant}`);
  }
  const lacking = name === '' ? 'no name stands before the operator' : 'no value stands behind the operator';
  throw new McastError('ERR_USAGE', `--expect "${text}": ${lacking}: write --expect '<name>${operator}<value>'`);
}

/** A shell takes an unquoted `<` or `>` for itself, and what follows for a file's name. */
function lostOperator(text: string, name: string, value: string): string {
  const subject = name === '' ? '<name>' : name;
  const example = value === '' ? '<value>' : value;
  return (
    `--expect "${text}" has no operator; the shell takes < and > for itself: ` +
    `quote it, as --expect '${subject}<=${example}', or write --max ${subject}=${example}`
  );
}

function limit(option: string, name: string, operator: LimitOperator, text: string): Limit {
  const target = limitTarget(name);
  if (typeof target === 'string') throw new McastError('ERR_USAGE', `${option}: ${target}`);
  let value: number | string;
  try {
    value = parseLimitValue(target, text);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    throw new McastError('ERR_USAGE', `${option} ${name}: ${error.message}`, { cause: error });
  }
  const ordered = operator !== '==' && operator !== '!=';
  if (ordered && (typeof value === 'string' || (target.kind === 'metric' && target.id === 'dscp_received'))) {
    throw new McastError('ERR_USAGE', `${option} ${name} has no order: write --expect '${name}==${text}'`);
  }
  return { expression: `${name} ${operator} ${text}`, target, operator, value };
}
