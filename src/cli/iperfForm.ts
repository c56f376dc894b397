/** iperf's own command line, answered with the `mcast` command that does the same. */
import { isMulticast, parseAddress } from '../core/address.js';
import { OPTION_NAMES, OPTIONS, optionsOf } from '../profile/options.js';

/** Options of iperf 2 that mean the same here, and take a value. */
const SAME = new Set(['-i', '-t', '-b', '-l', '-P', '-T', '-S', '-w']);
/** Those with a value that have no counterpart. */
const DROPPED_WITH_VALUE = new Set(['-f', '-o', '-M', '-n', '-F', '-L', '-y', '-Z']);

/** Whether the words behind `mcast` are iperf's: `-s ...` or `-c <group> ...`. */
export function isIperfForm(argv: readonly string[]): boolean {
  const words = argv.filter((word) => /^(-[a-zA-Z]*[sc]|-[sc].*|--server|--client)$/.test(word));
  return argv[0]?.startsWith('-') === true && words.length > 0;
}

/** The command, ready to paste. */
export function fromIperf(argv: readonly string[]): string {
  let command: 'recv' | 'send' = 'recv';
  let group = '239.1.1.1';
  let port = '5001';
  let source = '';
  let iface = '';
  let isUdp = false;
  const options: (readonly [name: string, value: string])[] = [];
  const rest = argv.flatMap(splitWord);
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '-c') {
      command = 'send';
      group = rest.shift() ?? group;
    } else if (word === '-B') [group, iface] = boundTo(rest.shift() ?? '', group, iface);
    else if (word === '-p') port = rest.shift() ?? port;
    else if (word === '-H') source = `${rest.shift() ?? ''}@`;
    else if (SAME.has(word)) options.push([word, rest.shift() ?? '']);
    else if (DROPPED_WITH_VALUE.has(word)) rest.shift();
    else if (word === '-1') options.push(['-1', '']);
    else if (word === '-u') isUdp = true;
  }
  const zone = group.indexOf('%');
  if (zone >= 0) {
    iface = group.slice(zone + 1);
    group = group.slice(0, zone);
  }
  const place = group.includes(':') ? `${group}/port=${port}` : `${group}:${port}`;
  const parameter = iface === '' ? '' : `/iface=${iface}`;
  const address = parseAddress(group);
  const isGroup = address === null || isMulticast(address);
  const unicast = isGroup ? '' : '--unicast';
  // The other end may be iperf. With TCP it cannot be.
  const scheme = isUdp || isGroup ? 'iperf' : 'probe';
  const words = options.flatMap(([name, value]) => optionWords(command, name, value));
  return ['mcast', command, `${scheme}://${source}${place}${parameter}`, ...words, unicast]
    .filter((word) => word !== '')
    .join(' ');
}

/** An option that the command does not have is left out: iperf has all of them at both ends. */
function optionWords(command: 'recv' | 'send', name: string, value: string): string[] {
  // One option for the buffer of either end.
  if (name === '-w' && command === 'send') return ['--sndbuf', octets(value)];
  const own = optionsOf(command);
  const row = OPTION_NAMES.find((candidate) => `-${OPTIONS[candidate].short}` === name);
  if (row === undefined || !own.includes(row)) return [];
  return [name, name === '-w' || name === '-l' ? octets(value) : value];
}

/** iperf's capital prefixes of sizes are binary. */
function octets(value: string): string {
  return value.replace(/[KMG]$/, '$&i');
}

/** `-B`: the group at a server, the own address (and with it the interface) at a client. */
function boundTo(word: string, group: string, iface: string): [group: string, iface: string] {
  const [address = '', zone = ''] = word.split('%');
  const first = parseAddress(address)?.[0] ?? 0;
  if (first >= 224) return [address, zone === '' ? iface : zone];
  return [group, zone === '' ? address : zone];
}

const LONG: ReadonlyMap<string, string> = new Map([
  ['--server', '-s'],
  ['--client', '-c'],
  ['--bind', '-B'],
  ['--port', '-p'],
  ['--ssm-host', '-H'],
  ['--interval', '-i'],
  ['--time', '-t'],
  ['--bandwidth', '-b'],
  ['--len', '-l'],
  ['--parallel', '-P'],
  ['--ttl', '-T'],
  ['--tos', '-S'],
  ['--window', '-w'],
  ['--singleclient', '-1'],
]);

/** Long names to short ones, `-suB` to `-s -u -B`, `-t5` to `-t 5`. */
function splitWord(word: string): string[] {
  const long = /^(--[a-z-]+)(?:=(.*))?$/.exec(word);
  if (long !== null) return [LONG.get(long[1]!) ?? long[1]!, ...(long[2] === undefined ? [] : [long[2]])];
  if (!/^-[a-zA-Z0-9]./.test(word)) return [word];
  const words: string[] = [];
  for (let i = 1; i < word.length; i++) {
    const letter = `-${word[i]}`;
    words.push(letter);
    const takesValue = SAME.has(letter) || DROPPED_WITH_VALUE.has(letter) || /^-[cBpH]$/.test(letter);
    if (takesValue && i + 1 < word.length) return [...words, word.slice(i + 1)];
  }
  return words;
}
