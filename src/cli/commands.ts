/** The commands: what they take and what their help says beside the options. */
import type { CommandName, OptionName } from '../profile/options.js';

export interface CommandRow {
  /** Behind the name, in the usage line. */
  readonly operands: string;
  readonly atLeast: number;
  readonly atMost: number;
  /** With one of these options no operand is needed. */
  readonly instead?: readonly OptionName[];
  /** One line. */
  readonly summary: string;
  /** In the list of commands, at most 50 characters. */
  readonly gist: string;
  readonly examples: readonly string[];
}

export const COMMAND_ROWS: Readonly<Record<CommandName, CommandRow>> = {
  send: {
    operands: '<endpoint|line-up>...',
    atLeast: 1,
    atMost: Infinity,
    instead: ['input', 'profile'],
    summary: 'Sends numbered datagrams on an exact schedule and says what left, and when.',
    gist: 'sends on an exact schedule',
    examples: [
      'mcast send probe://239.1.1.1:5001 --rate 20M',
      'mcast send probe://10.0.0.1@232.1.1.1+4:5001/iface=eth0/ttl=4/dscp=af41',
    ],
  },
  recv: {
    operands: '<endpoint|line-up>...',
    atLeast: 1,
    atMost: Infinity,
    instead: ['profile'],
    summary: 'Joins, measures what arrives, and says how much and why the rest did not.',
    gist: 'joins and measures what arrives',
    examples: [
      'mcast recv probe://239.1.1.1:5001 --once --max loss_ratio=0.1%',
      'mcast recv probe://10.0.0.1@232.1.1.1+4:5001/iface=eth0/ttl=4/dscp=af41',
    ],
  },
  check: {
    operands: '<endpoint>',
    atLeast: 1,
    atMost: 1,
    instead: ['profile'],
    summary: 'Sender and receiver in one process: one line, and a status.',
    gist: 'both in one process: a line, and a status',
    examples: ['mcast check probe://239.1.1.1:5001/iface=lo'],
  },
  analyze: {
    operands: '<capture|ts|-> [endpoint]...',
    atLeast: 1,
    atMost: Infinity,
    summary: 'Measures a capture (pcap, pcapng) by its own stamps, or a transport stream.',
    gist: 'measures a capture or a transport stream',
    examples: [
      'mcast analyze run.pcapng --max loss_ratio=0',
      'mcast analyze edge.pcap --against core.pcap',
      'mcast analyze ab.pcap mold://239.1.1.1:5000 --leg-b mold://239.1.2.1:5000',
      'mcast analyze film.ts --max tr101290.p1=0',
    ],
  },
  demo: {
    operands: '',
    atLeast: 0,
    atMost: 0,
    summary: 'A sender and a receiver over loopback, ten seconds, no privilege.',
    gist: 'both over loopback, ten seconds, no privilege',
    examples: ['mcast demo --rate 20M --impair loss=1%,seed=7'],
  },
  dump: {
    operands: '<capture|->',
    atLeast: 1,
    atMost: 1,
    summary: 'Prints the datagrams of a capture, field by field.',
    gist: 'prints the datagrams of a capture',
    examples: ['mcast dump run.pcapng --count 10'],
  },
  list: {
    operands: '',
    atLeast: 0,
    atMost: 0,
    summary: 'Shows the sessions that are announced (SAP) and the endpoints to receive them.',
    gist: 'shows announced sessions (SAP)',
    examples: ['mcast list --iface eth0', 'mcast list --duration 1m --json=sessions.ndjson'],
  },
  report: {
    operands: '<result|->...',
    atLeast: 1,
    atMost: Infinity,
    summary: 'Renders saved results again, judges them by new limits, merges, compares.',
    gist: 'renders, judges, compares saved results',
    examples: [
      'mcast report run.ndjson --max loss_ratio=0.1% -o run.html -o run.xml',
      'mcast report old.json new.json --compare --max-regression 5%',
    ],
  },
  zap: {
    operands: '<endpoint|line-up>...',
    atLeast: 1,
    atMost: Infinity,
    instead: ['profile'],
    summary: 'Changes from channel to channel, and says how long each takes to come.',
    gist: 'changes channels and says how long that takes',
    examples: [
      'mcast zap rtp://239.1.1.1:5004 rtp://239.1.1.2:5004 --cycles 50',
      'mcast zap lineup.m3u --max zap.first_random_access_ns.p99=2s',
    ],
  },
  capacity: {
    operands: '<endpoint>',
    atLeast: 1,
    atMost: 1,
    instead: ['profile'],
    summary: 'Searches the highest rate that receivers get, and says what limits it.',
    gist: 'the highest rate that receivers get',
    examples: [
      'mcast capacity probe://239.1.1.1:5001 --await 3',
      'mcast capacity probe://239.1.1.1:5001 --method binary --sizes 64,1316',
    ],
  },
  bench: {
    operands: '<test> <endpoint>...',
    atLeast: 2,
    atMost: Infinity,
    instead: ['profile'],
    summary: 'Benchmarks what forwards multicast: join, leave, groups, forwarding, classes.',
    gist: 'what forwards multicast: join, leave, groups',
    examples: [
      'mcast bench join probe://239.1.1.1:5001 --cycles 100',
      'mcast bench groups probe://239.1.1.1+9:5001 --min bench.groups.capacity=9',
      'mcast bench classes udp://239.1.1.1:5001 udp://239.1.2.1:5001',
      'sudo mcast bench leave udp://239.1.1.1:5001 --iface eth0 --cycles 20',
    ],
  },
  relay: {
    operands: '<from> <to>',
    atLeast: 2,
    atMost: 2,
    summary: 'Takes video from SRT to a group, or from a group to SRT or another group.',
    gist: 'between SRT and a group, either way',
    examples: [
      'mcast relay srt://10.0.0.1:9000 rtp://239.1.1.1:5004 --announce',
      'mcast relay rtp://239.1.1.1:5004 srt://:9000/passphrase-file=secret',
    ],
  },
  doctor: {
    operands: '[<endpoint>...]',
    atLeast: 0,
    atMost: Infinity,
    summary: 'Says what here would break multicast, and what would mend it.',
    gist: 'what would break multicast here, and why',
    examples: [
      'mcast doctor',
      'mcast doctor probe://10.0.0.1@232.1.1.1:5001/iface=eth0/ttl=4',
      'sudo mcast doctor --iface eth0 --wait 135s',
    ],
  },
  profiles: {
    operands: '[show <name|file>]',
    atLeast: 0,
    atMost: 2,
    summary: 'Lists the profiles for --profile, or shows one with the reason for each value.',
    gist: 'lists profiles, or shows one with its reasons',
    examples: ['mcast profiles', 'mcast profiles show iptv-hd'],
  },
  completion: {
    operands: '<bash|zsh|fish>',
    atLeast: 1,
    atMost: 1,
    summary: 'Prints a script with which a shell completes commands, options and values.',
    gist: 'completes words in bash, zsh or fish',
    examples: ['mcast completion bash', 'mcast completion zsh'],
  },
};
