/** Options as a program gives them: the same names, values and rules as on the command line. */
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { OPTIONS, optionsOf, type CommandName, type OptionName } from './options.js';
import { readOptions, throwProblems, type GivenOptions } from './readOptions.js';

/** What a command prints and where; a program has ways of its own. */
const PRINTING = [
  'json',
  'quiet',
  'plain',
  'utc',
  'ready-file',
  'report',
  'series',
  'metrics',
  'otlp',
  'influx',
  'influx-token-file',
] as const satisfies readonly OptionName[];
type Printing = (typeof PRINTING)[number];

/**
 * The value of an option, as text in the form of the command line (`'20M'`, `'10s'`, `'af41'`), as a
 * number in the option's own unit (bit/s, seconds, octets), or as a switch. Octets are for `payload`.
 */
export type OptionInput = string | number | boolean | Uint8Array;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/**
 * Options of a run: those of the command of the same kind, in camelCase (`docs/cli.md` lists them with
 * their values and defaults). Those that may be repeated take an array. `undefined` is as left out.
 */
export type RunOptions = {
  readonly [Name in Exclude<OptionName, Printing> as CamelCase<Name>]?:
    | OptionInput
    | readonly OptionInput[]
    | undefined;
};

/** Reads and checks the options of one call. Throws McastError ERR_USAGE, all problems at once. */
export function readOptionObject(command: CommandName, options: RunOptions): GivenOptions {
  const known = new Map(
    optionsOf(command)
      .filter((name) => !(PRINTING as readonly OptionName[]).includes(name))
      .map((name) => [camelCase(name), name]),
  );
  const problems: McastError[] = [];
  const written = new Map<OptionName, string[]>();
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const name = known.get(key);
    if (name === undefined) {
      problems.push(usage(`"${key}" is no option of ${command}${didYouMean(key, known.keys())}`));
      continue;
    }
    const inputs = Array.isArray(value) ? (value as readonly OptionInput[]) : [value as OptionInput];
    if (inputs.length > 1 && !OPTIONS[name].many) problems.push(usage(`${key}: one value is all it takes`));
    const texts: string[] = [];
    for (const input of inputs) {
      const text = textOf(input);
      if (text === null) problems.push(usage(`${key}: a value is text, a number or true, not ${describe(input)}`));
      else texts.push(text);
    }
    written.set(name, texts);
  }
  const values = readOptions(written, camelCase, problems);
  throwProblems(problems);
  return { command, values, written };
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** As it would be written on the command line; `null`: it cannot be. */
function textOf(input: unknown): string | null {
  if (typeof input === 'string') return input;
  if (typeof input === 'boolean') return input ? 'yes' : 'no';
  if (input instanceof Uint8Array) {
    return `hex:${Array.from(input, (octet) => octet.toString(16).padStart(2, '0')).join('')}`;
  }
  if (typeof input !== 'number' || Number.isNaN(input)) return null;
  if (input === Infinity) return 'max';
  const text = String(input);
  // 1e-7 is a number in JavaScript only.
  return text.includes('e-') ? input.toFixed(20).replace(/0+$/, '') : text;
}

function describe(input: unknown): string {
  return typeof input === 'number' ? String(input) : input === null ? 'null' : `a value of type ${typeof input}`;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message, { hint: 'docs/cli.md lists the options; here they are in camelCase.' });
}
