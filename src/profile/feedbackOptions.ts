/** The rows of the table of options that say how senders and receivers speak with each other. */
import { McastError } from '../core/errors.js';
import { parseSwitch } from '../core/units.js';
import { one, type OptionRow } from './optionRow.js';
import { integerIn, parseText } from './optionValues.js';

export const FEEDBACK_OPTIONS = {
  feedback: one('Feedback', parseFeedbackPort, {
    value: '[=<port>]',
    commands: ['send', 'recv', 'capacity'],
    help: 'send: ask receivers for reports and results, at this local port (UDP and TCP; default: any). Without it probe, iperf and rtp ask. recv: be ready to answer whatever is received',
  }),
  'no-feedback': one('Feedback', parseSwitch, {
    commands: ['send', 'recv'],
    help: 'send: ask for nothing. recv: answer nothing',
  }),
  await: one('Feedback', integerIn(1, 1024), {
    value: '<n>',
    commands: ['send', 'capacity'],
    help: 'begin when n receivers have reported, or fail when they have not within --wait',
  }),
  'control-port': one('Feedback', integerIn(1, 65_535), {
    value: '<port>',
    commands: ['send', 'recv', 'capacity'],
    help: 'port on the first group where a sender tells that it wants reports. Default: the port of the data + 1',
  }),
  'key-file': one('Feedback', parseText, {
    value: '<file>',
    commands: ['send', 'recv', 'capacity'],
    help: 'a file with a secret, the same at both ends: feedback without its proof (HMAC-SHA-256) is not heeded',
  }),
  passive: one('Feedback', parseSwitch, {
    commands: ['recv'],
    help: 'send nothing but IGMP and MLD, whoever asks',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;

/** 0: any port. */
function parseFeedbackPort(text: string): number {
  if (text === '-' || text === 'yes') return 0;
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw new McastError('ERR_USAGE', `"${text}" is not a port: --feedback, or --feedback=<1 to 65535>`);
}
