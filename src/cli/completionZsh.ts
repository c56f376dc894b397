/** A script with which zsh completes. */
import {
  PROGRAMS,
  PROGRAMS_OF_COMMANDS,
  type CompletedCommand,
  type CompletedOption,
  type CompletedValue,
  type Completion,
} from './completionModel.js';

/** To be read (`source`), or to be put as `_mcast` into a folder of `fpath`. */
export function zshCompletion({ commands, options }: Completion): string {
  const programs = [...PROGRAMS, ...PROGRAMS_OF_COMMANDS.map(([program]) => program)].join(' ');
  const lines = [
    `#compdef ${programs}`,
    '# Completion of mcast for zsh, made by "mcast completion zsh": as a file _mcast in a folder of fpath, or in ~/.zshrc',
    '# behind compinit:',
    '#   source <(mcast completion zsh)',
    '',
    ...options.filter(({ words }) => words.length > 0).flatMap((option) => wordsFunction(option.name, option)),
    ...commands
      .filter(({ operands }) => hasAny(operands))
      .flatMap(({ name, operands }) => wordsFunction(`operand_${name}`, operands)),
    '_mcast_interfaces() {',
    '  local -a interfaces',
    '  interfaces=(${(f)"$({ ls /sys/class/net || ifconfig -l | tr " " "\\n"; } 2>/dev/null)"})',
    '  compadd -a interfaces',
    '}',
    '',
    '_mcast_commands() {',
    '  local -a commands',
    `  commands=(${commands.map(({ name, gist }) => single(`${name}:${gist}`)).join(' ')})`,
    "  _describe -t commands 'command of mcast' commands",
    '}',
    '',
    ...commands.flatMap(commandFunction),
    '_mcast() {',
    '  local curcontext="$curcontext" state line',
    '  typeset -A opt_args',
    '  case $service in',
    ...PROGRAMS_OF_COMMANDS.map(([program, command]) => `    ${program}) _mcast_command_${command}; return ;;`),
    '  esac',
    "  _arguments -C '(- *)'{-h,--help}'[one screen of help]' '(- *)--help-all[everything]' \\",
    "    '(- *)'{-V,--version}'[the version]' '1:command:_mcast_commands' '*::argument:->rest'",
    '  [[ $state == rest ]] || return',
    '  case $words[1] in',
    ...commands.map(({ name }) => `    ${name}) _mcast_command_${name} ;;`),
    '  esac',
    '}',
    '',
    '# Read, or called because it is in fpath.',
    `if [[ $funcstack[1] == _mcast ]]; then _mcast "$@"; else compdef _mcast ${programs}; fi`,
  ];
  return `${lines.join('\n')}\n`;
}

function hasAny({ words, sources }: CompletedValue): boolean {
  return words.length > 0 || sources.length > 0;
}

/** Proposes words, beginnings of values without a blank behind them, and what comes from elsewhere. */
function wordsFunction(name: string, { words, sources }: CompletedValue): string[] {
  const open = words.filter((word) => /[=:/]$/.test(word));
  const whole = words.filter((word) => !open.includes(word));
  return [
    `_mcast_words_${functionName(name)}() {`,
    ...(whole.length === 0 ? [] : [`  compadd -- ${whole.map(single).join(' ')}`]),
    ...(open.length === 0 ? [] : [`  compadd -S '' -- ${open.map(single).join(' ')}`]),
    ...(sources.includes('interface') ? ['  _mcast_interfaces'] : []),
    ...(sources.includes('file') ? ['  _files'] : []),
    ...(sources.includes('folder') ? ['  _files -/'] : []),
    '}',
    '',
  ];
}

function commandFunction({ name, options, operands }: CompletedCommand): string[] {
  const help = ["'(- *)'{-h,--help}'[one screen of help]'", "'(- *)--help-all[every option]'"];
  const rest = hasAny(operands) ? [`'*:operand:_mcast_words_operand_${name}'`] : [];
  const specs = [...options.flatMap(optionSpec), ...help, ...rest];
  return [`_mcast_command_${name}() {`, `  _arguments -s -S \\`, `    ${specs.join(' \\\n    ')}`, '}', ''];
}

function optionSpec(option: CompletedOption): string[] {
  const { flags, takes, placeholder, gist, many } = option;
  const before = many ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : '';
  return flags.map((flag) => {
    const isLong = flag.startsWith('--');
    const sign = takes === 'nothing' ? '' : takes === 'optional' ? (isLong ? '=-' : '') : isLong ? '=' : '+';
    const colons = takes === 'optional' ? '::' : ':';
    const value =
      takes === 'nothing' || (takes === 'optional' && !isLong)
        ? ''
        : `${colons}${escaped(placeholder)}:${actionOf(option)}`;
    return single(`${before}${flag}${sign}[${escaped(gist)}]${value}`);
  });
}

function actionOf({ name, words, sources }: CompletedOption): string {
  if (words.length > 0) return `_mcast_words_${functionName(name)}`;
  if (sources.includes('interface')) return '_mcast_interfaces';
  if (sources.includes('folder')) return '_files -/';
  return sources.includes('file') ? '_files' : ' ';
}

function functionName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Signs of `_arguments` in a description. */
function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`);
}

function single(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
