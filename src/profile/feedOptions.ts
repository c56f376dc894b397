/** The rows of the table of options that say what a sequenced feed is made of and how it is packed. */
import { parseDurationNs, parseMessagesPerSecond, parseSwitch } from '../core/units.js';
import { parseArrivals, parseFirstSent } from './feedValues.js';
import { one, SENDERS } from './optionRow.js';
import { integerIn, neverOrEvery, parseText } from './optionValues.js';

export const FEED_OPTIONS = {
  mps: one('Feeds', parseMessagesPerSecond, {
    value: '<n>',
    fallback: '10k',
    commands: SENDERS,
    scope: 'stream',
    help: 'messages per second of a synthetic feed, or of an ITCH file instead of its own times; max: as fast as can be',
  }),
  arrivals: one('Feeds', parseArrivals, {
    value: '<profile>',
    words: ['constant', 'poisson', 'bursts', 'bursts:', 'trace:'],
    fallback: 'constant',
    commands: SENDERS,
    scope: 'stream',
    help: 'how messages follow each other: constant, poisson, bursts[:<branching>/<decay>] (self-exciting, as at the open), trace:<file> (lines of <seconds>,<messages per second>)',
  }),
  symbols: one('Feeds', integerIn(1, 10_000), {
    value: '<n>',
    fallback: '100',
    commands: SENDERS,
    scope: 'stream',
    help: 'instruments of a synthetic feed',
  }),
  mtu: one('Feeds', integerIn(128, 65_535), {
    value: '<octets>',
    fallback: '1500',
    commands: SENDERS,
    scope: 'stream',
    help: 'largest IP datagram that messages are packed into',
  }),
  'messages-per-datagram': one('Feeds', integerIn(1, 65_534), {
    value: '<n>',
    commands: SENDERS,
    scope: 'stream',
    help: 'most messages of a datagram. Default: as many as fit',
  }),
  'flush-after': one('Feeds', parseDurationNs, {
    value: '<time>',
    fallback: '50us',
    commands: SENDERS,
    scope: 'stream',
    help: 'longest wait of a message for others in its datagram; 0: for none',
  }),
  session: one('Feeds', parseText, {
    value: '<name>',
    commands: SENDERS,
    scope: 'stream',
    help: 'session of MoldUDP64, at most ten letters and digits. Default: a random one',
  }),
  'first-sequence': one('Feeds', parseFirstSent, {
    value: '<n>',
    fallback: '1',
    commands: SENDERS,
    scope: 'stream',
    help: 'number of the first message or packet: 0..9006099743113216, of mdp and xdp below 2^32',
  }),
  heartbeat: one('Feeds', neverOrEvery(1e6), {
    value: '<time>',
    fallback: '1s',
    commands: SENDERS,
    scope: 'stream',
    help: 'datagrams without messages while there is nothing to send, so far apart, 1ms or longer; 0: none',
  }),
  'stamp-every': one('Feeds', neverOrEvery(10e3), {
    value: '<time>',
    fallback: '0',
    commands: SENDERS,
    scope: 'stream',
    help: 'a message of our own with its send time, so often: what one-way delay is measured by where headers carry none (MoldUDP64). 10us or longer; 0: never',
  }),
  'message-time': one('Feeds', parseSwitch, {
    commands: [...SENDERS, 'recv', 'analyze'],
    scope: 'run',
    help: 'timestamps of ITCH messages are times of day by the clocks of --zone: a sender writes when each message is due, a receiver measures one-way delay by the last one of each datagram',
  }),
} as const;
