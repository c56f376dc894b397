/** The rows of the table of options that say what comes out and how the instrument works. */
import { parseCount, parseDurationNs, parseSizeOctets, parseSwitch } from '../core/units.js';
import {
  MEASURED,
  JUDGED,
  LIVE,
  MEASURING,
  RECEIVERS,
  RESULTS,
  SENDERS,
  one,
  several,
  type OptionRow,
} from './optionRow.js';
import {
  integerIn,
  oneOf,
  parseFiniteRate,
  parseInject,
  parseLabel,
  parseReorderWindow,
  parseSpanNs,
  parseText,
} from './optionValues.js';

export const RUN_OPTIONS = {
  interval: one('Results', parseSpanNs, {
    short: 'i',
    value: '<time>',
    fallback: '1s',
    commands: ['send', 'recv', 'check', 'analyze', 'demo', 'relay'],
    brief: ['send', 'recv', 'analyze'],
    gist: 'a line per stream this often',
    help: 'a line per stream this often, at whole multiples in UTC',
  }),
  json: one('Results', parseText, {
    short: 'J',
    value: '[=<file>]',
    commands: [...RESULTS, 'list', 'doctor'],
    brief: [...RESULTS, 'list', 'doctor'],
    gist: 'one JSON object a line, the result last',
    help: 'one JSON object a line, the result last, to stdout or the file',
  }),
  quiet: one('Results', parseSwitch, {
    short: 'q',
    commands: [...RESULTS, 'list', 'doctor'],
    help: 'no lines while it runs, only the summary',
  }),
  utc: one('Results', parseSwitch, {
    commands: [...RESULTS, 'list', 'doctor'],
    help: 'print times in UTC instead of local time with its offset',
  }),
  name: one('Results', parseText, {
    value: '<text>',
    commands: MEASURED,
    help: 'name of this instrument in the result. Default: the host name',
  }),
  label: several('Results', parseLabel, {
    value: '<key>=<value>',
    commands: MEASURED,
    help: 'kept in the result; may be repeated',
  }),
  capture: one('Results', parseText, {
    value: '<file>',
    commands: ['recv'],
    help: 'write what arrives as pcapng, headers rebuilt; - is stdout',
  }),
  'ready-file': one('Results', parseText, {
    value: '<file>',
    commands: ['send', 'recv', 'relay'],
    help: 'write this file once everything is joined, or ready to be sent',
  }),
  detail: one('Results', parseCount, {
    value: '<n>',
    fallback: '256',
    commands: MEASURING,
    help: 'streams with all their figures in the result, worst first; the others have counters',
  }),
  drain: one('Results', parseFiniteRate, {
    value: '<bit/s>',
    commands: MEASURING,
    help: 'rate of a link, as 1G or 100M@wire: the queue that each stream would have built before it',
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
    brief: ['recv', 'check', 'analyze', 'report', 'zap', 'relay'],
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
    commands: ['recv', 'analyze', 'zap', 'relay'],
    help: 'a stream of which nothing arrived is no failure',
  }),

  rcvbuf: one('Engine', parseSizeOctets, {
    short: 'w',
    value: '<octets>',
    fallback: '64Mi',
    commands: [...RECEIVERS, 'relay', 'doctor'],
    scope: 'run',
    help: 'receive buffer to ask for, forced where permitted; 0: the system default',
  }),
  sndbuf: one('Engine', parseSizeOctets, {
    value: '<octets>',
    fallback: '0',
    commands: [...SENDERS, 'relay', 'capacity'],
    help: 'send buffer to ask for; 0: the system default',
  }),
  timestamps: one('Engine', oneOf('auto', 'hardware', 'kernel', 'user'), {
    value: '<source>',
    fallback: 'auto',
    commands: [...LIVE, 'zap', 'capacity'],
    help: 'receive stamps: auto, hardware, kernel or user; at a sender hardware or kernel asks for transmit stamps',
  }),
  offload: one('Engine', oneOf('auto', 'on', 'off'), {
    value: '<auto|on|off>',
    fallback: 'auto',
    commands: [...LIVE, 'capacity'],
    help: 'segmentation and receive offload (UDP_SEGMENT, UDP_GRO)',
  }),
  quantum: one('Engine', parseDurationNs, {
    value: '<time>',
    commands: [...SENDERS, 'relay'],
    help: 'datagrams due within it may leave in one call. Default: 0 at low rates, else what sustains the rate',
  }),
  'max-late': one('Engine', parseSpanNs, {
    value: '<time>',
    fallback: '10ms',
    commands: [...SENDERS, 'relay', 'capacity'],
    help: 'a datagram that is later than this is not sent, and counted; of transport streams and captures 1s',
  }),
  spin: one('Engine', parseDurationNs, {
    value: '<time>',
    commands: [...SENDERS, 'relay'],
    help: 'longest busy wait before a deadline. Default: a fifth of the time between departures, 50us to 500us',
  }),
  gather: one('Engine', parseDurationNs, {
    value: '<time>',
    fallback: '1ms',
    commands: [...RECEIVERS, 'relay'],
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
    commands: [...MEASURING, 'relay'],
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
    commands: [...LIVE, 'zap', 'capacity'],
    help: 'pin the measuring thread to this CPU',
  }),
  io: one('Engine', oneOf('auto', 'native', 'dgram'), {
    value: '<native|dgram>',
    fallback: 'auto',
    commands: [...LIVE, 'zap', 'capacity'],
    help: 'the addon, or the portable implementation. auto: native where it was built',
  }),
  force: one('Engine', parseSwitch, {
    commands: ['send', 'recv', 'check', 'relay', 'capacity'],
    help: 'do what is refused as unsafe: over 1 Gbit/s, over an hour unasked, a group that is in use',
  }),
  inject: one('Engine', parseInject, {
    value: '<fault>',
    commands: LIVE,
    hidden: true,
    help: 'test knob: faults of the instrument itself; the result says so and is never valid',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
