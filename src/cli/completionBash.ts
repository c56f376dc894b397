/** A script with which bash completes. */
import {
  HELP_FLAGS,
  PROGRAMS,
  PROGRAMS_OF_COMMANDS,
  type CompletedOption,
  type CompletedValue,
  type Completion,
} from './completionModel.js';

/**
 * For bash 4 and newer, also without the package bash-completion. Bash cuts words at `=` and `:`: `--dscp=af` comes as
 * three words, and of `rtp://` only what stands behind the colon may be proposed.
 */
export function bashCompletion({ commands, options }: Completion): string {
  const programs = [...PROGRAMS, ...PROGRAMS_OF_COMMANDS.map(([program]) => program)];
  const lines = [
    '# Completion of mcast for bash, made by "mcast completion bash". In ~/.bashrc:',
    '#   eval "$(mcast completion bash)"',
    '',
    '_mcast_add() {',
    '  # $1: a whole value. Bash replaces what stands behind the last sign at which it cuts.',
    '  local word=$attached$1 written=$attached$current sign front skip=',
    '  for sign in = :; do',
    '    [[ $COMP_WORDBREAKS == *"$sign"* && $written == *"$sign"* ]] || continue',
    '    front=${written%"${written##*"$sign"}"}',
    '    ((${#front} > ${#skip})) && skip=$front',
    '  done',
    '  COMPREPLY+=("${word#"$skip"}")',
    '}',
    '',
    '_mcast_propose() {',
    '  local word',
    '  while IFS= read -r word; do [[ -n $word ]] && _mcast_add "$word"; done < <(compgen -W "$1" -- "$current")',
    '  # Beginnings of values go on without a blank.',
    '  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null',
    '  return 0',
    '}',
    '',
    '_mcast_paths() {',
    '  # $1: -f files, -d folders',
    '  local path',
    '  while IFS= read -r path; do _mcast_add "$path"; done < <(compgen "$1" -- "$current")',
    '  [[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o filenames 2>/dev/null',
    '  return 0',
    '}',
    '',
    "_mcast_interfaces() { { ls /sys/class/net || ifconfig -l; } 2>/dev/null | tr '\\n' ' '; }",
    '',
    '_mcast() {',
    '  local line=${COMP_LINE:0:COMP_POINT} current previous command= option= attached= at',
    '  # Words as the shell has them, not as bash cuts them here.',
    '  local -a words; read -ra words <<<"$line"',
    "  [[ $line == *[[:space:]] ]] && words+=('')",
    '  at=$((${#words[@]} - 1)); current=${words[at]}; previous=; ((at > 0)) && previous=${words[at - 1]}',
    '  COMPREPLY=()',
    '  case ${words[0]##*/} in',
    ...PROGRAMS_OF_COMMANDS.map(([program, command]) => `    ${program}) command=${command} ;;`),
    '    *) ((at > 1)) && command=${words[1]} ;;',
    '  esac',
    '  if [[ -z $command ]]; then',
    `    _mcast_propose ${quoted([...commands.map(({ name }) => name), ...HELP_FLAGS, '-V', '--version'])}`,
    '    return',
    '  fi',
    '  if [[ $current == --*=* ]]; then option=${current%%=*}; attached=$option=; current=${current#*=}',
    `  elif [[ $previous == -* ]]; then`,
    '    case $previous in',
    ...valued(options).map((patterns) => `      ${patterns}) option=$previous ;;`),
    '    esac',
    '  fi',
    '  case $option in',
    "    '') ;;",
    ...options
      .filter(({ takes }) => takes !== 'nothing')
      .map((option) => `    ${patternOf(option)}) ${proposals(option)} return ;;`),
    '    *) return ;;',
    '  esac',
    '  case $command in',
    ...commands.flatMap(({ name, options: own, operands }) => [
      `    ${name})`,
      `      if [[ $current == -* ]]; then`,
      `        _mcast_propose ${quoted([...own.flatMap(({ flags }) => flags), ...HELP_FLAGS])}`,
      `      else ${proposals(operands)}`,
      '      fi ;;',
    ]),
    '  esac',
    '}',
    '',
    `complete -F _mcast ${programs.join(' ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Options of which the next word is the value. */
function valued(options: readonly CompletedOption[]): string[] {
  const patterns = options.filter(({ takes }) => takes === 'a value').map(patternOf);
  return [patterns.join('|')];
}

function patternOf({ flags }: CompletedOption): string {
  return flags.join('|');
}

function proposals({ words, sources }: CompletedValue): string {
  const calls = [
    ...(words.length === 0 ? [] : [`_mcast_propose ${quoted(words)};`]),
    ...(sources.includes('interface') ? ['_mcast_propose "$(_mcast_interfaces)";'] : []),
    ...(sources.includes('file') ? ['_mcast_paths -f;'] : []),
    ...(sources.includes('folder') ? ['_mcast_paths -d;'] : []),
  ];
  return calls.length === 0 ? ':;' : calls.join(' ');
}

function quoted(words: readonly string[]): string {
  return `'${words.join(' ')}'`;
}
