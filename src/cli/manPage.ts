/** The manual page, in the macros of man(7), made from the tables of commands and options. */
import {
  COMMANDS,
  hasOptionalValue,
  OPTION_NAMES,
  OPTIONS,
  optionsOf,
  SECTIONS,
  type OptionName,
  type OptionRow,
} from '../profile/options.js';
import { COMMAND_ROWS } from './commands.js';

/** `mcast.1` of a version of the package. */
export function manPage(version: string): string {
  const lines = [
    '.\\" Made from the tables of commands and options: src/cli/manPage.ts.',
    `.TH MCAST 1 "" "mcastkit ${version}" "mcastkit"`,
    // Figures and options are not to be torn, nor lines stretched.
    '.nh',
    '.ad l',
    '.SH NAME',
    'mcast \\- test instrument for IP multicast: sends, receives, and measures',
    '.SH SYNOPSIS',
    ...COMMANDS.flatMap((name) => [
      ...(name === COMMANDS[0] ? [] : ['.br']),
      `.B mcast ${name}`,
      ...written(`${COMMAND_ROWS[name].operands}${optionsOf(name).length === 0 ? '' : ' [options]'}`.trim()),
    ]),
    '.SH DESCRIPTION',
    ...paragraphs(ABOUT),
    '.SH COMMANDS',
    ...COMMANDS.flatMap((name) => {
      const { operands, summary } = COMMAND_ROWS[name];
      return ['.TP', `.B ${plain(`${name} ${operands}`.trim())}`, ...written(summary)];
    }),
    '.SH ENDPOINTS',
    ...paragraphs(ENDPOINTS),
    '.SH VALUES',
    ...VALUES.flatMap(([term, text]) => ['.TP', `.B ${plain(term)}`, ...written(text)]),
    '.SH OPTIONS',
    ...paragraphs(OPTIONS_ARE),
    ...SECTIONS.flatMap(optionSection),
    '.SH PROFILES',
    ...paragraphs(PROFILES),
    '.SH EXIT STATUS',
    ...STATUSES.flatMap(([term, text]) => ['.TP', `.B ${term}`, ...written(text)]),
    '.SH SIGNALS',
    ...paragraphs(SIGNALS),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([term, text]) => ['.TP', `.B ${term}`, ...written(text)]),
    '.SH EXAMPLES',
    ...COMMANDS.flatMap((name) => COMMAND_ROWS[name].examples).flatMap((example) => ['.EX', plain(example), '.EE']),
    '.SH SEE ALSO',
    ...paragraphs(SEE_ALSO),
  ];
  return `${lines.join('\n')}\n`;
}

const ABOUT = `mcast sends video, market data feeds, captures or numbered probe datagrams to multicast groups on an exact schedule, \
and measures what arrives: loss with its cause, duplication, reordering, jitter, one-way delay, DSCP and TTL as received, and \
the content of transport streams. It uses the kernel's stamps and counters where there are any, says where each figure came \
from, and judges its own measurement.

mcastkit is the same command; mcast-send and mcast-recv are mcast send and mcast recv. Of every command -h is one screen and \
--help-all has all of its options.`;

const ENDPOINTS = `[scheme://][source[,source]@]group[+n][:port][/name=value]...

The schemes are probe (numbered datagrams of our own), rtp and udp (transport streams, or any payload), mold, mdp and xdp \
(feeds), sap (announced sessions, at a receiver) and srt (where relay takes one). A source makes it source-specific: the \
receiver joins it, the sender binds to it. +n are n consecutive groups; the group auto is a random one. IPv6 stands in \
brackets. Every option is a parameter too, and goes before the flag: probe://239.1.1.1:5001/iface=eth0/dscp=af41.

In place of an endpoint a line-up may stand (CSV, M3U, SDP, one endpoint a line, or - for standard input), or a profile.`;

const VALUES = [
  ['time', 'ns us ms s m h d; bare means seconds, and m minutes'],
  ['rate', 'bit/s of UDP payload: 500k 20M 1G, or max; 20M@ip, @ethernet and @wire count at another layer'],
  ['size', 'octets of UDP payload: k M are 1000, Ki Mi 1024'],
  ['ratio', '5% or 0.05'],
  ['DSCP', 'a name (cs0..cs7 af11..af43 ef va le), 0..63, or hexadecimal'],
  ['instant', '2026-03-01T12:00:00Z, with Z or an offset; +30s from now'],
] as const;

const OPTIONS_ARE =
  'Each says which commands have it. A value in brackets is optional, and stands behind = only. - is standard input or output wherever a file is.';

const PROFILES = `A profile holds endpoints, options for both ends and limits of a use: mcast send --profile iptv-hd and \
mcast recv --profile iptv-hd. mcast profiles lists those that come with the package, mcast profiles show tells the reason for \
each value. A file of one's own may extend one. Parameters of endpoints go before flags, flags before profiles, profiles \
before defaults.`;

const STATUSES = [
  ['0', 'measured, within limits'],
  ['1', 'could not run, or an output failed'],
  ['2', 'usage: a command line, an endpoint, a line-up or a profile that cannot be understood'],
  ['3', 'a limit exceeded or not judgeable, nothing arrived, or none of what was due left the host'],
  ['4', 'the instrument calls its own result invalid; wins over 3'],
  ['130, 143', 'a bounded run was cut short by a signal; its partial result is written'],
] as const;

const SIGNALS = `The first SIGINT or SIGTERM, or a closed output, ends a run cleanly; a second one ends at once. SIGUSR1 and \
SIGUSR2 write the result so far. SIGHUP without a terminal reopens output files.`;

const ENVIRONMENT = [
  ['FFMPEG_PATH, FFMPEG_BIN', 'the ffmpeg to use for inputs that are no transport streams'],
  ['NO_COLOR', 'when it is set and not empty, text has no colours'],
] as const;

const SEE_ALSO = `ip(8), tcpdump(8), ffmpeg(1), iperf(1)

The pages under docs in the package, which begin with README.md: what every figure means is in docs/metrics.md, the result \
document in docs/json.md.`;

function optionSection(section: (typeof SECTIONS)[number]): string[] {
  const names = OPTION_NAMES.filter((name) => OPTIONS[name].section === section && !OPTIONS[name].hidden);
  return [`.SS ${plain(section)}`, ...names.flatMap(optionEntry)];
}

function optionEntry(name: OptionName): string[] {
  const row: OptionRow = OPTIONS[name];
  const value = row.value === null ? '' : `${hasOptionalValue(row) ? '' : ' '}${row.value}`;
  const flags = `${row.short === null ? '' : `-${row.short}, `}--${name}`;
  const fallback = row.fallback === null ? '' : ` Default: ${row.fallback}.`;
  const sentence = /[.?]$/.test(row.help) ? row.help : `${row.help}.`;
  const text = `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${fallback} Of ${row.commands.join(', ')}.`;
  return ['.TP', `\\fB${plain(flags)}\\fR${plain(value)}`, ...written(text)];
}

/** Paragraphs, apart by an empty line. */
function paragraphs(text: string): string[] {
  return text.split('\n\n').flatMap((paragraph, i) => [...(i === 0 ? [] : ['.PP']), ...written(paragraph)]);
}

/** A line of text that is no request. */
function written(text: string): string[] {
  const line = plain(text);
  return [/^[.']/.test(line) ? `\\&${line}` : line];
}

/** Signs that groff would take for its own; a hyphen is one that can be pasted. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}
