/** The rows of the table of options that say how channels are changed. */
import { one, type OptionRow } from './optionRow.js';
import { integerIn, parseSpanNs } from './optionValues.js';

export const ZAP_OPTIONS = {
  cycles: one('When it ends', integerIn(1, 1_000_000), {
    value: '<n>',
    commands: ['zap', 'bench'],
    brief: ['zap', 'bench'],
    gist: 'how often; zap 10, bench 100',
    help: 'how often each channel is changed to, or the group is joined and left. Default: zap 10, bench 100',
  }),
  dwell: one('When it ends', parseSpanNs, {
    value: '<time>',
    commands: ['zap', 'bench'],
    brief: ['zap', 'bench'],
    gist: 'longest wait for a datagram; zap 2s, bench 5s',
    help: 'how long a channel is watched at most; one of which nothing came by then has failed; with --seed it is left at a random moment between its first picture and this. bench: longest wait for the first datagram behind a join, and for the last one behind a leave; groups: for each group. Default: zap 2s, bench 5s',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
