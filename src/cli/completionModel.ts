/** What a shell may propose, from the tables of commands and options; the scripts for the shells are made of it. */
import { BENCH_TESTS } from '../profile/benchOptions.js';
import { INTERVAL_FIGURES } from '../result/intervalFigures.js';
import { limitNames } from '../result/limitNames.js';
import {
  COMMANDS,
  hasOptionalValue,
  OPTION_NAMES,
  OPTIONS,
  optionsOf,
  type CommandName,
  type OptionName,
  type OptionRow,
} from '../profile/options.js';
import { COMMAND_ROWS } from './commands.js';

/** Where further proposals come from when they are asked for. */
export type ValueSource = 'interface' | 'file' | 'folder';

export interface CompletedValue {
  readonly words: readonly string[];
  readonly sources: readonly ValueSource[];
}

export interface CompletedOption extends CompletedValue {
  readonly name: OptionName;
  /** `--rate`, and `-b` where there is one. */
  readonly flags: readonly string[];
  /** `optional`: only behind `=`. */
  readonly takes: 'nothing' | 'a value' | 'optional';
  /** Placeholder of its value, without brackets. */
  readonly placeholder: string;
  /** A few words. */
  readonly gist: string;
  readonly many: boolean;
}

export interface CompletedCommand {
  readonly name: CommandName;
  readonly gist: string;
  readonly options: readonly CompletedOption[];
  readonly operands: CompletedValue;
}

export interface Completion {
  readonly commands: readonly CompletedCommand[];
  /** Of any command. */
  readonly options: readonly CompletedOption[];
}

/** The names under which the command is installed; of two of them it is a command already. */
export const PROGRAMS = ['mcast', 'mcastkit'] as const;
export const PROGRAMS_OF_COMMANDS = [
  ['mcast-send', 'send'],
  ['mcast-recv', 'recv'],
] as const satisfies readonly (readonly [string, CommandName])[];
/** What every command takes beside its options. */
export const HELP_FLAGS = ['-h', '--help', '--help-all'] as const;

const SCHEMES = ['probe://', 'rtp://', 'udp://', 'mold://', 'mdp://', 'xdp://'];

/** `profiles`: names of those that come with the package. */
export function completionOf(profiles: readonly string[]): Completion {
  const byName = new Map(
    OPTION_NAMES.filter((name) => !OPTIONS[name].hidden).map((name) => [name, optionOf(name, profiles)]),
  );
  const commands = COMMANDS.map((name): CompletedCommand => {
    const options = optionsOf(name).flatMap((option) => byName.get(option) ?? []);
    return { name, gist: COMMAND_ROWS[name].gist, options, operands: operandsOf(name, profiles) };
  });
  return { commands, options: [...byName.values()] };
}

function optionOf(name: OptionName, profiles: readonly string[]): CompletedOption {
  const row: OptionRow = OPTIONS[name];
  const placeholder = row.value?.replaceAll(/^\[=|\]$|['<>]/g, '') ?? '';
  return {
    name,
    flags: [`--${name}`, ...(row.short === null ? [] : [`-${row.short}`])],
    takes: row.value === null ? 'nothing' : hasOptionalValue(row) ? 'optional' : 'a value',
    placeholder,
    // Up to where a help begins to tell more.
    gist: row.gist ?? row.help.split(/[:;.] |: /)[0]!,
    many: row.many,
    ...valueOf(name, placeholder, row, profiles),
  };
}

function valueOf(
  name: OptionName,
  placeholder: string,
  { words, section }: OptionRow,
  profiles: readonly string[],
): CompletedValue {
  if (section === 'Limits' && placeholder.startsWith('name')) {
    const figures = name.endsWith('-each') ? [...INTERVAL_FIGURES.keys()] : limitNames();
    return { words: name === 'expect' ? figures : figures.map((figure) => `${figure}=`), sources: [] };
  }
  if (name === 'profile') return { words: profiles, sources: ['file'] };
  const own = words.length > 0 && !words.some((word) => /[:]$/.test(word)) ? [] : sourcesOf(placeholder);
  const schemes = /\bendpoint\b/.test(placeholder) ? SCHEMES : [];
  // Inputs and payloads are files as well.
  const isFile = name === 'input' || name === 'payload';
  return { words: [...words, ...schemes], sources: isFile ? ['file'] : own };
}

/** By what a placeholder calls a value. */
function sourcesOf(placeholder: string): ValueSource[] {
  const kinds = new Set(placeholder.split(/[^a-z-]+/));
  const has = (...names: readonly string[]): boolean => names.some((name) => kinds.has(name));
  return [
    ...(has('interface') ? (['interface'] as const) : []),
    ...(has('file', 'capture', 'ts', 'result', 'line-up', 'path') ? (['file'] as const) : []),
    ...(has('folder') ? (['folder'] as const) : []),
  ];
}

/** Words in a command's usage that stand for themselves, schemes for endpoints, files where it reads some. */
function operandsOf(command: CommandName, profiles: readonly string[]): CompletedValue {
  const { operands } = COMMAND_ROWS[command];
  const places = [...operands.matchAll(/<([^>]*)>/g)].map(([, place]) => place!);
  const literal = operands.replaceAll(/<[^>]*>/g, ' ').split(/[^a-z-]+/);
  const hasEndpoint = places.some((place) => /\b(endpoint|from|to)\b/.test(place));
  // A choice of words, as of shells: none of them is a kind of thing.
  const choices = places.flatMap((place) => (KINDS.test(place) ? [] : place.split('|')));
  const takesProfile = COMMAND_ROWS[command].instead?.includes('profile') === true;
  const named = takesProfile || places.some((place) => /\bname\b/.test(place)) ? profiles : [];
  const schemes = hasEndpoint ? [...SCHEMES, ...(command === 'relay' ? ['srt://'] : [])] : [];
  const tests = command === 'bench' ? BENCH_TESTS : [];
  const words = [...literal, ...choices, ...tests, ...schemes, ...(command === 'recv' ? ['sap://'] : []), ...named];
  const readsFiles = takesProfile || places.some((place) => sourcesOf(place).includes('file'));
  return { words: words.filter((word) => word !== ''), sources: readsFiles ? ['file'] : [] };
}

const KINDS = /\b(test|endpoint|line-up|capture|ts|result|from|to|name|file|interface)\b/;
