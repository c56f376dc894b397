/** The rows of the table of options that say how channels are changed. */
import { one, type OptionRow } from './optionRow.js';
import { integerIn, parseSpanNs } from './optionValues.js';

export const ZAP_OPTIONS = {
  cycles: one('When it ends', integerIn(1, 1_000_000), {
    value: '<n>',
    fallback: '10',
    commands: ['zap'],
    brief: ['zap'],
    gist: 'how often each channel is changed to',
    help: 'how often each channel is changed to',
  }),
  dwell: one('When it ends', parseSpanNs, {
    value: '<time>',
    fallback: '2s',
    commands: ['zap'],
    brief: ['zap'],
    gist: 'longest wait for a channel; then it failed',
    help: 'how long a channel is watched at most; one of which nothing came by then has failed; with --seed it is left at a random moment between its first picture and this',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
