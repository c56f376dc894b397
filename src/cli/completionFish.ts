/** A script with which fish completes. */
import {
  PROGRAMS,
  PROGRAMS_OF_COMMANDS,
  type CompletedOption,
  type CompletedValue,
  type Completion,
} from './completionModel.js';

/** For fish 3 and newer. */
export function fishCompletion({ commands, options }: Completion): string {
  const lines = [
    '# Completion of mcast for fish, made by "mcast completion fish". In ~/.config/fish/config.fish:',
    '#   mcast completion fish | source',
    '',
    'function __mcast_command --description "The command that is being written, of those that are named"',
    '    set -l words (commandline -opc)',
    '    set -l command $words[2]',
    '    switch (basename -- $words[1])',
    ...PROGRAMS_OF_COMMANDS.flatMap(([program, command]) => [
      `        case ${program}`,
      `            set command ${command}`,
    ]),
    '    end',
    '    if test (count $argv) -eq 0',
    '        test -z "$command"',
    '    else',
    '        contains -- "$command" $argv',
    '    end',
    'end',
    '',
    'function __mcast_interfaces',
    '    ls /sys/class/net 2>/dev/null; or ifconfig -l 2>/dev/null | string split " "',
    'end',
    '',
  ];
  for (const program of [...PROGRAMS, ...PROGRAMS_OF_COMMANDS.map(([name]) => name)]) {
    const complete = (condition: string, rest: string): void => {
      lines.push(`complete -c ${program} -n ${single(condition)} ${rest}`);
    };
    complete('true', '-f');
    const isOne = PROGRAMS_OF_COMMANDS.some(([name]) => name === program);
    const own = PROGRAMS_OF_COMMANDS.find(([name]) => name === program)?.[1] ?? null;
    complete('true', "-s h -l help -d 'one screen of help'");
    complete('true', "-l help-all -d 'everything'");
    if (!isOne) {
      complete('__mcast_command', "-s V -l version -d 'the version'");
      for (const { name, gist } of commands) complete('__mcast_command', `-a ${name} -d ${single(gist)}`);
    }
    for (const { name, operands } of commands) {
      if (own !== null && name !== own) continue;
      for (const proposal of proposals(operands)) complete(`__mcast_command ${name}`, proposal);
    }
    for (const option of options) {
      const takers = commands.filter((command) => command.options.includes(option)).map(({ name }) => name);
      if (own !== null && !takers.includes(own)) continue;
      complete(`__mcast_command ${takers.join(' ')}`, optionWords(option));
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

function optionWords(option: CompletedOption): string {
  const { flags, takes, gist } = option;
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
  // -r, -x: the next word is the value; without them one stands behind = only. -f, -x: no files.
  const isFile = option.sources.includes('file');
  const required = takes === 'nothing' ? '' : takes === 'a value' ? (isFile ? ' -r' : ' -x') : isFile ? '' : ' -f';
  const values = takes === 'nothing' ? '' : ` ${proposals(option).join(' ')}`;
  return `${names}${required}${values} -d ${single(gist)}`.replaceAll(/ {2,}/g, ' ');
}

function proposals({ words, sources }: CompletedValue): string[] {
  const from = sources.includes('interface') ? ['(__mcast_interfaces)'] : [];
  const folders = sources.includes('folder') ? ['(__fish_complete_directories)'] : [];
  const all = [...words, ...from, ...folders];
  return [...(sources.includes('file') ? ['-F'] : []), ...(all.length === 0 ? [] : [`-a ${single(all.join(' '))}`])];
}

function single(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
