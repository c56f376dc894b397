/** Help texts, made from the tables. Nothing else is loaded for them. */
import { inColumns, LEFT } from './columns.js';
import { COMMAND_ROWS } from './commands.js';
import {
  COMMANDS,
  hasOptionalValue,
  OPTION_NAMES,
  OPTIONS,
  optionsOf,
  SECTIONS,
  type CommandName,
  type OptionName,
  type OptionRow,
} from '../profile/options.js';

/** `mcast` alone: six lines, three examples. */
export function greeting(): string {
  return `mcast measures IP multicast: loss with its cause, delay, jitter, marking.
  mcast demo                                     see it, here and now
  mcast recv probe://239.1.1.1:5001              on one host, and then
  mcast send probe://239.1.1.1:5001 --rate 20M   on another: both measure
mcast -h is one screen, mcast <command> -h another; --help-all has everything.
Endpoints: [scheme://][source@]group[+n][:port][/name=value]...
`;
}

/** One screen of the whole. */
export function overview(): string {
  const commands = COMMANDS.map((name) => {
    const row = COMMAND_ROWS[name];
    return `  ${`${name} ${row.operands}`.padEnd(LEFT - 3)}  ${row.gist}`;
  });
  return `${[
    'Usage: mcast <command> <endpoint>... [options]; mcast <command> -h has more',
    '',
    ...commands,
    '',
    'Endpoint: [scheme://][source[,source]@]group[+n][:port][/name=value]..., or a',
    '  line-up or a profile; probe://10.0.0.1@232.1.1.1:5001/iface=eth0/dscp=af41',
    '',
    'Exit status: 0 measured, within limits; 1 could not run, or write; 2 usage;',
    '  3 a limit exceeded, or nothing arrived; 4 invalid result; 130, 143 cut short',
  ].join('\n')}\n`;
}

/** One screen of a command. */
export function commandHelp(command: CommandName): string {
  const row = COMMAND_ROWS[command];
  const names = optionsOf(command).filter((name) => (OPTIONS[name].brief as readonly CommandName[]).includes(command));
  return `${[
    ...usageLines(command),
    '',
    ...names.map((name) => {
      const option: OptionRow = OPTIONS[name];
      // What a receiver is told was sent has no default.
      const plain = command === 'recv' && option.section === 'What is sent';
      return line(name, `${option.gist ?? option.help}${plain ? '' : fallback(option)}`);
    }),
    '',
    ...row.examples.map((example) => `  ${example}`),
    `All options: mcast ${command} --help-all`,
  ].join('\n')}\n`;
}

/** Every option of a command, by section. */
export function commandHelpAll(command: CommandName): string {
  const own = new Set<OptionName>(optionsOf(command));
  return `${[
    ...usageLines(command),
    ...sections((name) => own.has(name)),
    '',
    'Examples:',
    ...COMMAND_ROWS[command].examples.map((example) => `  ${example}`),
  ].join('\n')}\n`;
}

/** Everything. */
export function overviewAll(): string {
  return `${overview()}${sections(() => true, true).join('\n')}\n`;
}

function usageLines(command: CommandName): string[] {
  const row = COMMAND_ROWS[command];
  return [`Usage: mcast ${command} ${row.operands === '' ? '' : `${row.operands} `}[options]`, row.summary];
}

function sections(wanted: (name: OptionName) => boolean, withCommands = false): string[] {
  const lines: string[] = [];
  for (const section of SECTIONS) {
    const names = OPTION_NAMES.filter(
      (name) => OPTIONS[name].section === section && !OPTIONS[name].hidden && wanted(name),
    );
    if (names.length === 0) continue;
    lines.push('', `${section}:`);
    for (const name of names) {
      const option: OptionRow = OPTIONS[name];
      const commands = withCommands ? ` [${option.commands.join(' ')}]` : '';
      lines.push(...inColumns(left(name), `${option.help}${fallback(option)}${commands}`));
    }
  }
  return lines;
}

/** `-b, --rate <bit/s>`, as help and docs write it. */
export function optionTerm(name: OptionName): string {
  const option: OptionRow = OPTIONS[name];
  const value = option.value === null ? '' : hasOptionalValue(option) ? option.value : ` ${option.value}`;
  return `${option.short === null ? '' : `-${option.short}, `}--${name}${value}`;
}

function fallback(option: OptionRow): string {
  return option.fallback === null ? '' : ` (${option.fallback})`;
}

function left(name: OptionName): string {
  const term = optionTerm(name);
  return `  ${term.startsWith('--') ? `    ${term}` : term}`;
}

function line(name: OptionName, text: string): string {
  const start = left(name);
  return `${start.padEnd(LEFT - 1)} ${text}`;
}
