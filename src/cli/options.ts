/**
 * The one table of options. The command line, the endpoint parameters, the help, `docs/cli.md` and its
 * test come from it: an option that is not here does not exist. Values are read by the same function
 * wherever they were written.
 */
import {
  parseCount,
  parseDscp,
  parseDurationNs,
  parsePacketsPerSecond,
  parseRateBitPerSecond,
  parseSizeOctets,
  parseSwitch,
  parseTos,
} from '../core/units.js';
import { parseImpair } from '../impair/spec.js';
import {
  integerIn,
  oneOf,
  parseInject,
  parseInstant,
  parseLabel,
  parsePattern,
  parsePayload,
  parseReorderWindow,
  parseSpanNs,
  parseText,
} from './optionValues.js';

export const COMMANDS = ['send', 'recv', 'check', 'analyze', 'demo', 'dump', 'report'] as const;
export type CommandName = (typeof COMMANDS)[number];

export const SECTIONS = ['Where', 'What is sent', 'When it ends', 'Results', 'Limits', 'Engine'] as const;
export type Section = (typeof SECTIONS)[number];

export interface OptionRow<T = unknown, Many extends boolean = boolean> {
  readonly section: Section;
  /** One letter or digit, without its dash. Those that iperf has mean what they mean there. */
  readonly short: string | null;
  /** Placeholder of the value, as `<bit/s>`; `null`: a flag. `[=<file>]`: an optional value, only behind `=`. */
  readonly value: string | null;
  readonly read: (text: string) => T;
  /** May be given several times. */
  readonly many: Many;
  /** What holds without it, as it would be written; `null`: described in the help. */
  readonly fallback: string | null;
  readonly commands: readonly CommandName[];
  /** `stream`: each endpoint may have its own. `run`: one for the whole run, whichever endpoint says it. */
  readonly scope: 'stream' | 'run';
  /** On the one screen of `-h` of these commands. */
  readonly brief: readonly CommandName[];
  /** What `-h` says there, at most 48 characters; `help` itself when it is short enough. */
  readonly gist: string | null;
  /** Documented, but not in any help. */
  readonly hidden: boolean;
  readonly help: string;
}

type Spec = Partial<Omit<OptionRow, 'read' | 'many' | 'section'>> & {
  readonly commands: readonly CommandName[];
  readonly help: string;
};

const DEFAULTS = {
  short: null,
  value: null,
  fallback: null,
  scope: 'run',
  brief: [],
  gist: null,
  hidden: false,
} as const;

function one<T>(section: Section, read: (text: string) => T, spec: Spec): OptionRow<T, false> {
  return { ...DEFAULTS, ...spec, section, read, many: false };
}

function several<T>(section: Section, read: (text: string) => T, spec: Spec): OptionRow<T, true> {
  return { ...DEFAULTS, ...spec, section, read, many: true };
}

const PAIR: readonly CommandName[] = ['send', 'recv', 'check'];
const SENDERS: readonly CommandName[] = ['send', 'check', 'demo'];
const LIVE: readonly CommandName[] = ['send', 'recv', 'check', 'demo'];
const RECEIVERS: readonly CommandName[] = ['recv', 'check', 'demo'];
const MEASURING: readonly CommandName[] = ['recv', 'check', 'analyze', 'demo'];
const RESULTS: readonly CommandName[] = ['send', 'recv', 'check', 'analyze', 'demo', 'report'];
const JUDGED: readonly CommandName[] = ['send', 'recv', 'check', 'analyze', 'report'];

export const OPTIONS = {
  iface: one('Where', parseText, {
    short: 'I',
    value: '<interface>',
    commands: LIVE,
    scope: 'stream',
    brief: PAIR,
    gist: 'interface: name, index, address; recv also all',
    help: "name, index or address of the interface; at a receiver also all. Default: the kernel's choice, which is printed",
  }),
  groups: one('Where', integerIn(1, 65_536), {
    value: '<n>',
    fallback: '1',
    commands: PAIR,
    scope: 'stream',
    brief: ['send', 'recv'],
    gist: 'consecutive groups, as +n in the endpoint',
    help: 'consecutive groups from the one that is named, as +n in the endpoint',
  }),
  unicast: one('Where', parseSwitch, {
    commands: PAIR,
    scope: 'stream',
    help: 'a single host is meant: allow an address that is not a group',
  }),
  ipv6: one('Where', parseSwitch, {
    short: '6',
    commands: LIVE,
    help: 'the group auto is one of ff15::/16 instead of 239.255.0.0/16',
  }),
  'source-port': one('Where', integerIn(1, 65_535), {
    value: '<port>',
    commands: ['send', 'check'],
    scope: 'stream',
    help: "port to send from. Default: the system's choice",
  }),
  'no-local': one('Where', parseSwitch, {
    commands: ['send'],
    help: 'no copies for receivers on this host (IP_MULTICAST_LOOP off)',
  }),

  rate: one('What is sent', parseRateBitPerSecond, {
    short: 'b',
    value: '<bit/s>',
    fallback: '1M',
    commands: SENDERS,
    scope: 'stream',
    brief: SENDERS,
    gist: 'of UDP payload, or @ip, @wire; max',
    help: 'bit/s of UDP payload for each group, all its flows together; 950M@wire counts at another layer (ip, ethernet, wire); max: as fast as can be',
  }),
  pps: one('What is sent', parsePacketsPerSecond, {
    value: '<n>',
    commands: SENDERS,
    scope: 'stream',
    brief: ['send'],
    gist: 'datagrams/s instead of --rate',
    help: 'datagrams per second instead of --rate; max: as fast as can be',
  }),
  size: one('What is sent', integerIn(1, 65_507), {
    short: 'l',
    value: '<octets>',
    fallback: '1316',
    commands: SENDERS,
    scope: 'stream',
    brief: ['send', 'check'],
    gist: 'UDP payload of a datagram',
    help: 'UDP payload of a datagram, 52..65507 for probe, 1..65507 for udp',
  }),
  pattern: one('What is sent', parsePattern, {
    value: '<pattern>',
    fallback: 'cbr',
    commands: SENDERS,
    scope: 'stream',
    brief: ['send'],
    gist: 'cbr, poisson, burst:<n>/<period>',
    help: 'cbr, poisson, or burst:<n>/<period>: n datagrams back to back once a period, which sets the rate',
  }),
  flows: one('What is sent', integerIn(1, 65_536), {
    short: 'P',
    value: '<n>',
    fallback: '1',
    commands: SENDERS,
    scope: 'stream',
    brief: ['send'],
    gist: 'numbered flows that share a group and its rate',
    help: 'separately numbered flows in each group, which share its rate',
  }),
  payload: one('What is sent', parsePayload, {
    value: '<payload>',
    commands: ['send'],
    scope: 'stream',
    help: 'for udp: text:<words>, hex:<digits> or a file, repeated up to --size, which defaults to its length',
  }),
  impair: one('What is sent', parseImpair, {
    value: '<spec>',
    commands: SENDERS,
    scope: 'stream',
    brief: ['send', 'demo'],
    gist: 'a bad network: loss=1%,dup=1%,delay=2ms,seed=7',
    help: 'a bad network on purpose, joined by commas: loss=1% ge=p,r dup= reorder= corrupt= delay=2ms jitter= rate= seed=',
  }),
  seed: one('What is sent', integerIn(0, 4_294_967_295), {
    value: '<n>',
    commands: SENDERS,
    help: 'makes what is random repeatable. Default: a random one, in the result',
  }),
  ttl: one('What is sent', integerIn(0, 255), {
    short: 'T',
    value: '<0-255>',
    fallback: '1',
    commands: PAIR,
    scope: 'stream',
    brief: PAIR,
    gist: 'TTL or hop limit (recv: as sent)',
    help: 'TTL or hop limit; at a receiver the one that was sent, which gives the hop count',
  }),
  dscp: one('What is sent', parseDscp, {
    value: '<name|0-63>',
    fallback: 'cs0',
    commands: PAIR,
    scope: 'stream',
    brief: PAIR,
    gist: 'as af41 or 34 (recv: as sent)',
    help: 'DSCP, as af41 or 34; at a receiver the one that was sent: another one is an event',
  }),
  tos: one('What is sent', parseTos, {
    short: 'S',
    value: '<0-255>',
    commands: PAIR,
    scope: 'stream',
    help: 'the whole TOS or traffic-class octet instead of --dscp, ECN bits included',
  }),
  df: one('What is sent', parseSwitch, {
    commands: ['send', 'check'],
    help: "set don't-fragment: what does not fit the MTU is refused",
  }),
  fragment: one('What is sent', parseSwitch, {
    commands: ['send', 'check'],
    help: 'sizes above the MTU are meant: no warning',
  }),

  duration: one('When it ends', parseSpanNs, {
    short: 't',
    value: '<time>',
    commands: LIVE,
    brief: LIVE,
    gist: 'send 10s, check 1s, demo 8s, recv until stopped',
    help: 'length of the run. Default: send 10s, check 1s, demo 8s, recv until stopped',
  }),
  count: one('When it ends', integerIn(1, Number.MAX_SAFE_INTEGER), {
    short: 'c',
    value: '<n>',
    commands: ['send', 'recv', 'check', 'dump'],
    brief: ['send', 'recv', 'dump'],
    gist: 'datagrams to send, to receive, to print',
    help: 'send: datagrams to each group; recv: datagrams received in all; dump: datagrams printed',
  }),
  once: one('When it ends', parseSwitch, {
    short: '1',
    commands: ['recv'],
    brief: ['recv'],
    gist: 'end when all streams heard have ended',
    help: 'end when every stream that was heard has ended',
  }),
  'until-idle': one('When it ends', parseSpanNs, {
    value: '<time>',
    commands: ['recv'],
    brief: ['recv'],
    gist: 'end when nothing came for so long',
    help: 'end when nothing has come for so long after the first datagram',
  }),
  wait: one('When it ends', parseSpanNs, {
    value: '<time>',
    commands: ['recv', 'check'],
    brief: ['recv'],
    gist: 'longest wait for the first datagram',
    help: 'longest wait for a first datagram, from which --duration then counts; none by then is exit status 3',
  }),
  omit: one('When it ends', parseDurationNs, {
    value: '<time>',
    fallback: '0s',
    commands: ['send', 'recv', 'analyze'],
    help: 'warm-up from the first datagram that enters no figure',
  }),
  'start-at': one('When it ends', parseInstant, {
    value: '<instant>',
    commands: ['send', 'recv'],
    help: 'begin at this instant: 2026-03-01T12:00:00Z, or +30s from now',
  }),
  'end-at': one('When it ends', parseInstant, {
    value: '<instant>',
    commands: ['send', 'recv'],
    help: 'end at this instant at the latest',
  }),

  interval: one('Results', parseSpanNs, {
    short: 'i',
    value: '<time>',
    fallback: '1s',
    commands: ['send', 'recv', 'check', 'analyze', 'demo'],
    brief: ['send', 'recv', 'analyze'],
    gist: 'a line per stream this often',
    help: 'a line per stream this often, at whole multiples in UTC',
  }),
  json: one('Results', parseText, {
    short: 'J',
    value: '[=<file>]',
    commands: [...RESULTS, 'dump'],
    brief: [...RESULTS, 'dump'],
    gist: 'one JSON object a line, the result last',
    help: 'one JSON object a line, the result last, to stdout or the file',
  }),
  quiet: one('Results', parseSwitch, {
    short: 'q',
    commands: RESULTS,
    help: 'no lines while it runs, only the summary',
  }),
  utc: one('Results', parseSwitch, {
    commands: [...RESULTS, 'dump'],
    help: 'print times in UTC instead of local time with its offset',
  }),
  name: one('Results', parseText, {
    value: '<text>',
    commands: RESULTS,
    help: 'name of this instrument in the result. Default: the host name',
  }),
  label: several('Results', parseLabel, {
    value: '<key>=<value>',
    commands: RESULTS,
    help: 'kept in the result; may be repeated',
  }),
  capture: one('Results', parseText, {
    value: '<file>',
    commands: ['recv'],
    help: 'write what arrives as pcapng, headers rebuilt; - is stdout',
  }),
  'ready-file': one('Results', parseText, {
    value: '<file>',
    commands: ['recv'],
    help: 'write this file once everything is joined',
  }),
  detail: one('Results', parseCount, {
    value: '<n>',
    fallback: '256',
    commands: MEASURING,
    help: 'streams with all their figures in the result, worst first; the others have counters',
  }),
  against: one('Results', parseText, {
    value: '<capture>',
    commands: ['analyze'],
    brief: ['analyze'],
    gist: 'second capture: delay and loss between the two',
    help: 'a second capture of the same streams: delay and loss from the first to this one',
  }),

  max: several('Limits', parseText, {
    value: '<name>=<value>',
    commands: JUDGED,
    brief: ['recv', 'check', 'analyze', 'report'],
    gist: 'status 3 above it: loss_ratio=0.1%',
    help: 'exit status 3 when a figure is above this, as loss_ratio=0.1% or one_way_delay_ns.p99=2ms',
  }),
  min: several('Limits', parseText, {
    value: '<name>=<value>',
    commands: JUDGED,
    brief: ['recv'],
    gist: 'status 3 below it: rate_bit_per_second=9M',
    help: 'exit status 3 when a figure is below this, as rate_bit_per_second=9M',
  }),
  expect: several('Limits', parseText, {
    value: "'<name><op><value>'",
    commands: JUDGED,
    help: "with < <= > >= == !=, in quotes, as 'dscp_received==af41'",
  }),
  'allow-silence': one('Limits', parseSwitch, {
    commands: ['recv', 'analyze'],
    help: 'a stream of which nothing arrived is no failure',
  }),

  rcvbuf: one('Engine', parseSizeOctets, {
    short: 'w',
    value: '<octets>',
    fallback: '8Mi',
    commands: RECEIVERS,
    scope: 'run',
    help: 'receive buffer to ask for, forced where permitted; 0: the system default',
  }),
  sndbuf: one('Engine', parseSizeOctets, {
    value: '<octets>',
    fallback: '0',
    commands: SENDERS,
    help: 'send buffer to ask for; 0: the system default',
  }),
  timestamps: one('Engine', oneOf('auto', 'hardware', 'kernel', 'user'), {
    value: '<source>',
    fallback: 'auto',
    commands: LIVE,
    help: 'receive stamps: auto, hardware, kernel or user; at a sender hardware or kernel asks for transmit stamps',
  }),
  offload: one('Engine', oneOf('auto', 'on', 'off'), {
    value: '<auto|on|off>',
    fallback: 'auto',
    commands: LIVE,
    help: 'segmentation and receive offload (UDP_SEGMENT, UDP_GRO)',
  }),
  quantum: one('Engine', parseDurationNs, {
    value: '<time>',
    commands: SENDERS,
    help: 'datagrams due within it may leave in one call. Default: 0 at low rates, else what sustains the rate',
  }),
  'max-late': one('Engine', parseSpanNs, {
    value: '<time>',
    fallback: '10ms',
    commands: SENDERS,
    help: 'a datagram that is later than this is not sent, and counted',
  }),
  spin: one('Engine', parseDurationNs, {
    value: '<time>',
    fallback: '50us',
    commands: LIVE,
    help: 'longest busy wait before a deadline',
  }),
  gather: one('Engine', parseDurationNs, {
    value: '<time>',
    fallback: '1ms',
    commands: RECEIVERS,
    help: 'a receiver may sleep so long between reads; 0 with --busy-poll',
  }),
  'busy-poll': one('Engine', parseDurationNs, {
    value: '<time>',
    fallback: '0s',
    commands: ['recv'],
    help: 'let the kernel poll the NIC so long (SO_BUSY_POLL)',
  }),
  'reorder-window': one('Engine', parseReorderWindow, {
    value: '<time>[,<packets>]',
    fallback: '1s,65536',
    commands: MEASURING,
    help: 'a number is lost when the smaller of the two has passed it',
  }),
  'max-streams': one('Engine', integerIn(1, 1_048_576), {
    value: '<n>',
    fallback: '16384',
    commands: MEASURING,
    help: 'streams told apart; the rest is counted as one',
  }),
  cpu: one('Engine', integerIn(0, 4095), {
    value: '<n>',
    commands: LIVE,
    help: 'pin the measuring thread to this CPU',
  }),
  io: one('Engine', oneOf('auto', 'native', 'dgram'), {
    value: '<native|dgram>',
    fallback: 'auto',
    commands: LIVE,
    help: 'the addon, or the portable implementation. auto: native where it was built',
  }),
  force: one('Engine', parseSwitch, {
    commands: ['send', 'recv', 'check'],
    help: 'do what is refused as unsafe: over 1 Gbit/s, over an hour unasked, a group that is in use',
  }),
  inject: one('Engine', parseInject, {
    value: '<fault>',
    commands: LIVE,
    hidden: true,
    help: 'test knob: faults of the instrument itself; the result says so and is never valid',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

type ValueOf<Row> = Row extends OptionRow<infer T, infer Many> ? (Many extends true ? readonly T[] : T) : never;

/** Values as read; what was not given is missing. */
export type OptionValues = { readonly [Name in OptionName]?: ValueOf<(typeof OPTIONS)[Name]> };

/** Options of a command in the order of the table. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return OPTION_NAMES.filter((name) => (OPTIONS[name].commands as readonly CommandName[]).includes(command));
}

/** The value is optional, and taken only behind `=`. */
export function hasOptionalValue(row: OptionRow): boolean {
  return row.value?.startsWith('[') === true;
}
