/**
 * The command line: argv to a command, its operands and its options. Prints help and version; every
 * other thing that is wrong is a McastError. Ends no process.
 */
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { COMMAND_ROWS } from './commands.js';
import { commandHelp, commandHelpAll, greeting, overview, overviewAll } from './help.js';
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
import { readOptions, throwProblems, type GivenOptions, type WrittenOptions } from '../profile/readOptions.js';

export interface CommandModule<Context> {
  /** Runs the command to its end and resolves with the exit status. */
  run(options: GivenOptions, operands: readonly string[], context: Context): Promise<number>;
}

/** One `import()` per command, so that the help loads none of them. */
export type Handlers<Context> = Readonly<Record<CommandName, () => Promise<CommandModule<Context>>>>;

export interface Program<Context> {
  /** `argv`: without the interpreter and the script. Resolves with the exit status, rejects with McastError. */
  run(argv: readonly string[], context: Context): Promise<number>;
}

export interface ProgramOptions {
  readonly version: () => string;
  /** Where help and version go. */
  readonly print: (text: string) => void;
}

export function buildProgram<Context>(handlers: Handlers<Context>, options: ProgramOptions): Program<Context> {
  return {
    async run(argv, context) {
      const text = await helpFor(argv, options.version);
      if (text !== null) {
        options.print(text);
        return 0;
      }
      const { given, operands } = await readCommandLine(argv);
      const module = await handlers[given.command]();
      return await module.run(given, operands, context);
    },
  };
}

/** What is answered without reading the rest; `null`: nothing of the kind was asked. */
async function helpFor(argv: readonly string[], version: () => string): Promise<string | null> {
  const first = argv[0];
  if (first === undefined) return greeting();
  // Behind a command too: mcast-send and mcast-recv put theirs in front.
  if ([first, argv[1]].some((word) => word === '-V' || word === '--version')) return `${version()}\n`;
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const all = words.includes('--help-all');
  const asked = all || words.includes('-h') || words.includes('--help');
  const name = first === 'help' ? argv[1] : first;
  const command = COMMANDS.find((candidate) => candidate === name);
  if (first !== 'help' && !asked) return null;
  if (command !== undefined) return all ? commandHelpAll(command) : commandHelp(command);
  if (name !== undefined && !name.startsWith('-')) throw unknownCommand(name);
  return all ? overviewAll() : overview();
}

function unknownCommand(word: string): McastError {
  if (/:\/\/|^[0-9.]+(:|$)|^auto/.test(word)) {
    return usage(`what is to be done with ${word}? Write mcast send ${word} or mcast recv ${word}`, '');
  }
  return usage(`unknown command "${word}"${didYouMean(word, COMMANDS)} (${COMMANDS.join(' ')})`);
}

function usage(message: string, hint = 'See mcast -h.'): McastError {
  return new McastError('ERR_USAGE', message, { hint });
}

/** Reads a whole command line. Throws ERR_USAGE, with a line for each value that cannot be read. */
export async function readCommandLine(
  argv: readonly string[],
): Promise<{ given: GivenOptions; operands: readonly string[] }> {
  const first = argv[0] ?? '';
  if (first.startsWith('-')) {
    const { fromIperf, isIperfForm } = await import('./iperfForm.js');
    if (isIperfForm(argv)) throw usage(`this is iperf's form; here it is: ${fromIperf(argv)}`, '');
    throw usage(`the command comes first: mcast <${COMMANDS.join('|')}> ... ${first}`);
  }
  const command = COMMANDS.find((candidate) => candidate === first);
  if (command === undefined) throw unknownCommand(first);
  const { written, operands } = await parseWords(command, argv.slice(1));
  const row = COMMAND_ROWS[command];
  const isEnough = operands.length >= row.atLeast || row.instead?.some((name) => written.has(name)) === true;
  if (!isEnough) throw usage(`${command} needs ${row.operands}, as in: ${row.examples[0]}`, '');
  if (operands.length > row.atMost) {
    throw usage(
      row.atMost === 0
        ? `${command} takes no operand; "${operands[0]}" is one`
        : `${command} takes ${row.atMost === 1 ? 'one ' : ''}${row.operands}; "${operands[row.atMost]}" is one too many`,
    );
  }
  const problems: McastError[] = [];
  const values = readOptions(written, (name) => `--${name}`, problems);
  throwProblems(problems);
  return { given: { command, values, written }, operands };
}

/** Commander does the words; it is loaded here, because the help needs none of it. */
async function parseWords(
  command: CommandName,
  argv: readonly string[],
): Promise<{ written: WrittenOptions; operands: readonly string[] }> {
  const { Command, CommanderError, Option } = await import('commander');
  const { words, attached } = detachValues(argv);
  refuseAstray(words);
  const written = new Map<OptionName, string[]>();
  const program = new Command(command)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .helpOption(false)
    .showSuggestionAfterError(false)
    .argument('[operands...]');
  for (const name of optionsOf(command)) {
    const row: OptionRow = OPTIONS[name];
    const value = row.value === null || hasOptionalValue(row) ? '' : ' <value>';
    program.addOption(new Option(`${row.short === null ? '' : `-${row.short}, `}--${name}${value}`));
    // Events come in the order of writing, with the value as it was written.
    program.on(`option:${new Option(`--${name}`).name()}`, (text: string | undefined) => {
      const texts = written.get(name) ?? [];
      texts.push(hasOptionalValue(row) ? (attached.get(name) ?? '-') : (text ?? 'yes'));
      written.set(name, texts);
    });
  }
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw translated(command, error.message);
    throw error;
  }
  return { written, operands: program.args };
}

/**
 * An optional value is taken only behind `=`: `--json=file` becomes `--json`, its value is kept apart, and
 * commander sees flags, which never take the next word.
 */
function detachValues(argv: readonly string[]): { words: string[]; attached: ReadonlyMap<OptionName, string> } {
  const attached = new Map<OptionName, string>();
  const words = [...argv];
  for (let i = 0; i < words.length && words[i] !== '--'; i++) {
    for (const name of OPTION_NAMES) {
      const row: OptionRow = OPTIONS[name];
      if (!hasOptionalValue(row)) continue;
      for (const flag of [`--${name}`, `-${row.short}`]) {
        if (!words[i]!.startsWith(`${flag}=`)) continue;
        attached.set(name, words[i]!.slice(flag.length + 1));
        words[i] = `--${name}`;
      }
    }
  }
  return { words, attached };
}

/** `--metrics :9464`: the next word is never taken for a value, and this one would be no good as anything else. */
function refuseAstray(words: readonly string[]): void {
  for (const [i, word] of words.entries()) {
    const name = OPTION_NAMES.find((candidate) => word === `--${candidate}`);
    const row: OptionRow | null = name === undefined ? null : OPTIONS[name];
    const next = words[i + 1];
    if (row === null || row.astray === null || next === undefined || !row.astray.test(next)) continue;
    throw usage(`a value of ${word} is attached with =, as ${word}=${next}`, '');
  }
}

/** Commander's refusals in this program's words. */
function translated(command: CommandName, message: string): McastError {
  const hint = `See mcast ${command} -h.`;
  const unknown = /unknown option '([^'=]*)/.exec(message);
  if (unknown !== null) {
    const flag = unknown[1]!;
    const name = OPTION_NAMES.find((candidate) => flag === `--${candidate}` || flag === `-${OPTIONS[candidate].short}`);
    if (name !== undefined) {
      return usage(`${flag} is no option of ${command}, but of ${OPTIONS[name].commands.join(', ')}`, hint);
    }
    const near = flag.startsWith('--') ? didYouMean(flag.slice(2), optionsOf(command), '--') : '';
    return usage(`unknown option ${flag}${near}`, hint);
  }
  const missing = /option '(?:-., )?--([a-z0-9-]+) <value>' argument missing/.exec(message);
  if (missing !== null) {
    const name = missing[1] as OptionName;
    return usage(`--${name} needs a value: --${name} ${OPTIONS[name].value}`, hint);
  }
  return usage(message.replace(/^error: /, '').split('\n')[0]!, hint);
}
