/** The rows of the table of options that say how missing messages of a feed are asked for, and who answers. */
import { parseDurationNs } from '../core/units.js';
import { parseFirstSequence } from './feedValues.js';
import { one } from './optionRow.js';
import { integerIn, parseSpanNs } from './optionValues.js';
import { parseRecoveryPlace, parseRecoveryServers, parseRecoveryStore } from './recoveryValues.js';

export const RECOVERY_OPTIONS = {
  recovery: one('Feeds', parseRecoveryPlace, {
    value: '<[address:]port>',
    commands: ['send'],
    scope: 'stream',
    help: 'answer requests for messages of a MoldUDP64 feed there, by unicast: to each host up to 100 Mbit/s, to all 300 Mbit/s',
  }),
  'recovery-store': one('Feeds', parseRecoveryStore, {
    value: '<octets|file:<path>>',
    fallback: '64Mi',
    commands: ['send'],
    scope: 'stream',
    help: 'how many octets of the newest messages are kept for that in memory, without what finds them, or a new file for all of them, deleted at the end',
  }),
  'recovery-linger': one('Feeds', parseDurationNs, {
    value: '<time>',
    fallback: '2s',
    commands: ['send'],
    scope: 'stream',
    help: 'how long requests are answered when the feed is over',
  }),
  recover: one('Feeds', parseRecoveryServers, {
    value: '<host:port[,...]>',
    commands: ['recv'],
    scope: 'stream',
    help: 'ask these servers in turn for messages of a MoldUDP64 feed that no line brought; status 3 when some stay missing',
  }),
  'recover-from': one('Feeds', parseFirstSequence, {
    value: '<n>',
    commands: ['recv'],
    scope: 'stream',
    help: 'a late joiner asks for all messages from this number on; 1: for the whole session. Default: from the first one heard',
  }),
  'recover-delay': one('Feeds', parseDurationNs, {
    value: '<time>',
    fallback: '2ms',
    commands: ['recv'],
    scope: 'stream',
    help: 'how long the other line may take to bring what one has missed before it is asked for',
  }),
  'recover-timeout': one('Feeds', parseSpanNs, {
    value: '<time>',
    fallback: '250ms',
    commands: ['recv'],
    scope: 'stream',
    help: 'how long an answer is waited for before the next server is asked; doubles with each round, up to eight times as long',
  }),
  'recover-tries': one('Feeds', integerIn(1, 255), {
    value: '<n>',
    fallback: '5',
    commands: ['recv'],
    scope: 'stream',
    help: 'requests without any answer after which messages are given up',
  }),
} as const;
