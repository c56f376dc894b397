/** The rows of the table of options that say how what forwards multicast is benchmarked. */
import { one, several, type OptionRow } from './optionRow.js';
import { parseSpanNs, parseText } from './optionValues.js';

/** Words that say what is benchmarked. */
export const BENCH_TESTS = ['join', 'leave', 'groups', 'forwarding', 'classes'] as const;
export type BenchTest = (typeof BENCH_TESTS)[number];

export const BENCH_OPTIONS = {
  background: several('Benchmarks', parseText, {
    value: '<endpoint>',
    commands: ['bench'],
    brief: ['bench'],
    gist: 'join, leave: the same again beside its load',
    help: 'join, leave: when all cycles are over, all again while this is received too; may be repeated',
  }),
  settle: one('Benchmarks', parseSpanNs, {
    value: '<time>',
    fallback: '500ms',
    commands: ['bench'],
    help: 'so long without a datagram, and a group that was left has ended; of a slow stream four times its longest silence',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
